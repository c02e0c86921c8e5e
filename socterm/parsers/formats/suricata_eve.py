"""Suricata's EVE: one JSON object an event, told apart by `event_type`.

What has an ECS name gets it, all else keeps Suricata's under `suricata.`. An alert carries the transaction it
matched in (http, dns, tls, …): that is read the same way as the transaction's own event. `message` is the
signature's text. Source: Suricata's user guide, "EVE JSON Format", 4.x to 8.x.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "destination.ip")
('dns_query', '192.0.2.5', '192.0.2.53')
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socterm.event import LogSource
from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.flat import flatten, put
from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.suricata_more import MORE
from socterm.parsers.formats.suricata_parts import PARTS, alert
from socterm.parsers.marks import Fields, mark
from socterm.parsers.moments import fine
from socterm.parsers.traffic import DENIED, TRANSPORTS, mac_of, put_transport
from socterm.taxonomy.logsources import LOGSOURCES
from socterm.taxonomy.network import EVE_TYPES

_PROTOCOL = mark("network_protocol")
_ACTIONS: dict[str, Fields] = {
    "alert": {},
    "dns": mark("dns_query"),
    "http": mark("http_request"),
    "http2": mark("http_request"),
    "tls": mark("tls_session"),
    "flow": mark("network_flow"),
    "netflow": mark("network_flow"),
    "fileinfo": mark("file_seen"),
    "anomaly": mark("network_anomaly"),
    "drop": DENIED,
    "stats": mark("sensor_stats"),
    "dhcp": mark("dhcp_request"),
}


def _heads() -> dict[str, tuple[Fields, tuple[LogSource, ...]]]:
    return {
        kind: (
            {"event.dataset": f"suricata.{kind}"} | _ACTIONS.get(kind, _PROTOCOL),
            LOGSOURCES[f"suricata.{kind}"],
        )
        for kind in (*EVE_TYPES, "dns", "http")
    }


_TIMED = frozenset({"flow", "netflow"})
_HEADS = _heads()
_OTHER: tuple[Fields, tuple[LogSource, ...]] = (
    {"event.dataset": "suricata"} | _PROTOCOL,
    LOGSOURCES["suricata"],
)


_SIDES = (("src_ip", "source.ip", "source"), ("dest_ip", "destination.ip", "destination"))


def _ends(entry: dict[str, Any], f: Fields) -> None:
    """Addresses, ports and the protocol: every event but the sensor's own has them."""
    get = entry.get
    for key, address, name in (
        ("src_ip", "source.ip", "source"),
        ("dest_ip", "destination.ip", "destination"),
    ):
        token = get(key)
        if token.__class__ is str:
            found, value = known_peers.get(token) or peer_of(token)
            if found == "source.ip":
                f[address] = value
            elif found:
                f[name + found[6:]] = value
    port = get("src_port")
    if port.__class__ is int and 0 <= port < 65_536:
        f["source.port"] = port
    port = get("dest_port")
    if port.__class__ is int and 0 <= port < 65_536:
        f["destination.port"] = port
    proto = get("proto")
    if proto.__class__ is str:
        known = TRANSPORTS.get(proto)
        if known is not None:
            f.update(known)
        else:
            put_transport(f, proto)


def _ether(value: Any, f: Fields) -> None:
    if isinstance(value, dict):
        for key, name in (("src_mac", "source.mac"), ("dest_mac", "destination.mac")):
            mac = value.get(key)
            if isinstance(mac, str) and mac_of(mac):
                f[name] = mac_of(mac)


_LEFT_OUT = frozenset(
    (
        "timestamp", "event_type", "src_ip", "dest_ip", "src_port", "dest_port", "proto", "payload",
        "payload_printable", "packet", "packet_info", "stream", "pkt_src", "stats", "tx_id", "tx_guessed",
    )
)  # fmt: skip
"""Keys that are read before the others, or not kept: payloads and packets stay in the raw line."""
_NAMES = {
    "app_proto": "network.protocol",
    "community_id": "network.community_id",
    "in_iface": "observer.ingress.interface.name",
    "vlan": "network.vlan.id",
    "host": "observer.name",
    "flow_id": "suricata.flow_id",
}
_READERS: dict[str, Callable[[Any, Fields], None]] = {"ether": _ether, "alert": alert, **PARTS, **MORE}


def eve(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    """Reads an object with an `event_type` and a `timestamp` as Suricata writes them; None for any other."""
    kind, stamp = entry.get("event_type"), entry.get("timestamp")
    if kind.__class__ is not str or stamp.__class__ is not str:
        return None
    head = _HEADS.get(kind)
    if head is None:
        if "flow_id" not in entry or "src_ip" not in entry:
            return None
        head = _OTHER
    elif "src_ip" not in entry and "flow_id" not in entry and kind not in entry:
        return None
    ts = fine(reading.clock, stamp)
    if ts is None:
        return None
    fields, logsources = head
    f.update(fields)
    _ends(entry, f)
    for key, value in entry.items():
        name = _NAMES.get(key)
        if name is not None:
            if value.__class__ is str:
                f[name] = value
            else:
                put(f, name, value)
        elif key in _LEFT_OUT:
            continue
        elif (part := _READERS.get(key)) is not None:
            part(value, f)
        elif value.__class__ is dict:
            flatten(value, f, f"suricata.{key[:64]}.", 2)
        else:
            put(f, f"suricata.{key[:64]}", value)
    if kind in _TIMED and "event.start" in f:
        begun = fine(reading.clock, f["event.start"])
        ended = fine(reading.clock, f["event.end"]) if "event.end" in f else ts
        if begun is not None and ended is not None and ended >= begun:
            f["event.duration"] = (ended - begun) * 1000
    return ts, logsources, 1


FORMATS = (
    Format(
        name="suricata",
        title="Suricata EVE JSON",
        example=(
            '{"timestamp":"2026-11-20T10:00:00.000001+0000","flow_id":42,"event_type":"dns","src_ip":"192.0.2.5",'
            '"src_port":40000,"dest_ip":"192.0.2.53","dest_port":53,"proto":"UDP","dns":{"type":"query","id":7,'
            '"rrname":"example.com","rrtype":"A","tx_id":0}}'
        ),
        object=eve,
        keys=(frozenset({"event_type"}),),
        order=20,
    ),
)
