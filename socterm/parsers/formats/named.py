"""BIND's named: queries, refusals, transfers, updates, and what could not be resolved.

`[CATEGORY: SEVERITY: ]client [@0xPTR] ADDRESS#PORT [(NAME)]: [view V: ]MESSAGE`, through syslog or in a file
with named's own stamp. Names are the client's text; named escapes blanks and quotes in them (`\\032`), so
what stands between its own words is certain.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "dns.question.name")
('dns_denied', '192.0.2.9', 'example.com')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.moments import fine
from socterm.taxonomy.logsources import logsources_of

_LEVEL = re.compile(
    r"(?:(?P<category>[a-z][a-z-]{2,30}): )?(?P<level>critical|error|warning|notice|info|debug \d+): "
)
_STAMP = re.compile(
    r"\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d\.\d{3} |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\S{0,6} "
)
_CLIENT = re.compile(
    r"client (?:@0x[0-9a-f]{1,20} )?(?P<ip>[0-9a-fA-F.:]{2,45})(?:%\w{1,20})?#(?P<port>\d{1,5})"
    r"(?:/key (?P<key>[^\s:]{1,255}))?(?: \((?P<name>[^\s()]{1,1024})\))?: (?:view (?P<view>[^\s:]{1,64}): )?"
)
_QUERY = re.compile(
    r"query: (?P<name>\S{1,1024}) (?P<class>[A-Z0-9]{1,12}) (?P<type>[A-Z0-9]{1,12}) (?P<flags>[+-]\S{0,24})"
    r"(?: \((?P<server>[0-9a-fA-F.:]{2,45})\))?"
)
_TRIPLE = re.compile(r"'(?P<name>[^'\s]{1,1024})/(?P<type>[A-Z0-9]{1,12})/(?P<class>[A-Z0-9]{1,12})'")
_ZONE = re.compile(r"'(?P<name>[^'\s]{1,1024})/(?P<class>[A-Z0-9]{1,12})'")
_FAILED = re.compile(
    r"query failed \((?P<reason>[^()]{1,60})\) for (?P<name>\S{1,1024})/"
    r"(?P<class>[A-Z0-9]{1,12})/(?P<type>[A-Z0-9]{1,12})"
)
_RESOLVING = re.compile(
    r"(?P<reason>[\w ()/-]{1,80}?) resolving '(?P<name>[^'\s]{1,1024})/(?P<type>[A-Z0-9]{1,12})/"
    r"(?P<class>[A-Z0-9]{1,12})'"
    r"(?: \(in '[^']{1,255}'\?\))?: (?P<ip>[0-9a-fA-F.:]{2,45})#(?P<port>\d{1,5})"
)
_RPZ = re.compile(r"(?:disabled )?rpz (?P<trigger>[A-Z-]{2,12}) (?P<policy>[A-Za-z-]{2,16}) rewrite ")
_LIMITED = re.compile(r"(?:would )?rate limit (?:drop|slip) ")

_ASKED = mark("dns_query")
_DENIED = mark("dns_denied")
_NO_NAME = mark("dns_failed")
_MOVED = mark("dns_transfer")
_BLOCKED = mark("dns_blocked")
_SERVER = mark("network_device")
_SERVERS = (
    "zone ", "received control channel", "listening on", "loading configuration", "running", "stopping",
    "starting BIND",
    "shutting down", "reloading", "all zones loaded",
    "managed-keys-zone", "no longer listening", "exiting",
    "command channel", "received notify", "sending notifies", "general: ",
)  # fmt: skip


def named(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for named."""
    _read(msg, f)
    return mem.times


