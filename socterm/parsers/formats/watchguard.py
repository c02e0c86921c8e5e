"""WatchGuard Firebox (Fireware): `SERIAL [MEMBER] (UTC) PROCESS[PID]: msg_id="…" TEXT name="value" …`.

Packets and what proxies let through are `Allow FROM TO LENGTH PROTOCOL … SOURCE DESTINATION PORTS …
(POLICY)`; logins, VPN sessions and attacks are sentences. A name of an interface may hold blanks, so that of
two names with more than one blank between them neither is told.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.web_request import put_host, put_number, put_text, put_url
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.moments import when
from socterm.parsers.traffic import ALLOWED, DENIED, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_ID = ' msg_id="'
_HEAD = re.compile(
    r"(?:(?P<serial>[0-9A-Z]{8,20}) (?:[^\s:(]{1,64} )?)?(?:\((?P<stamp>[\dT:-]{19})\) )?"
    r'(?:(?P<process>[\w-]{2,32})(?:\[(?P<pid>\d{1,10})\])?: )?msg_id="(?P<id>[0-9A-F]{4}-[0-9A-F]{4})" ?'
)
_NAME = re.compile(r"(?:(?P<serial>[0-9A-Z]{8,20}) )?(?:\S{1,64} )?(?P<process>[\w-]{2,32})$")
"""A header's tag, where the serial was taken for a part of it."""
_IP = r"[0-9a-fA-F.:]{2,45}"
_PACKET = re.compile(
    r"(?P<verb>Allow|Deny|Block|Drop|Strip)\w{0,10} (?P<gates>.{1,200}?) (?:(?P<length>\d{1,6}) )?"
    rf"(?P<proto>[a-z][\w-]{{1,12}}|\d{{1,3}}) (?:\d{{1,3}} (?P<ttl>\d{{1,3}}) )?"
    rf"(?P<src>{_IP}) (?P<dst>{_IP})(?: (?P<sport>\d{{1,5}}) (?P<dport>\d{{1,5}}))?(?= |$)"
)
_POLICY = re.compile(r"\((?P<policy>[^()]{1,200})\)\s*$")
_PAIR = re.compile(r'([A-Za-z_]\w{1,40})="([^"]*)"?')
_AUTH = re.compile(
    r"Authentication of (?P<kind>[\w-]{2,20}) user \[(?P<user>[^\]]{1,256})\] from "
    rf"(?P<ip>{_IP}) (?:was )?(?P<verb>accepted|rejected|denied|failed)"
)
_SESSION = re.compile(
    r"(?P<kind>[\w -]{2,40}?) user (?P<user>\S{1,256}) from "
    rf"(?P<ip>{_IP}) (?P<verb>logged in|logged out|log in attempt was rejected|login attempt was rejected)"
)
_TUNNEL = re.compile(
    r"Mobile VPN with (?P<kind>\S{2,10}) user (?P<user>\S{1,256}) logged (?P<verb>in|off|out)\b"
    rf".{{0,20}}?(?:Virtual IP address is (?P<virtual>{_IP}?)\.?(?: |$))?"
    rf"(?:Real IP address is (?P<ip>{_IP}?)\.?)?$"
)
_ATTACK = re.compile(
    rf"(?P<name>[\w /-]{{2,40}} attack)(?: against (?P<dst>{_IP}))? "
    r"from (?P<src>[0-9a-fA-F.:]{1,44}[0-9a-fA-F])\b"
)
_SEEN, _STOPPED, _SCAN = mark("ids_alert"), mark("ids_blocked", "success"), mark("port_scan")
_UP, _DOWN = mark("vpn_connected"), mark("vpn_disconnected")
_LOGGED_OUT, _DEVICE = mark("device_logout"), mark("network_device")
_DEVICES = frozenset({"admin", "management", "status", "device"})
_COUNTS = {
    "sent_bytes": "source.bytes", "rcvd_bytes": "destination.bytes", "sent_pkts": "source.packets",
    "rcvd_pkts": "destination.packets",
}  # fmt: skip
_TEXTS = {
    "src_user": "user.name", "app_name": "network.application", "app_cat_name": "rule.category",
    "cats": "rule.category", "question": "dns.question.name", "record_type": "dns.question.type",
    "reason": "event.reason", "proxy_act": "watchguard.proxy_action", "op": "http.request.method",
    "geo_src": "watchguard.geo_src", "geo_dst": "watchguard.geo_dst", "sig_vers": "rule.version",
}  # fmt: skip
_FOUND = ("signature_name", "virus", "spam_type", "threat_level")
_NOT_FROM_OUTSIDE = "0.0.0.0"  # noqa: S104 - the virtual address of who has none yet


