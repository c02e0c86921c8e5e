"""Our own rules hold what they promise: each detection is there, explained, tested both ways and in forms."""

from __future__ import annotations

import re
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from socterm.assets import rules_dir
from socterm.pipeline.replay import replay
from socterm.pipeline.rulecheck import TEST_NOW, run_rule_tests
from socterm.sigma.load import load_rules
from socterm.sigma.model import Rule, RuleTest
from socterm.taxonomy import ACTIONS, attack
from tests.pack import PACK
from tests.rule_forms import form_of
from tests.rule_promises import (
    BEYOND,
    DETECTIONS,
    ENTITY_UNSAID,
    LEVELS,
    NO_RISK,
    NO_TECHNIQUE,
    ONE_FORM,
    ONE_POSITIVE,
    OWN_WORDS,
    RISK,
    TACTICS,
)

FOLDER = rules_dir()
ALL = list(PACK.rules.values())
BY_NAME = {rule.name: rule for rule in ALL}
ALERTING = [rule for rule in ALL if rule.alerting]
DOCUMENTS: dict[str, dict[str, Any]] = {
    document["name"]: document
    for path in sorted(FOLDER.rglob("*.yml"))
    for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
}

every = pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.name)
every_alerting = pytest.mark.parametrize("rule", ALERTING, ids=lambda rule: rule.name)


def detections_of(rule: Rule) -> set[str]:
    tags = {tag.removeprefix("socterm.") for tag in rule.info.tags if tag.startswith("socterm.")}
    return tags - {"aspect", "injection"}


def positive(rule: Rule) -> list[RuleTest]:
    return [test for test in rule.tests if test.alerts]


def test_every_document_loads_and_is_used() -> None:
    assert [fate for fate in PACK.fates if fate.fate not in ("active", "base") or fate.reason] == []
    assert len(PACK.fates) == len(ALL) == len(DOCUMENTS)
    counted = {key for rule in ALL if rule.correlation for key in rule.correlation.refs}
    assert [rule.name for rule in ALL if not rule.alerting and rule.key not in counted] == []


def test_rules_hold_their_own_tests() -> None:
    outcomes = run_rule_tests(PACK)
    assert len(outcomes) > 1500
    assert [outcome for outcome in outcomes if not outcome.passed] == []


@pytest.mark.parametrize("detection", DETECTIONS)
def test_every_detection_is_there(detection: str) -> None:
    for name in DETECTIONS[detection].split():
        assert detection in detections_of(BY_NAME[name])
        assert BY_NAME[name].alerting


def test_every_alerting_rule_is_a_detection_or_beyond_them() -> None:
    """A rule with an unknown id, or without one and without a reason, is a slip of the pen."""
    assert {name for rule in ALL for name in detections_of(rule)} == DETECTIONS.keys()
    assert {rule.name for rule in ALERTING if not detections_of(rule)} == BEYOND.keys()


def test_each_tactic_has_something() -> None:
    found = {attack.tactic_of(tag) for rule in ALERTING for tag in rule.info.tags}
    assert found >= TACTICS


def test_ids_and_names_are_there_and_unique() -> None:
    ids = [document["id"] for document in DOCUMENTS.values()]
    assert all(uuid.UUID(found).version == 4 for found in ids)
    assert max(Counter(ids).values()) == 1
    assert max(Counter(rule.name for rule in ALL).values()) == 1
    assert max(Counter(rule.info.title for rule in ALERTING).values()) == 1
    assert [name for name in BY_NAME if not re.fullmatch(r"[a-z][a-z0-9_]+", name)] == []


def test_every_document_names_author_and_date() -> None:
    assert {document["author"] for document in DOCUMENTS.values()} == {"socterm"}
    assert all(document["date"] for document in DOCUMENTS.values())
    assert {document["status"] for document in DOCUMENTS.values()} <= {"stable", "test", "experimental"}


