"""Finding one event in a long log: the next that alerted, the first at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "console"))

from scene import NOW, SECOND, Scene, ssh_failed
from socterm.query import parse
from socterm.store import open_store
from socterm.store.opening import Store

EVIDENCE = {3, 4, 700, 1500, 1501}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """2,000 events, a second apart; every third is root's."""
    scene = Scene(tmp_path / "soc.db")
    users = ["root" if n % 3 == 0 else "oracle" for n in range(1, 2001)]
    scene.lines([ssh_failed(user, "203.0.113.9") for user in users])
    scene.alert("brute", {"source.ip": "203.0.113.9"}, sorted(EVIDENCE))
    with open_store(scene.path) as store:
        yield store
    scene.close()


def test_from_alerted_event_to_alerted_event(store: Store) -> None:
    seen, at = [], 0
    while at := store.events.alerted(after=at):
        seen.append(at)
    assert seen == sorted(EVIDENCE)
    seen, at = [], 2001
    while at := store.events.alerted(before=at):
        seen.append(at)
    assert seen == sorted(EVIDENCE, reverse=True)


def test_only_those_that_pass_the_filter(store: Store) -> None:
    query = parse("user.name:root", now=NOW)
    found = [n for n in sorted(EVIDENCE) if n % 3 == 0]
    assert [store.events.alerted(query, after=n - 1) for n in found] == found
    assert store.events.alerted(query, after=1500) == 0
    assert store.events.alerted(query, before=1500) == 3
    word = parse("oracle", now=NOW)
    assert store.events.alerted(word, after=4) == 700


@pytest.mark.parametrize("back", [0, 1, 59, 61, 1000, 1999])
def test_the_first_event_at_a_time(store: Store, back: int) -> None:
    assert store.events.at(NOW - back * SECOND) == 2000 - back


def test_before_all_and_after_all(store: Store) -> None:
    assert store.events.at(0) == 1
    assert store.events.at(NOW + SECOND) == 0


def test_ids_in_either_order(store: Store) -> None:
    query = parse("user.name:root", now=NOW)
    every = store.events.ids(query, limit=5000)
    assert store.events.ids(query, limit=5000, oldest_first=True) == every[::-1]
    assert store.events.ids(query, after=99, limit=2, oldest_first=True) == [102, 105]
