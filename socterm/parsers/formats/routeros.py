"""MikroTik RouterOS: `TOPIC,TOPIC message`, behind a syslog header or bare.

User names are the peer's text and may hold blanks: the address is the one behind the last ` from `.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.traffic import ALLOWED, DENIED, mac_of, parted, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_TOPICS = re.compile(r"(?P<topics>[a-z][a-z0-9-]{1,20}(?:,!?[a-z][a-z0-9-]{1,20}){1,5}):? (?=\S)")
_KNOWN = frozenset(
    (
        "account", "bgp", "bridge", "caps", "certificate", "ddns", "dhcp", "dns", "dot1x", "e-mail",
        "firewall", "hotspot", "interface", "ipsec", "l2tp", "lte", "ntp", "ospf", "ovpn", "ppp",
        "pppoe", "pptp", "radius", "route", "script", "smb", "snmp", "ssh", "sstp", "store", "stp",
        "system", "telephony", "upnp", "vrrp", "watchdog", "web-proxy", "wireguard", "wireless",
        "wifi",
    )
)  # fmt: skip
"""Topics that name a part of RouterOS; one of them must be there."""
_LEVELS = frozenset({"info", "warning", "error", "critical", "debug"})
_PACKET = re.compile(
    r"(?:(?P<prefix>.{1,64}?) )?(?P<chain>[\w-]{1,64}): in:(?P<in>\S{1,64}|\(unknown \d{1,3}\)) "
    r"out:(?P<out>\S{1,64}|\(unknown \d{1,3}\)),"
)
_FLOW = re.compile(
    r"proto (?P<proto>[\w-]{1,16})(?: \((?P<detail>[^()]{1,60})\))?, (?P<source>[0-9a-fA-F.:\[\]]{2,64})->"
    r"(?P<target>[0-9a-fA-F.:\[\]]{2,64})(?:,|$)"
)
_STATE = re.compile(r"connection-state:(?P<state>[\w,-]{1,40}?)(?:,\w*nat)? ")
_LENGTH = re.compile(r", len (?P<length>\d{1,6})")
_SRC_MAC = re.compile(r"src-mac (?P<mac>[0-9a-fA-F:]{17})")
_LOGIN = re.compile(
    r"user (?P<user>.{0,128}) logged (?P<what>in|out)(?: from (?P<ip>\S{2,64}))?"
    r"(?: via (?P<via>[\w. -]{1,32}))?$"
)
_LEASE = re.compile(
    r"(?P<server>\S{1,64}) (?P<verb>assigned|deassigned) (?P<ip>[\d.]{7,15}) "
    r"(?:to|for|from) (?P<mac>[0-9A-F:]{17})(?: (?P<name>\S{1,128}))?"
)
_LINK = re.compile(r"(?P<name>\S{1,64}) link (?P<state>up|down)")
_BY = re.compile(r" (?:added|changed|removed|moved) by (?P<user>\S{1,128})$")
_DROPS = re.compile(r"drop|deny|block|reject|ban|blacklist", re.IGNORECASE)
_ACCEPTS = re.compile(r"accept|allow|permit", re.IGNORECASE)

_LOGGED, _DEVICE = mark("packet_logged"), mark("network_device")
_LOGIN_OK, _LOGIN_BAD = mark("device_login", "success"), mark("device_login", "failure")
_LEFT, _CHANGED, _LINKED = mark("device_logout"), mark("device_changed"), mark("link_changed")
_LEASED = mark("dhcp_lease")
_FAILURE = "login failure for user "


def routeros(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for a message that somebody says is RouterOS's."""
    _read(msg, f)
    return mem.times


def _line(text: str, f: Fields, reading: Reading) -> Found | None:  # noqa: ARG001 - a reader's signature
    """A message by its topics; what stands before it is read as any syslog header, elsewhere."""
    return (None, LOGSOURCES[f["event.dataset"]], 1) if _read(text, f) else None


