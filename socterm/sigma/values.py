"""Values of a rule on their way from what YAML gave to tests of our tree."""

from __future__ import annotations

from typing import Final, NamedTuple

from socterm.errors import RuleError
from socterm.sigma import ir, primitives
from socterm.sigma.fields import text
from socterm.sigma.patterns import Pattern, as_tests, plain


class Words(NamedTuple):
    """A text with wildcards. `coded`: its characters stand for bytes (`wide` and its like)."""

    parts: Pattern
    cased: bool = False
    coded: bool = False


class Expression(NamedTuple):
    """A regular expression, searched for; `place` says whether it must begin or end the value."""

    source: str
    flags: str = ""
    place: ir.Place = "contains"


class Moment(NamedTuple):
    """A number that a part of a time is compared with."""

    part: ir.Part
    number: int


class Options(NamedTuple):
    """Any of several."""

    values: tuple[Value, ...]


Value = Words | Expression | Moment | Options | ir.Test | int | float | None
"""A bool is an int here, and told apart where it matters."""


def words_of(value: Value, name: str) -> Words:
    """A value as text; numbers and booleans in their written form."""
    if isinstance(value, Words):
        return value
    if isinstance(value, int | float):
        return Words((text(value),))
    raise RuleError(f"|{name} cannot be applied to {kind_of(value)}")


def tests_of(value: Value) -> tuple[ir.Test, ...]:
    """The tests one of which must hold for a value with all its modifiers."""
    if isinstance(value, Options):
        return tuple(dict.fromkeys(test for item in value.values for test in tests_of(item)))
    if isinstance(value, Words):
        return as_tests(value.parts, value.cased)
    if isinstance(value, Expression):
        return (_regex(value),)
    if isinstance(value, Moment):
        return (ir.Moment(value.part, "eq", value.number),)
    if value is None:
        return (ir.Null(),)
    if isinstance(value, int | float):
        return (ir.Text(text(value).lower()),)
    return (value,)


_EDGES: Final[dict[ir.Place, str]] = {
    "contains": "{}",
    "startswith": "^(?:{})",
    "endswith": "(?:{})$",
    "equals": "^(?:{})$",
}


def _regex(value: Expression) -> ir.Regex:
    form = _EDGES[value.place]
    if "m" in value.flags:  # the ends of the value are meant, not those of its lines
        form = form.replace("^", "(?-m:^)").replace("$", "(?-m:$)")
    test = ir.Regex(form.format(value.source), "".join(sorted(value.flags)))
    try:
        primitives.regex(test)
    except ValueError as error:
        raise RuleError(str(error)) from error
    return test


_KINDS: Final[dict[type, str]] = {
    Expression: "a regular expression",
    Moment: "a part of a time",
    ir.Null: "null",
    ir.Exists: "an existence test",
    ir.Cidr: "a network",
    ir.Compare: "a comparison",
    ir.Moment: "a part of a time",
    ir.Reference: "a field reference",
    bool: "a boolean",
}


def kind_of(value: object) -> str:
    """What a value is, for messages."""
    said = plain(value.parts) if isinstance(value, Words) else None
    return f"'{said[:60]}'" if said is not None else _KINDS.get(type(value), str(value)[:60])
