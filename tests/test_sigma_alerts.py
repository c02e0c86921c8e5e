"""Our own alerts as a log source: recidivists, tactics on one entity, and what must not go in a circle."""

from __future__ import annotations

import itertools
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.alerts.model import EpisodeChange
from socterm.event import Event
from socterm.pipeline.detect import Detector
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet
from socterm.store import open_store
from socterm.store.upkeep.check import check

from reload_road import Road, in_any_portions
from test_rules_reload import alerts, lay, login, over, stream

ALERT = """\
title: {title}
name: {name}
level: medium
logsource: {{product: socterm, service: alert}}
detection: {{sel: {{{sel}}}, condition: sel}}
"""


def seen(name: str, sel: str = "event.kind: alert", title: str = "An alert") -> str:
    return ALERT.format(name=name, sel=sel, title=title)


def tagged(document: str, *tags: str) -> str:
    return document.replace("level:", f"tags: [{', '.join(tags)}]\nlevel:")


BRUTE = tagged(
    over("brute", "event_count", "failed", "2m", "condition: {gt: 5}"),
    "attack.credential-access",
    "attack.t1110",
)
OPENED = tagged(
    login("opened", "success", "socterm: {throttle: 30s, entity: [source.ip]}\n"), "attack.initial-access"
)
SPRAY = tagged(
    over("spray", "value_count", "failed", "3m", "condition: {gte: 3, field: user.name}"), "attack.discovery"
)
BASE = {
    "failed.yml": login("failed"),
    "brute.yml": BRUTE,
    "opened.yml": OPENED,
    "spray.yml": SPRAY,
    "few.yml": over("few", "event_count", "failed", "20s", "condition: {lt: 3}"),
}
PACK = BASE | {
    "any.yml": seen("any"),
    "again.yml": over("again", "event_count", "any", "24h", "condition: {gte: 3}"),
    "tactics.yml": over(
        "tactics",
        "value_count",
        "any",
        "24h",
        "condition: {gte: 3, field: threat.tactic.name}, generate: true",
    ),
    "named.yml": seen("named", "rule.name: again"),
    "whose.yml": over("whose", "event_count", "any", "24h", "condition: {gte: 2}").replace(
        "source.ip", "socterm.entity"
    ),
}
OVER = ("again", "tactics", "named", "whose")


def rules(tmp_path: Path, *documents: str) -> RuleSet:
    (tmp_path / "rules.yml").write_text("\n---\n".join(documents))
    return load_rules([tmp_path])


def reason(found: RuleSet, name: str) -> str:
    [fate] = [fate for fate in found.fates if fate.key == name]
    assert fate.fate == "refused"
    return fate.reason


def run(tmp_path: Path, pack: dict[str, str], lines: list[bytes], size: int = 7, **how: object) -> list[str]:
    folder = lay(tmp_path / "rules", pack)
    db = tmp_path / "s.db"
    for part in ("", "-wal", "-shm"):
        Path(f"{db}{part}").unlink(missing_ok=True)
    return Road(folder, db, lines, size).run(**how)  # type: ignore[arg-type]


S = 1_000_000
T0 = 1_773_741_600 * S


def attempt(number: int, at: float, ip: str, outcome: str = "failure", user: str = "root") -> Event:
    fields = {
        "event.dataset": "sshd", "event.action": "ssh_login", "event.outcome": outcome, "source.ip": ip,
        "user.name": user,
    }  # fmt: skip
    sources = (("linux", "", "sshd"),)
    return Event(T0 + int(at * S), "s", number, "", fields, logsources=sources, id=number + 1)


def raised(found: RuleSet, events: list[Event]) -> dict[str, list[tuple[dict[str, str], int, list[int]]]]:
    """By rule, (entity, count, base events by position) of each alert."""
    detector = Detector(found)
    detector.feed("s", events)
    detector.flush()
    rows: dict[str, list[tuple[dict[str, str], int, list[int]]]] = {}
    for change in detector.collect():
        if change.alert:
            base = sorted({hit.position for hit in change.hits})
            rows.setdefault(change.rule, []).append((dict(change.entity), change.count, base))
    return rows


def burst(first: int, at: float, ip: str) -> list[Event]:
    return [attempt(first + n, at + n, ip) for n in range(6)]


