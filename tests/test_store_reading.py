"""Reading the log: pages by id, searches that miss nothing, numbers that add up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.alerts.model import RuleInfo
from socterm.errors import QueryCancelledError, StoreError
from socterm.event import Event
from socterm.query import Query, parse, predicate
from socterm.query.tree import Term
from socterm.store import Store, open_store
from socterm.store.connection import connect
from socterm.store.doors import scan
from socterm.store.doors.scan import legs
from socterm.store.ingest.writer import Writer
from socterm.store.protocols import Events, Triage
from socterm.store.words import key_match

from store_samples import ENTITY, NOW, alerted, batch, episode, event, login

MINUTE = 60_000_000


def ask(text: str) -> Query:
    return parse(text, now=NOW)


LINES = [
    login(1, ip="203.0.113.9"),
    login(2, ip="203.0.113.99", user__name="Root"),
    login(3, ip="2001:db8::9", outcome="success", event__category=("x", "y")),
    event(4, user__name="alice", process__title="vim"),
    event(5, message="something else", odd=("a", "b"), level="high"),
    event(6, user__name="alice"),
]
LINES[3].raw = "sshd[4]: Accepted publickey for alice from 203.0.113.9 port 22"
LINES[4].kind = "pipeline_error"
LINES[5].repeat = 5


@pytest.fixture(params=[0, 3, 6], ids=["no index yet", "index lags", "index complete"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store of LINES whose full-text index has got so far."""
    writer = Writer.open(tmp_path / "store.db", now=NOW)
    writer.commit(batch(LINES))
    assert writer.feed_fts(request.param) == request.param
    with open_store(tmp_path / "store.db") as found:
        yield found
    writer.close()


def fields_of(one: Event) -> dict[str, object]:
    return {**one.fields, "event.kind": one.kind, "socterm.source": one.source, "event.id": one.id}


@pytest.mark.parametrize(
    "text",
    [
        "", "failed", "Failed password", '"failed password"', "fail*", "password NOT root", "203.0.113.9",
        "0.113.9",
        "source.ip:203.0.113.9", "SOURCE.IP:203.0.113.9", "source.ip:203.0.113.0/24", "source.ip:2001:db8::9",
        "user.name:root", "user:ROOT failed", "user.name:al*", "user.name:* NOT user.name:root",
        "process.pid:4",
        "process.pid>=3", "event.category:authentication", "event.category:y", "event.type:start", "odd:b",
        "message:something", "message:web01", "process.title:vim", "event.kind:pipeline_error",
        "level>=medium",
        "event.outcome:success OR process.title:vim", "NOT failed", "since:1h", "nothing_of_that:1",
        "event.id:3",
        "socterm.source:*auth.log", "accepted 203.0.113.9", "event.action:ssh_login event.outcome:failure",
    ],
)  # fmt: skip
def test_the_store_finds_what_the_live_test_finds(store: Store, text: str) -> None:
    query = ask(text)
    test = predicate(query)
    wanted = [one.id for one in reversed(LINES) if test(fields_of(one), one.ts, one.raw)]
    assert store.events.ids(query) == wanted
    assert [row.id for row in store.events.page(query).rows] == wanted
    assert [row.id for row in store.events.page(query, oldest_first=True).rows] == wanted[::-1]
    assert store.events.count(query).value == len(wanted)
    paged: list[int] = []
    while len(page := store.events.page(query, before=paged[-1] if paged else None, limit=1).rows) == 1:
        paged.append(page[0].id)
    assert paged == wanted


WORDS = st.lists(
    st.sampled_from(["root", "Root", "rooted", "10.0.0.1", "10.0.0.11", "from", "x-y", "É", "fail_ed", "22"]),
    max_size=6,
).map(" ".join)


