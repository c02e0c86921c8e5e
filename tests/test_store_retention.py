"""Retention: what goes, what stays, and that a store is sound at every moment of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from socterm.event import Event
from socterm.pipeline.raising import raise_now
from socterm.query import parse
from socterm.sigma.learning.changes import LearningChanges
from socterm.store import canonical, check, open_store
from socterm.store.connection import connect, transaction
from socterm.store.ingest.detections import unknown_rule
from socterm.store.ingest.raising import Asked
from socterm.store.ingest.writer import Writer
from socterm.store.keeping import purge, retention
from socterm.store.keeping.retention import DAY, Retention, Terms
from socterm.store.keeping.space import give_back, room

from store_samples import LOG, NOW, batch, episode, event, login

LATER = NOW + 40 * DAY
MONTH = Terms(older=30 * DAY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture(autouse=True)
def every_line_may_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "LEAST_KEPT", 3)
    monkeypatch.setattr(retention, "WORTH", 1)


def filled(path: Path, events: Sequence[Event], *, fed: int = 1_000_000, **more: object) -> Writer:
    writer = Writer.open(path, now=NOW)
    writer.commit(batch(events, **more))  # type: ignore[arg-type]
    writer.feed_fts(fed)
    return writer


def run(writer: Writer, terms: Terms, now: int = LATER) -> Retention:
    keeper = writer.retention(terms)
    while keeper.step(now):
        pass
    return keeper


def stored(path: Path) -> list[int]:
    db = connect(path, readonly=True)
    found = [row[0] for row in db.execute("SELECT id FROM events ORDER BY id")]
    db.close()
    return found


def words_fit(path: Path) -> None:
    """The full-text index holds the words of what is stored and nothing else; FTS5 looks itself."""
    db = connect(path)
    db.execute("INSERT INTO events_fts (events_fts, rank) VALUES ('integrity-check', 1)")
    db.close()


def test_events_go_when_they_are_old_enough(path: Path) -> None:
    old = [login(number) for number in range(1, 11)]
    young = [login(number, position=number - 1) for number in range(11, 16)]
    for one in young:
        one.ts += 35 * DAY
    writer = filled(path, [*old, *young])
    keeper = run(writer, MONTH)
    writer.close()
    assert stored(path) == [11, 12, 13, 14, 15]
    assert keeper.gone == 10
    assert check(path) == []
    words_fit(path)


def test_without_terms_nothing_goes(path: Path) -> None:
    writer = filled(path, [login(1), login(2)])
    assert not writer.retention(Terms()).step(LATER)
    writer.close()
    assert stored(path) == [1, 2]


def test_what_an_alert_cites_stays_and_is_still_its_evidence(path: Path) -> None:
    events = [login(number) for number in range(1, 21)]
    cited = [events[4], events[11]]
    writer = filled(path, events, episodes=[episode(1, cited, alert=1, settled=True)])
    run(writer, MONTH)
    writer.close()
    assert stored(path) == [5, 12]
    assert check(path) == []
    with open_store(path) as store:
        assert [row.id for row in store.triage.alert_events(1)] == [12, 5]
        assert store.events.count().value == 2
        assert [row.id for row in store.events.page(parse("failed", now=NOW)).rows] == [12, 5]
    words_fit(path)


def test_what_an_episode_under_way_counts_stays_until_it_is_dropped(path: Path) -> None:
    events = [login(number) for number in range(1, 6)]
    under_way = [events[1], events[3]]
    writer = filled(path, events, episodes=[episode(1, under_way)])
    run(writer, MONTH)
    assert stored(path) == [2, 4]
    writer.commit(batch([], [episode(1, under_way, new=[], alert=1)]))
    run(writer, MONTH)
    assert stored(path) == [2, 4]
    assert check(path) == []
    writer.close()


def test_a_dropped_episode_holds_nothing_back(path: Path) -> None:
    events = [login(number) for number in range(1, 6)]
    writer = filled(path, events, episodes=[episode(1, events[:2])])
    writer.commit(batch([], [episode(1, events[:2], new=[], dropped=True)]))
    run(writer, MONTH)
    writer.close()
    assert stored(path) == []


def test_events_that_rules_wait_for_stay(path: Path) -> None:
    events = [login(number) for number in range(1, 6)]
    writer = filled(path, events, learning=LearningChanges(held=[(3, ("rare",))]))
    run(writer, MONTH)
    assert stored(path) == [3]
    assert check(path) == []
    writer.commit(batch([], learning=LearningChanges(released=[3])))
    run(writer, MONTH)
    writer.close()
    assert stored(path) == []


def test_evidence_of_alerts_that_a_hunt_asked_for_stays(path: Path) -> None:
    writer = filled(path, [login(number) for number in range(1, 6)])
    row = (NOW, "erin", b'{"rule":"r","events":[2,5]}')
    writer._db.execute("INSERT INTO raising (asked, actor, alert) VALUES (?, ?, ?)", row)
    run(writer, MONTH)
    writer.close()
    assert stored(path) == [2, 5]


def test_evidence_that_a_hunt_asks_for_while_events_are_deleted_stays(path: Path) -> None:
    writer = filled(path, [login(number) for number in range(1, 6)])
    db = writer._db
    purge.prepare(db)
    purge.note_cited(db, 5)
    with open_store(path) as store:
        found = Asked("r", unknown_rule("r"), (), (NOW, LOG, 4), (NOW, LOG, 4), 1, 1, (4,), (1,))
        assert store.hunts.ask_for([found], actor="erin", now=NOW) == 1
    with transaction(db):
        purge.delete(db, 1, 5, until=purge.FOREVER, limit=100)
    writer.close()
    assert stored(path) == [4]


def test_of_lines_that_went_since_a_hunt_found_them_nothing_is_raised(path: Path) -> None:
    writer = filled(path, [login(number) for number in range(1, 6)])
    key, info = (NOW, LOG, 1), unknown_rule("r")
    some = Asked("r", info, (("user.name", "ann"),), key, key, 7, 1, (1, 5), (4, 3))
    none = Asked("r", info, (("user.name", "bob"),), key, key, 2, 1, (2, 3), (1, 1))
    with transaction(writer._db):
        purge.prepare(writer._db)
        purge.delete(writer._db, 1, 4, until=purge.FOREVER, limit=100)
    writer.close()
    with open_store(path) as store:
        assert store.hunts.ask_for([some, none], actor="erin", now=NOW) == 1
    raise_now(path, clock=lambda: NOW)
    with open_store(path, readonly=True) as store:
        (alert,) = store.triage.alerts()
        assert (alert.entity, alert.count) == ({"user.name": "ann"}, 3)
    assert check(path) == []


def test_numbers_of_events_are_never_given_out_again(path: Path) -> None:
    writer = filled(path, [login(number) for number in range(1, 6)])
    run(writer, MONTH)
    writer.close()
    assert stored(path) == []
    assert check(path) == []
    writer = Writer.open(path, now=NOW)
    assert writer.next_event_id == 6
    writer.commit(batch([login(6, position=5)]))
    assert writer.feed_fts(100) == 1
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert [row.id for row in store.events.page(parse("root", now=NOW)).rows] == [6]


def test_what_went_is_counted_by_source(path: Path) -> None:
    events = [login(number) for number in range(1, 6)]
    others = [event(number, source="/var/log/b.log", position=number) for number in range(6, 9)]
    writer = filled(path, [*events, *others], episodes=[episode(1, events[:1], alert=1, settled=True)])
    run(writer, MONTH)
    writer.close()
    db = connect(path, readonly=True)
    rows = db.execute("SELECT source, lines, first, last, oldest, newest FROM let_go ORDER BY source")
    assert rows.fetchall() == [
        (1, 4, 1, 4, events[1].ts, events[4].ts), (2, 3, 6, 8, others[0].ts, others[-1].ts)
    ]  # fmt: skip
    db.close()
    with open_store(path) as store:
        assert [(row.name, row.let_go) for row in store.triage.sources()] == [(LOG, 4), ("/var/log/b.log", 3)]


def test_a_lost_line_is_not_taken_for_one_that_was_let_go(path: Path) -> None:
    writer = filled(path, [login(number) for number in range(1, 21)])
    keeper = writer.retention(Terms(older=30 * DAY))
    keeper._rows = 5
    keeper.step(LATER)
    writer.close()
    assert stored(path) == list(range(6, 21))
    assert check(path) == []
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM events WHERE id = 7")
    [line, *_] = check(path)
    assert line == f"source {LOG}: 1 lines are missing between 0 and 19"


def test_lines_that_were_not_indexed_yet_go_too(path: Path) -> None:
    writer = filled(path, [login(number) for number in range(1, 21)], fed=8)
    run(writer, MONTH, now=NOW + 30 * DAY + 70_000_000)
    left = stored(path)
    assert left
    assert left[0] > 8
    while writer.feed_fts(100):
        pass
    writer.close()
    assert check(path) == []
    words_fit(path)


def test_bytes_of_odd_lines_go_with_them(path: Path) -> None:
    odd = login(1)
    odd.raw_bytes = b"\xff"
    writer = filled(path, [odd, login(2)])
    run(writer, MONTH)
    writer.close()
    db = connect(path, readonly=True)
    assert db.execute("SELECT count(*) FROM event_bytes").fetchone()[0] == 0
    db.close()


def test_kinds_that_nobody_names_go_and_are_made_anew(path: Path) -> None:
    old = [login(number, event__action=f"action_{number}") for number in range(1, 11)]
    young = login(11)
    young.ts += 35 * DAY
    writer = filled(path, [*old, young])
    run(writer, MONTH)
    db = connect(path, readonly=True)
    assert db.execute("SELECT count(*) FROM kinds").fetchone()[0] == 1
    db.close()
    again = login(12, event__action="action_3")
    writer.commit(batch([again]))
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert store.events.get([12])[0].fields["event.action"] == "action_3"


# -- closed alerts ------------------------------------------------------------------------


def closed(path: Path, events: Sequence[Event], *alerts: Sequence[Event], now: int = NOW) -> Writer:
    """A store in which each alert cites some events; alerts from the second on are closed."""
    episodes = [episode(number, cited, alert=number, settled=True) for number, cited in enumerate(alerts, 1)]
    writer = filled(path, events, episodes=episodes)
    with open_store(path) as store:
        for number in range(2, len(alerts) + 1):
            store.triage.decide([number], "close", actor="erin", now=now + number, verdict="false_positive")
    return writer


def test_evidence_of_a_closed_alert_stays_for_its_term_and_goes_then(path: Path) -> None:
    events = [login(number) for number in range(1, 11)]
    writer = closed(path, events, events[:3], events[2:6])
    terms = Terms(older=30 * DAY, closed=60 * DAY)
    run(writer, terms)
    assert stored(path) == [1, 2, 3, 4, 5, 6]
    run(writer, terms, now=NOW + 70 * DAY)
    assert stored(path) == [1, 2, 3]  # the third is cited by the open one too
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert (gone := store.triage.alert(2)) is not None
        assert (gone.count, gone.state, gone.verdict) == (4, "closed", "false_positive")
        assert gone.released == NOW + 70 * DAY
        assert store.triage.alert_events(2) == []
        assert len(store.triage.history(2)) == 1
        assert [row.id for row in store.triage.alert_events(1)] == [3, 2, 1]
        assert [row.id for row in store.triage.alerts_of_event(3)] == [1]
    words_fit(path)


def test_evidence_of_an_open_incident_stays_though_its_alerts_are_closed(path: Path) -> None:
    events = [login(number) for number in range(1, 11)]
    writer = closed(path, events, events[:1], events[2:6])
    terms = Terms(older=30 * DAY, closed=DAY)
    with open_store(path) as store:
        store.triage.decide([2], "reopen", actor="erin", now=NOW)
        store.incidents.escalate([2], actor="erin", now=NOW)
        store.triage.decide([2], "close", actor="erin", now=NOW, verdict="false_positive")
        run(writer, terms)
        assert stored(path) == [1, 3, 4, 5, 6]
        ident = store.incidents.of_alert(2)
        store.incidents.decide(ident, "close", actor="erin", now=NOW, verdict="false_positive")
    run(writer, terms)
    writer.close()
    assert stored(path) == []  # closing it has closed all its alerts
    assert check(path) == []


def test_no_term_for_closed_alerts_keeps_their_evidence_by_age(path: Path) -> None:
    events = [login(number) for number in range(1, 5)]
    writer = closed(path, events, events[:1], events[:2])
    run(writer, Terms(older=DAY, closed=0), now=NOW + 1000 * DAY)
    writer.close()
    assert stored(path) == [1, 2]


def test_a_kill_while_evidence_is_taken_apart_is_made_good(path: Path) -> None:
    events = [login(number) for number in range(1, 31)]
    writer = closed(path, events, events[20:22], *([events[n]] for n in range(20)))
    terms = Terms(older=30 * DAY, closed=DAY)
    keeper = writer.retention(terms)
    while keeper.step(LATER):
        assert check(path) == []  # as a process killed here would leave it
    writer.close()
    assert stored(path) == [21, 22]
    assert check(path) == []


# -- size ---------------------------------------------------------------------------------


def test_the_oldest_go_while_the_file_is_too_big(path: Path) -> None:
    events = [login(number) for number in range(1, 20_001)]
    cited = events[100:110]
    writer = filled(path, events, episodes=[episode(1, cited, alert=1, settled=True)])
    before = writer._db.execute("PRAGMA page_count").fetchone()[0] * 8192
    limit = before // 2
    run(writer, Terms(max_size=limit), now=NOW)
    assert room(writer._db).bytes <= limit
    writer.close()
    left = stored(path)
    assert left[:10] == [one.id for one in cited]
    assert left[10:] == list(range(left[10], 20_001))
    assert len(left) > 5_000
    assert path.stat().st_size <= limit
    assert check(path) == []
    words_fit(path)


def test_over_the_limit_a_batch_is_followed_by_more_steps_and_by_no_more_than_a_few(path: Path) -> None:
    writer = filled(path, [login(number) for number in range(1, 20_001)])
    used = room(writer._db).used
    taken: list[int] = []

    class Counted(Retention):
        def step(self, now: int) -> bool:
            taken.append(room(self._db).used)
            return super().step(now)

    Counted(writer._db, Terms(max_size=used // 8)).after_batch(NOW)
    assert len(taken) == 4
    assert taken == sorted(taken, reverse=True)
    taken.clear()
    Counted(writer._db, Terms(max_size=2 * used)).after_batch(NOW)
    Counted(writer._db, Terms(older=1)).after_batch(LATER)
    assert len(taken) == 2
    writer.close()
    assert check(path) == []


def test_under_the_limit_evidence_of_closed_alerts_goes_before_that_of_open_ones(path: Path) -> None:
    events = [login(number) for number in range(1, 20_001)]
    writer = closed(path, events, events[:5_000], events[5_000:10_000], events[10_000:19_000])
    size = room(writer._db).bytes
    keeper = run(writer, Terms(max_size=int(size * 0.8)), now=NOW)
    assert keeper.note == ""
    keeper = run(writer, Terms(max_size=int(size * 0.2)), now=NOW)
    assert "evidence of open alerts stays" in keeper.note
    writer.close()
    left = stored(path)
    assert left[:5_000] == list(range(1, 5_001))
    assert check(path) == []
    with open_store(path) as store:
        assert {row.id for row in store.triage.alerts(states=["closed"]) if row.released} == {2, 3}


def test_pages_are_given_back_to_the_disk(path: Path) -> None:
    writer = filled(path, [login(number) for number in range(1, 20_001)])
    before = room(writer._db)
    run(writer, MONTH)
    after = room(writer._db)
    assert after.pages < before.pages // 3
    writer.close()
    assert check(path) == []


def test_one_step_gives_back_as_many_pages_as_asked_for(path: Path) -> None:
    writer = filled(path, [login(number) for number in range(1, 5_001)])
    writer._db.execute("DELETE FROM events")
    free = room(writer._db).free
    assert give_back(writer._db, 10) == 10
    assert room(writer._db).free == free - 10
    writer.close()


def test_every_moment_of_it_is_a_sound_store(path: Path) -> None:
    events = [login(number) for number in range(1, 61)]
    writer = filled(path, events, episodes=[episode(1, events[10:13], alert=1, settled=True)])
    whole = [line for line in canonical(path) if '"alert"' in line]
    keeper = writer.retention(MONTH)
    keeper._rows = 7
    while keeper.step(LATER):
        keeper._rows = 7
        assert check(path) == []
        assert [line for line in canonical(path) if '"alert"' in line] == whole
    writer.close()
    assert stored(path) == [11, 12, 13]
