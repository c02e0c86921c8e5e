"""pySigma reads a rule, this turns what it read into our own values. The only file that imports pySigma.

Import it inside functions only: it takes a tenth of a second, and with a warm cache of compiled rules it will
not be needed at all. pySigma checks regular expressions by compiling them; with its default policy that is
RE2's C++ side, which refuses look-around and writes to file descriptor 2, under the console. Hence
`TrustedPolicy`, Python's `re`; running them is our affair (`primitives.regex`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import sigma.policy
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaCorrelationTimespan,
)
from sigma.exceptions import SigmaError
from sigma.modifiers import SigmaWideModifier, modifier_mapping
from sigma.policy.profiles import TrustedPolicy
from sigma.rule import SigmaRule, SigmaRuleBase
from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from socterm.errors import RuleError
from socterm.event import LogSource
from socterm.sigma import ir, primitives
from socterm.sigma.fields import TIMESTAMP, names_of, text
from socterm.sigma.resolve import Terms

sigma.policy.default_policy = TrustedPolicy
# The specification has utf16le, pySigma only its synonym.
modifier_mapping.setdefault("utf16le", SigmaWideModifier)

READ_ERRORS = (
    SigmaError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    RecursionError,
    OverflowError,
    NotImplementedError,
)
"""What pySigma raises on documents of an unexpected shape; its own SigmaError is only one of them."""

_ANY = SpecialChars.WILDCARD_MULTI
_ONE = SpecialChars.WILDCARD_SINGLE
_RELATIONS: dict[str, ir.Relation] = {"GT": "gt", "GTE": "gte", "LT": "lt", "LTE": "lte"}
_PARTS: dict[str, ir.Part] = {
    "MINUTE": "minute",
    "HOUR": "hour",
    "DAY": "day",
    "WEEK": "week",
    "MONTH": "month",
    "YEAR": "year",
}


class Head(NamedTuple):
    """What every rule says of itself; `id` and `name` are "" where it has none."""

    id: str
    name: str
    title: str
    level: str
    description: str
    tags: tuple[str, ...]
    falsepositives: tuple[str, ...]


def read_rule(document: Mapping[str, Any]) -> tuple[Head, LogSource, ir.Node]:
    """An event rule. Raises RuleError with one line saying why it cannot be used."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `re` warns on stderr about odd character classes
            rule = SigmaRule.from_dict(dict(document), policy=TrustedPolicy)
            trees = [condition.parsed for condition in rule.detection.parsed_condition]
            source = _source(rule)
            nodes = tuple(_Reader(source).node(tree) for tree in trees)
    except READ_ERRORS as error:
        raise RuleError(one_line(error)) from error
    return _head(rule), source, ir.joined(ir.Or, nodes)


def _source(rule: SigmaRule) -> LogSource:
    said = rule.logsource
    return (said.product or "").lower(), (said.category or "").lower(), (said.service or "").lower()


def read_correlation(document: Mapping[str, Any]) -> tuple[Head, Terms]:
    """A correlation rule. Raises RuleError with one line saying why it cannot be used."""
    try:
        rule = SigmaCorrelationRule.from_dict(dict(document), policy=TrustedPolicy)
        aliases = {
            alias.alias: {ref.reference: str(field) for ref, field in alias.mapping.items()}
            for alias in rule.aliases
        }
    except READ_ERRORS as error:
        raise RuleError(one_line(error)) from error
    condition = rule.condition
    if not isinstance(condition, SigmaCorrelationCondition):
        raise RuleError("a condition with and, or, not is not supported; list the rules without one")
    fields = condition.fieldref
    if isinstance(fields, list):
        raise RuleError("counting values of several fields together is not supported; name one field")
    return _head(rule), Terms(
        type=rule.type.name.lower(),
        rules=tuple(str(ref.reference) for ref in rule.rules or ()),
        group_by=tuple(rule.group_by or ()),
        aliases=aliases,
        span=rule.timespan.seconds * 1_000_000,
        op=condition.op.name.lower(),
        count=condition.count,
        field=str(fields or ""),
    )


def timespan(spec: object) -> int:
    """A Sigma time span ("90s", "10m", "24h", "7d", "2w", "1M", "1y") in µs. Raises RuleError."""
    try:
        return int(SigmaCorrelationTimespan(str(spec)).seconds) * 1_000_000
    except READ_ERRORS as error:
        raise RuleError(f"'{spec}' is not a time span; write for example 90s, 10m, 24h or 7d") from error


def one_line(error: BaseException) -> str:
    """An exception's text as one line of bearable length."""
    said = " ".join(str(error.args[0] if error.args else error).split())
    return (said or type(error).__name__)[:300]


def _head(rule: SigmaRuleBase) -> Head:
    return Head(
        id=str(rule.id or ""),
        name=rule.name or "",
        title=rule.title,
        level=str(rule.level) if rule.level is not None else "informational",
        description=" ".join((rule.description or "").split()),
        tags=tuple(str(tag) for tag in rule.tags),
        falsepositives=tuple(" ".join(str(item).split()) for item in rule.falsepositives),
    )