@settings(max_examples=60)
@given(
    texts=st.lists(WORDS, min_size=1, max_size=12),
    fed=st.integers(0, 12),
    words=st.lists(st.sampled_from(["root", "10.0.0.1", "roo*", "y", "é", "fail", '"from 22"']), max_size=3),
    near=st.integers(0, 6),
    few=st.integers(0, 4),
    low=st.integers(0, 12),
    high=st.integers(1, 14),
)
def test_search_is_complete_however_far_the_index_is(
    tmp_path_factory: pytest.TempPathFactory,
    texts: list[str],
    fed: int,
    words: list[str],
    near: int,
    few: int,
    low: int,
    high: int,
) -> None:
    path = tmp_path_factory.mktemp("search") / "store.db"
    writer = Writer.open(path, now=NOW)
    lines = [event(number) for number in range(1, len(texts) + 1)]
    for one, text in zip(lines, texts, strict=True):
        one.raw, one.fields = text, {}
    writer.commit(batch(lines))
    writer.feed_fts(fed)
    query = ask(" ".join(words))
    test = predicate(query)
    found = [one.id for one in lines if test({}, one.ts, one.raw)]
    between = [ident for ident in found if low < ident < high]
    with open_store(path) as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan, "NEAR", near)  # lines scanned before the index is asked
        patch.setattr(scan, "FEW", few)
        assert store.events.ids(query) == found[::-1]
        assert store.events.count(query).value == len(found)
        assert store.events.ids(query, after=low, before=high) == between[::-1]
        page = store.events.page(query, after=low, before=high, oldest_first=True)
        assert [row.id for row in page.rows] == between
    writer.close()


def test_pages_follow_each_other_without_gap_or_overlap(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "store.db", now=NOW)
    writer.commit(batch([login(number) for number in range(1, 26)]))
    with open_store(tmp_path / "store.db") as store:
        first = store.events.page(limit=10)
        assert [row.id for row in first.rows] == list(range(25, 15, -1))
        assert first.more
        writer.commit(batch([login(26)]))
        second = store.events.page(before=16, limit=10)
        third = store.events.page(before=6, limit=10)
        assert [row.id for row in second.rows + third.rows] == list(range(15, 0, -1))
        assert not third.more
        assert [row.id for row in store.events.page(after=24).rows] == [26, 25]
        assert [row.id for row in store.events.page(after=3, limit=2, oldest_first=True).rows] == [4, 5]
        assert store.events.newest_id() == 26
    writer.close()


def test_get_keeps_the_order_asked_and_leaves_out_the_unknown(store: Store) -> None:
    assert [row.id for row in store.events.get([4, 99, 1, 4])] == [4, 1, 4]
    many = [1, 2, 3] * 400
    assert [row.id for row in store.events.get(many)] == many


def test_counts_by_value_weigh_repeats(store: Store) -> None:
    assert [count for _, count in store.events.count_by("user.name")] == [6, 3], "in either case"
    assert store.events.count_by("odd") == [("a", 1), ("b", 1)]
    told = store.events.count_by("event.category", ask("failed password"))
    assert told == [("authentication", 2), ("x", 1), ("y", 1)]
    assert store.events.count_by("process.name", limit=1) == [("sshd", 10)]


