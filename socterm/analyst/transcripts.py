"""Conversations as they are kept: who asked what, who answered, what was looked up and what is cited.

Text is kept without secrets, as it goes into prompts; what was stopped or cut off says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from socterm.analyst.border import clean, one_line, redact
from socterm.analyst.pieces import Piece
from socterm.analyst.redaction import without_secrets_of
from socterm.errors import SoctermError
from socterm.store.doors.conversations import ConversationRow, TurnRow
from socterm.store.protocols import Conversations

_LONGEST_QUESTION = 4_000
_LONGEST_ANSWER = 30_000
_MOST_CALLS = 100
_MOST_EVENTS = 500
_MOST_REMARKS = 20


def record_of(turn: TurnRow, conversation: int, at: str | None) -> dict[str, Any]:
    """A turn for programs; `source` is "rules" or the model's name, `at` its time as they are told times."""
    return {
        "conversation": conversation, "at": at, "alert": turn.alert or None, "question": turn.question,
        "answer": turn.answer, "source": turn.source, "label": turn.label, "whole": turn.whole,
        "events": list(turn.events), "calls": list(turn.calls), "remarks": list(turn.remarks),
    }  # fmt: skip


class Transcript:
    """Gathers the pieces of one answer. Without a `done` piece the answer was cut off."""

    def __init__(self, question: str, alert: int, at: int) -> None:
        self.question = question
        self.alert = alert
        self.at = at
        self._text = ""
        self._calls: list[str] = []
        self._events: dict[int, None] = {}
        self._remarks: list[str] = []
        self._source = ""
        self._done: Piece | None = None

    def take(self, piece: Piece) -> None:
        """One more piece."""
        self._events.update(dict.fromkeys(piece.events))
        self._source = piece.source or self._source
        if piece.kind == "text":
            self._text += piece.text
        elif piece.kind == "retract":
            self._text, self._events = "", {}
            if piece.text:
                self._remarks.append(piece.text)
        elif piece.kind == "tool":
            self._calls.append(piece.text)
        elif piece.kind == "status" and not piece.source:  # with one it only says who is being asked
            self._remarks.append(piece.text)
        elif piece.kind == "done":
            self._done = piece

    def turn(self) -> TurnRow:
        """What is kept of it."""
        source = self._source or "nobody"
        return TurnRow(
            _kept(self.question, _LONGEST_QUESTION),
            self._kept(self._text.strip(), _LONGEST_ANSWER),
            one_line(source, 100),
            self.at,
            _kept(self._done.text if self._done else f"cut off · source: {source}", 300),
            whole=self._done is not None and self._done.whole,
            alert=self.alert,
            calls=tuple(self._kept(call, 300) for call in self._calls[:_MOST_CALLS]),
            events=tuple(self._events)[:_MOST_EVENTS],
            remarks=tuple(self._kept(remark, 300) for remark in self._remarks[:_MOST_REMARKS]),
        )

    def _kept(self, text: str, limit: int) -> str:
        return _kept(without_secrets_of(self.question, text), limit)


def _kept(text: str, limit: int) -> str:
    return redact(clean(text, limit))


class Talks:
    """The conversation under way, and those before it. Without a door to the store none is kept.

    `current` is its number, 0 for one in which nothing was asked yet.
    """

    def __init__(self, desk: Conversations | None = None, actor: str = "") -> None:
        self.current = 0
        self._desk = desk
        self._actor = actor

    def keep(self, turn: TurnRow) -> Iterator[Piece]:
        """Keep a turn of the conversation under way; says so where that cannot be done."""
        if self._desk is None:
            return
        try:
            self.current = self._desk.add(turn, actor=self._actor, conversation=self.current)
        except SoctermError as error:
            yield Piece("status", one_line(f"this answer is not kept: {error}", 200))

    def begin(self) -> None:
        """What is asked from now on is a conversation of its own."""
        self.current = 0

    def listed(self, limit: int = 50) -> list[ConversationRow]:
        """This person's conversations, the latest first."""
        return self._desk.listed(actor=self._actor, limit=limit) if self._desk else []

    def resume(self, conversation: int = 0) -> Sequence[TurnRow]:
        """Go on with a conversation, 0 for this person's latest; its turns, () where there is none."""
        if self._desk is None:
            return ()
        if not conversation:
            conversation = next((row.id for row in self.listed(1)), 0)
        found = self._desk.get(conversation) if conversation else None
        if found is None:
            return ()
        self.current = conversation
        return tuple(found[1])
