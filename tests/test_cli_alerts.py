"""`socterm alerts`: the verbs as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from socterm.cli.deciding import wakes
from socterm.cli.group import cli
from socterm.errors import TransitionError, UsageError
from socterm.store import open_store
from socterm.store.ingest.writer import Writer

from store_samples import NOW, alerted, batch, episode, login

HOUR = 3_600_000_000
DAY = 24 * HOUR


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three alerts of one rule and entity, a fourth of the same rule and another entity."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "soc.db"
    writer = alerted(path, 1, 2, 3)
    event = login(10)
    writer.commit(batch([event], [episode(4, [event], alert=4, entity=(("source.ip", "192.0.2.1"),))]))
    writer.close()
    return path


def alerts(db: Path, *arguments: object) -> Result:
    return CliRunner().invoke(cli, ["alerts", *map(str, arguments), "--db", str(db)])


def rows(db: Path, *arguments: object) -> list[dict]:
    done = alerts(db, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def states(db: Path) -> dict[int, str]:
    return {row["id"]: row["state"] for row in rows(db, "list", "--all")}


def test_snoozing_for_a_while_and_waking(db: Path) -> None:
    done = alerts(db, "snooze", 1, 2, "--for", "4h")
    assert done.stdout.splitlines()[0].startswith("alert 1: snooze by ")
    assert [row["id"] for row in rows(db, "list")] == [4, 3]
    [row] = rows(db, "list", "--state", "snoozed", "id:1")
    assert row["until"].endswith("Z")
    assert "snoozed until 20" in alerts(db, "show", 1).stdout
    alerts(db, "wake", 1)
    assert states(db)[1] == "reopened"
    alerts(db, "undo")
    alerts(db, "undo")
    assert states(db) == dict.fromkeys((1, 2, 3, 4), "new")


def test_listing_wakes_what_is_due(db: Path) -> None:
    with open_store(db) as store:  # long ago: NOW lies behind the clock of whoever runs this, or is set back
        store.triage.decide([1], "snooze", actor="ann", now=1, until=2)
    assert {row["id"]: row["state"] for row in rows(db, "list")}[1] == "reopened"
    history = rows(db, "show", 1)[0]["history"]
    assert [(entry["actor"], entry["verb"]) for entry in history] == [("ann", "snooze"), ("socterm", "woke")]


@pytest.mark.parametrize(
    ("until", "period", "wake"),
    [
        (None, "4h", NOW + 4 * HOUR),
        (None, "2d", NOW + 2 * DAY),
        ("2030-01-01T08:00", None, 1_893_484_800_000_000),
        ("2030-01-01T08:00+01:00", None, 1_893_481_200_000_000),
    ],
)
def test_when_it_wakes(until: str | None, period: str | None, wake: int) -> None:
    assert wakes(until, period, NOW) == wake


@pytest.mark.parametrize(
    ("until", "period", "says"),
    [
        (None, None, "say when it wakes"),
        ("2030-01-01", "4h", "say when it wakes"),
        (None, "soon", "--for soon: write it as"),
        (None, "0h", "--for 0h: write it as"),
        ("tomorrow", None, "--until tomorrow: write it as"),
    ],
)
def test_a_time_that_is_not_clear_is_refused(until: str | None, period: str | None, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        wakes(until, period, NOW)


def test_a_past_time_is_refused_in_one_line(db: Path) -> None:
    done = alerts(db, "snooze", 1, "--until", "2001-01-01")
    assert isinstance(done.exception, TransitionError)
    assert str(done.exception) == "alert 1: it would wake at once: name a time that is still to come"


def test_a_group_is_listed_and_decided_together(db: Path) -> None:
    assert [row["id"] for row in rows(db, "group", 1)] == [1, 2, 3]
    assert [row["id"] for row in rows(db, "group", 1, "--rule")] == [1, 2, 3, 4]
    alerts(db, "close", 2, "--group", "--verdict", "false_positive")
    assert states(db) == {1: "closed", 2: "closed", 3: "closed", 4: "new"}
    alerts(db, "undo")
    assert set(states(db).values()) == {"new"}
    alerts(db, "ack", 2, "--rule")
    assert set(states(db).values()) == {"acknowledged"}


def test_a_group_none_of_which_allows_the_verb_says_why(db: Path) -> None:
    done = alerts(db, "reopen", 1, "--group")
    assert isinstance(done.exception, TransitionError)
    assert "cannot reopen an alert that is new" in str(done.exception)


def test_escalating_and_closing(db: Path) -> None:
    assert [(r["about"], r["alert"]) for r in rows(db, "escalate", 1)] == [("incident:1", 0), ("", 1)]
    alerts(db, "escalate", 2, "--close", "--verdict", "true_positive")
    assert states(db) == {1: "in_progress", 2: "closed", 3: "new", 4: "new"}
    assert isinstance(alerts(db, "escalate", 3, "--verdict", "test").exception, UsageError)


def test_an_alert_says_whose_it_is_and_what_it_follows(db: Path) -> None:
    with open_store(db) as store:
        store.triage.decide([1, 2, 3], "close", actor="ann\x1b[31m", now=NOW, verdict="test")
    writer = Writer.open(db, now=NOW)
    event = login(11)
    writer.commit(batch([event], [episode(5, [event], alert=5)]))
    writer.close()
    shown = alerts(db, "show", 5).stdout
    assert "follows  #3, closed as test" in shown
    assert rows(db, "show", 5)[0]["follows_verdict"] == "test"
    assert "owner    ann\u241b[31m" in alerts(db, "show", 1).stdout
