"""The time a question speaks of, in English: `yesterday`, `between 2 and 4 last night`, `since Monday`.

Pure: the moment of asking and the zone in which days begin are handed in.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_AROUND = timedelta(minutes=15)
_EVENING, _MORNING, _NOON = 18, 6, 12

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBERS = {word: str(number) for number, word in enumerate(_WORDS, 1)} | {
    "couple of": "2",
    "half an hour": "30 minutes",
}
_NUMBER = re.compile(rf"\b(?:a )?({'|'.join(_NUMBERS)})\b")
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_UNIT = "(second|sec|minute|min|hour|day|week)s?"
_CLOCK = r"(\d{1,2})(?::(\d\d))? ?(am|pm|h|o'?clock)?"

_LAST = re.compile(rf"\b(?:last|past|previous) (?:(\d{{1,4}}) )?{_UNIT}\b(?! night)")
_AGO = re.compile(rf"\b(\d{{1,4}}|an?) {_UNIT} ago\b")
_BETWEEN = re.compile(rf"\b(?:between|from) {_CLOCK} (?:and|to|until|till) {_CLOCK}(?![\d:.])")
_SINCE = re.compile(rf"\b(?:since|after) (?:{_CLOCK}(?![\d:.-]))")
_AT = re.compile(r"\b(?:at|around|about) (?:(\d{1,2}):(\d\d)() ?(am|pm)?|(\d{1,2})() ?(am|pm))(?![\d:.])")
_WEEKDAY = re.compile(rf"\b({'|'.join(_DAYS)})\b")
_DATE = re.compile(r"\b(\d{4}-\d\d-\d\d)\b")
_TIMELY = re.compile(
    r"\b(?:since|between|ago|o'?clock|noon|midnight|night|morning|afternoon|evening|weekend|month|year|"
    r"january|february|april|june|july|august|september|october|november|december|"
    r"tomorrow|last (?:\w+ )?(?:minutes?|hours?|days?|weeks?|months?|years?)|"
    r"\d{1,2}(?::\d\d)? ?(?:am|pm)|\d{1,2}:\d\d)\b[^?.!]{0,30}"
)


class Period(NamedTuple):
    """A stretch of time [low, high) in µs, and what to call it."""

    low: int
    high: int
    words: str


def numbers(low: str) -> str:
    """The same with numbers as digits.

    >>> numbers("the last two hours")
    'the last 2 hours'
    """
    return _NUMBER.sub(lambda found: _NUMBERS[found[1]], low)


def iso(ts: int) -> str:
    """A time (µs) as the query language reads it."""
    return (_EPOCH + timedelta(microseconds=ts)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "Z"


def timely(low: str) -> str:
    """The words of a question that speak of time, though `period_of` may not know what they say."""
    found = _TIMELY.search(numbers(low))
    return found[0].strip() if found else ""


def period_of(low: str, now: int, tz: tzinfo) -> Period | None:
    """The time a question (in lower case) speaks of; None where it names none that is known.

    Days begin at midnight of the zone. What lies ahead is cut off at `now`.
    """
    text = numbers(low)
    try:
        at = _Now(now, tz)
        return next(
            filter(None, (read(text, at) for read in (_ago, _last, _clocks, _since, _at, _days))), None
        )
    except OverflowError:  # a day no calendar has
        return None


class _Now:
    """The moment of asking, as the clock on the wall shows it."""

    def __init__(self, now: int, tz: tzinfo) -> None:
        self.now = now
        self.local = (_EPOCH + timedelta(microseconds=now)).astimezone(tz)
        self.tz = tz

    @property
    def today(self) -> date:
        """The day it is."""
        return self.local.date()

    def at(self, day: date, hour: int = 0, minute: int = 0) -> int:
        """A moment (µs) by the wall clock."""
        moment = datetime.combine(day, time(hour, minute), self.tz)
        return (moment.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)

    def period(self, low: int, high: int, words: str) -> Period | None:
        """A period up to now; None where all of it lies ahead."""
        high = min(high, self.now + 1)
        return Period(low, high, words) if low < high else None


def _last(text: str, at: _Now) -> Period | None:
    found = _LAST.search(text)
    if found is None:
        return None
    number, unit = int(found[1] or 1), found[2]
    words = f"the last {number} {unit}s" if number > 1 else f"the last {unit}"
    return Period(at.now - number * _UNITS[unit] * 1_000_000, at.now + 1, words)


def _ago(text: str, at: _Now) -> Period | None:
    """`2 days ago` is that day, `2 hours ago` a quarter of an hour before and after, `since …` all since."""
    found = _AGO.search(text)
    if found is None:
        return None
    number, unit = (int(found[1]) if found[1].isdigit() else 1), found[2]
    words = f"{number} {unit}{'s' if number > 1 else ''} ago"
    moment = at.now - number * _UNITS[unit] * 1_000_000
    if f"since {found[0]}" in text:
        return Period(moment, at.now + 1, f"since {words}")
    if unit in ("day", "week"):
        day = at.today - (number * (7 if unit == "week" else 1)) * _DAY
        return at.period(at.at(day), at.at(day + _DAY), f"{words}, on {day}")
    around = _AROUND // timedelta(microseconds=1)
    return at.period(moment - around, moment + around, f"around {words}")


def _day(text: str, at: _Now) -> tuple[date, str] | None:
    """The day a text names: a date, today, yesterday, the latest Monday (today counts, unless `last`)."""
    if found := _DATE.search(text):
        try:
            return date.fromisoformat(found[1]), f"on {found[1]}"
        except ValueError:
            return None
    if "yesterday" in text:
        return at.today - _DAY, "yesterday"
    if "today" in text or "this morning" in text or "this afternoon" in text:
        return at.today, "today"
    if found := _WEEKDAY.search(text):
        back = (at.today.weekday() - _DAYS.index(found[1])) % 7
        back = 7 if back == 0 and f"last {found[1]}" in text else back
        return at.today - back * _DAY, f"on {found[1].title()}"
    return None


def _clocks(text: str, at: _Now) -> Period | None:
    """Between two times of the clock, of the day named or else the latest of which some has passed."""
    found = _BETWEEN.search(text)
    if found is None:
        return None
    (one, _, first), (two, _, last) = found.group(1, 2, 3), found.group(4, 5, 6)
    if first not in ("am", "pm") and last in ("am", "pm") and int(one) <= int(two):
        first = last  # between 2 and 4 pm
    start, end = _clock(one, found[2], first), _clock(two, found[5], last)
    if start is None or end is None:
        return None
    night = "last night" in text or "tonight" in text
    named = _day(text, at)
    day, of = named or (at.today, "")
    if night:
        start, end = _at_night(start, first), _at_night(end, last)
        day = at.today - (_DAY if start >= (_NOON, 0) else 0 * _DAY)
        of = "last night"
    elif named is None and at.at(day, *start) >= at.now:
        day, of = day - _DAY, "yesterday"
    high = at.at(day + (_DAY if end <= start else 0 * _DAY), *end)
    words = f"between {start[0]:02}:{start[1]:02} and {end[0]:02}:{end[1]:02}"
    return at.period(at.at(day, *start), high, f"{words} {of or 'today'}")


def _clock(hour: str, minute: str | None, half: str | None) -> tuple[int, int] | None:
    """A time of the clock; None for 25 and 13 pm."""
    number, minutes = int(hour), int(minute or 0)
    if half in ("am", "pm"):
        if not 1 <= number <= _NOON:
            return None
        number = number % _NOON + (_NOON if half == "pm" else 0)
    return (number, minutes) if number < 24 and minutes < 60 else None


def _at_night(clock: tuple[int, int], half: str | None) -> tuple[int, int]:
    """10 last night is in the evening, 2 last night is not."""
    hour, minute = clock
    evening = half not in ("am", "pm") and _MORNING <= hour < _NOON
    return (hour + _NOON, minute) if evening else clock


def _since(text: str, at: _Now) -> Period | None:
    if not re.search(r"\bsince\b", text):
        return None
    named = _day(text, at)
    found = _SINCE.search(text)
    clock = _clock(found[1], found[2], found[3]) if found else None
    if found and clock is None:
        return None
    for word, hour in (("midnight", 0), ("noon", _NOON), ("this morning", _MORNING)):
        clock = (hour, 0) if clock is None and f"since {word}" in text else clock
    if "since last night" in text:
        named, clock = (at.today - _DAY, "last night"), (_EVENING, 0)
    if named is None and clock is None:
        return None
    day, words = named or (at.today, "")
    hour, minute = clock or (0, 0)
    if named is None and at.at(day, hour, minute) >= at.now:
        day, words = day - _DAY, "yesterday"
    said = f"{hour:02}:{minute:02} {words}".strip() if clock else words.removeprefix("on ")
    return at.period(at.at(day, hour, minute), at.now + 1, f"since {said}")


def _at(text: str, at: _Now) -> Period | None:
    """A quarter of an hour before and after a time of the clock."""
    found = _AT.search(text)
    if found is None:
        return None
    clock = _clock(found[1] or found[5], found[2], found[4] or found[7])
    if clock is None:
        return None
    named = _day(text, at)
    day, words = named or (at.today, "today")
    if named is None and at.at(day, *clock) > at.now:
        day, words = day - _DAY, "yesterday"
    around = _AROUND // timedelta(microseconds=1)
    moment = at.at(day, *clock)
    return at.period(moment - around, moment + around, f"around {clock[0]:02}:{clock[1]:02} {words}")


_Stretch = Callable[[date], tuple[date, int, date, int]]
_STRETCHES: tuple[tuple[str, _Stretch], ...] = (
    ("last night", lambda day: (day - _DAY, _EVENING, day, _MORNING)),
    ("tonight", lambda day: (day, _EVENING, day + _DAY, _MORNING)),
    ("yesterday morning", lambda day: (day - _DAY, _MORNING, day - _DAY, _NOON)),
    ("yesterday afternoon", lambda day: (day - _DAY, _NOON, day - _DAY, _EVENING)),
    ("yesterday evening", lambda day: (day - _DAY, _EVENING, day, 0)),
    ("this morning", lambda day: (day, _MORNING, day, _NOON)),
    ("this afternoon", lambda day: (day, _NOON, day, _EVENING)),
    ("this evening", lambda day: (day, _EVENING, day + _DAY, 0)),
    ("this week", lambda day: (day - day.weekday() * _DAY, 0, day + _DAY, 0)),
    ("this month", lambda day: (day.replace(day=1), 0, day + _DAY, 0)),
    (
        "weekend",
        lambda day: (
            day - ((day.weekday() - 5) % 7) * _DAY,
            0,
            day - ((day.weekday() - 5) % 7 - 2) * _DAY,
            0,
        ),
    ),
)
"""Words → from which hour of which day until which, given today."""


def _days(text: str, at: _Now) -> Period | None:
    for words, stretch in _STRETCHES:
        if words in text:
            first, from_, last, until = stretch(at.today)
            said = "the weekend" if words == "weekend" else words
            return at.period(at.at(first, from_), at.at(last, until), said)
    named = _day(text, at)
    if named is None:
        return None
    day, words = named
    return at.period(at.at(day), at.at(day + _DAY), words)
