"""When a rule fires, in words: counts, spans, orders and memories as a sentence, what it counts as a list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from socterm.sigma.learning.terms import (
    GeoSpeed,
    Learning,
    NewValue,
    Periodicity,
    Rarity,
    Silence,
    Spike,
)
from socterm.sigma.model import Case, Correlation, Rule

_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_OPS: Final = {
    "gt": "more than",
    "gte": "at least",
    "lt": "less than",
    "lte": "at most",
    "eq": "exactly",
    "neq": "anything but",
}
_OF: Final = {
    "value_sum": "a sum of {field} of {bounds}",
    "value_avg": "a mean of {field} of {bounds}",
    "value_median": "a median of {field} of {bounds}",
    "value_percentile": "a percentile of {field} of {bounds}",
    "value_count": "{bounds} different values of {field}",
    "event_count": "{bounds} events",
}


def span_in_words(span: int) -> str:
    """A time span in µs, in the largest unit that divides it.

    >>> span_in_words(120_000_000), span_in_words(3_600_000_000), span_in_words(90_000_000)
    ('2 minutes', '1 hour', '90 seconds')
    """
    seconds = span // 1_000_000
    for size, unit in _UNITS:
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}{'' if seconds == size else 's'}"
    return f"{span / 1_000_000:g} seconds"


def fires(rule: Rule, rules: Mapping[str, Rule]) -> str:
    """One sentence: when this rule has found what it looks for. `rules` are those it may refer to, by key."""
    if rule.correlation is not None:
        return _sentence(_correlation(rule.correlation, rules))
    if rule.learning is not None:
        return _sentence(_learning(rule.learning))
    if rule.lookup is not None:
        lists = " or ".join(f"`{name}`" for name in rule.lookup.lists)
        return f"Each event that fits, where {_names(rule.lookup.field)} stands in the list {lists}."
    return "Each event that fits."


def parts(rule: Rule, rules: Mapping[str, Rule]) -> Iterator[tuple[int, Rule]]:
    """All rules that a correlation rests on, from above, each once, with how deep below it they stand."""
    seen: set[str] = set()

    def below(one: Rule, depth: int) -> Iterator[tuple[int, Rule]]:
        for key in one.correlation.refs if one.correlation else ():
            if key not in seen:
                seen.add(key)
                yield depth, rules[key]
                yield from below(rules[key], depth + 1)

    yield from below(rule, 0)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _number(number: float) -> str:
    return f"{int(number):,}" if float(number).is_integer() else f"{number:g}"


def _same(names: Sequence[str]) -> str:
    return f" with the same {_names(names)}" if names else ""


def _correlation(terms: Correlation, rules: Mapping[str, Rule]) -> str:
    within = f"within {span_in_words(terms.span)}"
    if not terms.by_ref:
        bounds = " and ".join(f"{_OPS[op]} {_number(number)}" for op, number in terms.bounds)
        said = _OF[terms.type].format(bounds=bounds, field=_names(terms.field.split(", ")))
        said = said.removesuffix("s") if said.endswith(" 1 events") else said
        return f"{said} {within}{_same(terms.group_by)}"
    cases = terms.cases or ((terms.refs, ()),)
    ordered = terms.type == "temporal_ordered"
    said = ", or ".join(dict.fromkeys(_case(case, ordered, rules) for case in cases))
    if len(cases) > 1 and all(len(there) == 1 and not absent for there, absent in cases):
        said = f"any of {', '.join(f'`{rules[there[0]].name}`' for there, _ in cases)}"
    return f"{within}{_same(terms.group_by)}: {said}"


def _case(case: Case, ordered: bool, rules: Mapping[str, Rule]) -> str:
    there, absent = ([f"`{rules[key].name}`" for key in keys] for keys in case)
    said = (" and then " if ordered else " and ").join(there)
    return f"{said} without {' or '.join(absent)}" if absent else said


def _new_value(terms: NewValue) -> str:
    again = f", or again after {span_in_words(terms.history)} without it" if terms.history else ""
    if not terms.field:
        return f"{_names(terms.key)} is seen for the first time{again}"
    return f"{_names(terms.field)} is new for this {_names(terms.key)}{again}"


def _rarity(terms: Rarity) -> str:
    what = _names(terms.field) or "it"
    over = f" in {span_in_words(terms.history)}" if terms.history else ""
    return f"{what} was seen at most {terms.max_count} times{over} for this {_names(terms.key)}"


def _silence(terms: Silence) -> str:
    return (
        f"nothing for {span_in_words(terms.span)} from a {_names(terms.key)} that was there at least "
        f"{terms.after_seen} times"
    )


def _geo_speed(terms: GeoSpeed) -> str:
    return (
        f"{_names(terms.key)} comes from {terms.min_km:,.0f} km away or more, which would have taken more "
        f"than {terms.max_kmh:,.0f} km/h"
    )


def _spike(terms: Spike) -> str:
    what = f"the sum of {_names(terms.field)}" if terms.count == "sum" else "the number of events"
    if terms.count == "distinct":
        what = f"the number of different values of {_names(terms.field)}"
    return (
        f"{what} within {span_in_words(terms.bucket)} is at least {_number(terms.min)} and more than "
        f"{terms.z:g} standard deviations above what the {span_in_words(terms.history)} before had, for the "
        f"same {_names(terms.key)}"
    )


def _periodicity(terms: Periodicity) -> str:
    return (
        f"{terms.min_events} times of the same {_names(terms.key)} with gaps that differ by no more than "
        f"{terms.max_jitter:.0%}"
    )


_LEARNING: Final[dict[type, Callable[[Any], str]]] = {
    NewValue: _new_value,
    Rarity: _rarity,
    Silence: _silence,
    GeoSpeed: _geo_speed,
    Spike: _spike,
    Periodicity: _periodicity,
}


def _learning(terms: Learning) -> str:
    said = _LEARNING[type(terms)](terms)
    if terms.learn:
        said += f"; silent for the first {span_in_words(terms.learn)}, while it learns what is usual"
    return said
