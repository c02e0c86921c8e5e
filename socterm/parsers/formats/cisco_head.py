"""What stands before a Cisco message: PRI, sequence numbers, one or two stamps, a host, a tag; each may lack.

`<166>Nov 20 2026 10:00:00 EDT: `, `Nov 20 10:00:00 198.51.100.2 1234: Nov 20 10:00:00.123: `, `fw1 : `. The
device's own stamp, the last one, counts: the one before it is the relay's.
"""

from __future__ import annotations

import re

from socterm.parsers.format import Reading
from socterm.parsers.marks import Fields
from socterm.parsers.moments import when
from socterm.parsers.stamps import Clock

LONGEST = 160
"""Characters that a head has room for."""
_PRI = re.compile(r"<(\d{1,3})>:?")
_VERSION = re.compile(r"1 (?=\d{4}-)")
_SEQUENCE = re.compile(r"(\d{1,12}): ?")
_YEAR_FIRST = re.compile(r"(\d{4}) ([A-Z][a-z]{2} [ \d]\d) (\d\d:\d\d:\d\d)")
"""NX-OS's stamp: `2026 Nov 20 10:00:00`."""
_HOST = re.compile(r"[\w.:/-]{1,128}$")
_TAG = re.compile(r"(?P<name>[\w./-]{1,64})(?:\[(?P<pid>\d{1,10})\])?$")
_ZONE = re.compile(r"[A-Z]{3,5}$")
_PRODUCTS = ("asa", "ftd", "pix", "fwsm", "cisco", "firepower", "ios", "nxos")
_NOTHING = frozenset({"-", ":", ""})

_LEVELS = ("emergency", "alert", "critical", "error", "warning", "notification", "informational", "debugging")


def head(text: str, clock: Clock, f: Fields) -> tuple[bool, int | None]:
    """Read a head into the fields; (whether it is one, its instant or None where it names none)."""
    found: Fields = {}
    pri = _PRI.match(text)
    if pri is not None and int(pri[1]) < 192:
        value = int(pri[1])
        found |= {
            "log.syslog.priority": value,
            "log.syslog.facility.code": value >> 3,
            "log.syslog.severity.code": value & 7,
        }
        text = text[pri.end() :]
    version = _VERSION.match(text)
    if version is not None:
        text = text[version.end() :]
    ts: int | None = None
    ts_seen: int | None = None
    words: list[str] = []
    before: list[str] = []
    rest = _YEAR_FIRST.sub(r"\2 \1 \3", text.lstrip(), count=1)
    for _ in range(8):
        sequence = _SEQUENCE.match(rest)
        if sequence is not None:
            found["event.sequence"] = int(sequence[1])
            rest = rest[sequence.end() :]
        at = clock.read(rest) if rest else 0
        if at:
            stamp, own = rest[:at].rstrip(":").lstrip("*."), clock.ts
            rest = rest[at:].lstrip(": ") if rest[at - 1] != ":" else rest[at:].lstrip()
            ts, rest = _zoned(clock, stamp, own, rest)
            if words and ts_seen is None and pri is None:
                return False, None
            ts_seen = ts
            before, words = words or before, []
            continue
        word, _, rest = rest.partition(" ")
        rest = rest.lstrip()
        if word not in _NOTHING:
            words.append(word)
        if not rest:
            break
    bare = ts is None and pri is None
    if rest or len(words) + len(before) > 3 or (bare and words):
        return False, None
    if not _named(before, {}) or not _named(words or before, found):
        return False, None
    f.update(found)
    return True, ts


def _zoned(clock: Clock, stamp: str, own: int, rest: str) -> tuple[int, str]:
    """A name of a zone behind the stamp, if the word is one."""
    word, _, behind = rest.partition(" ")
    name = word.rstrip(":")
    if _ZONE.match(name):
        ts = when(clock, f"{stamp} {name}")
        if ts is not None:
            return ts, behind.lstrip(": ")
    return own, rest


def _named(words: list[str], found: Fields) -> bool:
    """Host and tag, each with or without its colon. Behind two hosts (a relay's and the device's own) the
    second counts; a program of any other name that quotes a message id is no device."""
    for at, word in enumerate(words):
        name = word.rstrip(":")
        tag = _TAG.match(name)
        if tag is not None and (speaks_for_device(tag["name"]) if at or tag["pid"] else False):
            found["process.name"] = tag["name"]
            if tag["pid"]:
                found["process.pid"] = int(tag["pid"])
        elif _HOST.match(name):
            found["host.hostname"] = name
        elif at or not name.startswith("<"):
            return False
    return True


def speaks_for_device(program: str) -> bool:
    """Whether a syslog tag is one under which Cisco's messages come: the product's, or a sequence number."""
    low = program.lower()
    return low.isdecimal() or any(name in low for name in _PRODUCTS)


def opened(
    text: str, f: Fields, reading: Reading, ident: re.Pattern[str]
) -> tuple[re.Match[str], str, int | None] | None:
    """(message id, text behind it, instant) of a device's message; None for any other line.

    `ident` finds the id with its `severity`. What all Cisco devices say alike is written into the fields.
    """
    at = text.find("%", 0, LONGEST)
    found = ident.match(text, at) if at >= 0 else None
    if found is None or not speaks_for_device(f.get("process.name", "asa")):
        return None  # else a program that anybody may speak through wrote it
    own: Fields = {}
    good, ts = head(text[:at], reading.clock, own) if at else (True, None)
    if not good:
        return None
    message, severity = text[found.end() :], int(found["severity"])
    f.update(own)
    f["message"] = message
    f["event.severity"], f["log.level"] = severity, _LEVELS[severity]
    f["observer.vendor"] = "Cisco"
    return found, message, ts
