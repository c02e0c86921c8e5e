"""What an answer is made of while it streams to a view."""

from __future__ import annotations

from typing import Literal

import msgspec

PieceKind = Literal["text", "tool", "citation", "status", "retract", "cost", "done"]
"""text: some of the answer · tool: what is looked up · citation: events the answer rests on ·
status: a remark; with a source only who is being asked · retract: forget the text so far, it comes anew ·
cost: what it has cost so far (tokens, speed, share of the context) · done: the end, with the label."""


class Piece(msgspec.Struct, frozen=True):
    """Some of an answer. `events` are ids a tool really returned; they can be opened.

    A `done` piece ends every answer; its `source` is "rules" or the model's name, and its text says so for
    people. A citation that no tool returned is a `status` piece and marked in the text as unverified.
    `whole` is False on a `done` piece where the answer was stopped or cut off.
    """

    kind: PieceKind
    text: str = ""
    events: tuple[int, ...] = ()
    source: str = ""
    whole: bool = True
