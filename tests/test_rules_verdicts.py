"""Verdicts on rules kept on disk: tests that passed are not run again, and nothing foreign is believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from socterm.pipeline import verdicts
from socterm.pipeline.rulecheck import load_checked
from socterm.pipeline.verdicts import NAME, KeptVerdicts
from socterm.sigma.model import Rule, RuleSet

RULE = """\
title: {name}
name: {name}
level: low
logsource: {{product: linux, service: sshd}}
detection: {{sel: {{event.action: ssh_login, event.outcome: failure}}, condition: sel}}
socterm:
  {more}
  tests:
    - name: a wrong password
      lines: ['Mar  9 10:00:00 web1 sshd[1]: Failed password for root from 203.0.113.9 port 4 ssh2']
      alerts: {alerts}
"""
COUNT = """\
title: Two
name: two
level: low
correlation: {type: event_count, rules: [one], group-by: [source.ip], timespan: 1m, condition: {gte: 2}}
socterm:
  tests: [{name: one, alerts: 0, lines: ['Mar  9 10:00:00 web1 sshd[1]: Invalid user a from 192.0.2.1']}]
"""


class Watched(KeptVerdicts):
    """Says of which rules the tests were run."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.ran: list[str] = []

    def put(self, rule: Rule, parts: Sequence[Rule], problem: str) -> None:
        self.ran.append(rule.name)
        super().put(rule, parts, problem)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "one.yml").write_text(RULE.format(name="one", more="alert: false", alerts=1))
    (rules / "wrong.yml").write_text(RULE.format(name="wrong", more="risk: 3", alerts=2))
    (rules / "two.yml").write_text(COUNT)
    return rules


def start(folder: Path, cache: Path) -> tuple[RuleSet, list[str]]:
    kept = Watched(cache)
    found = load_checked([folder], kept=kept)
    kept.save()
    return found, sorted(kept.ran)


def reasons(found: RuleSet) -> dict[str, tuple[str, str]]:
    return {fate.title: (fate.fate, fate.reason) for fate in found.fates}


def test_a_second_start_runs_no_tests_and_comes_to_the_same(folder: Path, tmp_path: Path) -> None:
    first, ran = start(folder, tmp_path / "cache")
    assert ran == ["one", "two", "wrong"]
    second, ran = start(folder, tmp_path / "cache")
    assert ran == []
    assert reasons(second) == reasons(first)
    assert reasons(second)["wrong"] == (
        "disabled",
        "fails its own test: a wrong password: expected 2 alerts, got 1",
    )


def test_a_changed_rule_and_what_stands_on_it_are_tested_anew(folder: Path, tmp_path: Path) -> None:
    start(folder, tmp_path / "cache")
    path = folder / "one.yml"
    path.write_text(path.read_text().replace("failure", "success"))
    found, ran = start(folder, tmp_path / "cache")
    assert ran == ["one", "two"]
    assert reasons(found)["one"][0] == "disabled"


def test_another_socterm_tests_all_anew(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(folder, tmp_path / "cache")
    monkeypatch.setattr(verdicts, "_engine", lambda: b"another")
    assert start(folder, tmp_path / "cache")[1] == ["one", "two", "wrong"]


@pytest.mark.parametrize("harm", ["flipped", "cut", "empty", "shared", "link"])
def test_a_file_that_cannot_be_trusted_is_not(folder: Path, tmp_path: Path, harm: str) -> None:
    start(folder, tmp_path / "cache")
    path = tmp_path / "cache" / NAME
    data = bytearray(path.read_bytes())
    if harm == "flipped":
        data[-1] ^= 1
        path.write_bytes(data)
    elif harm == "cut":
        path.write_bytes(data[:-3])
    elif harm == "empty":
        path.write_bytes(b"")
    elif harm == "shared":
        path.chmod(0o666)
    else:
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    assert start(folder, tmp_path / "cache")[1] == ["one", "two", "wrong"]


def test_a_disk_that_refuses_is_no_matter(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    found, ran = start(folder, tmp_path / "cache")
    assert ran == ["one", "two", "wrong"]
    assert reasons(found)["one"] == ("base", reasons(found)["one"][1])
