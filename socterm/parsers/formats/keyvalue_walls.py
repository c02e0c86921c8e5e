"""Firewalls that write key=value: what became of a packet, in each maker's words.

FortiGate's stand in `keyvalue`.
"""

from __future__ import annotations

from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.traffic import ALLOWED, DENIED, put_transport

_SOPHOS = frozenset({"log_type", "log_component", "log_subtype"})
_SONICWALL = frozenset({"sn", "fw", "m", "msg"})
_SOPHOS_SAYS = {
    "Denied": DENIED, "Drop": DENIED, "Dropped": DENIED, "Invalid": DENIED, "Allowed": ALLOWED,
}  # fmt: skip
_STOPPED = ("drop", "denied", "block", "reject")
_DEVICE = mark("network_device")


def wall(f: Fields, pairs: dict[str, str]) -> str:
    """Write the verdict and the ends of a line of a firewall known here; its dataset, "" for other lines."""
    if pairs.keys() >= _SOPHOS and pairs["log_type"] == "Firewall":
        f |= _SOPHOS_SAYS.get(pairs["log_subtype"], _DEVICE)
        put_transport(f, pairs.get("protocol", ""))
        return "sophos.firewall"
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
