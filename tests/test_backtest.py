"""Back-tests: a rule over stored events says what it would have said while they came, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.assets import sample_logs_dir
from socterm.enrich import Enricher
from socterm.event import Chunk, Event
from socterm.parsers.decoder import Decoder
from socterm.pipeline.backtest import Backtest, Progress, Report
from socterm.pipeline.detect import Detector
from socterm.pipeline.replay import settled
from socterm.query import parse
from socterm.sigma.model import RuleSet
from socterm.store import check, open_store
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.writer import Writer
from socterm.store.upkeep.canonical import canonical
from tests.pack import PACK

from hunting import DAY, FAILED, FAILED_KEY, MANY, MANY_KEY, NOT_BOB, NOW, SECOND, attempt, rules, store_of
from store_samples import batch, episode

KEYS = [rule.key for rule in PACK.rules.values() if rule.alerting]
LOGS = ("story_auth.log", "linux_ransomware.log", "web_attack.log", "windows_domain.ndjson")


def backtest(path: Path, known: RuleSet, keys: Sequence[str], query: str = "", **times: int) -> Report:
    with open_store(path, readonly=True) as store:
        found = Backtest(known, keys)
        wanted = parse(query, now=NOW) if query else None
        return found.run(store.history, store.history.stretch(**times), wanted)


def said(report: Report) -> set[tuple[object, ...]]:
    return {(a.rule, a.entity, a.first[0], a.last[0], a.count, len(a.events)) for a in report.alerts}


def decoded(name: str, first_id: int = 1) -> list[Event]:
    lines = (sample_logs_dir() / name).read_bytes().split(b"\n")
    events = Decoder(name).decode(Chunk(name, 0, lines, {}, NOW, live=False))
    Enricher().apply(events)
    for number, event in enumerate(events, first_id):
        event.id = number
    return events


@pytest.mark.parametrize("log", LOGS)
def test_the_whole_pack_says_what_it_said_live(tmp_path: Path, log: str) -> None:
    events = decoded(log)
    live = Detector(PACK)
    live.feed(log, events)
    live.flush()
    wanted = {(a.rule, a.entity, a.first, a.last, a.count, len(a.events)) for a in settled(live)}
    report = backtest(store_of(tmp_path / "s.db", events), PACK, KEYS)
    assert {a for a in said(report) if a[0] in KEYS} == wanted
    assert report.number == len(report.alerts) == len(wanted) > 0
    assert report.complete


def test_alerts_stand_at_the_times_of_their_events(tmp_path: Path) -> None:
    known = rules(tmp_path, FAILED, MANY)
    start = NOW - 3 * DAY
    events = [attempt(n, start + n * SECOND, "192.0.2.7") for n in range(1, 9)]
    path = store_of(tmp_path / "s.db", events)
    before = list(canonical(path))
    report = backtest(path, known, [MANY_KEY])
    assert list(canonical(path)) == before
    (alert,) = report.alerts
    assert (alert.first[0], alert.last[0], alert.count) == (start + SECOND, start + 8 * SECOND, 8)
    assert alert.events == tuple(range(1, 9))
    assert report.days == {start // DAY: (8, 1)}
    assert (report.matches, report.hits, report.distinct) == (8, 8, 1)
    assert report.entities == [("192.0.2.7", 8, 1)]
    assert report.samples == tuple(range(1, 9))


def test_logs_taken_in_one_after_another_are_judged_together(tmp_path: Path) -> None:
    """Five attempts within two minutes, told by two logs of which one was read much later."""
    known = rules(tmp_path, FAILED, MANY)
    first = [attempt(n, NOW + n * 20 * SECOND, "192.0.2.7") for n in range(1, 4)]
    first += [attempt(n, NOW + DAY + n * SECOND, "192.0.2.9") for n in range(4, 20)]
    second = [
        attempt(n, NOW + (n - 18) * 20 * SECOND + SECOND, "192.0.2.7", source="b.log") for n in range(20, 22)
    ]
    report = backtest(store_of(tmp_path / "s.db", [*first, *second]), known, [MANY_KEY])
    assert [(a.entity[0][1], a.count) for a in report.alerts] == [("192.0.2.7", 5), ("192.0.2.9", 16)]
    assert report.alerts[0].events == (1, 2, 3, 20, 21)
    assert report.hurried == 0


@settings(max_examples=25)
@given(data=st.data())
def test_the_order_of_arrival_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("order")
    known = rules(folder, FAILED, MANY)
    times = data.draw(st.lists(st.integers(0, 900), min_size=5, max_size=40, unique=True))
    ips = [data.draw(st.sampled_from(["192.0.2.1", "192.0.2.2"])) for _ in times]

    def run(order: Sequence[int], name: str) -> set[tuple[object, ...]]:
        events = [attempt(n, NOW + times[at] * SECOND, ips[at]) for n, at in enumerate(order, 1)]
        return said(backtest(store_of(folder / name, events, size=3), known, [MANY_KEY]))

    in_time = sorted(range(len(times)), key=lambda at: times[at])
    assert run(range(len(times)), "a.db") == run(in_time, "b.db")


def test_only_the_range_and_the_query_count(tmp_path: Path) -> None:
    known = rules(tmp_path, FAILED, MANY)
    events = [attempt(n, NOW + n * DAY // 4, f"192.0.2.{n % 2}", user="ann") for n in range(1, 13)]
    path = store_of(tmp_path / "s.db", events)
    report = backtest(path, known, [FAILED_KEY], start=NOW + DAY, end=NOW + 2 * DAY)
    assert [a.events for a in report.alerts] == [(4,), (5,), (6,), (7,)]
    assert backtest(path, known, [FAILED_KEY], "source.ip:192.0.2.1").number == 6
    assert backtest(path, known, [FAILED_KEY], "user:bob").number == 0
    assert backtest(path, known, [FAILED_KEY], start=NOW + 90 * DAY).number == 0


def test_an_empty_store_is_no_error(tmp_path: Path) -> None:
    report = backtest(store_of(tmp_path / "s.db", []), rules(tmp_path, FAILED), [FAILED_KEY])
    assert (report.number, report.complete, report.samples) == (0, True, ())


def test_filters_and_exceptions_say_how_much_they_keep_away(tmp_path: Path) -> None:
    known = rules(tmp_path, FAILED, MANY, NOT_BOB)
    users = ["bob", "ann", "eve", "bob", "eve"]
    events = [attempt(n, NOW + n * DAY, "192.0.2.7", user) for n, user in enumerate(users, 1)]
    path = store_of(tmp_path / "s.db", events)
    exception = """
