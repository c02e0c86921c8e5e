"""What the outbox answers with: news, messages to be sent, and how channels do. Times are µs of the clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

TURNS: Final = 3
"""Tries of a message after which others have their turn, and after which it may be at fault itself."""


class News(msgspec.Struct, frozen=True):
    """An alert or incident that a channel was not told of yet, or not at this rank (0 to 4).

    `group` is the same for what counts as the same.
    """

    kind: str
    about: int
    rank: int
    group: str


class Mark(msgspec.Struct):
    """How far a channel has looked for news: the numbers of the last changes."""

    first: int
    alert_change: int
    incident_change: int


class Told(msgspec.Struct):
    """What counts against the limits of a channel now.

    `minute` are messages that wait or were sent within the last minute, `groups` likewise by group, within a
    longer span. `held_since` (µs) is when the first alert was held back for a digest, 0 where none is;
    `digest` when the last one began, `summing` whether one waits.
    """

    minute: int
    groups: Mapping[str, int]
    held_since: int = 0
    digest: int = 0
    summing: bool = False


class Outgoing(msgspec.Struct):
    """A message to be sent. `tellable`: what it is about should still be told.

    `refused`: the last try failed for something in the message itself.
    """

    id: int
    key: str
    kind: str
    about: int
    rank: int
    payload: str | None
    created: int
    attempts: int
    tellable: bool
    refused: bool


class Kind(msgspec.Struct):
    """`count` alerts of one title and rank, or an incident, that were not told by themselves.

    `about` is the first one's number, `entity` (JSON) whom that is about.
    """

    rank: int
    kind: str
    about: int
    title: str
    entity: str
    count: int


class Summary(msgspec.Struct):
    """What a digest tells: how many of which rank, the gravest kinds and how many `others` there are.

    `ids` are the gravest alerts'; `last` is the newest entry that is in it.
    """

    last: int
    levels: dict[int, int]
    kinds: list[Kind]
    others: int = 0
    ids: list[int] = []


class Health(msgspec.Struct):
    """How a channel does: how often in a row it did not answer, what it said then, and when (µs) a message
    was sent and given up last."""

    fails: int
    note: str
    last_sent: int
    last_dead: int


class ChannelRow(msgspec.Struct):
    """The figures of a channel. Times are µs of the clock, 0 for never; `note` is what the last failure said.

    `waiting` messages are still to be sent, `held` alerts wait for a digest; `gate` is the next try where
    the channel does not answer (`fails` times in a row).
    """

    name: str
    waiting: int
    held: int
    sent: int
    summed: int
    dead: int
    last_sent: int
    last_dead: int
    fails: int
    gate: int
    note: str