def _read(msg: str, f: Fields) -> bool:
    """Read a message into the fields; whether it is one of named's beyond doubt."""
    level = _LEVEL.match(msg) if msg[:7] != "client " else None
    if level is not None:
        if level["category"]:
            f["named.category"] = level["category"]
        f["log.level"] = level["level"]
        msg = msg[level.end() :]
    client = _CLIENT.match(msg) if msg[:7] == "client " else None
    if client is not None:
        put_end(f, "source", client["ip"], client["port"])
        if client["view"]:
            f["named.view"] = client["view"]
        if client["key"]:
            f["named.key"] = client["key"]
        if client["name"]:
            f["dns.question.name"] = client["name"]
        _request(msg[client.end() :], f)
        return True
    lost = _RESOLVING.match(msg)
    if lost is not None:
        _question(lost, f)
        f["event.reason"] = lost["reason"]
        put_end(f, "destination", lost["ip"], lost["port"])
        if not lost["reason"].startswith("success"):
            f.update(_NO_NAME)
        return True
    if msg.startswith(_SERVERS):
        f.update(_SERVER)
        return level is not None and bool(level["category"])
    return level is not None and bool(level["category"]) and "named.category" in f


def _question(found: re.Match[str], f: Fields) -> None:
    parts = found.groupdict()
    f["dns.question.name"] = parts["name"]
    if parts.get("type"):
        f["dns.question.type"] = parts["type"]
    if parts.get("class"):
        f["dns.question.class"] = parts["class"]


def _request(text: str, f: Fields) -> None:
    """What a client wanted, and what came of it."""
    asked = _QUERY.match(text)
    if asked is not None:
        _question(asked, f)
        f["named.flags"] = asked["flags"]
        f["network.transport"] = "tcp" if "T" in asked["flags"] else "udp"
        if asked["server"]:
            put_end(f, "destination", asked["server"])
        f.update(_ASKED)
        return
    failed = _FAILED.match(text)
    if failed is not None:
        _question(failed, f)
        reason = failed["reason"]
        f["event.reason"] = reason
        if reason.isupper() and " " not in reason:
            f["dns.response_code"] = reason
        f.update(_DENIED if reason == "REFUSED" else _NO_NAME)
        return
    known = _verdict(text)
    if known is None:
        return
    triple = _TRIPLE.search(text) or _ZONE.search(text)
    if triple is not None:
        _question(triple, f)
    f.update(known)
    f["event.reason"] = text


def _verdict(text: str) -> Fields | None:
    if " denied" in text or text.startswith("bad zone transfer request") or _LIMITED.match(text):
        return _DENIED
    if _RPZ.match(text):
        return _BLOCKED
    if text.startswith("transfer of "):
        return _MOVED
    if text.startswith(("zone transfer ", "updating zone ")):
        return mark("device_changed") if text.startswith("updating zone ") else _MOVED
    if text.startswith(
        ("signer ", "request has invalid signature", "message parsing failed", "no matching view")
    ):
        return _DENIED if "approved" not in text else None
    return None


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    """A line of one of named's own files; also one whose header names no program but named's category."""
    stamp = _STAMP.match(text)
    if stamp is not None:
        ts = fine(reading.clock, stamp[0][:-1])
        start = stamp.end()
    else:
        end = reading.clock.read(text)
        ts = reading.clock.ts if end else None
        start = end + 1 if end else 0
    msg = text[start:]
    if not msg.startswith("client ") and not _LEVEL.match(msg):
        return None
    if ts is None and "process.name" in f and "process.pid" in f:
        return None
    found: Fields = {}
    if not _read(msg, found):
        return None
    f["event.dataset"] = "named"
    f["message"] = msg
    f.update(found)
    return ts, logsources_of("named"), 1


_NAMED = Program(named, "named")
FORMATS = (
    Format(
        name="named",
        title="BIND",
        example=(
            "Nov 20 10:00:00 ns1 named[612]: client @0x7f0a 192.0.2.9#40001 (example.com): query (cache) "
            "'example.com/A/IN' denied"
        ),
        programs={"named": _NAMED, "named-pkcs11": _NAMED, "bind9": _NAMED},
        line=_line,
        begins="0123456789JFMASONDabcdefghijklmnopqrstuvwxyz",
    ),
)
