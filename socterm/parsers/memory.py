"""What a source's decoder remembers between lines: per process, who is behind it and what was counted.

A login attempt is told by several lines of one process: sshd's own, PAM's, sometimes a summary at the end.
Each way of telling is a channel with its own counter; the failures so far are the highest of them. A line
stands for what it adds to that: the first line to tell of an attempt counts 1, the others 0.

All of it is a function of the lines in order, it is bounded, and it survives a restart (`changes`/`restore`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import msgspec

from socterm.event import LogSource
from socterm.parsers.stamps import Clock

_Row = tuple[int, int, str, str, int, str, int, int, int, dict[str, int]]
_decode = msgspec.json.Decoder(_Row).decode
_decode_note = msgspec.json.Decoder(tuple[int, dict[str, Any]]).decode
_encode = msgspec.json.Encoder().encode
HOUR = 3_600_000_000
CAPACITY = 4096
NOTES_ROOM = 4 << 20
"""Characters of all notes of one source; what is more goes, the oldest first."""
LONGEST_KEY = 300
"""Characters of a key that is kept as it is; of a longer one the beginning and a hash of it all."""
_NOBODY = "\0"
"""No process's key, not even the empty one."""
_ATTEMPT = 60_000_000
"""How long after PAM's line (µs) a program may tell of the same attempt; PAM lets it wait some seconds."""
PATIENCE = 16
"""How many of PAM's failures in a row wait for sshd's own line before sshd is taken to be silent."""


