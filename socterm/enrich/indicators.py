"""Lists of what is known to be bad: addresses, networks, domains and hashes.

One list is a *feed*, called after its file. All feeds are looked up together; how many entries they hold does
not matter: an address costs one step per prefix length in use, a domain one per label, a hash one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from socterm.enrich.domains import LONGEST, plain_name
from socterm.enrich.lists import entries_of
from socterm.enrich.prefixes import Network, Prefixes, address_of, network_of
from socterm.enrich.watched import DataError, text_lines

_LIMIT = 512 << 20
_WIDEST = {32: 8, 128: 16}
"""Shortest prefix a list may hold: wider networks would make every second line a match."""

_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?!\d+$)[a-z0-9-]{2,63}")
_HASH = re.compile(r"[0-9a-f]{32}(?:[0-9a-f]{8}(?:[0-9a-f]{24})?)?")


class Match(NamedTuple):
    """One entry that fits: ECS `threat.indicator.type`, the entry itself, the feeds it stands in."""

    type: str
    name: str
    feeds: tuple[str, ...]


class Feed:
    """The entries of one file. `bad` counts lines that are no indicator; `first_bad` is the first of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.networks: dict[Network, str] = {}
        self.domains: set[str] = set()
        self.hashes: set[str] = set()
        self.bad = 0
        self.first_bad = ""

    def __len__(self) -> int:
        return len(self.networks) + len(self.domains) + len(self.hashes)

    def add(self, entry: str) -> bool:
        """Take in one entry; whether it is an indicator.

        >>> feed = Feed("x")
        >>> [feed.add(text) for text in ("192.0.2.0/24", "*.evil[.]example", "d" * 40, "10.0.0.1:443", "com")]
        [True, True, True, True, False]
        """
        text = entry.strip(" \t\"'").lower().replace("[.]", ".")
        if text.count(":") == 1:  # an address or a name with a port
            text = text.partition(":")[0]
        network = network_of(text)
        if network is not None:
            if network[2] < _WIDEST[network[0]]:
                return False
            self.networks[network] = text
            return True
        if _HASH.fullmatch(text):
            self.hashes.add(text)
            return True
        name = plain_name(text.removeprefix("*").removeprefix("."))
        if not name.isascii() and len(name) <= LONGEST:
            try:
                name = name.encode("idna").decode("ascii")
            except UnicodeError:
                return False
        if len(name) > LONGEST or _DOMAIN.fullmatch(name) is None:
            return False
        self.domains.add(name)
        return True


class Indicators:
    """All feeds, joined for looking up."""

    def __init__(self, feeds: Iterable[Feed] = ()) -> None:
        self._networks: Prefixes[Match] = Prefixes()
        self._domains: dict[str, Match] = {}
        self._hashes: dict[str, Match] = {}
        self.size = 0
        for feed in feeds:
            self.size += len(feed)
            for network, text in feed.networks.items():
                kind = "ipv4-addr" if network[0] == 32 else "ipv6-addr"
                self._networks[network] = _joined(self._networks.get(network), kind, text, feed.name)
            for name in feed.domains:
                self._domains[name] = _joined(self._domains.get(name), "domain-name", name, feed.name)
            for name in feed.hashes:
                self._hashes[name] = _joined(self._hashes.get(name), "file", name, feed.name)

    def of_address(self, value: str) -> Iterator[Match]:
        """The entries an address fits, the narrowest first."""
        return self._networks.around(address_of(value))

    def of_domain(self, value: str) -> Iterator[Match]:
        """The entries a name or a domain above it stands in, the longest first."""
        name = plain_name(value)
        if len(name) > LONGEST:
            return
        while name:
            found = self._domains.get(name)
            if found is not None:
                yield found
            name = name.partition(".")[2]

    def of_hash(self, value: str) -> Iterator[Match]:
        """The entry of an MD5, SHA-1 or SHA-256."""
        found = self._hashes.get(value.lower()) if len(value) <= 64 else None
        if found is not None:
            yield found


def _joined(known: Match | None, kind: str, name: str, feed: str) -> Match:
    return Match(kind, name, (feed,)) if known is None else known._replace(feeds=(*known.feeds, feed))


def read_feed(path: Path) -> tuple[Feed, str]:
    """The list in a file, and what to remark on it.

    Raises `DataError` for one that holds lines but no indicator (the error page of a failed download),
    OSError for one that cannot be read.
    """
    feed = Feed(path.stem)
    for number, entry in entries_of(text_lines(path, _LIMIT), Feed("").add):
        if not feed.add(entry):
            feed.bad += 1
            feed.first_bad = feed.first_bad or f"line {number}: {entry[:40]!r}"
    if feed.bad and not len(feed):
        raise DataError(f"holds no address, network, domain or hash ({feed.first_bad})")
    if not feed.bad:
        return feed, ""
    lines = "1 line is" if feed.bad == 1 else f"{feed.bad:,} lines are"
    return feed, f"{path}: {lines} no indicator, the first is {feed.first_bad}; {len(feed):,} are used"
