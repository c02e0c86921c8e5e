"""PostgreSQL: stderr logs under any line prefix, csvlog, jsonlog; logins, refusals, statements.

A line is `STAMP [ZONE] PREFIX SEVERITY:  MESSAGE`, where PREFIX is what `log_line_prefix` says: `[pid]`,
`user@db`,
`user=…,db=…,app=…,client=…`. Who connects is told once per process (`connection received`), and kept for the
lines in which that process refuses a login.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "user.name")
('database_login', 'failure', 'ann')
"""

from __future__ import annotations

import csv
import re
from typing import Any

from socterm.event import LogSource
from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.pam import pam
from socterm.parsers.formats.postgresql_said import said
from socterm.parsers.marks import Fields, number, put_peer
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ([A-Z]{2,5}|[+-]\d\d(?::?\d\d)?))?(?=[ :,\[])"
)
_SEVERITIES = (
    "LOG", "ERROR", "FATAL", "PANIC", "WARNING", "NOTICE", "INFO", "DEBUG", "DEBUG1", "DEBUG2", "DEBUG3",
    "DEBUG4",
    "DEBUG5", "DETAIL", "HINT", "STATEMENT", "CONTEXT", "LOCATION", "QUERY",
)  # fmt: skip
_SEVERITY = re.compile(rf"(?:^|[\s\])>:,-])({'|'.join(_SEVERITIES)}):  ")
_PID = re.compile(r"\[(\d{1,10})(?:-(\d{1,10}))?\]|(?:^|[\s:,])(?:pid=)?(\d{1,10})(?=[\s:,]|$)")
_WHO = re.compile(r"(?:^|[\s:,])([^\s@=,:\[\]]{1,63})@([^\s@=,:\[\]]{1,63})(?=[\s:,]|$)")
_NAMED = re.compile(r"(?:^|[\s,])(user|db|database|app|client|host)=([^\s,]*)")
_SQLSTATE = re.compile(r"(?=[A-Z]{0,4}\d)([0-9A-Z]{5}): ")
_PEER = re.compile(r"([\w.:-]{1,255}?)(?:\((\d{1,5})\))?$")
_FROM = re.compile(
    r"(?:^|[\s:,])((?:\d{1,3}\.){3}\d{1,3}|[\da-f:]*:[\da-f:]+:[\da-f]+)(?:\((\d{1,5})\))?(?=[\s:,]|$)"
)
_LONGEST_PREFIX = 400
_ABSENT = frozenset({"", "[unknown]", "[local]", "unknown"})


def _prefix(prefix: str, f: Fields) -> None:
    """Pid, user, database, application and client, as far as the prefix has them."""
    pid = _PID.search(prefix)
    if pid is not None:
        f["process.pid"] = int(pid[1] or pid[3])
        if pid[2]:
            f["postgresql.line"] = int(pid[2])
    for key, value in _NAMED.findall(prefix):
        if value in _ABSENT:
            continue
        if key == "user":
            f["user.name"] = value
        elif key in ("db", "database"):
            f["postgresql.database"] = value
        elif key == "app":
            f["postgresql.application"] = value
        else:
            peer = _PEER.match(value)
            if peer is not None:
                put_peer(f, peer[1], peer[2] or "")
    who = _WHO.search(prefix)
    if who is not None and "=" not in prefix:
        f.setdefault("user.name", who[1])
        f.setdefault("postgresql.database", who[2])
    if "source.ip" not in f:
        peer = _FROM.search(prefix)
        if peer is not None:
            put_peer(f, peer[1], peer[2] or "")


def _line(rest: str, f: Fields, mem: Memory, ts: int) -> int | None:
    """What follows the stamp; None where there is no severity: not PostgreSQL's."""
    severity = _SEVERITY.search(rest[:_LONGEST_PREFIX])
    if severity is None:
        return None
    _prefix(rest[: severity.start(1)], f)
    level, text = severity[1], rest[severity.end() :]
    f["log.level"] = level.lower()
    state = _SQLSTATE.match(text)
    if state is not None:
        f["postgresql.sqlstate"] = state[1]
        text = text[state.end() :]
    f["message"] = text
    return said(level, text, f, mem, ts)


