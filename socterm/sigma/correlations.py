"""From a correlation's terms and the rules it refers to, to what the correlator works with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import comb
from typing import Final

from socterm.errors import RuleError
from socterm.sigma.boolean import MOST_CASES, cases_of
from socterm.sigma.fields import names_of
from socterm.sigma.model import Bound, Case, Correlation, Rule
from socterm.sigma.terms import Terms
from socterm.sigma.windows import need_of, rising
from socterm.taxonomy import resolve

Find = Callable[[str], str | None]
"""The key of the rule that is called so, by id or name."""

_TEMPORAL: Final = ("temporal", "temporal_ordered")


def correlation_of(terms: Terms, refs: Sequence[Rule], find: Find) -> Correlation:
    """A correlation on `refs`, the rules of `terms.rules` in their order. Raises RuleError."""
    aliases = _aliases(terms, {rule.key for rule in refs}, find)
    fields = {rule.key: tuple(_names(name, rule, aliases) for name in terms.group_by) for rule in refs}
    counted = {rule.key: tuple(_names(name, rule, aliases) for name in terms.field) for rule in refs}
    every = [names for found in (fields, counted) for part in found.values() for names in part]
    return Correlation(
        type=terms.type,
        refs=tuple(rule.key for rule in refs),
        group_by=tuple(name if name in terms.aliases else resolve(name) for name in terms.group_by),
        fields={key: tuple(names[0] for names in part) for key, part in fields.items()},
        span=terms.span,
        bounds=_bounds(terms),
        counted={key: tuple(names[0] for names in part) for key, part in counted.items()}
        if terms.field
        else {},
        others={names[0]: names[1:] for names in every if len(names) > 1},
        cases=_cases(terms, find),
        percentile=terms.percentile,
    )


def _aliases(terms: Terms, refs: set[str], find: Find) -> dict[str, dict[str, str]]:
    """alias → rule key → field as written."""
    found: dict[str, dict[str, str]] = {}
    for alias, mapping in terms.aliases.items():
        for written, field in mapping.items():
            key = find(written)
            if key is None or key not in refs:
                raise RuleError(f"the alias '{alias}' speaks of '{written}', which is not among its rules")
            found.setdefault(alias, {})[key] = field
    return found


def _names(name: str, rule: Rule, aliases: dict[str, dict[str, str]]) -> tuple[str, ...]:
    """The keys under which a field may stand in events of one rule, best first."""
    mapped = aliases.get(name, {}).get(rule.key)
    if mapped is None and name in aliases:
        raise RuleError(f"the alias '{name}' does not say which field of '{rule.name or rule.key}' it is")
    return names_of(mapped or name, rule.logsource if rule.correlation is None else None)


def _bounds(terms: Terms) -> tuple[Bound, ...]:
    if terms.type not in _TEMPORAL:
        return terms.bounds
    total = len(terms.rules)
    if not terms.bounds:
        return (("gte", total),)
    if rising(terms.bounds):
        need = need_of(terms.bounds)
        if not 1 <= need <= total:
            raise RuleError(f"it asks for {need} of its {total} rules")
        if terms.type == "temporal_ordered" and comb(total, need) > MOST_CASES:
            raise RuleError(f"{need} of {total} rules in order can come in more than {MOST_CASES} ways")
    elif terms.type == "temporal_ordered":
        raise RuleError("a temporal_ordered correlation can ask for so many of its rules, not for fewer")
    return terms.bounds


def _cases(terms: Terms, find: Find) -> tuple[Case, ...]:
    if not terms.expression:
        return ()
    keys = {name: find(name) or name for name in terms.rules}
    return tuple(
        (tuple(keys[name] for name in there), tuple(keys[name] for name in absent))
        for there, absent in cases_of(terms.expression)
    )
