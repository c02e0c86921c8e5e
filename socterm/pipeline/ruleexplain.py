"""One rule against some events: which selection failed on which value, which filter stood in the way, what a
correlation counts, and what came of it all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo
from typing import Any

import msgspec

from socterm.event import Event, LogSource
from socterm.pipeline.detect import Detector
from socterm.pipeline.replay import Replayed, settled
from socterm.pipeline.rulecheck import with_parts, with_seen
from socterm.sigma.evaluate import evaluate
from socterm.sigma.fields import values
from socterm.sigma.filters import suppressed_by
from socterm.sigma.lacking import Lack, lacking
from socterm.sigma.learning.explain import Opinions
from socterm.sigma.learning.plan import Lists
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.selected import Selected, selected
from socterm.store.rows import EventRow
from socterm.taxonomy.logsources import logsources_told, serves


class Counted(msgspec.Struct, frozen=True):
    """How a correlation counts an event that one of its rules matched.

    `group` has a value for each group-by name, None where the event lacks it: then it is left out.
    `values` are those counted or calculated with, for the types that do.
    """

    rule: str
    title: str
    group: tuple[tuple[str, str | None], ...]
    values: tuple[str, ...] = ()

    @property
    def left_out(self) -> bool:
        """Whether the event lacks a group-by field."""
        return any(value is None for _, value in self.group)


class RuleAnswer(msgspec.Struct, frozen=True):
    """An event rule's answer to one event.

    `asked`: the event is of a log source the rule is for; otherwise it is never asked. `matched` is the
    rule's own answer and that of its filters; `filter` names the one that said no where the rule said yes.
    `held`: its memory or a look-up keeps it from firing, `memory` says why.
    """

    key: str
    title: str
    wanted: LogSource
    asked: bool
    matched: bool
    selections: tuple[Selected, ...]
    lacks: tuple[Lack, ...]
    filter: str = ""
    held: bool = False
    memory: str = ""
    counted: tuple[Counted, ...] = ()


class EventAnswers(msgspec.Struct, frozen=True):
    """All event rules of the rule on one event."""

    event: Event
    rules: tuple[RuleAnswer, ...]

    @property
    def counts(self) -> bool:
        """Whether the event satisfies the rule, or counts for it."""
        return any(one.asked and one.matched and not one.held for one in self.rules)


class RuleExplained(msgspec.Struct, frozen=True):
    """What became of the events: the answers, and the alerts of the rule at the end of them."""

    rule: Rule
    answers: tuple[EventAnswers, ...]
    alerts: tuple[Replayed, ...]


def explain_rule(
    rule: Rule, rules: RuleSet, events: Sequence[Event], *, tz: tzinfo = UTC, lists: Lists | None = None
) -> RuleExplained:
    """Ask a rule, and all it is built on, about events in their order. `lists` are what rules look up in."""
    alone = with_parts(rule, rules)
    titles = {f.key: f.title for f in rules.fates}
    opinions = Opinions(alone, lists)
    parts = [part for part in alone.rules.values() if part.detection is not None]
    counting = [part for part in alone.rules.values() if part.correlation is not None]
    answers = tuple(
        EventAnswers(event, tuple(_answer(part, event, tz, opinions, titles, counting) for part in parts))
        for event in events
    )
    detector = Detector(with_seen(rule, rules), tz=tz, lists=lists)
    detector.feed("explain", events)
    detector.flush()
    return RuleExplained(rule, answers, tuple(one for one in settled(detector) if one.rule == rule.key))


def _answer(
    rule: Rule,
    event: Event,
    tz: tzinfo,
    opinions: Opinions,
    titles: dict[str, str],
    counting: Sequence[Rule],
) -> RuleAnswer:
    asked = any(serves(rule.logsource, source) for source in event.logsources)
    matched = evaluate(rule.detection, event, tz)
    filtered = suppressed_by(rule, event, tz)
    held, memory = opinions.of(rule, event) if matched and asked else (False, "")
    return RuleAnswer(
        rule.key,
        rule.info.title,
        rule.logsource,
        asked,
        matched,
        selected(rule.unfiltered or rule.detection, event, tz),
        () if filtered else lacking(rule.unfiltered or rule.detection, event, tz),
        titles.get(filtered, filtered) if filtered else "",
        held,
        memory,
        tuple(_counted(one, rule.key, event) for one in counting if matched and rule.key in _refs(one)),
    )


def _refs(rule: Rule) -> tuple[str, ...]:
    return rule.correlation.refs if rule.correlation is not None else ()


def _counted(rule: Rule, ref: str, event: Event) -> Counted:
    spec = rule.correlation
    if spec is None:
        return Counted(rule.key, rule.info.title, ())

    def found(field: str) -> tuple[Any, ...]:
        return values(event, (field, *spec.others.get(field, ()))) if spec is not None else ()

    named = zip(spec.group_by, spec.fields.get(ref, ()), strict=False)
    group = tuple((name, str(seen[0]) if (seen := found(field)) else None) for name, field in named)
    said = tuple(str(value) for field in spec.counted.get(ref, ()) for value in found(field))
    return Counted(rule.key, rule.info.title, group, said)


def stored(row: EventRow) -> Event:
    """A stored event as rules saw it: its fields, and the log sources it is of."""
    fields = {name: tuple(v) if isinstance(v, list) else v for name, v in row.fields.items()}
    sources = row.logsources or logsources_told(fields)
    return Event(
        row.ts, row.source, row.position, row.raw, fields, sources, row.kind, row.repeat,
        raw_bytes=row.raw_bytes, id=row.id,
    )  # fmt: skip