class Seen:
    """One process (host and pid) as far as its lines told.

    `top` is the highest channel, `counted` how much of it events already stand for; what lies between is
    owed: told of, but not yet by a line that names a culprit. `tries` are public keys offered in vain.
    `position` and `ts` are those of the last line that touched this.
    """

    __slots__ = (
        "channels", "counted", "domain", "ip", "port", "position", "top", "tries", "ts", "user",
    )  # fmt: skip

    def __init__(self, ts: int, position: int) -> None:
        self.ts = ts
        self.position = position
        self.ip = self.domain = self.user = ""
        self.port = self.top = self.counted = self.tries = 0
        self.channels: dict[str, int] = {}

    def row(self) -> _Row:
        """What `changes` gives away of it."""
        return (
            self.ts, self.position, self.ip, self.domain, self.port,
            self.user, self.top, self.counted, self.tries, self.channels,
        )  # fmt: skip

    @classmethod
    def of(cls, row: _Row) -> Seen:
        """The process that gave this `row`."""
        seen = cls(row[0], row[1])
        seen.ip, seen.domain, seen.port, seen.user = row[2:6]
        seen.top, seen.counted, seen.tries, seen.channels = row[6:]
        return seen

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

    def count(self, channel: str, times: int) -> int:
        """`tell` and `settle` in one: how many failures a line stands for that names its culprit."""
        channels = self.channels
        channels[channel] = value = channels.get(channel, 0) + times
        owed = (value if value > self.top else self.top) - self.counted
        self.top = self.counted = self.counted + owed
        return owed

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
    repeated 5 times"). `key` may be set to what `host` and `pid` amount to, "" otherwise. `asked` becomes
    true when what a line means depends on other lines, or what they mean on it. `patience` is how many of
    PAM's failures may still wait for sshd's own word. `clock` reads stamps within messages; `logsources` is
    what the line at hand belongs to where its parser found out, None where that follows from its dataset;
    `told` is an instant that its message names; `inner` a log line that the line at hand carries whole.
    """

    def __init__(self) -> None:
        self.host = ""
        self.pid: int | None = None
        self.ts = 0
        self.position = 0
        self.times = 1
        self.family = ""
        self.key = ""
        self.asked = False
        self.clock: Clock | None = None
        self.logsources: tuple[LogSource, ...] | None = None
        self.told: int | None = None
        self.inner = ""
        self.patience = 0
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._notes: OrderedDict[str, tuple[int, dict[str, Any], int]] = OrderedDict()
        self._room = NOTES_ROOM
        self._noted: set[str] = set()
        self._dirty: set[str] = set()
        self._at_hand = Seen(0, 0)
        self._at_key = _NOBODY

    def process(self, peer: str = "") -> Seen:
        """What is remembered of the process that wrote the line at hand, fresh where nothing is.

        A line without a pid is kept under `peer` (an address or a user) instead. Untouched for an hour of
        event time, or written with the clock an hour back, a process counts as another one.
        """
        self.asked = True
        key = self.key
        ts = self.ts
        # Lines of one process come in a row: then it stands last already.
        if key == self._at_key and -HOUR < ts - self._at_hand.ts < HOUR:
            found = self._at_hand
            found.ts = ts
            found.position = self.position
            return found
        if key:
            self._at_key = key
        else:
            key = self._key_of(peer)
            self._at_key = _NOBODY
        seen = self._seen
        known = seen.get(key)
        if known is None:
            if len(seen) >= CAPACITY:
                self._dirty.add(seen.popitem(last=False)[0])
            known = seen[key] = Seen(ts, self.position)
        else:
            if not -HOUR < ts - known.ts < HOUR:
                known.renew()
            known.ts = ts
            known.position = self.position
            seen.move_to_end(key)
        self._dirty.add(key)
        self._at_hand = known
        return known

    def attempt(self, who: str, channel: str) -> Seen:
        """What counts a failure a program tells of: its process, or what PAM said for it without a pid.

        Debian's su lets PAM write before it has asked for pids in its lines, and writes its own with one.
        """
        own = self.process(who)
        if self.pid is None or own.top > own.channels.get(channel, 0):
            return own
        key = _short(f"{self.host} {who}")
        heard = self._seen.get(key)
        if (
            heard is None
            or not 0 <= self.ts - heard.ts < _ATTEMPT
            or heard.top <= heard.channels.get(channel, 0)
        ):
            return own
        self._dirty.add(key)
        return heard

    def known(self, peer: str = "") -> Seen | None:
        """As `process`, but None where nothing is remembered; nothing is touched."""
        self.asked = True
        key = self.key
        if key == self._at_key:
            found: Seen | None = self._at_hand
        else:
            found = self._seen.get(key or self._key_of(peer))
        return found if found is not None and -HOUR < self.ts - found.ts < HOUR else None

    def _key_of(self, peer: str) -> str:
        return _short(f"{self.host} {peer if self.pid is None else self.pid}")

    def sshd_spoke(self) -> None:
        """sshd told of a failure itself: PAM's lines beside it may wait for the next of that kind."""
        self.asked = True
        if self.patience != PATIENCE:
            self.patience = PATIENCE
            self._dirty.add("")

    def may_wait(self) -> bool:
        """Whether a failure PAM tells of will be told by sshd too; each such wait uses up some patience."""
        self.asked = True
        if not self.patience:
            return False
        self.patience -= 1
        self._dirty.add("")
        return True

    def recall(self, key: str) -> dict[str, Any] | None:
        """What a format kept under a key of its own ("zeek"), None where nothing is. Do not change it."""
        self.asked = True
        found = self._notes.get(_short(key))
        return None if found is None else found[1]

    def keep(self, key: str, note: dict[str, Any]) -> None:
        """Keep what JSON can carry for lines to come; an empty note forgets.

        The oldest go first, where there are too many of them or their text is too much: a note that alone is
        too long is not kept.
        """
        self.asked = True
        notes = self._notes
        key = _short(key)
        self._noted.add(key)
        known = notes.pop(key, None)
        if known is not None:
            self._room += known[2]
        if note:
            self._put(key, self.position, note)

    def _put(self, key: str, position: int, note: dict[str, Any]) -> None:
        notes = self._notes
        size = len(key) + _size(note)
        notes[key] = (position, note, size)
        self._room -= size
        while notes and (self._room < 0 or len(notes) > CAPACITY):
            gone, (_, _, freed) = notes.popitem(last=False)
            self._noted.add(gone)
            self._room += freed

    def changes(self) -> list[tuple[str, str | None]]:
        """Entries changed since the last call; None for one that is gone."""
        changed: list[tuple[str, str | None]] = []
        for key in sorted(self._noted):
            note = self._notes.get(key)
            changed.append((f"note {key}", None if note is None else _encode(note[:2]).decode()))
        self._noted.clear()
        for key in sorted(self._dirty):
            if not key:
                changed.append(("sshd", str(self.patience)))
                continue
            seen = self._seen.get(key)
            changed.append((f"pid {key}", None if seen is None else _encode(seen.row()).decode()))
        self._dirty.clear()
        self._at_key = _NOBODY
        return changed

    def restore(self, entries: Iterable[tuple[str, str]]) -> None:
        """Take back what `changes` gave away; keys of others are left alone."""
        seen = []
        notes = []
        for key, text in entries:
            if key == "sshd":
                self.patience = int(text)
            elif key.startswith("pid "):
                seen.append((key[4:], Seen.of(_decode(text))))
            elif key.startswith("note "):
                notes.append((key[5:], _decode_note(text)))
        seen.sort(key=lambda entry: entry[1].position)
        self._seen = OrderedDict(seen)
        self._notes = OrderedDict()
        self._room = NOTES_ROOM
        for key, (position, note) in sorted(notes, key=lambda entry: entry[1][0]):
            self._put(key, position, note)
        self._noted.clear()
        self._dirty.clear()
        self._at_key = _NOBODY


def _short(key: str) -> str:
    """A key as it is kept: whoever writes a log chooses how long the names in it are."""
    if len(key) <= LONGEST_KEY:
        return key
    digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return f"{key[: LONGEST_KEY // 2]}…{digest}"


def _size(note: dict[str, Any]) -> int:
    """Characters of the texts and lists of texts in a note.

    What nests deeper stands in the one note of a format that bounds it itself (auditd), and is kept anew with
    each line: it must not be looked through each time.
    """
    size = 0
    for value in note.values():
        if value.__class__ is str:
            size += len(value)
        elif value.__class__ is list or value.__class__ is tuple:
            size += sum([len(item) for item in value if item.__class__ is str])
    return size
