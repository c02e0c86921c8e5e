"""The event.* fields an action implies, made once: parsers `update` a line's fields with one of these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.memory import Memory
from socterm.taxonomy.actions import ACTIONS

Fields = dict[str, Any]
Handler = Callable[[str, Fields, Memory], int]
"""A body parser: (message, the line's fields to add to, memory) → how many occurrences it stands for."""


def mark(action: str, outcome: str = "") -> Fields:
    """The fields that say what happened: action, category, type and, where given, outcome.

    >>> mark("power")
    {'event.action': 'power', 'event.category': ('host',), 'event.type': ('change',)}
    """
    entry = ACTIONS[action]
    fields: Fields = {"event.action": action, "event.category": entry.category, "event.type": entry.type}
    if outcome:
        fields["event.outcome"] = outcome
    return fields


def put_peer(fields: Fields, token: str, port: str = "") -> str:
    """Write where the peer is into the fields; the answer is its address or name, "" for nobody."""
    name, value = known_peers.get(token) or peer_of(token)
    if name:
        fields[name] = value
        if port.isdecimal() and len(port) <= 5:
            fields["source.port"] = int(port)
    return value


def put_end(fields: Fields, side: str, token: str, port: str | int | None = None) -> str:
    """The same for either end of a connection: `side` is "source", "destination", "client", "server", …

    >>> fields: Fields = {}
    >>> put_end(fields, "destination", "::ffff:192.0.2.1", "443"), fields
    ('192.0.2.1', {'destination.ip': '192.0.2.1', 'destination.port': 443})
    """
    name, value = known_peers.get(token) or peer_of(token)
    if name:
        fields[side + name[6:]] = value
    if port is not None and port != "":
        found = port if isinstance(port, int) else number(port, 5)
        if found is not None and 0 <= found < 65_536:
            fields[f"{side}.port"] = found
    return value


def relate(fields: Fields, user: str = "", ip: str = "") -> None:
    """Name a user or an address the line mentions without being the one to report it (ECS related.*)."""
    if user:
        fields["related.user"] = (user,)
    if ip:
        fields["related.ip"] = (ip,)


def number(text: str, limit: int = 10) -> int | None:
    """A decimal number of sane length, else None.

    >>> number("42"), number("x"), number("9" * 40)
    (42, None, None)
    """
    return int(text) if text.isdecimal() and len(text) <= limit else None
