"""MongoDB's log: text up to 4.2, JSON since 4.4; who connected, who logged in or failed to.

Text lines name the peer only where a connection begins and ends. A failure in between is told of by its
own line
where the beginning was seen; else it waits for the line that ends the connection, and counts there.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('database_login', 'failure', '192.0.2.76')
"""

from __future__ import annotations

import re
from typing import Any

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.peers import put_end_of
from socterm.parsers.marks import Fields, mark, relate
from socterm.parsers.memory import HOUR, Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_CONNECT = mark("database_connect")
_LEFT = mark("database_disconnect")
_LOGGED_IN = mark("database_login", "success")
_FAILED = mark("database_login", "failure")
_TRIED = mark("database_login")
_DENIED = mark("database_denied")

_LINE = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(?:Z|[+-]\d\d:?\d\d)) "
    r"(?:([DIWEF]\d?) {1,2}([A-Z_]{1,12}|-) +\[([^\[\]\s]{1,100})\]"
    r"|\[(conn\d{1,18}|initandlisten|clientcursormon|journal|websvr|snapshotthread|mongosMain|Balancer|TTLMonitor"
    r"|PeriodicTask|FileAllocator|DataFileSync|rs\w{1,40}|\w{1,60}Thread)\]) +"
)
"""Up to 2.6 a line has no level and no component; then its context has to be one of MongoDB's."""
_ACCEPTED = re.compile(r"connection accepted from (\S{3,80}) #(\d{1,18}) ")
_ENDED = re.compile(r"end connection (\S{3,80}) ")
_WRONG = re.compile(
    r"(?:SASL )?(?:Failed to authenticate (.{0,200}?)@(\S{1,100}) (?:with mechanism|from"
    r" client (\S{3,80}) with mechanism)"
    r"|(\S{1,40}) authentication failed for (.{0,200}?) on (\S{1,100}) from client (\S{3,80}) ;)"
)
_GOOD = re.compile(
    r"Successfully authenticated as principal (.{0,200}?) on (\S{1,100})(?: from client (\S{3,80}))?$"
)
_LEVELS = {"D": "debug", "I": "info", "W": "warning", "E": "error", "F": "fatal"}


def _key(context: str) -> str:
    return f"mongodb {context}"


def _text(context: str, message: str, f: Fields, mem: Memory, ts: int) -> int:
    """What a message says; the answer is how many occurrences it stands for."""
    accepted = _ACCEPTED.match(message)
    if accepted is not None:
        put_end_of(f, accepted[1])
        mem.keep(_key(f"conn{accepted[2]}"), {"peer": accepted[1], "ts": ts, "owed": 0, "user": ""})
        f |= _CONNECT
        return 1
    known = mem.recall(_key(context)) if context.startswith("conn") else None
    if known is not None and not -24 * HOUR < ts - known["ts"] < 24 * HOUR:
        known = None
    ended = _ENDED.match(message)
    if ended is not None:
        return _end(context, ended[1], known, f, mem)
    good = _GOOD.match(message)
    if good is not None:
        f["user.name"], f["mongodb.database"] = good[1], good[2]
        put_end_of(f, good[3] or (known or {}).get("peer", ""))
        f |= _LOGGED_IN
        return 1
    wrong = _WRONG.match(message[:1000])
    if wrong is not None:
        return _wrong(wrong, context, known, f, mem, ts)
    if message.startswith(("not authorized on ", "Unauthorized")):
        put_end_of(f, (known or {}).get("peer", ""))
        f |= _DENIED
    return 1


def _wrong(
    found: re.Match[str], context: str, known: dict[str, Any] | None, f: Fields, mem: Memory, ts: int
) -> int:
    user = found[1] or found[5] or ""
    f["mongodb.database"] = found[2] or found[6]
    peer = found[3] or found[7] or (known or {}).get("peer", "")
    if peer:
        if user:
            f["user.name"] = user
        put_end_of(f, peer)
        f |= _FAILED
        return 1
    owed = (known or {}).get("owed", 0) + 1
    mem.keep(_key(context), {"peer": "", "ts": ts, "owed": owed, "user": user})
    relate(f, user=user)
    f |= _TRIED
    return 0


