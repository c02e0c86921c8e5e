"""`socterm rules explain`: which selection failed on which value, filters, correlations, any event."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from tests.e2e.road import socterm
from tests.rules_cli import rule, rules

SHELL = """
  selection_program:
    process.command_line|contains:
      - /bin/sh
      - /bin/bash
  selection_who:
    user.name|startswith: e
    user.effective.name: root
  filter_backup:
    process.command_line|endswith: backup.sh
  condition: all of selection_* and not filter_backup"""
LINE = "Mar 17 10:00:0{n} h sudo:  {who} : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND={what}"


@pytest.fixture
def folder(tmp_path: Path, no_pack: Path) -> Path:
    made = tmp_path / "rules"
    made.mkdir()
    (made / "shell.yml").write_text(rule(1, detection=SHELL))
    return made


def line(what: str = "/bin/sh", who: str = "eve", n: int = 0) -> str:
    return LINE.format(n=n, who=who, what=what)


def explained(folder: Path, *arguments: object, stdin: str | None = None) -> list[str]:
    done = rules("explain", *arguments, "--rules", folder, home=folder.parent, stdin=stdin)
    assert done.code == 0, done
    return [part.strip() for part in done.lines]


@pytest.mark.parametrize(
    "name",
    ["5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a01", "a shell for 1", "shell for"],
)
def test_a_match_names_each_test_and_value(folder: Path, name: str) -> None:
    said = explained(folder, name, line())
    assert "✓ selection_program: holds" in said
    assert "✓ process.command_line is /bin/sh: contains /bin/sh" in said
    assert "✓ user.name is eve: startswith e" in said
    assert "✓ filter_backup: fails, as the condition asks" in said
    assert "✓ matches" in said
    assert said[-1] == "Alert     user.name = eve: 1 events, fired 1 times"


def test_a_miss_names_the_selection_and_the_value_it_failed_on(folder: Path) -> None:
    said = explained(folder, "A shell for 1", line("/bin/zsh"))
    assert "✗ selection_program: fails" in said
    assert "✗ process.command_line is /bin/zsh, wanted contains /bin/sh or /bin/bash" in said
    assert "✓ selection_who: holds" in said
    assert said[-1] == "Alerts    none"
    said = explained(folder, "A shell for 1", line(who="bob"))
    assert "✗ user.name is bob, wanted startswith e" in said
    assert "✓ selection_program: holds" in said


def test_an_excluded_selection_that_holds(folder: Path) -> None:
    said = explained(folder, "A shell for 1", line("/bin/sh /opt/backup.sh"))
    assert "✗ filter_backup: holds, which the condition excludes" in said
    assert any(part.startswith("✗ no match: ") and "which the rule excludes" in part for part in said)


def test_another_log_source_is_never_asked(folder: Path) -> None:
    said = explained(folder, "A shell for 1", '{"user": "eve", "command_line": "/bin/sh"}')
    assert any("never asked: it is for linux/*/sudo" in part for part in said)
    assert "✗ it would match, were it asked" not in said


def test_the_filter_that_suppresses_is_named(folder: Path) -> None:
    (folder / "filter.yml").write_text(
        "title: Not Eve's laptop\nid: 5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2aee\n"
        "logsource: {product: linux, service: sudo}\n"
        "filter:\n  rules: [5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a01]\n  laptop: {host.hostname: h}\n"
        "  condition: not laptop\n"
    )
    said = explained(folder, "A shell for 1", line())
    assert "✗ suppressed by the filter: Not Eve's laptop" in said
    assert said[-1] == "Alerts    none"
    done = rules("explain", "Not Eve", line(), "--rules", folder, home=folder.parent)
    assert (done.code, "is a filter" in done.error) == (3, True)


COUNT = """\
title: Many shells
id: 5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2aff
level: high
correlation:
  type: value_count
  rules: [5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a01]
  group-by: [user.name, process.working_directory]
  timespan: 5m
  condition: {gte: 2, field: process.command_line}
