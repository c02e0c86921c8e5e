"""Loading: every document gets a fate and a reason, none hurts another, the terminal stays clean."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from socterm.errors import RuleError
from socterm.event import Event
from socterm.sigma.engine import Matcher
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleFate, RuleSet

MINUTE = 60_000_000

RULE = """\
title: A failed login
name: failed
logsource: {product: linux, service: sshd}
detection: {sel: {event.action: ssh_login, event.outcome: failure}, condition: sel}
"""
OTHER = RULE.replace("failed", "passed").replace("failure", "success")


def correlation(name: str, refs: str, extra: str = "", **terms: str) -> str:
    said = {
        "type": "event_count",
        "group-by": "[source.ip]",
        "timespan": "2m",
        "condition": "{gt: 5}",
        **terms,
    }
    body = "".join(f"  {key}: {value}\n" for key, value in said.items() if value)
    return f"title: {name}\nname: {name}\nlevel: medium\n{extra}correlation:\n  rules: {refs}\n{body}"


def _value(kind: str, condition: str) -> str:
    return correlation("c", "[failed]", type=kind, condition=condition)


def _boolean(condition: str) -> str:
    return correlation("c", "[failed, passed]", type="temporal", condition=condition)


def load(tmp_path: Path, *documents: str, **options: object) -> RuleSet:
    (tmp_path / "rules.yml").write_text("\n---\n".join(documents))
    return load_rules([tmp_path], **options)  # type: ignore[arg-type]


def fate(rules: RuleSet, title: str) -> RuleFate:
    return next(found for found in rules.fates if found.title == title)


def refusal(tmp_path: Path, *documents: str) -> str:
    """The reason the last document is refused; the others must have survived."""
    *others, last = load(tmp_path, *documents).fates
    assert all(found.fate != "refused" for found in others), others
    assert last.fate == "refused"
    assert last.reason
    assert "\n" not in last.reason
    return last.reason


def test_head_of_a_rule_is_kept(tmp_path: Path) -> None:
    document = """\
title: Someone tried
id: 5F3A0E5C-6E0C-4C0E-9B7C-0123456789AB
description: |
  Two lines
  of text.
