"""Rules broken one part at a time: what their tests notice, and what nobody would miss."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from socterm.sigma.mutants import mutants_of

from rules_cli import Done, rules

RULE = """\
title: Root over SSH
name: root_login
level: low
logsource: {product: linux, service: auth}
detection:
  login: {event.action: ssh_login, event.outcome: success}
  who: {user.name: [root, toor]}
  inside: {source.ip|startswith: '192.0.2.'}
  condition: login and who and not inside
socterm:
  tests:
    - {name: root, alerts: 1, lines: ['%(root)s']}
    - {name: toor, alerts: 1, lines: ['%(toor)s']}
    - {name: refused, alerts: 0, lines: ['%(refused)s']}
    - {name: bob, alerts: 0, lines: ['%(bob)s']}
    - {name: from inside, alerts: 0, lines: ['%(inside)s']}
    - {name: mail, alerts: 0, lines: ['%(mail)s']}
"""
HEAD = "Mar  9 10:00:00 web1 "
LINES = {
    "root": f"{HEAD}sshd[1]: Accepted password for root from 203.0.113.9 port 4 ssh2",
    "toor": f"{HEAD}sshd[1]: Accepted password for toor from 203.0.113.9 port 4 ssh2",
    "refused": f"{HEAD}sshd[1]: Failed password for root from 203.0.113.9 port 4 ssh2",
    "bob": f"{HEAD}sshd[1]: Accepted password for bob from 203.0.113.9 port 4 ssh2",
    "inside": f"{HEAD}sshd[1]: Accepted password for root from 192.0.2.9 port 4 ssh2",
    "mail": f"{HEAD}dovecot: imap-login: Login: user=<root>, method=PLAIN, rip=203.0.113.9, lip=192.0.2.1",
}


def whats(text: str) -> list[str]:
    return [mutant.what for mutant in mutants_of(yaml.safe_load(text))]


def test_the_document_itself_stays_as_it_is() -> None:
    data = yaml.safe_load(RULE % LINES)
    before = json.dumps(data)
    mutants = list(mutants_of(data))
    assert json.dumps(data) == before
    assert all(json.dumps(mutant.data) != before for mutant in mutants)
    assert len({json.dumps(mutant.data) for mutant in mutants}) == len(mutants)
    assert len({mutant.what for mutant in mutants}) == len(mutants)


def test_every_part_of_a_detection_is_broken() -> None:
    assert whats(RULE % LINES) == [
        "login: always true",
        "login: never true",
        "login: without event.action",
        "login: without event.outcome",
        "who: always true",
        "who: never true",
        "who.user.name: without root",
        "who.user.name: without toor",
        "inside: always true",
        "inside: never true",
        "inside: source.ip|startswith → source.ip",
        "condition: and → or at 6",
        "condition: and → or at 14",
        "condition: without not at 18",
    ]


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        ("{sel: [one, two], condition: sel}", ["sel: without one", "sel: without two"]),
        ("{sel: [{a: 1}, {b: 2}], condition: sel}", ["sel: without {'a': 1}", "sel: without {'b': 2}"]),
        ("{sel: {a|contains|all: [x, y]}, condition: sel}", ["sel: a|contains|all → a|contains"]),
        ("{sel: {a|gte: 3}, condition: sel}", ["sel: a|gte → a|gt"]),
        ("{sel: {a|lt: 3}, condition: sel}", ["sel: a|lt → a|lte"]),
        ("{s1: {a: 1}, s2: {b: 1}, condition: 1 of s*}", ["condition: 1 of → all of at 0"]),
        ("{s1: {a: 1}, condition: all of them}", ["condition: all of → 1 of at 0"]),
        ("{s1: {a: 1}, s2: {b: 1}, condition: [s1, s2]}", ["condition: without s1", "condition: without s2"]),
    ],
)
def test_shapes_of_detections(detection: str, expected: list[str]) -> None:
    assert set(expected) <= set(whats(f"detection: {detection}"))


def test_every_term_of_a_correlation_is_broken() -> None:
    text = """
    correlation: {type: value_count, rules: [a, b], group-by: [x, y], timespan: 5m,
                  condition: {gte: 6, field: user.name}}
    """
    assert whats(text) == [
        "rules: without a",
        "rules: without b",
        "group-by: without x",
        "group-by: without y",
        "timespan: 5m → 10m",
        "timespan: 5m → 150s",
        "condition.gte: 6 → 5",
        "condition.gte: 6 → 7",
        "type: value_count of user.name → event_count",
    ]
    assert whats(
        "correlation: {type: value_sum, rules: a, group-by: [x], timespan: 2h, condition: {gt: 8, field: b}}"
    ) == [
        "without group-by",
        "timespan: 2h → 4h",
        "timespan: 2h → 1h",
        "condition.gt: 8 → 4",
        "condition.gt: 8 → 16",
    ]
    assert whats("correlation: {type: temporal, rules: [a, b], timespan: 1s, condition: a and not b}") == [
        "rules: without a",
        "rules: without b",
        "timespan: 1s → 2s",
        "condition: and → or at 2",
        "condition: without not at 6",
    ]
    assert "type: temporal_ordered → temporal" in whats("correlation: {type: temporal_ordered, timespan: 1m}")


def test_every_setting_of_a_memory_is_broken() -> None:
    assert whats("socterm: {new_value: {key: [a, b], field: c, history: 90d, learn: 7d}}") == [
        "without new_value",
        "new_value.key: without a",
        "new_value.key: without b",
        "new_value.field: left out",
        "new_value.history: 90d → 180d",
        "new_value.history: 90d → 45d",
        "new_value.history: left out",
        "new_value.learn: 7d → 14d",
        "new_value.learn: 7d → 84h",
    ]
    assert whats("socterm: {rarity: {key: a, max_count: 3}, lookup: {field: a, list: [x, y]}}") == [
        "without rarity",
        "rarity.max_count: 3 → 2",
        "rarity.max_count: 3 → 4",
        "without lookup",
        "lookup.field: left out",
        "lookup.list: without x",
        "lookup.list: without y",
    ]


Cli = Callable[..., Done]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return lambda *arguments: rules(*arguments, home=tmp_path)


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    path = tmp_path / "rule.yml"
    path.write_text(RULE % LINES)
    return path


def test_a_rule_whose_tests_notice_everything(rule: Path, cli: Cli) -> None:
    done = cli("mutate", rule)
    assert (done.code, done.out.strip()) == (0, "14 noticed")


OVER_ALERTS = """\
title: Any alert
name: any_alert
level: informational
logsource: {product: socterm, service: alert}
detection: {one: {rule.name: root_login}, two: {source.ip: 203.0.113.9}, condition: one and two}
socterm:
  alert: true
  tests: [{name: root, alerts: 1, lines: ['%(root)s']}, {name: bob, alerts: 0, lines: ['%(bob)s']}]
