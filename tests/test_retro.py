"""Lists of indicators that grow: what is new in them is looked for in stored events, once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from socterm.enrich import Enricher
from socterm.enrich.data import DataFiles
from socterm.enrich.indicators import Feed
from socterm.event import Event
from socterm.pipeline import retro as module
from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.raising import raise_now
from socterm.pipeline.retro import FEW, RULE, TAG, _queries, retro
from socterm.sigma.model import RuleSet
from socterm.sources.opening import Opener
from socterm.store import Store, check, open_store
from socterm.store.ingest.writer import Writer
from socterm.store.rows import AlertRow

from hunting import NOW, SECOND, attempt, store_of


def feed(*entries: str, name: str = "drop") -> Feed:
    made = Feed(name)
    for entry in entries:
        assert made.add(entry)
    return made


def event(number: int, raw: str, **fields: str) -> Event:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return Event(NOW + number * SECOND, "b.log", number, raw, {"message": raw, **named}, id=number)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    sha = "a" * 40
    return store_of(
        tmp_path / "s.db",
        [
            attempt(1, NOW + SECOND, "203.0.113.5"),
            attempt(2, NOW + 2 * SECOND, "203.0.113.50"),
            attempt(3, NOW + 3 * SECOND, "203.0.113.5", "ann"),
            event(4, "query[A] www.Evil.example from 10.0.0.9", dns__question__name="www.Evil.example"),
            event(5, "to 2001:db8::7", destination__ip="2001:db8::7"),
            event(6, f"hash {sha.upper()}", file__hash__sha1=sha.upper()),
            event(7, "to 198.51.100.77", destination__ip="198.51.100.77"),
        ],
    )


def look(store: Store, *feeds: Feed) -> int:
    return retro(store, {f"/lists/{one.name}": one for one in feeds}, actor="socterm", clock=lambda: NOW)


def made(path: Path) -> list[AlertRow]:
    raise_now(path, clock=lambda: NOW)
    with open_store(path, readonly=True) as store:
        return sorted(store.triage.alerts(), key=lambda alert: alert.id)


@pytest.mark.parametrize(
    ("entry", "entity", "events"),
    [
        ("203.0.113.5", {"source.ip": "203.0.113.5"}, [1, 3]),
        ("evil.example", {"dns.question.name": "www.Evil.example"}, [4]),
        ("a" * 40, {"file.hash.sha1": "A" * 40}, [6]),
        ("198.51.100.0/24", {"destination.ip": "198.51.100.77"}, [7]),
        ("2001:db8::/32", {"destination.ip": "2001:db8::7"}, [5]),
        ("2001:0db8:0::7", {"destination.ip": "2001:db8::7"}, [5]),
    ],
)
def test_what_is_found_is_an_alert_of_then(
    path: Path, entry: str, entity: dict[str, str], events: list[int]
) -> None:
    with open_store(path) as store:
        assert look(store, feed(entry)) == 1
    (alert,) = made(path)
    assert (alert.rule, alert.level, alert.entity, alert.count) == (RULE, "high", entity, len(events))
    assert (alert.first, alert.last) == (NOW + events[0] * SECOND, NOW + events[-1] * SECOND)
    assert TAG in alert.tags
    assert "in drop" in alert.description
    with open_store(path, readonly=True) as store:
        assert [row.id for row in store.triage.alert_events(alert.id, newest_first=False)] == events
    assert check(path) == []


def test_entries_are_looked_for_once_and_only_those_that_are_new(path: Path) -> None:
    with open_store(path) as store:
        assert look(store, feed("203.0.113.5")) == 1
        assert look(store, feed("203.0.113.5")) == 0
        assert look(store, feed("203.0.113.5", "evil.example")) == 1
        assert look(store, feed("evil.example")) == 0
        assert look(store, feed("evil.example", "203.0.113.5")) == 1  # listed again: looked for again …
    found = made(path)
    assert [alert.entity for alert in found] == [  # … and raised once
        {"source.ip": "203.0.113.5"}, {"dns.question.name": "www.Evil.example"},
    ]  # fmt: skip


def test_what_was_found_when_it_came_is_left_out(tmp_path: Path) -> None:
    events = [attempt(1, NOW, "203.0.113.5"), attempt(2, NOW, "203.0.113.6")]
    listed = tmp_path / "drop.txt"
    listed.write_text("203.0.113.5\n", encoding="utf-8")
    Enricher(DataFiles(ioc=[listed])).apply(events)
    path = store_of(tmp_path / "s.db", events)
    with open_store(path) as store:
        assert look(store, feed("203.0.113.5", "203.0.113.6")) == 1
    (alert,) = made(path)
    assert alert.entity == {"source.ip": "203.0.113.6"}


def test_what_was_stopped_is_looked_for_again(path: Path) -> None:
    with open_store(path) as store:
        lists = {"/lists/drop": feed("203.0.113.5")}
        assert retro(store, lists, actor="x", clock=lambda: NOW, stop=lambda: True) == 0
        assert look(store, feed("203.0.113.5")) == 1


def test_what_is_too_much_is_told_and_the_count_is_that_of_the_evidence(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 1)
    monkeypatch.setattr(module, "MOST_ENTITIES", 1)
    beyond: list[int] = []
    with open_store(path) as store:
        lists = {"/lists/drop": feed("203.0.113.5", "198.51.100.77")}
        assert retro(store, lists, actor="socterm", clock=lambda: NOW, left=beyond.append) == 1
    (alert,) = made(path)
    assert (alert.count, alert.first, alert.last) == (1, NOW + SECOND, NOW + 3 * SECOND)
    assert alert.description.endswith("1 more lines of it are not counted.")
    assert beyond == [1]
    assert check(path) == []


def test_few_entries_are_looked_for_by_their_words() -> None:
    few = _queries([feed("203.0.113.5", "evil.example")])
    assert [query is not None for query in few] == [True]
    assert len(_queries([feed(*(f"10.1.{n // 250}.{n % 250}" for n in range(FEW)))])) > 1
    for entries in (["10.0.0.0/8"], ["2001:db8::1"], [f"10.1.{n // 250}.{n % 250}" for n in range(FEW + 1)]):
        assert _queries([feed(*entries)]) == [None]


def test_a_list_that_grows_while_events_come(path: Path, tmp_path: Path) -> None:
    """The whole road: a line is added to a list's file, and the alert is there with the next commits."""
    listed, log = tmp_path / "drop.txt", tmp_path / "auth.log"
    listed.write_text("192.0.2.99\n", encoding="utf-8")
    log.write_text("", encoding="utf-8")
    now = [NOW + 3600 * SECOND]

    def clock() -> int:
        now[0] += SECOND // 4  # each look at the clock is a quarter of a second later
        return now[0]

    writer = Writer.open(path, now=clock())
    opener = Opener([str(log)], bookmark=lambda _: None, clock=clock, from_start=True)
    pipeline = Pipeline(
        writer, writer.load_state(), RuleSet({}, []), opener, clock=clock,
        enricher=Enricher(DataFiles(ioc=[listed])),
    )  # fmt: skip
    stop, found = threading.Event(), threading.Event()

    def committed() -> None:
        with open_store(path, readonly=True) as store:
            if store.triage.alerts():
                found.set()

    pipeline.on_commit(committed)
    ingest = threading.Thread(target=pipeline.run, args=(stop,))
    ingest.start()
    try:
        listed.write_text("192.0.2.99\n203.0.113.5\n203.0.113.5:443\n", encoding="utf-8")
        assert found.wait(60)
    finally:
        stop.set()
        pipeline.wake.set()
        ingest.join()
        writer.close()
    (alert,) = made(path)
    assert (alert.entity, alert.first) == ({"source.ip": "203.0.113.5"}, NOW + SECOND)
    assert check(path) == []
