"""Ports and hosts scanned, a machine that calls home by the clock; late answers, monitoring, time servers."""

from __future__ import annotations

from socterm.demo.model import Story
from socterm.demo.noise_network import CHATTER, OUTBOUND, RADIATION
from socterm.demo.pen_firewall import LATE, OURS, UFW, FirewallPen
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_network import (
    BACKUP,
    BEACON,
    BEACONING,
    CDN,
    CLOCK,
    CONTROL,
    FIREWALL_BENIGN,
    MONITOR,
    PATIENT,
    PORT_SCAN,
    PORT_SCANNER,
    RESOLVER,
    TIME_SERVER,
    WORM,
)

_SERVERS = tuple(f"10.20.0.{n}" for n in (21, 22, 23, 25, 31, 32, 33, 41, 42, 53, 61, 62))
_WATCHED = (22, 443, 5666, 9100)


def _fast_scan(sheet: Sheet) -> None:
    pen, rng = FirewallPen(sheet), sheet.rng
    ports = [*rng.sample(range(1, 10000), 130), 21, 22, 23, 25, 80, 110, 143, 443, 3306, 3389]
    for number, port in enumerate(ports):
        pen.tcp(240 + 0.25 * number, PORT_SCANNER, OURS[0], port, sport=54321, ttl=244)


def _patient_scan(sheet: Sheet) -> None:
    pen, rng = FirewallPen(sheet), sheet.rng
    for number, port in enumerate(rng.sample(range(1, 1024), 60)):
        pen.tcp(420 + 2.0 * number + rng.random(), PATIENT, OURS[1], port)


def _sweep(sheet: Sheet) -> None:
    pen = FirewallPen(sheet)
    for number in range(40):
        pen.forwarded(610 + 0.75 * number, WORM, f"10.20.0.{11 + number}", 445, verdict="BLOCK")


def _late_answers(sheet: Sheet) -> None:
    pen, rng = FirewallPen(sheet), sheet.rng
    for number in range(24):
        port = 33000 + int(rng.random() * 27000)
        pen.tcp(300 + 2.2 * number + rng.random(), CDN, OURS[0], port, sport=443, flags=LATE, ttl=58)


def _late_dns(sheet: Sheet) -> None:
    pen, rng = FirewallPen(sheet), sheet.rng
    for number in range(18):
        port = 33000 + int(rng.random() * 27000)
        pen.udp(480 + 2.8 * number + rng.random(), RESOLVER, OURS[0], port, sport=53, length=131)


def _monitor(sheet: Sheet) -> None:
    pen = FirewallPen(sheet)
    for at in (60.0, 360.0, 660.0):
        for number, server in enumerate(_SERVERS):
            for port in _WATCHED:
                pen.forwarded(at + 4.5 * number + 0.2 * (port % 7), MONITOR, server, port)


def _clock(sheet: Sheet) -> None:
    pen = FirewallPen(sheet)
    for number in range(14):
        pen.forwarded(21 + 64.0 * number, CLOCK, TIME_SERVER, 123, proto="UDP")


def _backup(sheet: Sheet) -> None:
    pen = FirewallPen(sheet)
    for number, server in enumerate(_SERVERS):
        pen.forwarded(30 + 66.0 * number, BACKUP, server, 22)


def _beacon(sheet: Sheet) -> None:
    pen, rng = FirewallPen(sheet), sheet.rng
    for number in range(45):
        pen.forwarded(33 + 60.0 * number + 2.0 * rng.random() - 1.0, BEACON, CONTROL, 443)


STORIES = (
    Story(
        name="port_scan",
        says="the gateway is scanned, fast and patiently; inside, one machine looks for file shares on forty",
        logs=(UFW,),
        length=900.0,
        chapters=PORT_SCAN.chapters(_fast_scan, _patient_scan, _sweep),
        noise=(RADIATION, CHATTER),
        alerts=PORT_SCAN.alerts,
        quiet=PORT_SCAN.quiet,
    ),
    Story(
        name="firewall_day",
        says="late answers of a content network and a name server, monitoring, clocks, backups",
        logs=(UFW,),
        length=900.0,
        chapters=FIREWALL_BENIGN.chapters(_late_answers, _late_dns, _monitor, _clock, _backup),
        noise=(RADIATION, CHATTER, OUTBOUND),
        quiet=FIREWALL_BENIGN.quiet,
        twin_of="port_scan",
    ),
    Story(
        name="beaconing",
        says="among people who read the web one machine calls the same address every minute",
        logs=(UFW,),
        length=2760.0,
        chapters=BEACONING.chapters(_beacon),
        noise=(OUTBOUND,),
        alerts=BEACONING.alerts,
        quiet=BEACONING.quiet,
    ),
)
