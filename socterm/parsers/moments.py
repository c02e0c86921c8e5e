"""Stamps that stand inside a line, in the dialects of logs that are no syslog, as integer µs since the epoch.

`when` takes the text of a stamp alone, in any of the forms below, and remembers the last ones: lines of one
second share their stamp. What a stamp leaves open (year, zone) is decided as for syslog headers (`stamps`).

>>> from datetime import UTC
>>> when(Clock(UTC), "20/Nov/2026:10:00:00 +0100"), when(Clock(UTC), "1795168800.25"), when(Clock(UTC), "x")
(1795165200000000, 1795168800250000, None)
"""

from __future__ import annotations

import re
from typing import Any

from socterm.parsers.stamps import DOTTED, LATEST, MINUTE, Clock

_ZONE = r"(?: ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d))?"
_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?:[.,:](?P<fraction>\d{1,9}))?"
_TIGHT = r"(?P<hour>\d\d):?(?P<minute>\d\d):?(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?"
_DAY = r"(?P<day>\d{1,2})"
_YEAR = r"(?P<year>[12]\d{3})"
_AFTER = r"(?: (?P<year_after>[12]\d{3}))?"
_NAME = r"(?P<month>[^\W\d_]{3,10})\.?"

_FORMS = tuple(
    re.compile(form + r"$")
    for form in (
        # 2026-11-20T10:00:00.123+01:00, 2026/11/20 10:00:00, 2026.11.20 10:00:00, 2026-11-20-10:00:00,
        # 2026:11:20-10:00:00, 2026-11-20  9:00:00
        rf"(?P<year>\d{{4}})[-/.:](?P<month>\d\d)[-/.:](?P<day>\d\d)[T /:-] ?{_TIME}{_ZONE}",
        # 20/Nov/2026:10:00:00 +0100, 20-Nov-2026 10:00:00.123, 20 Nov 2026 10:00:00, 20 Nov 10:00:00.123
        rf"{_DAY}[-/ ]{_NAME}(?:[-/ ](?P<year>\d{{4}}))?[: ,] ?{_TIME}{_ZONE}",
        # Fri Nov 20 10:00:00.123 2026, Nov 20 10:00:00 2026, Nov 20, 2026 10:00:00
        rf"(?:[^\W\d_]{{2,4}}[,.]? +)?{_NAME} {{1,2}}{_DAY}(?:,? {_YEAR})? {_TIME}{_AFTER}{_ZONE}",
        # Fri, 20 Nov 2026 10:00:00 +0100 (RFC 5322)
        rf"[^\W\d_]{{2,4}},? {_DAY} {_NAME} (?P<year>\d{{4}}) {_TIME}{_ZONE}",
        # Nov-20-26 10:00:00
        rf"{_NAME}-(?P<day>\d\d)-(?P<short>\d\d) {_TIME}{_ZONE}",
        # 20-11-2026 10:00:00 +0300, 20.11.2026 10:00:00: the day comes first
        rf"(?P<day>\d\d)[-.](?P<month>\d\d)[-.](?P<year>\d{{4}}) {_TIME}{_ZONE}",
        # 20261120-10:00:00, 20261120T100000Z, 20261120 10:00:00
        rf"{_YEAR}(?P<month>\d\d)(?P<day>\d\d)[-T ]{_TIGHT}{_ZONE}",
        # 261120 10:00:00, 261120  9:00:00: MySQL's
        rf"(?P<short>\d\d)(?P<month>\d\d)(?P<day>\d\d) {{1,2}}{_TIME}(?P<zone>(?!))?",
    )
)
_EPOCH = re.compile(r"(\d{9,10})(?:[.,](\d{1,9}))?$|(\d{13})$|(\d{16})$|(\d{19})$")
_TAI64N = re.compile(r"@4([0-9a-f]{15})([0-9a-f]{8})?$")
_TAI_AHEAD = 10
"""Seconds by which daemontools' labels are ahead of UTC: it counts no leap seconds."""
_ABBREVIATED = {
    "WET": "+0000", "WEST": "+0100", "BST": "+0100", "CET": "+0100", "MEZ": "+0100", "CEST": "+0200",
    "MESZ": "+0200", "EET": "+0200", "EEST": "+0300", "MSK": "+0300", "JST": "+0900", "KST": "+0900",
    "AEST": "+1000", "AEDT": "+1100", "NZST": "+1200", "NZDT": "+1300", "EST": "-0500", "EDT": "-0400",
    "CDT": "-0500", "MST": "-0700", "MDT": "-0600", "PST": "-0800", "PDT": "-0700", "HST": "-1000",
}  # fmt: skip
"""Zones by the abbreviations that databases and Java programs print; those that mean several are left out."""
_HOURLY = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:[0-5]\d:[0-5]\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:\d\d)$", re.ASCII)
_MOST = 64
"""Characters of the longest stamp."""
_KEPT = 2048


def epoch(text: str) -> int | None:
    """Seconds (with any fraction), milli-, micro- or nanoseconds since 1970, told apart by their digits.

    >>> epoch("1795168800"), epoch("1795168800123"), epoch("12")
    (1795168800000000, 1795168800123000, None)
    """
    found = _EPOCH.match(text)
    if found is None:
        return None
    seconds, fraction, milli, micro, nano = found.groups()
    if seconds:
        return int(seconds) * 1_000_000 + (int((fraction + "00000")[:6]) if fraction else 0)
    return int(milli) * 1000 if milli else int(micro) if micro else int(nano) // 1000


