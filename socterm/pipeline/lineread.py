"""One line, explained: how it was read, what it means, and what each rule made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta, timezone, tzinfo

import msgspec

from socterm.event import Chunk, Event
from socterm.parsers.decoder import Decoder
from socterm.parsers.format import Format
from socterm.pipeline.formatof import format_of
from socterm.sigma.engine import Matcher
from socterm.sigma.lacking import Lack, lacking
from socterm.sigma.learning.explain import Opinions
from socterm.sigma.learning.plan import Lists
from socterm.sigma.model import Rule, RuleSet

_ELSEWHERE = timezone(timedelta(hours=-11, minutes=-17))
_YEARS = 2 * 366 * 86_400_000_000
"""A stamp that means the same there and then as here and now names its own year and zone."""
_KINDS = frozenset({"event.action", "event.code"})
"""Fields that say what kind of event one is."""


class RuleRead(msgspec.Struct, frozen=True):
    """What one rule made of the event: it matched where nothing was lacking.

    `feeds` are the titles of correlations that count it. `alerting`: it raises an alert by itself.
    `memory` is what its extension makes of a match, "" where it has none; `held`: it does not fire for that.
    """

    key: str
    title: str
    level: str
    alerting: bool
    lacks: tuple[Lack, ...]
    feeds: tuple[str, ...] = ()
    held: bool = False
    memory: str = ""


class LineRead(msgspec.Struct, frozen=True):
    """A line as socterm reads it. `form` is None where no format knows it; `exact` says whether its stamp
    names year and zone; `rules` are those for its log sources, matches first, then the nearest; `known` is
    how many event rules there are."""

    event: Event
    form: Format | None
    exact: bool
    rules: tuple[RuleRead, ...]
    known: int


def read_lines(
    lines: list[bytes],
    rules: RuleSet,
    *,
    now: int,
    tz: tzinfo = UTC,
    form: str = "",
    enrich: Callable[[list[Event]], None] | None = None,
    lists: Lists | None = None,
) -> Iterator[LineRead]:
    """Explain lines as those of one source, so that a later one knows of the earlier ones.

    `now` (µs) is the reference for stamps without a year. `enrich` adds what is known beyond the
    line, `lists` are what rules look fields up in. Raises KeyError for an unknown `form`.
    """
    decoder = Decoder("explain", tz=tz, form=form)
    elsewhere = Decoder("explain", tz=_ELSEWHERE, form=form)
    matcher = Matcher(rules, tz=tz)
    feeds = _feeds(rules)
    opinions = Opinions(rules, lists)
    known = sum(rule.detection is not None for rule in rules.rules.values())
    for position, line in enumerate(lines):
        found = decoder.decode(Chunk("explain", position, [line], {}, now, live=False))
        (other,) = elsewhere.decode(Chunk("explain", position, [line], {}, now - _YEARS, live=False))
        if enrich is not None:
            enrich(found)
        (event,) = found
        asked = [_asked(rule, event, tz, feeds, opinions) for rule in matcher.candidates(event)]
        asked.sort(key=_distance)
        yield LineRead(event, format_of(event), event.ts == other.ts, tuple(asked), known)


def _distance(read: RuleRead) -> tuple[bool, int, str]:
    """How far from matching: one that is for another kind of event is never near."""
    other = any(lack.field in _KINDS and not lack.excluded for lack in read.lacks)
    return other, len(read.lacks), read.title


def _asked(
    rule: Rule, event: Event, tz: tzinfo, feeds: dict[str, tuple[str, ...]], opinions: Opinions
) -> RuleRead:
    lacks = lacking(rule.detection, event, tz)
    held, memory = (False, "") if lacks else opinions.of(rule, event)
    info = rule.info
    return RuleRead(
        rule.key, info.title, info.level, rule.alerting, lacks, feeds.get(rule.key, ()), held, memory
    )


def _feeds(rules: RuleSet) -> dict[str, tuple[str, ...]]:
    """Rule → titles of the correlations that refer to it."""
    found: dict[str, tuple[str, ...]] = {}
    for rule in rules.rules.values():
        for ref in rule.correlation.refs if rule.correlation else ():
            found[ref] = (*found.get(ref, ()), rule.info.title)
    return found
