"""The map under `correlation:` as its author wrote it, checked as far as it can be without its rules.

Read here and not by pySigma, which knows no ranges, no ids in conditions and no upper-case AND.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

import msgspec

from socterm.errors import RuleError
from socterm.sigma.boolean import rules_in
from socterm.sigma.model import Bound, CorrelationType

_TYPES: Final[dict[str, CorrelationType]] = {
    "event_count": "event_count",
    "value_count": "value_count",
    "value_sum": "value_sum",
    "value_avg": "value_avg",
    "value_median": "value_median",
    "value_percentile": "value_percentile",
    "temporal": "temporal",
    "temporal_ordered": "temporal_ordered",
}
_TEMPORAL: Final = ("temporal", "temporal_ordered")
_OPS: Final = ("gt", "gte", "lt", "lte", "eq", "neq")
_KEYS: Final = ("type", "rules", "group-by", "timespan", "condition", "aliases", "generate")


class Terms(msgspec.Struct, frozen=True):
    """A correlation as written: references and fields by the names its author used; `span` in µs.

    A temporal one has `bounds` (how many of its rules), `expression` (`a and not b`) or neither: then it asks
    for all of them. `percentile` is None where the rule gives none.
    """

    type: CorrelationType
    rules: tuple[str, ...]
    group_by: tuple[str, ...]
    aliases: dict[str, dict[str, str]]
    span: int
    bounds: tuple[Bound, ...] = ()
    field: tuple[str, ...] = ()
    percentile: float | None = None
    expression: str = ""


def read_terms(data: object, timespan: Callable[[object], int]) -> Terms:
    """What stands under `correlation:`. Raises RuleError with one line saying what to mend."""
    if not isinstance(data, Mapping):
        raise RuleError("correlation: must be a map of type, rules, group-by, timespan and condition")
    unknown = [str(key) for key in data if key not in _KEYS]
    if unknown:
        raise RuleError(f"'{unknown[0]}' is no part of a correlation; known are {', '.join(_KEYS)}")
    if data.get("type") is None:
        raise RuleError("the correlation has no type")
    kind = _TYPES.get(str(data["type"]).lower())
    if kind is None:
        raise RuleError(f"'{data['type']}' is no type of correlation; known are {', '.join(_TYPES)}")
    if data.get("timespan") is None:
        raise RuleError("the correlation has no timespan")
    if not isinstance(data.get("generate", False), bool | None):
        raise RuleError("generate must be true or false")
    condition = data.get("condition")
    rules = _names(data.get("rules"), "rules")
    terms = Terms(
        type=kind,
        rules=rules,
        group_by=tuple(dict.fromkeys(_names(data.get("group-by"), "group-by"))),
        aliases=_aliases(data.get("aliases")),
        span=timespan(data["timespan"]),
    )
    if isinstance(condition, str):
        return _with_expression(terms, condition)
    if condition is None:
        if kind not in _TEMPORAL:
            raise RuleError(f"a correlation of type {kind} needs a condition")
        return terms
    if not isinstance(condition, Mapping):
        raise RuleError("the correlation's condition must be a map, such as {gte: 10}")
    return _with_bounds(terms, condition)


def _names(value: object, what: str) -> tuple[str, ...]:
    if value is None:
        return ()
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str | int | float) and str(name) for name in found):
        raise RuleError(f"{what} must be a list of names")
    return tuple(str(name) for name in found)


def _aliases(value: object) -> dict[str, dict[str, str]]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(fields, Mapping) for fields in value.values()):
        raise RuleError("aliases must be a map: alias, then for each rule the field it stands for")
    return {
        str(alias): {str(rule): str(field) for rule, field in fields.items()}
        for alias, fields in value.items()
    }


def _with_expression(terms: Terms, condition: str) -> Terms:
    if terms.type not in _TEMPORAL:
        raise RuleError(f"a condition of rule names needs type temporal, not {terms.type}")
    named = rules_in(condition)
    if not named:
        raise RuleError("the correlation's condition names no rule")
    for one, other, what in (
        (terms.rules or named, named, "is not in the condition; take it out of one or put it into the other"),
        (named, terms.rules or named, "stands in the condition, but not among the rules"),
    ):
        missing = [name for name in one if name not in other]
        if missing:
            raise RuleError(f"'{missing[0]}' {what}")
    return msgspec.structs.replace(terms, rules=terms.rules or named, expression=condition)


def _with_bounds(terms: Terms, condition: Mapping[Any, Any]) -> Terms:
    unknown = [str(key) for key in condition if key not in (*_OPS, "field", "percentile")]
    if unknown:
        raise RuleError(f"'{unknown[0]}' is no part of a condition; known are {', '.join(_OPS)}")
    bounds = tuple((op, _limit(op, condition[op], terms.type)) for op in _OPS if op in condition)
    if not bounds:
        raise RuleError("the correlation's condition compares with nothing; give for example gte: 10")
    _check_possible(bounds)
    field = _names(condition.get("field"), "the condition's field")
    percentile = condition.get("percentile")
    _check_field(terms.type, field)
    if percentile is not None:
        if terms.type != "value_percentile":
            raise RuleError(f"percentile is for value_percentile, not for {terms.type}")
        if not _is_number(percentile) or not 0 <= percentile <= 100:
            raise RuleError(f"percentile must be a number from 0 to 100, not {percentile}")
    return msgspec.structs.replace(
        terms, bounds=bounds, field=field, percentile=None if percentile is None else float(percentile)
    )


def _check_field(kind: str, field: tuple[str, ...]) -> None:
    if kind.startswith("value_"):
        if not field:
            raise RuleError(f"a correlation of type {kind} needs a field in its condition")
        if len(field) > 1 and kind != "value_count":
            raise RuleError(f"{kind} works on one field, not on {len(field)}")
    elif field:
        raise RuleError(f"a correlation of type {kind} has no use for a field; value_count counts values")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _limit(op: str, value: Any, kind: str) -> int | float:
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            value = value.strip()
        else:
            value = int(value) if value.is_integer() else value
    if not _is_number(value):
        raise RuleError(f"{op} needs a number, not '{value}'")
    if kind in ("value_sum", "value_avg", "value_median", "value_percentile"):
        return value  # type: ignore[no-any-return]
    if value < 0 or value != int(value):
        raise RuleError(f"its condition needs a whole number, not {value}")
    return int(value)


def _check_possible(bounds: tuple[Bound, ...]) -> None:
    """A range that nothing can fall into is a slip of the pen."""
    least = max((limit for op, limit in bounds if op in ("gt", "gte", "eq")), default=None)
    most = min((limit for op, limit in bounds if op in ("lt", "lte", "eq")), default=None)
    if least is None or most is None:
        return
    said = dict(bounds)
    strict = (said.get("gt") == least) or (said.get("lt") == most)
    if least > most or (least == most and strict):
        raise RuleError(f"its condition can never hold: {', '.join(f'{op}: {n}' for op, n in bounds)}")
