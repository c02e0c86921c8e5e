"""Kinds of lines whose lines retention has deleted: still counted, and in nobody's way."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from socterm.analyst.search import LOOKED_AT, Search
from socterm.event import Event
from socterm.store import check, open_store
from socterm.store.ingest.writer import Writer
from socterm.store.keeping.retention import Terms

from store_samples import NOW, batch, episode, event, login

DAY = 86_400_000_000
LATER = 40 * DAY


@pytest.fixture(autouse=True)
def no_least(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socterm.store.keeping.retention.LEAST_KEPT", 0)


def later(one: Event) -> Event:
    """Forty days after the others."""
    one.ts += LATER
    return one


def odd(number: int) -> Event:
    """A failed login that says so in no words of ours: only its kind leads to it."""
    return worded(login(number, message="4625 x"))


def worded(one: Event) -> Event:
    """With nothing in its line but its message."""
    one.raw = str(one.fields["message"])
    return one


def kinds(count: int) -> list[Event]:
    """Failed logins of so many kinds, each of which says so in plain words as well."""
    return [login(n, message="failed login", event__dataset=f"d{n}") for n in range(1, count + 1)]


def asked(
    path: Path, old: Sequence[Event], new: Sequence[Event], *, cited: Sequence[Event] = ()
) -> list[int]:
    """What is found in a store from which retention has deleted `old` but for what an alert cites."""
    writer = Writer.open(path, now=NOW)
    writer.commit(batch(old, [episode(1, cited, alert=1)] if cited else []))
    writer.commit(batch(new))
    writer.feed_fts(10_000)
    keeping = writer.retention(Terms(older=DAY))
    while keeping.step(NOW + LATER):
        pass
    writer.close()
    assert check(path) == []
    with open_store(path, readonly=True) as store:
        assert store.events.count().value == len(new) + len(cited)
        found = Search(store.events, store.templates).hybrid("show me failed logins", limit=3)
        return [one.event.id for one in found.hits]


@pytest.mark.parametrize("count", [1, 12, LOOKED_AT - 20])
def test_kinds_without_lines_take_nobodys_place(tmp_path: Path, count: int) -> None:
    stays = later(odd(count + 1))
    assert asked(tmp_path / "store.db", kinds(count), [stays]) == [stays.id]


def test_what_an_alert_cites_is_found_where_the_newest_of_its_kind_is_gone(tmp_path: Path) -> None:
    old = [odd(n) for n in range(1, 30)]
    assert asked(
        tmp_path / "store.db", old, [later(worded(event(30, message="nothing")))], cited=old[3:5]
    ) == [5]
