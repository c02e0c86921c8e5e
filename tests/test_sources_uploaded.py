"""Journals in their export format are read however they are cut; what comes twice is stored once."""

from __future__ import annotations

import struct
import sys
from itertools import accumulate

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.sources.base import LINE_LIMIT
from socterm.sources.exported import BrokenExportError, Entry, ExportParser
from socterm.sources.posted import PostedSource, QueueFullError, Room
from socterm.sources.uploaded import Uploads

JOURNAL = "0123456789abcdef0123456789abcdef"


def binary(name: bytes, value: bytes) -> bytes:
    return name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"


def cursor(number: int, journal: str = JOURNAL, time: int = 2) -> str:
    return f"s={journal};i={number:x};b={'f' * 32};m=1;t={time:x};x=3"


def entry(number: int, journal: str = JOURNAL, time: int = 2) -> Entry:
    return Entry(cursor(number, journal, time), b'{"n":%d}' % number)


def parsed(data: bytes, size: int = 0) -> list[object]:
    parser = ExportParser()
    found: list[Entry] = []
    step = size or len(data) or 1
    for at in range(0, len(data), step):
        found += parser.feed(data[at : at + step])
    return [msgspec.json.decode(one.line) for one in found + parser.finish()]


def test_texts_bytes_and_repeated_fields_are_as_journalctl_shows_them() -> None:
    data = (
        b"__CURSOR=c1\n__REALTIME_TIMESTAMP=17\nMESSAGE=a=b \xc3\xbc\nTAG=1\nTAG=2\nTAG=3\n"
        + binary(b"_CMDLINE", b"two\nlines\n")
        + binary(b"RAW", b"\xff\n\n\x00")
        + binary(b"EMPTY", b"")
        + b"\n"
    )
    assert parsed(data) == [
        {
            "__CURSOR": "c1", "__REALTIME_TIMESTAMP": "17", "MESSAGE": "a=b ü", "TAG": ["1", "2", "3"],
            "_CMDLINE": "two\nlines\n", "RAW": [255, 10, 10, 0], "EMPTY": "",
        }
    ]  # fmt: skip


def test_blank_lines_make_no_entry_and_the_last_entry_may_lack_its_own() -> None:
    assert parsed(b"\n\nA=1\n\n\n\nA=2\n") == [{"A": "1"}, {"A": "2"}]
    assert parsed(b"") == []


VALUES = st.lists(
    st.lists(
        st.tuples(st.sampled_from(["A", "_B", "MESSAGE"]), st.binary(max_size=30)), min_size=1, max_size=4
    ),
    max_size=5,
)


@given(VALUES, st.integers(1, 40))
def test_however_it_is_cut_the_same_entries_come(entries: list[list[tuple[str, bytes]]], size: int) -> None:
    data = b"".join(
        b"".join(binary(name.encode(), value) for name, value in fields) + b"\n" for fields in entries
    )
    whole = parsed(data)
    assert len(whole) == len(entries)
    assert parsed(data, size) == whole


@given(st.binary(max_size=200), st.integers(1, 20))
def test_hostile_bytes_are_refused_in_one_line_or_read(data: bytes, size: int) -> None:
    try:
        told = ""
        parsed(data, size)
    except BrokenExportError as broken:
        told = str(broken)
    assert not told or told.startswith("no journal export at byte ")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"lower=1\n\n", "at byte 8: no name of a field"),
        (b"=1\n\n", "no name"),
        (b"A\n\x01\0\0\0\0\0\0\0xx\n", "no newline after a field"),
        (b"A\n\xff\xff\xff\xff\xff\xff\xff\xff", "longer than a terabyte"),
        (b"A=1", "ends inside a field"),
        (b"A\n\x05\0\0\0\0\0\0\0xx", "ends inside a field"),
        (b"A=1\n" * 1025, "more than 1024 fields"),
        (b"a" * (2 << 20), "no name"),
    ],
)
def test_what_is_broken_is_told_with_its_place(data: bytes, why: str) -> None:
    with pytest.raises(BrokenExportError, match=why):
        parsed(data, 65536)


