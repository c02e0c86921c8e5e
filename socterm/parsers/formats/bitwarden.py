"""Bitwarden's server: failed logins, from its own log files or from syslog.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('app_login', 'failure', '192.0.2.7')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("bitwarden")
_REFUSED = mark("app_login", "failure")
_LEVELS = (
    "VRB", "DBG", "INF", "WRN", "ERR", "FTL", "Verbose", "Debug", "Information", "Warning", "Error", "Fatal",
)  # fmt: skip
_LINE = re.compile(
    r"(?P<stamp>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [+-]\d\d:\d\d) "
    rf"\[(?P<level>{'|'.join(_LEVELS)})\] (?P<msg>.*)",
    re.ASCII | re.DOTALL,
)
_LOGGER = re.compile(r"\[(Bit\.[\w.]{1,120})\] ", re.ASCII)
_FAILED = "Failed login attempt"


def bitwarden(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for Bitwarden's containers in syslog."""
    _said(msg, f)
    return mem.times


def _said(msg: str, f: Fields) -> None:
    logger = _LOGGER.match(msg)
    if logger is not None:
        f["log.logger"] = logger[1]
        msg = msg[logger.end() :]
    if not msg.startswith(_FAILED):
        return
    reason, _, address = msg.rstrip().rpartition(" ")
    put_peer(f, address)
    if reason.startswith(f"{_FAILED}, "):
        f["event.reason"] = reason[len(_FAILED) + 2 :].rstrip(".")
    f |= _REFUSED


def read(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines: `2026-11-20 10:00:00.123 +01:00 [WRN] Failed login attempt. 192.0.2.7`."""
    found = _LINE.match(text) if text[19:20] == "." else None
    if found is None:
        return None
    msg = found["msg"]
    if not (msg.startswith(_FAILED) or _LOGGER.match(msg)):
        return None
    ts = when(reading.clock, found["stamp"])
    if ts is None:
        return None
    f["event.dataset"] = "bitwarden"
    f["message"] = msg
    f["log.level"] = found["level"].lower()
    _said(msg, f)
    return ts, _SOURCES, 1


FORMATS = (
    Format(
        name="bitwarden",
        title="Bitwarden server",
        example="2026-11-20 10:00:00.008 +01:00 [WRN] Failed login attempt, 2FA invalid. 192.0.2.7",
        line=read,
        begins="12",
        programs={"bitwarden*": Program(bitwarden, "bitwarden")},
    ),
)
