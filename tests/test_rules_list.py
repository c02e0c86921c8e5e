"""`socterm rules list` and `rules test`: every document's fate, and what may be asked for."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.e2e.road import SOCTERM, environment, socterm
from tests.rules_cli import rule, rules

FAILURES = "".join(
    f"2026-03-17T10:00:{n:02d}.000000+00:00 web01 sshd[{100 + n}]: "
    f"Failed password for root from 203.0.113.9 port {40000 + n} ssh2\n"
    for n in range(8)
)


@pytest.fixture
def folder(tmp_path: Path, no_pack: Path) -> Path:
    """The only rules there are, of every fate but base and filter."""
    made = tmp_path / "rules"
    made.mkdir()
    (made / "fine.yml").write_text(rule(1))
    (made / "no_source.yml").write_text(rule(2, logsource="{product: acme, service: toaster}", level="low"))
    (made / "refused.yml").write_text(rule(3, detection="{selection: {a|b64: x}, condition: selection}"))
    (made / "unknown.yml").write_text(
        rule(
            4,
            detection="{selection: {process.comand_line: x}, condition: selection}",
            tags="[attack.stealth]",
        )
    )
    return made


def listed(folder: Path, *arguments: object) -> dict[str, dict]:
    done = rules("list", "--rules", folder, "--json", *arguments, home=folder.parent)
    assert done.code == 0
    return {row["title"]: row for row in done.records}


def test_each_document_has_its_fate_and_reason(folder: Path) -> None:
    found = listed(folder)
    assert found["A shell for 1"]["fate"] == "active"
    assert found["A shell for 2"]["fate"] == "no-source"
    assert "acme/*/toaster" in found["A shell for 2"]["reason"]
    assert found["A shell for 3"]["fate"] == "refused"
    assert found["A shell for 3"]["reason"]


def test_fields_that_nothing_yields_are_a_warning(folder: Path) -> None:
    found = listed(folder)
    assert found["A shell for 4"]["fate"] == "active"
    assert found["A shell for 4"]["warnings"] == ["asks for fields nothing yields: process.comand_line"]
    assert found["A shell for 1"]["warnings"] == []
    assert list(listed(folder, "--warned")) == ["A shell for 4"]


def test_a_correlation_on_rules_without_a_source_is_warned_of(folder: Path) -> None:
    (folder / "count.yml").write_text(
        "title: Many toasts\nid: 5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2aff\nlevel: high\n"
        "correlation: {type: event_count, rules: [5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a02], "
        "group-by: [user.name], timespan: 5m, condition: {gte: 3}}\n"
    )
    found = listed(folder, "Many toasts")["Many toasts"]
    assert found["warnings"] == ["counts rules whose log source nothing here writes: A shell for 2"]
    assert listed(folder)["A shell for 2"]["fate"] == "no-source"


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        (("--fate", "refused"), {"A shell for 3"}),
        (("--fate", "refused", "--fate", "no-source"), {"A shell for 2", "A shell for 3"}),
        (("--level", "low"), {"A shell for 2"}),
        (("--tag", "stealth"), {"A shell for 4"}),
        (("--tag", "t1059.004", "--fate", "active"), {"A shell for 1"}),
        (("--logsource", "acme/toaster"), {"A shell for 2"}),
        (("--logsource", "service=sudo", "shell"), {"A shell for 1", "A shell for 3", "A shell for 4"}),
        (("toaster",), {"A shell for 2"}),
        (("SHELL FOR 4",), {"A shell for 4"}),
    ],
)
def test_filters(folder: Path, asked: tuple[str, ...], titles: set[str]) -> None:
    assert set(listed(folder, *asked)) == titles


def test_the_table_ends_with_the_counts_of_all(folder: Path) -> None:
    done = rules("list", "--rules", folder, "--fate", "refused", home=folder.parent)
    assert "A shell for 3" in done.lines[1]
    assert "1 refused" in done.lines[-1]
    assert "1 no-source" in done.lines[-1]
    assert done.lines[-1].endswith("1 listed")


def test_hostile_titles_reach_no_terminal(folder: Path) -> None:
    (folder / "hostile.yml").write_text(rule(9, title='"evil \\e]0;owned\\a\\u202egnp"'))
    done = rules("list", "--rules", folder, "evil", home=folder.parent)
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
    assert "evil" in done.out


def test_the_family_without_a_command_shows_its_help(tmp_path: Path) -> None:
    done = subprocess.run(
        [*SOCTERM, "rules"], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert {"check", "coverage", "explain", "fields", "list", "test", "update"} <= set(done.stderr.split())
    assert len(done.stderr.splitlines()) > 8


def test_hits_of_a_store(tmp_path: Path) -> None:
    log, db = tmp_path / "auth.log", tmp_path / "soc.db"
    log.write_text(FAILURES)
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=tmp_path)
    done = rules("list", "--db", db, "--json", home=tmp_path)
    hits = {row["title"]: (row["hits"], row["alerts"]) for row in done.records}
    assert sum(alerts for _, alerts in hits.values()) > 0
    assert any(number >= 8 for number, _ in hits.values())
    table = rules("list", "--db", db, home=tmp_path)
    assert "HITS" in table.lines[0]
    assert "HITS" not in rules("list", home=tmp_path).lines[0]


TESTED = """
socterm:
  tests:
    - name: sudo to a shell
      lines: 'Mar 17 10:00:00 h sudo:  eve : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh1'
      alerts: {alerts}