@every
def test_a_rule_says_what_it_sees(rule: Rule) -> None:
    assert 8 <= len(rule.info.title) <= 100
    assert len(rule.info.description) >= 60
    assert rule.info.falsepositives
    assert all(len(said) >= 4 for said in rule.info.falsepositives)


@every
def test_tags_are_words_of_attack(rule: Rule) -> None:
    """In the names of version 19; each tactic is one that a technique of the rule serves."""
    tactics = {attack.tactic_of(tag) for tag in rule.info.tags} - {""}
    techniques = {tag.removeprefix("attack.").upper() for tag in rule.info.tags if attack.technique_of(tag)}
    assert tactics <= {tactic.name for tactic in attack.TACTICS}
    assert all(attack.known(technique) for technique in techniques)
    assert {attack.current(technique) for technique in techniques} == techniques
    others = [tag for tag in rule.info.tags if not attack.tactic_of(tag) and not attack.technique_of(tag)]
    assert all(tag.startswith("socterm.") for tag in others)
    served = {tactic for technique in techniques for tactic in attack.tactics_of(technique)}
    assert not techniques or (tactics and tactics <= served)


@every_alerting
def test_a_rule_that_alerts_names_tactic_and_technique(rule: Rule) -> None:
    assert any(attack.tactic_of(tag) for tag in rule.info.tags)
    assert any(attack.technique_of(tag) for tag in rule.info.tags) is (rule.name not in NO_TECHNIQUE)


@every_alerting
def test_a_rule_that_alerts_guides_whoever_has_the_alert(rule: Rule) -> None:
    guide = rule.guide
    assert len(guide.why) >= 40
    assert len(guide.check) >= 2
    assert all(len(step) >= 10 for step in guide.check)
    assert len(guide.tune) >= 30
    assert len(guide.noise) >= 5


@every_alerting
def test_risk_follows_level(rule: Rule) -> None:
    lowest, highest = RISK[rule.info.level]
    if rule.name in NO_RISK:
        assert rule.risk == 0
    else:
        assert lowest <= rule.risk <= highest


@every
def test_only_rules_worth_a_look_raise_alerts(rule: Rule) -> None:
    """What only feeds others says so in both ways, or a user's level filter would show it."""
    said = DOCUMENTS[rule.name]["socterm"].get("alert")
    if rule.info.level == "informational":
        assert said is False
    else:
        assert rule.alerting
        assert said is not False


@every
def test_a_rule_is_tested_both_ways(rule: Rule) -> None:
    assert positive(rule)
    assert [test for test in rule.tests if not test.alerts]
    assert max(Counter(test.name for test in rule.tests).values()) == 1


@every_alerting
def test_a_rule_that_alerts_is_tested_in_several_forms(rule: Rule) -> None:
    tests = positive(rule)
    forms = {form_of(line) for test in tests for line in test.lines} | {
        "event" for test in tests if test.events
    }
    assert (len(tests) >= 2) is (rule.name not in ONE_POSITIVE)
    assert (len(forms) >= 2) is (rule.name not in ONE_FORM), forms


@every_alerting
def test_whom_an_alert_is_about_is_tested(rule: Rule) -> None:
    assert any(test.entity for test in positive(rule)) is (rule.name not in ENTITY_UNSAID)


@every_alerting
def test_superseded_rules_exist_and_say_no_more(rule: Rule) -> None:
    for name in rule.supersedes:
        assert name != rule.name
        assert BY_NAME[name].alerting
        assert LEVELS.index(BY_NAME[name].info.level) <= LEVELS.index(rule.info.level), name


def test_nothing_supersedes_in_a_circle_of_levels() -> None:
    """Two rules may stand above each other (spraying, brute force); then they are of one level."""
    pairs = {(rule.name, name) for rule in ALERTING for name in rule.supersedes}
    for stronger, weaker in pairs:
        if (weaker, stronger) in pairs:
            assert BY_NAME[stronger].info.level == BY_NAME[weaker].info.level


