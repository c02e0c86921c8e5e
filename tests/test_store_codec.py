"""Events go into rows and come back the same, whatever a log line put into them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Event
from socterm.store import check, open_store
from socterm.store.codec import MESSAGE_SHIFT
from socterm.store.connection import connect
from socterm.store.ingest.batch import Batch
from socterm.store.ingest.writer import Writer
from socterm.store.jsontext import to_json
from socterm.store.rows import EventRow
from socterm.taxonomy import ACTIONS, COLUMNS

from store_samples import NOW, batch, event, login

TEXT = st.text(st.characters(codec=None, exclude_characters="\x00"), max_size=20)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    TEXT,
    st.sampled_from(list(ACTIONS)),
)
NAMES = st.one_of(
    st.sampled_from([column.ecs for column in COLUMNS]),
    st.sampled_from(["event.category", "event.type", "message", "~", "", "rule.name", 'a"b', "a.b"]),
    TEXT,
)
FIELDS = st.dictionaries(NAMES, st.one_of(SCALARS, st.lists(SCALARS, max_size=3).map(tuple)), max_size=8)


@st.composite
def lines(draw: st.DrawFn) -> Event:
    raw = draw(st.text(max_size=40))
    fields: dict[str, Any] = draw(FIELDS)
    if draw(st.booleans()):
        fields["message"] = raw[draw(st.integers(0, len(raw))) :]
    action = ACTIONS.get(fields.get("event.action")) if isinstance(fields.get("event.action"), str) else None
    if action is not None and draw(st.booleans()):
        fields["event.category"], fields["event.type"] = action.category, action.type
    return Event(
        ts=draw(st.integers(0, 2**52)), source="log", position=0, raw=raw, fields=fields,
        kind=draw(st.sampled_from(["event", "pipeline_error", "alert"])), repeat=draw(st.integers(0, 9)),
        time_from=draw(st.sampled_from(["line", "previous", "received"])),
        raw_bytes=draw(st.none() | st.binary(max_size=9)), id=1,
    )  # fmt: skip


def stored(path: Path, one: Event) -> EventRow:
    writer = Writer.open(path, now=NOW)
    writer.commit(Batch(events=[one], now=NOW))
    writer.close()
    assert check(path) == []
    with open_store(path) as store:
        return store.events.get([1])[0]


def same(a: Any, b: Any) -> bool:
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    return type(a) is type(b) and bool(a == b)


@settings(max_examples=150)
@given(one=lines())
def test_any_event_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, one: Event) -> None:
    row = stored(tmp_path_factory.mktemp("round") / "store.db", one)
    assert row.fields.keys() == one.fields.keys()
    for name, value in one.fields.items():
        assert same(row.fields[name], value), name
    assert (row.ts, row.source, row.position, row.kind, row.repeat) == (
        one.ts,
        "log",
        0,
        one.kind,
        one.repeat,
    )
    assert (row.raw, row.raw_bytes) == (one.raw, one.raw_bytes)


def test_lists_come_back_as_tuples(tmp_path: Path) -> None:
    row = stored(tmp_path / "store.db", event(1, position=0, tags=["a", "b"]))
    assert row.fields["tags"] == ("a", "b")


@pytest.mark.parametrize("name", ["user.name", "message", "event.category", "event.type", "other"])
def test_a_field_that_is_there_but_empty_stays_there(tmp_path: Path, name: str) -> None:
    one = login(1)
    one.fields[name] = None
    assert stored(tmp_path / "store.db", one).fields == one.fields


def test_a_surrogate_in_the_raw_text_is_kept_as_bytes(tmp_path: Path) -> None:
    one = event(1)
    one.raw = "bad \udcff end"
    row = stored(tmp_path / "store.db", one)
    assert row.raw == "bad \ufffd end"
    assert row.raw_bytes == one.raw.encode("utf-8", "surrogatepass")


def test_what_follows_from_elsewhere_takes_no_room(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    one = login(1)
    stored(path, one)
    fields, flags = connect(path).execute("SELECT fields, flags FROM events").fetchone()
    assert fields is None
    assert one.raw[(flags >> MESSAGE_SHIFT) - 1 :] == one.fields["message"]


def test_a_category_of_its_own_is_kept(tmp_path: Path) -> None:
    row = stored(tmp_path / "store.db", event(1, event__action="ssh_login", event__category=("x",)))
    assert row.fields["event.category"] == ("x",)
    assert "event.type" not in row.fields


def test_one_hostile_line_does_not_change_its_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    writer = Writer.open(path, now=NOW)
    good = [login(1), login(3)]
    bad = login(2, source__ip="\ud800", process__pid=2**80, note=float("nan"))
    writer.commit(batch([good[0], bad, good[1]]))
    writer.close()
    with open_store(path) as store:
        rows = store.events.get([1, 2, 3])
    assert [rows[0].fields, rows[2].fields] == [good[0].fields, good[1].fields]
    assert rows[1].fields["source.ip"] == "\ud800"
    assert rows[1].fields["process.pid"] == 2**80


def test_hostile_values_break_no_query(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    writer = Writer.open(path, now=NOW)
    writer.commit(batch([login(1, odd="\ud800"), login(2, odd=float("inf")), login(3, odd=("a", "\udfff"))]))
    writer.close()
    with open_store(path) as store:
        assert sorted(store.events.count_by("odd")) == [("a", 1), ("inf", 1), ("\ud800", 1), ("\udfff", 1)]


def test_json_text_is_plain_ascii_where_utf8_cannot_carry_it() -> None:
    assert to_json({"a": "\ud800"}) == '{"a":"\\ud800"}'
