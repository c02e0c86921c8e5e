"""Meraki's event log: logins to networks and VPNs, leases, rogue access points, links, filtered pages."""

from __future__ import annotations

import re

from socterm.parsers.formats.leases import lease_event
from socterm.parsers.formats.web_request import put_text, put_url
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.traffic import DENIED, mac_of, parted

_TYPE = re.compile(r"type= ?(?P<type>\w{2,64})")
_PEER = re.compile(r"Peer IP=(?P<ip>[0-9a-fA-F.:]{2,45}?)\s*Peer port[\[= ](?P<port>\d{1,5})")
_USER = re.compile(r"\bUser\[(?P<user>[^\]]{1,256})\]|\buser[ =](?P<other>[^\s,'\"]{1,256})")
_CLIENT_VPN = re.compile(
    r"client_vpn_(?P<verb>connect|disconnect) user id '(?P<user>.{0,256})' local ip (?P<local>\S{2,45}) "
    r"(?:re)?connected from (?P<ip>\S{2,45})"
)
_LEASE = re.compile(
    r"dhcp lease of ip (?P<ip>\S{2,45}) from server mac \S{11,17} for client mac (?P<mac>\S{11,17})"
    r"(?: with hostname (?P<name>\S{1,255}))?"
)
_NO_LEASE = re.compile(r"dhcp no offers for mac (?P<mac>\S{11,17})")
_LINK = re.compile(
    r"(?i)port \S{1,12} (?:status changed|changed STP role)|failover to |Site-to-site VPN|"
    r"(?:cellular|wan\d?|uplink|primary)\b.{0,40}\b(?:up|down)$"
)
_LOGIN_OK, _LOGIN_FAILED = mark("vpn_login", "success"), mark("vpn_login", "failure")
_NET_OK, _NET_FAILED = mark("network_login", "success"), mark("network_login", "failure")
_UP, _DOWN = mark("vpn_connected"), mark("vpn_disconnected")
_ALERT, _LINKED, _DEVICE = mark("ids_alert"), mark("link_changed"), mark("network_device")
_TYPES: dict[str, Fields] = {
    "anyconnect_vpn_auth_success": _LOGIN_OK,
    "anyconnect_vpn_auth_failure": _LOGIN_FAILED,
    "anyconnect_vpn_connect": _UP,
    "anyconnect_vpn_disconnect": _DOWN,
    "8021x_eap_success": _NET_OK,
    "8021x_eap_failure": _NET_FAILED,
    "8021x_auth": _NET_OK,
    "splash_auth": _NET_OK,
    "vpn_connectivity_change": _LINKED,
    "vpn_registry_change": _LINKED,
    "rogue_ssid_detected": _ALERT,
    "ssid_spoofing_detected": _ALERT,
    "device_packet_flood": _ALERT,
    "packet_flood": _ALERT,
    "mac_spoofing_attack": _ALERT,
    "multiple_dhcp_servers_detected": _ALERT,
}
_KEPT = {
    "identity": "user.name", "ssid": "network.name", "reason": "event.reason", "bssid": "meraki.bssid",
    "radio": "meraki.radio", "channel": "meraki.channel", "rssi": "meraki.rssi", "port": "meraki.port",
    "peer_ident": "meraki.peer", "connectivity": "meraki.connectivity",
}  # fmt: skip


def device_event(rest: str, pairs: dict[str, str], f: Fields) -> None:
    """Write what an event tells; `pairs` are those of its text."""
    kind = _TYPE.search(rest)
    if kind is not None:
        _typed(kind["type"], rest, pairs, f)
        return
    vpn = _CLIENT_VPN.match(rest)
    if vpn is not None:
        put_text(f, "user.name", vpn["user"])
        put_end(f, "source", vpn["ip"])
        put_end(f, "client", vpn["local"])
        f |= _UP if vpn["verb"] == "connect" else _DOWN
    elif rest.startswith("content_filtering_block"):
        _filtered(pairs, f)
    elif rest.startswith("dhcp "):
        _lease(rest, f)
    else:
        f |= _LINKED if _LINK.search(rest) else _DEVICE


def _typed(kind: str, rest: str, pairs: dict[str, str], f: Fields) -> None:
    f["meraki.event"] = kind
    for theirs, ours in _KEPT.items():
        put_text(f, ours, pairs.get(theirs, ""))
    peer = _PEER.search(rest)
    if peer is not None:
        put_end(f, "source", peer["ip"], peer["port"])
    if kind.startswith("anyconnect"):
        user = _USER.search(rest)
        if user is not None:
            f["user.name"] = user["user"] or user["other"]
    if "peer_contact" in pairs:
        put_end(f, "destination", *parted(pairs["peer_contact"]))
    for name in ("src", "client_mac", "device"):
        mac = mac_of(pairs.get(name, ""))
        if mac:
            f["source.mac"] = mac
            break
    known = _TYPES.get(kind, _DEVICE)
    if known is _ALERT:
        f["rule.name"] = kind
    f |= known


def _filtered(pairs: dict[str, str], f: Fields) -> None:
    if pairs.get("url"):
        put_url(f, pairs["url"])
    put_end(f, "destination", *parted(pairs.get("server", "")))
    client = pairs.get("client_ip", pairs.get("src", ""))
    put_end(f, "source", *parted(client))
    mac = mac_of(pairs.get("client_mac", ""))
    if mac:
        f["source.mac"] = mac
    put_text(f, "rule.category", pairs.get("category0", ""))
    f |= DENIED


def _lease(rest: str, f: Fields) -> None:
    lease = _LEASE.match(rest)
    if lease is not None:
        lease_event(f, "DHCPACK", address=lease["ip"], mac=lease["mac"], name=lease["name"] or "")
        return
    refused = _NO_LEASE.match(rest)
    if refused is not None:
        f["source.mac"] = mac_of(refused["mac"])
        f |= mark("dhcp_denied")
    else:
        f |= _DEVICE