def _tai64n(text: str) -> int | None:
    """The instant of a label that multilog and runit put before a line."""
    found = _TAI64N.match(text)
    if found is None:
        return None
    ts = (int(found[1], 16) - _TAI_AHEAD) * 1_000_000 + int(found[2] or "0", 16) // 1000
    return ts if 0 <= ts <= LATEST else None


def when(clock: Clock, text: str) -> int | None:
    """The instant of a stamp in any form known here, None where it is none."""
    at = -1 if text[-1:] == "Z" else -6
    base = clock.hours.get(text[:14] + text[at:])
    if base is not None and (since := MINUTE.get(text[14:19])) is not None:
        fraction = text[20:at]
        if not fraction and text[19:] == text[at:]:
            return base + since
        if text[19] in ".," and fraction.isdecimal() and len(fraction) < 10:
            return base + since + int(fraction if len(fraction) == 6 else (fraction + "00000")[:6])
    known = clock.kept.get(text)
    if known is not None:
        return known
    if len(text) > _MOST:
        return None
    ts = epoch(text) if text[:9].isdecimal() and " " not in text else None
    if ts is not None:
        return ts if ts <= LATEST else None
    for form in _FORMS:
        found = form.match(text)
        if found is not None:
            ts = clock.instant(found.groupdict())
            if ts is not None:
                _keep(clock, text, ts)
                return ts
    if text[:1] == "@":
        return _tai64n(text)
    head, _, name = text.rpartition(" ")
    offset = _ABBREVIATED.get(name)
    return None if offset is None else when(clock, f"{head} {offset}")


def fine(clock: Clock, text: str) -> int | None:
    """As `when`, for stamps with a fraction after `HH:MM:SS`: their hour is looked up, the rest is added.

    Lines with microseconds never share a stamp, but they share the hour they begin with.

    >>> from datetime import UTC
    >>> fine(Clock(UTC), "2026-11-20T10:00:00.000001+0000"), fine(Clock(UTC), "20-Nov-2026 10:00:00.123")
    (1795168800000001, 1795168800123000)
    """
    base = clock.kept.get(text[:14] + text[26:])
    if (
        base is not None
        and len(text) >= 26
        and (since := DOTTED.get(text[14:20])) is not None
        and text[20:26].isdecimal()
    ):
        return base + since + int(text[20:26])
    head, dot, tail = text.partition(".")
    since = MINUTE.get(head[-5:])
    digits = tail[:6] if tail[:6].isdecimal() else tail[:3]
    if not dot or since is None or not digits.isdecimal() or tail[len(digits) :][:1].isdecimal():
        return when(clock, text)
    hour = f"{head[:-5]}|{tail[len(digits) :]}"
    base = clock.kept.get(hour)
    if base is None:
        ts = when(clock, text)
        if ts is not None and clock.sure:
            _keep_hour(clock, head[:-5], tail[len(digits) :], hour)
        return ts
    return base + since + int(digits) * (1 if len(digits) == 6 else 1000)


def _keep_hour(clock: Clock, before: str, zone: str, key: str) -> None:
    """Keep the instant an hour begins at, if no clock is changed in it."""
    first, last = when(clock, f"{before}00:00{zone}"), when(clock, f"{before}59:59{zone}")
    if first is not None and last == first + 3_599_000_000 and clock.sure:
        clock.kept[key] = first
        if len(before) == 14 and key.endswith(f"|{zone}"):
            clock.kept[before + zone] = first


def of_number(value: float) -> int | None:
    """The instant of a number: seconds, milli-, micro- or nanoseconds since 1970, None for one that is none.

    >>> of_number(1795168800), of_number(1795168800.25), of_number(1795168800123), of_number(7)
    (1795168800000000, 1795168800250000, 1795168800123000, None)
    """
    if not 100_000_000 <= value < 4e18:
        return None
    if value < 10_000_000_000:
        ts = value * 1_000_000 if value.__class__ is int else value * 1_000_000 + 0.5
    elif value < 10_000_000_000_000:
        ts = value * 1000
    else:
        ts = value if value < 10_000_000_000_000_000 else value // 1000
    return int(ts) if ts <= LATEST else None


def moment(clock: Clock, value: Any) -> int | None:
    """The instant of a stamp as JSON has it: text, a number, .NET's `/Date(ms)/`, an object around one."""
    if value.__class__ is str:
        if value[:6] == "/Date(":
            return epoch(value[6:].partition(")")[0].partition("+")[0])
        return when(clock, value)
    if value.__class__ is int or value.__class__ is float:
        return of_number(value)
    if isinstance(value, dict):
        return moment(clock, value.get("SystemTime") or value.get("$date") or value.get("value"))
    return None


def _keep(clock: Clock, text: str, ts: int) -> None:
    """Keep a stamp; of one in ISO 8601 with its zone only the hour, as those of a fine clock all differ."""
    if clock.exact and _HOURLY.match(text):
        if len(clock.hours) >= _KEPT:
            clock.hours.clear()
        at = -1 if text[-1] == "Z" else -6
        clock.hours[text[:14] + text[at:]] = ts - ts % 1_000_000 - MINUTE[text[14:19]]
    elif clock.sure:
        if len(clock.kept) >= _KEPT:
            clock.kept.clear()
        clock.kept[text] = ts