"""


def test_tests_of_one_rule(folder: Path) -> None:
    (folder / "tested.yml").write_text(rule(1) + TESTED.format(alerts=1))
    (folder / "fine.yml").unlink()
    done = rules("test", "a shell for 1", "-v", "--rules", folder, home=folder.parent)
    assert (done.code, done.lines) == (0, ["ok    A shell for 1: sudo to a shell", "1 passed, 0 failed"])
    done = rules("test", folder / "tested.yml", "--json", home=folder.parent)
    assert [row["test"] for row in done.records] == ["sudo to a shell"]


def test_a_failing_test_is_exit_1_with_what_came_instead(folder: Path) -> None:
    (folder / "tested.yml").write_text(rule(1) + TESTED.format(alerts=2))
    (folder / "fine.yml").unlink()
    done = rules("test", "A shell for 1", "--rules", folder, home=folder.parent)
    assert done.code == 1
    assert "expected 2 alerts, got 1" in done.lines[0]


def test_rules_without_tests_and_refused_ones_are_named(folder: Path) -> None:
    done = rules("test", folder, "-v", home=folder.parent)
    assert "none  A shell for 2: no tests" in done.out
    said = rules("test", folder, "-v", "--json", home=folder.parent).records
    assert [row["title"] for row in said if "refused" in row] == ["A shell for 3"]
    assert len([row for row in said if row.get("tests") == 0]) == 3
    assert "REFUSED  A shell for 3" in done.out
    assert done.lines[-1] == "0 passed, 0 failed, 3 rules without tests, 1 refused"
    assert done.code == 3
    assert "refused" in done.error


def test_a_name_that_is_no_rule_or_several_is_an_error(folder: Path) -> None:
    done = rules("test", "no such rule", "--rules", folder, home=folder.parent)
    assert (done.code, "no rule has the id" in done.error) == (2, True)
    done = rules("test", "A shell", "--rules", folder, home=folder.parent)
    assert (done.code, "may be 4 rules" in done.error) == (2, True)


def test_a_file_of_our_own_pack_is_not_loaded_twice(tmp_path: Path) -> None:
    from socterm.assets import rules_dir

    file = next(path for path in sorted(rules_dir().rglob("*.yml")) if "socterm:" in path.read_text())
    done = rules("test", file, home=tmp_path)
    assert done.code == 0
    assert not done.lines[-1].startswith("0 passed")


def test_one_long_title_or_reason_pushes_nothing_aside(folder: Path) -> None:
    (folder / "long.yml").write_text(rule(8, title="x" * 5000))
    lines = rules("list", "--rules", folder, home=folder.parent).lines
    places = {line.index(str(folder)) for line in lines if str(folder) in line}
    assert len(places) == 1
    assert max(places) < 160
    assert any(line.endswith("256 characters") and "refused" in line for line in lines)
    (long,) = rules("list", "--rules", folder, "--json", "x" * 300, home=folder.parent).records
    assert long["title"] == "x" * 5000


def test_a_file_name_that_is_no_text(folder: Path) -> None:
    name = os.fsdecode(bytes(folder / "a") + b"\xff\x1b[2J.yml")
    Path(name).write_text(rule(7))
    for encoding in ("utf-8", "utf-8:strict", "latin-1", "ascii"):
        for arguments in (("list",), ("list", "--json")):
            done = subprocess.run(
                [*SOCTERM, "rules", *arguments, "--rules", folder],
                env=environment(folder.parent) | {"PYTHONIOENCODING": encoding},
                capture_output=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            assert b"\x1b" not in done.stdout
            if "--json" in arguments and encoding.startswith("utf"):
                paths = [json.loads(line)["path"] for line in done.stdout.decode().splitlines()]
                assert name in paths


def test_titles_that_are_there_twice_are_told_by_id(folder: Path) -> None:
    (folder / "other.yml").write_text(rule(7, title="a shell for 1"))
    done = rules("explain", "A shell for 1", "x", "--rules", folder, home=folder.parent)
    assert "A shell for 1 (5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a01)" in done.error
    assert "a shell for 1 (5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a07)" in done.error


def test_nothing_there_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "empty.yml").write_text("# nothing\n")
    for name, code in {"none": 2, "empty.yml": 2, "missing": 2}.items():
        done = rules("test", tmp_path / name, home=tmp_path)
        assert (done.code, name in done.error) == (code, True)
    done = rules("check", tmp_path / "none", home=tmp_path)
    assert (done.code, "no rule files" in done.error) == (2, True)


def test_a_title_longer_than_any_file_name(folder: Path) -> None:
    title = "é" * 200
    (folder / "wide.yml").write_text(rule(7, title=title))
    assert rules("test", title, "--rules", folder, home=folder.parent).code == 0
    assert rules("explain", title, "x", "--rules", folder, home=folder.parent).code == 0