def test_three_alerts_on_one_address_in_a_day(tmp_path: Path) -> None:
    found = rules(
        tmp_path, login("failed"), BRUTE, seen("any"),
        over("again", "event_count", "any", "24h", "condition: {gte: 3}"),
    )  # fmt: skip
    bursts = [burst(6 * n, 3600 * n, "203.0.113.7") for n in range(3)]
    other = burst(18, 3 * 3600, "203.0.113.8")
    made = raised(found, [*bursts[0], *bursts[1], *bursts[2], *other])
    assert len(made["brute"]) == 4
    assert made["again"] == [({"source.ip": "203.0.113.7"}, 18, list(range(18)))]
    assert "again" not in raised(found, [*bursts[0], *bursts[1], *other])


def test_one_rule_for_addresses_users_and_machines(tmp_path: Path) -> None:
    users = over("users", "event_count", "failed", "2m", "condition: {gt: 5}").replace(
        "source.ip", "user.name"
    )
    pairs = users.replace("users", "pairs").replace("[user.name]", "[user.name, source.ip]")
    whose = over("whose", "event_count", "any", "24h", "condition: {gte: 2}")
    found = rules(
        tmp_path,
        login("failed"),
        BRUTE,
        users,
        pairs,
        seen("any"),
        whose.replace("source.ip", "socterm.entity"),
    )
    made = raised(found, burst(0, 0, "2001:db8::7"))
    assert [set(entity) for entity, _, _ in made["pairs"]] == [{"user.name", "source.ip"}]
    assert sorted(made["whose"], key=str) == [
        ({"source.ip": "2001:db8::7"}, 6, list(range(6))),
        ({"user.name": "root"}, 6, list(range(6))),
    ]
    odd = [attempt(n, n, "203.0.113.7", user="a=b") for n in range(6)]
    assert {"user.name": "a=b"} in [entity for entity, _, _ in raised(found, odd)["whose"]]


def test_a_chain_about_whomever_alerts_are_about(tmp_path: Path) -> None:
    two = over("two", "event_count", "any", "24h", "condition: {gte: 2}")
    both = over("both", "temporal", "two, tactics", "1m").replace("source.ip", "socterm.entity")
    tactics = over("tactics", "value_count", "any", "24h", "condition: {gte: 2, field: threat.tactic.name}")
    parts = [part.replace("source.ip", "socterm.entity") for part in (two, tactics)]
    found = rules(tmp_path, login("failed"), BRUTE, OPENED, seen("any"), *parts, both)
    broken_in = [*burst(0, 0, "203.0.113.7"), attempt(6, 9, "203.0.113.7", "success")]
    [(entity, count, _)] = raised(found, broken_in)["both"]
    assert (entity, count) == ({"source.ip": "203.0.113.7"}, 7)
    assert "both" not in raised(found, [*broken_in[:6], attempt(6, 9, "203.0.113.8", "success")])


def test_three_tactics_on_one_entity(tmp_path: Path) -> None:
    found = rules(
        tmp_path, login("failed"), BRUTE, SPRAY, OPENED, seen("any"),
        over("tactics", "value_count", "any", "24h", "condition: {gte: 3, field: threat.tactic.name}"),
    )  # fmt: skip
    users = ["a", "b", "c", "d", "e", "f"]
    guesses = [attempt(n, n, "203.0.113.7", user=users[n]) for n in range(6)]
    entry = attempt(6, 60, "203.0.113.7", outcome="success")
    assert raised(found, [*guesses, entry])["tactics"] == [({"source.ip": "203.0.113.7"}, 7, list(range(7)))]
    assert "tactics" not in raised(found, guesses)
    assert "tactics" not in raised(found, [*guesses, attempt(6, 60, "203.0.113.8", outcome="success")])


def test_one_rule_with_three_tactics_is_enough(tmp_path: Path) -> None:
    tags = ("attack.execution", "attack.defense_evasion", "attack.impact", "attack.t1059.004")
    found = rules(
        tmp_path, tagged(login("opened", "success"), *tags), seen("any"),
        over("tactics", "value_count", "any", "24h", "condition: {gte: 3, field: threat.tactic.name}"),
    )  # fmt: skip
    made = raised(found, [attempt(0, 0, "203.0.113.7", "success"), attempt(1, 1, "203.0.113.7", "success")])
    assert made["tactics"] == [({"source.ip": "203.0.113.7"}, 1, [0])]


