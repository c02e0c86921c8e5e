"""Values that come as text under a known name (CEF, LEEF, key=value): each in the type of its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from socterm.parsers.marks import Fields, number, put_end
from socterm.parsers.moments import when
from socterm.parsers.stamps import Clock
from socterm.taxonomy.appliances import NUMBERS, OUTCOMES

_SIDES = ("source", "destination", "observer", "server")
_LOWERED = ("network.transport", "network.protocol")


def put_value(f: Fields, name: str, value: str) -> None:
    """Write a value under its ECS name; what does not fit the field, and an empty one, is left out.

    >>> f: Fields = {}
    >>> put_value(f, "source.ip", "::ffff:192.0.2.1"), put_value(f, "source.port", "99999"), f
    (None, None, {'source.ip': '192.0.2.1'})
    """
    side, _, last = name.rpartition(".")
    if last == "ip" and side in _SIDES:
        put_end(f, side, value)
    elif last == "port":
        put_end(f, side, "", value)
    elif name in NUMBERS:
        whole = number(value, 18)
        if whole is not None:
            f[name] = whole
    elif name == "event.outcome":
        f[name] = OUTCOMES.get(value.lower(), "unknown")
    elif value:
        f[name] = value.lower() if name in _LOWERED else value


def first_stamp(clock: Clock, pairs: Mapping[str, str], names: Iterable[str]) -> int | None:
    """The instant (µs) of the first of these names that holds one."""
    for name in names:
        ts = when(clock, pairs[name]) if name in pairs else None
        if ts is not None:
            return ts
    return None
