"""What the panes of the console ask a big store for: every query, in ms, with its bar."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from socterm.query import parse
from socterm.store import Store, open_store

from benchmarks import big
from benchmarks.bench_store import START
from benchmarks.frame import Figure, Setting
from benchmarks.measure import queued

PANE = 20.0
FILTER = 200.0
PAGE = 150.0
ENTITY = 200.0
TIMES = 7
SPACING = 300_000
HOUR = 3_600_000_000

Asked = tuple[str, Callable[[], object], float | None]


def panes(setting: Setting) -> list[Figure]:
    """Each query a few times on a store that was just opened; judged is the time in the middle."""
    path = big.store(setting.events, setting.alerts)
    figures = []
    with open_store(path, readonly=True) as store:
        for name, call, bar in _asked(store, setting.events, setting.alerts):
            first, middle = _timed(call)
            figures.append(Figure(name, middle, "ms", bar, more=False, note=f"first time {first:.1f}"))
    return figures


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    """(the first time, the one in the middle) in ms, less what this thread waited for a processor."""
    took = []
    for _ in range(TIMES):
        began, waited = time.perf_counter(), queued()
        call()
        took.append((time.perf_counter() - began - (queued() - waited)) * 1000)
    return took[0], sorted(took)[TIMES // 2]


def _asked(store: Store, count: int, alerts: int) -> Iterator[Asked]:
    yield from _stream(store, count)
    yield from _filters(store, count)
    yield from _triage(store, count, alerts)
    yield from _incidents(store, alerts)
    yield from _entities(store)


def _stream(store: Store, count: int) -> Iterator[Asked]:
    events, end = store.events, START + count * SPACING
    middle = count // 2
    yield "newest id", events.newest_id, PANE
    yield "last 200 events", events.page, PANE
    yield "200 events in the middle", lambda: events.page(before=middle), PANE
    yield "60 events by id", lambda: events.get(range(middle, middle + 60)), PANE
    yield "ids of the last 2,000", lambda: events.ids(None, limit=2_000), PANE
    yield "jump to a moment", lambda: events.at(START + middle * SPACING), PANE
    yield "next event that alerted", lambda: events.alerted(after=middle), PANE
    yield "histogram of an hour", lambda: events.histogram(end - HOUR, end, 60), PANE
    yield "histogram of a day", lambda: events.histogram(end - 24 * HOUR, end, 60), PANE
    yield "histogram of all", lambda: events.histogram(START, end, 60), None
    yield "count of all", events.count, PANE


def _filters(store: Store, count: int) -> Iterator[Asked]:
    texts = {
        "source.ip:203.0.7.77": "an address",
        "source.ip:198.51.100.1": "an address that is not there",
        "user.name:oracle": "a user",
        "user.name:nobody": "a user who is not there",
        "disconnect": "a common word",
        "203.0.7.77": "an address as words",
        "user.name:oracle and failed": "a user and a word",
        "source.ip:203.0.7.77 and not disconnect": "an address and not a word",
        "event.action:ssh_login": "a common action",
        "event.outcome:failure": "failures",
        "process.name:sshd": "a program",
        "host.hostname:ip-10-77-20-248": "a host",
    }
    now = START + count * SPACING
    for text, what in texts.items():
        query = parse(text, now=now)
        yield f"first hits: {what}", lambda q=query: store.events.ids(q, limit=200), FILTER  # type: ignore[misc]


def _triage(store: Store, count: int, alerts: int) -> Iterator[Asked]:
    triage, large, end = store.triage, alerts // 200 * 100, START + count * SPACING
    marked = triage.alert_events(large, limit=1)[0].id
    query = parse("source.ip:203.0.7.77", now=START)
    rule = parse("rule:bench_07 and level>=medium", now=START)
    yield "open alerts, 1,000 of them", triage.alerts, PANE
    yield "open alerts of an address", lambda: triage.alerts(query=query), PANE
    yield "open alerts of a rule", lambda: triage.alerts(query=rule), PANE
    yield "closed alerts", lambda: triage.alerts(states=["closed"]), PANE
    yield "open alerts by level", triage.counts, PANE
    yield "an alert", lambda: triage.alert(large), PANE
    yield "its parts", lambda: triage.parts(large), PANE
    yield "its 200 events", lambda: triage.alert_events(large), PANE
    yield "its history", lambda: triage.history(alerts // 5 * 5), PANE
    yield "alerts of an event", lambda: triage.alerts_of_event(marked), PANE
    yield "what changed lately", lambda: triage.changes(1_000_000), PANE
    yield "all that changed", lambda: triage.changes(0), PANE
    yield "sources", triage.sources, PANE
    yield "rules", triage.rules, PANE
    yield "when the next wakes", store.snoozes.next, PANE
    yield "the group of an alert", lambda: store.groups.members(large, "close"), PANE
    yield "the group of a rule", lambda: store.groups.members(large, "close", whole_rule=True), PANE
    yield "exceptions", store.exceptions.all, PANE
    yield "figures of triage, a week", lambda: store.metrics.figures(end - 7 * 24 * HOUR, end), None


def _incidents(store: Store, alerts: int) -> Iterator[Asked]:
    desk = store.incidents
    biggest = max(desk.all(), key=lambda row: row.alerts, default=None)
    yield "incidents", desk.all, PANE
    if biggest is not None:
        what = f"incident page, {biggest.alerts:,} alerts"
        yield what, lambda: desk.page(biggest.id), PAGE
        yield "the incident of an alert", lambda: desk.of_alert(alerts // 2), PANE


def _entities(store: Store) -> Iterator[Asked]:
    desk = getattr(store, "entities", None)
    if desk is not None:
        yield "entity page", lambda: desk.page("source.ip", big.TWISTED), ENTITY