def _pairs(text: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for name, value in _PAIR.findall(text):
        pairs.setdefault(name, value)
    return pairs


def _packet(found: re.Match[str], rest: str, f: Fields) -> None:
    """A packet, or a connection that a proxy looked into."""
    pairs = _pairs(rest[found.end() :])
    gates = found["gates"].split(" ")
    if len(gates) == 2:
        f["observer.ingress.interface.name"], f["observer.egress.interface.name"] = gates
    put_transport(f, found["proto"])
    icmp = found["proto"].startswith(("icmp", "1"))
    put_end(f, "source", found["src"], None if icmp else found["sport"])
    put_end(f, "destination", found["dst"], None if icmp else found["dport"])
    put_number(f, "network.bytes", found["length"] or "")
    for theirs, ours in _COUNTS.items():
        put_number(f, ours, pairs.get(theirs, ""))
    for theirs, ours in _TEXTS.items():
        put_text(f, ours, pairs.get(theirs, ""))
    policy = _POLICY.search(rest)
    if policy is not None:
        f["rule.name"] = policy["policy"]
    allowed = found["verb"] in ("Allow", "Strip")
    f |= ALLOWED if allowed else DENIED
    if "msg" in pairs:
        f["event.reason"] = pairs["msg"]
    path = pairs.get("arg", pairs.get("path", ""))
    if path:
        put_url(f, path)
    put_host(f, pairs.get("dstname", pairs.get("host", "")))
    named = next((pairs[name] for name in _FOUND if pairs.get(name)), "")
    if named:
        f["rule.name"] = named
        put_text(f, "rule.id", pairs.get("signature_id", ""))
        f |= _SEEN if allowed else _STOPPED


def _login(found: re.Match[str], f: Fields) -> None:
    kind = found["kind"].lower()
    user, _, domain = found["user"].partition("@")
    f["user.name"] = user
    put_text(f, "user.domain", domain)
    put_end(f, "source", found["ip"])
    if found["verb"] == "logged out":
        f |= _LOGGED_OUT if kind in _DEVICES else _DOWN
        return
    outcome = "success" if found["verb"] in ("accepted", "logged in") else "failure"
    vpn = any(word in kind for word in ("vpn", "l2tp", "ipsec", "ikev2", "ssl"))
    f |= mark("device_login" if kind in _DEVICES else "vpn_login" if vpn else "app_login", outcome)


def _told(rest: str, f: Fields) -> None:
    """A sentence: a login, a tunnel, an attack, or the device about itself."""
    found = _AUTH.match(rest) or _SESSION.match(rest)
    if found is not None:
        _login(found, f)
        return
    found = _TUNNEL.match(rest)
    if found is not None:
        f["user.name"] = found["user"]
        put_end(f, "source", found["ip"] or "")
        if found["virtual"] and found["virtual"] != _NOT_FROM_OUTSIDE:
            put_end(f, "client", found["virtual"])
        f |= _UP if found["verb"] == "in" else _DOWN
        return
    found = _ATTACK.search(rest)
    if found is not None:
        f["rule.name"] = found["name"].strip()
        put_end(f, "source", found["src"])
        put_end(f, "destination", found["dst"] or "")
        f |= _SCAN if "scan" in found["name"].lower() else _SEEN
        return
    f |= _DEVICE


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    if _ID not in text[:160] and text[:8] != _ID[1:]:
        return None
    head = _HEAD.match(text)
    if head is None:
        return None
    rest = text[head.end() :]
    tag = _NAME.match(str(f.get("process.name", "")))
    process = head["process"] or (tag["process"] if tag is not None else "")
    serial = head["serial"] or (tag["serial"] if tag is not None else "")
    if process:
        f["process.name"] = process
    if head["pid"]:
        f["process.pid"] = number(head["pid"])
    if serial:
        f["observer.serial_number"] = serial
    f["event.code"], f["message"] = head["id"], rest
    packet = _PACKET.match(rest)
    if packet is None:
        _told(rest, f)
        dataset = "watchguard.event"
    else:
        _packet(packet, rest, f)
        dataset = "watchguard.proxy" if "url.domain" in f or "url.path" in f else "watchguard.traffic"
    f["event.dataset"] = dataset
    ts = when(reading.clock, f"{head['stamp']}Z") if head["stamp"] else None
    return ts, LOGSOURCES[dataset], 1


FORMATS = (
    Format(
        name="watchguard",
        title="WatchGuard Firebox (Fireware)",
        example=(
            'D0EF00000000 (2026-11-20T10:00:00) firewall: msg_id="3000-0148" Deny '
            "0-External Firebox 40 tcp 20 64 203.0.113.9 192.0.2.1 40000 23 offset 5 S 1234 win 4 "
            "(Unhandled External Packet-00)"
        ),
        line=_line,
        begins="m(0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ),
)
