"""A shop on a weekday: visitors with their pages and pictures, robots, and single probes from everywhere.

Weights are those of small shops: two thirds of the requests are for static files, one in ten is a robot's,
one in thirty a stranger's probe. Every stranger asks once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from socterm.demo.model import Log, Noise
from socterm.demo.pen_web import ACCESS, ACCESS_JSON, BROWSERS, Client, WebPen, browser
from socterm.demo.sheet import Sheet

STATIC = (
    ("/static/css/app.4f1c2d3e.css", 48213), ("/static/js/app.9a8b7c6d.js", 182044),
    ("/static/js/vendor.0d1e2f3a.js", 311820), ("/static/img/logo.svg", 3120), ("/favicon.ico", 15086),
    ("/static/fonts/inter-v13-latin.woff2", 37284),
)  # fmt: skip
GOODS = (
    "oak-table", "desk-lamp", "wool-rug", "tea-pot-blue", "garden-chair", "book-shelf-2m",
    "linen-curtain", "wall-clock", "bread-knife", "candle-set", "coat-rack", "door-mat", "flower-vase",
    "bath-towel-grey", "mirror-round", "side-board",
)  # fmt: skip
PAGES = ("/", "/sale", "/new", "/contact", "/delivery", "/about", "/faq", "/imprint", "/stores")
SEARCHES = ("lamp", "table+oak", "rug+200x300", "chair", "gift+idea", "vase+blue", "towel")

_HOMES = (
    *(f"192.0.2.{n}" for n in range(2, 32)),
    *(f"203.0.113.{n}" for n in range(225, 255)),
    *(f"198.51.100.{n}" for n in range(210, 240)),
)
CRAWLERS = (
    ("192.0.2.70", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    ("192.0.2.71", "Mozilla/5.0 (compatible; SeznamBot/4.0; +http://napoveda.example/seznambot/)"),
    ("2001:db8:40::11", "FeedFetcher/1.4 (+https://feeds.example)"),
)
# What an address that nobody knows asks for, once: (method, path, status, bytes).
PROBES = (
    ("GET", "/", 200, 18433), ("GET", "/robots.txt", 200, 214), ("GET", "/wp-login.php", 404, 153),
    ("GET", "/.env", 404, 153), ("GET", "/favicon.ico", 200, 15086), ("HEAD", "/", 200, 0),
    ("GET", "/phpmyadmin/", 404, 153), ("GET", "/actuator/health", 404, 153),
    ("GET", "/owa/", 404, 153), ("GET", "/.well-known/security.txt", 200, 402),
    ("GET", "/login", 200, 4120), ("GET", "/sitemap.xml", 200, 9921), ("GET", "/manager/html", 404, 153),
    ("GET", "/ads.txt", 404, 153), ("GET", "/solr/admin/info/system?wt=json", 404, 153),
)  # fmt: skip
_STRANGE = (
    r"\x16\x03\x01\x00\xEE\x01\x00\x00\xEA\x03\x03",
    r"\x03\x00\x00\x13\x0E\xE0",
    r"MGLNDD_192.0.2.1_443",
)
_SCANNERS = ("Mozilla/5.0 zgrab/0.x", "-", "python-requests/2.32.5", "Go-http-client/1.1", *BROWSERS[:3])


def visitors(sheet: Sheet, length: float, factor: float) -> None:
    """People who look at a few goods and sometimes buy; now and then a link leads nowhere."""
    _visitors(WebPen(sheet), sheet, length, factor)


def visitors_json(sheet: Sheet, length: float, factor: float) -> None:
    """The same, in nginx's JSON."""
    _visitors(WebPen(sheet, ACCESS_JSON), sheet, length, factor)


def _visitors(pen: WebPen, sheet: Sheet, length: float, factor: float) -> None:
    rng = sheet.rng
    for number in range(round(length / 42 * factor)):
        client = _visitor(rng, number, sheet.round)
        at = rng.random() * length * 0.93
        _visit(pen, rng, at, client, length)


def _visitor(rng: Random, number: int, turn: int) -> Client:
    """A visitor a number: over IPv4 as far as addresses go, always with the same browser; then over IPv6."""
    if number % 5 and number < len(_HOMES):
        return Client(_HOMES[number], BROWSERS[number % 4])
    network = 0x1000 + (number + 977 * turn) % 0xE000
    host = f"{int(rng.random() * 0xFFFF):x}::{1 + int(rng.random() * 250):x}"
    return Client(f"2001:db8:{network:x}:{host}", browser(rng))


