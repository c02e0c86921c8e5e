"""WireGuard: what its kernel module says with dynamic debugging on, and what wg-quick runs.

`wireguard: wg0: Receiving handshake initiation from peer 3 (203.0.113.7:51820)`. WireGuard has no logins: a
peer that completes a handshake is in, one whose key nobody knows gets no answer.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "process.name")
('vpn_handshake', '203.0.113.7', 'kernel')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.parsers.traffic import parted

_PEER = re.compile(r"peer (?P<peer>\d{1,10}) \((?P<end>[^()\s]{1,64})\)")
_FROM = re.compile(r" from (?P<end>[^()\s]{3,64})$")
_INNER = re.compile(r"src IP \((?P<ip>[^()\s]{1,64})\)")
_HANDSHAKE = mark("vpn_handshake")
_CONNECTED = mark("vpn_connected")
_DROPPED = mark("vpn_disconnected")
_REFUSED = mark("vpn_refused")
_WORDS: tuple[tuple[str, Fields], ...] = (
    ("Keypair ", _CONNECTED),
    ("Receiving handshake initiation", _HANDSHAKE),
    ("Receiving handshake response", _HANDSHAKE),
    ("Sending handshake", _HANDSHAKE),
    ("Invalid ", _REFUSED),
    ("Packet has unallowed src IP", _REFUSED),
    ("Packet has incorrect size", _REFUSED),
    ("Packet is neither", _REFUSED),
    ("Handshake for peer", _REFUSED),
    ("Retrying handshake", _HANDSHAKE),
    ("Zeroing out all keys", _DROPPED),
    ("Peer ", _DROPPED),
    ("Interface ", mark("link_changed")),
)


def wireguard(msg: str, f: Fields, mem: Memory) -> int:
    """Reads `wireguard: INTERFACE: …` of the kernel."""
    f["event.dataset"] = "wireguard"
    interface, _, rest = msg.removeprefix("wireguard: ").partition(": ")
    if not rest or len(interface) > 32:
        return mem.times
    f["observer.ingress.interface.name"] = interface
    peer = _PEER.search(rest)
    if peer is not None:
        f["wireguard.peer"] = int(peer["peer"])
    end = peer or _FROM.search(rest)
    if end is not None:
        put_end(f, "source", *parted(end["end"]))
    inner = _INNER.search(rest)
    if inner is not None:
        f["related.ip"] = (inner["ip"],)
    for beginning, known in _WORDS:
        if rest.startswith(beginning):
            if known is _REFUSED:
                f["event.reason"] = rest
            if beginning != "Keypair " or " created " in rest:
                f.update(known)
            break
    return mem.times


def _quick(msg: str, f: Fields, mem: Memory) -> int:
    """wg-quick: each command it runs to bring an interface up or down stands behind `[#]`."""
    marked, command = msg.startswith("[#] "), msg[4:]
    if marked:
        f["process.command_line"] = command
        words = command.split(" ", 4)
        if words[:2] == ["ip", "link"] and len(words) > 3 and words[2] in ("add", "delete", "set"):
            f["observer.ingress.interface.name"] = words[4].split(" ")[0] if words[3] == "dev" else words[3]
            if words[2] != "set":
                f["event.reason"] = f"link {words[2]}"
                f.update(mark("link_changed"))
    return mem.times


FORMATS = (
    Format(
        name="wireguard",
        title="WireGuard",
        example=(
            "Nov 20 10:00:00 vpn2 kernel: wireguard: wg0: Receiving handshake initiation from peer 3 "
            "(203.0.113.7:51820)"
        ),
        programs={"wg-quick": Program(_quick, "wireguard")},
    ),
)
