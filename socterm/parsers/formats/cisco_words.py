"""Who and where in a Cisco message, found by the words that stand before them.

Devices write `from`/`src`/`for` before the source and `to`/`dst` before the destination, each end as
`IFACE:ADDRESS/PORT`, `IFACE/ADDRESS(PORT)`, `ADDRESS/PORT` or `ADDRESS(PORT)`.
"""

from __future__ import annotations

import re
from itertools import pairwise

from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.marks import Fields, number
from socterm.parsers.traffic import TRANSPORTS

_BEFORE_SOURCE = frozenset({"from", "src", "for", "SRC", "laddr", "local-host"})
_BEFORE_DESTINATION = frozenset({"to", "dst", "DEST", "dest", "faddr"})
_MOST = 60
"""Words of a message that are looked at."""
_USER = re.compile(
    r"for user \"(?P<a>[^\"]{1,128})\"|[Uu]ser <(?P<b>[^<>]{1,128})>"
    r"|[Uu]ser(?:name)? ?= ?(?P<c>[^\s,:()]{1,128})"
    r"|Uname: (?P<d>\S{1,128})|[Uu]ser '(?P<e>[^']{1,128})'|Username:(?P<f>\S{1,128})"
    r"|for user (?P<g>[^\s\"]{1,128})"
    r"|\b[Uu]ser (?P<h>\S{1,128}) (?:IP|did|locked)|DAP: User (?P<i>[^\s,]{1,128}),|, user (?P<j>\S{1,128}) "
)
_PEER = re.compile(
    r"(?:user IP = |^Host (?=\S{3,45} is attacking)|\bIP = |\bIP <|IP address: |from IP |\bIP "
    r"|\bAddr |\(from )"
    r"(?P<ip>[0-9a-fA-F][0-9a-fA-F.:]{2,44})"
)
_SERVER = re.compile(r"server = (?P<ip>[0-9a-fA-F][0-9a-fA-F.:]{2,44})")
_IKE = re.compile(
    r"Local:(?P<local>[\d.]{7,15}):(?P<lport>\d{1,5}) Remote:(?P<remote>[\d.]{7,15}):(?P<rport>\d{1,5})"
)
_BETWEEN = re.compile(r"between (?P<a>[\d.]{7,15}) and (?P<b>[\d.]{7,15}) ")
_ICMP = re.compile(
    r"faddr (?P<f>[0-9a-fA-F.:]{2,45})/\d{1,5}\S* gaddr \S{1,64} laddr (?P<l>[0-9a-fA-F.:]{2,45})/\d{1,5}"
)
_GROUP = re.compile(
    r"access-group \"(?P<a>[^\"]{1,128})\"|access-list (?P<b>\S{1,128}) |^list (?P<c>\S{1,128}) "
)
_INTERFACE = re.compile(r" on interface (?P<name>[^\s,:]{1,64})")
_BYTES = re.compile(r" bytes (?P<bytes>\d{1,18})(?: (?P<reason>[^\n]{1,200}))?$")
_DURATION = re.compile(r" duration (?P<h>\d{1,6}):(?P<m>\d\d):(?P<s>\d\d)")
_CONNECTION = re.compile(r" connection (?P<id>\d{1,20}) (?:for|from) ")
_URL = re.compile(
    r"Accessed (?:JAVA )?URL (?:\S{1,64}@)?(?P<to>[^\s:@]{1,253}):(?P<url>\S{1,1500})"
    r"|Access denied URL (?P<denied>\S{1,1500}) "
)
_COMMAND = re.compile(r"executed (?:the |cmd: ?)?'?(?P<text>[^']{1,500}?)'?(?: command)?\.?$")

End = tuple[str, str, str, int | None]
"""(interface, kind of peer, address or name, port)."""


def end_of(token: str) -> End | None:
    """One end of a connection; None for a word that is none.

    >>> end_of("outside:192.0.2.7/443"), end_of("inside/192.0.2.7(2241)")
    (('outside', 'ip', '192.0.2.7', 443), ('inside', 'ip', '192.0.2.7', 2241))
    """
    text = token.rstrip(",;:.)").lstrip("(")
    if not text or len(text) > 200:
        return None
    port = ""
    interface = ""
    left, bracket, inside = text.partition("(")
    inside = inside.partition(")")[0]
    if bracket and inside.isdecimal():
        interface, _, text = left.rpartition("/")
        port = inside
    else:
        host, slash, tail = left.rpartition("/")
        text = host if slash else left
        port = tail if slash else ""
    kind, value = known_peers.get(text) or peer_of(text)
    if kind != "source.ip":
        if not interface:
            interface, colon, text = text.partition(":")
            if not colon:
                return None
        kind, value = known_peers.get(text) or peer_of(text)
        if not kind:
            return None
    return interface, kind[7:], value, number(port, 6) if port else None


