"""The evidence pack: what is known of an alert or an incident, small enough for any model, with aliases.

Pure: rows read before go in. Events are E1, E2 … in order of time, alerts A1, A2 …; these names are all a
model can cite, and what it says beyond them is marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from socterm.alerts.levels import rank_of
from socterm.analyst.injection import speaks_to_a_model
from socterm.analyst.knowledge import phrase
from socterm.analyst.roles.evidence import (
    Exemplar,
    Hit,
    Kind,
    Material,
    Pack,
    Past,
    Thing,
)
from socterm.store.rows import AlertRow, AuditRow, EventRow

MOST_EVENTS: Final = 20
MOST_ALERTS: Final = 10
MOST_RELATED: Final = 6
MOST_THINGS: Final = 8
MOST_ALIKE: Final = 4
MOST_KINDS: Final = 10
MOST_PAST: Final = 6
MOST_TURNS: Final = 5

INJECTION_TAG: Final = "socterm.injection"
"""Rules that see text written for a model have it. Such an alert says nothing of what else happened."""


def pack(material: Material) -> Pack:
    """The evidence of a case; the same material gives the same pack."""
    rows = sorted(material.events, key=lambda row: (row.ts, row.source, row.position))
    alerts = sorted(material.alerts, key=lambda row: (-rank_of(row.level), row.part_of != 0, row.first))
    alerts = sorted(alerts[:MOST_ALERTS], key=lambda row: (row.first, row.id))
    hits = tuple(Hit(f"A{n}", row, INJECTION_TAG not in row.tags) for n, row in enumerate(alerts, 1))
    related = tuple(
        Hit(f"A{n}", row, INJECTION_TAG not in row.tags)
        for n, row in enumerate(material.related[:MOST_RELATED], len(hits) + 1)
    )
    turned = turns(rows)
    chosen = exemplars(rows, turned)
    spoken = tuple(one.alias for one in chosen if _speaks(one.row))
    whole = [row for row in material.alerts if not row.part_of] or list(material.alerts)
    found = Pack(
        about=material.about,
        title=material.title,
        level=material.level,
        state=material.state,
        verdict=material.verdict,
        owner=material.owner,
        why=material.why,
        first=min((row.first for row in material.alerts), default=0),
        last=max((row.last for row in material.alerts), default=0),
        count=sum(row.count for row in whole),
        settled=all(row.settled for row in material.alerts),
        partial=material.partial,
        hits=hits,
        related=related,
        things=things(rows, alerts, material.known),
        kinds=kinds(rows, material.stored),
        events=chosen,
        origins=len({row.fields["source.ip"] for row in rows if _from_outside(row)}),
        turns=tuple(one.alias for one in chosen if one.row.id in turned),
        spoken=spoken,
        wary=bool(spoken),
        past=remembered(material),
        sources=tuple(material.sources[:6]),
        falsepositives=tuple(material.falsepositives[:4]),
        check=tuple(material.check[:6]),
        incident=material.incident,
        tz=material.tz,
    )
    return (
        found if spoken else msgspec.structs.replace(found, wary=any(map(speaks_to_a_model, _written(found))))
    )


def _from_outside(row: EventRow) -> bool:
    """Whether it is something that failed, asked for by an address outside."""
    fields = row.fields
    failed = fields.get("event.outcome") == "failure"
    return failed and fields.get("source.is_external") is True and bool(fields.get("source.ip"))


def _speaks(row: EventRow) -> bool:
    """Whether an event holds text for a model: in the line, or in what codes in it (JSON, URLs) stand for."""
    return speaks_to_a_model(row.raw) or any(
        speaks_to_a_model(value) for value in map(_value, row.fields.values()) if value not in row.raw
    )


def _written(pack: Pack) -> Iterable[str]:
    """What others wrote of all that a model is shown besides events: names, notes, labels."""
    for hit in (*pack.hits, *pack.related):
        yield from hit.row.entity.values()
    for thing in pack.things:
        yield from (thing.value, *thing.known.values())
    for past in pack.past:
        yield from (past.actor, past.note)
    yield from (one.name for one in pack.sources)


def key_of(row: EventRow) -> tuple[str, str]:
    """What kind of event it is: what was done and how it ended; its data set where that is not known.

    The one place that says so: a template of the line can take its place.
    """
    action = str(row.fields.get("event.action") or row.fields.get("event.dataset") or "")
    return action, str(row.fields.get("event.outcome") or "")


def kinds(rows: Iterable[EventRow], stored: Mapping[tuple[str, str], int]) -> tuple[Kind, ...]:
    """The kinds of events there are, commonest first."""
    found = Counter[tuple[str, str]]()
    for row in rows:
        found[key_of(row)] += row.repeat
    return tuple(
        Kind(key, phrase(*key), count, stored.get(key, -1)) for key, count in found.most_common(MOST_KINDS)
    )


def turns(rows: Sequence[EventRow]) -> dict[int, int]:
    """Successes after failures: event id → how many had failed, of the same action by address or user."""
    failed = Counter[tuple[str, str, str]]()
    found: dict[int, int] = {}
    for row in rows:
        action, outcome = key_of(row)
        keys = [(action, field, str(row.fields[field])) for field in _WHO if row.fields.get(field)]
        if outcome == "failure":
            failed.update(dict.fromkeys(keys, row.repeat))
        elif outcome == "success":
            before = max((failed.pop(key, 0) for key in keys), default=0)
            if before >= _ENOUGH and len(found) < MOST_TURNS:
                found[row.id] = before
    return found


_WHO: Final = ("source.ip", "user.name")
_ENOUGH: Final = 3
"""Failures before a success that are more than a slip of the fingers."""


def befores(rows: Sequence[EventRow], turned: Iterable[int]) -> Iterator[int]:
    """For each success the failure it followed: the latest of the same action by the same user from the same
    address, else by one of them."""
    at = {row.id: n for n, row in enumerate(rows)}
    for ident in turned:
        success = rows[at[ident]]
        shared = [
            (sum(_same(success, row, field) for field in _WHO), n)
            for n, row in enumerate(rows[: at[ident]])
            if key_of(row) == (key_of(success)[0], "failure")
        ]
        share, n = max(shared, default=(0, 0))
        if share:
            yield rows[n].id


def _same(one: EventRow, other: EventRow, field: str) -> bool:
    value = one.fields.get(field)
    return bool(value) and value == other.fields.get(field)


def exemplars(rows: Sequence[EventRow], turned: Mapping[int, int]) -> tuple[Exemplar, ...]:
    """At most twenty events: first, last, each success after failures with the failure before it, one of each
    kind, rarest first; of a case of few events all of them."""
    why: dict[int, str] = {}
    if rows:
        why[rows[0].id] = "first"
        why.setdefault(rows[-1].id, "last")
    why |= {ident: f"success after {failed} failures" for ident, failed in turned.items()}
    for ident in befores(rows, turned):
        why.setdefault(ident, "failure before the success")
    for row in rows:
        if len(why) < MOST_EVENTS - _ROOM and _speaks(row):
            why.setdefault(row.id, "text written for a model")
    counted = Counter(key_of(row) for row in rows)
    firsts: dict[tuple[str, str], EventRow] = {}
    for row in rows:
        firsts.setdefault(key_of(row), row)
    for key in sorted(firsts, key=lambda key: (counted[key], firsts[key].ts)):
        if len(why) < MOST_EVENTS:
            why.setdefault(firsts[key].id, "one of its kind" if counted[key] == 1 else "first of its kind")
    if len(rows) <= FEW:
        for row in rows:
            why.setdefault(row.id, "one of few")
    chosen = [row for row in rows if row.id in why]
    return tuple(Exemplar(f"E{n}", row, why[row.id]) for n, row in enumerate(chosen, 1))


FEW: Final = 8
"""Events of a case that are all shown: as many as a verdict cites."""

_ROOM: Final = 10
"""Exemplars that text written for a model leaves to others."""

_FIELDS: Final = (
    "source.ip", "user.name", "user.target.name", "user.effective.name", "host.hostname", "destination.ip",
)  # fmt: skip


def things(rows: Iterable[EventRow], alerts: Iterable[AlertRow], known: Sequence[Thing]) -> tuple[Thing, ...]:
    """Whom the case is about: what alerts name first, then what stands in most events."""
    met, failed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in rows:
        for field in _FIELDS:
            value = row.fields.get(field)
            if value and not isinstance(value, tuple | list):
                met[field, str(value)] += max(row.repeat, 1)
                failed[field, str(value)] += row.repeat * (row.fields.get("event.outcome") == "failure")
    named = {pair for alert in alerts for pair in alert.entity.items()}
    told = {(one.field, one.value): one for one in known}

    def rank(pair: tuple[str, str]) -> tuple[bool, bool, int, tuple[str, str]]:
        return pair not in named, pair[0] == "host.hostname", -met[pair], pair

    ranked = _mixed(sorted({*met, *named}, key=rank), named)[:MOST_THINGS]
    return tuple(
        msgspec.structs.replace(
            told.get(pair) or Thing(*pair), events=met[pair], failures=failed[pair], named=pair in named
        )
        for pair in ranked
    )


def _mixed(ranked: Sequence[tuple[str, str]], named: Container[tuple[str, str]]) -> list[tuple[str, str]]:
    """The same with a few of each field first: a hundred addresses must not hide the host they all tried."""
    seen = Counter[str]()
    first: list[tuple[str, str]] = []
    rest: list[tuple[str, str]] = []
    for pair in ranked:
        seen[pair[0]] += 1
        (first if pair in named or seen[pair[0]] <= MOST_ALIKE else rest).append(pair)
    return first + rest


def remembered(material: Material) -> tuple[Past, ...]:
    """Past verdicts and notes, those of the same rule and entity first, then the latest."""
    own = {(row.rule, tuple(sorted(row.entity.items()))) for row in material.alerts}
    found = [
        _past(row, material.histories.get(row.id, ()), (row.rule, tuple(sorted(row.entity.items()))) in own)
        for row in material.closed
    ]
    found += [
        Past(row.id, row.title, "", *_noted(material.histories[row.id]), same=True)
        for row in material.alerts
        if any(one.note for one in material.histories.get(row.id, ()) if one.verb == "note")
    ]
    return tuple(sorted(found, key=lambda one: (not one.same, -one.at, one.alert))[:MOST_PAST])


def _past(row: AlertRow, history: Sequence[AuditRow], same: bool) -> Past:
    actor, at, note = _noted(history) if any(one.note for one in history) else (row.owner, row.updated, "")
    return Past(row.id, row.title, row.verdict, actor, at, note, same)


def _noted(history: Sequence[AuditRow]) -> tuple[str, int, str]:
    """(who, when, what) of the latest thing somebody wrote down."""
    last = next(one for one in reversed(history) if one.note)
    return last.actor, last.at, last.note


def texts(pack: Pack) -> Iterable[str]:
    """Everything the evidence says, for finding out whether a value occurs in it."""
    for one in pack.events:
        yield one.row.raw
        yield from map(_value, one.row.fields.values())
    for hit in (*pack.hits, *pack.related):
        yield from (
            hit.row.title,
            hit.row.description,
            hit.row.owner,
            *hit.row.tags,
            *hit.row.entity.values(),
        )
    for thing in pack.things:
        yield from (thing.value, *thing.known.values())
    for past in pack.past:
        yield from (past.title, past.actor, past.note)
    yield from (one.name for one in pack.sources)


def _value(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)
