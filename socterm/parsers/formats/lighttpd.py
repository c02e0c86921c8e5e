"""lighttpd's error log (`DATE TIME: (FILE.c.LINE) MESSAGE`), and PHP's hardening patch Suhosin.

Where lighttpd names an address, it does so last: `… username: ann IP: 203.0.113.9`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_login', 'failure', '203.0.113.9')
>>> read_line(FORMATS[1].example, "event.action", "event.outcome", "source.ip")
('web_attack', 'failure', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.apache_message import suhosin as found_by_suhosin
from socterm.parsers.formats.web_access import access
from socterm.parsers.formats.web_request import host_port, put_text
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import LOGSOURCES

_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d: ", re.ASCII)
_WHERE = re.compile(r"\(?[\w-]{1,40}\.c\.\d{1,6}\) ")
_PASSWORD = re.compile(r"password doesn't match for (?P<url>.*) username: (?P<user>.*)$", re.DOTALL)
_DIGEST = re.compile(r"digest: auth failed for  ?(?P<user>.*?) ?: wrong password", re.DOTALL)
_FAILED = mark("web_login", "failure")
_DENIED = mark("web_denied", "failure")
_NOTICE = mark("web_notice")


def error(msg: str, f: Fields) -> bool:
    """Reads an error log's line behind its stamp; False, with the fields untouched, if it is none."""
    where = _WHERE.match(msg)
    if where is None:
        return False
    said = f["message"] = msg[where.end() :]
    f["event.dataset"] = "lighttpd.error"
    if found_by_suhosin(said, f):
        return True
    before, named, address = said.rpartition("IP: ")
    if named:
        host, port = host_port(address.strip())
        put_end(f, "source", host, port)
        said = before.rstrip(" ,")
    found = _PASSWORD.match(said) or _DIGEST.match(said)
    if found is not None:
        f |= _FAILED
        put_text(f, "user.name", found["user"])
    elif said.startswith("get_password failed"):
        f |= _FAILED
    elif said.startswith("digest: auth failed"):
        f |= _DENIED
    else:
        f |= _NOTICE
    return True


def _line(text: str, fields: Fields, reading: Reading) -> Found | None:
    if not _STAMP.match(text):
        return None
    ts = when(reading.clock, text[:19])
    if ts is None or not error(text[21:], fields):
        return None
    return ts, LOGSOURCES["lighttpd.error"], 1


def lighttpd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for lighttpd: error log, or access log, through syslog."""
    if not error(msg, f) and mem.clock is not None:
        access(msg, f, Reading(mem.clock, mem))
    return mem.times


def suhosin(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for Suhosin."""
    found_by_suhosin(msg, f)
    return mem.times


FORMATS = (
    Format(
        name="lighttpd",
        title="lighttpd error log",
        example=(
            "2026-11-20 10:00:00: (mod_auth.c.853) password doesn't match for /private/ username: ann "
            "IP: 203.0.113.9"
        ),
        programs={"lighttpd": Program(lighttpd, "lighttpd.error", varies=True)},
        line=_line,
        begins="0123456789",
    ),
    Format(
        name="suhosin",
        title="Suhosin (PHP)",
        example=(
            "Nov 20 10:00:00 php4 suhosin[2401]: ALERT - configured POST variable limit exceeded - dropped "
            "variable 'x' (attacker '203.0.113.9', file '/srv/a.php')"
        ),
        programs={"suhosin": Program(suhosin, "suhosin")},
    ),
)