def _read(text: str, f: Fields) -> bool:
    found = _TOPICS.match(text)
    if found is None:
        return False
    topics = found["topics"].split(",")
    if _KNOWN.isdisjoint(topics):
        return False
    message = text[found.end() :]
    f["event.dataset"] = "mikrotik"
    f["message"] = message
    f["mikrotik.topics"] = tuple(topics)
    level = next((topic for topic in reversed(topics) if topic in _LEVELS), "")
    if level:
        f["log.level"] = level
    if "firewall" in topics and _packet(message, f):
        f["event.dataset"] = "mikrotik.firewall"
        return True
    f.update(_DEVICE)
    _said(message[:2000], topics, f)
    return True


def _packet(message: str, f: Fields) -> bool:
    where, flow = _PACKET.match(message), _FLOW.search(message)
    if where is None or flow is None:
        return False
    for key, name in (("in", "ingress"), ("out", "egress")):
        if not where[key].startswith("("):
            f[f"observer.{name}.interface.name"] = where[key]
    put_transport(f, flow["proto"])
    put_end(f, "source", *parted(flow["source"]))
    put_end(f, "destination", *parted(flow["target"]))
    if flow["detail"] and flow["proto"] == "TCP":
        f["mikrotik.tcp.flags"] = tuple(flow["detail"].split(","))
    f["mikrotik.chain"] = where["chain"]
    prefix = (where["prefix"] or "").strip()
    if prefix:
        f["rule.name"] = prefix
    length, mac, state = _LENGTH.search(message), _SRC_MAC.search(message), _STATE.search(message)
    if length is not None:
        f["network.bytes"] = int(length["length"])
    if mac is not None:
        f["source.mac"] = mac_of(mac["mac"])
    if state is not None:
        f["mikrotik.connection_state"] = state["state"]
    said = prefix or where["chain"]
    f.update(DENIED if _DROPS.search(said) else ALLOWED if _ACCEPTS.search(said) else _LOGGED)
    return True


def _said(message: str, topics: list[str], f: Fields) -> None:
    """Logins, changes, leases and links."""
    if message.startswith(_FAILURE):
        user, by, rest = message[len(_FAILURE) :].rpartition(" from ")
        if not by:
            user, _, rest = message[len(_FAILURE) :].rpartition(" via ")
        address, _, via = rest.partition(" via ")
        if user:
            f["user.name"] = user
        if by:
            put_end(f, "source", address)
        if via:
            f["mikrotik.via"] = via
        f.update(_LOGIN_BAD)
        return
    login = _LOGIN.match(message)
    if login is not None:
        f["user.name"] = login["user"]
        if login["ip"]:
            put_end(f, "source", login["ip"])
        if login["via"]:
            f["mikrotik.via"] = login["via"]
        f.update(_LOGIN_OK if login["what"] == "in" else _LEFT)
        return
    lease = _LEASE.match(message) if "dhcp" in topics else None
    if lease is not None:
        put_end(f, "source", lease["ip"])
        f["source.mac"] = mac_of(lease["mac"])
        if lease["name"]:
            f["dhcp.client_name"] = lease["name"]
        f.update(_LEASED)
        return
    link, changed = _LINK.match(message), _BY.search(message)
    if link is not None:
        f["observer.ingress.interface.name"] = link["name"]
        f["event.reason"] = f"link {link['state']}"
        f.update(_LINKED)
    elif changed is not None:
        f["user.name"] = changed["user"]
        f.update(_CHANGED)


FORMATS = (
    Format(
        name="mikrotik",
        title="MikroTik RouterOS",
        example=(
            "Nov 20 10:00:00 rb1 firewall,info drop input: in:ether1 out:(unknown 0), proto TCP (SYN), "
            "203.0.113.9:40000->192.0.2.1:23, len 60"
        ),
        programs={"routeros": Program(routeros, "mikrotik", varies=True)},
        line=_line,
        begins="abcdefhilnoprstuvw",
        order=60,
    ),
)
