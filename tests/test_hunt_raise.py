"""Alerts of the past: made only when asked for, at the times of their events, once, by whoever ingests."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from socterm.alerts.episodes import Episodes
from socterm.assets import rules_dir
from socterm.cli.settings import clock
from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.raising import TAG, Raising, raise_now
from socterm.sigma.load import load_rules
from socterm.sources.opening import Opener
from socterm.store import check, open_store
from socterm.store.ingest.writer import Writer
from socterm.store.rows import AlertRow

from hunting import DAY, FAILED, MANY, MANY_KEY, NOW, SECOND, attempt, store_of
from rules_cli import Done, called

START = NOW - 30 * DAY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "rules.yml").write_text(FAILED + "---" + MANY, encoding="utf-8")
    events = [attempt(n, START + n * SECOND, "192.0.2.7") for n in range(1, 9)]
    events += [attempt(n, START + DAY + n * SECOND, "192.0.2.8") for n in range(9, 16)]
    return store_of(tmp_path / "s.db", events)


def ask(path: Path, *arguments: object) -> Done:
    rule = path.parent / "rules.yml"
    return called("hunt", "--rule", rule, "--db", path, *arguments, home=path.parent)


def alerts(path: Path) -> list[AlertRow]:
    with open_store(path, readonly=True) as store:
        return sorted(store.triage.alerts(parts=True), key=lambda alert: alert.first)


def test_nothing_is_raised_unasked(path: Path) -> None:
    ask(path)
    assert alerts(path) == []


def test_alerts_are_of_the_past_and_of_their_events(path: Path) -> None:
    done = ask(path, "--raise")
    assert "made 2 alerts" in done.error
    one, two = alerts(path)
    assert (one.rule, one.title, one.level, one.entity) == (
        MANY_KEY, "Many failed logins", "high", {"source.ip": "192.0.2.7"},
    )  # fmt: skip
    assert (one.first, one.last, one.count, one.state) == (START + SECOND, START + 8 * SECOND, 8, "new")
    assert (one.settled, bool(one.key), TAG in one.tags) == (True, True, True)
    assert two.created > two.last
    with open_store(path, readonly=True) as store:
        assert [row.id for row in store.triage.alert_events(one.id, newest_first=False)] == list(range(1, 9))
        assert all(row.alerted for row in store.events.get(range(1, 16)))
        (row,) = store.triage.history(one.id)
        assert (row.verb, row.alert, row.before == row.after) == ("raise", one.id, True)
    assert check(path) == []


def test_twice_is_once(path: Path) -> None:
    ask(path, "--raise")
    before = alerts(path)
    (told,) = ask(path, "--json").records
    assert (told["already_alerts"], told["new_alerts"]) == (2, 0)
    assert "made 0 alerts" in ask(path, "--raise").error
    assert "made 0 alerts" in ask(path, "--raise", "--since", "2026-01-01").error
    assert alerts(path) == before


def test_a_closed_alert_does_not_come_back(path: Path) -> None:
    ask(path, "--raise")
    with open_store(path) as store:
        store.triage.decide([1], "close", actor="ann", now=NOW, verdict="false_positive")
    ask(path, "--raise")
    assert [alert.id for alert in alerts(path)] == [2]


def test_undo_takes_back_decisions_and_no_alert(path: Path) -> None:
    ask(path, "--raise")
    with open_store(path, readonly=True) as store:
        actor = store.triage.history(1)[0].actor
    with open_store(path) as store:
        assert store.triage.undo(actor=actor, now=NOW) == []


def test_the_process_that_ingests_makes_them(path: Path, tmp_path: Path) -> None:
    """Whoever holds the store for ingest gives the numbers: none is given twice."""
    writer = Writer.open(path, now=clock())
    done = ask(path, "--raise")
    assert "the process that ingests makes 2 alerts" in done.error
    assert alerts(path) == []
    ask(path, "--raise")  # asked for twice before anything was made
    log = tmp_path / "auth.log"
    said = "web01 sshd[77]: Failed password for root from 192.0.2.9 port 4022 ssh2"
    line = "2026-11-18T10:00:{:02d}+00:00 " + said + "\n"
    log.write_text("".join(line.format(second) for second in range(9)), encoding="utf-8")
    opener = Opener([str(log)], bookmark=lambda _: None, clock=clock, from_start=True, once=True)
    rules = load_rules([tmp_path / "rules.yml", rules_dir() / "base"])
    Pipeline(writer, writer.load_state(), rules, opener, clock=clock, once=True).run(threading.Event())
    writer.close()
    found = alerts(path)
    assert [alert.entity["source.ip"] for alert in found if alert.rule == MANY_KEY] == [
        "192.0.2.7", "192.0.2.8", "192.0.2.9",
    ]  # fmt: skip
    assert len({alert.id for alert in found}) == len(found)
    assert TAG not in found[-1].tags
    assert check(path) == []
    with open_store(path) as store:
        assert store.sql.ask("SELECT count(*) FROM decisions WHERE verb = 'raise'").rows == [(2,)]
    assert raise_now(path, clock=lambda: NOW) == 0


def test_what_is_asked_for_is_made_in_one_transaction(path: Path) -> None:
    """Killed between asking and making, nothing is lost: the next ingest makes it."""
    writer = Writer.open(path, now=clock())
    ask(path, "--raise")
    writer.close()
    again = Writer.open(path, now=NOW)
    raising = Raising(again, Episodes(again.next_episode_id, again.next_alert_id))
    assert raising.look()
    again.close()  # before the commit
    assert alerts(path) == []
    assert raise_now(path, clock=lambda: NOW) == 2
    assert len(alerts(path)) == 2


def test_raise_needs_a_rule_and_has_a_limit(path: Path, tmp_path: Path) -> None:
    assert "--raise goes with --rule" in called("hunt", "x", "--raise", "--db", path, home=tmp_path).error
    many = store_of(
        tmp_path / "m.db",
        [attempt(n, NOW + n * DAY // 50, f"10.0.{n % 250}.{n % 9}") for n in range(1, 1_500)],
    )
    (tmp_path / "single.yml").write_text(FAILED, encoding="utf-8")
    done = called("hunt", "--rule", tmp_path / "single.yml", "--raise", "--db", many, home=tmp_path)
    assert done.code == 2
    assert "1,000 alerts at most, not 1,499" in done.error
    assert alerts(many) == []
