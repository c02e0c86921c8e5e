"""What the evidence of a case is made of: what was read, and what of it stands in the pack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo

import msgspec

from socterm.store.rows import AlertRow, AuditRow, EventRow


class Thing(msgspec.Struct, frozen=True):
    """A user, address or host of the case: in how many of its events it stands, and what the store knows.

    `named`: an alert is about it. `baseline` is new, rare, usual, or "" where no line of it is stored.
    """

    field: str
    value: str
    events: int = 0
    failures: int = 0
    named: bool = False
    baseline: str = ""
    lines: int = 0
    risk: int = 0
    alerts: int = 0
    known: Mapping[str, str] = {}


class Kind(msgspec.Struct, frozen=True):
    """A kind of event in the evidence: how many, and how many the store has (-1: not counted)."""

    key: tuple[str, str]
    said: str
    count: int
    stored: int = -1

    @property
    def rare(self) -> bool:
        """Whether nearly all there is of it stands in this case."""
        return 0 <= self.stored <= self.count + 5


class Hit(msgspec.Struct, frozen=True):
    """An alert of the case under its alias. `own`: it speaks of the case itself, not of text in it."""

    alias: str
    row: AlertRow
    own: bool = True


class Exemplar(msgspec.Struct, frozen=True):
    """An event that stands for others, under its alias, and why it was chosen."""

    alias: str
    row: EventRow
    why: str


class Past(msgspec.Struct, frozen=True):
    """What somebody decided before about the same rule or the same entity: the analyst's memory.

    `same`: rule and entity are both the same as in this case.
    """

    alert: int
    title: str
    verdict: str
    actor: str
    at: int
    note: str = ""
    same: bool = False


class SourceFacts(msgspec.Struct, frozen=True):
    """A source of the case's events: how many of them, and how well it is read."""

    name: str
    events: int
    lines: int = 0
    decoded: int = 0
    late: int = 0
    dropped: int = 0
    newest: int = 0
    error: str = ""


class Material(msgspec.Struct):
    """All that was read of a case; `pack` makes the evidence of it.

    `about` is "alert:3" or "incident:2". `histories` are audit rows by alert, `known` what the store knows
    of things, `stored` how many events of a kind there are in all, `incident` to which an alert belongs.
    """

    about: str
    title: str
    level: str
    state: str
    alerts: Sequence[AlertRow]
    events: Sequence[EventRow]
    verdict: str = ""
    owner: str = ""
    why: str = ""
    partial: bool = False
    related: Sequence[AlertRow] = ()
    closed: Sequence[AlertRow] = ()
    histories: Mapping[int, Sequence[AuditRow]] = {}
    known: Sequence[Thing] = ()
    stored: Mapping[tuple[str, str], int] = {}
    sources: Sequence[SourceFacts] = ()
    falsepositives: Sequence[str] = ()
    check: Sequence[str] = ()
    incident: int = 0
    tz: tzinfo = UTC


class Pack(msgspec.Struct, frozen=True):
    """The evidence of one case. `origins`: from how many addresses outside something failed. `turns` are the
    aliases of successes after failures, `spoken` those of events with text written for a model; `wary`: there
    is such text in them, or in a name or a note that is shown. `partial`: only some of the evidence was
    looked at."""

    about: str
    title: str
    level: str
    state: str
    verdict: str
    owner: str
    why: str
    first: int
    last: int
    count: int
    settled: bool
    partial: bool
    hits: tuple[Hit, ...]
    related: tuple[Hit, ...]
    things: tuple[Thing, ...]
    kinds: tuple[Kind, ...]
    events: tuple[Exemplar, ...]
    origins: int
    turns: tuple[str, ...]
    spoken: tuple[str, ...]
    wary: bool
    past: tuple[Past, ...]
    sources: tuple[SourceFacts, ...]
    falsepositives: tuple[str, ...]
    check: tuple[str, ...]
    incident: int
    tz: tzinfo

    @property
    def own(self) -> tuple[AlertRow, ...]:
        """The alerts that speak of what happened; all of them where none does."""
        return tuple(hit.row for hit in self.hits if hit.own) or tuple(hit.row for hit in self.hits)

    def ids(self) -> dict[str, int]:
        """Alias → id of the event or alert."""
        found = {one.alias: one.row.id for one in self.events}
        return found | {hit.alias: hit.row.id for hit in (*self.hits, *self.related)}

    def aliases(self) -> tuple[str, ...]:
        """Every alias that can be cited."""
        return tuple(self.ids())