def _put(f: Fields, side: str, end: End) -> None:
    interface, kind, value, port = end
    f[f"{side}.{kind}"] = value
    if port is not None and port < 65_536:
        f[f"{side}.port"] = port
    if interface:
        f[f"observer.{'ingress' if side == 'source' else 'egress'}.interface.name"] = interface


def ends(text: str, f: Fields) -> None:
    """Both ends of the connection a message tells of, its protocol and its direction."""
    words = text.split(" ", _MOST)
    source: End | None = None
    target: End | None = None
    at_arrow = words.index("->") if "->" in words[1:-1] else 0
    if at_arrow:
        source, target = end_of(words[at_arrow - 1]), end_of(words[at_arrow + 1])
    else:
        for before, word in pairwise(words):
            if source is None and before in _BEFORE_SOURCE:
                source = end_of(word)
            elif target is None and before in _BEFORE_DESTINATION:
                target = end_of(word)
    for word in words[:9]:
        known = TRANSPORTS.get(word.rstrip(":,").lower())
        if known is not None and not word[:1].isdecimal():
            f.update(known)
            break
    direction = next((word for word in words[:4] if word.lower() in ("inbound", "outbound")), "").lower()
    if direction:
        f["network.direction"] = direction
    icmp = _ICMP.search(text) if "faddr " in text else None
    if icmp is not None:
        own, other = end_of(icmp["l"]), end_of(icmp["f"])
        source, target = (other, own) if direction == "inbound" else (own, other)
    elif direction == "outbound" and words[0] == "Built":
        source, target = target, source
    if source is not None:
        _put(f, "source", source)
    if target is not None:
        # What a translation leads to is the source's own other address.
        if " translation " in text:
            f["source.nat.ip"] = target[2]
            if target[3] is not None:
                f["source.nat.port"] = target[3]
        else:
            _put(f, "destination", target)


def people(text: str, f: Fields) -> None:
    """Users, their addresses and servers of logins and tunnels."""
    found = _USER.search(text)
    if found is not None and found.lastgroup is not None:
        f["user.name"] = found[found.lastgroup]
    ike = _IKE.search(text) if "Remote:" in text else _BETWEEN.search(text) if " between " in text else None
    if ike is not None:
        parts = ike.groupdict()
        for side, key in (("source", "remote" if "remote" in parts else "a"),
                          ("destination", "local" if "local" in parts else "b")):  # fmt: skip
            end = end_of(parts[key] or "")
            if end is not None:
                _put(f, side, end)
        if "rport" in parts:
            f["source.port"], f["destination.port"] = int(parts["rport"] or 0), int(parts["lport"] or 0)
        return
    if "source.ip" not in f:
        # A user's name stands before `user IP = `: what it holds is not the device's word.
        peer = _PEER.search(text, max(text.rfind("user IP = "), 0))
        end = end_of(peer["ip"]) if peer is not None else None
        if end is not None:
            _put(f, "source", end)
    server = _SERVER.search(text)
    end = end_of(server["ip"]) if server is not None else None
    if end is not None:
        _put(f, "destination", end)
    if "executed " in text:
        command = _COMMAND.search(text)
        if command is not None:
            f["process.command_line"] = command["text"]


def flow_details(text: str, f: Fields) -> None:
    """What else a message says of a connection: rule, interface, bytes, duration, why it ended."""
    group = _GROUP.search(text)
    if group is not None and group.lastgroup is not None:
        f["rule.name"] = group[group.lastgroup]
    interface = _INTERFACE.search(text)
    if interface is not None:
        f.setdefault("observer.ingress.interface.name", interface["name"])
    counted = _BYTES.search(text)
    if counted is not None:
        f["network.bytes"] = int(counted["bytes"])
        if counted["reason"]:
            f["event.reason"] = counted["reason"]
    lasted = _DURATION.search(text)
    if lasted is not None:
        seconds = int(lasted["h"]) * 3600 + int(lasted["m"]) * 60 + int(lasted["s"])
        f["event.duration"] = seconds * 1_000_000_000
    connection = _CONNECTION.search(text)
    if connection is not None:
        f["cisco.connection_id"] = connection["id"]
    url = _URL.search(text) if " URL " in text else None
    if url is not None:
        f["url.original"] = url["url"] or url["denied"]
        end = end_of(url["to"]) if url["to"] else None
        if end is not None:
            own = end_of(text.partition(" ")[0])
            _put(f, "destination", end)
            if own is not None:
                _put(f, "source", own)