@pytest.mark.parametrize(
    ("sel", "fits"),
    [
        ("event.kind: alert, event.dataset: socterm.alert, event.action: alert", True),
        ("event.severity: 4, socterm.level: high", True),
        ("event.severity|gt: 4", False),
        ("event.risk_score|gte: 30", True),
        ("rule.id: BRUTE", True),
        ("rule.name: brute", True),
        ("rule.name: A burst", True),
        ("rule.name|endswith: urst", True),
        ("rule.id: spray", False),
        ("threat.tactic.name: credential-access, threat.technique.id: T1110", True),
        ("threat.technique.id: [T1562.001, T9999]", False),
        ("source.ip|cidr: 203.0.113.0/24", True),
        ("source.ip|cidr: 198.51.100.0/24", False),
        ("host.hostname: web1", False),
        ("tags|contains: t1110", True),
    ],
)
def test_what_an_alert_is_as_an_event(tmp_path: Path, sel: str, fits: bool) -> None:
    brute = BRUTE.replace("title: brute", "title: A burst") + "socterm: {risk: 30}\n"
    found = rules(tmp_path, login("failed"), brute, seen("one", sel))
    assert {fate.fate for fate in found.fates if fate.key == "one"} == {"active"}
    made = raised(found, burst(0, 0, "203.0.113.7"))
    assert ("one" in made) is fits
    if fits:
        assert made["one"] == [({"source.ip": "203.0.113.7"}, 6, list(range(6)))]


def test_keywords_look_at_the_title(tmp_path: Path) -> None:
    keyword = seen("one").replace(
        "detection: {sel: {event.kind: alert}", "detection: {sel: ['brut*203.0.113.7']"
    )
    assert "one" in raised(rules(tmp_path, login("failed"), BRUTE, keyword), burst(0, 0, "203.0.113.7"))


def test_an_alert_is_told_of_once_however_long_it_goes_on(tmp_path: Path) -> None:
    found = rules(
        tmp_path, login("failed"), BRUTE, seen("any"),
        over("again", "event_count", "any", "24h", "condition: {gte: 2}"),
    )  # fmt: skip
    long = [attempt(n, n, "203.0.113.7") for n in range(500)]
    made = raised(found, long)
    assert made["brute"][0][1] == 500
    assert "again" not in made


def test_a_rule_over_alerts_that_names_itself_is_refused(tmp_path: Path) -> None:
    found = rules(tmp_path, login("failed"), seen("one", "rule.id: [failed, one]"))
    assert reason(found, "one") == "it consumes its own alerts: one → one"
    assert "failed" in found.rules


def test_a_circle_through_others_is_refused_by_name(tmp_path: Path) -> None:
    found = rules(
        tmp_path, login("failed"), seen("one", "rule.name: 'Two of them'"),
        over("two", "event_count", "one", "1h", "condition: {gte: 2}").replace(": two", ": Two of them", 1),
        seen("three", "rule.id: three-and-more"), seen("fine", "rule.id: failed"),
    )  # fmt: skip
    assert reason(found, "one") == "it consumes its own alerts: one → two → one"
    assert "it consumes its own alerts" in reason(found, "two")
    assert {"three", "fine", "failed"} <= found.rules.keys()


def test_a_circle_is_refused_in_whatever_order_it_is_written(tmp_path: Path) -> None:
    documents = [
        seen("a", "rule.id: c"), over("b", "event_count", "a", "1h", "condition: {gte: 2}"),
        seen("c", "rule.name: b"),
    ]  # fmt: skip
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        found = rules(tmp_path, *(documents[n] for n in order))
        assert {fate.fate for fate in found.fates} == {"refused"}


def test_a_mixture_of_alerts_and_events_is_refused(tmp_path: Path) -> None:
    found = rules(tmp_path, login("failed"), seen("any"), over("mix", "temporal", "any, failed", "1h"))
    assert reason(found, "mix").startswith("it mixes alerts ('any') with events ('failed')")


