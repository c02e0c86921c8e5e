"""Firewalls that write key=value: what became of a packet, in each maker's words.

FortiGate's stand in `keyvalue`, Sophos' in `keyvalue_sophos`.
"""

from __future__ import annotations

from socterm.parsers.formats.keyvalue_sophos import SFOS, UTM, UTM_WAF, sfos, utm, waf
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.traffic import ALLOWED, DENIED, put_transport

_SONICWALL = frozenset({"sn", "fw", "m", "msg"})
_STOPPED = ("drop", "denied", "block", "reject")
_DEVICE = mark("network_device")


def wall(f: Fields, pairs: dict[str, str]) -> str:
    """Write the verdict and the ends of a line of a firewall known here; its dataset, "" for other lines."""
    if pairs.keys() >= SFOS:
        return sfos(f, pairs)
    if pairs.keys() >= UTM:
        return utm(f, pairs)
    if pairs.keys() >= UTM_WAF:
        return waf(f, pairs)
    if pairs.keys() >= _SONICWALL and pairs.get("id") == "firewall":
        _sonicwall(f, pairs)
        return "sonicwall"
    return ""


def _sonicwall(f: Fields, pairs: dict[str, str]) -> None:
    """Ends are `ADDRESS:PORT:INTERFACE`, the protocol `tcp/http`."""
    for side, name, gate in (("source", "src", "ingress"), ("destination", "dst", "egress")):
        address, _, rest = pairs.get(name, "").partition(":")
        port, _, interface = rest.partition(":")
        put_end(f, side, address, port)
        if interface:
            f[f"observer.{gate}.interface.name"] = interface.partition(":")[0]
    put_transport(f, pairs.get("proto", "").partition("/")[0])
    said = pairs["msg"].lower()
    stopped = any(word in said for word in _STOPPED)
    f |= DENIED if stopped else ALLOWED if said == "connection opened" else _DEVICE
