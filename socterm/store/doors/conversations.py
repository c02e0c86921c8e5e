"""Conversations with the analyst, as they were had. Implements `protocols.Conversations`.

Nothing here is evidence or a decision: it is what somebody asked and was told.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

import msgspec

from socterm.store.connections import Connections
from socterm.store.jsontext import clean, from_json, to_json

LONGEST_TITLE: Final = 100
_LISTED = "id, actor, begun, last, turns, title"
_TURN = "number, at, alert, question, answer, source, label, whole, calls, events, remarks"


class TurnRow(msgspec.Struct, frozen=True):
    """A question and its answer. `at` is of the clock (µs), `alert` the one on screen, 0 for none.

    `source` is "rules" or a model's name; `label` says so for people, and how the answer ended. `whole` is
    False where it was stopped or cut off. `calls` are the tools used, `events` the ids it cites.
    """

    question: str
    answer: str
    source: str
    at: int
    label: str = ""
    whole: bool = True
    alert: int = 0
    calls: tuple[str, ...] = ()
    events: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()
    number: int = 0


class ConversationRow(msgspec.Struct, frozen=True):
    """A conversation as listed; `title` is its first question. Times are of the clock (µs)."""

    id: int
    actor: str
    begun: int
    last: int
    turns: int
    title: str


class ConversationDesk:
    """Conversations of one store."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def add(self, turn: TurnRow, *, actor: str, conversation: int = 0) -> int:
        """Keep a turn at the end of a conversation, of a new one where that is 0 or gone; its number."""
        with self._connections.writing() as db:
            number = _turns(db, conversation) + 1
            if number == 1:
                title = " ".join(clean(turn.question).split())[:LONGEST_TITLE]
                made = db.execute(
                    "INSERT INTO conversations (actor, begun, last, turns, title) VALUES (?, ?, ?, 0, ?)",
                    (clean(actor), turn.at, turn.at, title),
                )
                conversation = int(made.lastrowid or 0)
            db.execute(
                "UPDATE conversations SET last = max(last, ?), turns = ? WHERE id = ?",
                (turn.at, number, conversation),
            )
            db.execute(
                f"INSERT INTO turns (conversation, {_TURN}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    conversation, number, turn.at, turn.alert, clean(turn.question), clean(turn.answer),
                    clean(turn.source), clean(turn.label), turn.whole, to_json(turn.calls),
                    to_json(turn.events), to_json(turn.remarks),
                ),
            )  # fmt: skip
        return conversation

    def listed(self, *, actor: str | None = None, limit: int = 50) -> list[ConversationRow]:
        """Conversations, the latest first; one person's, or everybody's."""
        where, params = ("WHERE actor = ?", (clean(actor),)) if actor is not None else ("", ())
        with self._connections.snapshot() as db:
            rows = db.execute(
                f"SELECT {_LISTED} FROM conversations {where} ORDER BY last DESC, id DESC LIMIT ?",
                (*params, limit),
            ).fetchall()
        return [ConversationRow(*row) for row in rows]

    def get(self, conversation: int) -> tuple[ConversationRow, list[TurnRow]] | None:
        """A conversation with its turns in order; None where there is none of that number."""
        with self._connections.snapshot() as db:
            row = db.execute(f"SELECT {_LISTED} FROM conversations WHERE id = ?", (conversation,)).fetchone()
            turns = db.execute(
                f"SELECT {_TURN} FROM turns WHERE conversation = ? ORDER BY number", (conversation,)
            ).fetchall()
        return (ConversationRow(*row), [_turn(turn) for turn in turns]) if row else None


def _turns(db: sqlite3.Connection, conversation: int) -> int:
    found = db.execute("SELECT turns FROM conversations WHERE id = ?", (conversation,)).fetchone()
    return int(found[0]) if found else 0


def _turn(row: tuple[Any, ...]) -> TurnRow:
    number, at, alert, question, answer, source, label, whole, *lists = row
    calls, events, remarks = (tuple(from_json(text)) for text in lists)
    return TurnRow(question, answer, source, at, label, bool(whole), alert, calls, events, remarks, number)