def test_histogram_adds_up(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "store.db", now=NOW)
    start = NOW - NOW % MINUTE
    lines = [login(number) for number in range(1, 13)]
    for number, one in enumerate(lines):
        one.ts = start + number // 4 * MINUTE + number
    writer.commit(batch(lines[:6], [episode(1, lines[:2])]))
    writer.commit(batch(lines[6:], [episode(1, [*lines[:2], lines[8]], new=[lines[8]], alert=1)]))
    writer.close()
    with open_store(tmp_path / "store.db") as store:
        bars = store.events.histogram(start, start + 4 * MINUTE, 4)
        assert [(bar.start - start) // MINUTE for bar in bars] == [0, 1, 2, 3]
        assert [(bar.events, bar.alerted) for bar in bars] == [(4, 2), (4, 0), (4, 1), (0, 0)]
        for buckets in (1, 2, 3, 5, 7, 60):
            parts = store.events.histogram(start, start + 4 * MINUTE, buckets)
            assert (sum(b.events for b in parts), sum(b.alerted for b in parts)) == (12, 3), buckets
        assert store.events.histogram(start, start, 5) == store.events.histogram(start, start + 1, 0) == []


@pytest.mark.parametrize("text", ["source.ip:203.0.113.9", "user.name:root", "source.ip:203.0.113.9 failed"])
def test_pivots_go_through_the_index_in_order_of_id(tmp_path: Path, text: str) -> None:
    Writer.open(tmp_path / "store.db", now=NOW).close()
    db = connect(tmp_path / "store.db")
    _, leg = legs(db, ask(text), 0, 99)
    plan = db.execute(
        f"EXPLAIN QUERY PLAN SELECT e.id FROM {leg.table} WHERE {leg.where} ORDER BY f.rowid DESC", leg.params
    ).fetchall()
    told = " ".join(row[3] for row in plan)
    assert told.startswith("SCAN f VIRTUAL TABLE INDEX")
    assert "SEARCH e USING INTEGER PRIMARY KEY" in told
    assert "TEMP B-TREE" not in told
    db.close()


def test_the_index_reads_only_the_rows_of_the_address_asked_for(tmp_path: Path) -> None:
    """An address is one word: not four numbers that stand in every line."""
    writer = Writer.open(tmp_path / "store.db", now=NOW)
    asked = ["192.0.2.7", "2.192.7.0", "192.0.27.0", "2001:db8::1", "1.db8.2001"]
    lines = [login(number, ip=ip) for number, ip in enumerate(asked, 1)]
    for one in lines:
        one.raw = " ".join(asked)
    writer.commit(batch(lines))
    writer.feed_fts(99)
    db = connect(tmp_path / "store.db")
    for number, ip in enumerate(asked, 1):
        match = key_match("source.ip", ip)
        assert db.execute("SELECT rowid FROM events_fts(?)", (match,)).fetchall() == [(number,)]
    db.close()
    writer.close()


VALUES = st.text(
    st.sampled_from("abAB01 .:-_\"'*xX\x00\ue000\ue001\u00c9\u00e9\u0130\u212a\U0001f600"),
    min_size=1,
    max_size=6,
)


@settings(max_examples=80)
@given(
    values=st.lists(st.tuples(VALUES | st.none(), VALUES | st.none()), min_size=1, max_size=12),
    fed=st.integers(0, 12),
    asked=VALUES,
)
def test_pivots_are_complete_whatever_the_values_and_however_far_the_index_is(
    tmp_path_factory: pytest.TempPathFactory,
    values: list[tuple[str | None, str | None]],
    fed: int,
    asked: str,
) -> None:
    path = tmp_path_factory.mktemp("pivots") / "store.db"
    writer = Writer.open(path, now=NOW)
    lines = [event(number) for number in range(1, len(values) + 1)]
    for one, (ip, user) in zip(lines, values, strict=True):
        one.fields = {name: v for name, v in (("source.ip", ip), ("user.name", user)) if v is not None}
    writer.commit(batch(lines))
    writer.feed_fts(fed)
    wanted = {value for pair in values for value in pair if value is not None} | {asked}
    with open_store(path) as store:
        for value in wanted:
            for field in ("source.ip", "user.name"):
                query = Query(Term(field, "eq", value))
                test = predicate(query)
                assert store.events.ids(query) == [
                    one.id for one in reversed(lines) if test(one.fields, one.ts, one.raw)
                ]
    writer.close()


def test_a_stretch_of_time_is_a_stretch_of_ids(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "store.db", now=NOW)
    lines = [login(number) for number in range(1, 200)]
    lines[150].ts = NOW + 30_000_000  # a straggler
    writer.commit(batch(lines))
    db = connect(tmp_path / "store.db")
    query = parse("since:2m", now=lines[-1].ts)
    [leg] = legs(db, query, 0, 1000)
    assert leg.params[0] > 0, "the first ids need not be looked at"
    with open_store(tmp_path / "store.db") as store:
        wanted = [one.id for one in reversed(lines) if one.ts >= lines[-1].ts - 2 * MINUTE]
        assert store.events.ids(query) == wanted
        assert len(store.events.ids(parse("since:1m", now=NOW - MINUTE * 99))) == len(lines)
        assert store.events.ids(parse("until:1h", now=NOW)) == []
    writer.close()


def test_evidence_is_read_newest_or_oldest_first_and_no_more_than_asked(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "store.db", now=NOW)
    lines = [login(number) for number in range(1, 101)]
    for start in range(0, 100, 7):
        seen, new = lines[: start + 7], lines[start : start + 7]
        writer.commit(batch(new, [episode(1, seen, new=new, alert=1)]))
    with open_store(tmp_path / "store.db") as store:
        for _ in range(2):
            triage = store.triage
            assert [row.id for row in triage.alert_events(1, limit=10)] == list(range(100, 90, -1))
            assert [row.id for row in triage.alert_events(1, limit=3, newest_first=False)] == [1, 2, 3]
            assert len(triage.alert_events(1, limit=1000)) == 100
            writer.commit(batch([], [episode(1, lines, new=[], alert=1, settled=True)]))
        assert store.triage.alert_events(99) == []
    writer.close()


def test_an_event_knows_its_alerts(tmp_path: Path) -> None:
    writer = alerted(tmp_path / "store.db", 1, 2)
    line = login(10)
    shared = [login(2), line]
    writer.commit(batch([line], [episode(7, shared, alert=7)]))
    with open_store(tmp_path / "store.db") as store:
        assert [alert.id for alert in store.triage.alerts_of_event(2)] == [7, 1]
        assert [alert.id for alert in store.triage.alerts_of_event(5)] == [2]
        assert store.triage.alerts_of_event(99) == []
    writer.close()


def test_alerts_are_graver_first_and_can_be_asked(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "store.db", now=NOW)
    levels = ("low", "critical", "medium", "critical")
    infos = {
        f"r{number}": RuleInfo(f"r{number}", f"Rule {level}", level, "", ("attack.t1110",))
        for number, level in enumerate(levels)
    }
    writer.save_rules([], infos)
    for number in range(4):
        one = login(number + 1)
        writer.commit(batch([one], [episode(number + 1, [one], alert=number + 1, rule=f"r{number}")]))
    with open_store(tmp_path / "store.db") as store:

        def ids(text: str = "", **more: object) -> list[int]:
            return [alert.id for alert in store.triage.alerts(query=ask(text), **more)]  # type: ignore[arg-type]

        assert ids() == [4, 2, 3, 1]
        assert ids(limit=2) == [4, 2]
        assert ids(min_level="medium") == [4, 2, 3]
        assert ids("level:crit") == ids("sev>=high") == ids("critical") == [4, 2]
        assert ids("rule:r0") == [1]
        assert ids("source.ip:203.0.113.0/24") == ids("203.0.113.9") == ids("attack.t1110") == [4, 2, 3, 1]
        assert ids("source.ip:10.0.0.1") == []
        assert store.triage.counts() == {"critical": 2, "high": 0, "medium": 1, "low": 1, "informational": 0}
        store.triage.decide([4], "close", actor="ann", now=NOW)
        assert store.triage.counts()["critical"] == 1
        assert ids("owner:ann", states=["closed"]) == [4]
        assert store.triage.alerts()[0].entity == dict(ENTITY)
    writer.close()


def test_sources_tell_how_far_they_are(tmp_path: Path) -> None:
    alerted(tmp_path / "store.db", 1).close()
    with open_store(tmp_path / "store.db") as store:
        [row] = store.triage.sources()
    assert (row.name, row.position, row.updated) == ("/var/log/auth.log", 3, NOW)


def test_a_long_query_can_be_stopped_and_the_thread_goes_on(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "store.db", now=NOW)
    writer.commit(batch([event(number) for number in range(1, 2001)]))
    writer.close()
    with open_store(tmp_path / "store.db") as store:
        outcome: list[object] = []

        def look() -> None:
            try:
                while True:
                    store.events.count(ask("message:x"))
            except QueryCancelledError as error:
                outcome.append(str(error))
            outcome.append(store.events.newest_id())

        thread = threading.Thread(target=look)
        thread.start()
        while not outcome:
            store.interrupt(thread)
        thread.join()
    assert outcome[0] == "the query was cancelled"


def test_readers_see_one_state_while_ingest_commits(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "store.db", now=NOW)
    writer.commit(batch([login(1)]))
    with open_store(tmp_path / "store.db") as store, store._connections.snapshot() as db:
        before = db.execute("SELECT count(*) FROM events").fetchone()
        writer.commit(batch([login(2)]))
        writer.feed_fts(10)
        assert db.execute("SELECT count(*) FROM events").fetchone() == before
    writer.close()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = open_store(tmp_path / "store.db")
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.events.newest_id()


def test_a_store_is_what_the_protocols_promise(store: Store) -> None:
    events: Events = store.events
    triage: Triage = store.triage
    assert events.newest_id() == 6
    assert triage.alerts() == []
