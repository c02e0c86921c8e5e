"""Numbers as value_sum, value_avg, value_median and value_percentile read them: exact.

A number is an integer count of 10⁻¹². Sums and averages of such do not depend on the order they are taken in,
which floating point does.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

DIGITS: Final = 12
UNIT: Final = 10**DIGITS
"""One, in the unit numbers are kept in."""

_WRITTEN: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?")
_SMALLEST: Final = Decimal(1).scaleb(-DIGITS)
_GREATEST: Final = 10**30


def exact(value: Any) -> int | None:
    """A value as a number of units; None where it is none: words, booleans, hexadecimal, beyond 30 digits.

    >>> exact("1.5"), exact(-2), exact("0x10"), exact(True), exact("1e3")
    (1500000000000, -2000000000000, None, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value * UNIT if -_GREATEST < value < _GREATEST else None
    if isinstance(value, str):
        if _WRITTEN.fullmatch(value) is None:
            return None
        if "." not in value:
            return int(value) * UNIT
    elif not isinstance(value, float):
        return None
    try:
        found = Decimal(str(value))
        if not found.is_finite() or abs(found) >= _GREATEST:
            return None
        whole, fraction = divmod(found, 1)
        return int(whole) * UNIT + int(fraction.quantize(_SMALLEST, ROUND_HALF_EVEN).scaleb(DIGITS))
    except InvalidOperation:
        return None


def written(value: Any) -> str:
    """A value as a hit carries it, "" where it is no number."""
    return "" if exact(value) is None else repr(value) if isinstance(value, float) else str(value)


def read(text: str) -> list[int]:
    """The numbers in a hit's value, as `written` wrote them: one, or several of a list between blanks."""
    return [found for part in text.split() if (found := _number(part)) is not None]


def _number(part: str) -> int | None:
    # Only a float was written with an exponent: in an event's text that is none.
    return exact(float(part)) if "e" in part else exact(part)


def total(numbers: list[tuple[int, int]]) -> Fraction:
    """The sum of (number, weight) pairs."""
    return Fraction(sum(number * weight for number, weight in numbers))


def average(numbers: list[tuple[int, int]]) -> Fraction:
    """The mean of (number, weight) pairs; there must be one."""
    return Fraction(sum(number * weight for number, weight in numbers), sum(w for _, w in numbers))


def percentile(numbers: list[tuple[int, int]], percent: Fraction) -> Fraction:
    """The value below which `percent` of 100 of the numbers lie, between two of them in proportion.

    >>> percentile([(10, 1), (20, 1), (40, 1)], Fraction(75))
    Fraction(30, 1)
    """
    ordered = sorted(numbers)
    place = Fraction(sum(weight for _, weight in ordered) - 1) * percent / 100
    below = int(place)
    low = _at(ordered, below)
    part = place - below
    return low + (_at(ordered, below + 1) - low) * part if part else Fraction(low)


def _at(ordered: list[tuple[int, int]], place: int) -> int:
    for number, weight in ordered:
        if place < weight:
            return number
        place -= weight
    return ordered[-1][0]