def test_entries_before_what_is_broken_are_there() -> None:
    with pytest.raises(BrokenExportError) as broken:
        ExportParser().feed(b"A=1\n\nA=2\n\nno field\n")
    assert [one.line for one in broken.value.entries] == [b'{"A":"1"}', b'{"A":"2"}']


def test_fields_too_long_for_a_line_are_null_and_never_held_whole() -> None:
    parser = ExportParser()
    found: list[Entry] = []
    data = b"MESSAGE=m\nLONG=" + b"x" * (3 << 20) + b"\n" + binary(b"DUMP", b"y" * (9 << 20)) + b"AFTER=1\n\n"
    for at in range(0, len(data), 65536):
        found += parser.feed(data[at : at + 65536])
        assert len(parser._bytes) < 1 << 20
    assert [msgspec.json.decode(one.line) for one in found] == [
        {"MESSAGE": "m", "LONG": None, "DUMP": None, "AFTER": "1"}
    ]
    assert parser.oversized == 2


def test_bytes_that_only_as_numbers_are_too_long_leave_the_line_within_its_limit() -> None:
    [found] = ExportParser().feed(b"MESSAGE=m\n" + binary(b"RAW", b"\xff" * 500_000) + b"\n")
    assert len(found.line) < LINE_LIMIT
    assert msgspec.json.decode(found.line) == {"MESSAGE": "m", "RAW": None}


def test_of_many_values_too_long_together_the_longest_go_each_looked_at_once() -> None:
    """An entry that anybody on this machine may send must not take seconds."""
    values = [b"\xff" * (700 + number % 80) for number in range(1_000)]
    data = b"".join(binary(b"F%d" % number, value) for number, value in enumerate(values)) + b"MESSAGE=m\n\n"
    encoded = 0

    def count(_frame: object, event: str, called: object) -> None:
        nonlocal encoded
        encoded += event == "c_call" and called is msgspec.json.encode

    parser = ExportParser()
    sys.setprofile(count)
    try:
        [found] = parser.feed(data)
    finally:
        sys.setprofile(None)
    assert 0 < encoded < 1_100
    line = msgspec.json.decode(found.line)
    gone = {name for name, value in line.items() if value is None}
    assert LINE_LIMIT - 4_000 < len(found.line) <= LINE_LIMIT
    assert parser.oversized == len(gone)
    assert line["MESSAGE"] == "m"
    lengths = {f"F{number}": len(value) for number, value in enumerate(values)}
    assert min(lengths[name] for name in gone) >= max(lengths[name] for name in lengths if name not in gone)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 5_000), min_size=1, max_size=5))
def test_a_long_value_that_comes_in_bits_is_searched_for_its_end_once(sizes: list[int]) -> None:
    value = b"x" * sum(sizes)
    parser, found = ExportParser(), []
    for at, size in zip(accumulate(sizes, initial=0), sizes, strict=False):
        found += parser.feed((b"A=1\nB=" if not at else b"") + value[at : at + size])
    found += parser.feed(b"\n") + parser.feed(b"C=3\n") + parser.feed(b"\nD=4\n\n")
    assert [msgspec.json.decode(one.line) for one in found] == [
        {"A": "1", "B": value.decode(), "C": "3"}, {"D": "4"},
    ]  # fmt: skip


# -- what comes a second time


@pytest.fixture
def source() -> PostedSource:
    return PostedSource("http:journal", clock=lambda: 0)


def read(source: PostedSource) -> list[bytes]:
    chunk = source.read(1000)
    return chunk.lines if chunk else []


def test_a_resumed_upload_is_stored_from_where_it_broke_off(source: PostedSource) -> None:
    uploads = Uploads(source)
    uploads.offer([entry(1), entry(2), entry(10)])
    ticket = uploads.offer([entry(2), entry(10), entry(11)])
    assert read(source) == [b'{"n":1}', b'{"n":2}', b'{"n":10}', b'{"n":11}']
    assert source.stats().drops == {"duplicate": 2}
    assert not ticket.stored.done()


