"""Correlations and episodes against a plain oracle: the alerts are a function of the set of events."""

from __future__ import annotations

import gc
import random
from collections import defaultdict

import pytest
from socterm.alerts.episodes import Episodes
from socterm.alerts.model import EpisodeChange, Hit, RuleInfo
from socterm.event import Event
from socterm.sigma.correlate import Correlator
from socterm.sigma.groups import Group
from socterm.sigma.model import Correlation, Rule, RuleSet
from socterm.sigma.watermark import LATENESS, SourceClock, Watermark
from socterm.sigma.windows import CountWindow, ValueWindow, Window

S = 1_000_000
MIN = 60 * S
T0 = 1_790_000_000 * S


def event_rule(key: str, *, alerting: bool = False, throttle: int = 10 * MIN) -> Rule:
    return Rule(key, RuleInfo(key, key, "low", "", ()), key, ("linux", "", ""), alerting, throttle)


def correlation(
    key: str,
    kind: str,
    refs: list[str],
    span: int,
    by: str = "source.ip",
    op: str = "gte",
    threshold: int = 1,
    field: str = "",
    **terms: object,
) -> Rule:
    spec = Correlation(
        type=kind,  # type: ignore[arg-type]
        refs=tuple(refs),
        group_by=(by,),
        fields=dict.fromkeys(refs, (by,)),
        span=span,
        bounds=((op, threshold),),
        counted=dict.fromkeys(refs, (field,)) if field else {},
        **terms,  # type: ignore[arg-type]
    )
    info = RuleInfo(key, key, "medium", "", ())
    return Rule(key, info, key, ("", "", ""), True, max(span, 10 * MIN), correlation=spec)


FAIL = event_rule("fail")
OK = event_rule("ok")
BRUTE = correlation("brute", "event_count", ["fail"], 2 * MIN, op="gt", threshold=5)
SPRAY = correlation("spray", "value_count", ["fail"], 10 * MIN, op="gte", threshold=3, field="user.name")
BOTH = correlation("both", "temporal", ["fail", "ok"], 5 * MIN, threshold=2)
THEN = correlation("then", "temporal_ordered", ["fail", "ok"], 5 * MIN, threshold=2)
CHAIN = correlation("chain", "temporal_ordered", ["brute", "ok"], 15 * MIN, threshold=2)
TWICE = correlation("twice", "temporal", ["brute", "spray"], 15 * MIN, threshold=2)
FEW = correlation("few", "event_count", ["fail"], 2 * MIN, op="lt", threshold=3)
RULES = RuleSet({r.key: r for r in (FAIL, OK, BRUTE, SPRAY, BOTH, THEN, CHAIN)}, [])


def make(
    position: int, ts: int, what: str, ip: str = "192.0.2.1", user: str = "root", repeat: int = 1
) -> Event:
    fields = {"source.ip": ip, "user.name": user, "what": what}
    return Event(ts, "s", position, "", fields, repeat=repeat, id=position + 1)


class Run:
    """A detector without rules to match: the event says which rule it matched."""

    def __init__(self, rules: RuleSet = RULES) -> None:
        self.rules = rules
        self.clocks: dict[str, SourceClock] = {}
        self.stored: dict[int, EpisodeChange] = {}
        self.merged: dict[int, int] = {}
        self.watermark = Watermark()
        self.merged_hits: dict[int, list] = {}
        self.start()

    def start(self) -> None:
        top = max(self.stored, default=0) + 1000
        alerts = max((c.alert for c in self.stored.values()), default=0)
        self.episodes = Episodes(top, alerts + 1)
        self.first_alert = self.episodes.next_alert
        self.correlator = Correlator(self.rules, self.episodes)
        self.correlator.restore([c for c in self.stored.values() if not c.settled])

    @property
    def raised(self) -> list[int]:
        """The alerts raised since the start."""
        return list(range(self.first_alert, self.episodes.next_alert))

    def feed(self, event: Event) -> None:
        clock = self.watermark.clock(event.source)
        clock.see(event.ts)
        self.correlator.feed(event, (event.fields["what"],), clock.high - LATENESS)

    def commit(self) -> None:
        self.correlator.sweep(self.watermark.value())
        for change in self.episodes.collect():
            old = self.stored.pop(change.id, None)
            hits = (old.hits if old else []) + change.hits
            if change.dropped:
                continue
            if change.merged_into:
                if change.merged_into in self.stored:
                    self.stored[change.merged_into].hits.extend(hits)
                else:
                    late = [c for c in self.stored.values() if c.id == change.merged_into]
                    assert not late
                    self.pending_merge(change.merged_into, hits)
                continue
            extra = self.merged_hits.pop(change.id, [])
            change.hits = [*hits, *extra]
            self.stored[change.id] = change

    def pending_merge(self, into: int, hits: list) -> None:
        self.merged_hits = {**self.merged_hits, into: self.merged_hits.get(into, []) + hits}

    def end(self) -> list[tuple]:
        self.correlator.flush()
        self.commit()
        rows = []
        for c in self.stored.values():
            assert c.settled
            assert c.count == sum(h.weight for h in c.hits)
            events = sorted({(h.ts, h.source, h.position) for h in c.hits})
            assert events[0] == c.first
            assert events[-1] == c.last
            rows.append((c.rule, c.entity, c.first, c.last, c.count, c.signals, tuple(events)))
        return sorted(rows)


