"""Logins that are open and changes of user that last: what is remembered to tell who is behind a command."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

PREFIX = "origin "
"""Of the keys under which this is kept beside what decoders remember."""


class Login(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """An open SSH login; `address` is a name where sshd only told that. `position` is that of its line."""

    position: int
    ts: int
    host: str
    user: str
    address: str
    port: int
    is_ip: bool

    def marks(self) -> tuple[Mark, ...]:
        """By what it is asked for."""
        return ("user", self.host, self.user), ("peer", self.host, self.address), ("host", self.host, "")


class Switch(msgspec.Struct, array_like=True, gc=False, frozen=True):
    """`by` became `user`, through su or a session of sudo; `times` sessions that began without a number."""

    position: int
    ts: int
    host: str
    user: str
    by: str
    times: int = 0

    def marks(self) -> tuple[Mark, ...]:
        """By what it is asked for."""
        return ("user", self.host, self.user), ("host", self.host, "")


Mark = tuple[str, str, str]
"""("user", "peer" or "host"; the host; the user or the address)"""

Entry = TypeVar("Entry", Login, Switch)


class Open(Generic[Entry]):
    """What is open, by process, and whose it is; the oldest goes when there are more than `most`."""

    def __init__(self, kind: type[Entry], name: str, most: int) -> None:
        self._start = f"{PREFIX}{name} "
        self._read: Callable[[str], Entry] = msgspec.json.Decoder(kind).decode
        self._most = most
        self._all: OrderedDict[str, Entry] = OrderedDict()
        self._marked: dict[Mark, dict[str, Entry]] = {}
        self._dirty: set[str] = set()

    def get(self, key: str) -> Entry | None:
        """What is open under a key."""
        return self._all.get(key)

    def all_of(self, kind: str, host: str, value: str = "") -> list[tuple[str, Entry]]:
        """(key, entry) of all that have this mark, the newest first."""
        return list(reversed(self._marked.get((kind, host, value), {}).items()))

    def add(self, key: str, entry: Entry) -> None:
        """Put it in, as the newest; what was there under the key is over."""
        self.remove(key)
        if len(self._all) >= self._most:
            self.remove(next(iter(self._all)))
        self._all[key] = entry
        for mark in entry.marks():
            self._marked.setdefault(mark, {})[key] = entry
        self._dirty.add(key)

    def remove(self, key: str) -> bool:
        """It is over; whether there was any."""
        entry = self._all.pop(key, None)
        if entry is None:
            return False
        self._dirty.add(key)
        for mark in entry.marks():
            marked = self._marked[mark]
            del marked[key]
            if not marked:
                del self._marked[mark]
        return True

    def changes(self) -> list[tuple[str, str | None]]:
        """Entries changed since the last call; None for one that is over."""
        found: list[tuple[str, str | None]] = []
        for key in sorted(self._dirty):
            entry = self._all.get(key)
            text = None if entry is None else msgspec.json.encode(entry).decode()
            found.append((self._start + key, text))
        self._dirty.clear()
        return found

    def restore(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take back what `changes` gave away, in the order in which it was opened."""
        start = self._start
        found = [(key[len(start) :], self._read(text)) for key, text in entries if key.startswith(start)]
        for key, entry in sorted(found, key=lambda item: item[1].position):
            self.add(key, entry)
        self._dirty.clear()
