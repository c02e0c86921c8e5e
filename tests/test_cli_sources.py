"""`socterm sources`: is my log being read, and is it understood?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from socterm.cli import cli
from socterm.pipeline.sourceview import age, commonest, rate, trouble
from socterm.store.rows import SourceRow
from tests.e2e.road import socterm

NOW = 1_795_168_800_000_000
LOG = (
    "Nov 20 10:00:00 web1 sshd[7]: Failed password for root from 192.0.2.7 port 4022 ssh2\n"
    "Nov 20 10:00:01 web1 CRON[8]: (root) CMD (/bin/true)\n"
    "strange \x1b[31mline\n"
    '{"broken": \n'
)


@pytest.fixture
def db(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "mixed.log").write_text(LOG)
    log, store = tmp_path / "mixed.log", tmp_path / "s.db"
    socterm("run", "--once", "-q", "--db", store, "--tail", log, home=tmp_path)
    return tmp_path / "s.db"


def sources(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["sources", *arguments])
    assert result.exit_code == 0, result.exception
    return result.output


def row(**changes: object) -> SourceRow:
    values: dict[str, object] = dict.fromkeys(SourceRow.__struct_fields__, 0)
    values.update(name="a", drops={}, formats={}, samples=(), error="", note="", rate=0.0)
    return SourceRow(**(values | changes))  # type: ignore[arg-type]


def test_a_source_tells_what_was_understood_and_what_is_wrong(db: Path) -> None:
    text = sources("list", "--db", str(db))
    assert "50.0%" in text
    assert "sshd 25%" in text
    assert "cron 25%" in text
    assert "JSON: broken at character" in text


def test_the_same_for_programs(db: Path) -> None:
    found = json.loads(sources("list", "--json", "--db", str(db)))
    assert (found["lines"], found["decoded"]) == (4, 2)
    assert found["formats"] == {"sshd": 1, "cron": 1}
    assert len(found["samples"]) == 2


def test_lines_nobody_knew_are_one_command_away_and_harmless(db: Path) -> None:
    text = sources("undecoded", "--db", str(db))
    assert "strange" in text
    assert "\x1b" not in text
    assert "JSON: broken" in text
    lines = [
        json.loads(line)["line"] for line in sources("undecoded", "--json", "--db", str(db)).splitlines()
    ]
    assert lines == ["strange \x1b[31mline", '{"broken": ']


def test_an_unknown_source_is_a_mistake(db: Path) -> None:
    result = CliRunner().invoke(cli, ["sources", "undecoded", "nothing", "--db", str(db)])
    assert "no source is called nothing" in str(result.exception)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (0, "now"),
        (5, "5 s"),
        (300, "5 min"),
        (7300, "2 h"),
        (200_000, "2 d"),
        (-5, "in 5 s"),
        (-300, "in 5 min"),
    ],
)
def test_ages(before: int, said: str) -> None:
    assert age(row(newest=NOW - before * 1_000_000), NOW) == said


def test_a_source_that_wrote_nothing_lately_has_no_rate() -> None:
    assert rate(row(rate=7.0, updated=NOW - 1_000_000), NOW) == 7.0
    assert rate(row(rate=7.0, updated=NOW - 61_000_000), NOW) == 0.0


def test_the_commonest_formats_are_named() -> None:
    counted = row(lines=100, formats={"a": 1, "b": 70, "c": 9, "d": 5})
    assert commonest(counted) == "b 70%, c 9%, d 5%, 1 more"
    assert commonest(row()) == "-"


def test_all_that_went_wrong_is_said() -> None:
    assert (
        trouble(row(note="gone", drops={"kernel": 3}, error="JSON: broken"))
        == "gone; 3 dropped; JSON: broken"
    )
    assert trouble(row()) == ""
