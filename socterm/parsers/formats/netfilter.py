"""Packets logged by iptables and nftables, and by what is built on them: ufw, firewalld, Shorewall, UniFi.

`PREFIX IN=eth0 OUT= MAC=… SRC=… DST=… LEN=… PROTO=TCP SPT=… DPT=… SYN URGP=0`. The prefix is the
administrator's own; what became of the packet follows from the words in it alone.
"""

from __future__ import annotations

import re

from socterm.parsers.format import Found, Reading
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.traffic import ALLOWED, DENIED, REJECTED, mac_of, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_LOGGED = mark("packet_logged")
_VERDICT = re.compile(
    r"(?P<rejected>REJECT)|(?P<denied>BLOCK|DROP|DENY|DENIED|REFUSE|BAN\b|BANNED|-D\b)"
    r"|(?P<allowed>ALLOW|ACCEPT|PERMIT|PASS\b|PASSED|-A\b|-RET\b)"
)
_UBIQUITI = re.compile(r"\[(?P<name>[\w .-]{1,64})-(?P<number>\d{1,10}|default)-(?P<verdict>[ADR])\]$")
_UNIFI = re.compile(r"\[(?P<name>[\w .-]{1,64})-(?P<verdict>[ADR]|RET)-(?P<number>\d{1,10})\]")
_UPTIME = re.compile(r"\[ {0,7}\d{1,10}\.\d{6}\] ?")
_PREFIX = 160
"""Characters a prefix has room for: netfilter's own limit is 128, the kernel's time stands before it."""
_VERDICTS = {"A": ALLOWED, "RET": ALLOWED, "D": DENIED, "R": REJECTED}
_WORDS = {"rejected": REJECTED, "denied": DENIED, "allowed": ALLOWED}
_FLAGS = frozenset({"SYN", "ACK", "FIN", "RST", "PSH", "URG", "ECE", "CWR"})
_FRAGMENT = frozenset({"DF", "MF", "CE"})
_PLAIN = {
    "IN": "observer.ingress.interface.name",
    "OUT": "observer.egress.interface.name",
    "PHYSIN": "iptables.input_port",
    "PHYSOUT": "iptables.output_port",
    "MARK": "iptables.mark",
    "TOS": "iptables.tos",
    "DESCR": "rule.description",
}
_NUMBERS = {
    "LEN": "network.bytes",
    "TTL": "iptables.ttl",
    "HOPLIMIT": "iptables.ttl",
    "TYPE": "iptables.icmp.type",
    "CODE": "iptables.icmp.code",
    "UID": "user.id",
    "GID": "group.id",
    "SPI": "iptables.spi",
}
_REQUEST = ' "'
"""A quote before `IN=`: other programs' lines, in which a client wrote what looks like a packet."""
_kept: dict[str, Fields] = {}
"""A pure memo of `_prefix`: administrators write a handful of them."""


def packet(msg: str, f: Fields) -> bool:
    """Read a packet's line, without any syslog header; False, with `f` untouched, if it is none."""
    at = msg.find("IN=", 0, _PREFIX)
    if at < 0 or " OUT=" not in msg or " SRC=" not in msg:
        return False
    prefix = msg[:at]
    known = _kept.get(prefix)
    if known is None:
        known = _prefix(prefix)
    body, _, _ = msg[at:].partition(" [")
    values, flags = _values(body)
    if "PROTO" not in values or "DST" not in values or "SRC" not in values:
        return False
    f["event.dataset"] = "iptables"
    f.update(known)
    _put(values, f)
    if flags:
        _put_flags(flags, f)
    return True


def _values(body: str) -> tuple[dict[str, str], list[str]]:
    """The line's `KEY=value` by key, the first of each, and what stands there without a value."""
    values: dict[str, str] = {}
    flags: list[str] = []
    for word in body.split():
        key, equals, value = word.partition("=")
        if equals:
            values.setdefault(key, value)
        else:
            flags.append(word)
    return values, flags


def _put(values: dict[str, str], f: Fields) -> None:
    put_end(f, "source", values["SRC"], values.get("SPT"))
    put_end(f, "destination", values["DST"], values.get("DPT"))
    put_transport(f, values["PROTO"])
    f["network.type"] = "ipv6" if ":" in values["SRC"] else "ipv4"
    for key, name in _PLAIN.items():
        value = values.get(key)
        if value:
            f[name] = value.strip('"')
    for key, name in _NUMBERS.items():
        value = values.get(key)
        if value and value.isdecimal() and len(value) <= 10:
            f[name] = int(value)
    if not values.get("OUT"):
        f["network.direction"] = "ingress"
    elif not values.get("IN"):
        f["network.direction"] = "egress"
    mac = values.get("MAC", "")
    if len(mac) >= 35:
        f["destination.mac"], f["source.mac"] = mac_of(mac[:17]), mac_of(mac[18:35])


def _put_flags(words: list[str], f: Fields) -> None:
    flags = tuple(word for word in words if word in _FLAGS)
    if flags:
        f["iptables.tcp.flags"] = flags
    fragment = tuple(word for word in words if word in _FRAGMENT)
    if fragment:
        f["iptables.fragment_flags"] = fragment
    for word in words:
        if word.startswith("FRAG:"):
            offset = number(word[5:], 5)
            if offset is not None:
                f["iptables.fragment_offset"] = offset


def _prefix(prefix: str) -> Fields:
    """What the administrator's prefix says: the rule's name, and whether it let the packet through."""
    text = prefix
    uptime = _UPTIME.match(text)
    if uptime is not None:
        text = text[uptime.end() :]
    text = text.strip()
    found: Fields = {}
    named = _UBIQUITI.match(text) or _UNIFI.match(text)
    if named is not None:
        found = {"rule.name": named["name"], "rule.id": named["number"]} | _VERDICTS[named["verdict"]]
    else:
        word = _VERDICT.search(text.upper())
        found = dict(_WORDS[word.lastgroup] if word is not None and word.lastgroup else _LOGGED)
        name = text.strip("[]:* ")
        if name:
            found["rule.name"] = name
    if len(_kept) >= 1024:
        _kept.clear()
    _kept[prefix] = found
    return found


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """A packet's line whose header names no program (ulogd writes such), or one without any header."""
    at = text.find("IN=", 0, _PREFIX)
    if at < 0 or text[0] in "<{" or _REQUEST in text[:at] or (at and reading.clock.read(text)):
        return None
    if not packet(text, f):
        return None
    tag = f.get("process.name")
    if tag is not None and not at and "process.pid" not in f:
        f.update(_prefix(tag))  # `DENY: IN=…`: what looks like a program is the rule's prefix
        del f["process.name"]
    return None, LOGSOURCES["iptables"], 1
