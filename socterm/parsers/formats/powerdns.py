"""PowerDNS: the authoritative server (pdns) and the recursor, as text and, from 5.0 on, as pairs.

`Remote 192.0.2.5 wants 'example.com|A', …`, `[7/1] question for 'example.com|A' from 192.0.2.5`,
`msg="Question" … qname="example.com" qtype="A" remote="192.0.2.5:40000"`. An answer as text names no client:
it is for the one whose question had its task's number.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "dns.question.name")
('dns_query', '192.0.2.5', 'example.com')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.keyvalue import pairs_of
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.traffic import parted, put_transport

_IP = r"[0-9a-fA-F.:\[\]]{2,60}"
_QUESTION = r"'(?P<name>.{1,1024})\|(?P<type>[A-Z0-9]{1,12})'"
_WANTS = re.compile(rf"(?:TCP |UDP )?Remote (?P<ip>{_IP})\S{{0,80}} wants {_QUESTION}")
_TASK = r"(?:\d+ )?\[(?P<task>\d{1,10})(?:/\d{1,10})?\]"
_ASKED = re.compile(rf"{_TASK} question for {_QUESTION} from (?P<ip>{_IP})")
_ANSWERED = re.compile(rf"{_TASK} answer to question {_QUESTION}: .*?\brcode=(?P<rcode>\d{{1,2}})\b")
_MOVED = re.compile(
    rf"(?P<what>AXFR|IXFR)(?:-out zone| of domain) '(?P<name>[^']{{1,1024}})',? "
    rf"(?:client '(?P<client>[^'\s]{{2,60}})', )?(?P<verdict>initiated|transfer \w+|\w+)(?: to| by)?"
    rf":? ?(?P<ip>{_IP})?"
)
_SHUT = re.compile(
    rf"(?:\d+ )?(?:\[\S{{1,20}}\] )?(?:[Ii]gnoring|[Dd]ropping) (?:\w{{1,8}} )?query from (?P<ip>{_IP}),? "
    r"(?P<reason>.{1,300})"
)
_UPDATE = re.compile(
    rf"UPDATE \(\d{{1,6}}\) from (?P<ip>{_IP}) for (?P<name>[^\s:]{{1,1024}}): (?P<reason>.{{1,300}})"
)
_NOTIFY = re.compile(
    rf"Received (?:unauthorized )?NOTIFY for (?P<name>\S{{1,1024}}) from (?P<ip>{_IP}) (?P<reason>.{{1,300}})"
)
_FOREIGN = re.compile(rf"Not authoritative for '(?P<name>[^']{{1,1024}})', sending servfail to (?P<ip>{_IP})")
_CODES = {"0": "NOERROR", "1": "FORMERR", "2": "SERVFAIL", "3": "NXDOMAIN", "4": "NOTIMP", "5": "REFUSED"}
_REFUSALS = ("refus", "not ", "no permission", "denied")
_QUERY, _ANSWER, _FAILED = mark("dns_query"), mark("dns_response"), mark("dns_failed")
_DENIED, _TRANSFER, _SERVER = mark("dns_denied"), mark("dns_transfer"), mark("network_device")
_MOVES = {"denied": _DENIED, "failed": _FAILED}
_LONGEST = 255


def _named(f: Fields, found: re.Match[str]) -> None:
    parts = found.groupdict()
    name = parts.get("name") or ""
    if name:
        f["dns.question.name"] = name[:-1] if len(name) > 1 and name[-1] == "." else name
    if parts.get("type"):
        f["dns.question.type"] = parts["type"]
    if parts.get("reason"):
        f["event.reason"] = parts["reason"]
    _client(f, parts.get("ip") or parts.get("client") or "")


def _client(f: Fields, text: str) -> None:
    put_end(f, "source", *parted(text.rstrip(".:,")))


def _code(f: Fields, code: str) -> None:
    f["dns.response_code"] = _CODES.get(code, code)
    f |= _ANSWER


def pdns(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for pdns_server."""
    found = _WANTS.match(msg)
    if found is not None:
        _named(f, found)
        f |= _QUERY
        return mem.times
    found = _MOVED.match(msg)
    if found is not None:
        _named(f, found)
        f["dns.question.type"] = found["what"]
        f["event.reason"] = msg[:300]
        f |= (
            _DENIED
            if found["verdict"] == "denied"
            else _FAILED
            if found["verdict"] == "failed"
            else _TRANSFER
        )
        return mem.times
    found = _UPDATE.match(msg) or _NOTIFY.match(msg)
    if found is not None:
        _named(f, found)
        f |= _DENIED if any(word in found["reason"].lower() for word in _REFUSALS) else _SERVER
        return mem.times
    found = _FOREIGN.match(msg)
    if found is not None:
        _named(f, found)
        f["dns.response_code"] = "SERVFAIL"
        f |= _FAILED
    return mem.times


def recursor(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for pdns_recursor."""
    if msg[:5] == 'msg="':
        _paired(msg, f)
        return mem.times
    found = _ASKED.match(msg)
    if found is not None:
        _named(f, found)
        f |= _QUERY
        if "source.ip" in f and len(found["name"]) <= _LONGEST:
            mem.keep(f"pdns {mem.host} {found['task']}", {"ip": f["source.ip"], "name": found["name"]})
        return mem.times
    found = _ANSWERED.match(msg)
    if found is not None:
        _named(f, found)
        _code(f, found["rcode"])
        asked = mem.recall(f"pdns {mem.host} {found['task']}")
        if asked and asked["name"] == found["name"]:
            f["source.ip"] = asked["ip"]
        return mem.times
    found = _SHUT.match(msg)
    if found is not None:
        _named(f, found)
        f |= _DENIED
    return mem.times


def _paired(msg: str, f: Fields) -> None:
    pairs = pairs_of(msg)
    if pairs is None:
        return
    said = pairs["msg"].lower()
    name = pairs.get("qname", "")
    if name:
        f["dns.question.name"] = name.rstrip(".") or "."
    if pairs.get("qtype"):
        f["dns.question.type"] = pairs["qtype"]
    _client(f, pairs.get("remote", pairs.get("source", "")))
    put_transport(f, pairs.get("proto", ""))
    if pairs.get("prio"):
        f["log.level"] = pairs["prio"].lower()
    if pairs.get("error"):
        f["event.reason"] = pairs["error"]
    if said == "question":
        f |= _QUERY
    elif said == "answer":
        _code(f, pairs.get("rcode", ""))
    elif "query" in said and said.startswith(("dropping", "ignoring", "refus")):
        f |= _DENIED


_PDNS, _RECURSOR = Program(pdns, "powerdns"), Program(recursor, "powerdns")
_PROGRAMS = {
    "pdns": _PDNS, "pdns_server": _PDNS, "pdns-server": _PDNS, "pdns_recursor": _RECURSOR,
    "pdns-recursor": _RECURSOR,
}  # fmt: skip
FORMATS = (
    Format(
        name="powerdns",
        title="PowerDNS, authoritative server and recursor",
        example=(
            "Nov 20 10:00:00 ns1 pdns_server[77]: Remote 192.0.2.5 wants 'example.com|A', do = 0, "
            "bufsize = 512: packetcache MISS"
        ),
        programs=_PROGRAMS,
    ),
)