def _sources(f: Fields) -> tuple[LogSource, ...]:
    """Statements are of the category `database`, whatever was done with them."""
    action = f.get("event.action", "database_query" if "postgresql.query" in f else "")
    return logsources_of("postgresql", action)


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of postgresql.log, csvlog among it."""
    if text[:2] == "< ":
        text = text[2:]  # `< %m >`, as Red Hat's packages had it
    stamp = _STAMP.match(text)
    if stamp is None:
        return None
    zone = f" {stamp[2]}" if stamp[2] else ""
    if text[stamp.end()] == ",":
        return _csv(text, f, reading)
    if _SEVERITY.search(text[stamp.end() : stamp.end() + _LONGEST_PREFIX]) is None:
        return None
    ts = when(reading.clock, stamp[1] + zone) or when(reading.clock, stamp[1])
    if ts is None:
        return None
    f["event.dataset"] = "postgresql"
    times = _line(text[stamp.end() :], f, reading.memory, ts) or 0
    return ts, _sources(f), times


_COLUMNS = (
    "", "user.name", "postgresql.database", "process.pid", "peer", "postgresql.session", "", "", "", "", "",
    "log.level", "postgresql.sqlstate", "message", "postgresql.detail", "postgresql.hint", "", "", "",
    "postgresql.statement",
    "", "", "postgresql.application",
)  # fmt: skip


def _csv(text: str, f: Fields, reading: Reading) -> Found | None:
    """time,user,db,pid,peer,session,line,tag,start,vxid,xid,severity,sqlstate,message,…"""
    try:
        row = next(csv.reader([text], strict=True), [])
    except csv.Error:
        return None
    if len(row) < 22 or row[11] not in _SEVERITIES or len(row[12]) != 5 or not row[3].isdecimal():
        return None
    stamp, _, zone = row[0].rpartition(" ")
    ts = when(reading.clock, row[0]) or when(reading.clock, stamp if zone.isalpha() else row[0])
    if ts is None:
        return None
    f["event.dataset"] = "postgresql"
    _fill(f, dict(zip(_COLUMNS, row, strict=False)))
    times = said(row[11], row[13], f, reading.memory, ts)
    return ts, _sources(f), times


def _fill(f: Fields, found: dict[str, str]) -> None:
    for name, value in found.items():
        if not name or value in _ABSENT:
            continue
        if name == "process.pid":
            whole = number(value)
            if whole is not None:
                f[name] = whole
        elif name == "peer":
            host, _, port = value.rpartition(":") if not value.startswith("[") else ("", "", "")
            put_peer(f, host or value, port)
        elif name == "log.level":
            f[name] = value.lower()
        else:
            f[name] = value


_JSON = {
    "user": "user.name", "dbname": "postgresql.database", "session_id": "postgresql.session",
    "error_severity": "log.level", "state_code": "postgresql.sqlstate", "message": "message",
    "detail": "postgresql.detail", "hint": "postgresql.hint", "statement": "postgresql.statement",
    "application_name": "postgresql.application",
}  # fmt: skip


def json_line(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """Reader of jsonlog (version 15 and later)."""
    severity, stamp = entry.get("error_severity"), entry.get("timestamp")
    if severity not in _SEVERITIES or not isinstance(stamp, str) or "pid" not in entry:
        return None
    ts = when(reading.clock, stamp) or when(reading.clock, stamp.rpartition(" ")[0])
    if ts is None:
        return None
    f["event.dataset"] = "postgresql"
    _fill(f, {_JSON[key]: value for key, value in entry.items() if key in _JSON and isinstance(value, str)})
    if isinstance(entry["pid"], int):
        f["process.pid"] = entry["pid"]
    host, port = entry.get("remote_host"), entry.get("remote_port")
    if isinstance(host, str):
        put_peer(
            f, "" if host in _ABSENT else host, str(port) if isinstance(port, int) and port < 65_536 else ""
        )
    times = said(str(severity), str(entry.get("message", "")), f, reading.memory, ts)
    return ts, _sources(f), times


_COUNTED = re.compile(r"\[\d{1,10}-\d{1,10}\] ")


def postgres(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for postgres behind a syslog header: [3-1] STAMP PREFIX SEVERITY:  MESSAGE."""
    if msg.startswith(("pam_", "PAM ")):
        return pam(msg, f, mem)
    counted = _COUNTED.match(msg)
    rest = msg if counted is None else msg[counted.end() :]
    stamp = _STAMP.match(rest)
    whole: Fields = {}
    times = _line(rest if stamp is None else rest[stamp.end() :], whole, mem, mem.ts)
    if times is None:
        return mem.times
    if mem.pid is not None:
        whole["process.pid"] = mem.pid
    whole.pop("message", None)
    f |= whole
    mem.logsources = _sources(f)
    return times


FORMATS = (
    Format(
        name="postgresql",
        title="PostgreSQL: stderr log, csvlog, jsonlog",
        example="2026-11-20 10:00:00.123 UTC [4711] ann@shop FATAL:  "
        'password authentication failed for user "ann"',
        programs={"postgres": Program(postgres, "postgresql", wraps=False, varies=True)},
        line=line,
        begins="0123456789<",
        object=json_line,
        keys=(frozenset({"error_severity"}), frozenset({"pid"})),
    ),
)
