"""What correlations keep: bounded, restored by the real store, and told of where something was left out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
from correlation_story import T0, S, Stored, alerts_of, correlation, event, rules_of, story
from socterm.alerts.model import Hit
from socterm.event import Event
from socterm.pipeline.detect import Detector
from socterm.sigma import groups
from socterm.sigma.model import RuleSet
from socterm.sigma.windows import CountWindow, OrderedWindow, TemporalWindow, ValueWindow, Window, base
from socterm.store.ingest.batch import Batch, RulesState, SourceState
from socterm.store.ingest.writer import Writer
from socterm.store.upkeep.canonical import canonical
from socterm.store.upkeep.check import check

IP = "group-by: [source.ip]; timespan: 1m"
MIN = 60 * S
EACH_TYPE = {
    "count": f"type: event_count; rules: [a]; {IP}; condition: {{gte: 4}}",
    "few": f"type: event_count; rules: [a]; {IP}; condition: {{lt: 99}}",
    "values": f"type: value_count; rules: [a]; {IP}; condition: {{field: user.name, gte: 3}}",
    "sum": f"type: value_sum; rules: [a]; {IP}; condition: {{field: n, gt: 8}}",
    "average": f"type: value_avg; rules: [a]; {IP}; condition: {{field: n, gt: 1}}",
    "median": f"type: value_median; rules: [a]; {IP}; condition: {{field: n, gt: 1}}",
    "percentile": f"type: value_percentile; rules: [a]; {IP}; condition: {{field: n, percentile: 90, gt: 1}}",
    "near": f"type: temporal; rules: [a, b]; {IP}",
    "absent": f"type: temporal; {IP}; condition: a and not c",
    "order": f"type: temporal_ordered; rules: [a, b]; {IP}",
    "between": f"type: temporal_ordered; rules: [a, c, b]; {IP}; condition: a and not c and b",
    "chain": f"type: temporal_ordered; rules: [count, b]; {IP}",
}
STORY = ", ".join(f"{n} {'b' if n == 11 else 'a'} user=u{n} n={n}" for n in range(12)) + ", 71 c user=c n=0"
"""The last comes too late to keep `absent` quiet, and is in its episode all the same."""


def each_type(folder: Path) -> RuleSet:
    alert = "socterm: {alert: true}\n"
    return rules_of(folder, *(correlation(body, name, alert) for name, body in EACH_TYPE.items()))


NOW = 1_790_001_000 * S


def through_the_store(path: Path, rules: RuleSet, *, restarts: bool) -> list[str]:
    """The canonical text of a store to which each event was committed alone, by one process or by many."""
    infos = {rule.key: rule.info for rule in rules.rules.values()}
    writer = Writer.open(path, now=NOW)
    writer.commit(Batch(now=NOW, rules=RulesState(fates=rules.fates, infos=infos, files=[])))
    detector = Detector(rules)
    for made in story(STORY):
        detector.feed("s", [made])
        detector.sweep()
        writer.commit(batch_of(detector, [made]))
        if restarts:
            writer.close()
            writer = Writer.open(path, now=NOW)
            writer.commit(Batch(now=NOW, rules=RulesState(fates=rules.fates, infos=infos, files=[])))
            clocks = detector.watermark.clocks
            detector = Detector(rules, next_episode=writer.next_episode_id, next_alert=writer.next_alert_id)
            detector.restore(clocks, writer.load_state().episodes)
    detector.flush()
    writer.commit(batch_of(detector, []))
    writer.close()
    assert check(path) == []
    return list(canonical(path))


def batch_of(detector: Detector, events: list[Event]) -> Batch:
    sources = [SourceState("s", position=made.position + 1, lines=made.position + 1) for made in events]
    return Batch(events=events, sources=sources, episodes=detector.collect(), now=NOW)


def test_a_restart_on_the_real_store_changes_nothing_for_any_type(tmp_path: Path) -> None:
    """Each event is committed alone: by one process, or each by another one."""
    rules = each_type(tmp_path)
    whole = through_the_store(tmp_path / "whole.db", rules, restarts=False)
    assert through_the_store(tmp_path / "cut.db", rules, restarts=True) == whole
    assert [name for name in EACH_TYPE if f'"alert":"{name}"' not in "".join(whole).replace(" ", "")] == []


LONG = "group-by: [source.ip]; timespan: 20m"
CHAINS = {
    "count": ("1m", f"type: event_count; rules: [a]; {IP}; condition: {{gte: 4}}"),
    "chain": ("1m", "type: temporal_ordered; rules: [count, b]; group-by: [source.ip]; timespan: 5m"),
    "above": ("20m", f"type: event_count; rules: [chain]; {LONG}; condition: {{gte: 1}}"),
    "soon": ("1m", f"type: event_count; rules: [chain]; {IP}; condition: {{gte: 1}}"),
}
BY_USER = "type: event_count; rules: [chain]; group-by: [user.name]; timespan: 5m; condition: {gte: 1}"
FIRST = "0 a, 1 a, 2 a, 3 a, 10 b"
BEHIND = f"{FIRST}, 100 a, 101 a, 102 b, 103 a, 104 a"
"""The count that is reached at 104 brings 100 and 101 into the window of the chain that fired at 102."""


@pytest.mark.parametrize(
    ("told", "of", "rests_on"),
    [
        (BEHIND, "above", [[*range(8)]]),
        (f"{BEHIND}, 110 b", "above", [[*range(11)]]),
        (f"{FIRST}, 100 a, 101 a, 103 a, 104 a, 102 b", "above", [[*range(7), 9]]),
        (f"{FIRST}, 71 b, 90 b, 95 b", "soon", [[*range(5)], [5, 6, 7]]),
        (f"{FIRST}, 71 b, 69 b, 85 b", "soon", [[*range(8)]]),
    ],
    ids=["behind", "behind_and_again", "behind_a_late_one", "two_alerts", "two_that_become_one"],
)
@pytest.mark.parametrize("by_user", [False, True], ids=["by_group", "by_event"])
def test_an_alert_above_rests_on_the_same_events_wherever_it_is_restarted(
    tmp_path: Path, told: str, of: str, rests_on: list[list[int]], by_user: bool
) -> None:
    """All of each window at which a rule below fired, whenever the rules below that brought them."""
    chains = CHAINS | ({"by_user": ("5m", BY_USER)} if by_user else {})
    rules = rules_of(
        tmp_path,
        *(
            correlation(body, name, f"socterm: {{alert: true, throttle: {gap}}}\n")
            for name, (gap, body) in chains.items()
        ),
    )
    events = story(told.replace(",", " user=u,") + " user=u")
    whole = alerts_of(rules, events)
    found = [sorted(at for _, _, at in row[-1]) for row in whole if row[0] == of]
    if by_user:  # no event is left out then because another alert has it
        assert all(set(least) <= set(kept) for least, kept in zip(rests_on, found, strict=True))
    else:
        assert found == rests_on
    assert all(row[4] == len(row[-1]) for row in whole)
    assert alerts_of(rules, sorted(events, key=lambda made: made.key)) == whole
    for cuts in (*({n} for n in range(len(events))), range(len(events))):
        assert run_with_restarts(rules, events, cuts) == whole, cuts


def run_with_restarts(rules: RuleSet, events: list[Event], cuts: Collection[int]) -> list[tuple]:
    """The alerts where another process goes on after each of these events."""
    run = Stored(rules)
    for n, made in enumerate(events):
        run.feed([made])
        if n in cuts:
            run.commit()
            run.restart()
    return run.end()


def test_state_is_bounded_however_many_groups_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "MAX_GROUPS", 500)
    rules = each_type(tmp_path)
    detector = Detector(rules)
    correlator = detector.correlator
    for first in range(0, 20_000, 1000):
        events = [event(n, n / 1000, "abc", ip=f"ip{n}", user="u", n=1) for n in range(first, first + 1000)]
        detector.feed("s", events)
        detector.sweep()
        detector.collect()
    kept = {id(group): group for consumer in correlator._wiring.consumers.values()
            for group in consumer.groups.values()}  # fmt: skip
    assert len(kept) <= 500 * len(EACH_TYPE)
    entered = [entry for times in (correlator._times, correlator._alarms)
               for entries in times._entries.values() for entry in entries]  # fmt: skip
    assert len(entered) <= 4 * 500 * len(EACH_TYPE)
    evicted = correlator.rule_counters()
    assert evicted["count"]["evicted"] == evicted["sum"]["evicted"] >= 19_500
    assert correlator.counters()["evicted"] >= 19_500 * 11
    assert any(
        note.startswith("rule count: more entities or events than it can follow") for note in detector.notes()
    )


def test_what_is_left_out_is_counted_rule_by_rule(tmp_path: Path) -> None:
    rules = each_type(tmp_path)
    run = Stored(rules)
    run.feed(story("0 a ip=- user=x n=1, 1 a ip=1 user=- n=many"))
    counts = run.detector.correlator.rule_counters()
    assert counts["count"] == {"skipped": 1, "not_numbers": 0, "evicted": 0}
    assert counts["values"] == {"skipped": 2, "not_numbers": 0, "evicted": 0}
    assert counts["sum"] == {"skipped": 1, "not_numbers": 1, "evicted": 0}
    assert "chain" not in counts


def test_a_waiting_window_lets_the_oldest_go_and_counts_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socterm.sigma.windows.base.MOST_WAITING", 100)
    rules = rules_of(tmp_path, correlation(EACH_TYPE["few"].replace("lt: 99", "gte: 1, lt: 999"), "few"))
    detector = Detector(rules)
    detector.feed("s", [event(n, n / 100, "a") for n in range(1000)])
    assert detector.correlator.rule_counters()["few"]["evicted"] >= 900


def test_absence_is_decided_when_the_watermark_passes_and_not_before(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, correlation(EACH_TYPE["absent"], "absent"))
    run = Stored(rules)
    run.feed(story("0 a, 64 a ip=2"))
    run.commit()
    assert not any(change.alert for change in run.kept.values())
    run.feed(story("0 d, 66 d ip=3")[1:])
    run.commit()
    alerts = [change for change in run.kept.values() if change.alert and change.rule == "absent"]
    assert [change.entity[0][1] for change in alerts] == ["1"]


@pytest.mark.parametrize(
    ("wall", "told"),
    [
        (2 * 3600 + 70, True),  # the line is as old as it says
        (3600, False),  # its stamp lies in the future
        (48 * 3600, False),  # an old log is read: nothing says that its time is right
    ],
)
def test_on_a_quiet_machine_absence_is_decided_though_no_other_line_confirms_the_time(
    tmp_path: Path, wall: int, *, told: bool
) -> None:
    rules = rules_of(tmp_path, correlation(EACH_TYPE["absent"]))
    detector = Detector(rules)
    detector.feed("s", [event(0, 0, "d")])
    detector.feed("s", [event(1, 2 * 3600, "a")])
    detector.rest(0, T0 + wall * S)
    detector.watermark.idle("s")
    detector.rest(70 * S, T0 + (wall + 70) * S)
    assert any(change.alert and change.rule == "c1" for change in detector.collect()) is told


class Toil:
    """Mixed into a window: counts the hits it goes through."""

    steps = 0

    def _step(self, hit: Hit) -> bool:
        self.steps += 1
        return super()._step(hit)  # type: ignore[misc]

    def _append(self, hit: Hit) -> bool:
        self.steps += 1
        return super()._append(hit)  # type: ignore[misc]


class Counts(Toil, CountWindow): ...


class Values(Toil, ValueWindow): ...


class Near(Toil, TemporalWindow): ...


class Order(Toil, OrderedWindow): ...


@pytest.mark.parametrize(
    "window",
    [
        Counts(MIN, 5 * S, 3),
        Counts(MIN, 5 * S, 1_000_000),
        Values(MIN, 5 * S, 3),
        Near(MIN, 5 * S, ["a", "b"], 2),
        Order(MIN, 5 * S, ["a", "b"], [["a", "b"]]),
    ],
    ids=["count", "count_far", "values", "temporal", "ordered"],
)
@pytest.mark.parametrize("offset", [1, 4])
def test_late_hits_of_a_flood_cost_about_what_hits_in_order_cost(window: Window, offset: int) -> None:
    """Two hosts, one some seconds behind: the work grows with the hits and not with their square."""
    fired = 0
    count = 20_000
    for n in range(count):
        ts = (1_000_000 + n // 2000 - (offset if n % 2 else 0)) * S
        answer = window.feed(Hit(ts, "s", n, n, 1, "ab"[n % 2]))
        fired += len(answer)
        if n % 2000 == 1999:
            fired += len(window.catch_up())
    assert window.steps < 60 * count  # type: ignore[attr-defined]
    assert fired <= count


@pytest.mark.parametrize(
    "window",
    [
        Counts(MIN, 5 * S, 3),
        Values(MIN, 5 * S, 3),
        Near(MIN, 5 * S, ["a", "b"], 2),
        Order(MIN, 5 * S, ["a", "b"], [["a", "b"]]),
    ],
    ids=["count", "values", "temporal", "ordered"],
)
def test_a_flood_behind_one_hit_with_a_stamp_ahead_costs_no_more(window: Window) -> None:
    """All of it is late then; the window keeps no more than of hits in order, and goes through no more."""
    start = 1_000_000 * S
    window.feed(Hit(start + 4 * MIN, "s", 0, 0, 1, "a"))
    count = 20_000
    for n in range(1, count):
        window.feed(Hit(start + n * S // 100, "s", n, n, 1, "ab"[n % 2]))
        if n % 100 == 99:
            window.catch_up()
    assert window.steps < 60 * count  # type: ignore[attr-defined]
    assert len(window.buf) <= 2_000


def test_a_flood_of_late_hits_fires_as_it_would_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept aside and judged together, or one by one: the same signals."""
    rules = each_type(tmp_path)
    events = [
        event(n, n / 200 - (2 if n % 2 else 0) + 2, "abcab"[n % 5], user=f"u{n % 7}", n=n % 3)
        for n in range(1500)
    ]
    asides = alerts_of(rules, events)
    monkeypatch.setattr(base, "FEW_LATE", 1 << 30)
    assert alerts_of(rules, events) == asides == alerts_of(rules, sorted(events, key=lambda e: e.key))
