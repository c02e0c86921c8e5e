"""Exceptions: what a false positive teaches, with a reason, an author and an end.

Pure: what is excepted, until when, and what an alert suggests. The document it becomes is a Sigma filter,
written and read by `socterm.sigma.exceptions`; that it applies is the detector's business.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Final, Literal

import msgspec

from socterm.errors import UsageError

Status = Literal["in force", "expired", "refused"]

DAY: Final = 86_400_000_000
NEVER: Final = 0
"""An end of 0: until somebody ends it."""

SPANS: Final = {"7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY, "365d": 365 * DAY, "never": NEVER}
"""What the console offers, by name; `expiry` reads these and more."""

USUAL: Final = "30d"

LONGEST: Final = 256
"""Characters of a value worth suggesting; one may be given that is longer."""

_UNITS: Final = {"m": 60_000_000, "h": 3_600_000_000, "d": DAY, "w": 7 * DAY}
_LAST: Final = 253_402_300_799_000_000
"""The end of the year 9999: the last moment that can be told."""

_SPAN: Final = re.compile(r"([1-9][0-9]{0,5})([mhdw])")

SUGGESTED: Final = (
    "source.ip", "user.name", "user.effective.name", "host.hostname", "process.name", "process.executable",
    "process.command_line", "service.name", "event.action", "url.path", "user_agent.original",
    "destination.ip", "destination.port", "dns.question.name", "file.path",
)  # fmt: skip
"""Fields people except by, the likeliest first."""


class Term(msgspec.Struct, frozen=True):
    """One thing an event must have to be excepted: a field that is a value, or an address in a network."""

    field: str
    value: str
    network: bool = False

    def __str__(self) -> str:
        return f"{self.field} {'in' if self.network else '='} {self.value}"


EVERYTHING: Final = Term("event.kind", "*")
"""What every event has: with it an exception switches its rules off."""


class Wording(msgspec.Struct, frozen=True):
    """What an exception says. `rules` are keys of rules, () for all; of the `terms` every one must hold."""

    rules: tuple[str, ...]
    terms: tuple[Term, ...]
    reason: str
    title: str = ""


def titled(wording: Wording, names: Sequence[str] = ()) -> str:
    """A title for one that has none; `names` are the rules' titles.

    >>> titled(Wording((), (Term("source.ip", "10.0.0.0/8", True),), "scanner"))
    'All rules, but not for source.ip in 10.0.0.0/8'
    """
    whom = " and ".join(map(str, wording.terms))
    named = [*(names or wording.rules)]
    rules = named[0] if named else "All rules"
    rules += f" and {len(named) - 1} more" if len(named) > 1 else ""
    if EVERYTHING in wording.terms:
        return wording.title or f"Off: {rules}"
    return wording.title or f"{rules}, but not for {whom}"


def check(wording: Wording) -> Wording:
    """The wording with its values trimmed and networks in their usual form.

    Raises UsageError for one that would hide too much or says too little.
    """
    if not wording.reason.strip():
        raise UsageError("an exception needs a reason: say why, for whoever reads it in a year")
    if not wording.terms:
        raise UsageError("an exception needs a field: without one it would switch the rule off")
    if EVERYTHING in wording.terms and (not wording.rules or len(wording.terms) > 1):
        raise UsageError("event.kind=* is every event: it switches single rules off, and stands alone")
    terms = tuple(dict.fromkeys(map(_checked, wording.terms)))
    several = sorted(name for name in {t.field for t in terms} if sum(t.field == name for t in terms) > 1)
    if several:
        raise UsageError(f"{several[0]} is named twice, and all of it must hold: write two exceptions")
    return msgspec.structs.replace(wording, terms=terms, reason=wording.reason.strip())


def _checked(term: Term) -> Term:
    field = term.field.strip()
    if not field or any(char in field for char in "|:\"'{}[]\\\n") or not field.isprintable():
        raise UsageError(f"{term.field!r} is not the name of a field, such as source.ip")
    if not term.network:
        return Term(field, term.value)
    try:
        network = ipaddress.ip_network(term.value.strip(), strict=False)
    except ValueError:
        raise UsageError(f"{term.value!r} is not a network: write one such as 10.0.0.0/8") from None
    if network.prefixlen == 0:
        raise UsageError(f"{network} is every address: name a smaller network, or switch the rule off")
    return Term(field, str(network), network=True)


def expiry(said: str, now: int, tz: tzinfo = UTC) -> int:
    """When (µs) an exception ends: `12h`, `30d`, `2w` from now, a day such as 2026-04-01, or `never` (0).

    Raises UsageError where it is none of these, or past.

    >>> expiry("30d", 0) == 30 * DAY, expiry("never", 5)
    (True, 0)
    """
    text = said.strip().lower()
    if text == "never":
        return NEVER
    if span := _SPAN.fullmatch(text):
        ends = now + int(span[1]) * _UNITS[span[2]]
        if ends > _LAST:
            raise UsageError(f"{said} is beyond all calendars: write 12h, 30d, 2026-04-01 or never")
        return ends
    try:
        moment = datetime.fromisoformat(text.upper())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=tz)
        ends = int(moment.timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        raise UsageError(f"{said!r} is no time to end: write 12h, 30d, 2026-04-01 or never") from None
    if ends <= now:
        raise UsageError(f"{said} is past: an exception hides what is still to come")
    return ends


def in_force(expires: int, now: int) -> bool:
    """Whether one that ends at `expires` (µs, 0 for never) still holds at a wall time."""
    return expires == NEVER or now < expires


def status_of(expires: int, problem: str, now: int) -> Status:
    """How an exception stands at a wall time: one that the rules of now cannot use is refused."""
    if not in_force(expires, now):
        return "expired"
    return "refused" if problem else "in force"


def entity_terms(entity: Mapping[str, str]) -> tuple[Term, ...]:
    """What an alert is about as the terms of an exception: what a prefilled one says."""
    return tuple(Term(name, value) for name, value in entity.items())


def suggestions(events: Iterable[Mapping[str, Any]], taken: Iterable[str] = ()) -> tuple[Term, ...]:
    """Fields in which all events agree, apart from those taken: what a narrower exception could add."""
    common: dict[str, str] | None = None
    for fields in events:
        have = {name: _plain(fields.get(name)) for name in SUGGESTED}
        if common is None:
            common = {name: value for name, value in have.items() if value and len(value) <= LONGEST}
        else:
            common = {name: value for name, value in common.items() if have[name] == value}
    left = set(taken)
    return tuple(Term(name, value) for name, value in (common or {}).items() if name not in left)


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def networks_of(value: str) -> tuple[str, ...]:
    """The networks around an address that people mean, the smallest first; () where it is no address.

    >>> networks_of("203.0.113.9")
    ('203.0.113.0/24', '203.0.0.0/16')
    """
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return ()
    sizes = (24, 16) if address.version == 4 else (64, 48)
    return tuple(str(ipaddress.ip_network(f"{address}/{size}", strict=False)) for size in sizes)
