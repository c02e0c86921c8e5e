"""The parts of the analyst's score, against cases calculated by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.analyst.evaluation.scoring import (
    SILENCE,
    WEIGHTS,
    Answer,
    asserts,
    composite,
    entities,
    event_lines,
    evidence,
    same,
    score,
    techniques,
    wilson,
)
from socterm.analyst.evaluation.shapes import Group, Techniques, Truth

LOGS = {
    "auth.log": ("guess of root", "guess of root", "login of root", "something else"),
    "audit.log": (
        "type=SYSCALL msg=audit(1.000:7): exe",
        "type=EXECVE msg=audit(1.000:7): a0",
        "msg=audit(1.000:8): x",
    ),
}


def line(source: str, number: int) -> frozenset[tuple[str, int]]:
    return frozenset({(source, number)})


ONE, THREE, FOUR = line("auth.log", 1), line("auth.log", 3), line("auth.log", 4)
GROUPS = (Group(why="the guesses", match="guess"), Group(why="the login", source="auth.log", lines=(3,)))


def truth(**changed: Any) -> Truth:
    told: dict[str, Any] = {
        "verdict": "malicious",
        "severity_at_least": "high",
        "entities": ["source.ip=192.0.2.7", "user.name=root"],
        "techniques": {"required": ["T1110"], "accepted": ["T1078"]},
        "must_cite": [{"why": "the guesses", "match": "guess"}, {"why": "the login", "match": "login"}],
        "forbidden": ["user.name=ann", "all clear"],
    }
    return Truth.model_validate(told | changed)


def test_the_weights_are_a_whole() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("cited", "rests", "expected"),
    [
        ([ONE, THREE], [ONE, THREE], 1.0),
        ([ONE], [ONE], 2 / 3),  # all of it right, one of two groups
        ([ONE, THREE, FOUR], [ONE, THREE, FOUR], 0.8),  # both groups, two of three right
        ([ONE, THREE], [ONE, FOUR], 2 / 3),  # both groups cited, half of what it rests on right
        ([FOUR], [FOUR], 0.0),
        ([], [], 0.0),
    ],
)
def test_evidence(cited: list[Any], rests: list[Any], expected: float) -> None:
    assert evidence(GROUPS, LOGS, cited, rests) == pytest.approx(expected)


def test_a_line_of_an_audit_event_cites_all_of_them() -> None:
    assert event_lines("audit.log", 2, LOGS) == line("audit.log", 1) | line("audit.log", 2)
    assert event_lines("audit.log", 3, LOGS) == line("audit.log", 3)
    assert event_lines("auth.log", 3, LOGS) == THREE
    assert event_lines("auth.log", 99, LOGS) == line("auth.log", 99)


@pytest.mark.parametrize(
    ("true", "said", "expected"),
    [
        (("source.ip", "192.0.2.7"), ("destination.ip", "192.0.2.7"), True),
        (("user.name", "ann@example.org"), ("user.target.name", "ANN"), True),
        (("user.name", "ann"), ("source.user.name", "ann"), True),
        (("user.name", "web01"), ("host.hostname", "web01"), False),
        (("host.name", "APP02.corp.example"), ("host.hostname", "app02"), True),
        (("dns.question.name", "bad.example"), ("dns.question.name", "a.b.bad.example"), True),
        (("dns.question.name", "bad.example"), ("destination.domain", "notbad.example"), False),
        (("url.path", "/x.php"), ("url.original", "http://h.example/x.php?cmd=id"), True),
        (("url.path", "/x.php"), ("url.path", "/y/x.php"), False),
        (("process.executable", "/bin/sh"), ("file.path", "/bin/sh"), True),
    ],
)
def test_entities_are_compared_by_kind_and_value(
    true: tuple[str, str], said: tuple[str, str], expected: bool
) -> None:
    assert same(true, said) is expected


def test_an_innocent_who_is_named_counts_as_one_more_to_find() -> None:
    address, user, innocent = ("source.ip", "192.0.2.7"), ("user.name", "root"), ("user.target.name", "ann")
    assert entities(truth(), [address, user]) == 1.0
    assert entities(truth(), [address]) == 0.5
    assert entities(truth(), [address, user, innocent]) == pytest.approx(2 / 3)
    assert entities(truth(), [address, user, ("user.name", "somebody")]) == 1.0


@pytest.mark.parametrize(
    ("required", "named", "expected"),
    [
        (("T1110",), ("T1110.001",), 1.0),
        (("T1110.001",), ("T1110",), 0.0),  # a sub-technique only by itself
        (("T1070.001|T1685",), ("T1685.005",), 1.0),
        (("T1110",), ("T1110", "T1078"), 1.0),  # what is accepted neither helps
        (("T1110",), ("T1078",), 0.0),  # nor hurts, nor takes its place
        (("T1110",), ("T1110", "T1005", "T1046"), 0.5),  # 2·1 / (1 + 1 + 2)
        (("T1110", "T1046"), ("T1110",), 2 / 3),
        ((), (), 1.0),
        ((), ("T1078",), 1.0),
        ((), ("T1005",), 0.5),
    ],
)
def test_techniques(required: tuple[str, ...], named: tuple[str, ...], expected: float) -> None:
    told = Techniques(required=required, accepted=("T1078",))
    assert techniques(told, named) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("forbidden", "text", "expected"),
    [
        ("all clear", "It is ALL CLEAR.", True),
        ("user.name=ann", "Ask Ann.", True),
        ("user.name=ann", "Annual report", False),
        ("source.ip=10.0.0.1", "address 10.0.0.1.", True),
        ("source.ip=10.0.0.1", "addresses 10.0.0.12 and 110.0.0.1", False),
        ("source.ip=10.0.0.1", "version 10.0.0.1.7", False),
    ],
)
def test_what_is_asserted(forbidden: str, text: str, expected: bool) -> None:
    assert asserts([forbidden], text) is expected


def test_a_scenario_as_a_whole() -> None:
    found = score(
        truth(),
        LOGS,
        Answer(
            verdict="true_positive", severity="high", entities=(("source.ip", "192.0.2.7"),),
            techniques=("T1110",), cited=(ONE, THREE), rests=(ONE, THREE), asserted="ann did it", form=0.8,
        ),
    )  # fmt: skip
    assert (found.verdict, found.evidence, found.entities, found.techniques) == (1.0, 1.0, 0.5, 1.0)
    assert found.validity == pytest.approx(0.4)  # half of (0.8, and something forbidden)
    assert found.severity == 1.0


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [("true_positive", "malicious"), ("suspicious", "suspicious"), ("undetermined", "suspicious"),
     ("benign", "benign")],
)  # fmt: skip
def test_the_words_of_verdicts(verdict: str, expected: str) -> None:
    for true in ("malicious", "suspicious", "benign"):
        assert score(truth(verdict=true), LOGS, Answer(verdict=verdict)).verdict == float(true == expected)


def test_severity_is_told_and_counts_for_nothing() -> None:
    told = truth(severity_at_least="low", severity_at_most="medium")
    assert score(told, LOGS, Answer(severity="medium")).severity == 1.0
    assert score(told, LOGS, Answer(severity="high")).severity == 0.0
    assert "severity" not in WEIGHTS


def test_silence_is_right_over_a_harmless_twin_and_worth_nothing_over_an_attack() -> None:
    quiet = score(truth(verdict="benign"), LOGS, SILENCE)
    missed = score(truth(), LOGS, SILENCE)
    parts = ("verdict", "evidence", "entities", "techniques", "validity")
    assert [getattr(quiet, part) for part in parts] == [1.0] * 5
    assert [getattr(missed, part) for part in parts] == [0.0] * 5


def test_the_composite_by_hand() -> None:
    parts = {"verdict": 1.0, "evidence": 0.5, "entities": 0.4, "techniques": 0.2, "validity": 1.0}
    # 0.30 + 0.10 + 0.06 + 0.03 + 0.10 + 0.10 · 0.5
    assert composite({**parts, "robustness": 0.5, "severity": 0.0}) == pytest.approx(0.64)
    assert composite({**parts, "robustness": 0.5}, alone=True) == pytest.approx(0.49 / 0.8)
    assert composite(parts) == pytest.approx(0.59 / 0.9)  # no texts for a model: that part is not there


@given(of=st.integers(1, 2_000), share=st.floats(0, 1), z=st.floats(0.1, 4))
def test_the_ends_of_the_interval_are_where_the_share_is_just_believable(
    of: int, share: float, z: float
) -> None:
    """Wilson, 1927: the shares p for which |found − p| is z times the deviation that p itself has."""
    hits = round(share * of)
    found, (low, high) = hits / of, wilson(hits, of, z)
    assert 0.0 <= low <= found <= high <= 1.0
    for end in (low, high):
        if 0.0 < end < 1.0:
            assert abs(found - end) == pytest.approx(z * math.sqrt(end * (1 - end) / of), abs=1e-9)
    assert wilson(of - hits, of, z) == pytest.approx((1 - high, 1 - low), abs=1e-9)


def test_the_interval_is_wilsons() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=1e-4)
    assert wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
