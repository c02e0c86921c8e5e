"""A store of millions of events and thousands of alerts, written by the real writer and kept between runs.

Ten million take some minutes. The file lies in the folder for temporary files, or where SOCTERM_BENCHMARKS
names one; it is made anew where its schema is no longer that of this version.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from socterm.alerts.model import EpisodeChange, Hit, RuleInfo
from socterm.event import Event
from socterm.sigma.model import RuleFate
from socterm.store import open_store
from socterm.store.ingest.batch import Batch, SourceState
from socterm.store.ingest.writer import Writer
from socterm.store.migrations import MIGRATIONS

from benchmarks.bench_store import FTS_STEP, START, events

RULES = 60
LEVELS = ("informational", "low", "medium", "medium", "high", "high", "critical")
TACTICS = ("attack.credential-access", "attack.persistence", "attack.execution", "attack.discovery")
TWISTED = "203.0.7.77"
"""An address that a thousand alerts in a row are about: they make one incident."""

IN_ONE = 1_000
CLOSED_SHARE = 5
"""One alert of so many is closed."""


def place() -> Path:
    """Where big stores are kept."""
    named = os.environ.get("SOCTERM_BENCHMARKS")
    return Path(named) if named else Path(tempfile.gettempdir()) / "socterm-benchmarks"


def store(count: int, alerts: int) -> Path:
    """The path of a store of so many events and alerts, made where it is not there yet."""
    steps = " ".join(step.__name__ for step in MIGRATIONS)
    version = hashlib.sha256(steps.encode()).hexdigest()[:8]
    folder = place()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"big-{count}-{alerts}-{version}.db"
    if not path.exists():
        for old in folder.glob(f"big-{count}-{alerts}-*"):
            old.unlink()
        part = path.with_suffix(".part")
        for old in folder.glob(f"{part.name}*"):
            old.unlink()
        make(part, count, alerts)
        part.rename(path)
    return path


def copy(count: int, alerts: int, folder: Path) -> Path:
    """A copy of it to write to."""
    return Path(shutil.copy(store(count, alerts), folder / "big.db"))


def make(path: Path, count: int, alerts: int) -> None:
    """Write it, commit by commit, as ingest does."""
    writer = Writer.open(path, now=START)
    fates, infos = _rules()
    writer.save_rules(fates, infos)
    raise_alerts = _alerts(count, alerts)
    pending = lines = 0
    for batch in events(count):
        lines += len(batch)
        state = SourceState(
            "/var/log/auth.log", position=lines, lines=lines, decoded=lines, newest=batch[-1].ts,
            formats={"syslog": lines},
        )  # fmt: skip
        found = raise_alerts(batch)
        writer.commit(Batch(events=batch, sources=[state], episodes=found, now=batch[-1].ts))
        pending += len(batch)
        if pending >= FTS_STEP:
            pending -= writer.feed_fts(FTS_STEP)
    while writer.feed_fts(FTS_STEP):
        pass
    writer.close()
    _close_some(path, alerts)


def _rules() -> tuple[list[RuleFate], dict[str, RuleInfo]]:
    fates, infos = [], {}
    for number in range(RULES):
        key, level = f"bench_{number:02}", LEVELS[number % len(LEVELS)]
        tags = (TACTICS[number % len(TACTICS)], f"attack.t{1000 + number}")
        infos[key] = RuleInfo(key, f"Benchmark rule {number}", level, "What it says.", tags)
        fates.append(RuleFate(key, infos[key].title, level, "active", "", f"bench/{key}.yml"))
    return fates, infos


class _alerts:  # noqa: N801 - reads as what it does
    """The alerts of each batch: as many as it takes to have all of them in the end, evenly spread."""

    def __init__(self, count: int, alerts: int) -> None:
        self._every = count / alerts
        self._alerts = alerts
        self._made = 0

    def __call__(self, batch: list[Event]) -> list[EpisodeChange]:
        return list(self._due(batch))

    def _due(self, batch: list[Event]) -> Iterator[EpisodeChange]:
        while self._made < self._alerts and self._made * self._every < batch[-1].id:
            self._made += 1
            yield self._one(self._made, batch)

    def _one(self, number: int, batch: list[Event]) -> EpisodeChange:
        # Most rest on a few events, one in a hundred on many.
        size = 500 if number % 100 == 0 else 3 + number % 18
        start = number * 37 % max(1, len(batch) - size)
        base = batch[start : start + size]
        half = self._alerts // 2
        twisted = half <= number < half + IN_ONE
        ip = TWISTED if twisted else f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        for event in base:  # strangers to each other, or one story
            event.fields |= {"source.ip": ip, "user.name": f"user-{0 if twisted else number}"}
        hits = [Hit(one.ts, one.source, one.position, one.id) for one in base]
        return EpisodeChange(
            id=number, rule=f"bench_{number % RULES:02}", entity=(("source.ip", ip),), first=base[0].key,
            last=base[-1].key, count=len(hits), signals=1, touched=base[-1].ts, alert=number, settled=True,
            hits=hits,
        )  # fmt: skip


def _close_some(path: Path, alerts: int) -> None:
    with open_store(path) as opened:
        wanted = list(range(CLOSED_SHARE, alerts + 1, CLOSED_SHARE))
        for at in range(0, len(wanted), 200):
            ids, now = wanted[at : at + 200], START + at
            opened.triage.decide(ids, "close", actor="bench", now=now, verdict="false_positive")