def test_who_names_no_rule_sees_no_alert_built_on_alerts(tmp_path: Path) -> None:
    found = rules(
        tmp_path, login("failed"), seen("any"), seen("every"), seen("named", "rule.id: any"),
        seen("third", "rule.id: named"),
    )  # fmt: skip
    made = raised(found, [attempt(0, 0, "203.0.113.7")])
    assert {rule: len(rows) for rule, rows in made.items()} == dict.fromkeys(
        ("failed", "any", "every", "named", "third"), 1
    )


def test_a_rule_that_only_feeds_others_raises_nothing_to_see(tmp_path: Path) -> None:
    found = rules(tmp_path, login("failed"), BRUTE, seen("any", "rule.id: failed"))
    assert "any" not in raised(found, burst(0, 0, "203.0.113.7"))


def test_a_rule_over_alerts_remembers_nothing(tmp_path: Path) -> None:
    text = seen("one") + "socterm: {new_value: {key: [source.ip], field: rule.id, history: 30d}}\n"
    assert "remembers" in reason(rules(tmp_path, login("failed"), text), "one")


PLAIN: dict[int, list[str]] = {}


def plain(tmp_path: Path, seed: int) -> list[str]:
    if seed not in PLAIN:
        PLAIN[seed] = run(tmp_path, PACK, stream(seed))
    return PLAIN[seed]


def test_the_stream_makes_every_rule_over_alerts_fire(tmp_path: Path) -> None:
    store = plain(tmp_path, 1)
    assert all(alerts(store, rule) for rule in OVER)
    assert check(tmp_path / "s.db") == []
    with open_store(tmp_path / "s.db") as opened:
        for alert in opened.triage.alerts():
            base = {row.id: row.repeat for row in opened.triage.alert_events(alert.id, limit=10_000)}
            assert alert.count == sum(base.values()), alert.rule


@in_any_portions(40)
def test_neither_portions_nor_restarts_change_an_alert(
    tmp_path: Path, seed: int, size: int, restarts: set[int]
) -> None:
    assert run(tmp_path, PACK, stream(seed), size, restarts=restarts) == plain(tmp_path, seed)


def arriving(seed: int, count: int = 300) -> list[tuple[float, Event]]:
    """Logins with the moment they happen; addresses come and go, so that alerts settle and come again."""
    pick = random.Random(seed)
    found = []
    at = 0.0
    for number in range(count):
        at += pick.expovariate(1 / 3) + (900 if number % 60 == 59 else 0)
        outcome = "failure" if pick.random() < 0.9 else "success"
        ip, user = f"203.0.113.{pick.choice((7, 7, 8))}", pick.choice("abcd")
        found.append((at, attempt(number, at, ip, outcome, user)))
    return found


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(seed=st.integers(0, 50), order=st.integers(0, 1 << 32), lag=st.sampled_from((0.0, 2.0, 4.9)))
def test_order_within_the_lateness_bound_changes_no_alert(
    tmp_path: Path, seed: int, order: int, lag: float
) -> None:
    shuffle = random.Random(order)
    if not (tmp_path / "any.yml").exists():
        lay(tmp_path, PACK)
    found = load_rules([tmp_path])
    events = arriving(seed)
    rows = []
    for late in (0.0, lag):
        arrived = sorted(events, key=lambda item: item[0] + shuffle.uniform(0, late))
        detector = Detector(found)
        changed = {}
        left = [event for _, event in arrived]
        while left:
            size = shuffle.choice((1, 5, 40))
            detector.feed("s", left[:size])
            left = left[size:]
            detector.sweep()
            if shuffle.random() < 0.5:
                for change in detector.collect():
                    changed.setdefault(change.id, []).append(change)
        detector.flush()
        for change in detector.collect():
            changed.setdefault(change.id, []).append(change)
        rows.append(alert_rows(changed))
    assert rows[0] == rows[1]
    assert {row[0] for row in rows[0]} >= {"brute", "tactics"} or len(rows[0]) < 8


def alert_rows(changed: dict[int, list[EpisodeChange]]) -> list[tuple[object, ...]]:
    """The settled alerts of all changes of each episode, with their base events."""
    hits: dict[int, set[int]] = {}
    for ident, changes in changed.items():
        home = changes[-1].merged_into or ident
        hits.setdefault(home, set()).update(hit.position for change in changes for hit in change.hits)
    return sorted(
        (
            last.rule,
            last.entity,
            last.first,
            last.last,
            last.count,
            last.signals,
            tuple(sorted(hits[last.id])),
        )
        for last in (changes[-1] for changes in changed.values())
        if last.alert and not last.merged_into
    )


