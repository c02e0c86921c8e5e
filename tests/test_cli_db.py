"""`socterm db` as a person runs it: what it prints, its exit codes, its one-line errors."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from socterm.cli import cli
from socterm.errors import SoctermError, UsageError
from socterm.store import check
from socterm.store.keeping.retention import DAY

from store_samples import episode, event, login, searchable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Five failed logins, three of them an alert's evidence, and a line that a spreadsheet must not run."""
    events = [login(number) for number in range(1, 6)]
    hostile = event(6, message="=cmd|'/c calc'!A1")
    for one in (*events, hostile):
        one.ts -= 3650 * DAY  # old whatever the machine's clock says
    alert = episode(1, events[:3], alert=1, settled=True)
    return searchable(tmp_path / "store.db", [*events, hostile], [alert])


def ran(path: Path, *arguments: str) -> str:
    done = CliRunner().invoke(cli, ["db", *arguments, "--db", str(path)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def refused(path: Path, *arguments: str) -> SoctermError:
    with pytest.raises(SoctermError) as caught:
        CliRunner().invoke(cli, ["db", *arguments, "--db", str(path)], catch_exceptions=False)
    assert "\n" not in str(caught.value)
    return caught.value


def test_info_says_what_there_is(path: Path) -> None:
    facts = json.loads(ran(path, "info", "--json"))
    assert (facts["events"], facts["evidence"], facts["unindexed"]) == (6, 3, 0)
    said = ran(path, "info")
    assert "6, 3 of them evidence" in said
    assert "none: everything is kept" in said


def test_retain_lets_go_of_what_is_old_and_says_so(path: Path) -> None:
    assert ran(path, "retain", "--older", "1m", "--dry-run").splitlines()[0] == "3 events are too old"
    assert json.loads(ran(path, "retain", "--older", "1m", "--json"))["gone"] == 3
    assert check(path) == []
    assert json.loads(ran(path, "info", "--json"))["let_go"] == 3


def test_retain_without_terms_is_a_mistake(path: Path) -> None:
    assert isinstance(refused(path, "retain"), UsageError)
    done = CliRunner().invoke(cli, ["db", "retain", "--older", "soon", "--db", str(path)])
    assert done.exit_code == 2
    assert "is no span of time, such as 30d" in done.output


def test_a_backup_and_back(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert f"copied to {copy}" in ran(path, "backup", str(copy))
    assert "the former one is" in ran(path, "restore", str(copy))
    assert "checked" not in ran(path, "backup", str(copy), "--quick")
    assert check(path) == []
    assert "no such file" in str(refused(path, "restore", str(tmp_path / "none.db")))


def test_a_store_that_is_not_there_is_told(tmp_path: Path) -> None:
    for command in (["info"], ["vacuum"], ["retain", "--older", "1d"], ["backup", str(tmp_path / "x.db")]):
        assert "no store there yet" in str(refused(tmp_path / "none.db", *command))


def test_events_are_exported_oldest_first(path: Path) -> None:
    rows = [json.loads(line) for line in ran(path, "export").splitlines()]
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[0]["source.ip"] == "203.0.113.9"
    assert rows[0]["event.original"].startswith("Nov 18")
    found = [json.loads(line)["id"] for line in ran(path, "export", "event.id>4").splitlines()]
    assert found == [5, 6]


def test_a_table_is_safe_in_a_spreadsheet(path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(ran(path, "export", "--format", "csv"))))
    assert rows[5]["message"] == "'=cmd|'/c calc'!A1"
    assert rows[0]["user.name"] == "root"


def test_alerts_are_exported_whatever_their_state(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "alerts.csv"
    assert ran(path, "export", "--alerts", "--format", "csv", "-o", str(out)) == ""
    [row] = csv.DictReader(out.open(newline=""))
    assert (row["rule"], row["count"], row["state"]) == ("brute", "3", "new")
    [line] = ran(path, "export", "--alerts", "state:new").splitlines()
    assert json.loads(line)["entity"] == {"source.ip": "203.0.113.9"}
    assert ran(path, "export", "--alerts", "state:closed") == ""


def test_a_full_disk_is_one_line(path: Path) -> None:
    said = str(refused(path, "export", "-o", "/dev/full"))
    assert said == "/dev/full: No space left on device: what is written there is not complete"
