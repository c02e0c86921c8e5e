"""What all DHCP servers tell: who asked for an address, and which one it got.

The client is the source: `source.ip` its address, `source.mac` its hardware address. The name it gives itself
is `dhcp.client_name`, for it is free to choose it.
"""

from __future__ import annotations

from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.traffic import mac_of

_REQUEST = mark("dhcp_request")
_LEASE = mark("dhcp_lease")
_DENIED = mark("dhcp_denied")

VERBS: dict[str, Fields] = {
    "DHCPDISCOVER": _REQUEST,
    "DHCPREQUEST": _REQUEST,
    "DHCPINFORM": _REQUEST,
    "DHCPOFFER": _LEASE,
    "DHCPACK": _LEASE,
    "DHCPRELEASE": _LEASE,
    "DHCPDECLINE": _DENIED,
    "DHCPNAK": _DENIED,
    "BOOTREQUEST": _REQUEST,
    "BOOTREPLY": _LEASE,
    "DHCPSOLICIT": _REQUEST,
    "DHCPADVERTISE": _LEASE,
    "DHCPREPLY": _LEASE,
    "DHCPCONFIRM": _REQUEST,
    "DHCPRENEW": _REQUEST,
    "DHCPREBIND": _REQUEST,
    "RTR-SOLICIT": _REQUEST,
    "RTR-ADVERT": _LEASE,
}
"""Message type → what it tells."""


def lease_event(
    f: Fields, verb: str, *, address: str = "", mac: str = "", name: str = "", interface: str = ""
) -> None:
    """Write one DHCP message into the fields; a verb nobody knows leaves them alone."""
    known = VERBS.get(verb)
    if known is None:
        return
    f["dhcp.message"] = verb
    if address:
        put_end(f, "source", address)
        f.pop("source.domain", None)
    hardware = mac_of(mac) if mac else ""
    if hardware:
        f["source.mac"] = hardware
    elif mac:
        f["dhcp.client_id"] = mac
    if name:
        f["dhcp.client_name"] = name
    if interface:
        f["observer.ingress.interface.name"] = interface
    f.update(known)
