"""Hits of one group that lie far apart in time: stamps in the future, clocks turned back, logs read twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from correlation_story import Stored, alerts_of, correlation, event, rules_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.event import Event
from socterm.sigma.model import RuleSet
from socterm.sigma.windows import CountWindow, OrderedWindow, TemporalWindow, ValueWindow

HOUR, DAY = 3600, 24 * 3600
IP = "group-by: [source.ip]; timespan: 1m"
AT_ONCE = {
    "count": f"type: event_count; rules: [a]; {IP}; condition: {{gte: 4}}",
    "values": f"type: value_count; rules: [a]; {IP}; condition: {{field: user.name, gte: 3}}",
    "near": f"type: temporal; rules: [a, b]; {IP}",
    "order": f"type: temporal_ordered; rules: [a, b]; {IP}",
    "chain": f"type: temporal_ordered; rules: [values, b]; {IP}",
}


@pytest.fixture
def rules(tmp_path: Path) -> RuleSet:
    alert = "socterm: {alert: true}\n"
    return rules_of(tmp_path, *(correlation(body, name, alert) for name, body in AT_ONCE.items()))


def bursts(first: int, start: float, count: int, size: int = 12) -> list[Event]:
    """So many bursts, 50 minutes apart; only every second has what satisfies a rule."""
    found = []
    for burst in range(count):
        for n in range(size):
            at = start + burst * 50 * 60 + n * (1 if burst % 2 else 61)
            what = "b" if n % 12 == 11 else "a"
            found.append(event(first + len(found), at, what, user=f"u{n % 5 if burst % 2 else 0}"))
    return found


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How many hits windows go through, counted beside what they do."""
    counted: Counter[str] = Counter()

    def counting(kind: type, name: str) -> None:
        step = getattr(kind, name)

        def count(window: object, hit: object) -> bool:
            counted[kind.__name__] += 1
            found: bool = step(window, hit)
            return found

        monkeypatch.setattr(kind, name, count)

    for kind in (ValueWindow, TemporalWindow, OrderedWindow):
        counting(kind, "_step")
    counting(CountWindow, "_append")
    return counted


def told(rules: RuleSet, events: Sequence[Event], *, each: int, restarts: bool = False) -> list[tuple]:
    """The alerts, with a commit after so many lines."""
    run = Stored(rules)
    for start in range(0, len(events), each):
        run.feed(events[start : start + each])
        run.commit()
        if restarts:
            run.restart()
    return run.end()


LATER = {
    "one stamp a month ahead": lambda: bursts(0, 30 * DAY, 1, size=1),
    "a clock a month ahead": lambda: bursts(0, 30 * DAY, 1, size=3000),
    "bursts a month ahead": lambda: bursts(0, 30 * DAY, 60),
    "bursts hours ahead": lambda: bursts(0, 8 * HOUR, 8, size=40),
}


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
def test_what_came_from_the_future_changes_nothing_of_the_present(rules: RuleSet, later: object) -> None:
    """Neither is counted with the other: the alerts are those of both alone."""
    ahead = later()  # type: ignore[operator]
    events = bursts(len(ahead), 0, 8)
    assert told(rules, events, each=10)
    apart = sorted([*told(rules, ahead, each=10), *told(rules, events, each=10)])
    assert told(rules, [*ahead, *events], each=10) == apart
    assert told(rules, [*ahead, *events], each=1) == apart


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
def test_restarts_change_nothing_of_it(rules: RuleSet, later: object) -> None:
    ahead = later()  # type: ignore[operator]
    events = [*ahead, *bursts(len(ahead), 0, 8)]
    assert told(rules, events, each=7, restarts=True) == told(rules, events, each=50)


@pytest.mark.parametrize("later", LATER.values(), ids=LATER)
def test_lines_before_what_is_open_cost_about_what_they_cost_alone(
    rules: RuleSet, steps: Counter[str], later: object
) -> None:
    """Windows do not go again through all that came before, at each of the lines."""
    ahead = later()  # type: ignore[operator]
    events = bursts(len(ahead), 0, 8, size=150)
    told(rules, ahead, each=10)
    told(rules, events, each=10)
    alone = steps.total()
    steps.clear()
    told(rules, [*ahead, *events], each=10)
    assert steps.total() < 2 * alone


def test_a_log_read_again_raises_each_of_its_alerts_again(rules: RuleSet) -> None:
    """The clock is turned back after a thousand lines; what had seemed late by then is not any more."""
    size = len(log := bursts(0, 0, 200))
    log += [event(size + n, 200 * 50 * 60 + n * 20 * 60, "d") for n in range(3)]
    again = [
        Event(
            e.ts,
            e.source,
            e.position + turn * len(log),
            "",
            e.fields,
            e.logsources,
            id=e.id + turn * len(log),
        )
        for turn in range(4)
        for e in log
    ]
    once = _counted(alerts_of(rules, log))
    assert {rule for rule, *_ in once} == AT_ONCE.keys()
    assert _counted(alerts_of(rules, again)) == Counter(dict.fromkeys(once, 4))


lines = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from([0.5, 1, 3, 20, 70, 1500]),
        st.sampled_from([0, 0, 1, 4]),
        st.sampled_from("aaab"),
        st.integers(0, 3),
    ),
    min_size=20,
    max_size=80,
)


@given(
    lines=lines,
    centers=st.tuples(st.sampled_from([300, 4000, 30 * DAY]), st.sampled_from([-4000, 900, -30 * DAY])),
    each=st.sampled_from([1, 5, 20]),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_neither_chunks_nor_restarts_change_an_alert_of_three_times_in_one_log(
    rules: RuleSet, lines: list[tuple], centers: tuple[int, int], each: int
) -> None:
    times = [0.0, *map(float, centers)]
    events = []
    for n, (place, step, behind, what, user) in enumerate(lines):
        times[place] += step
        events.append(event(n, times[place] - behind, what, user=f"u{user}"))
    whole = told(rules, events, each=len(events))
    assert told(rules, events, each=each) == whole
    assert told(rules, events, each=each, restarts=True) == whole


def test_what_is_too_far_for_the_hits_that_join_is_there_for_those_that_come_late(rules: RuleSet) -> None:
    """Half a second before what moves to the later window; a late hit then lies close to all four."""
    times = [4000.5, 149.5, 150, 150.5, 520, 520.5, 151]
    events = [event(n, at, "a") for n, at in enumerate(times)]
    whole = told(rules, events, each=len(events))
    assert [(rule, count) for rule, _, _, _, count, *_ in whole] == [("count", 6)]
    assert told(rules, events, each=1, restarts=True) == whole


def _counted(alerts: list[tuple]) -> Counter[tuple]:
    """How often each alert was raised, wherever its lines stand."""
    return Counter(
        (rule, entity, first[0], last[0], count, signals)
        for rule, entity, first, last, count, signals, _ in alerts
        if rule in AT_ONCE
    )