"""


def test_a_correlation_says_what_counts_for_whom(folder: Path, tmp_path: Path) -> None:
    (folder / "count.yml").write_text(COUNT)
    log = tmp_path / "log"
    log.write_text("\n".join([line("/bin/sh", n=1), line("/bin/bash", n=2), line("/bin/zsh", n=3)]))
    said = explained(folder, "Many shells", log)
    assert (
        "Counts    value_count of process.command_line gte 2 within 5m for the same user.name, "
        in " ".join(said) + " "
    )
    assert "Base    A shell for 1" in said
    counted = "user.name = eve, process.working_directory = /"
    assert f"→ Many shells: counts for {counted}, with /bin/sh" in said
    assert "2 more events, 2 of all 3 satisfy it (--all shows each)" in said
    assert f"Counted   2 for {counted}" in said
    assert any(part.startswith("Alert     user.name = eve") for part in said)
    single = explained(folder, "Many shells", line())
    assert single[-1] == "Alerts    none"


def test_an_event_without_a_group_by_field_is_left_out(folder: Path, tmp_path: Path) -> None:
    (folder / "count.yml").write_text(COUNT.replace("process.working_directory", "source.ip"))
    said = explained(folder, "Many shells", line())
    assert any("left out, it lacks a field: user.name = eve, source.ip = not there" in part for part in said)
    assert "1 events lack a group-by field and were left out" in said


def test_of_many_events_the_nearest_are_shown(folder: Path) -> None:
    lines = "\n".join([line("/bin/zsh", "bob", n=1), line("/bin/zsh", n=2), "nothing of the kind"])
    said = explained(folder, "A shell for 1", "-", stdin=lines)
    events = [part for part in said if part.startswith("Event")]
    assert "eve" in events[0]
    assert "nothing" in events[2]
    every = explained(folder, "A shell for 1", "--all", "-", stdin="\n".join([lines] * 3))
    assert len([part for part in every if part.startswith("Event")]) == 9


def test_events_of_the_store_by_number(folder: Path, tmp_path: Path) -> None:
    log, db = tmp_path / "auth.log", tmp_path / "soc.db"
    log.write_text(line() + "\n" + line("/bin/zsh", n=1) + "\n")
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=tmp_path)
    assert "✓ matches" in explained(folder, "A shell for 1", "#1", "--db", db)
    assert "✗ selection_program: fails" in explained(folder, "A shell for 1", "#2", "--db", db)
    done = rules("explain", "A shell for 1", "#99", "--db", db, "--rules", folder, home=tmp_path)
    assert (done.code, "no event of this number" in done.error) == (2, True)
    done = rules("explain", "A shell for 1", "#1", "--rules", folder, home=tmp_path)
    assert (done.code, "no store there yet" in done.error) == (3, True)


def test_json_files_of_any_shape(folder: Path, tmp_path: Path) -> None:
    event = {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Image": "C:\\a.exe"}
    (folder / "win.yml").write_text(
        rule(2, logsource="{product: windows, category: process_creation}",
             detection="{sel: {Image|endswith: a.exe}, condition: sel}")
    )  # fmt: skip
    for name, text in {
        "one.json": json.dumps(event, indent=2),
        "list.json": json.dumps([event, event]),
        "lines.json": f"{json.dumps(event)}\n{json.dumps(event)}\n",
    }.items():
        (tmp_path / name).write_text(text)
        assert "✓ matches" in explained(folder, "A shell for 2", tmp_path / name)


def test_a_file_as_rule(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "mine.yml"
    outside.write_text(rule(3, detection=SHELL))
    said = explained(folder, outside, line())
    assert said[0] == "Rule      A shell for 3 (medium)"
    (folder / "two.yml").write_text(rule(4, detection=SHELL) + "---\n" + rule(5, detection=SHELL))
    heads = [part for part in explained(folder, folder / "two.yml", line()) if part.startswith("Rule")]
    assert heads == ["Rule      A shell for 4 (medium)", "Rule      A shell for 5 (medium)"]
    outside.write_text(rule(3, detection="{a: {b|c: d}, condition: a}"))
    done = rules("explain", outside, line(), home=tmp_path)
    assert (done.code, "A shell for 3 is refused" in done.error) == (3, True)


def test_json_output(folder: Path) -> None:
    done = rules(
        "explain", "A shell for 1", line("/bin/zsh"), "--rules", folder, "--json", home=folder.parent
    )
    answer, alerts = done.records
    assert answer["counts"] is False
    by_name = {part["name"]: part for part in answer["rules"][0]["selections"]}
    assert by_name["selection_program"]["holds"] is False
    assert by_name["selection_program"]["lacks"] == [
        "process.command_line is /bin/zsh, wanted contains /bin/sh or /bin/bash"
    ]
    assert by_name["filter_backup"]["excluded"] is True
    assert alerts["alerts"] == []


def test_hostile_lines_reach_no_terminal(folder: Path) -> None:
    said = "\n".join(explained(folder, "A shell for 1", line("/bin/sh \x1b]0;x\x07 \u202e")))
    assert "\x1b" not in said
    assert "\u202e" not in said


@pytest.mark.parametrize("what", ["", " \n "])
def test_no_event_at_all(folder: Path, what: str) -> None:
    done = rules("explain", "A shell for 1", "-", "--rules", folder, home=folder.parent, stdin=what)
    assert (done.code, "there is no event" in done.error) == (2, True)


@pytest.mark.parametrize("name", ["auht.log", "/var/log/auht.log", "./x", "~/auth.log", "logs/a.json.gz"])
def test_a_file_name_that_was_misspelt_is_no_log_line(folder: Path, name: str) -> None:
    done = rules("explain", "A shell for 1", name, "--rules", folder, home=folder.parent)
    assert (done.code, f"{name}: no such file" in done.error) == (2, True)
    done = rules("explain", "A shell for 1", folder, "--rules", folder, home=folder.parent)
    assert (done.code, "a folder" in done.error) == (2, True)


KEYWORD = "{keywords: ['\"a\":1'], condition: keywords}"


@pytest.mark.parametrize("text", ['{"a":1}', '[{"a":1}]', '{\n "a": 1\n}'])
def test_json_has_the_text_that_ingest_gives_it(folder: Path, tmp_path: Path, text: str) -> None:
    (folder / "json.yml").write_text(rule(2, logsource="{category: application}", detection=KEYWORD))
    path = tmp_path / "a.json"
    path.write_text(text + "\n")
    assert "✓ matches" in explained(folder, "A shell for 2", text)
    assert "✓ matches" in explained(folder, "A shell for 2", path)
    assert "✓ matches" in explained(folder, "A shell for 2", "-", stdin=text)


def test_packed_files_and_pipes(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "auth.log.1.gz"
    packed.write_bytes(gzip.compress(line().encode()))
    assert "✓ matches" in explained(folder, "A shell for 1", packed)
    packed.write_bytes(gzip.compress(line().encode() * 2000)[:-9])
    done = rules("explain", "A shell for 1", packed, "--rules", folder, home=folder.parent)
    assert (done.code, "what stands before it is looked at" in done.error) == (0, True)
    read, write = os.pipe()
    os.write(write, line().encode() + b"\n")
    os.close(write)
    assert "✓ matches" in explained(folder, "A shell for 1", f"/dev/fd/{read}")
    os.close(read)


def test_a_rule_that_fails_its_own_tests_is_explained(folder: Path) -> None:
    tests = f"\n  tests: [{{name: one, lines: '{line()}', alerts: 2}}]"
    (folder / "failing.yml").write_text(rule(2, detection=SHELL, socterm=tests))
    said = explained(folder, "A shell for 2", line())
    assert said[2] == "disabled: fails its own test: one: expected 2 alerts, got 1"
    assert "✓ matches" in said


def test_of_a_file_the_rules_that_can_be_used_are_explained(folder: Path) -> None:
    broken = rule(3, detection="{a: {b|c: d}, condition: a}")
    (folder / "two.yml").write_text(rule(2, detection=SHELL) + "---\n" + broken)
    done = rules("explain", folder / "two.yml", line(), "--rules", folder, home=folder.parent)
    assert (done.code, "✓ matches" in done.out) == (0, True)
    assert "left out: A shell for 3 is refused" in done.error


def test_a_correlation_that_counted_no_event_does_not_claim_to_stand_on_others(folder: Path) -> None:
    (folder / "count.yml").write_text(COUNT)
    assert "Counted   nothing" in explained(folder, "Many shells", line("/bin/zsh"))
    (folder / "over.yml").write_text(
        "title: Over\nlevel: high\ncorrelation: {type: event_count, "
        "rules: [5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2aff], "
        "group-by: [user.name], timespan: 5m, condition: {gte: 2}}\n"
    )
    said = explained(folder, "Over", line("/bin/zsh"))
    assert "Counted   nothing by itself: it stands on other correlations" in said


def test_a_number_no_store_can_have(folder: Path, tmp_path: Path) -> None:
    log, db = tmp_path / "auth.log", tmp_path / "soc.db"
    log.write_text(line() + "\n")
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=tmp_path)
    done = rules("explain", "A shell for 1", f"#{10**30}", "--db", db, "--rules", folder, home=tmp_path)
    assert (done.code, "no event of this number" in done.error) == (2, True)


def test_what_a_rule_was_never_asked_about_is_not_counted(folder: Path) -> None:
    # The very fields, but of a log source that the base rule is not for.
    (folder / "any.yml").write_text(rule(2, detection="{s: {event.dataset: '*'}, condition: s}"))
    (folder / "count.yml").write_text(
        "title: Many of any\nlevel: high\ncorrelation: {type: event_count, "
        "rules: [5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a02], timespan: 5m, condition: {gte: 1}}\n"
    )
    said = explained(folder, "Many of any", "Mar 17 10:00:00 h kernel: usb 1-1: new device")
    assert "Counted   nothing" in said
    assert "Counted   1 for all" in explained(folder, "Many of any", line())
