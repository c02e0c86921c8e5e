"""Rules that change while events wait for rules that remember: who still hears of them, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from socterm.event import Event
from socterm.pipeline.detect import Detector
from socterm.sigma.learning.changes import StoredLearning
from socterm.sigma.learning.queue import Queue
from tests.sigma.learning_road import document, events, hits, load
from tests.sigma.test_learning_kept import learned, sshd

from reload_road import Road

NEW = sshd({"new_value": {"key": "user.name"}}, "new")
PLAIN = sshd({"alert": True}, "plain")


def pair(*rules: str) -> dict[str, Any]:
    """Two in five minutes on one address."""
    return {
        "title": "Two",
        "name": "two",
        "level": "high",
        "correlation": {
            "type": "event_count", "rules": list(rules), "group-by": ["source.ip"], "timespan": "5m",
            "condition": {"gte": 2},
        },
    }  # fmt: skip


def only(rule: dict[str, Any], user: str) -> dict[str, Any]:
    return rule | {"detection": {"one": {"event.action": "ssh_login", "user.name": user}, "condition": "one"}}


def logins(*users: str) -> list[Event]:
    """One a second."""
    given = [
        (f"{n}s", {"user.name": user, "source.ip": "192.0.2.1", "event.action": "ssh_login"})
        for n, user in enumerate(users)
    ]
    return [msgspec.structs.replace(event, logsources=(("linux", "", "sshd"),)) for event in events(given)]


def changed(tmp_path: Path, before: list[dict[str, Any]], after: list[dict[str, Any]]) -> Detector:
    """Two logins wait when the rules change; then all is over."""
    detector = Detector(load(tmp_path / "before", *before))
    detector.feed("test", logins("ann", "bob"))
    waiting = detector.learned()
    assert waiting is not None
    assert len(waiting.held) == 2
    detector.replace(load(tmp_path / "after", *after))
    return detector


Case = tuple[list[dict[str, Any]], list[dict[str, Any]], str, list[int]]
CASES: dict[str, Case] = {
    "the last rule that remembers goes: others still hear": (
        [NEW, PLAIN, pair("new", "plain")], [PLAIN, pair("plain")], "plain", [0, 1],
    ),
    "and what stands on them counts": (
        [NEW, PLAIN, pair("new", "plain")], [PLAIN, pair("plain")], "two", [0, 1],
    ),
    "a rule that matches something else begins anew": ([NEW], [only(NEW, "bob")], "new", []),
    "so does one beside it": (
        [NEW, PLAIN, pair("new", "plain")], [NEW, only(PLAIN, "bob"), pair("new", "plain")], "plain", [],
    ),
    "a rule that remembers something else begins anew": (
        [NEW], [sshd({"new_value": {"key": "source.ip"}}, "new")], "new", [],
    ),
    "a rule that remembers no more begins anew": ([NEW], [sshd({}, "new")], "new", []),
    "another setting of what is remembered goes on": (
        [NEW], [sshd({"new_value": {"key": "user.name", "history": "9d"}}, "new")], "new", [0, 1],
    ),
    "another title goes on": ([NEW], [NEW | {"title": "Renamed"}], "new", [0, 1]),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "rule", "fires"), CASES.values(), ids=CASES)
def test_who_hears_of_events_that_wait(
    tmp_path: Path, before: list[dict[str, Any]], after: list[dict[str, Any]], rule: str, fires: list[int]
) -> None:
    detector = changed(tmp_path, before, after)
    detector.flush()
    assert hits(detector.collect(), rule) == fires
    stored = detector.learned()
    assert stored is not None
    assert sorted(stored.released) == [1, 2]


def test_the_store_hears_which_rules_an_event_still_waits_for(tmp_path: Path) -> None:
    both = [NEW, sshd({"new_value": {"key": "source.ip"}}, "other")]
    detector = changed(tmp_path, both, [only(NEW, "bob"), both[1]])
    assert detector.changed
    stored = detector.learned()
    assert stored is not None
    assert (stored.held, stored.released) == ([(1, ("other",)), (2, ("other",))], [])
    detector.flush()
    stored = detector.learned()
    assert stored is not None
    assert (stored.held, stored.released) == ([], [1, 2])


def test_an_event_that_waits_for_fewer_rules_and_then_for_none_is_gone_from_the_store() -> None:
    queue = Queue()
    (event,) = logins("ann")
    queue.put(event, ("a", "b"), stored=True)
    queue.narrow({"b"})
    assert queue.pop() == (event, ("b",))
    assert queue.changes() == ([], [1])


def test_what_waits_in_the_store_is_heard_of_although_no_rule_remembers_any_more(tmp_path: Path) -> None:
    detector = Detector(load(tmp_path, PLAIN))
    (event,) = logins("ann")
    detector.restore({}, [], StoredLearning(held=[(event, ("plain",))]))
    detector.flush()
    assert hits(detector.collect(), "plain") == [0]
    stored = detector.learned()
    assert stored is not None
    assert stored.released == [1]


def test_two_reloads_within_a_batch_forget_what_the_first_took_away(tmp_path: Path) -> None:
    detector = changed(tmp_path, [NEW, PLAIN], [PLAIN])
    detector.replace(load(tmp_path / "again", NEW, PLAIN))
    stored = detector.learned()
    assert stored is not None
    assert stored.void == ["new"]


LINE = "2026-01-01T01:00:{:02}+00:00 web1 sshd[7]: Accepted password for {} from 192.0.2.1 port 4000 ssh2"
LINES = [LINE.format(n, "ann" if n % 2 else "bob").encode() for n in range(0, 60, 3)]


def put(folder: Path, name: str, rule: dict[str, Any] | None) -> Callable[[], None]:
    path = folder / f"{name}.yml"
    return lambda: path.unlink() if rule is None else path.write_text(json.dumps(rule)) and None


def road(tmp_path: Path, name: str, *rules: dict[str, Any]) -> tuple[Path, Road]:
    folder = tmp_path / name
    folder.mkdir()
    for rule in rules:
        put(folder, rule["name"], rule)()
    return folder, Road(folder, tmp_path / f"{name}.db", LINES, 1)


def test_a_kill_between_changes_of_what_waits_changes_nothing(tmp_path: Path) -> None:
    """The last rule that remembers goes while others wait with it; another comes; restarts all along."""
    stores = []
    for restarts in ((), range(1, len(LINES))):
        folder, one = road(tmp_path, f"r{len(restarts)}", NEW, PLAIN, pair("new", "plain"))
        acts = {
            9: lambda folder=folder: (put(folder, "two", pair("plain"))(), put(folder, "new", None)()),
            14: put(folder, "new", NEW),
        }
        store = one.run(acts, restarts=restarts)
        stores.append((store, learned(one.db)))
    assert stores[0] == stores[1]
    rows = [json.loads(line) for line in stores[0][0] if '"alert":"two"' in line]
    assert sum(row["count"] for row in rows) == len(LINES)  # each in one version of it: none is lost


def test_a_rule_that_goes_forgets_and_one_that_comes_back_begins_anew(tmp_path: Path) -> None:
    """Also where the ingest ends before it sees anything again."""
    found = []
    for restarts in ((), (12, 13, 14, 15)):
        folder, one = road(tmp_path, f"r{len(restarts)}", NEW)
        acts = {5: put(folder, "new", None), 12: put(folder, "new", NEW)}
        store = one.run(acts, restarts=restarts)
        found.append([json.loads(line)["evidence"] for line in store if '"alert":"new"' in line])
    assert found[0] == found[1]
    assert sorted(place[1] for alert in found[0] for place in alert) == [0, 1, 12, 13]


def test_a_rule_that_is_gone_leaves_nothing_behind(tmp_path: Path) -> None:
    folder, one = road(tmp_path, "rules", NEW)
    one.run({5: put(folder, "new", None)})
    assert learned(one.db) == []


def test_bystanders_keep_what_they_know(tmp_path: Path) -> None:
    other = document({"new_value": {"key": "user.name"}}, ident="other")
    folder, one = road(tmp_path, "rules", NEW, other)
    one.run({5: put(folder, "other", None)})
    assert [row[0] for row in learned(one.db)] == ["new", "new", "new"]