title: Eve is known
logsource: {product: linux, service: sshd}
filter:
  rules: [failed_login]
  selection: {user.name: eve}
  condition: not selection
"""
    with open_store(path, readonly=True) as store:
        run = Backtest(known, [FAILED_KEY], exceptions=[(7, exception)])
        report = run.run(store.history, store.history.stretch())
    assert [a.events for a in report.alerts] == [(2,)]
    assert report.filtered == {"6d1c2a04-1111-4b2b-9c53-000000000003": 2}
    assert report.hidden == {7: 2}


def test_what_stored_alerts_tell_already_is_counted(tmp_path: Path) -> None:
    known = rules(tmp_path, FAILED, MANY)
    events = [attempt(n, NOW + n * SECOND, "192.0.2.7") for n in range(1, 7)]
    more = [attempt(n, NOW + DAY + n * SECOND, "192.0.2.8") for n in range(7, 13)]
    other = [attempt(n, NOW + 2 * DAY + n * SECOND, "192.0.2.9") for n in range(13, 19)]
    writer = Writer.open(tmp_path / "s.db", now=NOW)
    same = episode(1, events, alert=1, rule=MANY_KEY, entity=(("source.ip", "192.0.2.7"),), settled=True)
    another = episode(2, more, alert=2, rule="other", entity=(("source.ip", "192.0.2.8"),), settled=True)
    writer.commit(batch([*events, *more, *other], [same, another]))
    writer.close()
    report = backtest(tmp_path / "s.db", known, [MANY_KEY])
    assert [(a.covered, a.alerted) for a in report.alerts] == [(1, 6), (0, 6), (0, 0)]
    assert (report.covered, report.known, report.new) == (1, 1, 1)


def test_it_can_be_stopped_and_tells_how_far_it_is(tmp_path: Path) -> None:
    known = rules(tmp_path, FAILED)
    events = [attempt(n, NOW + n * SECOND, "192.0.2.7") for n in range(1, 6_001)]
    path = store_of(tmp_path / "s.db", events, size=2000)
    heard: list[int] = []

    def tell(progress: Progress) -> None:
        heard.append(progress.done)

    with open_store(path, readonly=True) as store:
        run = Backtest(known, [FAILED_KEY])
        report = run.run(store.history, store.history.stretch(), stop=lambda: len(heard) == 1, tell=tell)
    assert not report.complete
    assert 0 < heard[0] < report.progress.of == 6_000
    assert report.number == 1
    assert report.alerts[0].count == heard[0]


def test_a_back_test_changes_nothing_and_holds_up_no_checkpoint(tmp_path: Path) -> None:
    """Between two reads no transaction is open: a checkpoint then brings the whole log into the file."""
    known = rules(tmp_path, FAILED)
    path = store_of(tmp_path / "s.db", [attempt(n, NOW + n * SECOND, "192.0.2.7") for n in range(1, 5_001)])
    writer = Writer.open(path, now=NOW)
    busy: list[int] = []

    def tell(_: Progress) -> None:
        number = writer.next_event_id + len(busy)
        writer.commit(Batch(events=[attempt(number, NOW, "192.0.2.8", source="c.log")], now=NOW))
        busy.append(writer._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    with open_store(path, readonly=True) as store:
        report = Backtest(known, [FAILED_KEY]).run(store.history, store.history.stretch(), tell=tell)
    writer.close()
    assert len(busy) > 1
    assert not any(busy)
    assert report.progress.events == 5_000
    assert check(path) == []


def test_events_of_other_datasets_are_not_read(tmp_path: Path) -> None:
    events = [attempt(n, NOW + n * SECOND, "192.0.2.7") for n in range(1, 4)]
    other = [Event(NOW, "b.log", n, "x", {"event.dataset": "nginx.access"}, id=n) for n in range(4, 50)]
    report = backtest(store_of(tmp_path / "s.db", [*events, *other]), rules(tmp_path, FAILED), [FAILED_KEY])
    assert (report.progress.events, report.progress.done) == (3, 49)


def portions(path: Path, query: str, **options: bool) -> Iterator[list[int]]:
    with open_store(path, readonly=True) as store:
        for portion in store.history.portions(store.history.stretch(), parse(query, now=NOW), **options):
            yield [row.id for row in portion.rows]


def test_portions_are_all_of_it_once_in_either_direction(tmp_path: Path) -> None:
    events = [attempt(n, NOW + n * SECOND, f"192.0.2.{n % 7}") for n in range(1, 9_001)]
    path = store_of(tmp_path / "s.db", events, size=3000)
    wanted = [n for n in range(1, 9_001) if n % 7 == 3]
    for query in ("source.ip:192.0.2.3", "event.outcome:failure 192.0.2.3"):
        assert [i for part in portions(path, query) for i in part] == wanted
        newest = list(portions(path, query, newest_first=True))
        assert sorted(i for part in newest for i in part) == wanted
        assert newest[0][-1] == wanted[-1]
