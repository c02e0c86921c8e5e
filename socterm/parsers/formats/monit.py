"""Monit: refused clients of its web interface, and what it says of the services it watches.

Its own log's stamp stands in brackets and begins with the zone's name (`[CET Nov 20 10:00:00]`): where that
name is ambiguous, the source's zone counts. Newer versions write ISO 8601.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('app_login', 'failure', '192.0.2.7')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_SOURCES = logsources_of("monit")
_REFUSED = mark("app_login", "failure")
_ODD = mark("app_denied")
_ERROR = mark("app_error")
_LINE = re.compile(
    r"\[(?:(?P<zone>[A-Z][\w+-]{0,5}) )?"
    r"(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[\d:.]{8,12}[+-]\d{4})\] "
    r"(?P<level>emergency|alert|critical|error|warning|notice|info|debug) {0,8}: (?P<msg>.*)",
    re.ASCII | re.DOTALL,
)
_CLIENT = re.compile(
    r"(?:HttpRequest: access denied -- client |(?:Warning: )?Client )"
    r"(?:\[|')?(?P<ip>[\w.:%-]{1,64}?)(?:\]|')?:? (?P<why>.*)",
    re.ASCII | re.DOTALL,
)
_NAMED = re.compile(
    r"(?:supplied )?(?:unknown|wrong password for) user '(.*?)'(?: accessing monit httpd)?$", re.DOTALL
)
_SERVICE = re.compile(r"'([^']{1,128})' ")


def _said(msg: str, level: str, f: Fields) -> None:
    client = _CLIENT.match(msg)
    if client is not None:
        put_peer(f, client["ip"])
        why = client["why"]
        f["event.reason"] = why
        named = _NAMED.match(why)
        if named is not None and named[1]:
            f["user.name"] = named[1]
        # Without a name or without credentials nobody tried to log in: browsers ask that way first.
        f |= _REFUSED if (named is not None and named[1]) or why == "empty password" else _ODD
        return
    service = _SERVICE.match(msg)
    if service is not None:
        f["service.name"] = service[1]
    if level in ("emergency", "alert", "critical", "error"):
        f |= _ERROR


def read(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of whole lines of monit.log."""
    found = _LINE.match(text)
    if found is None:
        return None
    ts = when(reading.clock, f"{found['stamp']} {found['zone']}") if found["zone"] else None
    ts = ts or when(reading.clock, found["stamp"])
    if ts is None:
        return None
    f["event.dataset"] = "monit"
    f["message"] = found["msg"]
    f["log.level"] = found["level"]
    _said(found["msg"], found["level"], f)
    return ts, _SOURCES, 1


def monit(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for monit in syslog."""
    if msg.startswith(("pam_", "PAM ", "(pam_")):
        return pam(msg, f, mem)
    _said(msg, "", f)
    return mem.times


FORMATS = (
    Format(
        name="monit",
        title="Monit",
        example="[CET Nov 20 10:00:00] error    : HttpRequest: access denied -- client [192.0.2.7]: "
        "wrong password for user 'admin'",
        line=read,
        begins="[",
        programs={"monit": Program(monit, "monit")},
    ),
)
