"""Cisco Meraki (MX, MR, MS): `EPOCH.NANOSECONDS NAME KIND …`, with or without a syslog header before it.

Kinds are flows (from firmware 18.1 on: firewall, vpn_firewall, …), urls, ids-alerts and security_event,
ip_flow_start and ip_flow_end, events and airmarshal_events. What the device saw is text of strangers at
times: SSIDs, user agents, URLs. What the device says itself stands before an agent and behind an SSID.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('connection_denied', 'success', '192.168.1.186')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.meraki_events import device_event
from socterm.parsers.formats.web_request import put_text, put_url
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.moments import epoch
from socterm.parsers.traffic import ALLOWED, DENIED, mac_of, parted, put_transport
from socterm.taxonomy.logsources import LOGSOURCES

_HEAD = re.compile(
    r"(?:1 )?(?P<stamp>\d{9,10}\.\d{1,9}) (?P<name>[^\s=]{1,128}) +(?P<kind>"
    r"flows|urls|ids-alerts|security_event|ip_flow_start|ip_flow_end|events|airmarshal_events|firewall|"
    r"vpn_firewall|cellular_firewall|bridge_anyconnect_client_vpn_firewall)(?: ?:)?(?= |$) *"
)
_PAIR = re.compile(r"(\w{2,40})= ?(?:'([^']*)'?|(\S*))")
_FLOW = frozenset({"flows", "firewall", "vpn_firewall", "cellular_firewall",
                   "bridge_anyconnect_client_vpn_firewall"})  # fmt: skip
_VERDICTS = {"allow": ALLOWED, "0": ALLOWED, "deny": DENIED, "1": DENIED}
"""Inbound rules say 1 for deny and 0 for allow."""
_LOGGED, _REQUEST = mark("packet_logged"), mark("web_request")
_BEGUN, _ENDED = mark("connection_started"), mark("connection_ended")
_SEEN, _STOPPED, _FILE = mark("ids_alert"), mark("ids_blocked", "success"), mark("file_seen")
_DIRECTIONS = {"ingress": "inbound", "egress": "outbound"}
_OF_MAC = 5
"""Colons of a hardware address."""

Pairs = dict[str, str]


def pairs_of(text: str, *, last: bool = False) -> Pairs:
    """`name=value` and `name='a value'` anywhere in a text; the first of one name counts, or the last.

    >>> pairs_of("type=x ssid='a b' ssid='c'", last=True)
    {'type': 'x', 'ssid': 'c'}
    """
    pairs: Pairs = {}
    for name, quoted, bare in _PAIR.findall(text):
        if last or name not in pairs:
            pairs[name] = quoted or bare
    return pairs


def ends(f: Fields, pairs: Pairs) -> None:
    """Both ends of a connection: `src=A sport=1`, `src=A:1`."""
    for side, name, port in (("source", "src", "sport"), ("destination", "dst", "dport")):
        told = pairs.get(name, "")
        if told.count(":") == _OF_MAC and mac_of(told):
            continue
        address, own = parted(told)
        put_end(f, side, address, pairs.get(port) or own)
    mac = mac_of(pairs.get("mac", ""))
    if mac:
        f["source.mac"] = mac
    put_transport(f, pairs.get("protocol", "").removesuffix("/ip"))


def _flow(rest: str, f: Fields) -> None:
    """`[allow|deny ]src=… pattern: allow all`: the rule that decided and what it is to do."""
    told, _, pattern = rest.partition(" pattern: ")
    ends(f, pairs_of(told))
    word = told.partition(" ")[0]
    if pattern:
        f["rule.name"] = pattern
    words = [word, *pattern.lower().removeprefix("group policy ").split(" ", 1)[:1]]
    f |= next((_VERDICTS[said] for said in words if said in _VERDICTS), _LOGGED)


def _urls(rest: str, f: Fields) -> None:
    told, _, request = rest.partition(" request: ")
    head, _, agent = told.partition(" agent=")
    ends(f, pairs_of(head))
    put_text(f, "user_agent.original", agent.strip("'"))
    method, _, url = request.partition(" ")
    if method.isalpha() and method != "UNKNOWN":
        f["http.request.method"] = method
    url = url.removesuffix("...")
    if url:
        put_url(f, url)
    f |= _REQUEST


def _security(rest: str, f: Fields) -> None:
    """What Snort (`ids_alerted`) or the malware scan noticed."""
    told, _, message = rest.partition(" message: ")
    pairs = pairs_of(told)
    ends(f, pairs)
    said = pairs.get("action", pairs.get("decision", "")).lower()
    stopped = said in ("block", "blocked")
    if "signature" in pairs:
        generator, _, identity = pairs["signature"].partition(":")
        put_text(f, "rule.id", identity.partition(":")[0] or generator)
        grave = number(pairs.get("priority", ""), 2)
        if grave is not None:
            f["event.severity"] = grave
        put_text(f, "rule.name", message)
        f |= _STOPPED if stopped else _SEEN
    else:
        bad = pairs.get("disposition") == "malicious"
        f |= _STOPPED if stopped else _SEEN if bad else _FILE
        put_text(f, "rule.name", pairs.get("name", ""))
        put_text(f, "file.hash.sha256", pairs.get("sha256", ""))
        put_text(f, "event.reason", pairs.get("disposition", ""))
        if pairs.get("url"):
            put_url(f, pairs["url"])
    put_text(
        f,
        "network.direction",
        {"ingress": "inbound", "egress": "outbound"}.get(pairs.get("direction", ""), ""),
    )


def _translated(kind: str, rest: str, f: Fields) -> None:
    pairs = pairs_of(rest)
    ends(f, pairs)
    for side, name in (("source", "src"), ("destination", "dst")):
        if f"translated_{name}_ip" in pairs:
            put_end(f, f"{side}.nat", pairs[f"translated_{name}_ip"])
    put_end(
        f,
        "source.nat" if "translated_src_ip" in pairs else "destination.nat",
        "",
        pairs.get("translated_port"),
    )
    f |= _BEGUN if kind == "ip_flow_start" else _ENDED


def _line(text: str, f: Fields, _: Reading) -> Found | None:
    head = _HEAD.match(text)
    if head is None:
        return None
    ts = epoch(head["stamp"])
    if ts is None:
        return None
    kind, rest = head["kind"], text[head.end() :].rstrip()
    f["host.hostname"] = head["name"]
    f["message"] = f"{kind} {rest}"
    f["meraki.kind"] = kind
    if kind in _FLOW:
        dataset = "meraki.flows"
        _flow(rest, f)
    elif kind == "urls":
        dataset = "meraki.urls"
        _urls(rest, f)
    elif kind in ("ids-alerts", "security_event"):
        dataset = "meraki.ids" if "signature=" in rest else "meraki.malware"
        _security(rest, f)
    elif kind.startswith("ip_flow"):
        dataset = "meraki.flows"
        _translated(kind, rest, f)
    else:
        dataset = "meraki.urls" if rest.startswith("content_filtering_block") else "meraki.events"
        device_event(rest, pairs_of(rest, last=kind == "airmarshal_events"), f)
    f["event.dataset"] = dataset
    return ts, LOGSOURCES[dataset], 1


FORMATS = (
    Format(
        name="meraki",
        title="Cisco Meraki: flows, URLs, IDS alerts, events (MX, MR, MS)",
        example=(
            "1795168800.123456789 MX84 flows src=192.168.1.186 dst=198.51.100.9 "
            "mac=00:00:5E:00:53:01 protocol=tcp sport=55719 dport=23 pattern: deny all"
        ),
        line=_line,
        begins="0123456789",
    ),
)
