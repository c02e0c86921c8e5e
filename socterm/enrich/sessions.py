"""Logins that are open and changes of user that last: what is remembered to tell who is behind a command."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

PREFIX = "origin "
"""Of the keys under which this is kept beside what decoders remember."""


class Login(msgspec.Struct, array_like=True, gc=False):
    """An open SSH login; `address` is a name where sshd only told that. `position` is that of its line."""

    position: int
    ts: int
    host: str
    user: str
    address: str
    port: int
    is_ip: bool

    @property
    def peer(self) -> str:
        """The other thing, beside the user, that it is found by."""
        return self.address


class Switch(msgspec.Struct, array_like=True, gc=False):
    """`by` became `user`, through su or a session of sudo; `times` sessions that began without a number."""

    position: int
    ts: int
    host: str
    user: str
    by: str
    times: int = 0
    peer: str = ""


Mark = tuple[str, str]
"""(host, user or address)"""

Entry = TypeVar("Entry", Login, Switch)


class Open(Generic[Entry]):
    """What is open, by process, and whose it is; the oldest goes when there are more than `most`.

    `of_user` and `of_peer` have, by (host, user) and (host, address), what is open under which key, the
    oldest first. They are there to be read.
    """

    def __init__(self, kind: type[Entry], name: str, most: int) -> None:
        self.of_user: dict[Mark, dict[str, Entry]] = {}
        self.of_peer: dict[Mark, dict[str, Entry]] = {}
        self._start = f"{PREFIX}{name} "
        self._read: Callable[[str], Entry] = msgspec.json.Decoder(kind).decode
        self._most = most
        self._all: OrderedDict[str, Entry] = OrderedDict()
        self._dirty: set[str] = set()
        self._told: set[str] = set()

    def get(self, key: str) -> Entry | None:
        """What is open under a key."""
        return self._all.get(key)

    def add(self, key: str, entry: Entry) -> None:
        """Put it in, as the newest; what was there under the key is over."""
        every = self._all
        if key in every:
            self.remove(key)
        elif len(every) >= self._most:
            self.remove(next(iter(every)))
        every[key] = entry
        self._dirty.add(key)
        host = entry.host
        _put(self.of_user, (host, entry.user), key, entry)
        if entry.peer:
            _put(self.of_peer, (host, entry.peer), key, entry)

    def remove(self, key: str) -> bool:
        """It is over; whether there was any."""
        entry = self._all.pop(key, None)
        if entry is None:
            return False
        self._dirty.add(key)
        host = entry.host
        _take(self.of_user, (host, entry.user), key)
        if entry.peer:
            _take(self.of_peer, (host, entry.peer), key)
        return True

    def leave(self, host: str) -> None:
        """All on a host is over."""
        for key in [key for key, entry in self._all.items() if entry.host == host]:
            self.remove(key)

    def changes(self) -> list[tuple[str, str | None]]:
        """Entries changed since the last call; None for one that is over, unless nobody heard of it."""
        found: list[tuple[str, str | None]] = []
        told = self._told
        for key in sorted(self._dirty):
            entry = self._all.get(key)
            if entry is not None:
                told.add(key)
                found.append((self._start + key, msgspec.json.encode(entry).decode()))
            elif key in told:
                told.remove(key)
                found.append((self._start + key, None))
        self._dirty.clear()
        return found

    def restore(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take back what `changes` gave away, in the order in which it was opened."""
        start = self._start
        found = [(key[len(start) :], self._read(text)) for key, text in entries if key.startswith(start)]
        for key, entry in sorted(found, key=lambda item: item[1].position):
            self.add(key, entry)
        self._told.update(self._dirty)
        self._dirty.clear()


def _put(index: dict[Mark, dict[str, Entry]], mark: Mark, key: str, entry: Entry) -> None:
    marked = index.get(mark)
    if marked is None:
        index[mark] = {key: entry}
    else:
        marked[key] = entry


def _take(index: dict[Mark, dict[str, Entry]], mark: Mark, key: str) -> None:
    marked = index[mark]
    if len(marked) == 1:
        del index[mark]
    else:
        del marked[key]
