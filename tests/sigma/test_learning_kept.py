"""What rules learn outlives the process: each batch stores what changed, a restart goes on from there."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from socterm.pipeline.detect import Detector
from socterm.pipeline.ingest import Pipeline
from socterm.sigma.learning import plan, stage
from socterm.sigma.learning.changes import StoredLearning
from socterm.sigma.learning.judge import Judge
from socterm.sigma.learning.memory import Entry, Memory
from socterm.sigma.learning.plan import Planner
from socterm.sigma.learning.stage import Learner
from socterm.sigma.learning.values import Key
from socterm.sigma.model import RuleSet
from socterm.sources.opening import Opener
from socterm.store.ingest.writer import Writer
from socterm.store.upkeep.canonical import canonical
from socterm.store.upkeep.check import check
from tests.sigma.learning_road import SECOND, START, document, events, load

NOW = START + 86_400 * SECOND
USERS, ADDRESSES = ("ann", "bob", "eve"), [f"192.0.2.{n}" for n in range(9)]


def sshd(extension: dict[str, Any], ident: str) -> dict[str, Any]:
    return document(
        extension,
        ident=ident,
        logsource={"product": "linux", "service": "sshd"},
        detection={"one": {"event.action": "ssh_login"}, "condition": "one"},
    )


RULES = [
    sshd({"new_value": {"key": "user.name", "field": "source.ip", "learn": "2m"}}, "new"),
    sshd({"rarity": {"key": "source.ip", "max_count": 3, "history": "10m"}}, "rare"),
    sshd({"silence": {"key": "source.ip", "for": "1m", "after_seen": 2}}, "silent"),
    sshd({"spike": {"key": "user.name", "bucket": "10s", "history": "2m", "min": 3, "z": 1}}, "many"),
    sshd({"periodicity": {"key": "user.name", "min_events": 3, "max_jitter": 0.2}}, "beat"),
    {
        "title": "New, and many", "name": "both", "level": "high",
        "correlation": {
            "type": "temporal", "rules": ["new", "many"], "group-by": ["user.name"], "timespan": "5m",
            "generate": True,
        },
    },
]  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Twenty minutes of logins, now and then out of order, with pauses."""
    rng = random.Random(4)
    at = 0.0
    lines = []
    while at < 1200:
        at += rng.choice((0, 0, 1, 2, 5, 40))
        stamp = at - rng.choice((0, 0, 0, 1, 3))
        user, address = rng.choice(USERS), rng.choice(ADDRESSES)
        clock = f"{int(stamp) // 3600 + 1:02}:{int(stamp) // 60 % 60:02}:{int(stamp) % 60:02}"
        said = f"Accepted password for {user} from {address} port 4000 ssh2"
        lines.append(f"2026-01-01T{clock}+00:00 web1 sshd[{len(lines)}]: {said}")
    path = tmp_path / "auth.log"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def rules(tmp_path: Path) -> RuleSet:
    return load(tmp_path / "rules", *RULES)


def ingest(db: Path, log: Path, rules: RuleSet, *, batch: int, commits: int = 0) -> bool:
    """Read on, and stop after so many commits (0: at the end); whether it came to the end."""
    writer = Writer.open(db, now=NOW)
    writer.save_rules(rules.fates, {rule.key: rule.info for rule in rules.rules.values()})
    stored = writer.load_state()
    bookmarks = {s.name: (s.position, s.bookmark) for s in stored.sources}
    opener = Opener([str(log)], bookmark=bookmarks.get, clock=lambda: NOW, from_start=True, once=True)
    pipeline = Pipeline(writer, stored, rules, opener, clock=lambda: NOW, once=True, batch=batch)
    stop = threading.Event()
    done = iter(range(1, 1 << 30))
    pipeline.on_commit(lambda: stop.set() if next(done) == commits else None)
    pipeline.run(stop)
    writer.close()
    return not stop.is_set()


def learned(db: Path) -> list[tuple[Any, ...]]:
    """Everything the store has of it."""
    with sqlite3.connect(db) as connection:
        return [
            *connection.execute(
                "SELECT l.rule, d.key, d.value FROM learned d JOIN learning l ON l.id = d.rule ORDER BY 1, 2"
            ),
            *connection.execute("SELECT rule, shape, course FROM learning ORDER BY rule"),
            *connection.execute("SELECT * FROM held"),
        ]