def _visit(pen: WebPen, rng: Random, at: float, client: Client, length: float) -> None:
    page, referrer = "/", "https://www.search.example/"
    for turn in range(2 + int(rng.random() * 3)):
        if at > length - 2:
            return
        pen.request(at, client, page, size=_page_size(rng), referrer=referrer)
        if turn == 0:
            for path, size in STATIC[: 2 + int(rng.random() * 5)]:
                known = rng.random() < 0.3
                pen.request(
                    at + 0.1 + rng.random(), client, path, status=304 if known else 200,
                    size=0 if known else size, referrer=page,
                )  # fmt: skip
        for _ in range(1 + int(rng.random() * 3)):
            picture = f"/media/{_goods(rng)}-{1 + int(rng.random() * 4)}.webp"
            missing = rng.random() < 0.01
            pen.request(
                at + 0.3 + rng.random(), client, picture, status=404 if missing else 200,
                size=153 if missing else 8000 + int(rng.random() * 90000), referrer=page,
            )  # fmt: skip
        referrer, page = page, _next_page(rng)
        at += 4 + 25 * rng.random()
    if rng.random() < 0.15:
        pen.request(at, client, "/api/v1/cart", method="POST", status=201, size=187, referrer=referrer)


def _goods(rng: Random) -> str:
    return GOODS[int(rng.random() * len(GOODS))]


def _next_page(rng: Random) -> str:
    draw = rng.random()
    if draw < 0.6:
        return f"/goods/{_goods(rng)}"
    if draw < 0.8:
        return f"/search?q={SEARCHES[int(rng.random() * len(SEARCHES))]}"
    return PAGES[int(rng.random() * len(PAGES))]


def _page_size(rng: Random) -> int:
    return 9000 + int(rng.random() * 28000)


Write = Callable[[Sheet, float, float], None]


def robots_of(log: Log, site: str = "https://shop.example", pages: Sequence[str] = ()) -> Write:
    """Search engines and feed readers, a page (of these, else of the shop) every half minute or so each."""

    def robots(sheet: Sheet, length: float, factor: float) -> None:
        pen, rng = WebPen(sheet, log, site), sheet.rng
        for address, agent in CRAWLERS:
            at = 60 * rng.random()
            while at < length:
                page = pages[int(rng.random() * len(pages))] if pages else _next_page(rng)
                pen.request(at, Client(address, agent), page, size=_page_size(rng))
                at += (25 + 60 * rng.random()) / min(max(factor, 0.1), 4)

    return robots


def strangers_of(log: Log) -> Write:
    """What every address on the internet gets: one request each, by whoever is counting web servers today."""

    def strangers(sheet: Sheet, length: float, factor: float) -> None:
        pen, rng = WebPen(sheet, log), sheet.rng
        for number in range(round(length / 75 * factor)):
            at = rng.random() * (length - 2)
            address = stranger(rng, number + 977 * sheet.round)
            if rng.random() < 0.12:
                pen.garbage(at, address, _STRANGE[int(rng.random() * len(_STRANGE))])
                continue
            method, path, status, size = PROBES[int(rng.random() * len(PROBES))]
            client = Client(address, _SCANNERS[int(rng.random() * len(_SCANNERS))])
            pen.request(at, client, path, method=method, status=status, size=size, version="1.1")

    return strangers


def stranger(rng: Random, number: int) -> str:
    """An address of the internet that nobody in the stories has; a number gives its own for a long time."""
    return f"2001:db8:bad:{0x1000 + number % 0xE000:x}::{1 + int(rng.random() * 60000):x}"


VISITORS = Noise(
    "visitors", "people who look at goods, with the pages' styles, scripts and pictures", visitors
)
VISITORS_JSON = Noise("visitors", "people who look at goods, with the pages' files", visitors_json)
ROBOTS = Noise("robots", "search engines and feed readers at their pace", robots_of(ACCESS))
STRANGERS = Noise("internet", "single probes from all over, each from another address", strangers_of(ACCESS))
NOISE = (VISITORS, ROBOTS, STRANGERS)
