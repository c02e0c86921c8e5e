"""What the store answers with: plain values a view, the command line or the analyst can use as they are."""

from __future__ import annotations

from typing import Any

import msgspec

from socterm.event import LogSource

Place = tuple[int, int, int]
"""Where an alert or incident stands in lists: (rank of its level, last, id), the greatest first."""


class EventRow(msgspec.Struct, gc=False):
    """A stored event. `fields` are all its ECS fields, flat and dotted, promoted ones included.

    `logsources` are there where a parser knew others than `taxonomy.logsources_told` makes of the fields.
    `alerted`: it is evidence of an alert.
    """

    id: int
    ts: int
    source: str
    position: int
    raw: str
    fields: dict[str, Any]
    kind: str = "event"
    repeat: int = 1
    raw_bytes: bytes | None = None
    logsources: tuple[LogSource, ...] = ()
    alerted: bool = False

    @property
    def message(self) -> str:
        """The message part of the line, or the whole line where no header was understood."""
        found = self.fields.get("message")
        return found if isinstance(found, str) else self.raw


class Page(msgspec.Struct):
    """Events of one read, newest first unless said otherwise.

    `complete` is False where something that should have answered did not; `missing` then names it.
    `more` says that older (or newer) rows exist beyond the limit.
    """

    rows: list[EventRow]
    complete: bool = True
    missing: tuple[str, ...] = ()
    more: bool = False


class Count(msgspec.Struct):
    """A number of events, and whether all that should have answered did."""

    value: int
    complete: bool = True
    missing: tuple[str, ...] = ()


class AlertRow(msgspec.Struct):
    """An alert as stored: one episode of one rule on one entity, and what people decided about it.

    Times are µs. `entity` maps ECS field to value. `key` is the hash of the settled episode, "" before.
    `part_of` is the alert of a stronger rule about the same thing that this one stands under, 0 for none;
    `parts` is how many alerts stand under this one. A snoozed one wakes at `until`. `follows` is the closed
    alert of the same rule and entity that it came after, 0 for none, `follows_verdict` what that was then.
    `released` is when retention let its evidence go, 0 while it is kept.
    """

    id: int
    rule: str
    title: str
    level: str
    description: str
    tags: tuple[str, ...]
    entity: dict[str, str]
    first: int
    last: int
    count: int
    signals: int
    settled: bool
    key: str
    state: str
    verdict: str
    owner: str
    notes: int
    created: int
    updated: int
    merged_into: int = 0
    part_of: int = 0
    parts: int = 0
    until: int = 0
    follows: int = 0
    follows_verdict: str = ""
    released: int = 0


class AuditRow(msgspec.Struct):
    """One decision or change, in order; `hash` chains it to the row before.

    `undoes` is the row that this one takes back; `bulk` is the first row of the same decision. A row about
    something other than an alert says so in `about`, such as "incident:12", and its `alert` is 0.
    """

    id: int
    at: int
    actor: str
    alert: int
    verb: str
    before: dict[str, Any]
    after: dict[str, Any]
    note: str
    undoes: int
    hash: str
    bulk: int = 0
    about: str = ""


class SourceRow(msgspec.Struct):
    """How far a source was read, and its counters since the store began. Times are µs.

    `formats` counts lines by `event.dataset`; `samples` are ids of the latest events that no format knew,
    newest last; `error` is what was wrong with the latest broken line; `rate`
    is lines per second at `updated`. `let_go` counts the lines that retention deleted.
    """

    name: str
    position: int
    lines: int
    decoded: int
    newest: int
    late: int
    drops: dict[str, int]
    note: str
    updated: int
    formats: dict[str, int]
    samples: tuple[int, ...]
    error: str
    rate: float
    let_go: int = 0


class RuleRow(msgspec.Struct):
    """A rule's fate as last loaded (`socterm.sigma.model.Fate`), with the reason, and its hits.

    `falsepositives` are the innocent explanations the rule names itself, `check` the steps to look into an
    alert of it. `about` are the fields a correlation counts by, None for a rule on single events.
    """

    id: str
    title: str
    level: str
    fate: str
    reason: str
    path: str
    hits: int
    alerts: int
    falsepositives: tuple[str, ...] = ()
    check: tuple[str, ...] = ()
    about: tuple[str, ...] | None = None


class Bucket(msgspec.Struct):
    """One bar of a histogram: start (µs), events in it, and those that belong to an alert."""

    start: int
    events: int
    alerted: int


class ExceptionRow(msgspec.Struct):
    """An exception as stored. `created` and `expires` (0 for never) are wall times, `last_hit` is an event's.

    `rules` is what it calls the rules it is for, () for all; `alert` the alert it was made from, 0 for none.
    `problem` says why the rules of now cannot use it; `hits` are events it kept from a rule, and firings of
    correlations it kept silent.
    """

    id: int
    document: str
    title: str
    rules: tuple[str, ...]
    reason: str
    author: str
    created: int
    expires: int
    alert: int
    problem: str
    hits: int
    last_hit: int

    @property
    def off(self) -> bool:
        """Whether it switches its rules off altogether."""
        lines = [line.strip() for line in self.document.splitlines()]
        return bool(self.rules) and "event.kind|exists: true" in lines
