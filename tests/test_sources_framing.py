"""Framing of syslog streams: any cut of the stream into reads gives the same frames; bad ones end it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.sources.framing import FRAME_LIMIT, Framer

LINES = st.lists(
    st.binary(min_size=1, max_size=40).map(lambda line: line.translate(None, b"\n\0")), max_size=8
)


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


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\0", b"\0\n", b"\n\0"])
@given(LINES, st.lists(st.integers(0, 400), max_size=6))
def test_lines_come_out_whole_however_they_are_read(
    end: bytes, lines: list[bytes], places: list[int]
) -> None:
    wanted = [b"<13>" + line.rstrip(b"\r") for line in lines]
    stream = b"".join(line + end for line in wanted)
    found = frames_of(Framer(), cut(stream, places))
    assert [frame for line in found if (frame := line.strip(b"\0"))] == wanted


@pytest.mark.parametrize("stream", [b"<13>one\n<13>t\0wo\n", b"plain\0<13>one\n<13>t\0wo\n"])
def test_a_nul_within_a_line_ends_none(stream: bytes) -> None:
    """Only the end of a first message that begins as one of syslog says that NUL is an end."""
    for step in (1, 5, 100):
        blocks = [stream[at : at + step] for at in range(0, len(stream), step)]
        assert frames_of(Framer(), blocks) == stream.splitlines()


def test_a_line_that_ends_in_nul_does_not_wait_for_the_next() -> None:
    framer = Framer()
    assert framer.feed(b"<13>one\0") == [b"<13>one"]
    assert framer.feed(b"<13>two\nand more\0<1") == [b"<13>two", b"and more"]
    assert framer.held == 2


@pytest.mark.parametrize("step", [1, 2, 3, 100])
def test_a_first_message_of_several_lines_may_end_in_nul(step: int) -> None:
    stream = b"<13>one\nmore of it\n\0<13>two\0"
    blocks = [stream[at : at + step] for at in range(0, len(stream), step)]
    assert frames_of(Framer(), blocks) == [b"<13>one", b"more of it", b"<13>two"]


@pytest.mark.parametrize("first", [b"2026-11-21T10:00:00Z web1 sshd[1]: x", b"123456789 x", b"12", b"7x y"])
def test_a_line_that_begins_with_digits_is_a_line(first: bytes) -> None:
    for blocks in ([first + b"\n<13>y\n"], [first[n : n + 1] for n in range(len(first))] + [b"\n<13>y\n"]):
        assert frames_of(Framer(), blocks) == [first, b"<13>y"]


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


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_what_is_trimmed_has_its_full_length_told(step: int) -> None:
    long = b"<1>" + b"x" * 97
    for stream in (b"<1>a\n" + long + b"\n<2>b\n", b"4 <1>a100 " + long + b"4 <2>b"):
        framer = Framer(limit=10, trim=True)
        found: list[tuple[bytes, int]] = []
        for at in range(0, len(stream), step):
            frames = framer.feed(stream[at : at + step])
            found += [(frame, framer.lengths.get(n, 0)) for n, frame in enumerate(frames)]
        assert found == [(b"<1>a", 0), (b"<1>xxxxxxx", 100), (b"<2>b", 0)]
        assert (framer.cut, framer.partial) == (1, False)


def test_a_line_that_comes_byte_by_byte_is_not_looked_at_again_and_again() -> None:
    """A sender of single bytes must not have us copy a megabyte for each."""
    framer = Framer("lines", trim=True)
    framer.feed(b"<1>" + b"x" * (FRAME_LIMIT - 3))
    looked = 0

    def delimited(*, last: bool) -> list[bytes]:
        nonlocal looked
        looked += 1
        return Framer._delimited(framer, last=last)

    framer._delimited = delimited  # type: ignore[method-assign]
    for _ in range(1000):
        assert framer.feed(b"y") == []
    assert looked <= 2
    assert framer.held <= FRAME_LIMIT + 2
    assert len(framer.feed(b"\n")[0]) == FRAME_LIMIT
    assert framer.lengths == {0: FRAME_LIMIT + 1000}


def test_a_frame_cut_off_by_the_end_is_counted() -> None:
    framer = Framer()
    framer.feed(b"10 abc")
    assert framer.finish() == []
    assert framer.torn == 1
