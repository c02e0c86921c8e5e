"""Names that give away what a machine does: tunnels, made-up domains, mining; and honest odd names."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from socterm.demo.model import Log, Story
from socterm.demo.noise_dns import BIND_NOISE, DNSMASQ_NOISE, UNBOUND_NOISE, name_of
from socterm.demo.pen_dns import BIND, DNSMASQ, UNBOUND, DnsPen
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_network import (
    BROWSER,
    CLOCK,
    DNS_DGA,
    DNS_DGA_BENIGN,
    DNS_NAMES,
    DNS_NAMES_BENIGN,
    DNS_TUNNEL,
    DNS_TUNNEL_BENIGN,
    INFECTED,
    LAPTOP,
    LOST,
    MAIL_SERVER,
    MINER,
    OPEN_RESOLVER_SCAN,
    SECONDARY,
    SECURED,
    SWIMMER,
    TUNNEL,
    WEB_SERVER,
)

_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_HEX = "0123456789abcdef"
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _word(rng: Random, letters: str, length: int) -> str:
    return "".join(rng.choice(letters) for _ in range(length))


def _tunnel(sheet: Sheet) -> None:
    """Data goes out in the labels, answers come back as records; every question is new."""
    pen, rng = DnsPen(sheet, DNSMASQ), sheet.rng
    for number in range(220):
        name = f"{_word(rng, _BASE32, 50)}.{number:03x}.t.sync-status.example"
        kind = ("TXT", "TXT", "NULL", "A")[int(rng.random() * 4)]
        answer = {"TXT": _word(rng, _BASE32, 60), "NULL": "<NULL>", "A": "203.0.113.9"}[kind]
        pen.ask(260 + 1.36 * number, TUNNEL, name, kind, answers=(answer,))


def _cdn(sheet: Sheet) -> None:
    pen, rng = DnsPen(sheet, DNSMASQ), sheet.rng
    for number in range(14):
        name = f"{_word(rng, _HEX, 32)}.pictures.cdn-example.net"
        pen.ask(200 + 7.0 * (number // 4) + 0.05 * number, BROWSER, name, answers=("203.0.113.170",))


def _reputation(sheet: Sheet) -> None:
    pen, rng = DnsPen(sheet, DNSMASQ), sheet.rng
    for number in range(10):
        name = f"{_word(rng, _HEX, 40)}.files.reputation-example.com"
        pen.ask(300 + 22.0 * number, SECURED, name, "TXT", answers=("clean",))


def _dnsbl(log: Log, senders: int) -> Callable[[Sheet], None]:
    def write(sheet: Sheet) -> None:
        pen, rng = DnsPen(sheet, log), sheet.rng
        for number in range(senders):
            sender = f"{int(rng.random() * 255)}.{int(rng.random() * 255)}.113.203"
            listed = number % 9 == 4
            pen.ask(
                30 + 30.0 * number, MAIL_SERVER, f"{sender}.bl.spamlist-example.org",
                answers=("127.0.0.2",) if listed else (), code="NOERROR" if listed else "NXDOMAIN",
            )  # fmt: skip

    return write


def _mail_txt(sheet: Sheet) -> None:
    pen, rng = DnsPen(sheet, DNSMASQ), sheet.rng
    for number in range(30):
        domain = name_of(rng).split(".", 1)[1]
        head = ("", "_dmarc.", "selector1._domainkey.")[number % 3]
        pen.ask(45 + 24.0 * number, MAIL_SERVER, f"{head}{domain}", "TXT", answers=("v=spf1 -all",))


def _dga(sheet: Sheet) -> None:
    pen, rng = DnsPen(sheet, UNBOUND), sheet.rng
    for number in range(90):
        name = (
            f"{_word(rng, _LETTERS, 11 + int(rng.random() * 6))}.{rng.choice(('com', 'net', 'info', 'biz'))}"
        )
        code = "NOERROR" if number == 89 else "NXDOMAIN"
        pen.ask(300 + 2.0 * number, INFECTED, name, code=code)


def _search_list(sheet: Sheet) -> None:
    pen, rng = DnsPen(sheet, UNBOUND), sheet.rng
    for number in range(8):
        at, name = 60 + 71.0 * number, name_of(rng)
        for suffix in (".corp.example", ".office.corp.example"):
            at = pen.ask(at, LAPTOP, name + suffix, code="NXDOMAIN")
        pen.ask(at, LAPTOP, name)


def _probe(sheet: Sheet) -> None:
    pen, rng = DnsPen(sheet, UNBOUND), sheet.rng
    for at in (90.0, 420.0):
        for number in range(3):
            pen.ask(at + 0.01 * number, BROWSER, _word(rng, _LETTERS, 7 + number * 3), code="NXDOMAIN")


def _mining(sheet: Sheet) -> None:
    pen = DnsPen(sheet, BIND)
    for number, name in enumerate(("pool.supportxmr.com", "xmr-eu1.nanopool.org", "gulf.moneroocean.stream")):
        for kind in ("A", "AAAA"):
            pen.ask(210 + 95.0 * number, MINER, name, kind)


def _callback(sheet: Sheet) -> None:
    pen = DnsPen(sheet, BIND)
    for kind in ("A", "AAAA"):
        pen.ask(333, WEB_SERVER, "cr7k2m9v3l0s1t5d8q4gqz6wpyyyyyyyn.oast.fun", kind)


def _refused(sheet: Sheet) -> None:
    pen = DnsPen(sheet, BIND)
    for number in range(38):
        pen.refuse(450 + 1.5 * number, OPEN_RESOLVER_SCAN, f"www.site{number % 7}-example.com", "ANY")
    for number in range(2):
        pen.refuse(508 + number, OPEN_RESOLVER_SCAN, "corp.example", transfer=True)


def _pools(sheet: Sheet) -> None:
    pen = DnsPen(sheet, BIND)
    for number in range(9):
        pen.ask(20 + 64.0 * number, CLOCK, f"{number % 4}.debian.pool.ntp.org")
    names = (
        "www.swimming-pool.example",
        "pool-table.example",
        "carpool.example.org",
        "www.whirlpool.example.com",
    )
    for number, name in enumerate(names):
        pen.ask(140 + 51.0 * number, SWIMMER, name)


def _transfer(sheet: Sheet) -> None:
    pen = DnsPen(sheet, BIND)
    for number in range(3):
        pen.transfer(100 + 200.0 * number, SECONDARY, "corp.example", 2026031700 + number)


def _lost(sheet: Sheet) -> None:
    pen = DnsPen(sheet, BIND)
    for number in range(4):
        pen.refuse(260 + 5.0 * number, LOST, "www.news-example.com", ("A", "AAAA")[number % 2])


STORIES = (
    Story(
        name="dns_tunnel",
        says="an office machine carries data out in the names it asks for",
        logs=(DNSMASQ,),
        length=780.0,
        chapters=DNS_TUNNEL.chapters(_tunnel),
        noise=(DNSMASQ_NOISE,),
        alerts=DNS_TUNNEL.alerts,
        quiet=DNS_TUNNEL.quiet,
    ),
    Story(
        name="dns_long_names",
        says="a content network, a virus scanner, a block list and mail policies: long names, many TXT",
        logs=(DNSMASQ,),
        length=780.0,
        chapters=DNS_TUNNEL_BENIGN.chapters(_cdn, _reputation, _dnsbl(DNSMASQ, 25), _mail_txt),
        noise=(DNSMASQ_NOISE,),
        quiet=DNS_TUNNEL_BENIGN.quiet,
        twin_of="dns_tunnel",
    ),
    Story(
        name="dns_dga",
        says="an infected machine looks for its master under made-up names",
        logs=(UNBOUND,),
        length=700.0,
        chapters=DNS_DGA.chapters(_dga),
        noise=(UNBOUND_NOISE,),
        alerts=DNS_DGA.alerts,
        quiet=DNS_DGA.quiet,
    ),
    Story(
        name="dns_missing_names",
        says="search domains, browsers' random words and a block list: names that do not exist",
        logs=(UNBOUND,),
        length=700.0,
        chapters=DNS_DGA_BENIGN.chapters(_search_list, _probe, _dnsbl(UNBOUND, 20)),
        noise=(UNBOUND_NOISE,),
        quiet=DNS_DGA_BENIGN.quiet,
        twin_of="dns_dga",
    ),
    Story(
        name="dns_bad_names",
        says="a mining pool, a call-back that proves a hole, an outsider after recursion and the zone",
        logs=(BIND,),
        length=700.0,
        chapters=DNS_NAMES.chapters(_mining, _callback, _refused),
        noise=(BIND_NOISE,),
        alerts=DNS_NAMES.alerts,
        quiet=DNS_NAMES.quiet,
    ),
    Story(
        name="dns_good_names",
        says="pools without miners, our secondary name server, somebody with the wrong resolver",
        logs=(BIND,),
        length=700.0,
        chapters=DNS_NAMES_BENIGN.chapters(_pools, _transfer, _lost),
        noise=(BIND_NOISE,),
        quiet=DNS_NAMES_BENIGN.quiet,
        twin_of="dns_bad_names",
    ),
)
