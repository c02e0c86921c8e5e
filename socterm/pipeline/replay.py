"""Lines through the whole road in memory: what rule tests and previews need. No store, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

import msgspec

from socterm.alerts.model import Entity
from socterm.enrich import Enricher
from socterm.event import Chunk, Event, LogSource
from socterm.parsers.decoder import Decoder
from socterm.pipeline.detect import Detector
from socterm.sigma.learning.plan import Lists
from socterm.sigma.model import RuleSet


class Replayed(msgspec.Struct, frozen=True):
    """One alert of a replay, settled. `events` are positions of its lines."""

    rule: str
    entity: Entity
    first: int
    last: int
    count: int
    signals: int
    events: tuple[int, ...]


def decode(
    lines: Sequence[str], *, now: int, tz: tzinfo = UTC, logsources: Sequence[LogSource] = ()
) -> list[Event]:
    """Lines to events, as one source. `now` (µs) settles years and missing stamps.

    `logsources` are what the lines are taken to be of, beside what they show themselves to be.
    """
    decoder = Decoder("replay", tz=tz)
    data = [line.encode("utf-8", "surrogateescape") for line in lines]
    events = decoder.decode(Chunk("replay", 0, data, {}, now, live=False))
    Enricher().apply(events)
    for n, event in enumerate(events):
        event.id = n + 1
        event.logsources = tuple(dict.fromkeys((*event.logsources, *logsources)))
    return events


def replay(
    lines: Sequence[str],
    rules: RuleSet,
    *,
    now: int,
    tz: tzinfo = UTC,
    logsources: Sequence[LogSource] = (),
    lists: Lists | None = None,
) -> list[Replayed]:
    """The alerts that these lines raise under these rules, in order of their ids.

    `logsources` as of `decode`; `lists` are what rules look fields up in.
    """
    detector = Detector(rules, tz=tz, lists=lists)
    detector.feed("replay", decode(lines, now=now, tz=tz, logsources=logsources))
    detector.flush()
    return settled(detector)


def settled(detector: Detector) -> list[Replayed]:
    """The alerts of a detector that has been fed and flushed, in order of their ids."""
    found: dict[int, Replayed] = {}
    for change in detector.collect():
        if change.alert and not change.merged_into:
            found[change.alert] = Replayed(
                rule=change.rule,
                entity=change.entity,
                first=change.first[0],
                last=change.last[0],
                count=change.count,
                signals=change.signals,
                events=tuple(sorted({hit.position for hit in change.hits})),
            )
    return [found[alert] for alert in sorted(found)]
