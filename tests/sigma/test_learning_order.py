"""What fires depends on the events alone: not on how they were cut up, nor on the order they came in."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.event import Event
from socterm.pipeline.detect import Detector
from socterm.sigma.model import RuleSet
from tests.sigma.learning_road import MINUTE, SECOND, START, document, hits, load

LATENESS = 5 * SECOND
RULES: list[dict[str, Any]] = [
    document({"new_value": {"key": "user.name", "field": "source.ip", "learn": "20s"}}, ident="new"),
    document({"new_value": {"key": "user.name", "history": "30s"}}, ident="dormant"),
    document({"rarity": {"key": "user.name", "field": "source.ip", "max_count": 2, "history": "1m"}},
    ident="rare"),
    document({"silence": {"key": "user.name", "for": "20s", "after_seen": 2}}, ident="silent"),
    document({"geo_speed": {"key": "user.name", "max_kmh": 900, "min_km": 50}}, ident="fast"),
    document({"spike": {"key": "user.name", "bucket": "10s", "history": "1m", "min": 3, "z": 1}},
    ident="many"),
    document({"periodicity": {"key": "user.name", "min_events": 3, "max_jitter": 0.3}}, ident="beat"),
    {
        "title": "All of it", "name": "both", "level": "high",
        "correlation": {
            "type": "temporal", "rules": ["new", "silent"], "group-by": ["user.name"], "timespan": "1m",
            "generate": True,
        },
    },
]  # fmt: skip
NAMES = [rule["name"] for rule in RULES]


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    with tempfile.TemporaryDirectory() as folder:
        return load(Path(folder), *RULES)


events = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(["1", "2", "3"]),
        st.sampled_from([(52.5, 13.4), (48.9, 2.4), (52.6, 13.5)]),
        st.integers(0, 49) | st.just(0),
        st.booleans(),
    ),
    max_size=40,
)


def made(drawn: list[tuple[Any, ...]]) -> list[tuple[Event, int]]:
    """Events in their order, each with how much later (µs) than that it comes."""
    found = []
    for number, (second, user, ip, (lat, lon), delay, second_source) in enumerate(sorted(drawn)):
        fields = {
            "user.name": user, "source.ip": ip, "source.geo.location.lat": lat,
            "source.geo.location.lon": lon,
        }  # fmt: skip
        source = "two" if second_source else "one"
        event = Event(
            START + second * SECOND, source, number, "x", fields, (("test", "", ""),), id=number + 1
        )
        found.append((event, delay * SECOND // 10))
    return found


def outcome(detector: Detector) -> dict[str, list[int]]:
    detector.flush()
    changes = detector.collect()
    return {name: hits(changes, name) for name in NAMES}


def in_order(rules: RuleSet, drawn: list[tuple[Event, int]], *, one_source: bool) -> dict[str, list[int]]:
    detector = Detector(rules)
    for source in ("one", "two"):
        detector.watermark.clock(source)
    if one_source:
        detector.watermark.idle("two")
    for event, _ in drawn:
        detector.feed(event.source, [event])
    return outcome(detector)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=events, cuts=st.lists(st.integers(1, 9), min_size=1, max_size=40))
def test_neither_cuts_nor_order_matter(rules: RuleSet, drawn: list[tuple[Any, ...]], cuts: list[int]) -> None:
    drawn = [(*one[:5], False) for one in drawn]
    ordered = made(drawn)
    arriving = [event for event, delay in sorted(ordered, key=lambda pair: pair[0].ts + pair[1])]
    detector = Detector(rules)
    taken = 0
    while taken < len(arriving):
        size = cuts[taken % len(cuts)]
        detector.feed("one", arriving[taken : taken + size])
        detector.sweep()
        taken += size
    assert outcome(detector) == in_order(rules, ordered, one_source=True)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(drawn=events, turns=st.lists(st.booleans(), min_size=1, max_size=40))
def test_one_source_may_be_far_ahead_of_the_other(
    rules: RuleSet, drawn: list[tuple[Any, ...]], turns: list[bool]
) -> None:
    ordered = made(drawn)
    arriving = sorted(ordered, key=lambda pair: pair[0].ts + pair[1])
    waiting = {name: [event for event, _ in arriving if event.source == name] for name in ("one", "two")}
    detector = Detector(rules)
    for name in waiting:
        detector.watermark.clock(name)
    for turn in range(sum(map(len, waiting.values()))):
        name = "one" if turns[turn % len(turns)] else "two"
        if not waiting[name]:
            name = "two" if name == "one" else "one"
        detector.feed(name, [waiting[name].pop(0)])
        detector.sweep()
    assert outcome(detector) == in_order(rules, ordered, one_source=False)


def test_an_event_waits_until_nothing_can_come_before_it(rules: RuleSet) -> None:
    ordered = made([(0, "ann", "1", (52.5, 13.4), 0, False), (60, "ann", "2", (52.5, 13.4), 0, False)])
    detector = Detector(rules)
    for event, _ in ordered:
        detector.feed("one", [event])
    assert hits(detector.collect(), "new") == []
    detector.watermark.idle("one")
    detector.rest(LATENESS + 1, START)
    assert hits(detector.collect(), "new") == [1]


def test_a_late_event_is_judged_at_once_and_counted(rules: RuleSet) -> None:
    ordered = made([(0, "ann", "1", (52.5, 13.4), 0, False), (60, "bob", "2", (52.5, 13.4), 0, False),
                    (65, "bob", "2", (52.5, 13.4), 0, False), (66, "bob", "2", (52.5, 13.4), 0,
                     False)])  # fmt: skip
    (ann, _), (bob, _), (again, _), (last, _) = ordered
    late = Event(
        START + 30 * SECOND, "one", 9, "x", dict(ann.fields) | {"source.ip": "3"}, ann.logsources, id=9
    )
    detector = Detector(rules)
    detector.feed("one", [ann, bob, again, last, late])
    assert hits(detector.collect(), "new") == [9, 1]
    assert detector.learner is not None
    assert detector.learner.judges["new"].course.late == 1
    assert detector.counters()["learning_late"] == 7


def test_quiet_sources_hold_nothing_back(rules: RuleSet) -> None:
    """A line hours after the one before, whose time nothing confirms: live, it is judged within seconds."""
    detector = Detector(rules)
    fields = {"user.name": "ann", "source.ip": "1"}
    for number, at in enumerate((START, START + 180 * MINUTE)):
        fields = {"user.name": "ann", "source.ip": str(number)}
        detector.feed("one", [Event(at, "one", number, "x", fields, (("test", "", ""),), id=number + 1)])
    now = START + 180 * MINUTE + SECOND
    detector.rest(0, now)
    detector.rest(3 * SECOND, now + 3 * SECOND)
    assert hits(detector.collect(), "new") == []
    detector.rest(LATENESS + SECOND, now + LATENESS + SECOND)
    assert hits(detector.collect(), "new") == [1]


def test_a_stamp_in_the_future_waits_for_its_time(rules: RuleSet) -> None:
    detector = Detector(rules)
    for number, at in enumerate((START, START + 180 * MINUTE)):
        fields = {"user.name": "ann", "source.ip": str(number)}
        detector.feed("one", [Event(at, "one", number, "x", fields, (("test", "", ""),), id=number + 1)])
    for second in range(20):
        detector.rest(0, START + second * SECOND)
    assert hits(detector.collect(), "new") == []


def test_silence_follows_the_wall_clock_when_all_sources_are_quiet(rules: RuleSet) -> None:
    detector = Detector(rules)
    ordered = made([(0, "ann", "1", (52.5, 13.4), 0, False), (3, "ann", "1", (52.5, 13.4), 0, False)])
    detector.feed("one", [event for event, _ in ordered])
    detector.watermark.idle("one")
    for quiet in range(1, 25):
        detector.rest(quiet * SECOND, START + (3 + quiet) * SECOND)
        assert hits(detector.collect(), "silent") == []
    detector.rest(26 * SECOND, START + 29 * SECOND)
    (change,) = [change for change in detector.collect() if change.rule == "silent"]
    assert [hit.position for hit in change.hits] == [1]
    assert change.first[0] == START + 23 * SECOND
    assert dict(change.entity) == {"user.name": "ann"}
