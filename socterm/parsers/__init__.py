"""Raw lines to events under ECS names: one file a format, `registry` says which program is read by which."""

from typing import Any

from socterm.event import Chunk
from socterm.parsers.decoder import Decoder
from socterm.parsers.export import as_ecs

__all__ = ["Decoder", "as_ecs", "read_line"]

_NOW = 1_795_219_200_000_000


def read_line(line: str, *names: str, now: int = _NOW) -> tuple[Any, ...]:
    """Fields of one line alone, as `parse --json` would give them; None for one that is not there.

    `now` (µs) settles years; by default 21 November 2026, so that examples always mean the same.

    >>> read_line("Nov 20 10:00:00 web1 sshd[7]: Invalid user bob from 192.0.2.7", "user.name", "source.ip")
    ('bob', '192.0.2.7')
    """
    (event,) = Decoder("line").decode(Chunk("line", 0, [line.encode()], {}, now, live=False))
    found = as_ecs(event)
    return tuple(found.get(name) for name in names)
