"""What a firewall sees on any day: the internet's background radiation, and the house's own connections."""

from __future__ import annotations

from socterm.demo.model import Noise
from socterm.demo.pen_firewall import OURS, FirewallPen
from socterm.demo.sheet import Sheet

# Ports the internet knocks at, as often as it does: telnet and its kin of cheap devices first, then desktops,
# databases, telephones, proxies.
_KNOCKED = (
    23, 23, 23, 23, 22, 22, 2323, 445, 445, 3389, 3389, 8080, 80, 443, 5555, 1433, 3306, 6379, 8443, 8728,
    81, 5900, 25, 21, 37215, 60023, 8081, 9200, 2375, 5432, 7547, 8291, 10250, 27017, 1883, 110, 5985,
    4443,
)  # fmt: skip
_KNOCKED_UDP = (5060, 53, 123, 161, 1900, 11211, 389, 3702)
_STRANGERS = (
    *(f"203.0.113.{n}" for n in range(100, 140)),
    *(f"198.51.100.{n}" for n in range(150, 200)),
    *(f"203.0.113.{n}" for n in range(1, 20)),
)
CLIENTS = tuple(f"10.20.1.{n}" for n in range(10, 34)) + tuple(f"10.20.4.{n}" for n in range(20, 30))
_SITES = tuple(f"198.51.100.{n}" for n in range(60, 100)) + tuple(f"203.0.113.{n}" for n in range(160, 199))


def radiation(sheet: Sheet, length: float, factor: float) -> None:
    """Single packets from everywhere: each stranger looks for one thing only, at any of our addresses."""
    pen, rng = FirewallPen(sheet), sheet.rng
    for _ in range(round(length / 5.5 * factor)):
        who = int(rng.random() * len(_STRANGERS))
        at, ours = rng.random() * (length - 1), OURS[int(rng.random() * len(OURS))]
        if who % 6 == 5:
            pen.udp(at, _STRANGERS[who], ours, _KNOCKED_UDP[who % len(_KNOCKED_UDP)])
        else:
            pen.tcp(at, _STRANGERS[who], ours, _KNOCKED[who % len(_KNOCKED)])


def chatter(sheet: Sheet, length: float, factor: float) -> None:
    """Machines of the house that announce themselves to everybody."""
    pen, rng = FirewallPen(sheet), sheet.rng
    for _ in range(round(length / 40 * factor)):
        source = CLIENTS[int(rng.random() * len(CLIENTS))]
        target, port = (("239.255.255.250", 1900), ("224.0.0.251", 5353))[int(rng.random() * 2)]
        pen.multicast(rng.random() * (length - 1), source, target, port)


def outbound(sheet: Sheet, length: float, factor: float) -> None:
    """People at work: connections to the web whenever they read something new."""
    pen, rng = FirewallPen(sheet), sheet.rng
    for _ in range(round(length / 7 * factor)):
        source = CLIENTS[int(rng.random() ** 1.4 * len(CLIENTS))]
        target = _SITES[int(rng.random() ** 2 * len(_SITES))]
        port = 443 if rng.random() < 0.93 else 80
        at = rng.random() * (length - 1)
        for number in range(1 + int(rng.random() * 3)):
            pen.forwarded(at + 0.05 * number, source, target, port)


RADIATION = Noise(
    "radiation", "what the internet sends everybody: single packets, a port a stranger", radiation
)
CHATTER = Noise("chatter", "machines of the house that announce themselves", chatter)
OUTBOUND = Noise("outbound", "people at work: connections to web sites", outbound)
