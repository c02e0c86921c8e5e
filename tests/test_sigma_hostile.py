"""Rule files of any shape: loading never fails, every document gets a fate, the good rule beside it lives."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.event import Event
from socterm.sigma.engine import Matcher
from socterm.sigma.load import load_rules

GOOD = "title: good\nname: good\nlogsource: {product: linux}\ndetection: {s: {a: 1}, condition: s}\n"

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["*", "(", "%x%", "1m"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = (
    "a, a|re, a|contains|all, a|cidr, a|base64offset, a|windash, a|exists, a|fieldref, a|gt, |all, "
    "@timestamp|hour, a|re|i, a|expand, a|neq, a|wide|base64, a|cased, a|lte, "
)
keys = st.sampled_from(KEYS.split(", "))
detections = st.dictionaries(keys, values, max_size=3)
conditions = st.sampled_from(
    ["s", "not s", "1 of them", "all of s*", "s and t", ["s", "t"], "(s or t) and not s", "", None, 3]
)
terms = st.dictionaries(
    st.sampled_from(["type", "rules", "group-by", "timespan", "condition", "aliases", "generate"]),
    st.one_of(values, st.sampled_from(["event_count", "temporal", "good", ["good"], "5m", {"gt": 3}])),
)
documents = st.one_of(
    values,
    st.fixed_dictionaries(
        {"title": values, "logsource": values},
        optional={"detection": values, "tags": values, "socterm": values},
    ),
    st.builds(
        lambda s, t, condition: {
            "title": "t",
            "logsource": {"product": "linux"},
            "detection": {"s": s, "t": t, "condition": condition},
        },
        detections,
        st.one_of(detections, values),
        conditions,
    ),
    st.builds(lambda found: {"title": "c", "name": "c", "correlation": found}, terms),
    st.builds(lambda found: {**yaml.safe_load(GOOD.replace("good", "other")), "socterm": found}, values),
)


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(documents)
def test_any_document_gets_a_fate(tmp_path: Path, document: Any) -> None:
    text = yaml.safe_dump(document)
    (tmp_path / "a.yml").write_text(f"{text}\n---\n{GOOD}", encoding="utf-8")
    rules = load_rules([tmp_path])
    assert rules.fates[-1].key == "good"
    assert rules.fates[-1].fate in ("active", "base")
    assert all(fate.reason and "\n" not in fate.reason for fate in rules.fates if fate.fate == "refused")
    event = Event(0, "s", 0, "raw", {"a": 1}, logsources=(("linux", "", "syslog"),))
    assert "good" in Matcher(rules).match(event)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(max_size=60))
def test_any_text_beside_a_rule_leaves_it_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(f"{GOOD}---\n{text}\n", encoding="utf-8", errors="replace")
    rules = load_rules([tmp_path])
    assert rules.fates[0].fate == "active"


HEAD = "title: x\nlogsource: {product: linux}\ndetection: "

TRAPS = {
    "circle": "a: &a [*a]",
    "circle in a rule": "a: &a {b: *a}\ntitle: x\ndetection: *a",
    "deep lists": "x: " + "[" * 20_000,
    "deep maps": "x: " + "{a: " * 3_000,
    "tag": "!!python/object/apply:os.system [id]",
    "date": "title: 2024-13-45\ndate: 2024-13-45",
    "odd key": "? [a, b]\n: c",
    "nul": "title: \x00",
    "nots": f"{HEAD}{{s: {{a: 1}}, condition: {'not ' * 5_000}s}}",
    "groups": f"{HEAD}{{s: {{'a|re': '{'(' * 5_000}{')' * 5_000}'}}, condition: s}}",
}


@pytest.mark.parametrize("text", TRAPS.values(), ids=TRAPS)
def test_known_traps(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(f"{text}\n---\n{GOOD}", encoding="utf-8")
    rules = load_rules([tmp_path])
    assert [fate.fate for fate in rules.fates] == ["refused", "active"]


def test_a_condition_wrapped_in_many_parentheses_is_read_or_refused(tmp_path: Path) -> None:
    wrapped = f"{HEAD}{{s: {{a: 1}}, condition: {'(' * 3_000}s{')' * 3_000}}}"
    (tmp_path / "a.yml").write_text(f"{wrapped}\n---\n{GOOD}", encoding="utf-8")
    rules = load_rules([tmp_path])
    event = Event(0, "s", 0, "raw", {"a": 1}, logsources=(("linux", "", "syslog"),))
    assert len(Matcher(rules).match(event)) == len(rules.rules)
    assert rules.fates[1].fate == "active"


def test_a_file_that_is_far_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("# " + "x" * (5 << 20))
    (tmp_path / "b.yml").write_text(GOOD)
    assert [fate.fate for fate in load_rules([tmp_path]).fates] == ["refused", "active"]


def test_names_from_a_rule_never_become_code(tmp_path: Path) -> None:
    nasty = "'] or __import__('os').abort() or F['"
    rule = {
        "title": "t",
        "name": nasty,
        "logsource": {"product": "linux"},
        "detection": {"s": {nasty: [nasty, f"{nasty}*", '"""', "\\"], f"{nasty}|re": "x"}, "condition": "s"},
    }
    (tmp_path / "a.yml").write_text(yaml.safe_dump(rule))
    rules = load_rules([tmp_path])
    matcher = Matcher(rules)
    sources = (("linux", "", "syslog"),)
    assert matcher.match(Event(0, "s", 0, "", {nasty: f"{nasty} x"}, logsources=sources)) == (nasty,)
    assert matcher.match(Event(0, "s", 0, "", {"F": "x"}, logsources=sources)) == ()


