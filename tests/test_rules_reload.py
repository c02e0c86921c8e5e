"""Rules changed under way: those that did not change raise the same alerts, evidence and counts included."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from socterm.store import open_store

from reload_road import Road

LOGIN = """\
title: {title}
name: {name}
level: low
logsource: {{product: linux, service: sshd}}
detection: {{sel: {{event.action: ssh_login, event.outcome: {outcome}}}, condition: sel}}
{more}"""
OVER = """\
title: {name}
name: {name}
level: high
correlation: {{type: {kind}, rules: [{rules}], group-by: [source.ip], timespan: {span}{more}}}
"""


def login(name: str, outcome: str = "failure", more: str = "", title: str = "A login") -> str:
    return LOGIN.format(title=title, name=name, outcome=outcome, more=more)


def over(name: str, kind: str, rules: str, span: str, more: str = "") -> str:
    return OVER.format(name=name, kind=kind, rules=rules, span=span, more=more and f", {more}")


PACK = {
    "failed.yml": login("failed"),
    "opened.yml": login("opened", "success", "socterm: {alert: true, throttle: 30s}\n"),
    "brute.yml": over("brute", "event_count", "failed", "2m", "condition: {gt: 5}"),
    "spray.yml": over("spray", "value_count", "failed", "3m", "condition: {gte: 3, field: user.name}"),
    "few.yml": over("few", "event_count", "failed", "20s", "condition: {lt: 3}"),
    "broken-in.yml": over("broken_in", "temporal_ordered", "brute, opened", "10m", "generate: true"),
    "sub/other.yml": login("other", more="socterm: {entity: [user.name]}\n"),
}
OURS = ("failed", "opened", "brute", "spray", "few", "broken_in")


def stream(seed: int, count: int = 240) -> list[bytes]:
    """Logins of a few addresses, some of them at it hard, up to four seconds out of order, with a pause."""
    pick = random.Random(seed)
    start = datetime(2026, 3, 17, 10, tzinfo=UTC)
    events = []
    at = 0.0
    for number in range(count):
        at += pick.expovariate(1 / 4) + (1500 if number == count // 2 else 0)
        ip = f"203.0.113.{pick.choice((7, 7, 7, 8, 9))}"
        what = "Failed" if pick.random() < 0.85 else "Accepted"
        user = pick.choice(("root", "ann", "bob", "eve"))
        line = f"web1 sshd[{1000 + number}]: {what} password for {user} from {ip} port {4000 + number} ssh2"
        events.append((at + pick.uniform(0, 4), at, line))
    events.sort()
    return [f"{(start + timedelta(seconds=at)).isoformat()} {line}".encode() for _, at, line in events]


def lay(folder: Path, pack: dict[str, str] = PACK) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for name, text in pack.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def ours(store: list[str], rules: tuple[str, ...] = OURS) -> list[str]:
    """A canonical store without the alerts of other rules."""
    return [line for line in store if json.loads(line).get("alert", rules[0]) in rules]


def alerts(store: list[str], rule: str) -> list[dict]:
    return [found for line in store if (found := json.loads(line)).get("alert") == rule]


Act = Callable[[Path], None]


def put(name: str, text: str) -> Act:
    """Save as editors do: whole, under another name first."""

    def act(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.swp")
        new.write_text(text)
        new.replace(path)

    return act


def drop(name: str) -> Act:
    return lambda folder: (folder / name).unlink(missing_ok=True)


UNRELATED: dict[str, Act] = {
    "a rule more": put("zz.yml", login("new")),
    "a correlation more": put(
        "new/sum.yml", over("sum", "event_count", "failed", "1h", "condition: {gte: 9}")
    ),
    "a correlation on a correlation": put(
        "twice.yml", over("twice", "event_count", "brute", "1h", "condition: {gte: 2}, generate: true")
    ),
    "a rule less": drop("sub/other.yml"),
    "a rule changed": put("sub/other.yml", login("other", "success")),
    "a rule broken": put("sub/other.yml", "title: [\n"),
    "one of ours broken": put("failed.yml", PACK["failed.yml"].replace("condition: sel", "condition: no")),
    "one of ours failing its test": put(
        "opened.yml",
        PACK["opened.yml"].replace("30s", "30s, tests: [{name: t, lines: [no login], alerts: 1}]"),
    ),
    "one of ours emptied": put("brute.yml", ""),
    "one of ours with another title": put(
        "spray.yml", PACK["spray.yml"].replace("title: spray", "title: Spraying")
    ),
    "an id taken": put("000.yml", login("failed", "success")),
    "a copy": put("001.yml", PACK["failed.yml"]),
    "no rule at all": put("aa.yml", "just: a map\n"),
    "moved": lambda folder: (folder / "failed.yml").rename(folder / "zzz.yml"),
    "the folder gone": lambda folder: folder.rename(folder.with_name("elsewhere")),
}
"""What changes no terms of the rules named in `OURS`."""

REFERENCE: dict[int, list[str]] = {}


def reference(tmp_path: Path, seed: int) -> list[str]:
    """The store of a run in which nothing changes."""
    if seed not in REFERENCE:
        folder, db = lay(tmp_path / f"plain{seed}"), tmp_path / f"plain{seed}.db"
        REFERENCE[seed] = Road(folder, db, stream(seed)).run()
    return REFERENCE[seed]


def test_the_stream_makes_every_rule_alert(tmp_path: Path) -> None:
    store = reference(tmp_path, 1)
    assert all(alerts(store, rule) for rule in OURS if rule != "failed")
    assert alerts(store, "failed") == []


@settings(
    max_examples=30,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(1, 3),
    what=st.lists(st.tuples(st.integers(0, 239), st.sampled_from(sorted(UNRELATED))), min_size=1, max_size=3),
    size=st.sampled_from((1, 7, 60)),
    down=st.booleans(),
)
@example(seed=3, what=[(227, "moved"), (42, "an id taken"), (62, "moved")], size=7, down=True)
@example(seed=3, what=[(42, "an id taken"), (62, "moved")], size=7, down=False)
def test_rules_that_did_not_change_alert_as_without_the_reload(
    tmp_path: Path, seed: int, what: list[tuple[int, str]], size: int, down: bool
) -> None:
    folder = lay(tmp_path / "rules")
    shutil.rmtree(tmp_path / "elsewhere", ignore_errors=True)
    db = tmp_path / "s.db"
    for part in ("", "-wal", "-shm"):
        Path(f"{db}{part}").unlink(missing_ok=True)

    def act(names: list[str]) -> Callable[[], None]:
        def do() -> None:
            for name in names:
                moves = folder / "failed.yml" if name == "moved" else None
                if moves is not None and (not moves.exists() or moves.read_text() != PACK[moves.name]):
                    continue  # a broken file that goes takes its last good version with it
                if folder.exists():
                    UNRELATED[name](folder)

        return do

    places: dict[int, list[str]] = {}
    for place, name in what:
        # A store whose folder is gone does not start, which is told on the command line.
        places.setdefault(place, []).append("a rule less" if down and name == "the folder gone" else name)
    acts = {place: act(names) for place, names in places.items()}
    road = Road(folder, db, stream(seed), size)
    store = road.run(down=acts) if down else road.run(acts)
    assert ours(store) == ours(reference(tmp_path, seed))


CUT = 60
"""The line after which a rule changes in the tests below."""


def changed(tmp_path: Path, act: Callable[[Path], None], *, down: bool, seed: int = 2) -> list[str]:
    folder = lay(tmp_path / f"rules{down}")
    road = Road(folder, tmp_path / f"{down}.db", stream(seed), 10)
    acts = {CUT: lambda: act(folder)}
    return road.run(down=acts) if down else road.run(acts)


def before(store: list[str], rule: str) -> list[list[int]]:
    """Of each of its alerts, how many lines it rests on come before the cut, and how many after."""
    return [
        [
            sum(1 for _, at in alert["evidence"] if at < CUT),
            sum(1 for _, at in alert["evidence"] if at >= CUT),
        ]
        for alert in alerts(store, rule)
    ]


@pytest.mark.parametrize("down", [False, True], ids=["running", "down"])
def test_a_rule_whose_terms_change_begins_anew(tmp_path: Path, down: bool) -> None:
    """What it had under way settles as it is; no event from before counts for its new version."""
    act = put("brute.yml", PACK["brute.yml"].replace("gt: 5", "gt: 4"))
    store = changed(tmp_path, act, down=down)
    assert any(all(part) for part in before(reference(tmp_path, 2), "brute"))
    rests = before(store, "brute")
    assert rests
    assert not any(all(part) for part in rests)
    assert ours(store, ("failed", "opened", "spray", "few")) == ours(
        reference(tmp_path, 2), ("failed", "opened", "spray", "few")
    )


@pytest.mark.parametrize("down", [False, True], ids=["running", "down"])
def test_what_stands_on_a_changed_rule_begins_anew_too(tmp_path: Path, down: bool) -> None:
    act = put("failed.yml", PACK["failed.yml"].replace("failure}", "failure, user.name: [root, ann, bob]}"))
    store = changed(tmp_path, act, down=down)
    for rule in ("brute", "spray", "few", "broken_in"):
        assert not any(all(part) for part in before(store, rule)), rule
    assert alerts(store, "opened") == alerts(reference(tmp_path, 2), "opened")


@pytest.mark.parametrize("down", [False, True], ids=["running", "down"])
def test_the_alerts_of_a_rule_that_is_removed_stay_and_settle(tmp_path: Path, down: bool) -> None:
    store = changed(tmp_path, drop("spray.yml"), down=down)
    kept = alerts(store, "spray")
    assert kept
    assert all(at < CUT for alert in kept for _, at in alert["evidence"])
    with open_store(tmp_path / f"{down}.db") as opened:
        assert all(row.settled for row in opened.triage.alerts())
        assert "spray" not in {row.id for row in opened.triage.rules()}


def test_running_or_down_a_change_means_the_same(tmp_path: Path) -> None:
    for name, text in (
        ("brute.yml", PACK["brute.yml"].replace("gt: 5", "gt: 3")),
        ("few.yml", PACK["few.yml"].replace("lt: 3", "lt: 2")),
        ("brute.yml", "title: [broken"),
    ):
        assert changed(tmp_path, put(name, text), down=False) == changed(tmp_path, put(name, text), down=True)
        for down in (False, True):
            for part in ("", "-wal", "-shm"):
                (tmp_path / f"{down}.db{part}").unlink(missing_ok=True)


def test_a_broken_file_is_kept_over_a_restart_and_the_store_says_so(tmp_path: Path) -> None:
    store = changed(tmp_path, put("brute.yml", "title: [broken"), down=True)
    assert ours(store) == ours(reference(tmp_path, 2))
    with open_store(tmp_path / "True.db") as opened:
        [row] = [row for row in opened.triage.rules() if row.id == "brute"]
    assert row.fate == "active"
    assert row.reason.startswith(f"kept: {tmp_path / 'rulesTrue' / 'brute.yml'} line 2: not YAML:")
