"""What modifiers make of a rule's values: `field|contains|all: […]` down to tests of our tree.

Sigma 2.1, "Sigma Modifiers". One table, a function each. Modifiers work in the order written, but for three:
`expand` comes first, because nothing can be done to a value that is not there yet; `all` and `neq` speak of
the whole list of values.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from ipaddress import IPv6Network, ip_network
from typing import Any, Final, NamedTuple

from socterm.errors import RuleError
from socterm.sigma import ir, primitives
from socterm.sigma.encodings import base64, base64offset, coded
from socterm.sigma.fields import text
from socterm.sigma.patterns import Wild, as_regex, dashed, pattern, plain, together
from socterm.sigma.placeholders import Placeholders
from socterm.sigma.values import Expression, Moment, Options, Value, Words, kind_of, tests_of, words_of


class Wanted(NamedTuple):
    """What a key of a selection asks for: each of `values` is tests one of which must hold.

    `every`: all values must hold, not any.
    """

    values: tuple[tuple[ir.Test, ...], ...]
    every: bool
    negated: bool


def wanted(
    modifiers: Sequence[str], values: Sequence[Any], placeholders: Placeholders, *, keyword: bool = False
) -> Wanted:
    """The tests behind a key's modifiers and values. Raises RuleError, one line, for what makes no sense.

    A `keyword` has no field: its text is searched anywhere, unless the modifiers say where.
    """
    for name in modifiers:
        if name not in _TABLE and name not in _WHOLE:
            raise RuleError(f"Unknown modifier '{name}'")
    tests = []
    for written in values:
        value = _opened(written, modifiers, placeholders)
        seen: list[str] = []
        for name in modifiers:
            if name not in _WHOLE:
                value = _applied(name, value, seen)
                seen.append(name)
        if keyword and _ANCHORS.isdisjoint(modifiers):
            value = _anywhere(value)
        tests.append(tests_of(value))
    return Wanted(tuple(tests), every="all" in modifiers, negated="neq" in modifiers)


def _opened(written: Any, modifiers: Sequence[str], placeholders: Placeholders) -> Value:
    """A value as YAML gave it, with its placeholders filled."""
    search = "re" in modifiers
    if isinstance(written, datetime):
        raise RuleError(f"put the time {written} in quotes: YAML does not keep how it was written")
    if isinstance(written, date):
        written = str(written)
    if isinstance(written, str):
        if "expand" in modifiers:
            return _filled(written, search, placeholders)
        return Expression(written) if search else Words(pattern(written))
    if written is None or isinstance(written, int | float):
        return Expression(text(written)) if search and written is not None else written
    raise RuleError(f"values of the kind {type(written).__name__} are not supported")


def _filled(written: str, search: bool, placeholders: Placeholders) -> Value:
    """Any of the values a text with placeholders stands for.

    A list may serve texts and expressions alike: its values mean the same in both, so `*` is no quantifier.
    """
    made: list[Value] = []
    for pieces in placeholders.fill(written):
        if search:
            made.append(
                Expression("".join(as_regex(pattern(p.text)) if p.filled else p.text for p in pieces))
            )
        else:
            made.append(Words(together(part for piece in pieces for part in pattern(piece.text))))
    return made[0] if len(made) == 1 else Options(tuple(made))


def _applied(name: str, value: Value, seen: Sequence[str]) -> Value:
    if isinstance(value, Options):
        return Options(tuple(_applied(name, item, seen) for item in value.values))
    if value is None:
        raise RuleError(f"null has no value that |{name} could work on; test for null without modifiers")
    return _TABLE[name](value, name, seen)


def _anywhere(value: Value) -> Value:
    if isinstance(value, Options):
        return Options(tuple(map(_anywhere, value.values)))
    return _placed(value, "contains", ()) if isinstance(value, Words | int | float) else value


# Each modifier: the value so far, the modifier's own name, the names before it.


def _placed(value: Value, name: str, _: Sequence[str]) -> Value:
    place: ir.Place = name  # type: ignore[assignment]
    if isinstance(value, Expression):
        return value._replace(place=place)
    if isinstance(value, ir.Reference):
        return ir.Reference(value.names, place, value.cased)
    found = words_of(value, name)
    parts = found.parts
    if name != "startswith" and parts[:1] != (Wild.ANY,):
        parts = (Wild.ANY, *parts)
    if name != "endswith" and parts[-1:] != (Wild.ANY,):
        parts = (*parts, Wild.ANY)
    return found._replace(parts=parts)


def _cased(value: Value, name: str, _: Sequence[str]) -> Value:
    if isinstance(value, Expression):
        if "i" in value.flags:
            raise RuleError("|cased and |i contradict each other")
        return value
    if isinstance(value, ir.Reference):
        return ir.Reference(value.names, value.place, cased=True)
    return words_of(value, name)._replace(cased=True)


def _re(value: Value, name: str, seen: Sequence[str]) -> Value:
    _first(name, seen)
    return value


def _flag(value: Value, name: str, seen: Sequence[str]) -> Value:
    if not isinstance(value, Expression) or "re" not in seen:
        raise RuleError(f"|{name} stands behind |re only")
    if name.startswith("i") and "cased" in seen:
        raise RuleError("|cased and |i contradict each other")
    flag = "s" if name == "dotall" else name[0]
    return value._replace(flags="".join({*value.flags, flag}))


def _cidr(value: Value, name: str, seen: Sequence[str]) -> Value:
    _first(name, seen)
    said = plain(words_of(value, name).parts)
    try:
        # An address with its network's length, such as an interface has, names that network.
        network = ip_network((said or "").strip(), strict=False)
    except ValueError:
        shown = "a text with wildcards" if said is None else f"'{said}'"
        raise RuleError(f"CIDR: {shown} is no network; write for example 10.0.0.0/8") from None
    if isinstance(network, IPv6Network) and network.network_address.ipv4_mapped and network.prefixlen >= 96:
        # Events are asked for the IPv4 address inside, too.
        network = ip_network((network.network_address.ipv4_mapped, network.prefixlen - 96))
    return ir.Cidr(str(network))


def _exists(value: Value, name: str, seen: Sequence[str]) -> Value:
    _first(name, seen)
    said = value if isinstance(value, bool) else _BOOLEANS.get(plain(words_of(value, name).parts) or "")
    if said is None:
        raise RuleError("|exists wants true or false")
    return ir.Exists() if said else ir.Null()


def _compared(value: Value, name: str, _: Sequence[str]) -> Value:
    relation: ir.Relation = name  # type: ignore[assignment]
    if isinstance(value, Moment):
        return ir.Moment(value.part, relation, value.number)
    number = _number(value)
    if number is None:
        raise RuleError(f"|{name} compares numbers; {kind_of(value)} is incompatible")
    return ir.Compare(relation, number)


def _part(value: Value, name: str, seen: Sequence[str]) -> Value:
    _first(name, seen)
    number = _number(value)
    if number is None or number != int(number):
        raise RuleError(f"|{name} wants a whole number, not {kind_of(value)}")
    part: ir.Part = name  # type: ignore[assignment]
    return Moment(part, int(number))


def _fieldref(value: Value, name: str, seen: Sequence[str]) -> Value:
    _first(name, seen)
    field = plain(words_of(value, name).parts)
    if not field:
        raise RuleError("|fieldref wants the name of a field, without wildcards")
    # As written: only the reader of the selection knows the log source it stands for.
    return ir.Reference((field,))


def _windash(value: Value, name: str, _: Sequence[str]) -> Value:
    found = words_of(value, name)
    return found._replace(parts=dashed(found.parts))


def _first(name: str, seen: Sequence[str]) -> None:
    if seen:
        raise RuleError(f"|{name} works on the value as written; put it before |{seen[0]}")


def _number(value: Value) -> int | float | None:
    """A number, or a text that is one; booleans are none."""
    found = primitives.number(plain(value.parts) if isinstance(value, Words) else value)
    # Beyond 64 bits nothing could store the rule; no field holds such a number either.
    return float(found) if isinstance(found, int) and abs(found) >= 1 << 63 else found


_BOOLEANS: Final = {"true": True, "True": True, "false": False, "False": False}
_WHOLE: Final = frozenset({"all", "neq", "expand"})
_ANCHORS: Final = frozenset({"startswith", "endswith"})

_TABLE: Final[dict[str, Callable[[Value, str, Sequence[str]], Value]]] = {
    "contains": _placed,
    "startswith": _placed,
    "endswith": _placed,
    "cased": _cased,
    "re": _re,
    "i": _flag,
    "m": _flag,
    "s": _flag,
    "ignorecase": _flag,
    "multiline": _flag,
    "dotall": _flag,
    "cidr": _cidr,
    "exists": _exists,
    "gt": _compared,
    "gte": _compared,
    "lt": _compared,
    "lte": _compared,
    "minute": _part,
    "hour": _part,
    "day": _part,
    "week": _part,
    "month": _part,
    "year": _part,
    "fieldref": _fieldref,
    "wide": coded,
    "utf16le": coded,
    "utf16": coded,
    "utf16be": coded,
    "base64": base64,
    "base64offset": base64offset,
    "windash": _windash,
}