def test_success_outranks_attempt() -> None:
    order = {rule.name: LEVELS.index(rule.info.level) for rule in ALL}
    for success, attempts in (
        ("success_after_brute_force", ("brute_force", "password_spraying", "distributed_brute_force")),
        ("web_attack_succeeded", ("web_attack", "web_scanner", "sensitive_file_probe")),
        ("web_login_after_brute_force", ("web_login_brute_force",)),
        ("windows_success_after_brute_force", ("windows_brute_force", "windows_password_spraying")),
    ):
        assert order[success] > max(order[name] for name in attempts)


def test_the_classic_ones_say_what_their_titles_say() -> None:
    terms = {
        name: (found.type, found.bounds, found.span // 1_000_000, found.group_by)
        for name in ("brute_force", "brute_force_user", "root_then_data")
        if (found := BY_NAME[name].correlation) is not None
    }
    assert terms["brute_force"] == ("event_count", (("gt", 5),), 120, ("source.ip",))
    assert terms["brute_force_user"][:3] == ("event_count", (("gt", 5),), 120)
    assert "user.name" in terms["brute_force_user"][3]
    assert terms["root_then_data"][0] == "temporal_ordered"
    assert terms["root_then_data"][2] == 1800


def test_rules_speak_the_words_parsers_write() -> None:
    """An action nobody writes matches nothing; firewalls' JSON keeps the producer's word."""
    for name, document in DOCUMENTS.items():
        for selection in document.get("detection", {}).values():
            for part in selection if isinstance(selection, list) else [selection]:
                if isinstance(part, dict) and "event.action" in part:
                    said = part["event.action"]
                    words = {said} if isinstance(said, str) else set(said)
                    assert words <= ACTIONS.keys() | OWN_WORDS, name


HEAD = "Mar  9 10:00:00 web1 "


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        (["sshd[1]: Failed password for root from 203.0.113.9 port 4 ssh2"], set()),
        (["sshd[1]: Accepted password for root from 203.0.113.9 port 4 ssh2"], {"root_password_login"}),
        (["sshd[1]: Accepted publickey for alice from 192.0.2.9 port 4 ssh2: ED25519 SHA256:aaaa"], set()),
        (["sshd[1]: Disconnected from user alice 192.0.2.9 port 4"], set()),
        (["CRON[7]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"], set()),
        (["CRON[7]: (root) CMD (cd / && run-parts --report /etc/cron.hourly)"], set()),
        (["sudo:  alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/apt-get update"], set()),
        (["systemd[1]: Started rsyslog.service - System Logging Service."], set()),
        (["useradd[9]: new user: name=eve, UID=1007, GID=1007, home=/home/eve, shell=/bin/bash, from=none"],
         set()),
        (["usermod[9]: add 'eve' to group 'sudo'"], {"admin_rights_granted"}),
        (["sudo:  eve : user NOT in sudoers ; TTY=pts/0 ; PWD=/home/eve ; USER=root ; COMMAND=/bin/cat"],
         {"sudo_refused"}),
        ([f"sshd[{n}]: Failed password for root from 203.0.113.9 port 4 ssh2" for n in range(6)],
         {"brute_force"}),
    ],
)  # fmt: skip
def test_what_the_whole_pack_says_of_a_line(lines: list[str], names: set[str]) -> None:
    """Of medium level or higher: an everyday line raises nothing, a plain one its own rule alone."""
    found = replay([HEAD + line for line in lines], PACK, now=TEST_NOW)
    raised = [PACK.rules[alert.rule] for alert in found]
    heavy = {rule.name for rule in raised if LEVELS.index(rule.info.level) >= LEVELS.index("medium")}
    superseded = {name for rule in raised for name in rule.supersedes}
    assert heavy - superseded == names - superseded
    assert heavy >= names


def test_rules_of_a_copy_elsewhere_are_the_same_rules(tmp_path: Path) -> None:
    for path in FOLDER.rglob("*.yml"):
        target = tmp_path / path.relative_to(FOLDER)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    assert load_rules([tmp_path]).rules.keys() == PACK.rules.keys()