@pytest.mark.parametrize("batch", [1, 7, 50])
def test_a_restart_in_mid_stream_changes_nothing(
    tmp_path: Path, log: Path, rules: RuleSet, batch: int
) -> None:
    whole, pieces = tmp_path / "whole.db", tmp_path / "pieces.db"
    assert ingest(whole, log, rules, batch=2000)
    rng = random.Random(batch)
    while not ingest(pieces, log, rules, batch=batch, commits=rng.randint(1, 200 // batch + 1)):
        pass
    assert list(canonical(pieces)) == list(canonical(whole))
    assert learned(pieces) == learned(whole)
    assert check(pieces) == []
    alerts = [line for line in canonical(whole) if '"alert"' in line]
    assert {name for name in ("new", "rare", "silent", "many", "beat",
    "both") if f'"{name}"' in str(alerts)} == {
        "new", "rare", "silent", "many", "beat", "both",
    }  # fmt: skip


def test_events_that_wait_are_stored_and_come_back(tmp_path: Path, log: Path, rules: RuleSet) -> None:
    db = tmp_path / "s.db"
    assert not ingest(db, log, rules, batch=20, commits=2)
    with sqlite3.connect(db) as connection:
        waiting = connection.execute("SELECT event, rules FROM held").fetchall()
    assert waiting
    assert all(keys == '["new","rare","silent","many","beat"]' for _, keys in waiting)
    writer = Writer.open(db, now=NOW)
    held = writer.load_state().learning.held
    writer.close()
    assert [(event.id, event.fields["event.action"]) for event, _ in held] == [
        (ident, "ssh_login") for ident, _ in waiting
    ]


def test_a_rule_that_remembers_something_else_begins_anew(tmp_path: Path, log: Path, rules: RuleSet) -> None:
    db = tmp_path / "s.db"
    ingest(db, log, rules, batch=2000)
    assert any(rule == "new" for rule, *_ in learned(db))
    edited = [sshd({"new_value": {"key": "source.ip", "field": "user.name"}}, "new"), *RULES[1:]]
    with log.open("a") as file:
        file.write(
            "2026-01-01T05:00:00+00:00 web1 sshd[1]: Accepted password for zoe from 192.0.2.1 port 4 ssh2\n"
        )
    ingest(db, log, load(tmp_path / "edited", *edited), batch=2000)
    own = [row for row in learned(db) if row[0] == "new"]
    assert [row[1] for row in own] == ['["192.0.2.1","zoe"]', "new_value key=source.ip field=user.name"]


def test_terms_that_do_not_change_what_is_remembered_keep_it(
    tmp_path: Path, log: Path, rules: RuleSet
) -> None:
    db = tmp_path / "s.db"
    ingest(db, log, rules, batch=2000)
    before = [row for row in learned(db) if row[0] == "new"]
    edited = [
        sshd({"new_value": {"key": "user.name", "field": "source.ip", "learn": "9d"}}, "new"),
        *RULES[1:],
    ]
    ingest(db, log, load(tmp_path / "edited", *edited), batch=2000)
    assert [row for row in learned(db) if row[0] == "new"] == before


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    memory: Memory[Entry] = Memory(Entry)
    memory.put(("a",), Entry(0, 1))
    memory.put(("b",), Entry(0, 2))
    assert memory.changes() == [('["a"]', "[1,1]"), ('["b"]', "[2,2]")]
    memory.put(("a",), Entry(0, 3))
    memory.drop(("b",))
    assert memory.changes() == [('["a"]', "[3,3]"), ('["b"]', None)]
    assert not memory.changed
    again: Memory[Entry] = Memory(Entry)
    again.restore([('["a"]', "[3,3]"), ("not JSON", "[1,1]")])
    assert [key for key, _ in again.items()] == [("a",)]
    assert again.evicted == 1


class Numbers(Entry):
    """An entry that holds several things."""

    held: list[int]


def test_the_longest_untouched_go_first_and_are_counted() -> None:
    memory: Memory[Numbers] = Memory(Numbers, limit=6, weigh=lambda entry: len(entry.held))
    for name in "abc":
        memory.put((name,), Numbers(0, 0, [1, 2]))
    memory.put(("a",), Numbers(0, 0, [1]))
    memory.put(("d",), Numbers(0, 0, [1, 2]))
    keys: Iterator[tuple[Key, Numbers]] = memory.items()
    assert [key for key, _ in keys] == [("c",), ("a",), ("d",)]
    assert (memory.held, memory.evicted) == (5, 1)


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if "socterm" in rule], ids=lambda rule: str(rule["name"])
)
def test_state_is_bounded_whatever_comes(tmp_path: Path, rule: dict[str, Any]) -> None:
    """A thousand strangers, and room for a hundred."""
    fired: list[int] = []
    learner = Learner(
        load(tmp_path, rule), lambda event, _keys, _mark: fired.append(event.position), limit=100, room=50
    )
    strangers = events(
        (f"{n}s", {"user.name": f"u{n}", "source.ip": f"ip{n}", "event.action": "ssh_login"})
        for n in range(1000)
    )
    for event in strangers:
        learner.feed(event, (rule["name"],), START)
    learner.flush(START)
    (judge,) = learner.judges.values()
    assert judge.memory.held <= 100
    assert judge.memory.evicted >= 800
    assert learner.counters()["learning_evicted"] == judge.memory.evicted
    assert learner.crowded == 950
    full = "its memory is full; what it has not seen for longest goes (socterm learn counts)"
    assert learner.notes() == (
        f"rule {rule['title']}: {full}",
        "more events wait for rules that remember than fit: some are judged before their time",
    )


