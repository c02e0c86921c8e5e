"""Lists a rule brings along for its placeholders, and the configuration that replaces them."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.cli.wiring import load
from socterm.config import load_config
from socterm.pipeline.rulecheck import load_checked
from socterm.sigma.load import load_rules

RULE = """\
title: From there
name: from_there
logsource: {product: linux, service: sshd}
detection: {sel: {user.name|expand: '%People%'}, condition: sel}
level: low
socterm:
  placeholders: {people: [ann, 'b*']}
  tests:
    - name: one of them
      lines: ['Mar  9 10:00:00 web1 sshd[7]: Accepted password for bob from 192.0.2.7 port 40 ssh2']
      alerts: 1
    - name: another
      lines: ['Mar  9 10:00:00 web1 sshd[7]: Accepted password for eve from 192.0.2.7 port 40 ssh2']
      alerts: 0
"""


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yml"
    path.write_text(RULE)
    return path


def fate(path: Path, **lists: list[str]) -> tuple[str, str]:
    (found,) = load_checked([path], placeholders=lists).fates
    return found.fate, found.reason


def test_a_rule_s_own_lists_fill_its_placeholders(rule: Path) -> None:
    assert fate(rule)[0] == "active"


@pytest.mark.parametrize("name", ["people", "PEOPLE"])
def test_the_configuration_replaces_them_and_the_tests_about_them(rule: Path, name: str) -> None:
    assert fate(rule, **{name: ["eve"]})[0] == "active"
    (found,) = load_rules([rule], placeholders={name: ["eve"]}).rules.values()
    assert found.tests == ()


def test_another_list_changes_nothing(rule: Path) -> None:
    (found,) = load_rules([rule], placeholders={"others": ["eve"]}).rules.values()
    assert len(found.tests) == 2


def test_an_empty_list_replaces_nothing(rule: Path) -> None:
    (found,) = load_rules([rule], placeholders={"people": []}).rules.values()
    assert len(found.tests) == 2


def test_with_another_list_it_is_another_rule(rule: Path) -> None:
    digests = set()
    for lists in ({}, {"people": ["eve"]}, {"people": ["ann", "b*"]}):
        (found,) = load_rules([rule], placeholders=lists).rules.values()
        digests.add(found.digest)
    assert len(digests) == 2


def test_one_rule_s_lists_do_not_fill_another_s(rule: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yml"
    other.write_text(RULE.split("socterm:", maxsplit=1)[0].replace("from_there", "other"))
    reasons = {
        found.key: found.reason for found in load_rules([rule, other]).fates if found.fate == "refused"
    }
    assert list(reasons) == ["other"]
    assert "nothing fills %People%" in reasons["other"]


@pytest.mark.parametrize(
    "said", ["[ann]", "{}", "{people: ann}", "{people: []}", "{people: [NO]}", "{people: ['']}"]
)
def test_what_is_no_list_is_refused(rule: Path, said: str) -> None:
    rule.write_text(RULE.replace("{people: [ann, 'b*']}", said))
    found, reason = fate(rule)
    assert found == "refused"
    assert "socterm.placeholders" in reason


def test_by_the_configuration_file(rule: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    (tmp_path / "c.toml").write_text(f'rules = ["{rule}"]\n[placeholders]\npeople = ["eve"]\n')
    rules = load(load_config(environ={"SOCTERM_CONFIG": str(tmp_path / "c.toml")}), pack=False)
    assert [found.fate for found in rules.fates] == ["active"]