BOMB = "a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + below] * 9)}]\n" for below, name in pairwise("abcdefghijk")
)
"""Nine to the eleventh values in six hundred bytes: whoever writes them out has no memory left."""


@pytest.mark.parametrize(
    "part",
    [
        "date: *k",
        "id: *k",
        "tags: *k",
        "detection: {s: {x: *k}, condition: s}",
        "correlation: {type: event_count, rules: [good], timespan: *k, condition: {gte: 2}}",
        "socterm: {tests: [{name: n, alerts: 0, events: [{x: *k}]}]}",
        "custom: *k",
    ],
)
def test_aliases_that_stand_for_a_billion_values_are_refused(tmp_path: Path, part: str) -> None:
    (tmp_path / "a.yml").write_text(f"{BOMB}title: bomb\n{part}\n---\n{GOOD}")
    bomb, good = load_rules([tmp_path]).fates
    assert bomb.reason == "with its aliases written out it is larger than 4 MiB"
    assert good.fate == "active"


def test_what_else_aliases_can_do(tmp_path: Path) -> None:
    deep = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200))
    long = f"a: &a {'x' * 5000}\nb: [{', '.join(['*a'] * 1000)}]\n"
    itself = "a: &a {b: [*a]}\n"
    for number, text in enumerate([deep, long, itself]):
        (tmp_path / f"{number}.yml").write_text(text + GOOD.replace("good", f"good{number}"))
    reasons = [fate.reason for fate in load_rules([tmp_path]).fates]
    for reason, said in zip(reasons, ("100 deep", "larger than 4 MiB", "contains itself"), strict=True):
        assert said in reason


def test_aliases_within_reason_are_fine(tmp_path: Path) -> None:
    text = GOOD.replace("{s: {a: 1}, condition: s}", "{s: &s {a: 1}, t: *s, condition: s and t}")
    (tmp_path / "a.yml").write_text(text)
    assert [fate.fate for fate in load_rules([tmp_path]).fates] == ["active"]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("17", "a number"),
        ("true", "yes or no"),
        ("[1]", "a list"),
        ("{a: b}", "a map"),
        ("2026-01-01", "that"),
    ],
)
def test_an_id_that_is_no_text_is_refused_in_plain_words(tmp_path: Path, said: str, kind: str) -> None:
    (tmp_path / "a.yml").write_text(f"id: {said}\n{GOOD}")
    (fate,) = load_rules([tmp_path]).fates
    assert (fate.fate, fate.reason) == ("refused", f"its identifier (id) must be a UUID in text, not {kind}")


def test_a_file_that_never_ends_is_given_up(tmp_path: Path) -> None:
    (fate,) = load_rules([Path("/dev/zero")]).fates
    assert fate.reason == "the file is larger than 4 MiB"


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_ends_of_other_systems(tmp_path: Path, ending: str) -> None:
    (tmp_path / "a.yml").write_bytes(b"\xef\xbb\xbf" + f"# one\n---\n{GOOD}".replace("\n", ending).encode())
    (fate,) = load_rules([tmp_path]).fates
    assert (fate.fate, fate.line) == ("active", 3)