def test_keys_that_had_to_go_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is one lost that comes back after its waiting was cleared away."""
    monkeypatch.setattr(stage, "TIMERS", 150)
    rule = document({"silence": {"key": "user.name", "for": "30d"}})
    fired: list[int] = []
    learner = Learner(load(tmp_path, rule), lambda event, *_: fired.append(event.position), limit=100)
    names = [*(f"u{n}" for n in range(1000)), "u0"]
    for event in events((f"{n}s", {"user.name": name}) for n, name in enumerate(names)):
        learner.feed(event, ("r",), event.ts)
        learner.advance(event.ts + 1)
        assert len(learner._timers) <= 300
    learner.advance(START + 31 * 86_400 * SECOND)
    assert fired == [*range(901, 1000), 1000]


@pytest.mark.parametrize("value", [1.5, 7, -3, True, 1e308, float("inf"), float("nan"), 10**30, "\0"])
def test_what_is_kept_of_an_event_comes_back_as_it_was(tmp_path: Path, value: object) -> None:
    rules = load(tmp_path, document({"silence": {"key": "user.name", "for": "1h"}}))
    (event,) = events([("0s", {"user.name": "ann", "host.hostname": value})])
    first, second = Learner(rules, lambda *_: None), Learner(rules, lambda *_: None)
    first.judges["r"].see(event)
    second.restore(StoredLearning(first.changes().rules))
    assert list(second.judges["r"].memory.items()) == list(first.judges["r"].memory.items())


def judged(folder: Path, extension: dict[str, Any], *lines: tuple[str, dict[str, Any]]) -> Judge[Any, Any]:
    """What has seen these events, in this order."""
    judge = Learner(load(folder, document(extension)), lambda *_: None).judges["r"]
    for event in events(lines):
        judge.see(event)
    return judge


def test_a_late_event_does_not_make_a_key_older(tmp_path: Path) -> None:
    judge = judged(
        tmp_path, {"silence": {"key": "user.name", "for": "1h"}},
        ("100s", {"user.name": "ann"}), ("50s", {"user.name": "ann"}),
    )  # fmt: skip
    ((_, entry),) = judge.memory.items()
    assert (entry.last, entry.seen) == (START + 100 * SECOND, 2)


def test_a_place_is_forgotten_when_its_key_could_be_anywhere(tmp_path: Path) -> None:
    here = {"source.geo.location.lat": 52.5, "source.geo.location.lon": 13.4}
    judge = judged(
        tmp_path, {"geo_speed": {"key": "user.name"}},
        ("0s", {"user.name": "ann", **here}), ("20h", {"user.name": "bob", **here}),
    )  # fmt: skip
    assert [key for key, _ in judge.memory.items()] == [("ann",), ("bob",)]
    (event,) = events([("21h", {"user.name": "eve", **here})])
    judge.see(event)
    assert [key for key, _ in judge.memory.items()] == [("bob",), ("eve",)]


def test_a_clock_turned_back_turns_the_beginning_of_learning_back(tmp_path: Path) -> None:
    judge = judged(tmp_path, {"new_value": {"key": "user.name", "learn": "1h"}}, ("9d", {"user.name": "ann"}))
    judge.rewind(START)
    assert judge.course.start == START
    assert not judge.learning(START + 2 * 3600 * SECOND)


def test_combinations_of_rules_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "MAX_PLANS", 10)
    planner = Planner(load(tmp_path, document({"new_value": {"key": "user.name"}})), {})
    for n in range(100):
        assert planner.plan(("r", str(n))) == (False, (str(n),), ("r",))
        assert len(planner._before) + len(planner._behind) <= 10


def test_other_rules_leave_what_a_rule_knows_alone(tmp_path: Path, rules: RuleSet) -> None:
    """Rules loaded anew: who is still the same knows what it knew, and judges what waits; others begin."""
    lines = [
        (f"{second}s", {"user.name": "ann", "source.ip": f"{second % 3}", "event.action": "ssh_login"})
        for second in range(0, 30, 3)
    ]
    given = [msgspec.structs.replace(event, logsources=(("linux", "", "sshd"),)) for event in events(lines)]
    edited = {"rarity": {"key": "source.ip", "max_count": 9}}
    loaded = load(
        tmp_path / "again", sshd(edited, "rare"), RULES[0], sshd({"new_value": {"key": "x"}}, "silent")
    )
    detector = Detector(rules)
    detector.feed("test", given[:6])
    before = detector.learned()
    detector.replace(loaded)
    detector.feed("test", given[6:])
    detector.flush()
    after = detector.learned()
    assert before is not None
    assert after is not None
    assert detector.learner is not None
    assert {key: judge.course.seen for key, judge in detector.learner.judges.items()} == {
        "rare": 10, "new": 10, "silent": 4,  # what waits is not for a rule that begins anew
    }  # fmt: skip
    assert {(memory.rule, memory.anew) for memory in after.rules} == {
        ("rare", False), ("new", False), ("silent", True),
    }  # fmt: skip
    assert sorted(after.released) == [event for event, _ in before.held]


def test_events_alike_to_python_keep_their_own_values(tmp_path: Path) -> None:
    """1, 1.0 and True are one key of a memory of what was kept, and three values."""
    given: list[object] = [1, True, 1.0, "1", True, ("1",), ["1"], ("1", 2), (), None, "x" * 201, "x" * 201]
    rules = load(tmp_path, document({"silence": {"key": "user.name", "for": "1h"}}))
    judge = Learner(rules, lambda *_: None).judges["r"]
    found = []
    for event in events((f"{n}s", {"user.name": "ann", "host.hostname": v}) for n, v in enumerate(given)):
        judge.see(event)
        ((_, entry),) = judge.memory.items()
        found.append(entry.fields.get("host.hostname"))
    assert [(type(value), value) for value in found[:10]] == [
        (int, 1), (bool, True), (float, 1.0), (str, "1"), (bool, True), (str, "1"), (str, "1"), (str, "1"),
        (type(None), None), (type(None), None),
    ]  # fmt: skip
    assert found[10] == found[11] != given[10]


def test_what_rules_on_rules_ask_for_is_kept_of_the_last_event(tmp_path: Path) -> None:
    """A rule further up is grouped by a field that the rule between them does not tell."""
    silent = document({"silence": {"key": "user.name", "for": "1h"}}, ident="silent")
    between = {
        "title": "Between", "name": "between", "level": "low",
        "correlation": {
            "type": "event_count", "rules": ["silent"], "group-by": ["user.name"], "timespan": "1h",
            "condition": {"gte": 1},
        },
    }  # fmt: skip
    top = {
        "title": "Top", "name": "top", "level": "low",
        "correlation": {
            "type": "value_count", "rules": ["between"], "group-by": ["service.name"], "timespan": "1d",
            "condition": {"gte": 2, "field": "user.name"},
        },
    }  # fmt: skip
    judge = Learner(load(tmp_path, silent, between, top), lambda *_: None).judges["silent"]
    (event,) = events([("0s", {"user.name": "ann", "service.name": "web", "process.name": "x"})])
    judge.see(event)
    ((_, entry),) = judge.memory.items()
    assert entry.fields == {"user.name": "ann", "service.name": "web"}
