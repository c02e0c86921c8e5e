"""From a field and what stands after its colon to a test: tables of levels, text fields and time fields."""

from __future__ import annotations

import ipaddress
from typing import Literal

from socterm.alerts.levels import LEVELS
from socterm.errors import QueryError
from socterm.query import times
from socterm.query.match import escape, parse_number, segments
from socterm.query.tree import EVERYTHING, TEXT, And, Node, Op, Or, Span, Term
from socterm.taxonomy import COLUMNS, resolve

Comparison = Literal[">", ">=", "<", "<="]

_LEVEL_WORDS = {name: name for name in LEVELS} | {
    "info": "informational",
    "med": "medium",
    "crit": "critical",
}
_NAMES = {"sev": "level", "severity": "level"} | {column.ecs.lower(): column.ecs for column in COLUMNS}
_TIME = "@timestamp"
_RELATIVE = {"since", "until"}
_WORDY = {TEXT, "message"}
"""Fields that hold prose: `:` asks for words in them, not for the whole value."""

_OPS: dict[str, Op] = {">": "gt", ">=": "ge", "<": "lt", "<=": "le"}
_AS_TIME = "is no time: write 2026-11-20, 2026-11-20T10:00 or now-15m"


class Value:
    """A value as typed: its pattern (`*` wild, escapes kept), whether it was quoted, and where it stands."""

    __slots__ = ("pattern", "position", "quoted")

    def __init__(self, pattern: str, position: int, *, quoted: bool) -> None:
        self.pattern = pattern
        self.position = position
        self.quoted = quoted

    @property
    def is_wild(self) -> bool:
        """True where a wildcard stands in it."""
        return len(segments(self.pattern)) > 1

    @property
    def plain(self) -> str:
        """The text without escapes; a wildcard stays `*`."""
        return "*".join(segments(self.pattern))


def field_name(name: str) -> str:
    """The ECS name for what a person typed, in any case."""
    low = name.lower()
    return _NAMES.get(low) or _NAMES.get(resolve(name).lower()) or resolve(name)


def free(value: Value) -> Node:
    """A word or phrase that stands alone: asked of the raw text."""
    return _words(TEXT, value)


def _words(field: str, value: Value) -> Node:
    if not value.plain.strip("* \t"):
        return EVERYTHING if field == TEXT else Term(field, "exists")
    return Term(field, "phrase" if value.quoted else "word", value.pattern)


def equals(name: str, value: Value, now: int) -> Node:
    """`field:value`."""
    low = name.lower()
    if low in _RELATIVE:
        return _relative(low, value, now)
    field = field_name(name)
    if field == _TIME:
        return _at(value, now)
    if field in _WORDY:
        return _words(field, value)
    if not value.quoted and value.plain.strip("*") == "" and value.is_wild:
        return Term(field, "exists")
    if value.is_wild:
        return Term(field, "like", value.pattern)
    if field == "level":
        return Term(field, "eq", _LEVEL_WORDS.get(value.plain.lower(), value.plain))
    net = None if value.quoted else _network(value.plain)
    if net is None and not value.quoted and field.endswith(".ip") and "/" in value.plain:
        raise QueryError(f"{value.plain} is no network, such as 10.0.0.0/8 or 2001:db8::/32", value.position)
    return Term(field, "cidr", net) if net else Term(field, "eq", value.plain)


def _network(text: str) -> str | None:
    """A network, or an IPv6 address (which has many spellings), in canonical form; None for the rest."""
    if "/" not in text and text.count(":") < 2:
        return None
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return None


def _relative(name: str, value: Value, now: int) -> Node:
    back = times.duration(value.plain)
    found = (now - back, now - back + 1) if back is not None else times.interval(value.plain, now)
    if found is None:
        raise QueryError(f"{name}: takes 15m, 2h, 3d or a time like 2026-11-20T10:00", value.position)
    if name == "since":
        return Span(low=found[0], position=value.position)
    return Span(high=found[1], position=value.position)


def _time(value: Value, now: int) -> times.Interval:
    found = times.interval(value.plain, now)
    if found is None:
        raise QueryError(f"{_short(value)} {_AS_TIME}", value.position)
    return found


def _at(value: Value, now: int) -> Node:
    if value.plain == "*":
        return EVERYTHING
    low, high = _time(value, now)
    return Span(low, high, value.position)


def compared(name: str, sign: str, value: Value, now: int) -> Node:
    """`field>=value`: numbers, times and severity words have an order; nothing else does."""
    if name.lower() in _RELATIVE:
        raise QueryError(f"{name.lower()} is written with a colon: {name.lower()}:15m", value.position)
    field = field_name(name)
    if field == _TIME:
        low, high = _time(value, now)
        return {
            ">": Span(low=high, position=value.position),
            ">=": Span(low=low, position=value.position),
            "<": Span(high=low, position=value.position),
            "<=": Span(high=high, position=value.position),
        }[sign]
    if field == "level":
        return _levels(sign, value)
    number = parse_number(value.plain)
    if number is None:
        raise QueryError(
            f"{_short(value)} has no order: {sign} takes a number, a time or a severity", value.position
        )
    return Term(field, _OPS[sign], number)


def _levels(sign: str, value: Value) -> Node:
    word = _LEVEL_WORDS.get(value.plain.lower())
    if word is None:
        raise QueryError(f"{_short(value)} is no severity: use one of {', '.join(LEVELS)}", value.position)
    rank = LEVELS.index(word)
    kept = {">": LEVELS[rank + 1 :], ">=": LEVELS[rank:], "<": LEVELS[:rank], "<=": LEVELS[: rank + 1]}[sign]
    return Or(tuple(Term("level", "eq", level) for level in kept))


def between(name: str, low: Value, high: Value, now: int) -> Node:
    """`field:[low TO high]`, both ends inside; `*` leaves an end open."""
    items = [
        compared(name, sign, bound, now) for sign, bound in ((">=", low), ("<=", high)) if bound.plain != "*"
    ]
    if not items:
        return equals(name, Value("*", low.position, quoted=False), now)
    return items[0] if len(items) == 1 else And(tuple(items))


def quoted(text: str, position: int) -> Value:
    """A value from a quoted phrase: nothing in it is wild."""
    return Value(escape(text), position, quoted=True)


def _short(value: Value) -> str:
    text = value.plain
    return repr(text if len(text) <= 40 else text[:39] + "…")


def is_address(text: str) -> bool:
    """Whether a text is an IPv4 or IPv6 address.

    >>> is_address("2001:db8::1"), is_address("192.0.2")
    (True, False)
    """
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
