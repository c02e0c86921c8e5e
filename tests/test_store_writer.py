"""What a batch leaves in the file, and what an ingest that stopped finds there again."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from socterm.alerts.audit import alert_key
from socterm.alerts.model import RuleInfo
from socterm.errors import StoreError, StoreFullError
from socterm.event import Event
from socterm.sigma.model import RuleFate
from socterm.store import canonical, check, open_store
from socterm.store.connection import connect
from socterm.store.ingest.batch import Batch, SourceState
from socterm.store.ingest.writer import Writer

from store_samples import ENTITY, LOG, NOW, alerted, batch, episode, event, hit, login


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def reopen(writer: Writer, path: Path) -> Writer:
    writer.close()
    return Writer.open(path, now=NOW)


def test_an_example_from_line_to_settled_alert(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    first = [login(number) for number in (1, 2)]
    writer.commit(batch(first, [episode(writer.next_episode_id, first)]))
    second = [*first, login(3)]
    writer.commit(batch(second[2:], [episode(1, second, new=second[2:], alert=writer.next_alert_id)]))
    writer.commit(batch([], [episode(1, second, new=[], alert=1, settled=True)]))
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        [alert] = store.triage.alerts()
        assert (alert.count, alert.state, alert.settled) == (3, "new", True)
        assert alert.key == alert_key("brute", ENTITY, first[0].key)
        assert [row.id for row in store.triage.alert_events(1)] == [3, 2, 1]


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    Writer.open(tmp_path / "data" / "store.db", now=NOW).close()
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / "store.db").stat().st_mode) == 0o600


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    Writer.open(tmp_path / "store.db", now=NOW).close()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_ingest_goes_on_where_it_stopped(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    events = [login(1), login(2)]
    state = SourceState(
        LOG, position=2, bookmark={"offset": 99}, lines=2, decoded=1, newest=events[1].ts, late=3,
        drops={"queue": 4}, note="rotated", watermark=7, extra={"clock": [1, 2, 3]},
    )  # fmt: skip
    grown = episode(1, events, alert=1)
    writer.commit(
        Batch(
            events=events, sources=[state], episodes=[grown], now=NOW, counters={"oversized": 5},
            decoders=[(LOG, "sshd 1", '{"ip":1}'), (LOG, "sshd 2", "{}")],
        )
    )  # fmt: skip
    writer.commit(Batch(decoders=[(LOG, "sshd 2", None)], now=NOW))
    writer = reopen(writer, path)
    found = writer.load_state()
    assert found.sources == [state]
    assert found.episodes == [grown]
    assert found.decoders == {LOG: [("sshd 1", '{"ip":1}')]}
    assert found.counters == {"oversized": 5}
    assert (writer.next_event_id, writer.next_episode_id, writer.next_alert_id) == (3, 2, 2)
    writer.close()


def test_hits_come_back_whole_and_in_order(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    events = [login(1), event(2, source="/var/log/other.log", position=7), login(3, position=1)]
    hits = [hit(events[2], 0, "rule-b"), hit(events[0], 5, "rule-a"), hit(events[1], 1, "\ud800")]
    change = episode(1, events)
    change.hits, change.count = hits, 6
    writer.commit(batch(events, [change]))
    writer = reopen(writer, path)
    assert writer.load_state().episodes == [change]
    writer.close()


def test_a_file_name_that_is_no_utf8_finds_its_bookmark_again(path: Path) -> None:
    name = "/var/log/caf\udce9.log"
    writer = Writer.open(path, now=NOW)
    writer.commit(batch([event(1, source=name)]))
    writer = reopen(writer, path)
    assert [(s.name, s.bookmark) for s in writer.load_state().sources] == [(name, {"at": 1})]
    writer.close()


def test_what_decoders_remember_of_names_that_are_no_utf8_is_kept_and_forgotten(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    entries = [(LOG, "pid web1 7", "a"), (LOG, "pid caf\udce9 8", "b\udce9"), (LOG, "pid web1 9", "c")]
    writer.commit(batch([login(1)], decoders=entries))
    kept = [("pid caf\ufffd 8", "b\ufffd"), ("pid web1 7", "a"), ("pid web1 9", "c")]
    assert writer.load_state().decoders == {LOG: kept}
    writer.commit(batch([login(2)], decoders=[(LOG, "pid web1 7", None), (LOG, "pid caf\udce9 8", None)]))
    assert writer.load_state().decoders == {LOG: kept[2:]}
    writer.close()


def test_a_line_is_stored_once(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    writer.commit(batch([login(1), login(2)]))
    with pytest.raises(StoreError, match=r"line 1 of .*auth\.log is stored already"):
        writer.commit(batch([event(3, position=1)]))
    writer = reopen(writer, path)
    with pytest.raises(StoreError, match="line 0 of"):
        writer.commit(batch([event(3, position=0)]))
    writer.commit(batch([login(3)]))
    writer.close()
    assert check(path) == []


def test_a_dropped_episode_leaves_nothing(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    events = [login(1)]
    writer.commit(batch(events, [episode(1, events)]))
    writer.commit(batch([], [episode(1, events, new=[], dropped=True)]))
    db = connect(path)
    for table in ("episodes", "alert_events"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0
    writer.close()


def test_an_alert_grows_and_keeps_its_rule_as_it_was(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    info = RuleInfo("brute", "Brute force", "high", "Many failures", ("attack.t1110",))
    writer.save_rules(
        [RuleFate("brute", "Brute force", "high", "active", "", "rules/a.yml")], {"brute": info}
    )
    events = [login(number) for number in (1, 2, 3)]
    writer.commit(batch(events[:2], [episode(1, events[:2], alert=1)], rule_hits={"brute": 2}))
    writer = reopen(writer, path)
    writer.save_rules([], {})
    writer.commit(batch(events[2:], [episode(1, events, new=events[2:], alert=1)], rule_hits={"brute": 1}))
    writer.close()
    with open_store(path) as store:
        [alert] = store.triage.alerts()
        assert (alert.title, alert.level, alert.tags, alert.count) == (
            "Brute force",
            "high",
            ("attack.t1110",),
            3,
        )
        assert (alert.first, alert.last) == (events[0].ts, events[2].ts)
        assert store.triage.rules() == []


def test_every_rule_has_a_row_and_its_hits(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    fates = [
        RuleFate("brute", "Brute force", "high", "active", "", "a.yml", 1),
        RuleFate("b.yml", "", "", "refused", "no title: b.yml:3:1", "b.yml", 3),
    ]
    writer.save_rules(fates, {"brute": RuleInfo("brute", "Brute force", "high", "", ())})
    events = [login(1)]
    writer.commit(batch(events, [episode(1, events, alert=1)], rule_hits={"brute": 4}))
    writer.close()
    with open_store(path) as store:
        one, two = store.triage.rules()
    assert (one.id, one.fate, one.hits, one.alerts) == ("brute", "active", 4, 1)
    assert (two.fate, two.reason, two.hits) == ("refused", "no title: b.yml:3:1", 0)


def test_an_alert_of_a_rule_nobody_handed_over_is_still_an_alert(path: Path) -> None:
    alerted(path, 1).close()
    with open_store(path) as store:
        assert store.triage.alerts()[0].title == "brute"


# -- episodes that join ------------------------------------------------------------------


def joined(path: Path, *, decide: bool = False) -> Writer:
    """Two alerts whose episodes a late event joined: 1 lives on, 2 ends in it."""
    writer = Writer.open(path, now=NOW)
    events = [login(number) for number in range(1, 8)]
    writer.commit(batch(events[:3], [episode(1, events[:3], alert=1)]))
    writer.commit(batch(events[3:6], [episode(2, events[3:6], alert=2)]))
    if decide:
        with open_store(path) as store:
            store.triage.decide([2], "acknowledge", actor="ann", now=NOW)
    gone = episode(2, events[3:6], new=[], alert=2, merged_into=1)
    writer.commit(batch(events[6:], [gone, episode(1, events, new=events[6:], alert=1)]))
    return writer


def test_joined_episodes_are_one_alert_with_all_evidence(path: Path) -> None:
    writer = joined(path)
    [open_one] = writer.load_state().episodes
    assert sorted(h.event for h in open_one.hits) == [1, 2, 3, 4, 5, 6, 7]
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert [(a.id, a.count) for a in store.triage.alerts()] == [(1, 7)]
        gone = store.triage.alert(2)
        assert gone is not None
        assert (gone.state, gone.merged_into) == ("merged", 1)
        [row] = store.triage.history(2)
        assert (row.actor, row.verb, row.before["state"], row.after["state"]) == (
            "socterm",
            "merge",
            "new",
            "merged",
        )
        assert len(store.triage.alert_events(2)) == 7, "a merged alert shows where its events went"
    assert not any('"merged"' in line for line in canonical(path))


def test_work_begun_on_a_joined_alert_goes_on_at_the_survivor(path: Path) -> None:
    joined(path, decide=True).close()
    with open_store(path) as store:
        [alert] = store.triage.alerts()
        assert (alert.id, alert.state, alert.owner) == (1, "acknowledged", "ann")
        assert [row.verb for row in store.triage.history(1)] == ["inherit"]
    assert check(path) == []


def test_joining_before_there_is_an_alert(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    events = [login(number) for number in range(1, 6)]
    writer.commit(batch(events[:4], [episode(1, events[:2]), episode(2, events[2:4])]))
    gone = episode(2, events[2:4], new=[], merged_into=1)
    writer.commit(batch(events[4:], [episode(1, events, new=events[4:], alert=1), gone]))
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert len(store.triage.alert_events(1)) == 5
        assert sum(b.alerted for b in store.events.histogram(NOW - 60_000_000, NOW + 60_000_000, 1)) == 5


@pytest.mark.parametrize("cut", [1, 2, 5])
def test_an_episode_that_ends_in_its_first_batch_is_like_one_that_took_several(path: Path, cut: int) -> None:
    events = [login(number) for number in range(1, 8)]
    others = [login(number) for number in range(8, 11)]
    writer = Writer.open(path, now=NOW)
    early = events[:cut]
    writer.commit(batch(early))
    changes = [
        episode(1, events, alert=1, settled=True),
        episode(2, others[:1], new=[], merged_into=3),
        episode(3, others, alert=2, settled=True),
        episode(4, others, dropped=True),
    ]
    writer.commit(batch([*events[cut:], *others], changes))
    assert writer.load_state().episodes == []
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert [row.id for row in store.triage.alert_events(1)] == list(range(7, 0, -1))
        assert [row.id for row in store.triage.alert_events(2)] == [10, 9, 8]
        assert (
            sum(bar.alerted for bar in store.events.histogram(NOW - 3_600_000_000, NOW + 3_600_000_000, 1))
            == 10
        )


# -- disk, damage, other versions --------------------------------------------------------


def test_a_full_disk_leaves_nothing_half_written_and_the_batch_can_be_tried_again(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    events = [login(number, note="x" * 900) for number in range(1, 301)]
    writer.commit(batch(events[:10], [episode(1, events[:10], alert=1)]))
    before = list(canonical(path))
    pages = writer._db.execute("PRAGMA page_count").fetchone()[0]
    writer._db.execute(f"PRAGMA max_page_count={pages + 2}")
    late = batch(events[10:], [episode(1, events, new=events[10:], alert=1)], rule_hits={"brute": 290})
    for _ in range(3):
        with pytest.raises(StoreFullError, match="disk is full"):
            writer.commit(late)
        assert list(canonical(path)) == before
    writer.heartbeat(NOW)
    writer._db.execute("PRAGMA max_page_count=100000")
    writer.commit(late)
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        assert store.events.count().value == 300
        assert store.triage.alerts()[0].count == 300


def test_a_full_disk_stops_the_index_and_not_the_search(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    writer.commit(batch([login(number) for number in range(1, 400)]))
    pages = writer._db.execute("PRAGMA page_count").fetchone()[0]
    writer._db.execute(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreFullError):
        writer.feed_fts(1000)
    writer._db.execute("PRAGMA max_page_count=100000")
    assert writer.feed_fts(1000) == 399
    assert writer.feed_fts(1000) == 0
    writer.close()


def test_a_newer_schema_is_left_alone(path: Path) -> None:
    Writer.open(path, now=NOW).close()
    db = sqlite3.connect(path)
    db.execute("INSERT INTO migrations VALUES (99, 'm099_later', 0)")
    db.commit()
    db.close()
    for opening in (lambda: Writer.open(path, now=NOW), lambda: open_store(path), lambda: check(path)):
        with pytest.raises(StoreError, match=r"newer socterm.*m099_later") as caught:
            opening()
        assert "\n" not in str(caught.value)
        assert caught.value.exit_code == 3


def test_a_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary, " * 99)
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE mine (x)")
    other.commit()
    other.close()
    for name in ("notes.txt", "other.db"):
        before = (tmp_path / name).read_bytes()
        with pytest.raises(StoreError, match="not a socterm store"):
            Writer.open(tmp_path / name, now=NOW)
        assert (tmp_path / name).read_bytes() == before


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot open the store .*Not a directory"):
        Writer.open(tmp_path / "file" / "store.db", now=NOW)
    with pytest.raises(StoreError, match="no such file"):
        open_store(tmp_path / "none.db", readonly=True)


def test_an_empty_file_has_nothing_to_show(tmp_path: Path) -> None:
    """Made by `touch`, or by an ingester a moment ago."""
    (tmp_path / "new.db").touch()
    with pytest.raises(StoreError, match="is empty"):
        open_store(tmp_path / "new.db", readonly=True)
    with pytest.raises(StoreError, match="is empty"):
        check(tmp_path / "new.db")


def test_migrating_again_changes_nothing(path: Path) -> None:
    writer = alerted(path, 1)
    before = list(canonical(path))
    reopen(writer, path).close()
    assert list(canonical(path)) == before


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_canonical_dump_does_not_depend_on_the_cut(tmp_path: Path, size: int) -> None:
    assert cut(tmp_path / "some.db", size) == cut(tmp_path / "whole.db", 40)


def cut(path: Path, size: int) -> list[str]:
    """40 lines of two sources and one alert, committed in pieces; the dump."""
    writer = Writer.open(path, now=NOW + size)
    lines = [(("a.log", "b.log")[n % 2], n // 2) for n in range(40)]
    seen: list[Event] = []
    ident = 0
    for start in range(0, 40, size):
        piece = []
        for source, position in sorted(lines[start : start + size]):
            ident += 1
            piece.append(_line(source, position, ident))
        seen += piece
        writer.commit(batch(piece, [episode(1, seen, new=piece, alert=1 if len(seen) >= 7 else 0)]))
    if size == 7:
        writer.commit(batch([], [episode(1, seen, new=[], alert=1, settled=True)]))
    writer.close()
    assert check(path) == []
    return list(canonical(path))


def _line(source: str, position: int, ident: int) -> Event:
    one = login(position + 1)
    one.source, one.position, one.id = source, position, ident
    return one
