"""Hunting: events a CPU second of back-tests and of hunts over everything, and how soon first hits are there.

The store is that of `bench_store`, its lines of the datasets our parsers would give them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from socterm.event import Event
from socterm.pipeline.backtest import Backtest
from socterm.pipeline.hunt import hunt
from socterm.query import parse
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet
from socterm.store import Store, open_store
from socterm.store.ingest.batch import Batch, SourceState
from socterm.store.ingest.writer import Writer
from socterm.taxonomy.logsources import LOGSOURCES

from benchmarks.bench_store import FTS_STEP, START, events
from benchmarks.frame import Figure, Setting

LOGIN = """
title: A login that failed
id: 00000000-0000-4000-8000-000000000001
name: failed
status: test
level: low
logsource: {product: linux, service: sshd}
detection:
  selection: {event.action: ssh_login, event.outcome: failure, user.name: oracle}
  condition: selection
"""
MANY = """
title: Many logins that failed
id: 00000000-0000-4000-8000-000000000002
status: test
level: high
correlation:
  type: event_count
  rules: [failed]
  group-by: [source.ip]
  timespan: 10m
  condition: {gte: 2}
"""
CRON = """
title: A session
id: 00000000-0000-4000-8000-000000000003
status: test
level: low
logsource: {product: linux, service: cron}
detection:
  selection: {user.name: oracle}
  condition: selection
"""


def told(count: int) -> Iterator[list[Event]]:
    """The events with datasets and log sources."""
    for batch in events(count):
        for event in batch:
            dataset = "cron" if event.fields["process.name"] == "CRON" else "sshd"
            event.fields["event.dataset"] = dataset
            event.logsources = LOGSOURCES[dataset]
        yield batch


def fill(path: Path, count: int) -> None:
    """Write them, with full text."""
    writer = Writer.open(path, now=START)
    for batch in told(count):
        state = SourceState("/var/log/auth.log", position=batch[-1].position + 1)
        writer.commit(Batch(events=batch, sources=[state], now=START))
    while writer.feed_fts(FTS_STEP):
        pass
    writer.close()


def tested(store: Store, rules: RuleSet, key: str, name: str, bar: float | None) -> Figure:
    """One back-test over all of it."""
    began = time.process_time()
    report = Backtest(rules, [key]).run(store.history, store.history.stretch())
    spent = time.process_time() - began
    note = f"{report.progress.events:,} read, {report.number:,} alerts"
    return Figure(name, report.progress.of / spent, "events/CPU s", bar, note=note)


def over_all(store: Store, text: str, by: str, name: str, bar: float | None) -> list[Figure]:
    """One hunt, and when its first hits were there."""
    first: list[float] = []
    parse("warm", now=START)  # the parser is made once
    began, cpu = time.perf_counter(), time.process_time()
    query = parse(text, now=START)

    def heard(at: object) -> None:
        if not first and getattr(at, "count", 0):
            first.append((time.perf_counter() - began) * 1000)

    hits = hunt(store.history, query, store.history.stretch(), by=by, tell=heard)
    spent = time.process_time() - cpu
    return [
        Figure(f"{name}, all hits", hits.of / spent, "events/CPU s", note=f"{hits.count:,} hits"),
        Figure(f"{name}, first hits", first[0] if first else None, "ms", bar, more=False),
    ]


def hunting(setting: Setting) -> list[Figure]:
    """Back-tests and hunts over as many events as there are lines asked for."""
    path, folder = setting.folder / "hunt.db", setting.folder / "hunt-rules"
    fill(path, setting.lines)
    folder.mkdir()
    for name, text in {"login": LOGIN, "many": MANY, "cron": CRON}.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    rules = load_rules([folder])
    keys = [f"00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3)]
    with open_store(path, readonly=True) as store:
        return [
            tested(store, rules, keys[0], "back-test of a rule", 50_000),
            tested(store, rules, keys[1], "back-test of a correlation", 50_000),
            tested(store, rules, keys[2], "back-test, most events of other datasets", 100_000),
            *over_all(store, "user.name:oracle and failed", "source.ip", "hunt by words and user", 200),
            *over_all(store, "source.ip:203.0.7.7", "", "hunt for an address", 200),
            *over_all(store, "event.outcome:failure", "user.name", "hunt by a column", 200),
        ]
