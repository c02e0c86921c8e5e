"""Our own rules: each loads, says what it is for, is tested both ways, and raises only what matters."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from socterm.assets import rules_dir
from socterm.event import Event
from socterm.sigma.engine import Matcher
from socterm.sigma.load import load_rules
from socterm.sigma.model import Rule, RuleTest
from socterm.taxonomy import ACTIONS

FOLDER = rules_dir()
RULES = load_rules([FOLDER])
ALL = list(RULES.rules.values())

DETECTIONS = {
    "a01",
    "a02",
    "a03",
    "a04",
    "a05",
    "a11",
    "a12",
    "a13",
    "a17",
    "b01",
    "b02",
    "b05",
    "b07",
    "c01",
    "c02",
}
TACTICS = {
    "reconnaissance",
    "initial-access",
    "persistence",
    "privilege-escalation",
    "credential-access",
    "discovery",
    "collection",
    "exfiltration",
}
TECHNIQUE = re.compile(r"attack\.t\d{4}(\.\d{3})?")

STYLES = (
    re.compile(r"[A-Z][a-z]{2} [ \d]\d \d\d:"),
    re.compile(r"\d{4}-\d\d-\d\dT"),
    re.compile(r"<\d+>1 "),
    re.compile(r"<\d+>[A-Z]"),
)

every = pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)


def documents() -> list[dict[str, Any]]:
    return [
        document
        for path in sorted(FOLDER.rglob("*.yml"))
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


def test_every_document_loads() -> None:
    assert [fate for fate in RULES.fates if fate.fate not in ("active", "base")] == []
    assert [fate for fate in RULES.fates if fate.reason] == []
    assert len(RULES.fates) == len(documents()) == len(ALL)


def test_the_pack_holds_what_it_promises() -> None:
    found = {
        tag.removeprefix("socterm.") for rule in ALL for tag in rule.info.tags if tag.startswith("socterm.")
    }
    assert found == DETECTIONS
    burst = next(rule for rule in ALL if rule.name == "brute_force_user").correlation
    assert burst is not None
    assert (burst.type, burst.op, burst.threshold, burst.span) == ("event_count", "gt", 5, 120_000_000)
    assert burst.group_by == ("user.name",)


def test_ids_and_names_are_there_and_unique() -> None:
    ids = [document["id"] for document in documents()]
    assert all(uuid.UUID(found).version == 4 for found in ids)
    assert max(Counter(ids).values()) == 1
    assert max(Counter(rule.name for rule in ALL).values()) == 1


def test_every_document_names_author_and_date() -> None:
    assert all(document["author"] == "socterm" and document["date"] for document in documents())


@every
def test_a_rule_says_what_it_is_for(rule: Rule) -> None:
    assert len(rule.info.title) <= 100
    assert len(rule.info.description) >= 60
    assert rule.info.falsepositives
    techniques = [tag for tag in rule.info.tags if TECHNIQUE.fullmatch(tag)]
    tactics = [tag for tag in rule.info.tags if tag.removeprefix("attack.") in TACTICS]
    assert techniques
    assert tactics
    assert len(techniques) + len(tactics) + sum(tag.startswith("socterm.") for tag in rule.info.tags) == len(
        rule.info.tags
    )


@every
def test_a_rule_is_tested_both_ways_and_in_two_header_styles(rule: Rule) -> None:
    assert [test for test in rule.tests if test.alerts]
    assert [test for test in rule.tests if not test.alerts]
    assert all(test.entity and test.count for test in rule.tests if test.alerts)
    assert len({style_of(test) for test in rule.tests}) >= 2
    assert max(Counter(test.name for test in rule.tests).values()) == 1


def style_of(test: RuleTest) -> int:
    """Which header the lines of a test have; the same on all, so that their times can be told apart."""
    found = {next(number for number, style in enumerate(STYLES) if style.match(line)) for line in test.lines}
    assert len(found) == 1, test.name
    return found.pop()


@every
def test_only_rules_worth_a_look_raise_alerts(rule: Rule) -> None:
    assert rule.alerting is (rule.info.level != "informational")


def test_success_outranks_attempt() -> None:
    order = ("informational", "low", "medium", "high", "critical")
    level = {rule.name: order.index(rule.info.level) for rule in ALL}
    attempts = max(level[name] for name in ("brute_force", "password_spraying", "distributed_brute_force"))
    assert level["success_after_brute_force"] > attempts


def test_rules_speak_the_words_parsers_write() -> None:
    for document in documents():
        for selection in document.get("detection", {}).values():
            if isinstance(selection, dict) and "event.action" in selection:
                said = selection["event.action"]
                assert set([said] if isinstance(said, str) else said) <= ACTIONS.keys(), document["title"]


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"event.action": "ssh_login", "event.outcome": "failure", "user.name": "root"}, {"login_failed"}),
        ({"event.action": "ssh_scan"}, {"ssh_probe"}),
        ({"event.action": "ssh_disconnect"}, set()),
        (
            {
                "event.action": "ssh_login",
                "event.outcome": "success",
                "user.name": "root",
                "ssh.method": "password",
            },
            {"login_succeeded", "root_password_login", "login_outside_hours"},
        ),
        (
            {
                "event.action": "ssh_login",
                "event.outcome": "success",
                "user.name": "borg",
                "ssh.method": "publickey",
            },
            {"login_succeeded"},
        ),
    ],
)
def test_which_rules_an_sshd_line_concerns(fields: dict[str, Any], names: set[str]) -> None:
    sources = (("linux", "", "sshd"), ("linux", "", "auth"), ("linux", "", "syslog"))
    midnight = Event(1_772_928_000_000_000, "s", 0, "", fields, logsources=sources)
    assert {RULES.rules[key].name for key in Matcher(RULES).match(midnight)} == names


def test_rules_of_a_copy_elsewhere_are_the_same_rules(tmp_path: Path) -> None:
    for path in FOLDER.rglob("*.yml"):
        target = tmp_path / path.relative_to(FOLDER)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    assert load_rules([tmp_path]).rules.keys() == RULES.rules.keys()