level: high
tags: [attack.credential-access, attack.t1110.001]
falsepositives: [A forgetful user]
logsource: {product: Linux, service: sshd}
detection: {sel: {user.name: root}, condition: sel}
socterm: {entity: [user, host.name], throttle: 1h, risk: 30}
"""
    rules = load(tmp_path, "# a comment\n\n" + document)
    (rule,) = rules.rules.values()
    assert rule.key == rule.info.id == "5f3a0e5c-6e0c-4c0e-9b7c-0123456789ab"
    assert (rule.info.title, rule.info.level) == (
        "Someone tried",
        "high",
    ) or rule.info.title == "Someone   tried"
    assert rule.info.description == "Two lines of text."
    assert rule.info.tags == ("attack.credential-access", "attack.t1110.001")
    assert rule.info.falsepositives == ("A forgetful user",)
    assert rule.info.path == str(tmp_path / "rules.yml")
    assert rule.logsource == ("linux", "", "sshd")
    assert rule.entity == ("user.name", "host.hostname")
    assert rule.throttle == 60 * MINUTE
    assert rule.risk == 30
    assert rules.fates[0].line == 3
    assert rules.fates[0].fate == "active"


def test_throttle_defaults_to_ten_minutes_or_the_time_span(tmp_path: Path) -> None:
    rules = load(
        tmp_path, RULE, correlation("short", "[failed]"), correlation("long", "[failed]", timespan="3h")
    ).rules
    assert [rules[key].throttle // MINUTE for key in ("failed", "short", "long")] == [10, 10, 180]


def test_a_broken_document_takes_nothing_with_it(tmp_path: Path) -> None:
    rules = load(
        tmp_path, "title: [unclosed\n  bad: : yaml", RULE, "- a list", "just text", "title: x", OTHER
    )
    assert [found.fate for found in rules.fates] == [
        "refused",
        "active",
        "refused",
        "refused",
        "refused",
        "active",
    ]
    assert list(rules.rules) == ["failed", "passed"]
    assert all("\n" not in found.reason for found in rules.fates)
    assert rules.fates[0].reason.startswith("not YAML")
    assert [found.line for found in rules.fates][1:3] == [4, 10]


def test_a_broken_file_takes_nothing_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_bytes(b"title: \xff\xfe")
    (tmp_path / "b.yaml").write_text(RULE)
    (tmp_path / "notes.txt").write_text("not read")
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "c.yml").write_text(OTHER)
    rules = load_rules([tmp_path])
    assert [(Path(found.path).name, found.fate) for found in rules.fates] == [
        ("a.yml", "refused"),
        ("b.yaml", "active"),
    ]
    assert "UTF-8" in rules.fates[0].reason


def test_a_missing_path_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match=r"nowhere\.yml: no such rule file"):
        load_rules([tmp_path / "nowhere.yml"])


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RULE)
    assert len(load_rules([tmp_path, tmp_path / "a.yml"]).fates) == 1


def test_documents_may_be_separated_and_ended_in_every_yaml_way(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(f"\ufeff---  # first\n{RULE}...\n---\n{OTHER}---\n\n# nothing\n")
    assert [found.fate for found in load_rules([tmp_path]).fates] == ["active", "active"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (RULE.replace("sel: {", "sel: {a|nonsense: 1, "), "Unknown modifier"),
        (RULE.replace("condition: sel", "condition: sel and other"), "other"),
        (RULE.replace("condition: sel", "condition: 1 of x_*"), "doesn't match any"),
        (RULE.replace("condition: sel", "condition: sel | count() > 5"), "pipe"),
        (RULE.replace("sel: {", "sel: {a|expand: '%admins%', "), "%admins%"),
        (RULE.replace("sel: {", "sel: {a|re: '(', "), "egular expression"),
        (RULE.replace("sel: {", "sel: {a|cidr: 10.0.0.0/33, "), "CIDR"),
        (RULE.replace("sel: {", "sel: {a|gte: many, "), "incompatible"),
        (RULE.replace("sel: {", "sel: {a|hour: noon, "), "whole number"),
        (RULE.replace("sel: {", "sel: {a: 1, a: 2, "), "'a' stands twice"),
        (RULE + "id: not-a-uuid\n", "UUID"),
        (RULE + "level: dreadful\n", "level"),
        (RULE + "action: global\n", "action"),
        (RULE + "socterm: {colour: red}\n", "socterm.colour"),
        (RULE + "socterm: [a]\n", "map"),
        (RULE + "socterm: {throttle: soon}\n", "time span"),
        (RULE + "socterm: {entity: []}\n", "socterm.entity"),
        (RULE + "socterm: {alert: perhaps}\n", "socterm.alert"),
        (RULE + "socterm: {risk: -1}\n", "socterm.risk"),
        (RULE + "socterm: {tests: [{name: x, lines: y}]}\n", "alerts"),
        (RULE + "socterm: {tests: [{name: x, lines: '', alerts: 1}]}\n", "log lines"),
        (RULE + "socterm: {tests: [{name: x, lines: y, alerts: 0, count: 3}]}\n", "say nothing"),
        (RULE + "socterm: {tests: [{name: x, lines: y, alerts: 1, colour: 3}]}\n", "'colour'"),
        ("title: x\nlogsource: {product: linux}\n", "neither detection nor correlation nor filter"),
        ("title: x\nlogsource: {}\ndetection: {a: {b: 1}, condition: a}\n", "og source"),
        ("title: x\nlogsource: {product: linux}\ndetection: {a: {b: 1}}\n", "condition"),
        ("title: x\nlogsource: {product: linux}\ndetection: [1, 2]\n", ""),
        ("title: x\nlogsource: {product: linux}\ndetection: {a: {b: {c: {'': 1}}}, condition: a}\n", "name"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason(tmp_path: Path, document: str, reason: str) -> None:
    assert reason in refusal(tmp_path, OTHER, document)


def test_a_second_rule_of_the_same_id_is_refused_and_names_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(RULE + "id: 5f3a0e5c-6e0c-4c0e-9b7c-0123456789ab\n")
    (tmp_path / "b.yml").write_text(OTHER + "id: 5F3A0E5C-6E0C-4C0E-9B7C-0123456789AB\n")
    first, second = load_rules([tmp_path]).fates
    assert (first.fate, second.fate) == ("active", "refused")
    assert str(tmp_path / "a.yml") in second.reason
    assert first.key != second.key


def test_a_second_rule_of_the_same_name_is_refused(tmp_path: Path) -> None:
    assert "failed" in refusal(tmp_path, RULE, RULE.replace("A failed", "Another failed"))


def test_tests_inside_a_rule_are_read(tmp_path: Path) -> None:
    tests = """\
socterm:
  tests:
    - name: one
      lines: |
        first line

        second line
      alerts: 1
      count: 2
      entity: {host.name: web1}
    - {name: none, lines: [a line], alerts: 0}
