"""unbound and NSD: queries, answers, refusals, limits; in files with a stamp in brackets or through syslog.

`[1795168800] unbound[71:0] info: 192.0.2.5 example.com. A IN`, `[…] nsd[72]: info: axfr for example.com. from
192.0.2.5 refused, no acl matches`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "dns.question.name")
('dns_query', '192.0.2.5', 'example.com')
>>> read_line(FORMATS[1].example, "event.action", "source.ip", "dns.question.name")
('dns_denied', '192.0.2.5', 'example.com')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, LineReader, Program, Reading
from socterm.parsers.marks import Fields, Handler, mark, number, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import fine
from socterm.taxonomy.logsources import logsources_of

_THREAD = re.compile(r"\[\d{1,10}:[0-9a-f]{1,8}\] ")
_LEVEL = re.compile(r"(?P<level>debug|verbose|info|notice|warning|error|fatal error): ")
_HEAD = re.compile(
    r"\[(?P<stamp>[\d .:T+-]{9,35})\] (?P<name>unbound|nsd)\[(?P<pid>\d{1,10})(?::[0-9a-f]{1,8})?\]:? "
)
_LOGGED = re.compile(
    r"(?:query: |reply: )?(?P<ip>[0-9a-fA-F.:]{2,45}) (?P<name>\S{1,1024}) "
    r"(?P<type>[A-Z0-9]{1,12}) (?P<class>IN|CH|HS|ANY)"
    r"(?: (?P<rcode>[A-Z0-9]{2,16}) (?P<took>\d{1,6}\.\d{1,9}) (?P<cached>[01]) (?P<size>\d{1,6}))?\s*$"
)
_ACTION = re.compile(
    r"(?P<zone>\S{1,1024}) (?P<action>deny|refuse|static|redirect|inform|inform_deny|always_\w{2,12}|block_a|"
    r"transparent|typetransparent|nodefault) (?P<ip>[0-9a-fA-F.:]{2,45})@(?P<port>\d{1,5}) "
    r"(?P<name>\S{1,1024}) (?P<type>[A-Z0-9]{1,12}) (?P<class>[A-Z]{2,3})"
)
_RPZ = re.compile(
    r"rpz: applied (?:\[\S{1,255}\] )?(?P<zone>\S{1,1024}) rpz-(?P<action>[a-z-]{2,24}) "
    r"(?P<ip>[0-9a-fA-F.:]{2,45})@(?P<port>\d{1,5}) (?P<name>\S{1,1024}) "
    r"(?P<type>[A-Z0-9]{1,12}) (?P<class>[A-Z]{2,3})"
)
_QUOTED = re.compile(r"<(?P<name>[^\s<>]{1,1024}) (?P<type>[A-Z0-9]{1,12}) (?P<class>[A-Z]{2,3})>")
_TRANSFER = re.compile(
    r"(?P<what>axfr|ixfr|notify) for (?:zone )?(?P<name>\S{1,1024}) from (?:client )?"
    r"(?P<ip>[0-9a-fA-F.:]{2,45})\S{0,12} "
    r"(?P<verdict>refused|granted|served|.{0,20}denied)"
)
_LIMIT = re.compile(
    r"ratelimit (?P<verb>block|unblock) (?P<name>\S{1,1024}) type \S{1,20} target (?P<net>\S{1,60})"
    r"(?: query (?P<ip>[0-9a-fA-F.:]{2,45}) (?P<type>\S{1,20}))?"
)
_TRANSPARENT = frozenset(
    {"inform", "transparent", "typetransparent", "always_transparent", "passthru", "nodefault"}
)
_QUERY, _ANSWER = mark("dns_query"), mark("dns_response")
_DENIED, _FAILED, _BLOCKED = mark("dns_denied"), mark("dns_failed"), mark("dns_blocked")
_MOVED, _SERVER = mark("dns_transfer"), mark("network_device")


def unbound(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for unbound."""
    thread = _THREAD.match(msg)
    if thread is not None:
        msg = msg[thread.end() :]
    _unbound(_leveled(msg, f), f)
    return mem.times


def _leveled(msg: str, f: Fields) -> str:
    level = _LEVEL.match(msg)
    if level is None:
        return msg
    f["log.level"] = level["level"]
    return msg[level.end() :]


