"""A shop's search flooded from one address; and pages that need many requests."""

from __future__ import annotations

from socterm.demo.model import Story
from socterm.demo.noise_web import GOODS, NOISE
from socterm.demo.pen_web import ACCESS, BROWSERS, Client, WebPen
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_web import FLOODER, GALLERY, PRICES, WEB_FLOOD, WEB_FLOOD_BENIGN


def _flood(sheet: Sheet) -> None:
    """The server answers as long as it can."""
    pen, client, rng = WebPen(sheet), Client(FLOODER, BROWSERS[0]), sheet.rng
    for number in range(900):
        status = 200 if number < 240 else 503
        path = f"/search?q={rng.getrandbits(40):010x}"
        pen.request(
            150 + number / 60,
            client,
            path,
            status=status,
            size=21_300 if status == 200 else 190,
            version="1.1",
        )


def _gallery(sheet: Sheet) -> None:
    pen, rng = WebPen(sheet), sheet.rng
    for turn, address in enumerate(GALLERY):
        at, client = 60 + 70.0 * turn, Client(address, BROWSERS[turn])
        pen.request(at, client, "/gallery", size=61_222)
        for number in range(150):
            path = f"/media/gallery/{number + 1:03d}.webp"
            pen.request(
                at + 0.3 + 3.6 * rng.random(), client, path, size=9_000 + 71 * number, referrer="/gallery"
            )


def _prices(sheet: Sheet) -> None:
    pen, client = WebPen(sheet), Client(PRICES, "PriceCompare/3.1 (+https://prices.example)")
    for number in range(240):
        path = f"/api/v1/prices/{GOODS[number % len(GOODS)]}?variant={number // len(GOODS)}"
        pen.request(20 + 0.5 * number, client, path, size=212)


STORIES = (
    Story(
        name="web_flood",
        says="one address floods a shop's search until the server gives up",
        logs=(ACCESS,),
        length=330.0,
        chapters=WEB_FLOOD.chapters(_flood),
        noise=NOISE,
        alerts=WEB_FLOOD.alerts,
        quiet=WEB_FLOOD.quiet,
    ),
    Story(
        name="web_gallery",
        says="pages with 150 pictures, and a price comparison that asks twice a second",
        logs=(ACCESS,),
        length=330.0,
        chapters=WEB_FLOOD_BENIGN.chapters(_gallery, _prices),
        noise=NOISE,
        quiet=WEB_FLOOD_BENIGN.quiet,
        twin_of="web_flood",
    ),
)
