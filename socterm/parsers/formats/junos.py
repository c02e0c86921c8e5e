"""Juniper SRX: sessions (RT_FLOW) and what its screens notice (RT_IDS), as structured data or as text.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.traffic import ALLOWED, DENIED, put_transport

_DATA = "log.syslog.structured_data.junos@"
_TEXTS = {
    "policy-name": "rule.name", "source-zone-name": "observer.ingress.zone",
    "destination-zone-name": "observer.egress.zone", "reason": "event.reason", "username": "user.name",
    "packet-incoming-interface": "observer.ingress.interface.name", "attack-name": "rule.name",
}  # fmt: skip
_COUNTS = {
    "bytes-from-client": "source.bytes", "bytes-from-server": "destination.bytes",
    "packets-from-client": "source.packets", "packets-from-server": "destination.packets",
}  # fmt: skip
_NOTHING = frozenset({"", "N/A", "UNKNOWN", "None"})
_FLOW = re.compile(
    r"(?:APPTRACK|RT_FLOW)_SESSION_(?P<what>\w{4,6})(?:_LS)?: "
    r"session (?:closed (?P<reason>[^:]{1,60}): |\w{4,8} )"
    r"(?P<src>[0-9a-fA-F.:]{2,45})/(?P<sport>\d{1,5})->(?P<dst>[0-9a-fA-F.:]{2,45})/(?P<dport>\d{1,5}) "
)
_DENIED = re.compile(r"(?P<proto>\d{1,3})\(\d{1,3}\) (?P<rule>\S{1,128}) (?P<from>\S{1,64}) (?P<to>\S{1,64})")
_MADE = re.compile(r" (?P<proto>\d{1,3}) (?P<rule>\S{1,128}) (?P<from>\S{1,64}) (?P<to>\S{1,64}) \d{1,12}\b")
_SPENT = re.compile(
    r" (?P<packets>\d{1,12})\((?P<bytes>\d{1,15})\) (?P<back>\d{1,12})\((?P<bytes_back>\d{1,15})\)"
)
_SCREEN = re.compile(
    r"RT_SCREEN_\w{2,20}: (?P<name>[^!]{1,80})! "
    r"source: (?P<src>[0-9a-fA-F.:]{2,45}?)(?::(?P<sport>\d{1,5}))?, "
    r"destination: (?P<dst>[0-9a-fA-F.:]{2,45}?)(?::(?P<dport>\d{1,5}))?,"
)
_ENDED, _SEEN, _DEVICE = mark("connection_ended"), mark("ids_alert"), mark("network_device")
_ENDS = {"DENY": DENIED, "CREATE": ALLOWED, "CLOSE": _ENDED}


def junos(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for RT_FLOW and RT_IDS."""
    told = {
        name.rpartition(".")[2]: value
        for name, value in f.items()
        if name.startswith(_DATA) and isinstance(value, str)
    }
    if told.get("source-address"):
        _structured(told, str(f.get("log.syslog.msgid", "")), f)
    else:
        _text(msg[:4096], f)
    return mem.times


def _structured(told: dict[str, str], msgid: str, f: Fields) -> None:
    put_end(f, "source", told["source-address"], told.get("source-port"))
    put_end(f, "destination", told.get("destination-address", ""), told.get("destination-port"))
    put_transport(f, told.get("protocol-id", ""))
    for theirs, ours in _TEXTS.items():
        if told.get(theirs, "") not in _NOTHING:
            f[ours] = told[theirs].rstrip("!")
    for theirs, ours in _COUNTS.items():
        value = number(told.get(theirs, ""), 18)
        if value is not None:
            f[ours] = value
    if "_SESSION_" in msgid:
        f.update(_ENDS.get(msgid.partition("_SESSION_")[2].removesuffix("_LS"), _DEVICE))
    else:
        f.update(_SEEN if msgid.startswith(("RT_SCREEN", "IDP_")) else _DEVICE)


def _text(msg: str, f: Fields) -> None:
    flow = _FLOW.match(msg)
    if flow is None:
        screen = _SCREEN.match(msg)
        f.update(_DEVICE if screen is None else _SEEN)
        if screen is not None:
            f["rule.name"] = screen["name"]
            put_end(f, "source", screen["src"], screen["sport"])
            put_end(f, "destination", screen["dst"], screen["dport"])
        return
    put_end(f, "source", flow["src"], flow["sport"])
    put_end(f, "destination", flow["dst"], flow["dport"])
    if flow["reason"]:
        f["event.reason"] = flow["reason"]
    f.update(_ENDS.get(flow["what"], _DEVICE))
    rest = msg[flow.end() :]
    policy = _DENIED.search(rest) or _MADE.search(rest)
    if policy is not None:
        put_transport(f, policy["proto"])
        f["rule.name"] = policy["rule"]
        f["observer.ingress.zone"], f["observer.egress.zone"] = policy["from"], policy["to"]
    spent = _SPENT.search(rest)
    if spent is not None:
        f["source.packets"], f["source.bytes"] = int(spent["packets"]), int(spent["bytes"])
        f["destination.packets"], f["destination.bytes"] = int(spent["back"]), int(spent["bytes_back"])


_JUNOS = Program(junos, "junos.flow")
FORMATS = (
    Format(
        name="junos",
        title="Juniper SRX firewall (Junos)",
        example=(
            "Nov 20 10:00:00 srx1 RT_FLOW: RT_FLOW_SESSION_DENY: session denied "
            "203.0.113.9/40000->192.0.2.1/3389 0x0 None 6(0) deny-all untrust trust UNKNOWN UNKNOWN N/A(N/A) "
            "ge-0/0/0.0 UNKNOWN Denied by policy"
        ),
        programs={"rt_flow": _JUNOS, "rt_ids": _JUNOS},
    ),
)