def _question(found: re.Match[str], f: Fields) -> None:
    """Name, type and class of a question; names come with the root's dot, which is left out."""
    parts = found.groupdict()
    name = parts["name"]
    f["dns.question.name"] = name[:-1] if len(name) > 1 and name[-1] == "." else name
    if parts.get("type"):
        f["dns.question.type"] = parts["type"]
    if parts.get("class"):
        f["dns.question.class"] = parts["class"]


def _unbound(msg: str, f: Fields) -> None:
    found = _LOGGED.match(msg)
    if found is not None:
        put_end(f, "source", found["ip"])
        _question(found, f)
        f.update(_QUERY)
        if found["rcode"]:
            f["dns.response_code"] = found["rcode"]
            f["event.duration"] = round(float(found["took"]) * 1_000_000_000)
            f["unbound.cached"] = found["cached"] == "1"
            f["destination.bytes"] = int(found["size"])
            f.update(_ANSWER)
        return
    found = _RPZ.match(msg) or _ACTION.match(msg)
    if found is not None:
        put_end(f, "source", found["ip"], found["port"])
        _question(found, f)
        f["event.reason"] = f"{found['zone']} {found['action']}"
        f.update(_QUERY if found["action"] in _TRANSPARENT else _BLOCKED)
        return
    quoted = _QUOTED.search(msg)
    if quoted is not None:
        _question(quoted, f)
    if msg.startswith(("validation failure", "SERVFAIL", "failed to resolve", "failed to prime")):
        f["event.reason"] = msg
        f.update(_FAILED)
        if msg.startswith("SERVFAIL"):
            f["dns.response_code"] = "SERVFAIL"
    elif msg.startswith(("ratelimit exceeded", "ip_ratelimit exceeded", "dropped ")):
        f["event.reason"] = msg
        f.update(_DENIED)
        put_end(f, "source", msg.split(" ")[2].partition("@")[0] if msg.startswith("ip_") else "")
    elif msg.startswith(
        ("start of service", "service stopped", "init module", "server stats", "generate keytag")
    ):
        f.update(_SERVER)


def nsd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for nsd."""
    _nsd(_leveled(msg, f), f)
    return mem.times


def _nsd(msg: str, f: Fields) -> None:
    found = _TRANSFER.match(msg)
    if found is not None:
        put_end(f, "source", found["ip"])
        _question(found, f)
        f["event.reason"] = msg
        refused = found["verdict"] not in ("granted", "served")
        f.update(_DENIED if refused else _MOVED)
        if found["what"] != "notify":
            f["dns.question.type"] = found["what"].upper()
        return
    found = _LIMIT.match(msg)
    if found is not None:
        _question(found, f)
        f["nsd.target"] = found["net"]
        if found["ip"]:
            put_end(f, "source", found["ip"])
        f["event.reason"] = f"ratelimit {found['verb']}"
        f.update(_DENIED if found["verb"] == "block" else _SERVER)
    elif msg.startswith(("zone ", "nsd started", "nsd starting", "signal received", "server ")):
        f.update(_SERVER)


def _file(program: str, read: Handler) -> LineReader:
    """A reader of the program's own log file."""

    def line(text: str, f: Fields, reading: Reading) -> Found | None:
        head = _HEAD.match(text)
        if head is None or head["name"] != program:
            return None
        ts = fine(reading.clock, head["stamp"])
        if ts is None:
            return None
        f["process.name"] = program
        f["process.pid"] = number(head["pid"])
        f["event.dataset"] = program
        f["message"] = text[head.end() :]
        read(f["message"], f, reading.memory)
        return ts, logsources_of(program), 1

    return line


FORMATS = (
    Format(
        name="unbound",
        title="Unbound",
        example="[1795168800] unbound[71:0] info: 192.0.2.5 example.com. A IN",
        programs={"unbound": Program(unbound, "unbound")},
        line=_file("unbound", unbound),
        begins="[",
    ),
    Format(
        name="nsd",
        title="NSD",
        example="[1795168800] nsd[72]: info: axfr for example.com. from 192.0.2.5 refused, no acl matches",
        programs={"nsd": Program(nsd, "nsd")},
        line=_file("nsd", nsd),
        begins="[",
    ),
)
