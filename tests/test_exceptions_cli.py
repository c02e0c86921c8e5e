"""`socterm exceptions`, and what other commands say of exceptions: a real store, real processes."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from socterm.cli.group import cli

from test_rules_reload import PACK, lay

NOW = datetime.now(UTC)


def failed(seconds: float, ip: str = "203.0.113.9", user: str = "root", what: str = "Failed") -> str:
    stamp = (NOW - timedelta(hours=2) + timedelta(seconds=seconds)).isoformat()
    return f"{stamp} web1 sshd[{1000 + int(seconds)}]: {what} password for {user} from {ip} port 4000 ssh2"


@pytest.fixture
def place(tmp_path: Path, no_pack: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with rules, a log and a store made of it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    lay(no_pack, PACK)
    lines = [failed(5 * n) for n in range(10)] + [failed(60 + n, "198.51.100.7") for n in range(10)]
    lines.append(failed(80, "198.51.100.7", what="Accepted"))
    log(tmp_path, lines)
    return tmp_path


def log(folder: Path, lines: list[str]) -> None:
    with (folder / "auth.log").open("a") as file:
        file.write("".join(line + "\n" for line in lines))
    done = call("run", "--once", "--quiet", "--tail", str(folder / "auth.log"), "--db", str(folder / "db"))
    assert done.exit_code == 0, done.output


def call(*words: str) -> Result:
    return CliRunner().invoke(cli, words, catch_exceptions=False, standalone_mode=False)


def said(place: Path, *words: str) -> list[dict]:
    return [
        json.loads(line) for line in call(*words, "--json", "--db", str(place / "db")).stdout.splitlines()
    ]


def brute(place: Path, **wanted: str) -> list[dict]:
    rows = said(place, "alerts", "list", "--all")
    return [row for row in rows if row["rule"] == "brute" and wanted.items() <= row["entity"].items()]


def test_a_false_positive_closed_with_an_exception_stays_silent(place: Path) -> None:
    (alert,) = brute(place, **{"source.ip": "203.0.113.9"})
    (made,) = said(place, "exceptions", "add", "--alert", str(alert["id"]), "--reason", "scanner", "--close")
    assert made["rules"] == ["brute"]
    assert made["status"] == "in force"
    assert made["preview"]["would_hide"] == [alert["id"]]
    (closed,) = brute(place, **{"source.ip": "203.0.113.9"})
    assert (closed["state"], closed["verdict"]) == ("closed", "false_positive")
    log(place, [failed(4000 + n) for n in range(10)] + [failed(4000 + n, "198.51.100.7") for n in range(10)])
    assert len(brute(place, **{"source.ip": "203.0.113.9"})) == 1
    assert len(brute(place, **{"source.ip": "198.51.100.7"})) == 2
    (listed,) = said(place, "exceptions", "list")
    assert listed["hits"] == 5
    said(place, "exceptions", "expire", str(listed["id"]))
    (listed,) = said(place, "exceptions", "list")
    assert listed["status"] == "expired"
    log(place, [failed(6000 + n) for n in range(10)])
    assert [row["count"] for row in brute(place, **{"source.ip": "203.0.113.9"})] == [10, 10]
    assert [entry["verb"] for entry in said(place, "exceptions", "show", "1")[0]["history"]] == [
        "except",
        "expire",
    ]


def test_one_undo_takes_back_verdict_and_exception(place: Path) -> None:
    (alert,) = brute(place, **{"source.ip": "203.0.113.9"})
    said(place, "exceptions", "add", "--alert", str(alert["id"]), "--reason", "x", "--close")
    said(place, "alerts", "undo")
    assert said(place, "exceptions", "list") == []
    assert brute(place, **{"source.ip": "203.0.113.9"})[0]["state"] == "new"
    assert call("db", "check", "--db", str(place / "db")).exit_code == 0


def test_an_exception_that_would_lose_a_true_positive_is_not_made(place: Path) -> None:
    (alert,) = brute(place, **{"source.ip": "198.51.100.7"})
    said(place, "alerts", "close", str(alert["id"]), "--verdict", "true_positive")
    words = ["exceptions", "add", "--all-rules", "--network", "source.ip=198.51.100.0/24", "--reason", "x"]
    with pytest.raises(Exception, match="true positive") as caught:
        call(*words, "--db", str(place / "db"))
    assert f"#{alert['id']}" in str(caught.value)
    assert said(place, *words, "--anyway")[0]["preview"]["true_positives"] == [alert["id"]]


def test_a_preview_changes_nothing_and_counts_alerts_and_events(place: Path) -> None:
    before = (place / "db").read_bytes()
    (found,) = said(place, "exceptions", "preview", "--all-rules", "--field", "user.name=root")
    assert found["events"] == 21
    assert len(found["would_hide"]) == found["looked"] == len(said(place, "alerts", "list", "--all"))
    (found,) = said(place, "exceptions", "preview", "--rule", "brute", "--field", "source.ip=203.0.113.9")
    assert len(found["would_hide"]) == 1
    assert found["looked"] == 2
    assert found["events"] is None
    assert (place / "db").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--reason", "x"), "name what is excepted"),
        (("--rule", "brute", "--reason", "x"), "needs a field"),
        (("--rule", "brute", "--field", "source.ip=1.2.3.4"), "needs a reason"),
        (("--rule", "brute", "--field", "user.name=root", "--reason", "x"), "is about source.ip"),
        (("--rule", "failed", "--field", "nonsense", "--reason", "x"), "NAME=VALUE"),
        (("--rule", "no such", "--field", "a=b", "--reason", "x"), "there is no rule"),
        (("--alert", "999", "--reason", "x"), "there is no alert 999"),
        (("--all-rules", "--network", "source.ip=0.0.0.0/0", "--reason", "x"), "every address"),
        (("--all-rules", "--field", "a=b", "--reason", "x", "--expires", "never ever"), "no time to end"),
    ],
)
def test_mistakes_are_one_line_and_make_nothing(place: Path, words: tuple[str, ...], why: str) -> None:
    with pytest.raises(Exception, match=why) as caught:
        call("exceptions", "add", *words, "--db", str(place / "db"))
    assert "\n" not in str(caught.value)
    assert said(place, "exceptions", "list") == []


def test_a_document_of_ones_own_and_the_export(place: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text(
        "title: Backup hosts\ndescription: they log in all night\n"
        "filter: {rules: any, hosts: {source.ip|cidr: 203.0.113.0/24}, condition: not hosts}\n"
    )
    (made,) = said(place, "exceptions", "add", "--file", str(own), "--expires", "never")
    assert (made["title"], made["reason"], made["expires"]) == ("Backup hosts", "they log in all night", None)
    said(place, "exceptions", "add", "--rule", "opened", "--field", "user.name=a*b", "--reason", "x")
    exported = call("exceptions", "list", "--sigma", "--db", str(place / "db")).stdout
    assert exported.count("---\n") == 1
    assert '"a\\\\*b"' in exported
    assert own.read_text() in exported


@pytest.mark.parametrize(
    "selection",
    ["{event.kind|exists: true}", "{event.kind: '*'}", "{no.such.field: null}"],
)
def test_a_document_that_switches_all_rules_off_is_refused(
    place: Path, tmp_path: Path, selection: str
) -> None:
    own = tmp_path / "own.yml"
    text = "title: All\nfilter: {rules: %s, it: " + selection + ", condition: not it}\n"
    own.write_text(text % "any")
    with pytest.raises(Exception, match="for all rules this would hide every event that says nothing"):
        call("exceptions", "add", "--file", str(own), "--reason", "x", "--db", str(place / "db"))
    assert said(place, "exceptions", "list") == []
    own.write_text(text % "[opened]")
    assert said(place, "exceptions", "add", "--file", str(own), "--reason", "x")


@pytest.mark.parametrize(
    "words",
    [
        ("alerts", "show"),
        ("alerts", "close"),
        ("exceptions", "show"),
        ("incidents", "show"),
        ("report", "incident"),
    ],
)
def test_a_number_beyond_all_is_a_mistake(place: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(Exception, match="99999999999999999999 is greater than any number there is"):
        call(*words, "99999999999999999999", "--db", str(place / "db"))


def test_rules_and_lines_say_what_an_exception_keeps_from_them(place: Path) -> None:
    said(
        place,
        "exceptions",
        "add",
        "--rule",
        "opened",
        "--field",
        "source.ip=198.51.100.7",
        "--reason",
        "the bot",
    )
    said(
        place,
        "exceptions",
        "add",
        "--rule",
        "brute",
        "--field",
        "source.ip=203.0.113.9",
        "--reason",
        "scanner",
    )
    db = ("--db", str(place / "db"))
    assert "the bot" in call("rules", "list", *db).stdout
    assert [row["exceptions"] for row in said(place, "rules", "list") if row["key"] == "opened"] == [[1]]
    line = failed(80, "198.51.100.7", what="Accepted")
    assert "kept from it by exception 1" in call("explain", line, *db).stdout
    assert "exception 1" in call("rules", "explain", "opened", line, *db).stdout
    lines = str(place / "auth.log")
    assert "no alert is raised, for exception 2" in call("rules", "explain", "brute", lines, *db).stdout


def test_a_rule_is_switched_off_and_on(place: Path) -> None:
    db = ("--db", str(place / "db"))
    assert "brute: off until somebody" in call("rules", "off", "brute", "--reason", "too loud", *db).stdout
    log(place, [failed(4000 + n) for n in range(10)])
    assert len(brute(place, **{"source.ip": "203.0.113.9"})) == 1
    assert "Off: brute: exception 1" in call("rules", "list", *db).stdout
    assert call("rules", "on", "brute", *db).stdout == "brute: on\n"
    log(place, [failed(6000 + n) for n in range(10)])
    assert len(brute(place, **{"source.ip": "203.0.113.9"})) == 2
    for words, why in (
        (("on", "brute"), "not switched off"),
        (("off", "failed", "--reason", "x"), "is base"),
    ):
        with pytest.raises(Exception, match=why):
            call("rules", *words, *db)


@pytest.fixture
def many(place: Path) -> Path:
    (place / "auth.log").unlink()
    (place / "db").unlink()
    (place / "auth.log").write_text("".join(failed(n / 10) + "\n" for n in range(3000)))
    return place


def test_hits_are_counted_once_whenever_the_ingest_is_killed(many: Path, tmp_path: Path) -> None:
    """As many as the rule fires without the exception: at each failure from the sixth on."""
    lay(tmp_path / "rules", PACK)
    (many / "auth.log").rename(many / "all.log")
    (many / "auth.log").touch()
    log(many, [])
    said(many, "exceptions", "add", "--rule", "brute", "--field", "source.ip=203.0.113.9", "--reason", "x")
    (many / "all.log").rename(many / "auth.log")
    command = [sys.executable, "-m", "socterm", "run", "--once", "--quiet", "--batch", "3"]
    command += [
        "--rules",
        str(tmp_path / "rules"),
        "--tail",
        str(many / "auth.log"),
        "--db",
        str(many / "db"),
    ]
    kills = 0
    for wanted in (100, 700, 1500, 1 << 62):
        with subprocess.Popen(command, env=dict(os.environ), stderr=subprocess.DEVNULL) as ingest:
            while ingest.poll() is None:
                if hits(many / "db") >= wanted:
                    os.kill(ingest.pid, signal.SIGKILL)
                    break
            kills += ingest.wait() == -signal.SIGKILL
    assert kills
    assert hits(many / "db") == 2995


def hits(db: Path) -> int:
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as store:
        return int(store.execute("SELECT hits FROM exceptions").fetchone()[0])
