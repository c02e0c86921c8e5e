"""Bytes into lines: the same lines however the bytes are cut into blocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from socterm.sources.lines import LineBuffer

LIMIT = 8
STREAM = st.lists(st.sampled_from([b"\n", b"\r\n", b"a", b"\0\xff", b"12345678", b"123456789"]), max_size=40)


@given(STREAM, st.lists(st.integers(1, LIMIT - 1), min_size=1), st.integers(1, 5), st.booleans())
def test_any_blocks_give_the_same_lines(
    parts: list[bytes], sizes: list[int], limit: int, eager: bool
) -> None:
    stream = b"".join(parts)
    buffer = LineBuffer(LIMIT)
    lines: list[bytes] = []
    cuts: dict[int, int] = {}
    consumed = 0

    def take() -> None:
        nonlocal consumed
        while taken := buffer.take(limit):
            assert 0 < len(taken.lines) <= limit
            cuts.update({len(lines) + index: note["cut"] for index, note in taken.notes.items()})
            lines.extend(taken.lines)
            consumed += taken.size
            assert stream[:consumed].endswith(taken.tail)

    at = turn = 0
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        buffer.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
        if eager:
            take()
    take()
    assert consumed == stream.rfind(b"\n") + 1
    buffer.finish()
    take()

    whole = stream.split(b"\n")
    if not whole[-1]:
        whole.pop()
    assert lines == [line[:LIMIT] for line in whole]
    assert cuts == {index: len(line) for index, line in enumerate(whole) if len(line) > LIMIT}
    assert consumed == len(stream)
    assert buffer.empty