"""
    one, none = load(tmp_path, RULE + tests).rules["failed"].tests
    assert one.lines == ("first line", "second line")
    assert (one.alerts, one.count, one.entity) == (1, 2, {"host.hostname": "web1"})
    assert (none.lines, none.alerts, none.entity) == (("a line",), 0, None)


def test_a_log_source_no_parser_yields_is_said(tmp_path: Path) -> None:
    rules = load(tmp_path, RULE.replace("product: linux", "product: windows"), OTHER)
    assert "windows/*/sshd" in rules.fates[0].reason
    assert rules.fates[1].reason == ""


# Correlations


def test_a_correlation_is_resolved(tmp_path: Path) -> None:
    rules = load(
        tmp_path,
        correlation("spray", "failed", type="value_count", condition="{field: user, gte: 6}", timespan="90s"),
        RULE + "id: 5f3a0e5c-6e0c-4c0e-9b7c-0123456789ab\n",
    )
    assert list(rules.rules) == ["5f3a0e5c-6e0c-4c0e-9b7c-0123456789ab", "spray"]
    found = rules.rules["spray"].correlation
    assert found is not None
    assert (found.type, found.op, found.threshold, found.field) == ("value_count", "gte", 6, "user.name")
    assert found.span == 90_000_000
    assert found.refs == ("5f3a0e5c-6e0c-4c0e-9b7c-0123456789ab",)
    assert found.group_by == ("source.ip",)
    assert [(made.title, made.fate) for made in rules.fates] == [
        ("spray", "active"),
        ("A failed login", "base"),
    ]


@pytest.mark.parametrize(
    ("spec", "seconds"),
    [("45s", 45), ("2m", 120), ("3h", 10_800), ("4d", 345_600), ("1w", 604_800), ("1y", 31_556_952)],
)
def test_time_spans(tmp_path: Path, spec: str, seconds: int) -> None:
    found = load(tmp_path, RULE, correlation("c", "[failed]", timespan=spec)).rules["c"].correlation
    assert found is not None
    assert found.span == seconds * 1_000_000


@pytest.mark.parametrize("op", ["gt", "gte", "lt", "lte", "eq", "neq"])
def test_count_conditions(tmp_path: Path, op: str) -> None:
    found = (
        load(tmp_path, RULE, correlation("c", "[failed]", condition=f"{{{op}: 7}}")).rules["c"].correlation
    )
    assert found is not None
    assert (found.op, found.threshold) == (op, 7)


@pytest.mark.parametrize("kind", ["temporal", "temporal_ordered"])
def test_temporal_correlations_ask_for_all_their_rules(tmp_path: Path, kind: str) -> None:
    terms = {"type": kind, "condition": ""}
    found = load(tmp_path, RULE, OTHER, correlation("c", "[failed, passed]", **terms)).rules["c"].correlation
    assert found is not None
    assert (found.type, found.refs, found.op, found.threshold) == (kind, ("failed", "passed"), "gte", 2)


def test_aliases_say_which_field_of_which_rule_is_meant(tmp_path: Path) -> None:
    terms = {
        "type": "temporal",
        "condition": "",
        "group-by": "[who, host.name]",
        "aliases": "{who: {failed: user, passed: user.effective.name}}",
    }
    found = load(tmp_path, RULE, OTHER, correlation("c", "[failed, passed]", **terms)).rules["c"].correlation
    assert found is not None
    assert found.group_by == ("who", "host.hostname")
    assert found.fields == {
        "failed": ("user.name", "host.hostname"),
        "passed": ("user.effective.name", "host.hostname"),
    }


def test_a_chain_stands_after_what_it_refers_to_wherever_it_is_written(tmp_path: Path) -> None:
    top = correlation("top", "[middle, passed]", type="temporal_ordered", condition="", timespan="15m")
    rules = load(tmp_path, top, correlation("middle", "[failed]"), OTHER, RULE)
    assert list(rules.rules).index("middle") > list(rules.rules).index("failed")
    assert list(rules.rules)[-1] == "top"
    assert {found.title: found.fate for found in rules.fates} == {
        "top": "active",
        "middle": "base",
        "A passed login": "base",
        "A failed login": "base",
    }


def test_generate_and_alert_keep_a_referenced_rule_alerting(tmp_path: Path) -> None:
    rules = load(
        tmp_path,
        RULE,
        OTHER + "socterm: {alert: true}\n",
        correlation("a", "[failed]", generate="true"),
        correlation("b", "[passed]"),
    )
    assert [found.fate for found in rules.fates] == ["active"] * 4
    assert fate(load(tmp_path, RULE + "socterm: {alert: false}\n"), "A failed login").fate == "base"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (correlation("c", "[failed]", type="guess"), "guess"),
        (correlation("c", "[unknown]"), "'unknown'"),
        (correlation("c", "[]"), "no rule"),
        (correlation("c", "[failed, failed]"), "twice"),
        (correlation("c", "[c]"), "refers to itself: c → c"),
        (correlation("c", "[failed]", timespan="soon"), "soon"),
        (correlation("c", "[failed]", timespan=""), "timespan"),
        (correlation("c", "[failed]", condition=""), "condition"),
        (correlation("c", "[failed]", condition="{gt: 1.5}"), "whole number"),
        (correlation("c", "[failed]", condition="{gt: -1}"), "whole number"),
        (correlation("c", "[failed]", type="value_count"), "field"),
        (correlation("c", "[failed]", condition="{gt: 5, lt: 3}"), "never hold"),
        (correlation("c", "[failed]", condition="{gt: 5, lte: 5}"), "never hold"),
        (correlation("c", "[failed]", condition="{field: a}"), "compares with nothing"),
        (correlation("c", "[failed]", condition="{most: 1}"), "'most'"),
        (correlation("c", "[failed]", condition="{gt: many}"), "gt needs a number, not 'many'"),
        (correlation("c", "[failed]", condition="{gt: 1, field: a}"), "no use for a field"),
        (correlation("c", "[failed]", condition="{gt: 1, percentile: 5}"), "for value_percentile"),
        (correlation("c", "[failed]", condition="failed"), "needs type temporal"),
        (correlation("c", "[failed]", condition="[1]"), "must be a map"),
        (correlation("c", "[failed]", window="5m"), "'window'"),
        (correlation("c", "[failed]", generate="perhaps"), "true or false"),
        (correlation("c", "[failed]", type="value_sum"), "needs a field"),
        (_value("value_avg", "{field: [a, b], gt: 1}"), "works on one field"),
        (_value("value_percentile", "{field: a, percentile: 101, gt: 1}"), "from 0 to 100"),
        (_boolean("failed and passed and"), "needs a rule where it has 'its end'"),
        (_boolean("failed passed"), "not understood at 'passed'"),
        (_boolean("(failed and passed"), "closing bracket"),
        (_boolean("failed and not failed and passed"), "never hold"),
        (_boolean("not failed and not passed"), "where nothing happens"),
        (_boolean("failed or not passed"), "where nothing happens"),
        (_boolean("failed"), "'passed' is not in the condition"),
        (_boolean("failed and passed and other"), "'other' stands in the condition"),
        (_boolean("(" * 60 + "failed" + ")" * 60 + " and passed"), "nested too deeply"),
        (correlation("c", "[failed, passed]", type="temporal", condition="{gte: 3}"), "3 of its 2 rules"),
        (correlation("c", "[failed, passed]", type="temporal", condition="{gte: 0}"), "0 of its 2 rules"),
        (correlation("c", "[failed, passed]", type="temporal_ordered", condition="{lt: 2}"), "not for fewer"),
        (correlation("c", "[failed]", aliases="{a: {other: b}}"), "other"),
        (correlation("c", "[failed, passed]", aliases="{source.ip: {failed: b}}"), "'passed'"),
        (correlation("c", "[failed]", extra="socterm: {colour: red}\n"), "socterm.colour"),
    ],
)
def test_correlations_that_cannot_be_used(tmp_path: Path, document: str, reason: str) -> None:
    assert reason in refusal(tmp_path, RULE, OTHER, document)


def test_a_correlation_on_a_refused_rule_is_refused_for_that_reason(tmp_path: Path) -> None:
    broken = RULE.replace("sel: {", "sel: {a|nonsense: 1, ")
    rules = load(tmp_path, correlation("c", "[failed]"), broken, OTHER)
    assert [found.fate for found in rules.fates] == ["refused", "refused", "active"]
    assert "nonsense" in fate(rules, "c").reason
    assert "'failed'" in fate(rules, "c").reason


def test_a_circle_of_correlations_is_refused(tmp_path: Path) -> None:
    rules = load(tmp_path, correlation("a", "[b]"), correlation("b", "[a]"), RULE)
    assert [found.fate for found in rules.fates] == ["refused", "refused", "active"]
    assert all("refers to itself" in found.reason for found in rules.fates[:2])


def test_a_refused_correlation_does_not_set_its_base_rules_loose(tmp_path: Path) -> None:
    rules = load(
        tmp_path, RULE, correlation("c", "[failed]", type="value_most", condition="{field: a, gt: 1}")
    )
    assert fate(rules, "A failed login").fate == "base"


# Switching off


def test_a_disabled_rule_is_not_matched(tmp_path: Path) -> None:
    rules = load(tmp_path, RULE, OTHER, disabled={"failed"})
    assert fate(rules, "A failed login").fate == "disabled"
    assert list(rules.rules) == ["passed"]


def test_a_disabled_rule_still_feeds_the_correlations_on_it(tmp_path: Path) -> None:
    rules = load(
        tmp_path, RULE + "socterm: {alert: true}\n", correlation("c", "[failed]"), disabled={"failed"}
    )
    assert fate(rules, "A failed login").fate == "disabled"
    assert "still matched" in fate(rules, "A failed login").reason
    assert not rules.rules["failed"].alerting
    assert fate(rules, "c").fate == "active"
    event = Event(
        0,
        "s",
        0,
        "",
        {"event.action": "ssh_login", "event.outcome": "failure"},
        logsources=(("linux", "", "sshd"),),
    )
    assert list(Matcher(rules).match(event)) == ["failed"]


def test_a_disabled_correlation_takes_nothing_else_down(tmp_path: Path) -> None:
    rules = load(tmp_path, RULE, correlation("c", "[failed]"), correlation("d", "[failed]"), disabled={"C"})
    assert list(rules.rules) == ["failed", "d"]
    assert fate(rules, "c").fate == "disabled"


# Silence on the terminal, and cost


ODD_CLASS = RULE.replace("sel: {", r"sel: {message|re: '[[a]b', user.name|re: '[[a]--b]', ")


def test_nothing_is_written_to_the_terminal_while_loading_and_matching(tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(ODD_CLASS)
    code = (
        "import sys, pathlib\n"
        "from socterm.sigma.load import load_rules\n"
        "from socterm.sigma.engine import Matcher\n"
        "from socterm.event import Event\n"
        f"rules = load_rules([pathlib.Path({str(tmp_path)!r})])\n"
        "assert [f.fate for f in rules.fates] == ['active'], rules.fates\n"
        "Matcher(rules).match(Event(0, 's', 0, 'xab', {}, logsources=(('linux', '', 'sshd'),)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code], capture_output=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_importing_the_loader_does_not_import_pysigma() -> None:
    code = "import sys, socterm.sigma.load, socterm.sigma.engine; sys.exit('sigma' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_a_condition_names_the_rules_where_no_list_does(tmp_path: Path) -> None:
    """And they feed it only, as those of a list do."""
    document = correlation("c", "", type="temporal", condition="failed AND NOT passed").replace(
        "  rules: \n", ""
    )
    rules = load(tmp_path, RULE, OTHER, document)
    found = rules.rules["c"].correlation
    assert found is not None
    assert (found.refs, found.cases) == (("failed", "passed"), ((("failed",), ("passed",)),))
    assert [fate.fate for fate in rules.fates] == ["base", "base", "active"]


def test_ids_with_hyphens_can_stand_in_a_condition(tmp_path: Path) -> None:
    ident = "5f3a0e5c-6e0c-4c0e-9b7c-0123456789ab"
    document = correlation("c", f"[{ident}, passed]", type="temporal", condition=f"{ident} or passed")
    found = load(tmp_path, RULE + f"id: {ident}\n", OTHER, document).rules["c"].correlation
    assert found is not None
    assert found.cases == (((ident,), ()), (("passed",), ()))


def test_a_range_is_read(tmp_path: Path) -> None:
    found = load(tmp_path, RULE, correlation("c", "[failed]", condition="{gte: 100, lte: 200}"))
    spec = found.rules["c"].correlation
    assert spec is not None
    assert spec.bounds == (("gte", 100), ("lte", 200))


def test_the_digest_of_a_correlation_changes_with_what_it_refers_to(tmp_path: Path) -> None:
    one = load(tmp_path, RULE, OTHER, correlation("c", "[failed]"), correlation("top", "[c]"))
    two = load(tmp_path, RULE.replace("A failed", "The failed"), OTHER, correlation("c", "[failed]"),
               correlation("top", "[c]"))  # fmt: skip
    assert [key for key in one.rules if one.rules[key].digest != two.rules[key].digest] == [
        "failed",
        "c",
        "top",
    ]
