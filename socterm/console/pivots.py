"""The pivot menu: what else there is about the value under the cursor. To add a pivot, add a row to `PIVOTS`.

A row says when it fits and what it does; its key after `p`, the help and the docs follow. Nothing here reads
the store: a pivot goes to a screen with a question, and that screen reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from socterm.alerts.bonds import KINDS
from socterm.query import quote

MINUTE = 60_000_000
AROUND = 5 * MINUTE

USERS = ("user.name", "user.effective.name", "user.target.name")
ADDRESSES = ("source.ip", "destination.ip", "client.ip", "host.ip", "server.ip")
HOSTS = ("host.hostname", "host.name")


class Spot(NamedTuple):
    """What the cursor is on: fields with their values, the most telling first; a time (µs), ids, the text.

    0 and "" stand for what is not there. `text` is what copying takes.
    """

    fields: Mapping[str, str] = {}
    ts: int = 0
    event: int = 0
    alert: int = 0
    text: str = ""

    def first(self, *names: str) -> tuple[str, str]:
        """The first of these fields that is there, with its value; ("", "") for none. No names: any field."""
        for name in names or tuple(self.fields):
            if self.fields.get(name):
                return name, self.fields[name]
        return "", ""


class Console(Protocol):
    """What a pivot may ask of the console."""

    def visit(self, place: str, argument: str = "") -> None:
        """Go to a screen with an argument; Esc comes back here."""

    def narrow(self, clause: str) -> None:
        """Add a clause to the filter of the screen in front, or of Events where that has none."""

    def copy_value(self, text: str) -> None:
        """Put a text on the clipboard and say so."""

    def suppress(self, spot: Spot) -> None:
        """Offer an exception for what has the value."""


class Pivot(NamedTuple):
    """One thing to do from a value. `fits` names what it would be about, "" where there is nothing."""

    name: str
    key: str
    label: str
    help: str
    fits: Callable[[Spot], str]
    run: Callable[[Console, Spot], None]


def clause(field: str, value: str) -> str:
    """A field with exactly this value, in the query language."""
    return f"{field}:{quote(value)}"


def both(text: str, more: str) -> str:
    """Two filters as one: what passes both."""
    if not text.strip():
        return more
    alternatives = " or " in text.lower()
    return f"({text}) and {more}" if alternatives else f"{text} and {more}"


def around(ts: int, micros: int = AROUND) -> str:
    """The time about a moment, in the query language."""
    low, high = (
        datetime.fromtimestamp((ts + d) / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S") for d in (-micros, micros)
    )
    return f"@timestamp>={low}Z and @timestamp<={high}Z"


def _about(*names: str) -> Callable[[Spot], str]:
    return lambda spot: spot.first(*names)[1]


def _all_of(*names: str) -> Callable[[Console, Spot], None]:
    return lambda console, spot: console.visit("events", clause(*spot.first(*names)))


NO_EVENT_HAS = ("rule", "rule.id", "@timestamp")
"""Fields of questions that no event has: nothing can be excepted by them."""


def excepted_by(spot: Spot) -> dict[str, str]:
    """The fields an exception could ask for."""
    return {name: value for name, value in spot.fields.items() if value and name not in NO_EVENT_HAS}


def _suppressed(spot: Spot) -> str:
    field, value = next(iter(excepted_by(spot).items()), ("", ""))
    return f"never alert where {field} is {value}" if field else ""


def _when(spot: Spot) -> str:
    return datetime.fromtimestamp(spot.ts / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S UTC") if spot.ts else ""


# fmt: off
PIVOTS: tuple[Pivot, ...] = (
    Pivot("around", "w", "±5 min", "All events within five minutes before and after it", _when,
          lambda console, spot: console.visit("events", around(spot.ts))),
    Pivot("user", "u", "user's events", "All events of this user", _about(*USERS), _all_of(*USERS)),
    Pivot("address", "i", "address's events", "All events of this address", _about(*ADDRESSES),
          _all_of(*ADDRESSES)),
    Pivot("host", "h", "host's events", "All events of this host", _about(*HOSTS), _all_of(*HOSTS)),
    Pivot("entity", "e", "entity", "All that is known of this user, address or host", _about(*KINDS),
          lambda console, spot: console.visit("entity", "=".join(spot.first(*KINDS)))),
    Pivot("value", "v", "same value", "All events with this value in this field", _about(), _all_of()),
    Pivot("keep", "equals_sign", "keep", "Keep what has this value", _about(),
          lambda console, spot: console.narrow(clause(*spot.first()))),
    Pivot("exclude", "minus", "exclude", "Leave out what has this value", _about(),
          lambda console, spot: console.narrow(f"not {clause(*spot.first())}")),
    Pivot("suppress", "s", "except", "Have what has this value alert no more", _suppressed,
          lambda console, spot: console.suppress(spot)),
    Pivot("copy", "y", "copy", "Copy it to the clipboard", lambda spot: spot.text,
          lambda console, spot: console.copy_value(spot.text)),
)
# fmt: on

BY_NAME = {pivot.name: pivot for pivot in PIVOTS}
