"""Apache's error log, of 2.2 and of 2.4, in a file or through syslog; what modules and PHP write into it.

`[STAMP] [MODULE:LEVEL] [pid N:tid N] [client ADDRESS:PORT] MESSAGE`: what stands in brackets is Apache's own,
up to the first thing that is none of these. The message is the rest of the line.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_login', 'failure', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.apache_message import happened
from socterm.parsers.formats.web_access import access
from socterm.parsers.formats.web_request import host_port, put_number, put_text
from socterm.parsers.marks import Fields, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import LOGSOURCES

LEVELS = frozenset(
    {
        "emerg",
        "alert",
        "crit",
        "error",
        "warn",
        "notice",
        "info",
        "debug",
        *(f"trace{n}" for n in range(1, 9)),
    }
)
_STAMP = re.compile(
    r"\[((?:[^\W\d_]{2,4}\.? )?[^\W\d_]{3,10}\.? {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,6})? \d{4})\] (?=\[)"
)
_LEVEL = re.compile(r"\[(?:([a-zA-Z][\w.]{0,40}|):)?([a-z]{4,6}\d?)\] ")
_PID = re.compile(r"\[pid (\d{1,10})(?::tid (\d{1,20}))?\] ")
_CLIENT = re.compile(r"\[(?:client|remote) (\[[^\]\s]{1,64}\](?::\d{1,5})?|[^\]\s]{1,255})\] ")
_SOURCE = re.compile(
    r"(?:[\w./-]{1,64}\(\d{1,6}\): )?(?:\(\d{1,10}\)[^\[]{1,120}: )?(?=\[(?:client|remote) )"
)
"""%F and %E of Apache 2.4's default form: where in the code, and the error, both before the client."""
_CODE = re.compile(r"(AH\d{5}): ")
_REFERRER = ", referer: "


def error(text: str, f: Fields) -> bool:
    """Reads an error log's line behind its stamp; False, with the fields untouched, if it is none."""
    level = _LEVEL.match(text)
    if level is None or level[2] not in LEVELS:
        return False
    f["event.dataset"] = "apache.error"
    f["log.level"] = level[2]
    put_text(f, "apache.error.module", level[1] or "")
    at = level.end()
    pid = _PID.match(text, at)
    if pid is not None:
        at = pid.end()
        f["process.pid"] = int(pid[1])
        put_number(f, "process.thread.id", pid[2] or "")
    client = _CLIENT.match(text, at)
    if client is not None:
        said = text[client.end() :]
        f["message"] = said
    else:
        said = f["message"] = text[at:]
        before = _SOURCE.match(text, at)
        client = _CLIENT.match(text, before.end()) if before is not None else None
        if client is not None:
            said = text[client.end() :]
    if client is not None:
        host, port = host_port(client[1])
        put_end(f, "source", host, port)
        again = _CLIENT.match(said)  # mod_security repeats it
        said = said[again.end() :] if again is not None else said
    said, found, referrer = said.rpartition(_REFERRER) if _REFERRER in said else (said, "", "")
    if found:
        put_text(f, "http.request.referrer", referrer)
    code = _CODE.match(said)
    if code is not None:
        f["event.code"] = code[1]
        said = said[code.end() :]
    happened(said, level[2], f, known=client is not None)
    return True


def _line(text: str, fields: Fields, reading: Reading) -> Found | None:
    found = _STAMP.match(text)
    if found is None:
        return None
    ts = when(reading.clock, found[1])
    if ts is None or not error(text[found.end() :], fields):
        return None
    return ts, LOGSOURCES["apache.error"], 1


def apache(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for Apache: its error log through syslog, or access lines piped to logger."""
    found = _STAMP.match(msg)
    if not error(msg if found is None else msg[found.end() :], f) and mem.clock is not None:
        access(msg, f, Reading(mem.clock, mem))
    return mem.times


_APACHE = Program(apache, "apache.error", varies=True)
FORMATS = (
    Format(
        name="apache",
        title="Apache error log",
        example=(
            "[Fri Nov 20 10:00:00.123456 2026] [auth_basic:error] [pid 2301:tid 41] "
            "[client 203.0.113.9:40001] AH01618: user ann not found: /private/"
        ),
        programs=dict.fromkeys(("apache", "apache2", "httpd", "httpd/*"), _APACHE),
        line=_line,
        begins="[",
    ),
)
