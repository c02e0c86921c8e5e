"""What must hold of every type of correlation: the alerts are a function of the set of events.

Not of the chunks they came in, nor of their order within the lateness bound, nor of restarts, nor of the
other rules there are.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from correlation_story import Stored, alerts_of, correlation, event, rules_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.event import Event
from socterm.sigma.model import RuleSet

BY_USER = "group-by: [user.name]; timespan: 1m"
BY = "group-by: [source.ip]; timespan: 30s"
BY_LONG = "group-by: [source.ip]; timespan: 20m"
SHORT = ("ordered_long", "chain_above_short")
"""Alerts of these end sooner than the window of the rule below them."""
KINDS = {
    "count": f"type: event_count; rules: [a]; {BY}; condition: {{gte: 4}}",
    "count_of_two": f"type: event_count; rules: [a, b]; {BY}; condition: {{gt: 5}}",
    "few": f"type: event_count; rules: [a]; {BY}; condition: {{lt: 3}}",
    "exactly": f"type: event_count; rules: [a]; {BY}; condition: {{eq: 2}}",
    "between": f"type: event_count; rules: [a]; {BY}; condition: {{gte: 2, lte: 4}}",
    "values": f"type: value_count; rules: [a, b]; {BY}; condition: {{field: user.name, gte: 3}}",
    "pairs": f"type: value_count; rules: [a]; {BY}; condition: {{field: [user.name, n], gte: 3}}",
    "not_many_values": f"type: value_count; rules: [a]; {BY}; condition: {{field: user.name, lte: 1}}",
    "sum": f"type: value_sum; rules: [a]; {BY}; condition: {{field: n, gt: 12}}",
    "sum_between": f"type: value_sum; rules: [a]; {BY}; condition: {{field: n, gt: 3, lt: 9}}",
    "average": f"type: value_avg; rules: [a]; {BY}; condition: {{field: n, gte: 4.5}}",
    "median": f"type: value_median; rules: [a]; {BY}; condition: {{field: n, lt: 3}}",
    "percentile": f"type: value_percentile; rules: [a]; {BY}; condition: {{field: n, percentile: 90, gt: 8}}",
    "share": f"type: value_percentile; rules: [a]; {BY}; condition: {{field: user.name, lte: 30}}",
    "all": f"type: temporal; rules: [a, b, c]; {BY}",
    "two_of": f"type: temporal; rules: [a, b, c]; {BY}; condition: {{gte: 2}}",
    "one_only": f"type: temporal; rules: [a, b, c]; {BY}; condition: {{lt: 2}}",
    "in_order": f"type: temporal_ordered; rules: [a, b, c]; {BY}",
    "two_in_order": f"type: temporal_ordered; rules: [a, b, c]; {BY}; condition: {{gte: 2}}",
    "either": f"type: temporal; {BY}; condition: a and (b or c)",
    "absent": f"type: temporal; {BY}; condition: a and not b",
    "absent_or": f"type: temporal; {BY}; condition: (a and not (b or c)) or (c and d and not a)",
    "not_after": f"type: temporal_ordered; rules: [a, b]; {BY}; condition: a and not b",
    "not_before": f"type: temporal_ordered; rules: [b, a]; {BY}; condition: a and not b",
    "not_between": f"type: temporal_ordered; rules: [a, b, c]; {BY}; condition: a and not b and c",
    "either_order": f"type: temporal_ordered; rules: [a, b, c]; {BY}; condition: (a or b) and c",
    "chain": f"type: temporal_ordered; rules: [count, c]; {BY}",
    "chain_count": f"type: event_count; rules: [all]; {BY}; condition: {{gte: 2}}",
    "chain_waits": f"type: temporal; rules: [few, c]; {BY}",
    "chain_absent": f"type: temporal; {BY}; condition: count and not c",
    "chain_by_user": f"type: event_count; rules: [count]; {BY_USER}; condition: {{gt: 0}}",
    "chain_values": f"type: value_count; rules: [two_of]; {BY}; condition: {{field: user.name, gte: 2}}",
    "chain_sum": f"type: value_sum; rules: [two_of]; {BY}; condition: {{field: n, gt: 5}}",
    "chain_of_chain": f"type: temporal; rules: [chain, b]; {BY}; condition: {{gte: 2}}",
    "ordered_long": "type: temporal_ordered; rules: [count, b]; group-by: [source.ip]; timespan: 5m",
    "chain_above_long": f"type: event_count; rules: [ordered_long]; {BY_LONG}; condition: {{gte: 2}}",
    "chain_above_short": f"type: event_count; rules: [ordered_long]; {BY}; condition: {{gte: 1}}",
}


def documents(names: list[str]) -> str:
    return "".join(
        correlation(KINDS[name], name, f"socterm: {{alert: true{', throttle: 30s' * (name in SHORT)}}}\n")
        for name in names
    )


@cache
def rules() -> RuleSet:
    """All of them at once."""
    with TemporaryDirectory() as folder:
        found = rules_of(Path(folder), documents(list(KINDS)))
    assert not [fate for fate in found.fates if fate.fate == "refused"]
    return found


Row = tuple[Event, str]


@st.composite
def arrivals(draw: st.DrawFn) -> list[Row]:
    """Events in order of arrival, each at most 4.9 s late, and what happens after each."""
    paces = draw(st.sampled_from([[0, 0.4, 1, 2], [0, 1, 5, 9, 29, 30, 31], [1, 15, 30, 599, 600, 601, 700]]))
    count = draw(st.integers(1, 45))
    moments = []
    at = 0.0
    for n in range(count):
        at += draw(st.sampled_from(paces))
        made = event(
            n,
            at,
            draw(st.sampled_from(["a", "a", "a", "b", "c", "d", "ab", "ac", "cb"])),
            ip=draw(st.sampled_from(["1", "1", "1", "2", ("1", "2")])),
            user=draw(st.sampled_from(["u", "v", "w", ("u", "w"), None])),
            n=draw(st.sampled_from(["0", "1", "2.5", "-3", 7, 9.5, "x", ("1", "8"), None])),
            repeat=draw(st.sampled_from([1, 1, 1, 0, 3])),
        )
        moments.append((at + draw(st.sampled_from([0, 0, 0.5, 2, 3.3, 4.9])), n, made))
    moments.sort(key=lambda row: row[:2])
    acts = st.sampled_from(["", "", "", "cut", "commit", "restart"])
    return [(made, draw(acts)) for _, _, made in moments]


def in_pieces(rules: RuleSet, rows: list[Row], *, restarts: bool = True) -> list[tuple]:
    run = Stored(rules)
    chunk: list[Event] = []
    for made, act in rows:
        chunk.append(made)
        if act:
            run.feed(chunk)
            chunk = []
        if act in ("commit", "restart"):
            run.commit()
        if act == "restart" and restarts:
            run.restart()
    run.feed(chunk)
    return run.end()


def in_order(rows: list[Row]) -> list[Event]:
    return sorted((made for made, _ in rows), key=lambda made: made.key)


RUNS = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def differences(one: list[tuple], two: list[tuple]) -> dict[str, tuple[list[tuple], list[tuple]]]:
    names = {row[0] for row in (*one, *two)}
    pairs = {name: ([r for r in one if r[0] == name], [r for r in two if r[0] == name]) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


@RUNS
@given(rows=arrivals())
def test_no_chunking_and_no_order_within_the_lateness_changes_an_alert(rows: list[Row]) -> None:
    assert not differences(in_pieces(rules(), rows, restarts=False), alerts_of(rules(), in_order(rows)))


@RUNS
@given(rows=arrivals())
def test_a_restart_in_mid_window_changes_nothing(rows: list[Row]) -> None:
    assert not differences(in_pieces(rules(), rows), alerts_of(rules(), in_order(rows)))


@given(rows=arrivals(), kept=st.sets(st.sampled_from(sorted(KINDS)), min_size=1, max_size=6))
@settings(RUNS, max_examples=60)
def test_no_rule_changes_the_alerts_of_another(rows: list[Row], kept: set[str]) -> None:
    """A few of the rules alone, with a broken one among them, come to what they come to among all."""
    names = [name for name in KINDS if name in with_bases(kept)]
    broken = correlation(f"type: event_count; rules: [nobody]; {BY}; condition: {{gte: 1}}", "broken")
    with TemporaryDirectory() as folder:
        few = rules_of(Path(folder), broken, documents(names))
    assert [fate.title for fate in few.fates if fate.fate == "refused"] == ["broken"]
    alone = [row for row in alerts_of(few, in_order(rows)) if row[0] in names]
    among_all = [row for row in alerts_of(rules(), in_order(rows)) if row[0] in names]
    assert alone == among_all


def with_bases(names: set[str]) -> set[str]:
    found = set(names)
    for name in names:
        found |= with_bases({other for other in KINDS if f"[{other}" in KINDS[name]})
    return found | ({"count"} if "chain_absent" in names else set()) | ({"chain"} & names)
