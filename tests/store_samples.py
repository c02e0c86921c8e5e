"""Events, hits and batches for tests of the store; and a store of them in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from socterm.alerts.model import EpisodeChange, Hit
from socterm.event import Event
from socterm.store.ingest.batch import Batch, SourceState
from socterm.store.ingest.writer import Writer

NOW = 1_795_000_000_000_000
LOG = "/var/log/auth.log"
ENTITY = (("source.ip", "203.0.113.9"),)


def event(number: int, *, source: str = LOG, position: int | None = None, **fields: Any) -> Event:
    """Event `number` (its id) of a log that has one line a second; fields with `_` for `.`."""
    position = number - 1 if position is None else position
    named = {name.replace("__", "."): value for name, value in fields.items()}
    message = f"Failed password for root from 203.0.113.{number % 250} port {4000 + number} ssh2"
    raw = f"Nov 18 10:00:00 web01 sshd[{number}]: {message}"
    base = {"host.hostname": "web01", "process.name": "sshd", "process.pid": number, "message": message}
    return Event(NOW + number * 1_000_000, source, position, raw, base | named, id=number)


def login(number: int, ip: str = "203.0.113.9", outcome: str = "failure", **fields: Any) -> Event:
    """A login attempt as the sshd parser tells it."""
    told = {
        "source__ip": ip, "user__name": "root", "event__action": "ssh_login", "event__outcome": outcome,
        "event__category": ("authentication",), "event__type": ("start",),
    }  # fmt: skip
    return event(number, **(told | fields))


def hit(base: Event, weight: int = 1, value: str = "") -> Hit:
    return Hit(base.ts, base.source, base.position, base.id, weight, value)


def episode(
    ident: int, base: Sequence[Event], *, new: Sequence[Event] | None = None, alert: int = 0, **more: Any
) -> EpisodeChange:
    """Episode `ident` over `base`, of which `new` (default: all) come with this change."""
    keys = sorted(one.key for one in base)
    change = EpisodeChange(
        id=ident, rule="brute", entity=ENTITY, first=keys[0], last=keys[-1], count=len(base),
        signals=1 if alert else 0, touched=keys[-1][0], alert=alert,
        hits=[hit(one) for one in (base if new is None else new)],
    )  # fmt: skip
    for name, value in more.items():
        setattr(change, name, value)
    return change


def batch(events: Sequence[Event] = (), episodes: Sequence[EpisodeChange] = (), **more: Any) -> Batch:
    """A batch whose sources stand after its events."""
    ends = {one.source: one.position + 1 for one in events}
    sources = [SourceState(name, position=end, lines=end, bookmark={"at": end}) for name, end in ends.items()]
    return Batch(events=list(events), episodes=list(episodes), sources=sources, now=NOW, **more)


def searchable(path: Path, events: Sequence[Event], episodes: Sequence[EpisodeChange] = ()) -> Path:
    """A store with some events more, found by their words, and nobody's for ingest any more."""
    writer = Writer.open(path, now=NOW)
    writer.commit(batch(events, episodes))
    while writer.feed_fts(100):
        pass
    writer.close()
    return path


def alerted(path: Path, *alerts: int) -> Writer:
    """A store with some alerts of three events each, still open for ingest."""
    writer = Writer.open(path, now=NOW)
    for number in alerts:
        events = [login(number * 3 - offset) for offset in (2, 1, 0)]
        writer.commit(batch(events, [episode(number, events, alert=number)]))
    return writer
