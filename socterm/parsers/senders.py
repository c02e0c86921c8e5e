"""Who sent a line over the network: on record, and the host where the line itself names none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from socterm.event import Event

ADDRESS: Final = "log.source.address"

_NAMED: Final = frozenset(
    {"host.hostname", "host.name", "host.ip", "observer.hostname", "observer.name", "observer.ip"}
)
"""Any of these says whose line it is."""


def note_senders(events: Iterable[Event], senders: Sequence[str]) -> None:
    """Add the address each line came from; what a line brings along of it is kept.

    A device that leaves its name out is the host by its address, as it would have written it itself (RFC
    3164, 4.1.2). Not so for a document, whose fields say what it is about, nor for what a program of this
    machine passes on.
    """
    for event, sender in zip(events, senders, strict=True):
        fields = event.fields
        fields.setdefault(ADDRESS, sender)
        if not (_NAMED & fields.keys() or event.raw.startswith("{") or _is_here(sender)):
            fields["host.hostname"] = sender


def _is_here(address: str) -> bool:
    return address.startswith("127.") or address == "::1"
