"""Framing of syslog streams: any cut of the stream into reads gives the same frames; bad ones end it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.sources.framing import Framer

LINES = st.lists(st.binary(min_size=1, max_size=40).filter(lambda line: b"\n" not in line), max_size=8)


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    return [stream[left:right] for left, right in itertools.pairwise(edges)]


def frames_of(framer: Framer, blocks: list[bytes]) -> list[bytes]:
    found = [frame for block in blocks for frame in framer.feed(block)]
    return found + framer.finish()


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.lists(st.integers(0, 400), max_size=6))
def test_counted_frames_come_out_whole_however_they_are_read(frames: list[bytes], places: list[int]) -> None:
    stream = b"".join(b"%d %s" % (len(frame), frame) for frame in frames)
    assert frames_of(Framer(), cut(stream, places)) == frames


@given(LINES, st.lists(st.integers(0, 400), max_size=6))
def test_lines_come_out_whole_however_they_are_read(lines: list[bytes], places: list[int]) -> None:
    wanted = [b"<13>" + line.rstrip(b"\r") for line in lines]
    stream = b"".join(line + b"\n" for line in wanted)
    assert frames_of(Framer(), cut(stream, places)) == wanted


def test_a_message_of_several_lines_is_one_record() -> None:
    framer = Framer("records")
    assert framer.feed(b"<1>a\nb\n<") == [b"<1>a\nb"]
    assert framer.feed(b"2>c\n") == []
    assert framer.finish() == [b"<2>c"]


@pytest.mark.parametrize("stream", [b"5x hello", b"123456789 x", b" 5 hello", b"1  x y"])
def test_what_is_no_length_ends_the_stream(stream: bytes) -> None:
    framer = Framer("octets")
    framer.feed(stream)
    assert framer.error
    assert framer.feed(b"5 hello") == []


def test_an_endless_line_ends_the_stream() -> None:
    framer = Framer(limit=10)
    assert framer.feed(b"<1>" + b"x" * 20) == []
    assert "longer than 10" in framer.error


def test_a_long_line_is_trimmed_and_counted_where_asked() -> None:
    framer = Framer(limit=4, trim=True)
    assert framer.feed(b"<1>abc\n<2>d\n") == [b"<1>a", b"<2>d"]
    assert framer.cut == 1


def test_an_endless_line_is_not_held_whole_where_it_will_be_trimmed() -> None:
    framer = Framer("records", limit=10, trim=True)
    for _ in range(100):
        assert framer.feed(b"<1>" + b"x" * 50) == []
    assert framer.feed(b"\n") == []
    assert framer.feed(b"<2>y\n<") == [b"<1>xxxxxxx", b"<2>y"]
    assert framer.cut == 1


def test_a_frame_cut_off_by_the_end_is_counted() -> None:
    framer = Framer()
    framer.feed(b"10 abc")
    assert framer.finish() == []
    assert framer.torn == 1
