"""Until when certificates are valid, read from their PEM files: to be told before senders refuse them.

What `ssl` offers tells this of a verified connection only, and a library for certificates comes with an
extra; so two dates are taken out of the DER here (RFC 5280, 4.1).
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from typing import Final

import msgspec

from socterm.errors import Trouble

SOON: Final = 30 * 86_400_000_000
"""µs before its end from which a certificate is told to be renewed."""

_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
_VERSION: Final = 0xA0
_UTC_TIME: Final = 0x17
_BEFORE_VALIDITY: Final = 3
"""Fields of a certificate before its dates, the version apart: number, algorithm, issuer."""


class Lifetime(msgspec.Struct, frozen=True):
    """When a certificate is valid, µs since the epoch."""

    since: int
    until: int

    def trouble(self, now: int) -> Trouble | None:
        """What a person must know of it at `now`, as the end of a sentence; None while there is nothing."""
        if now < self.since:
            return Trouble(f"is not valid before {_date(self.since)}", "see whether the clock is right")
        if now >= self.until:
            return Trouble(f"expired on {_date(self.until)}", "renew it")
        soon = self.until - now < SOON
        return Trouble(f"expires on {_date(self.until)}", "renew it") if soon else None

    def valid(self, now: int) -> bool:
        """Whether it is accepted at `now`."""
        return self.since <= now < self.until

    @property
    def last_day(self) -> str:
        """The date of its end, in UTC."""
        return _date(self.until)


def of_chain(pem: bytes) -> Lifetime | None:
    """That of certificates that are needed together: a listener's and those between it and its CA.

    None for what cannot be read.
    """
    found = _lifetimes(pem)
    return Lifetime(max(one.since for one in found), min(one.until for one in found)) if found else None


def of_any(pem: bytes) -> Lifetime | None:
    """That of the one which lasts longest: of CAs any will do."""
    return max(_lifetimes(pem), key=lambda one: one.until, default=None)


def _lifetimes(pem: bytes) -> list[Lifetime]:
    try:
        return [_lifetime(base64.b64decode(found[1])) for found in _PEM.finditer(pem)]
    except (ValueError, IndexError):
        return []


def _lifetime(der: bytes) -> Lifetime:
    _, at, _ = _field(der, 0)
    _, at, _ = _field(der, at)
    tag, _, end = _field(der, at)
    at = end if tag == _VERSION else at
    for _ in range(_BEFORE_VALIDITY):
        _, _, at = _field(der, at)
    _, at, _ = _field(der, at)
    kind, start, end = _field(der, at)
    other, second, last = _field(der, end)
    return Lifetime(_time(kind, der[start:end]), _time(other, der[second:last]))


def _field(der: bytes, at: int) -> tuple[int, int, int]:
    """(tag, where its content begins, where that ends)."""
    tag, size, at = der[at], der[at + 1], at + 2
    if size & 0x80:
        more = size & 0x7F
        size, at = int.from_bytes(der[at : at + more], "big"), at + more
    if at + size > len(der):
        raise ValueError("cut short")
    return tag, at, at + size


def _time(tag: int, text: bytes) -> int:
    """µs of a UTCTime, whose years are 1950 to 2049, or of a GeneralizedTime."""
    said = text.decode("ascii")
    if tag == _UTC_TIME:
        said = ("20" if said < "50" else "19") + said
    return int(datetime.strptime(said, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()) * 1_000_000


def _date(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment // 1_000_000, UTC):%Y-%m-%d}"
