"""`socterm scan`: what it finds, in which form, and what its options change."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from tests.e2e.road import socterm
from tests.scanning import BRUTE, brutes, failures, rows, rule_file, scan


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_pack: Path) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "UTC")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "auth.log"
    path.write_text("2026-03-17T09:00:00+00:00 web01 CRON[8]: (root) CMD (/bin/true)\n" + failures(0, 8))
    return path


def test_an_alert_is_a_row_of_the_contract(log: Path) -> None:
    (row,) = brutes(rows(log))
    names = "rule title level tags entity count first last events id part_of"
    assert list(row) == names.split()
    assert row["entity"] == {"source.ip": "203.0.113.9"}
    assert (row["count"], row["level"]) == (8, "medium")
    assert (row["first"], row["last"]) == ("2026-03-17T10:00:00.000000Z", "2026-03-17T10:00:07.000000Z")
    assert row["events"] == [{"file": str(log), "line": n} for n in range(2, 10)]
    assert row["tags"] == ["attack.credential-access", "attack.t1110.001"]


def test_our_own_pack_is_what_counts_unless_another_is_said(log: Path, tmp_path: Path) -> None:
    found = [json.loads(line) for line in socterm("scan", log, "--json", home=tmp_path).splitlines()]
    assert [(row["count"], row["entity"]) for row in brutes(found)] == [(8, {"source.ip": "203.0.113.9"})]


def test_signals_are_single_hits_with_the_window_behind_them(log: Path) -> None:
    found = brutes(rows(log, "--signals"))
    assert [row["last"][17:19] for row in found] == ["05", "06", "07"]
    assert [row["count"] for row in found] == [6, 7, 8]
    assert [event["line"] for event in found[0]["events"]] == [2, 3, 4, 5, 6, 7]


def test_every_event_that_fits_a_rule_is_a_signal(log: Path, tmp_path: Path) -> None:
    rule = rule_file(tmp_path, "root", "for root from")
    found = rows(log, "--signals", "--no-pack", "--rules", rule)
    assert [(row["count"], row["events"][0]["line"]) for row in found] == [(1, n) for n in range(2, 10)]
    (alert,) = rows(log, "--no-pack", "--rules", rule)
    assert alert["count"] == 8


def test_rules_that_only_feed_others_are_no_signals(log: Path) -> None:
    assert {row["title"] for row in rows(log, "--signals")} == {BRUTE}


def test_the_forms_say_the_same(log: Path, tmp_path: Path) -> None:
    expected = rows(log)
    document = json.loads(scan(log, "--format", "json").stdout)
    key = [(row["first"], row["rule"]) for row in expected]
    assert sorted((row["first"], row["rule"]) for row in document["alerts"]) == sorted(key)
    assert document["summary"]["events"] == 9
    assert document["summary"]["partial"] is False
    read = list(csv.DictReader(io.StringIO(scan(log, "--format", "csv").stdout)))
    assert [row["rule"] for row in read] == [row["rule"] for row in expected]
    one = next(row for row in read if row["title"] == BRUTE)
    assert (one["entity"], one["count"]) == ("source.ip=203.0.113.9", "8")
    assert one["events"].split()[0] == f"{log}:2"
    table = scan(log).stdout
    assert BRUTE in table
    assert table.splitlines()[0].split()[:2] == ["LEVEL", "COUNT"]


def test_a_table_begins_with_the_gravest(log: Path, tmp_path: Path) -> None:
    rule = rule_file(tmp_path, "bad", "port 40007", level="critical")
    lines = scan(log, "--rules", rule).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["critical", "medium"]


def test_output_goes_to_a_file_and_nothing_else_to_stdout(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "found.ndjson"
    result = scan(log, "--json", "-o", out)
    assert result.stdout == ""
    assert [json.loads(line) for line in out.read_text().splitlines()] == rows(log)


def test_the_summary_is_on_stderr_and_quiet_leaves_it_out(log: Path) -> None:
    result = scan(log, "--json")
    assert "events  9 (0 undecoded), 2026-03-17 09:00:00 to 2026-03-17 10:00:07 UTC" in result.stderr
    assert "1 medium" in result.stderr
    assert scan(log, "--json", "-q").stderr == ""


def test_min_level_hides_and_fail_on_decides_the_exit_code(log: Path) -> None:
    assert {row["level"] for row in rows(log, "--min-level", "medium")} == {"medium"}
    assert rows(log, "--min-level", "critical") == []
    assert scan(log, "--fail-on", "medium").exit_code == 1
    assert scan(log, "--fail-on", "low", "--min-level", "critical").exit_code == 1
    assert scan(log, "--fail-on", "high").exit_code == 0


def test_no_pack_leaves_only_the_rules_named(log: Path, tmp_path: Path) -> None:
    rule = rule_file(tmp_path, "mine", "Failed password")
    assert {row["title"] for row in rows(log, "--rules", rule)} == {"mine", BRUTE}
    assert {row["title"] for row in rows(log, "--rules", rule, "--no-pack")} == {"mine"}


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (["--since", "2026-03-17T10:00:04"], [6, 7, 8, 9]),
        (["--until", "2026-03-17T10:00:02"], [2, 3, 4]),
        (["--since", "2026-03-17T10:00:01Z", "--until", "2026-03-17T10:00:01Z"], [3]),
        (["--since", "2026-03-17"], [2, 3, 4, 5, 6, 7, 8, 9]),
        (["--since", "6s", "--now", "2026-03-17T10:00:08"], [4, 5, 6, 7, 8, 9]),
        (["--until", "2026-03-16"], []),
    ],
)
def test_since_and_until_choose_events(
    log: Path, tmp_path: Path, arguments: list[str], lines: list[int]
) -> None:
    rule = rule_file(tmp_path, "root", "for root from")
    found = rows(log, "--signals", "--no-pack", "--rules", rule, *arguments)
    assert [row["events"][0]["line"] for row in found] == lines


def test_stamps_without_year_and_zone_take_those_given(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text("Mar 17 10:00:00 web01 sshd[7]: Failed password for root from 203.0.113.9 port 4 ssh2\n")
    rule = rule_file(tmp_path, "root", "for root from")
    given = ("--no-pack", "--rules", rule, "--now", "2019-05-01T00:00:00", "--tz", "Europe/Berlin")
    (row,) = rows(log, *given)
    assert row["first"] == "2019-03-17T09:00:00.000000Z"


def test_lines_can_be_told_to_be_of_a_format(tmp_path: Path) -> None:
    log = tmp_path / "login"
    log.write_text("Failed password for root from 203.0.113.9 port 40000 ssh2\n")
    assert "1 undecoded" in scan(log).stderr
    assert "0 undecoded" in scan(log, "--input-format", "sshd").stderr
    assert "1 undecoded" in scan(log, "--input-format", "/other/*=sshd").stderr


def test_nothing_is_left_behind(log: Path, tmp_path: Path) -> None:
    rows(log)
    assert not list((tmp_path / "home").rglob("*.db*"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{log}", "--since", "yesterday"], "is no time"),
        (["{log}", "--since", "2026-03-18", "--until", "2026-03-17"], "not before --until"),
        (["{log}", "--now", "soon"], "--now"),
        (["{log}", "--rules", "/no/such/rules"], "no such rule file or folder"),
        (["{log}", "--no-pack"], "name some with --rules"),
        (["{log}", "--input-format", "nginxx"], "--input-format: no format is called 'nginxx'"),
        (["{log}", "--tz", "Mars/Olympus"], "--tz"),
        (["{log}", "-o", "/no/such/folder/out"], "cannot be written"),
        (["/no/such/log"], "no such file or folder"),
        (["/no/such/*.log"], "no file matches"),
    ],
)
def test_mistakes_are_told_before_anything_is_read(log: Path, arguments: list[str], said: str) -> None:
    result = scan(*(argument.format(log=log) for argument in arguments))
    assert result.exception is not None
    assert said in str(result.exception)
    assert getattr(result.exception, "exit_code", None) == 2
    assert result.stdout == ""


def test_a_full_disk_is_one_line(log: Path, tmp_path: Path) -> None:
    rule = rule_file(tmp_path, "root", "for root from")
    for form in ("table", "ndjson", "csv", "json"):
        with pytest.raises(AssertionError, match="exit 3") as failed:
            socterm(
                "scan", log, "--no-pack", "--rules", rule, "--format", form, "-o", "/dev/full", home=tmp_path
            )
        said = str(failed.value).partition("\n")[2].splitlines()
        assert said == ["socterm: /dev/full: No space left on device: what is written there is not complete"]


def test_hostile_text_reaches_no_terminal_and_no_spreadsheet(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    evil = folder / "=cmd\x1b[2J\n.log"
    evil.write_text(failures(0, 8, address="203.0.113.9").replace("root", "ro\x1b]0;owned\x07ot"))
    for form in ("table", "csv"):
        shown = scan(folder, "--format", form)
        assert BRUTE in shown.stdout
        assert "\x1b" not in shown.stdout + shown.stderr
        assert "\x07" not in shown.stdout
        assert not any(line.startswith(("=", "-", "@")) for line in shown.stdout.splitlines())
    row = brutes(rows(folder))[0]
    assert row["events"][0]["file"] == str(evil)
    assert "\x1b" not in scan(folder, "--json").stdout