def _end(context: str, peer: str, known: dict[str, Any] | None, f: Fields, mem: Memory) -> int:
    put_end_of(f, peer)
    if known is not None:
        mem.keep(_key(context), {})
    if known is None or not known["owed"]:
        f |= _LEFT
        return 1
    if known["user"]:
        f["user.name"] = known["user"]
    f |= _FAILED
    return int(known["owed"])


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of mongod.log up to 4.2."""
    found = _LINE.match(text)
    if found is None:
        return None
    ts = when(reading.clock, found[1])
    if ts is None:
        return None
    level, component, context = found[2], found[3], found[4] or found[5]
    f["event.dataset"] = "mongodb"
    if level:
        f["log.level"] = _LEVELS[level[0]]
        f["mongodb.component"] = component
    f["mongodb.context"] = context
    f["message"] = message = text[found.end() :]
    times = _text(context, message, f, reading.memory, ts) if len(message) <= 8192 else 1
    return ts, logsources_of("mongodb", f.get("event.action", "")), times


_SAID = {
    "Connection accepted": _CONNECT,
    "Connection ended": _LEFT,
    "Authentication succeeded": _LOGGED_IN,
    "Successfully authenticated": _LOGGED_IN,
    "Authentication failed": _FAILED,
    "Failed to authenticate": _FAILED,
    "Unauthorized": _DENIED,
    "Checking authorization failed": _DENIED,
}


def json_line(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """Reader of structured logs: {"t":{"$date":…},"s":"I","c":"ACCESS","id":…,"ctx":…,"msg":…,"attr":{…}}."""
    stamp, context, said = entry.get("t"), entry.get("ctx"), entry.get("msg")
    if not (isinstance(stamp, dict) and isinstance(context, str) and isinstance(said, str) and "c" in entry):
        return None
    at = stamp.get("$date")
    ts = when(reading.clock, at) if isinstance(at, str) else None
    if ts is None:
        return None
    f["event.dataset"] = "mongodb"
    f["message"], f["mongodb.context"], f["mongodb.component"] = said, context, str(entry["c"])
    level = entry.get("s")
    if isinstance(level, str) and level[:1] in _LEVELS:
        f["log.level"] = _LEVELS[level[0]]
    number = entry.get("id")
    if isinstance(number, int):
        f["event.code"] = str(number)
    attributes = entry.get("attr")
    if isinstance(attributes, dict):
        _attributes(attributes, f)
    fields = _SAID.get(said)
    if fields is not None and not (
        isinstance(attributes, dict) and attributes.get("speculative") is True and fields is _FAILED
    ):
        f |= fields
    return ts, logsources_of("mongodb", f.get("event.action", "")), 1


def _attributes(attributes: dict[str, Any], f: Fields) -> None:
    for key in ("remote", "client"):
        peer = attributes.get(key)
        if isinstance(peer, str) and put_end_of(f, peer):
            break
    principal = attributes.get("principalName") or attributes.get("user")
    if isinstance(principal, dict):
        principal = principal.get("user")
    if isinstance(principal, str) and principal:
        f["user.name"] = principal.partition("@")[0] if attributes.get("user") == principal else principal
    for key, name in (
        ("authenticationDatabase", "mongodb.database"),
        ("mechanism", "mongodb.mechanism"),
        ("error", "event.reason"),
    ):
        value = attributes.get(key)
        if isinstance(value, str):
            f[name] = value


def mongod(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for mongod behind a syslog header: its own stamp is in the message up to 4.2."""
    found = _LINE.match(msg)
    if found is None:
        bracket = re.match(r"(?:[DIWEF]\d? {1,2}\S{1,12} +)?\[([^\[\]\s]{1,100})\] +", msg)
        return mem.times if bracket is None else _text(bracket[1], msg[bracket.end() :], f, mem, mem.ts)
    f["mongodb.context"] = context = found[4] or found[5]
    return _text(context, msg[found.end() :], f, mem, mem.ts)


_MONGOD = Program(mongod, "mongodb", wraps=False, varies=True)
FORMATS = (
    Format(
        name="mongodb",
        title="MongoDB: text and JSON logs",
        example='{"t":{"$date":"2026-11-20T10:00:00.123+00:00"},"s":"I","c":"ACCESS","id":20249,"ctx":"conn6",'
        '"msg":"Authentication failed","attr":{"mechanism":"SCRAM-SHA-256","principalName":"ann",'
        '"authenticationDatabase":"admin","remote":"192.0.2.76:53276","error":"AuthenticationFailed"}}',
        programs={"mongod": _MONGOD, "mongos": _MONGOD},
        line=line,
        begins="0123456789",
        object=json_line,
        keys=(frozenset({"t"}), frozenset({"ctx"}), frozenset({"msg"})),
    ),
)
