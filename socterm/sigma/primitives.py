"""Tests on one value, made ready to run: regular expressions, wildcards, addresses, numbers, local time.

Everything here is linear in the length of the value, or capped: a log line is written by the attacker.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, Final, Protocol

import re2

from socterm.sigma.ir import Glob, Part, Place, Regex, Relation

REGEX_LIMIT: Final = 65_536
"""Characters of a value a regular expression sees; fewer for one with a large program."""

REGEX_WORK: Final = 16_000_000
"""Instructions times characters that one search may take: some 40 ms in the slowest of RE2's ways."""

PROGRAM_LIMIT: Final = 20_000
"""Instructions of the largest expression that is run."""

PATTERN_LIMIT: Final = 8_192
"""Longest expression accepted in a rule."""

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?", re.ASCII)


class _Searches(Protocol):
    @property
    def programsize(self) -> int: ...

    def search(self, text: Any) -> Any: ...


def regex(test: Regex) -> Callable[[str], bool]:
    """A search for the expression, in linear time. Raises ValueError (one line) where that cannot be."""
    if len(test.pattern) > PATTERN_LIMIT:
        raise ValueError(f"the regular expression is longer than {PATTERN_LIMIT:,} characters")
    linear = _re2(test)
    if linear.programsize > PROGRAM_LIMIT:
        raise ValueError("the regular expression is too large: its repetitions multiply; make them smaller")
    search, limit = linear.search, min(REGEX_LIMIT, REGEX_WORK // linear.programsize)

    def run(value: str) -> bool:
        return search(value[:limit].encode("utf-8", "replace")) is not None

    return run


def _re2(test: Regex) -> _Searches:
    options = re2.Options()
    options.log_errors = False  # its C++ side would write into the terminal the console draws on
    options.never_capture = True
    prefix = f"(?{test.flags})" if test.flags else ""
    try:
        compiled: _Searches = re2.compile(prefix + test.pattern, options=options)
    except UnicodeEncodeError as error:
        raise ValueError("the regular expression is no valid text") from error
    except re2.error as error:
        said = error.args[0] if error.args else ""
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        if _BACKTRACKS.search(test.pattern):
            reason = (
                "look-around and back references can take more than linear time on an attacker's line;"
                " write what must not be there as a selection of its own, after `not`"
            )
        raise ValueError(f"the regular expression cannot be run: {' '.join(reason.split())}") from error
    return compiled


_BACKTRACKS: Final = re.compile(r"\(\?(?:[=!]|<[=!]|>)|\\[1-9]|\(\?P=|[*+?}]\+")
"""What RE2 has not: look-around, back references, atomic groups, possessive quantifiers."""


def glob(test: Glob) -> Callable[[str], bool]:
    """Whole-value match with wildcards, on text already lower-cased where case does not count.

    Each stretch between `*` has a fixed length, so that the leftmost find of each is enough: no backtracking.
    """
    first, *rest = [_segment(part) for part in test.segments]
    if not rest:
        return lambda value: len(value) == first.length and first.at(value, 0)
    *middle, last = rest
    needed = first.length + last.length

    def run(value: str) -> bool:
        end = len(value) - last.length
        if len(value) < needed or not first.at(value, 0) or not last.at(value, end):
            return False
        position = first.length
        for segment in middle:
            found = segment.find(value, position, end)
            if found < 0:
                return False
            position = found + segment.length
        return True

    return run


class _Segment:
    """A stretch of a wildcard pattern: fixed length, no `*`."""

    __slots__ = ("_plain", "_search", "length")

    def __init__(self, parts: tuple[str | None, ...]) -> None:
        self.length = sum(1 if part is None else len(part) for part in parts)
        self._plain = "".join(part or "" for part in parts)
        self._search: re.Pattern[str] | None = None
        if None in parts:
            source = "".join("." if part is None else re.escape(part) for part in parts)
            self._search = re.compile(source, re.DOTALL)

    def at(self, value: str, position: int) -> bool:
        if self._search is None:
            return value.startswith(self._plain, position)
        return self._search.match(value, position) is not None

    def find(self, value: str, start: int, end: int) -> int:
        if self._search is None:
            return value.find(self._plain, start, end)
        found = self._search.search(value, start, end)
        return -1 if found is None else found.start()


def _segment(parts: tuple[str | None, ...]) -> _Segment:
    return _Segment(parts)


@lru_cache(maxsize=8_192)
def _address(value: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(value)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found


def network(cidr: str) -> Callable[[str], bool]:
    """Whether a text is an address inside the network; ::ffff:a.b.c.d counts as a.b.c.d."""
    inside: IPv4Network | IPv6Network = ip_network(cidr)

    def run(value: str) -> bool:
        # Longer texts are no addresses; keeping them out of the cache keeps it small.
        found = _address(value.strip()) if len(value) <= 64 else None
        return found is not None and found in inside

    return run


def text_at(value: str, wanted: str, place: Place) -> bool:
    """Whether a value equals, contains, starts or ends with a text."""
    if place == "equals":
        return value == wanted
    if place == "contains":
        return wanted in value
    return value.startswith(wanted) if place == "startswith" else value.endswith(wanted)


RELATIONS: Final[dict[Relation, Callable[[Any, Any], bool]]] = {
    "eq": lambda left, right: bool(left == right),
    "gt": lambda left, right: bool(left > right),
    "gte": lambda left, right: bool(left >= right),
    "lt": lambda left, right: bool(left < right),
    "lte": lambda left, right: bool(left <= right),
}


def number(value: Any) -> int | float | None:
    """A value as a decimal number, or None: booleans, hexadecimal and words are none.

    >>> number("22"), number(" 1"), number("1e5"), number(0.5)
    (22, None, None, 0.5)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str) or _NUMBER.fullmatch(value) is None:
        return None
    return float(value) if "." in value else int(value)


def comparison(relation: Relation, against: int | float) -> Callable[[Any], bool]:
    """Whether a value is a number that stands in the relation."""
    holds = RELATIONS[relation]

    def run(value: Any) -> bool:
        found = number(value)
        return found is not None and holds(found, against)

    return run


_PARTS: Final[dict[Part, Callable[[datetime], int]]] = {
    "minute": lambda at: at.minute,
    "hour": lambda at: at.hour,
    "day": lambda at: at.day,
    "week": lambda at: at.isocalendar().week,
    "month": lambda at: at.month,
    "year": lambda at: at.year,
}


def moment(part: Part, relation: Relation, against: int, tz: tzinfo) -> Callable[[int], bool]:
    """Whether a part of a time (µs) in the zone stands in the relation to a number."""
    holds = RELATIONS[relation]
    return lambda ts: (found := _part(ts, part, tz)) is not None and holds(found, against)


def moment_among(part: Part, numbers: frozenset[int], tz: tzinfo) -> Callable[[int], bool]:
    """Whether a part of a time (µs) in the zone is one of some numbers."""
    return lambda ts: _part(ts, part, tz) in numbers


_DATE: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::\d\d(?:[.,]\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d)?)?", re.ASCII
)


def dated(part: Part, relation: Relation, against: int) -> Callable[[Any], bool]:
    """Whether a value is a date in ISO 8601, and a part of it as written stands in the relation to a number.

    Zones are not converted. A date without a time has no hour and no minute.
    """
    holds = RELATIONS[relation]

    def run(value: Any) -> bool:
        found = _DATE.fullmatch(value) if isinstance(value, str) and len(value) <= 64 else None
        if found is None or (found[4] is None and part in ("hour", "minute")):
            return False
        try:
            year, month, day, hour, minute = (int(group or 0) for group in found.groups())
            at = datetime(year, month, day, hour, minute, tzinfo=UTC)
        except ValueError:
            return False
        return holds(_PARTS[part](at), against)

    return run


def _part(ts: int, part: Part, tz: tzinfo) -> int | None:
    try:
        local = datetime.fromtimestamp(ts // 1_000_000, tz)
    except (OverflowError, ValueError, OSError):
        return None  # a stamp outside the calendar has no local hour
    return _PARTS[part](local)
