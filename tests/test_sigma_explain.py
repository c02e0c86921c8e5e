"""Explaining a rule on an event, naming the entity of a match, and judging the tests inside rule files."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import pytest
from socterm.alerts.model import Entity, RuleInfo
from socterm.event import Event
from socterm.sigma.engine import Matcher
from socterm.sigma.entity import entity_of
from socterm.sigma.lacking import lacking
from socterm.sigma.load import load_rules
from socterm.sigma.model import Rule, RuleSet, RuleTest
from socterm.sigma.testing import compare

SSHD = (("linux", "", "sshd"),)


def rule(entity: tuple[str, ...] = (), tests: tuple[RuleTest, ...] = ()) -> Rule:
    return Rule("r", RuleInfo("r", "R", "low", "", ()), "r", ("linux", "", ""), True, 1, entity, tests=tests)


def test_explain_names_the_selection_the_value_and_the_failure(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_text(
        "title: t\nname: t\nlogsource: {product: linux}\n"
        "detection:\n"
        "  login: {event.action: ssh_login, user: [root, 'adm*in']}\n"
        "  net: {source.ip|cidr: 10.0.0.0/8}\n"
        "  condition: login and not net\n"
    )
    event = Event(0, "s", 0, "", {"event.action": "ssh_login", "user.name": "bob"}, logsources=SSHD)
    found = Matcher(load_rules([tmp_path])).explain("t", event)
    assert [(f.selection, f.field, f.values, f.passed) for f in found] == [
        ("login", "event.action", ("ssh_login",), True),
        ("login", "user.name", ("bob",), False),
        ("login", "user.name", ("bob",), False),
        ("net", "source.ip", (), False),
    ]
    assert [f.wanted for f in found] == ["equals ssh_login", "equals root", "glob adm*in", "cidr 10.0.0.0/8"]


@pytest.mark.parametrize(
    ("selection", "fields", "told"),
    [
        ("a|gt: 0", {"a": 0}, "a is 0, wanted gt 0"),
        ("a|lte: -1.5", {"a": True}, "a is true, wanted lte -1.5"),
        ("a: ''", {"a": "x"}, "a is x, wanted ''"),
        ("a: x", {"a": ""}, "a is '', wanted x"),
        ("a: 0", {"a": False}, "a is false, wanted 0"),
        ("a|cased: Ab", {"a": "ab"}, "a is ab, wanted cased Ab"),
        ("a|contains|cased: [Ab, C]", {"a": "ab"}, "a is ab, wanted contains|cased Ab or C"),
        ("a|re: x", {"a": "y"}, "a is y, wanted regex x"),
        ("a|re|i|s: x y", {"a": "y"}, "a is y, wanted regex|i|s x y"),
        ("a: 'x*y\\*?'", {"a": "y"}, "a is y, wanted glob x*y\\*?"),
        ("a|cased: 'X*y'", {"a": "x"}, "a is x, wanted glob|cased X*y"),
        ("a|fieldref: CommandLine", {"a": "x"}, "a is x, wanted fieldref process.command_line, not there"),
        (
            "a|fieldref|endswith: b c",
            {"a": "x", "b c": ["p", "q"]},
            "a is x, wanted fieldref|endswith b c, which is p, q",
        ),
        ("a|fieldref|cased: b", {"a": "x", "b": "X"}, "a is x, wanted fieldref|cased b, which is X"),
        ("a|hour: 0", {"a": "2026-01-01T05:00:00Z"}, "a is 2026-01-01T05:00:00Z, wanted hour 0"),
        ("a|day|gte: 9", {"a": "2026-01-01"}, "a is 2026-01-01, wanted day|gte 9"),
        ("a|exists: true", {}, "a is not there, wanted exists"),
        ("a: null", {"a": 1}, "a is 1, wanted null"),
        ("a: b", {"a": "x" * 70_000}, f"a is {'x' * 200}…, wanted b"),
        ("a: b", {"a": ["x"] * 1_008}, f"a is {'x, ' * 8}1,000 more, wanted b"),
    ],
)
def test_what_was_wanted_and_found_is_told_as_the_rule_writes_it(
    tmp_path: Path, selection: str, fields: dict[str, Any], told: str
) -> None:
    (tmp_path / "r.yml").write_text(
        "title: t\nname: t\nlogsource: {product: linux}\ndetection:\n"
        f"  a:\n    {selection}\n  condition: a\n"
    )
    tree = load_rules([tmp_path]).rules["t"].detection
    assert tree is not None
    (lack,) = lacking(tree, Event(0, "s", 0, "", fields, logsources=SSHD), UTC)
    assert lack.text == told


def test_explaining_an_unknown_rule_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Matcher(RuleSet({}, [])).explain("nothing", Event(0, "s", 0, "", {}))


@pytest.mark.parametrize(
    ("named", "fields", "expected"),
    [
        ((), {"source.ip": "192.0.2.1", "user.name": "bob"}, (("source.ip", "192.0.2.1"),)),
        ((), {"user.name": "bob", "host.hostname": "web1"}, (("user.name", "bob"),)),
        ((), {"host.hostname": "web1"}, (("host.hostname", "web1"),)),
        ((), {}, ()),
        (
            ("user.name", "host.hostname"),
            {"user.name": "bob", "host.hostname": "w"},
            (("user.name", "bob"), ("host.hostname", "w")),
        ),
        (("user.name", "host.hostname"), {"host.hostname": "w"}, (("host.hostname", "w"),)),
        (("destination.port",), {"destination.port": 22}, (("destination.port", "22"),)),
        (("related.ip",), {"related.ip": ("192.0.2.1", "192.0.2.2")}, (("related.ip", "192.0.2.1"),)),
    ],
)
def test_entity_of_a_match(named: tuple[str, ...], fields: dict[str, Any], expected: Entity) -> None:
    assert entity_of(rule(named), Event(0, "s", 0, "", fields)) == expected


class Alert(msgspec.Struct):
    rule: str
    entity: Entity = ()
    count: int = 1


IP = (("source.ip", "192.0.2.1"),)


@pytest.mark.parametrize(
    ("test", "alerts", "problem"),
    [
        (RuleTest("t", ("l",), 1), [Alert("r")], ""),
        (RuleTest("t", ("l",), 0), [Alert("other")], ""),
        (RuleTest("t", ("l",), 0), [Alert("r")], "expected 0 alerts, got 1"),
        (RuleTest("t", ("l",), 2), [Alert("r")], "expected 2 alerts, got 1"),
        (RuleTest("t", ("l",), 1, count=6), [Alert("r", count=6)], ""),
        (RuleTest("t", ("l",), 1, count=6), [Alert("r", count=7)], "expected a count of 6, got 7"),
        (RuleTest("t", ("l",), 1, entity=dict(IP)), [Alert("r", IP)], ""),
        (
            RuleTest("t", ("l",), 1, entity={"source.ip": "x"}),
            [Alert("r", IP)],
            "expected the entity source.ip=x, got source.ip=192.0.2.1",
        ),
        (
            RuleTest("t", ("l",), 1, entity={"source.ip": "x"}),
            [Alert("r")],
            "expected the entity source.ip=x, got (none)",
        ),
    ],
)
def test_comparing_a_run_with_what_a_test_expects(test: RuleTest, alerts: list[Alert], problem: str) -> None:
    assert compare(test, "r", alerts) == problem
