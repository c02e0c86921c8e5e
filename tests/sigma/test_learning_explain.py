"""A rule that matched and was held back by its extension says so."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from socterm.cli.explain import told
from socterm.cli.group import cli
from socterm.enrich.valuelists import ValueList
from socterm.pipeline.lineread import read_lines
from socterm.pipeline.rulecheck import run_rule_tests
from socterm.sigma.load import load_rules
from tests.sigma.learning_road import START, document, load, write

LINE = "Mar  1 10:00:0%d web1 sshd[1]: Accepted password for ann from 192.0.2.%d port 40000 ssh2"
SSHD: dict[str, Any] = {
    "logsource": {"product": "linux", "service": "sshd"},
    "detection": {"one": {"event.action": "ssh_login"}, "condition": "one"},
}


@pytest.mark.parametrize(
    ("extension", "said"),
    [
        (
            {"new_value": {"key": "user.name", "field": "source.ip", "learn": "7d"}},
            ["new_value fires, as far as", "held back by new_value: the value is known", "new_value fires"],
        ),
        (
            {"silence": {"key": "user.name", "for": "1h"}},
            ["held back by silence: it fires when the key stays away"] * 3,
        ),
        (
            {"lookup": {"field": "source.ip", "list": "bad"}},
            ["", "", "held back by lookup: source.ip does not stand in bad"],
        ),
        (
            {"new_value": {"key": "url.path"}},
            ["held back by new_value: the event lacks its key or field"] * 3,
        ),
    ],
)
def test_a_match_tells_what_became_of_it(tmp_path: Path, extension: dict[str, Any], said: list[str]) -> None:
    rules = load(tmp_path, document(extension, **SSHD))
    lines = [(LINE % (second, last)).encode() for second, last in ((1, 7), (2, 7), (3, 9))]
    found = list(read_lines(lines, rules, now=START, lists={"bad": ValueList(["192.0.2.7"])}))
    memories = [read.rules[0].memory for read in found]
    assert all(memory.startswith(wanted) for memory, wanted in zip(memories, said, strict=True)), memories
    assert [read.rules[0].held for read in found] == [memory.startswith("held") for memory in memories]


def test_the_explanation_shows_it(tmp_path: Path) -> None:
    rules = load(tmp_path, document({"new_value": {"key": "user.name"}}, **SSHD))
    lines = [(LINE % (second, 7)).encode() for second in (1, 2)]
    _, second = read_lines(lines, rules, now=START)
    shown = [line.strip() for line in told(second, UTC)]
    assert "held       Rule r (medium)" in shown
    assert "held back by new_value: the value is known" in shown


def test_tests_inside_rules_take_lines_and_events_and_lists(tmp_path: Path) -> None:
    tests = [
        {
            "name": "a new address after a week", "alerts": 1, "count": 1, "entity": {"user.name": "ann"},
            "lines": "\n".join(
                f"Mar {day:2} 10:00:00 web1 sshd[1]: Accepted password for ann from 192.0.2.{last} port 4"
                for day, last in ((1, 7), (9, 7), (20, 9))
            ),
        },
        {
            "name": "the same as events", "alerts": 1,
            "events": "\n".join(
                json.dumps({
                    "@timestamp": f"2026-03-{day:02}T10:00:00Z", "event.action": "ssh_login",
                    "user.name": "ann", "source.ip": f"192.0.2.{last}",
                })
                for day, last in ((1, 7), (9, 7), (20, 9))
            ),
        },
        {
            "name": "nested events, while it learns", "alerts": 0,
            "events": [
                {
                    "@timestamp": f"2026-03-01T1{hour}:00:00Z", "event": {"action": "ssh_login"},
                    "user": {"name": "ann"}, "source": {"ip": f"192.0.2.{hour}"},
                }
                for hour in range(3)
            ],
        },
    ]  # fmt: skip
    terms = {"key": "user.name", "field": "source.ip", "learn": "7d"}
    listed = {
        "lookup": {"field": "source.ip", "list": "bad"},
        "tests": [
            {"name": "listed", "alerts": 1, "lists": {"bad": ["192.0.2.0/24"]}, "lines": LINE % (1, 7)},
            {"name": "not listed", "alerts": 0, "lists": {"bad": ["192.0.3.0/24"]}, "lines": LINE % (1, 7)},
        ],
    }
    rules = load(
        tmp_path,
        document({"new_value": terms, "tests": tests}, **SSHD),
        document(listed, ident="listed", **SSHD),
    )
    assert [(outcome.test, outcome.problem) for outcome in run_rule_tests(rules)] == [
        ("a new address after a week", ""),
        ("the same as events", ""),
        ("nested events, while it learns", ""),
        ("listed", ""),
        ("not listed", ""),
    ]


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ({"events": "no JSON"}, "events must be JSON objects, one a line, or a list of maps"),
        ({"events": ["[1]"]}, "events must be JSON objects, one a line, or a list of maps"),
        ({"events": []}, "it needs events"),
        ({"events": [{"a": 1}], "lines": "x"}, "lines and events exclude each other"),
        ({"lines": "x", "lists": ["bad"]}, "lists must be a map of names, each with a list of values"),
    ],
)
def test_a_test_that_cannot_be_run_is_refused(tmp_path: Path, test: dict[str, Any], reason: str) -> None:

    one = document({"tests": [{"name": "t", "alerts": 0, **test}]}, **SSHD)
    (fate,) = load_rules([write(tmp_path, one)]).fates
    assert fate.reason == f"socterm.tests, test 1: {reason}"


def test_the_command_explains_with_configured_lists(tmp_path: Path, no_pack: Path) -> None:
    write(tmp_path / "rules", document({"lookup": {"field": "source.ip", "list": "bad"}}, **SSHD))
    (tmp_path / "bad.txt").write_text("# why\n192.0.2.7\n")
    config = tmp_path / "config.toml"
    config.write_text('rules = ["rules"]\n[lists]\nbad = "bad.txt"\n')
    shown = CliRunner().invoke(cli, ["explain", "--config", str(config), LINE % (1, 7)]).output
    assert "matched    Rule r (medium)" in shown
    shown = CliRunner().invoke(cli, ["explain", "--config", str(config), LINE % (1, 8)]).output
    assert "held       Rule r (medium)" in shown