def satisfied(rule: Rule, window: list[Event], event: Event) -> bool:
    spec = rule.correlation
    assert spec
    if spec.type == "event_count":
        need = spec.threshold + (spec.op == "gt")
        return sum(e.repeat for e in window) >= need
    if spec.type == "value_count":
        return len({e.fields["user.name"] for e in window}) >= spec.threshold
    if spec.type == "temporal":
        return {e.fields["what"] for e in window} == set(spec.refs)
    return event.fields["what"] == "ok" and any(e.fields["what"] == "fail" for e in window if e is not event)


def oracle(events: list[Event]) -> list[tuple]:
    rows = []
    for rule in (BRUTE, SPRAY, BOTH, THEN):
        spec = rule.correlation
        assert spec
        groups = defaultdict(list)
        for e in sorted(events, key=lambda e: e.key):
            if e.fields["what"] in spec.refs and e.repeat:
                groups[e.fields["source.ip"]].append(e)
        for ip, hits in groups.items():
            clusters: list[list[Event]] = []
            for e in hits:
                if clusters and e.ts - clusters[-1][-1].ts <= rule.throttle:
                    clusters[-1].append(e)
                else:
                    clusters.append([e])
            for cluster in clusters:
                fired = 0
                for e in cluster:
                    window = [h for h in hits if h.key <= e.key and h.ts > e.ts - spec.span]
                    fired += satisfied(rule, window, e)
                if fired:
                    rows.append(
                        (rule.key, (("source.ip", ip),), cluster[0].key, cluster[-1].key,
                         sum(e.repeat for e in cluster), fired, tuple(e.key for e in cluster))
                    )  # fmt: skip
    return sorted(rows)


PACES = {
    "mixed": ([0, 1, 5, 20, 61, 120, 125, 300, 601, 900], ["192.0.2.1", "192.0.2.2"], 3),
    "edges": ([1, 2, 2, 3, 598, 600, 600, 602, 899], ["192.0.2.1"], 3),
    "dense": ([0, 0, 1, 1, 2, 20, 24, 25, 30], ["192.0.2.1"], 9),
    "slow": ([40, 60, 100, 120, 200, 299, 300, 301], ["192.0.2.1"], 2),
}


def story(pace: str, seed: int) -> tuple[list[Event], list[str]]:
    """Events in order of arrival, each at most 4 s late, and what happens after each."""
    rng = random.Random(f"{pace}{seed}")
    steps, ips, fails = PACES[pace]
    t = T0
    stamped = []
    for n in range(rng.randrange(20, 200)):
        t += rng.choice(steps) * S
        what = rng.choice(["fail"] * fails + ["ok"])
        user = rng.choice(["root", "admin", "bob", "eve"])
        event = make(n, t, what, rng.choice(ips), user, rng.choice([1, 1, 1, 0, 3]))
        stamped.append(
            (t + rng.choice([0, 0, 1, 3, 4]) * S, n, event, rng.choice(["", "", "commit", "restart"]))
        )
    stamped.sort(key=lambda row: row[:2])
    return [row[2] for row in stamped], [row[3] for row in stamped]


