"""`socterm run` and the console's ingest with rules that change under them: as processes, on real files."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import Popen

import pytest
from tests.e2e.road import running, socterm, until

from test_background import hosted
from test_rules_reload import login

LINE = "2026-03-17T10:00:{:02}Z web1 sshd[{}]: Failed password for root from 203.0.113.9 port 40000 ssh2\n"


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "a.yml").write_text(login("a"))
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "auth.log"
    path.write_text(LINE.format(0, 1))
    return path


def said(process: Popen[bytes], what: str) -> str:
    """Read what it says on standard error up to the line that has this."""
    assert process.stderr is not None
    for raw in process.stderr:
        line = raw.decode()
        if what in line:
            return line
    raise AssertionError(f"ended without saying {what!r}")


def listed(db: Path, home: Path, rule: str) -> int:
    rows = [
        json.loads(row) for row in socterm("alerts", "list", "--json", "--db", db, home=home).splitlines()
    ]
    return sum(row["rule"] == rule for row in rows)


def test_a_run_takes_a_rule_while_it_runs_and_says_what_it_keeps(
    rules: Path, log: Path, tmp_path: Path
) -> None:
    db = tmp_path / "s.db"
    with running("--tail", log, "--from-start", "--rules", rules, "--db", db, home=tmp_path) as process:
        until(lambda: db.exists() and listed(db, tmp_path, "a") == 1, "the first alert")
        (rules / "b.yml").write_text(login("b"))
        assert said(process, "loaded anew") == "socterm: rules loaded anew: 1 added\n"
        with log.open("a") as end:
            end.write(LINE.format(1, 2))
        until(lambda: listed(db, tmp_path, "b") == 1, "an alert of the new rule")
        (rules / "a.yml").write_text("title: [")
        line = said(process, "kept")
        assert line.startswith(f"socterm: kept: {rules / 'a.yml'} line 2: not YAML:")
        shown = socterm("rules", "list", "--rules", rules, "--db", db, home=tmp_path)
        assert f"in force, active: A login: kept: {rules / 'a.yml'} line 2: not YAML:" in shown
        (rules / "a.yml").write_text(login("a").replace("low", "high"))
        assert said(process, "loaded anew") == "socterm: rules loaded anew: 1 changed\n"
        (rules / "a.yml").write_text("title: [")
        assert said(process, "kept") == line
    assert listed(db, tmp_path, "a") == 1


def test_the_consoles_ingest_takes_and_tells_too(log: Path, tmp_path: Path) -> None:
    rules = tmp_path / "data"
    rules.mkdir()
    (rules / "a.yml").write_text(login("a"))
    config = tmp_path / ".config" / "socterm" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'rules = ["{rules}"]\n')
    with hosted(tmp_path / "s.db", log, home=tmp_path) as host:
        host.status_with(lines=1)
        (rules / "a.yml").write_text(login("a").replace("low", "high"))
        assert host.status_with(reloads=1)["reloaded"] == "1 changed"
        (rules / "a.yml").write_text("")
        host.status_with(hints=[f"kept: {rules / 'a.yml'} it is empty; its last good version stays in use"])
        (rules / "a.yml").write_text(login("a"))
        assert host.status_with(hints=[])["reloads"] == 2
