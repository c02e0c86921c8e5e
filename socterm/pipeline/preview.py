"""What an exception would have hidden of what is stored: asked before it is saved.

Alerts are judged as the detector would: those of a correlation by their entity; those of a rule on events,
and all where an exception is for all rules, by the events they rest on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Final, Protocol

import msgspec

from socterm.alerts.exceptions import DAY, Term
from socterm.errors import QueryError
from socterm.event import Event
from socterm.query import parse, quote
from socterm.sigma import ir
from socterm.sigma.detection import bound
from socterm.sigma.evaluate import evaluate
from socterm.sigma.exceptiontext import Said, read, terms_of
from socterm.store.protocols import Events, Triage
from socterm.store.rows import AlertRow, EventRow

DAYS: Final = 7
MOST_ALERTS: Final = 20_000
MOST_EVENTS: Final = 2_000
"""Base events of an alert that are looked at; of more, the newest."""

STATES: Final = ("new", "acknowledged", "in_progress", "snoozed", "closed", "reopened")
GENUINE: Final = "true_positive"

Stop = Callable[[], bool]
"""Whether whoever asked wants no answer any more."""

Tell = Callable[[int, int], object]
"""Told how many alerts were looked at, of how many."""


class Store(Protocol):
    """What is looked at."""

    @property
    def events(self) -> Events:
        """The log."""

    @property
    def triage(self) -> Triage:
        """The alerts."""


class Hidden(msgspec.Struct, frozen=True):
    """A stored alert and how many of its `events` that were looked at the exception would have hidden."""

    alert: int
    rule: str
    title: str
    level: str
    verdict: str
    entity: dict[str, str]
    hidden: int
    events: int

    @property
    def whole(self) -> bool:
        """Whether nothing of the alert is left."""
        return self.hidden >= self.events


class Preview(msgspec.Struct, frozen=True):
    """What the last days would have been without. `since` (µs) is where they begin.

    `events` is how many stored events have what the exception asks for, whatever any rule made of them; None
    where that is not asked, or cannot be. `complete` is False where there was too much to look at all of it.
    """

    since: int
    looked: int
    alerts: tuple[Hidden, ...]
    events: int | None = None
    complete: bool = True

    @property
    def whole(self) -> tuple[Hidden, ...]:
        """The alerts of which nothing would be left."""
        return tuple(one for one in self.alerts if one.whole)

    @property
    def lost(self) -> tuple[Hidden, ...]:
        """The alerts that somebody closed as an attack, and that would have been hidden, if only in part."""
        return tuple(one for one in self.alerts if one.verdict == GENUINE)


def preview(
    store: Store,
    document: str,
    *,
    now: int,
    keys: Mapping[str, str] | None = None,
    days: int = DAYS,
    tz: tzinfo = UTC,
    stop: Stop = lambda: False,
    tell: Tell = lambda _looked, _of: None,
) -> Preview:
    """Judge the stored alerts of the last days by a document; nothing changes.

    `keys` tells the key of a rule by what the document may call it, where that is another word.
    Raises RuleError where the document is no exception.
    """
    said = read(document)
    since = now - days * DAY
    rules = {row.id: row.about for row in store.triage.rules()}
    wanted = frozenset(_key(name, keys or {}, rules) for name in said.rules)
    of = " or ".join(f"rule.id:{quote(key)}" for key in sorted(wanted))
    query = parse(f"since:{days}d ({of})" if of else f"since:{days}d", now=now)
    rows = store.triage.alerts(states=STATES, query=query, limit=MOST_ALERTS, parts=True)
    asked = [row for row in rows if not wanted or row.rule in wanted]
    judge = _Judge(store, said, tz)
    found = []
    for looked, row in enumerate(asked):
        if stop():
            break
        tell(looked, len(asked))
        by_entity = bool(wanted) and rules.get(row.rule) is not None
        one = judge.entity(row) if by_entity else judge.events(row)
        if one.hidden:
            found.append(one)
    tell(len(asked), len(asked))
    return Preview(
        since=since,
        looked=len(asked),
        alerts=tuple(found),
        events=None if wanted or stop() else _matching(store, said, days, now),
        complete=len(rows) < MOST_ALERTS and not stop() and not judge.cut,
    )


def _key(name: str, keys: Mapping[str, str], rules: Mapping[str, object]) -> str:
    if name in rules:
        return name
    return keys.get(name.lower(), name.lower() if name.lower() in rules else name)


def _matching(store: Store, said: Said, days: int, now: int) -> int | None:
    """The stored events that have what an exception asks for, where a query can say it."""
    terms = terms_of(said.hides)
    if terms is None or any(said.logsource):
        return None
    try:
        query = parse(f"since:{days}d {question(terms)}", now=now)
    except QueryError:  # a field or value that the language has no words for
        return None
    return store.events.count(query).value


def question(terms: Iterable[Term]) -> str:
    """The terms as a query, for whoever wants to see the events."""
    return " and ".join(f"{term.field}:{term.value if term.network else quote(term.value)}" for term in terms)


class _Judge:
    """How much of an alert an exception hides."""

    def __init__(self, store: Store, said: Said, tz: tzinfo) -> None:
        self.cut = False
        self._store = store
        self._tz = tz
        self._everything = said.everything
        self._hides = bound(said.hides, said.logsource)
        terms = terms_of(said.hides)
        self._fields = None if terms is None else frozenset(term.field for term in terms)

    def entity(self, row: AlertRow) -> Hidden:
        """By whom the alert is about."""
        about = Event(0, "", 0, "", dict(row.entity))
        hidden = self._everything or (bool(row.entity) and evaluate(self._hides, about, self._tz))
        return _hidden(row, row.count if hidden else 0, row.count)

    def events(self, row: AlertRow) -> Hidden:
        """By its base events; where the entity tells it all, these need not be read."""
        if self._everything or (self._fields is not None and self._fields <= row.entity.keys()):
            return self.entity(row)
        if self._fields is not None and self._ruled_out(row):
            return _hidden(row, 0, row.count)
        found = self._store.triage.alert_events(row.id, limit=MOST_EVENTS)
        self.cut = self.cut or len(found) >= MOST_EVENTS
        return _hidden(row, sum(self._hit(event) for event in found), len(found))

    def _ruled_out(self, row: AlertRow) -> bool:
        """Whether what the entity tells of the exception's fields is already something else."""
        nodes = self._hides.nodes if isinstance(self._hides, ir.And) else (self._hides,)
        about = Event(0, "", 0, "", dict(row.entity))
        return any(
            isinstance(node, ir.FieldMatch)
            and node.names[0] in row.entity
            and not evaluate(node, about, self._tz)
            for node in nodes
        )

    def _hit(self, row: EventRow) -> bool:
        event = Event(row.ts, row.source, row.position, row.raw, row.fields, kind=row.kind)
        return evaluate(self._hides, event, self._tz)


def _hidden(row: AlertRow, hidden: int, events: int) -> Hidden:
    return Hidden(row.id, row.rule, row.title, row.level, row.verdict, row.entity, hidden, max(1, events))


def told(found: Preview, days: int = DAYS) -> Sequence[str]:
    """A preview in one or two sentences, for a person."""
    whole, part = len(found.whole), len(found.alerts) - len(found.whole)
    what = [_number(whole, "alert")] if whole or not part else []
    what += [f"part of {_number(part, 'other' if whole else 'alert')}"] if part else []
    looked = f"of {found.looked} looked at" if found.complete else f"of the {found.looked} looked at so far"
    said = f"In the last {days} days it would have hidden {' and '.join(what)}, {looked}"
    lines = [said + "."]
    if found.events is not None:
        lines.append(f"{_number(found.events, 'stored event')} of these days {_have(found.events)} it.")
    if found.lost:
        ids = ", ".join(f"#{one.alert}" for one in found.lost[:5])
        more = f" and {len(found.lost) - 5} more" if len(found.lost) > 5 else ""
        lines.append(f"CAREFUL: {ids}{more} was closed as a true positive and would have been hidden.")
    return lines


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else f"no {what}"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
