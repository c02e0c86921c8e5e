"""The explanation of an alert without a model: what it says, and that what it cites is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.analyst import Analyst, Explanation, NullBackend
from socterm.analyst.explain import explain
from socterm.store import Store
from socterm.store.rows import AlertRow, EventRow

from analyst_scene import ATTACKER, BRUTE, BRUTE_ALERT, NOW, ODD_ALERT, SUDO_ALERT, Scene, attack


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with attack().store(tmp_path_factory.mktemp("explain")) as store:
        yield store


@pytest.fixture
def analyst(store: Store) -> Analyst:
    return Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)


def part(found: Explanation, heading: str) -> str:
    return next((part.text for part in found.text_parts if part.heading == heading), "")


def test_it_names_what_matched(analyst: Analyst) -> None:
    found = analyst.explain(BRUTE_ALERT)
    assert found.source == "rules"
    happened = part(found, "What happened")
    assert "SSH brute force, then login (high): 31 events of 203.0.113.9" in happened
    assert "from 2026-11-20 10:00:00 to 10:01:10 UTC (1 min 10 s)" in happened
    assert "30 × failed SSH login, 1 × successful SSH login" in happened
    values = part(found, "Matched values")
    assert f"source.ip: {ATTACKER}" in values
    assert "user.name: root (20), admin (6), alice (5)" in values
    assert "host.hostname: web01" in values
    assert "event.outcome: failure (30), success (1)" in values


def test_it_sees_the_success_after_the_failures_and_cites_it(analyst: Analyst) -> None:
    found = analyst.explain(BRUTE_ALERT)
    assert "A login as alice succeeded after 30 failures [#31]" in part(found, "Why it matters")
    assert "T1110.001 Brute Force: Password Guessing" in part(found, "Why it matters")
    assert found.citations == (1, 31)


def test_every_citation_exists(analyst: Analyst, store: Store) -> None:
    for alert in (BRUTE_ALERT, SUDO_ALERT, ODD_ALERT):
        found = analyst.explain(alert)
        assert found.citations
        assert len(store.events.get(found.citations)) == len(found.citations)
        assert {int(n) for n in re.findall(r"\[#(\d+)\]", found.text)} == set(found.citations)


def test_a_log_line_cannot_pose_as_a_citation(analyst: Analyst) -> None:
    found = analyst.explain(ODD_ALERT)
    assert "[#1]" not in found.text
    assert 1 not in found.citations
    assert "\x1b" not in found.text
    assert "\u202e" not in found.text


def test_an_alert_still_growing_says_so(analyst: Analyst) -> None:
    assert "still going on" in part(analyst.explain(ODD_ALERT), "What happened")
    assert "still going on" not in part(analyst.explain(SUDO_ALERT), "What happened")


def test_the_rules_own_false_positives_come_first(analyst: Analyst) -> None:
    assert part(analyst.explain(BRUTE_ALERT), "It could be harmless") == "The rule's author names: Pen test."
    assert part(analyst.explain(BRUTE_ALERT), "How to check") == (
        "1. Ask alice.\n2. End her session: `loginctl terminate-user alice`."
    )
    assert "How to check" not in analyst.explain(SUDO_ALERT).text
    assert part(analyst.explain(SUDO_ALERT), "It could be harmless").startswith(
        "Often it is an administrator"
    )


def test_other_alerts_of_the_entity_are_told(
    analyst: Analyst, tmp_path_factory: pytest.TempPathFactory
) -> None:
    scene = attack()
    other = scene.login(300, "root", ATTACKER, "failure")
    scene.alert(BRUTE, {"source.ip": ATTACKER}, [other])
    with scene.store(tmp_path_factory.mktemp("two")) as store:
        found = Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW).explain(4)
        assert "Also: alert 1: high" in part(found, "Why it matters")
        assert "1 login of the same origin succeeded" in part(found, "Why it matters")


def test_no_such_alert_is_an_answer(analyst: Analyst) -> None:
    assert "There is no alert 99" in analyst.explain(99).text


def test_a_long_alert_says_what_it_looked_at(tmp_path_factory: pytest.TempPathFactory) -> None:
    scene = Scene()
    ids = [scene.login(index, "root", ATTACKER, "failure") for index in range(900)]
    scene.alert(BRUTE, {"source.ip": ATTACKER}, ids)
    with scene.store(tmp_path_factory.mktemp("long")) as store:
        found = Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW).explain(1)
    assert "900 events of" in part(found, "What happened")
    assert "Of the 400 looked at: 400 × failed SSH login." in part(found, "What happened")
    assert "others in between" in part(found, "Key lines")
    assert found.citations == (1, 900)


def test_weights_count_each_attempt_once() -> None:
    scene = Scene()
    scene.login(0, "root", ATTACKER, "failure")
    rows = [
        EventRow(1, 0, "s", 0, "x", {"event.action": "ssh_login", "event.outcome": "failure"}, repeat=5),
        EventRow(2, 1, "s", 1, "x", {"event.action": "pam_login", "event.outcome": "failure"}, repeat=0),
    ]
    found = explain(row_of(count=5), rows)
    assert "5 × failed SSH login." in part(found, "What happened")


def test_events_gone_from_the_store_are_said_to_be_gone() -> None:
    found = explain(row_of(count=3), [])
    assert "no longer in the store" in part(found, "Key lines")
    assert found.citations == ()
    assert "source.ip: 192.0.2.1" in part(found, "Matched values")


def row_of(**changes: object) -> AlertRow:
    values: dict[str, object] = dict.fromkeys(AlertRow.__struct_fields__, 0)
    values |= dict.fromkeys(("key", "verdict", "owner"), "")
    values |= {"id": 1, "rule": "r", "title": "T", "level": "high", "description": "D", "state": "new"}
    values |= {"tags": ("attack.t1110",), "entity": {"source.ip": "192.0.2.1"}, "last": 1, "count": 1}
    values |= {"signals": 1, "settled": True}
    return AlertRow(**(values | changes))  # type: ignore[arg-type]


NAMES = [
    "source.ip",
    "user.name",
    "event.action",
    "event.outcome",
    "host.hostname",
    "process.command_line",
    "message",
]
VALUES = st.one_of(
    st.text(max_size=20),
    st.integers(),
    st.lists(st.text(max_size=5), max_size=2),
    st.sampled_from(["ssh_login", "success", "failure", "{ip}", "{"]),
)
FIELDS = st.dictionaries(st.sampled_from(NAMES), VALUES)
ROWS = st.lists(
    st.builds(
        EventRow,
        id=st.integers(1, 50),
        ts=st.integers(-(2**62), 2**62),
        source=st.text(max_size=5),
        position=st.integers(0, 9),
        raw=st.text(max_size=40),
        fields=FIELDS,
        repeat=st.integers(0, 3),
    ),
    max_size=6,
)


@given(ROWS, st.dictionaries(st.text(max_size=8), st.text(max_size=20), max_size=2), st.text(max_size=20))
def test_any_evidence_can_be_explained(rows: list[EventRow], entity: dict[str, str], text: str) -> None:
    alert = row_of(
        entity=entity, title=text, description=text, tags=(text, f"attack.{text}"), first=-(2**62), last=2**62
    )
    found = explain(alert, rows)
    assert set(found.citations) <= {row.id for row in rows}
    assert {int(n) for n in re.findall(r"\[#(\d+)\]", found.text)} <= {row.id for row in rows}
