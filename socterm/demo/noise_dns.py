"""Names a house of forty people asks for: a few very often, most of them seldom, some that do not exist."""

from __future__ import annotations

from random import Random

from socterm.demo.model import Log, Noise
from socterm.demo.noise_network import CLIENTS
from socterm.demo.pen_dns import BIND, DNSMASQ, UNBOUND, DnsPen
from socterm.demo.sheet import Sheet

_SITES = (
    "news", "mail", "search", "maps", "shop", "bank", "weather", "video", "music", "books", "travel",
    "forum", "wiki", "translate", "calendar", "jobs", "recipes", "sports", "photos", "radio", "tax",
    "trains", "museum", "school",
)  # fmt: skip
_HEADS = ("www", "www", "www", "api", "static", "img", "cdn", "login", "fonts", "tracking", "m", "assets")
_DOMAINS = ("example", "example.com", "example.net", "example.org")
_GONE = ("old", "wpad", "printer7", "intranet-alt", "beta", "isatap")
# Questions by kind as browsers ask them: both address families, and HTTPS records.
_KINDS = ("A", "A", "A", "AAAA", "AAAA", "HTTPS")


def name_of(rng: Random) -> str:
    """A name somebody asks for; the first sites far more often than the last."""
    site = _SITES[int(len(_SITES) * rng.random() ** 2)]
    head = _HEADS[int(len(_HEADS) * rng.random() ** 1.5)]
    return f"{head}.{site}-{_DOMAINS[int(len(_DOMAINS) * rng.random())]}"


def _questions(log: Log, every: float) -> Noise:
    def write(sheet: Sheet, length: float, factor: float) -> None:
        pen, rng = DnsPen(sheet, log), sheet.rng
        for _ in range(round(length / every * factor)):
            client = CLIENTS[int(rng.random() ** 1.2 * len(CLIENTS))]
            at, cached = rng.random() * (length - 2), rng.random() < 0.5
            if rng.random() < 0.02:
                pen.ask(at, client, f"{_GONE[int(rng.random() * len(_GONE))]}.corp.example", code="NXDOMAIN")
                continue
            name, kind = name_of(rng), _KINDS[int(rng.random() * len(_KINDS))]
            pen.ask(at, client, name, kind, answers=_answers(rng, kind), cached=cached)

    return Noise("questions", "people and their programs: web sites, mail, a few names that are gone", write)


def _answers(rng: Random, kind: str) -> tuple[str, ...]:
    if kind == "A":
        return tuple(f"203.0.113.{160 + int(rng.random() * 39)}" for _ in range(1 + int(rng.random() * 2)))
    if kind == "AAAA" and rng.random() < 0.6:
        return (f"2001:db8:77::{1 + int(rng.random() * 400):x}",)
    return ()


DNSMASQ_NOISE = _questions(DNSMASQ, 7.0)
UNBOUND_NOISE = _questions(UNBOUND, 2.2)
BIND_NOISE = _questions(BIND, 2.2)