def interrupted(events: list[Event], acts: list[str], rules: RuleSet = RULES) -> list[tuple]:
    run = Run(rules)
    for event, act in zip(events, acts, strict=True):
        run.feed(event)
        if act:
            run.commit()
        if act == "restart":
            run.start()
    return run.end()


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trim often, so that what trimming folds away is put to the test too."""
    monkeypatch.setattr(Window, "TRIM", 3)
    monkeypatch.setattr(CountWindow, "TRIM", 4)
    monkeypatch.setattr(ValueWindow, "FEW", 2)


@pytest.mark.parametrize("pace", PACES)
@pytest.mark.parametrize("seed", range(60))
def test_alerts_are_a_function_of_the_set_of_events(pace: str, seed: int) -> None:
    """Late lines, commits and restarts anywhere: the same alerts as a plain reading of the definition."""
    events, acts = story(pace, seed)
    assert [r for r in interrupted(events, acts) if r[0] != "chain"] == oracle(events)


@pytest.mark.parametrize("pace", PACES)
@pytest.mark.parametrize("seed", range(60))
def test_chains_do_not_depend_on_arrival_or_restart(pace: str, seed: int) -> None:
    """Correlations over correlations come out the same in order, late and interrupted."""
    events, acts = story(pace, seed)
    rules = RuleSet({**RULES.rules, "twice": TWICE}, [])
    ordered = sorted(events, key=lambda e: e.key)
    assert interrupted(events, acts, rules) == interrupted(ordered, [""] * len(ordered), rules)


def test_the_sixth_failure_in_two_minutes_fires() -> None:
    run = Run()
    for n in range(6):
        assert not run.raised
        run.feed(make(n, T0 + n * S, "fail"))
    assert len(run.raised) == 1


def test_strangers_leave_nothing_behind() -> None:
    run = Run()
    for n in range(100):
        run.feed(make(n, T0 + n * 60 * MIN, "fail", ip=f"192.0.2.{n}", user=f"user{n}"))
        run.commit()
    gc.collect()
    assert sum(isinstance(found, Group) for found in gc.get_objects()) < 20


def test_brute_force_then_success_has_the_failures_as_evidence() -> None:
    run = Run()
    for n in range(8):
        run.feed(make(n, T0 + n * S, "fail"))
    run.feed(make(8, T0 + 60 * S, "ok"))
    chain = [row for row in run.end() if row[0] == "chain"]
    assert len(chain) == 1
    _, entity, first, _, count, signals, events = chain[0]
    assert entity == (("source.ip", "192.0.2.1"),)
    assert first == (T0, "s", 0)
    assert (count, signals, len(events)) == (9, 1, 9)


def test_success_without_brute_force_raises_no_chain() -> None:
    run = Run()
    for n in range(5):
        run.feed(make(n, T0 + n * S, "fail"))
    run.feed(make(5, T0 + 60 * S, "ok"))
    assert [row[0] for row in run.end()] == ["both", "then"]


def test_closing_ends_the_episode_and_the_condition_starts_anew() -> None:
    run = Run(RuleSet({r.key: r for r in (FAIL, BRUTE)}, []))
    for n in range(6):
        run.feed(make(n, T0 + n * S, "fail"))
    run.correlator.end(run.raised[0])
    for n in range(6, 11):
        run.feed(make(n, T0 + n * S, "fail"))
    assert len(run.raised) == 1, "five more are not more than five"
    run.feed(make(11, T0 + 11 * S, "fail"))
    assert len(run.raised) == 2
    assert [row[4] for row in run.end()] == [6, 6]


def test_a_closed_episode_stays_closed_over_a_restart() -> None:
    run = Run(RuleSet({r.key: r for r in (FAIL, BRUTE)}, []))
    for n in range(6):
        run.feed(make(n, T0 + n * S, "fail"))
    run.correlator.end(run.raised[0])
    run.commit()
    run.start()
    for n in range(6, 11):
        run.feed(make(n, T0 + n * S, "fail"))
    assert run.raised == []


def test_undoing_a_close_lets_the_episode_go_on() -> None:
    run = Run(RuleSet({r.key: r for r in (FAIL, BRUTE)}, []))
    for n in range(6):
        run.feed(make(n, T0 + n * S, "fail"))
    alert = run.raised[0]
    run.correlator.end(alert)
    run.correlator.revive(alert)
    run.feed(make(6, T0 + 6 * S, "fail"))
    assert [row[4] for row in run.end()] == [7]


def test_a_line_that_repeats_another_counts_nothing() -> None:
    run = Run(RuleSet({r.key: r for r in (FAIL, BRUTE)}, []))
    for n in range(10):
        run.feed(make(n, T0 + n * S, "fail", repeat=n % 2))
    assert run.end() == []


def test_fewer_than_waits_for_the_end_of_its_window() -> None:
    run = Run(RuleSet({r.key: r for r in (FAIL, FEW)}, []))
    run.feed(make(0, T0, "fail"))
    run.feed(make(1, T0 + 60 * S, "fail"))
    assert run.raised == []
    run.feed(make(2, T0 + 300 * S, "fail"))
    assert len(run.raised) == 1


def test_fewer_than_counts_the_whole_window() -> None:
    run = Run(RuleSet({r.key: r for r in (FAIL, FEW)}, []))
    for n in range(3):
        run.feed(make(n, T0 + n * S, "fail"))
    run.feed(make(3, T0 + 300 * S, "ok"))
    assert run.end() == []


def test_an_event_without_the_group_field_is_skipped_and_counted() -> None:
    run = Run()
    event = make(0, T0, "fail")
    del event.fields["source.ip"]
    run.feed(event)
    assert run.correlator.counters()["skipped"] == 4
    assert run.end() == []


@pytest.mark.parametrize("lag", [3600, 7200])
def test_a_stream_that_lags_by_hours_is_still_grouped(lag: int) -> None:
    """Two hosts in one file, one clock an hour slow: its brute force is found all the same."""
    run = Run(RuleSet({r.key: r for r in (FAIL, OK, BRUTE)}, []))
    n = 0
    for step in range(20):
        run.feed(make(n, T0 + step * 10 * S, "ok", "198.51.100.9"))
        run.feed(make(n + 1, T0 + (step * 10 - lag) * S, "fail", "192.0.2.7"))
        n += 2
        run.commit()
    assert [(row[0], row[4]) for row in run.end()] == [("brute", 20)]


def test_one_wrong_stamp_does_not_push_the_rest_into_the_past() -> None:
    clock = SourceClock()
    for ts in (T0, T0 + S, T0 + 400 * 24 * 3600 * S, T0 + 2 * S):
        clock.see(ts)
    assert clock.high == T0 + 2 * S


def test_a_jump_that_a_second_line_confirms_is_believed() -> None:
    clock = SourceClock()
    day = 24 * 3600 * S
    for ts in (T0, T0 + day, T0 + day + S):
        clock.see(ts)
    assert clock.high == T0 + day + S


def test_a_clock_that_was_wrong_for_good_falls_back() -> None:
    clock = SourceClock()
    clock.see(T0 + 24 * 3600 * S)
    for n in range(1000):
        clock.see(T0 + n)
    assert clock.high == T0 + 999


def test_the_watermark_is_that_of_the_slowest_active_source() -> None:
    mark = Watermark()
    mark.clock("a").see(T0 + 100 * S)
    mark.clock("b").see(T0)
    assert mark.value() == T0 - LATENESS
    mark.idle("b")
    assert mark.value() == T0 + 100 * S - LATENESS
    mark.idle("a")
    mark.rest(30 * S)
    assert mark.value() == T0 + 130 * S - LATENESS


class Toil:
    """Mixed into a window: counts the hits that trimming goes through."""

    toil = 0

    def _trim(self, before: int) -> None:
        self.toil += len(self.buf)  # type: ignore[attr-defined]
        super()._trim(before)  # type: ignore[misc]


class ToilingCounts(Toil, CountWindow):
    pass


class ToilingValues(Toil, ValueWindow):
    pass


@pytest.mark.parametrize("kind", [ToilingCounts, ToilingValues])
@pytest.mark.parametrize("pace", [1, 1000, S])
def test_a_flood_costs_each_window_the_same_for_every_line(kind: type, pace: int) -> None:
    """Thousands of hits within the lateness or a long span are not gone through again at each new one."""
    window = kind(30 * MIN, LATENESS, 10)
    fired = [window.feed(Hit(T0 + n * pace, "s", n, n, 1, f"a{n}")) for n in range(20_000)]
    assert sum(map(len, fired)) == 20_000 - 9
    assert window.toil < 4 * 20_000
    if isinstance(window, ValueWindow):
        assert len(window._seen) == 10


@pytest.mark.parametrize("need", [1, 2, 3, 5])
def test_few_kept_values_answer_as_all_would(need: int) -> None:
    """Whether enough different values stand in the window, by a plain count, hit for hit."""
    rng = random.Random(need)
    window = ValueWindow(10 * S, 0, need)
    past: list[tuple[int, str]] = []
    ts = T0
    for n in range(3000):
        ts += rng.choice([0, 1, 2, 5, 11]) * S
        past.append((ts, f"v{rng.randrange(8)}"))
        plainly = len({value for at, value in past[-60:] if at > ts - 10 * S}) >= need
        assert bool(window.feed(Hit(ts, "s", n, n, 1, past[-1][1]))) == plainly
