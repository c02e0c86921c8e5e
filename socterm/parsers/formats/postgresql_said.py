"""What PostgreSQL's messages say: connections, logins, refusals, statements."""

from __future__ import annotations

import re

from socterm.parsers.marks import Fields, mark, put_peer
from socterm.parsers.memory import HOUR, Memory

_CONNECT = mark("database_connect")
_LOGGED_IN = mark("database_login", "success")
_FAILED = mark("database_login", "failure")
_DENIED = mark("database_denied")
_LEFT = mark("database_disconnect")
_QUERY = mark("database_query")

_RECEIVED = re.compile(r"connection received: host=(\S{1,255})(?: port=(\d{1,5}))?$")
_AUTHORIZED = re.compile(r"(?:replication )?connection authorized: user=(\S{1,63})(?: database=(\S{1,63}))?")
_DISCONNECTED = re.compile(
    r"disconnection: session time: .{1,40} user=(\S{1,63}) database=(\S{1,63}) host="
    r"(\S{1,255})(?: port=(\d{1,5}))?"
)
_WRONG = re.compile(
    r"(?:[\w.()-]{1,40} ){1,3}(?:authentication failed|authentication not supported) for user \"(.*)\"",
    re.DOTALL,
)
_NO_ENTRY = re.compile(
    r"(?:no pg_hba\.conf entry|pg_hba\.conf rejects connection) for (?:replication connection"
    r" from )?host \"([^\"]{1,255})\", user \"(.*?)\""
    r"(?:, database \"(.*?)\")?,? ?",
    re.DOTALL,
)
_ROLE = re.compile(r"role \"(.*)\" (?:does not exist|is not permitted to log in)$", re.DOTALL)
_NOT_ALLOWED = re.compile(r"permission denied for |must be (?:owner of|superuser)")
_DURATION = re.compile(r"duration: (\d{1,12})\.(\d{3}) ms(?:  )?")
_STATEMENT = re.compile(r"(?:statement|(?:execute|parse|bind) [^:\s]{1,80}): ")


def _key(f: Fields, mem: Memory) -> str:
    return f"postgresql {mem.host if 'process.name' in f else ''} {f.get('process.pid', mem.pid)}"


def _peer(f: Fields, mem: Memory, ts: int) -> None:
    """The peer that this process is known to serve, where the line names none."""
    if "source.ip" in f or "source.domain" in f:
        return
    known = mem.recall(_key(f, mem))
    if known is not None and -HOUR < ts - known["ts"] < HOUR:
        f |= {name: value for name, value in known.items() if name != "ts"}


def said(level: str, text: str, f: Fields, mem: Memory, ts: int) -> int:
    """Add what a message means; the answer is how many occurrences it stands for."""
    if level == "LOG":
        _logged(text, f, mem, ts)
    elif level in ("FATAL", "ERROR"):
        _refused(text, f, mem, ts)
    return mem.times if "process.name" in f else 1


def _logged(text: str, f: Fields, mem: Memory, ts: int) -> None:
    if text.startswith("connection received: "):
        found = _RECEIVED.match(text)
        if found is not None:
            peer: Fields = {}
            put_peer(peer, "" if found[1] == "[local]" else found[1], found[2] or "")
            f |= peer
            mem.keep(_key(f, mem), {**peer, "ts": ts})
            f |= _CONNECT
    elif text.startswith(("connection authorized: ", "replication connection authorized: ")):
        found = _AUTHORIZED.match(text)
        if found is not None:
            f["user.name"] = found[1]
            if found[2]:
                f["postgresql.database"] = found[2]
            _peer(f, mem, ts)
            f |= _LOGGED_IN
    elif text.startswith("disconnection: "):
        found = _DISCONNECTED.match(text)
        if found is not None:
            f["user.name"], f["postgresql.database"] = found[1], found[2]
            put_peer(f, "" if found[3] == "[local]" else found[3], found[4] or "")
            if mem.recall(_key(f, mem)) is not None:
                mem.keep(_key(f, mem), {})
            f |= _LEFT
    elif text.startswith("AUDIT: "):
        f["postgresql.query"] = text[7:]
        f |= _QUERY
    else:
        took = _DURATION.match(text)
        if took is not None:
            f["event.duration"] = int(took[1]) * 1_000_000 + int(took[2]) * 1000
        statement = _STATEMENT.match(text, took.end() if took is not None else 0)
        if statement is not None:
            f["postgresql.query"] = text[statement.end() :]


def _refused(text: str, f: Fields, mem: Memory, ts: int) -> None:
    wrong = _WRONG.match(text) or _ROLE.match(text)
    if wrong is not None:
        if wrong[1]:
            f["user.name"] = wrong[1]
        _peer(f, mem, ts)
        f["event.reason"] = text.partition(" for user ")[0] if " for user " in text else "unknown role"
        f |= _FAILED
        return
    entry = _NO_ENTRY.match(text)
    if entry is not None:
        put_peer(f, "" if entry[1] == "[local]" else entry[1])
        f["user.name"] = entry[2]
        if entry[3]:
            f["postgresql.database"] = entry[3]
        f["event.reason"] = "no pg_hba.conf entry" if text.startswith("no") else "rejected by pg_hba.conf"
        f |= _FAILED
    elif _NOT_ALLOWED.match(text):
        _peer(f, mem, ts)
        f |= _DENIED
