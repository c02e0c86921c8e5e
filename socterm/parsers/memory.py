"""What a source's decoder remembers between lines: per process, who is behind it and what was counted.

A login attempt is told by several lines of one process: sshd's own, PAM's, sometimes a summary at the end.
Each way of telling is a channel with its own counter; the failures so far are the highest of them. A line
stands for what it adds to that: the first line to tell of an attempt counts 1, the others 0.

All of it is a function of the lines in order, it is bounded, and it survives a restart (`changes`/`restore`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

import msgspec

HOUR = 3_600_000_000
CAPACITY = 4096
PATIENCE = 16
"""How many of PAM's failures in a row wait for sshd's own line before sshd is taken to be silent."""


class Seen(msgspec.Struct, array_like=True, gc=False):
    """One process (host and pid) as far as its lines told.

    `top` is the highest channel, `counted` how much of it events already stand for; what lies between is
    owed: told of, but not yet by a line that names a culprit. `tries` are public keys offered in vain.
    `position` and `ts` are those of the last line that touched this.
    """

    ts: int
    position: int
    ip: str = ""
    domain: str = ""
    port: int = 0
    user: str = ""
    top: int = 0
    counted: int = 0
    tries: int = 0
    channels: dict[str, int] = {}

    def tell(self, channel: str, times: int = 1) -> None:
        """A channel told of more failures; nothing is counted yet."""
        value = self.channels.get(channel, 0) + times
        self.channels[channel] = value
        if value > self.top:
            self.top = value

    def at_least(self, channel: str, total: int) -> None:
        """A channel knows the total so far."""
        value = self.channels.get(channel, 0)
        if total > value:
            self.tell(channel, total - value)

    def settle(self) -> int:
        """How many failures this line stands for: all that is owed."""
        owed = self.top - self.counted
        self.counted = self.top
        return owed

    def meet(self, ip: str, domain: str, port: int) -> None:
        """Learn where the process's peer is; another peer means that the pid was used anew."""
        if ip and self.ip and (ip != self.ip or (port and self.port and port != self.port)):
            self.renew()
        if ip:
            self.ip = ip
        elif domain:
            self.domain = domain
        if port:
            self.port = port

    def renew(self) -> None:
        """Start over: a new connection, or a login that succeeded."""
        self.ip = self.domain = self.user = ""
        self.port = self.top = self.counted = self.tries = 0
        self.channels = {}


class Memory:
    """The processes of one source. The decoder sets `host`, `pid`, `ts` and `position` before each line.

    `family` is the program's (see `registry`); `times` is how often the line at hand happened ("message
    repeated 5 times").
    """

    def __init__(self) -> None:
        self.host = ""
        self.pid: int | None = None
        self.ts = 0
        self.position = 0
        self.times = 1
        self.family = ""
        self._patience = 0
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._dirty: set[str] = set()
        self._at_hand: Seen | None = None
        self._at_host = ""
        self._at_pid = -1

    def process(self, peer: str = "") -> Seen:
        """What is remembered of the process that wrote the line at hand, fresh where nothing is.

        A line without a pid is kept under `peer` (an address or a user) instead. Untouched for an hour of
        event time, or written with the clock an hour back, a process counts as another one.
        """
        pid = self.pid
        at_hand = self._at_hand
        # Lines of one process come in a row: then it stands last already.
        if (
            pid == self._at_pid
            and at_hand is not None
            and self.host == self._at_host
            and -HOUR < self.ts - at_hand.ts < HOUR
        ):
            at_hand.ts = self.ts
            at_hand.position = self.position
            return at_hand
        key = f"{self.host} {peer if pid is None else pid}"
        seen = self._seen
        found = seen.get(key)
        if found is None:
            if len(seen) >= CAPACITY:
                self._dirty.add(seen.popitem(last=False)[0])
            found = seen[key] = Seen(self.ts, self.position)
        else:
            if not -HOUR < self.ts - found.ts < HOUR:
                found.renew()
            found.ts = self.ts
            found.position = self.position
            seen.move_to_end(key)
        self._dirty.add(key)
        if pid is None:
            self._at_hand = None
        else:
            self._at_hand, self._at_host, self._at_pid = found, self.host, pid
        return found

    def known(self, peer: str = "") -> Seen | None:
        """As `process`, but None where nothing is remembered; nothing is touched."""
        if self.pid == self._at_pid and self._at_hand is not None and self.host == self._at_host:
            found: Seen | None = self._at_hand
        else:
            found = self._seen.get(f"{self.host} {peer if self.pid is None else self.pid}")
        return found if found is not None and -HOUR < self.ts - found.ts < HOUR else None

    def sshd_spoke(self) -> None:
        """sshd told of a failure itself: PAM's lines beside it may wait for the next of that kind."""
        if self._patience != PATIENCE:
            self._patience = PATIENCE
            self._dirty.add("")

    def may_wait(self) -> bool:
        """Whether a failure PAM tells of will be told by sshd too; each such wait uses up some patience."""
        if not self._patience:
            return False
        self._patience -= 1
        self._dirty.add("")
        return True

    def changes(self) -> list[tuple[str, str | None]]:
        """Entries changed since the last call; None for one that is gone."""
        changed: list[tuple[str, str | None]] = []
        for key in sorted(self._dirty):
            if not key:
                changed.append(("sshd", str(self._patience)))
                continue
            seen = self._seen.get(key)
            changed.append((f"pid {key}", None if seen is None else msgspec.json.encode(seen).decode()))
        self._dirty.clear()
        self._at_hand = None
        return changed

    def restore(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take back what `changes` gave away; keys of others are left alone."""
        seen = []
        for key, text in entries:
            if key == "sshd":
                self._patience = int(text)
            elif key.startswith("pid "):
                seen.append((key[4:], msgspec.json.decode(text, type=Seen)))
        seen.sort(key=lambda entry: entry[1].position)
        self._seen = OrderedDict(seen)
        self._dirty.clear()
        self._at_hand = None
