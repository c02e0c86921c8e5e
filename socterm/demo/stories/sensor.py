"""A network sensor's view of a scan and a tunnel; and of an upload and a page full of advertisements."""

from __future__ import annotations

from socterm.demo.model import Noise, Story
from socterm.demo.noise_dns import name_of
from socterm.demo.noise_network import CLIENTS
from socterm.demo.pen_sensor import EVE, SensorPen
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_network import (
    NEWS_READER,
    SENSOR,
    SENSOR_BENIGN,
    SENSOR_SCANNER,
    SENSOR_TUNNEL,
    UPLOADER,
)

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"


def _scan(sheet: Sheet) -> None:
    pen = SensorPen(sheet)
    for number, port in enumerate(sheet.rng.sample(range(1, 5000), 80)):
        pen.flow(120 + 0.5 * number, SENSOR_SCANNER, "192.0.2.2", port, out=60, back=54 * (number % 2))


def _tunnel(sheet: Sheet) -> None:
    pen, rng = SensorPen(sheet), sheet.rng
    for number in range(120):
        label = "".join(rng.choice(_BASE32) for _ in range(48))
        pen.question(200 + 2.0 * number, SENSOR_TUNNEL, f"{label}.{number:02x}.files-sync.example", "TXT")


def _ftp(sheet: Sheet) -> None:
    pen = SensorPen(sheet)
    pen.flow(150, UPLOADER, "198.51.100.21", 21, out=1200, back=2100)
    for number in range(12):
        port = 50000 + sheet.rng.randrange(2000)
        pen.flow(152 + 4.0 * number, UPLOADER, "198.51.100.21", port, out=800_000 + 977 * number, back=4100)


def _news(sheet: Sheet) -> None:
    pen, rng = SensorPen(sheet), sheet.rng
    for number in range(40):
        head = "".join(rng.choice("0123456789abcdef") for _ in range(24)) if number % 4 == 0 else "ads"
        pen.question(240 + 0.1 * number, NEWS_READER, f"{head}.advertiser{number}-example.net")


def _traffic(sheet: Sheet, length: float, factor: float) -> None:
    """People at work: a question, then a connection."""
    pen, rng = SensorPen(sheet), sheet.rng
    for _ in range(round(length / 4 * factor)):
        at, client = rng.random() * (length - 2), CLIENTS[int(rng.random() * len(CLIENTS))]
        at = pen.question(at, client, name_of(rng), ("A", "A", "AAAA", "HTTPS")[int(rng.random() * 4)])
        if rng.random() < 0.6:
            target = f"203.0.113.{160 + int(rng.random() * 39)}"
            pen.flow(
                at + 0.1, client, target, 443, out=1800 + rng.randrange(9000), back=rng.randrange(55, 400_000)
            )


TRAFFIC = Noise("traffic", "people at work: questions and connections", _traffic)

STORIES = (
    Story(
        name="sensor",
        says="a sensor sees a web server scanned and data leave in names",
        logs=(EVE,),
        length=480.0,
        chapters=SENSOR.chapters(_scan, _tunnel),
        noise=(TRAFFIC,),
        alerts=SENSOR.alerts,
        quiet=SENSOR.quiet,
    ),
    Story(
        name="sensor_day",
        says="a sensor sees an upload by FTP and a page full of advertisements",
        logs=(EVE,),
        length=480.0,
        chapters=SENSOR_BENIGN.chapters(_ftp, _news),
        noise=(TRAFFIC,),
        quiet=SENSOR_BENIGN.quiet,
        twin_of="sensor",
    ),
)