class _Reader:
    """Turns pySigma's condition objects into our tree, for the fields of one log source."""

    def __init__(self, source: LogSource) -> None:
        self._source = source

    def node(self, tree: Any) -> ir.Node:
        if isinstance(tree, ConditionAND):
            return ir.joined(ir.And, tuple(self.node(part) for part in tree.args))
        if isinstance(tree, ConditionOR):
            return ir.joined(ir.Or, tuple(self.node(part) for part in tree.args))
        if isinstance(tree, ConditionNOT):
            return ir.Not(self.node(tree.args[0]))
        if isinstance(tree, ConditionFieldEqualsValueExpression):
            return self._field(tree.field, tree.value, _selection(tree))
        if isinstance(tree, ConditionValueExpression):
            return self._keyword(tree.value, _selection(tree))
        raise RuleError("its condition is empty")

    def _field(self, field: str, value: Any, selection: str) -> ir.Node:
        if isinstance(value, SigmaExpansion):
            return ir.joined(ir.Or, tuple(self._field(field, item, selection) for item in value.values))
        names = names_of(field, self._source)
        test = self._test(value)
        if isinstance(test, ir.Moment) and TIMESTAMP not in names:
            raise RuleError(f"{field}|{test.part}: parts of a time can be asked of @timestamp only")
        return ir.FieldMatch(names, test, selection)

    def _keyword(self, value: Any, selection: str) -> ir.Node:
        if isinstance(value, SigmaExpansion):
            return ir.joined(ir.Or, tuple(self._keyword(item, selection) for item in value.values))
        test = self._test(value)
        if isinstance(test, ir.Text):
            # A word without a field is searched for anywhere.
            return ir.Keyword(ir.Text(test.value, "contains", test.cased), selection)
        if isinstance(test, ir.Glob):
            return ir.Keyword(ir.Glob(((), *test.segments, ()), test.cased), selection)
        if isinstance(test, ir.Regex):
            return ir.Keyword(test, selection)
        raise RuleError(f"a keyword cannot be {_KINDS.get(type(test), 'of this kind')}; name a field for it")

    def _test(self, value: Any) -> ir.Test:
        if isinstance(value, SigmaString):
            return _string(value)
        if isinstance(value, SigmaTimestampPart):
            return ir.Moment(_PARTS[value.timestamp_part.name], "eq", int(value.number))
        if isinstance(value, SigmaNumber):
            return ir.Text(text(value.number))
        if isinstance(value, SigmaBool):
            return ir.Text(text(value.boolean))
        if isinstance(value, SigmaNull):
            return ir.Null()
        if isinstance(value, SigmaExists):
            return ir.Exists() if value.exists else ir.Null()
        if isinstance(value, SigmaRegularExpression):
            return _regex(value)
        if isinstance(value, SigmaCIDRExpression):
            return ir.Cidr(str(value.network))
        if isinstance(value, SigmaFieldReference):
            place = _place(value.starts_with, value.ends_with)
            return ir.Reference(names_of(value.field, self._source), place)
        if isinstance(value, SigmaCompareExpression):
            return _compare(value)
        raise RuleError(f"values of the kind {type(value).__name__} are not supported")


_KINDS: dict[type, str] = {
    ir.Null: "null",
    ir.Exists: "an existence test",
    ir.Cidr: "a network",
    ir.Compare: "a comparison",
    ir.Moment: "a part of a time",
    ir.Reference: "a field reference",
}


def _place(starts: bool, ends: bool) -> ir.Place:
    """pySigma says `contains` by setting both."""
    if starts and ends:
        return "contains"
    if starts:
        return "startswith"
    return "endswith" if ends else "equals"


def _compare(value: SigmaCompareExpression) -> ir.Test:
    relation = _RELATIONS[value.op.name]
    if isinstance(value.number, SigmaTimestampPart):
        return ir.Moment(_PARTS[value.number.timestamp_part.name], relation, int(value.number.number))
    return ir.Compare(relation, value.number.number)


def _regex(value: SigmaRegularExpression) -> ir.Regex:
    if not isinstance(value.regexp, SigmaString):
        raise RuleError(f"a regular expression must be text; put {value.regexp} in quotes")
    if any(isinstance(part, Placeholder) for part in value.regexp.s):
        raise RuleError(_unfilled(value.regexp))
    flags = "".join(sorted(flag.name[0].lower().replace("d", "s") for flag in value.flags))
    test = ir.Regex(str(value.regexp), flags)
    try:
        primitives.regex(test)
    except ValueError as error:
        raise RuleError(str(error)) from error
    return test


def _unfilled(value: SigmaString) -> str:
    names = ", ".join(f"%{part.name}%" for part in value.s if isinstance(part, Placeholder))
    return f"it needs values for {names}, and nothing fills placeholders"


def _string(value: SigmaString) -> ir.Text | ir.Glob:
    cased = isinstance(value, SigmaCasedString)
    segments: list[list[str | None]] = [[]]
    for part in value.s:
        if part is _ANY:
            segments.append([])
        elif part is _ONE:
            segments[-1].append(None)
        elif isinstance(part, str):
            segments[-1].append(part if cased else part.lower())
        else:
            raise RuleError(_unfilled(value))
    simple = _as_text(segments, cased)
    return simple if simple is not None else ir.Glob(tuple(tuple(segment) for segment in segments), cased)


def _as_text(segments: list[list[str | None]], cased: bool) -> ir.Text | None:
    """The plain form of a pattern with wildcards at its ends only; None where it has others."""
    if any(None in segment for segment in segments):
        return None
    words = ["".join(part or "" for part in segment) for segment in segments]
    # Runs of `*` mean one.
    first, *rest = words
    if not rest:
        return ir.Text(first, "equals", cased)
    *middle, last = rest
    filled = [word for word in middle if word]
    if not filled and not last:
        return ir.Text(first, "startswith", cased)
    if not filled and not first:
        return ir.Text(last, "endswith", cased)
    if len(filled) == 1 and not first and not last:
        return ir.Text(filled[0], "contains", cased)
    return None


def _selection(tree: Any) -> str:
    for parent in tree.parent_chain():
        if isinstance(parent, ConditionIdentifier):
            return str(parent.identifier)
    return ""
