"""Exceptions as documents: whatever a value is, it means itself and nothing else."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from socterm.alerts.exceptions import DAY, EVERYTHING, Term, Wording, check, expiry, status_of, suggestions
from socterm.errors import RuleError, UsageError
from socterm.event import Event
from socterm.sigma.documents import RuleFile
from socterm.sigma.evaluate import evaluate
from socterm.sigma.exceptions import InForce, Tally
from socterm.sigma.exceptiontext import read, terms_of, written
from socterm.sigma.load import load_files

RULE = """\
title: Any login
name: any_login
logsource: {product: linux}
detection: {sel: {event.action: login}, condition: sel}
"""
RULES = load_files([RuleFile("rule.yml", RULE)])
text = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
HOSTILE = [
    '"',
    "'",
    "*",
    "?",
    "\\",
    "\\*",
    "a\\",
    "---",
    "\n---\n",
    ": x",
    "{a: b}",
    "# no",
    "%x%",
    "!!python/object",
    "&a",
    "null",
    "~",
    "\x00",
    "\u202e",
    "🦊",
    "",
    " ",
    "22",
    "true",
]


def event(value: str) -> Event:
    return Event(1, "s", 0, "", {"event.action": "login", "user.name": value}, (("linux", "", ""),))


def document(value: str, reason: str = "known") -> str:
    return written(
        Wording(("any_login",), (Term("user.name", value),), reason), author="ann", day="2026-01-02"
    )


@given(value=text, other=text)
@example(value="a*", other="ab")
@example(value="a?", other="ab")
@example(value="\\*", other="*")
@example(value="a\n---\nb", other="b")
def test_a_value_hides_itself_and_nothing_else(value: str, other: str) -> None:
    said = read(document(value))
    assert evaluate(said.hides, event(value), UTC)
    assert evaluate(said.hides, event(other), UTC) == (other.lower() == value.lower())
    assert terms_of(said.hides) == (Term("user.name", value.lower()),)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_and_reasons_stay_one_document(value: str) -> None:
    said = read(document(value, reason=f"{value} why"))
    assert said.rules == ("any_login",)
    assert said.author == "ann"
    ready = InForce([(1, document(value))], RULES, tally=Tally())
    assert ready.problems == {}
    assert ready.heard(event(value), ("any_login",)) != ("any_login",)
    assert ready.heard(event(value + "x"), ("any_login",)) == ("any_login",)


def test_what_is_written_is_a_sigma_filter_for_others_too() -> None:
    """With a log source any tool that knows filters can take it."""
    filter_ = document("bob") + "logsource: {product: linux}\n"
    rules = load_files([RuleFile("rule.yml", RULE), RuleFile("filter.yml", filter_)])
    assert [fate.fate for fate in rules.fates] == ["active", "filter"]
    tree = rules.rules["any_login"].detection
    assert not evaluate(tree, event("bob"), UTC)
    assert evaluate(tree, event("eve"), UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "one document"),
        ("a: 1\n---\nb: 2\n", "one document"),
        ("{", "not YAML"),
        ("title: x\n", "no filter"),
        ("filter: {rules: any, s: {a: 1}, condition: s}\n", "not selection"),
        ("filter: {rules: any, s: {a: 1}, condition: not other}\n", "other"),
        ("filter: {rules: [], s: {a: 1}, condition: not s}\n", "rules is empty"),
    ],
)
def test_what_is_no_exception_is_refused_in_one_line(text: str, why: str) -> None:
    with pytest.raises(RuleError, match=why) as caught:
        read(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("terms", "reason", "why"),
    [
        ((), "x", "needs a field"),
        ((Term("a", "b"),), "  ", "needs a reason"),
        ((Term("a", "b"), Term("a", "c")), "x", "named twice"),
        ((Term("a|re", ".*"),), "x", "not the name of a field"),
        ((Term("source.ip", "0.0.0.0/0", True),), "x", "every address"),
        ((EVERYTHING, Term("a", "b")), "x", "stands alone"),
        ((Term("source.ip", "::/0", True),), "x", "every address"),
        ((Term("source.ip", "host", True),), "x", "not a network"),
    ],
)
def test_what_hides_too_much_or_says_too_little_is_refused(terms: tuple, reason: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        check(Wording(("r",), terms, reason))


def test_switching_off_is_for_single_rules_and_no_value_can_say_it() -> None:
    with pytest.raises(UsageError, match="every event"):
        check(Wording((), (EVERYTHING,), "x"))
    off = written(Wording(("any_login",), (EVERYTHING,), "x"), author="ann", day="2026-01-02")
    assert read(off).everything
    assert not read(document("event.kind|exists: true")).everything


def test_networks_are_written_in_their_usual_form() -> None:
    wording = check(Wording((), (Term("source.ip", " 10.1.2.3/8 ", True),), "x"))
    assert wording.terms == (Term("source.ip", "10.0.0.0/8", network=True),)


def test_ends() -> None:
    assert expiry("12h", 5) == 5 + DAY // 2
    assert expiry("2026-04-01", 0) == 1_775_001_600_000_000
    for wrong in ("", "soon", "0d", "-3d", "1999-01-01", "99999999d", "999999w"):
        with pytest.raises(UsageError):
            expiry(wrong, 1_700_000_000_000_000)
    assert [status_of(*said, now=9) for said in ((0, ""), (9, ""), (10, "no rule"))] == [
        "in force",
        "expired",
        "refused",
    ]


def test_suggested_is_what_all_events_have_in_common() -> None:
    events = [
        {"user.name": "a", "host.hostname": "h", "source.ip": "1"},
        {"user.name": "b", "host.hostname": "h"},
    ]
    assert suggestions(events) == (Term("host.hostname", "h"),)
    assert suggestions(events, ["host.hostname"]) == ()
    assert suggestions([]) == ()