def test_after_a_restart_the_bookmark_knows_what_was_stored(source: PostedSource) -> None:
    Uploads(source).offer([entry(1), entry(2)])
    chunk = source.read(9)
    assert chunk is not None
    resumed = PostedSource("http:journal", clock=lambda: 0, resume=(2, chunk.bookmark))
    Uploads(resumed).offer([entry(2), entry(3)])
    assert read(resumed) == [b'{"n":3}']


def test_what_was_sent_again_while_it_waits_is_answered_with_it(source: PostedSource) -> None:
    uploads = Uploads(source)
    uploads.offer([entry(1)])
    again = uploads.offer([entry(1)])
    read(source)
    assert not again.stored.done()
    source.committed(1)
    assert again.stored.done()


def test_each_journal_has_numbers_of_its_own(source: PostedSource) -> None:
    Uploads(source).offer([entry(5), entry(3, "f" * 32), entry(4), entry(4, "f" * 32)])
    assert read(source) == [b'{"n":5}', b'{"n":3}', b'{"n":4}']


def test_a_made_up_number_does_not_silence_what_really_comes(source: PostedSource) -> None:
    """Whoever has a user on this machine may send to `/upload` as this machine."""
    now = 1_000
    uploads = Uploads(source, clock=lambda: now)
    uploads.offer([entry(1, time=900), entry((1 << 64) - 1, time=(1 << 64) - 1)])
    now = 1_010
    uploads.offer([entry(2, time=1_001), entry(3, time=1_002)])
    uploads.offer([entry(2, time=1_001), entry(3, time=1_002), entry(4, time=1_003)])
    chunk = source.read(9)
    assert chunk is not None
    assert chunk.lines == [b'{"n":1}', b'{"n":%d}' % ((1 << 64) - 1), b'{"n":2}', b'{"n":3}', b'{"n":4}']
    resumed = PostedSource("http:journal", clock=lambda: 0, resume=(5, chunk.bookmark))
    Uploads(resumed, clock=lambda: now).offer([entry(4, time=1_003), entry(5, time=1_004)])
    assert read(resumed) == [b'{"n":5}']


def test_a_clock_set_back_or_ahead_neither_loses_nor_doubles(source: PostedSource) -> None:
    uploads = Uploads(source)
    ahead = [entry(1, time=9_000), entry(2, time=9_001), entry(3, time=500), entry(4, time=501)]
    uploads.offer(ahead)
    uploads.offer([*ahead[1:], entry(5, time=502)])
    assert read(source) == [b'{"n":%d}' % number for number in range(1, 6)]


def test_a_bookmark_of_numbers_alone_is_understood() -> None:
    kept = {"journals": {JOURNAL: 7}}
    source = PostedSource("http:journal", clock=lambda: 0, resume=(7, kept))
    Uploads(source).offer([entry(7, time=9_000), entry(8)])
    assert read(source) == [b'{"n":8}']


def test_entries_without_a_cursor_of_systemds_are_all_taken(source: PostedSource) -> None:
    uploads = Uploads(source)
    uploads.offer([Entry("", b"{}"), Entry("x", b"{}")])
    uploads.offer([Entry("", b"{}"), Entry("x", b"{}")])
    assert len(read(source)) == 4


def test_what_a_full_queue_refused_is_new_when_it_comes_again() -> None:
    source = PostedSource("http:journal", clock=lambda: 0, room=Room(150))
    uploads = Uploads(source)
    uploads.offer([entry(1)])
    with pytest.raises(QueueFullError):
        uploads.offer([entry(2), entry(3)])
    assert read(source) == [b'{"n":1}']
    uploads.offer([entry(2), entry(3)])
    assert read(source) == [b'{"n":2}', b'{"n":3}']