---
title: Twice
name: twice
level: high
correlation:
  {type: event_count, rules: [root_login], group-by: [user.name], timespan: 1m, condition: {gte: 2}}
socterm:
  tests:
    - {name: root, alerts: 1, lines: ['%(root)s', '%(root)s']}
    - {name: once, alerts: 0, lines: ['%(root)s']}
"""


def test_several_processes_find_what_one_finds(rule: Path, cli: Cli) -> None:
    folder = rule.parent / "rules"
    folder.mkdir()
    rule.rename(folder / "a.yml")
    (folder / "b.yml").write_text(OVER_ALERTS % LINES)
    alone = cli("mutate", folder, "--json")
    assert {row["rule"] for row in alone.records} == {"root_login", "any_alert", "twice"}
    missed = {(row["rule"], row["mutant"]) for row in alone.records if row["fate"] == "unnoticed"}
    assert ("twice", "without group-by") in missed
    assert ("any_alert", "one: always true") in missed
    assert cli("mutate", folder, "--json", "--jobs", "2") == alone


@pytest.mark.parametrize(
    ("test", "unnoticed"),
    [
        ("toor", "root_login: who.user.name: without toor"),
        ("from inside", "root_login: inside: never true"),
        ("bob", "root_login: who: always true"),
        ("refused", "root_login: login: without event.outcome"),
    ],
)
def test_a_part_that_no_test_would_miss_is_named(rule: Path, cli: Cli, test: str, unnoticed: str) -> None:
    lines = [line for line in rule.read_text().splitlines() if f"name: {test}," not in line]
    rule.write_text("\n".join(lines))
    done = cli("mutate", rule)
    assert done.code == 1
    assert f"unnoticed  {unnoticed}" in done.out


def test_a_mutant_that_means_the_same_is_accepted_by_name(rule: Path, cli: Cli, tmp_path: Path) -> None:
    rule.write_text(rule.read_text().replace("'192.0.2.'", "['192.0.2.', '192.0.2.9']"))
    accepted = tmp_path / "accepted.txt"
    accepted.write_text(
        "# why not\n"
        "root_login | inside.source.ip|startswith: without 192.0.2. | 192.0.2.9 is all that is tested\n"
        "root_login | inside.source.ip|startswith: without 192.0.2.9 | the other covers it\n"
        "root_login | inside: source.ip|startswith → source.ip | 192.0.2.9 is written out\n"
    )
    done = cli("mutate", rule, "--accepted", accepted)
    assert (done.code, done.out.strip()) == (0, "3 accepted, 13 noticed")


def test_json_and_an_odd_line_of_accepted(rule: Path, cli: Cli, tmp_path: Path) -> None:
    found = [json.loads(line) for line in cli("mutate", rule, "--json").out.splitlines()]
    assert found[0] == {
        "rule": "root_login",
        "path": str(rule),
        "mutant": "login: always true",
        "fate": "noticed",
        "why": "refused: expected 0 alerts, got 1",
    }
    accepted = tmp_path / "accepted.txt"
    accepted.write_text("root_login | something\n")
    done = cli("mutate", rule, "--accepted", accepted)
    assert done.code == 2
    assert "accepted.txt line 1: write `rule | mutant | why`" in done.error