def test_the_alert_of_a_rule_that_waits_is_told_of_too(tmp_path: Path) -> None:
    found = rules(
        tmp_path, login("failed"), over("few", "event_count", "failed", "20s", "condition: {lt: 3}"),
        seen("any", "rule.id: few"), over("again", "event_count", "any", "24h", "condition: {gte: 2}"),
    )  # fmt: skip
    events = [attempt(n, 3600 * n, "203.0.113.7") for n in range(3)]
    assert raised(found, events)["again"] == [({"source.ip": "203.0.113.7"}, 3, [0, 1, 2])]


@pytest.mark.parametrize("cut", range(5))
@pytest.mark.parametrize("order", itertools.permutations(range(4)), ids=str)
def test_alerts_that_a_late_event_joins_are_told_of_once(
    tmp_path: Path, order: tuple[int, ...], cut: int
) -> None:
    """While they wait to be told of: at the first of their events, whichever of them lives on."""
    found = rules(tmp_path, login("opened", "success", "socterm: {throttle: 1s}\n"), seen("any"))
    events = [
        attempt(number, at, "203.0.113.7", "success", "a") for number, at in enumerate((0.0, 1.0, 2.0, 2.0))
    ]
    detector = Detector(found)
    detector.feed("s", [events[n] for n in order[:cut]])
    detector.sweep()
    detector.feed("s", [events[n] for n in order[cut:]])
    detector.flush()
    rows = [change for change in detector.collect() if change.rule == "any"]
    assert [[hit.position for hit in row.hits] for row in rows] == [[0]]


def test_an_alert_that_waits_when_its_rule_goes_is_not_seen_by_who_names_none(tmp_path: Path) -> None:
    """The guard holds, although nobody can tell any more that the rule stood on alerts."""
    base = (
        login("failed"),
        login("opened", "success"),
        BASE["few.yml"],
        seen("any"),
        seen("n", "rule.name: one"),
    )
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    one = over("one", "event_count", "any", "24h", "condition: {gte: 1}")
    detector = Detector(rules(tmp_path / "with", *base, one))
    detector.feed("s", [attempt(0, 0, "203.0.113.7", "success"), attempt(1, 9, "203.0.113.8", "success")])
    detector.sweep()
    assert [bool(change.alert) for change in detector.collect() if change.rule == "one"] == [True]
    detector.replace(rules(tmp_path / "without", *base))
    detector.flush()
    found = [hit.position for change in detector.collect() if change.rule == "any" for hit in change.hits]
    assert found == [1]


def test_a_rule_over_alerts_that_comes_later_is_told_of_alerts_from_then_on(tmp_path: Path) -> None:
    """Also of those whose events had begun to come."""
    (tmp_path / "more").mkdir()
    detector = Detector(rules(tmp_path, login("failed"), BRUTE))
    attempts = burst(0, 0, "203.0.113.7")
    detector.feed("s", attempts[:3])
    detector.replace(rules(tmp_path / "more", login("failed"), BRUTE, seen("any")))
    detector.feed("s", attempts[3:])
    detector.flush()
    found = [change for change in detector.collect() if change.rule == "any"]
    assert [(change.count, sorted(hit.position for hit in change.hits)) for change in found] == [
        (6, [0, 1, 2, 3, 4, 5])
    ]


def test_closing_ends_what_rules_over_alerts_count(tmp_path: Path) -> None:
    found = rules(
        tmp_path, login("failed"), BRUTE, seen("any"),
        over("again", "event_count", "any", "24h", "condition: {gte: 2}"),
    )  # fmt: skip
    detector = Detector(found)
    closed = 0
    for n in range(4):
        detector.feed(
            "s", [*burst(6 * n, 3600 * n, "203.0.113.7"), attempt(100, 3600 * n + 60, "203.0.113.9")]
        )
        detector.sweep()
        for change in detector.collect():
            if change.rule == "again" and change.alert and not closed:
                closed = change.alert
                detector.decided(closed, "close")
    detector.flush()
    counts = {c.alert: c.count for c in detector.collect() if c.rule == "again" and c.alert}
    assert closed
    assert len(counts) == 2
