"""Whatever a line holds: one event, its bytes kept, no parser failing, and the decoder's memory can be saved.

Lines begin as examples and golden lines of every format and are then cut, doubled and spoilt; the
coverage-guided run over millions of them is `python -m benchmarks.fuzz`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder, as_ecs
from socterm.parsers.decoder import FAILED
from socterm.parsers.registry import FORMATS

NOW = 1_795_168_800_000_000
LOGS = Path(__file__).parent / "logs"
LINES = sorted(
    {made.example.encode() for made in FORMATS.values()}
    | {line for path in LOGS.glob("*/*.log") for line in path.read_bytes().split(b"\n") if len(line) < 4000}
)
ODD = (
    b"", b" ", b"  ", b"\t", b"\0", b"\r", b"\x1b[31m", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xe2\x80\xae",
    b"\x1d", b'"', b"'", b"\\", b"{", b"}", b"[", b"]", b"(", b")", b"<", b">", b"|", b"=", b":", b";", b",",
    b"-", b"%", b"%zz", b"0", b"00", b"-1", b"65536", b"9" * 30, b"1e999", b"NaN", b"null", b"::1",
    b"::ffff:192.0.2.1", b"256.1.1.1",
    b"99:99:99", b"2026-02-30", b"29 Feb", b"a" * 300, b"from 192.0.2.1 port 22 ssh2", b'\\"', b"\xc2\xb2",
)  # fmt: skip

Change = Callable[[bytes], bytes]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """A line of some format with a few things done to it."""
    line = draw(st.sampled_from(LINES))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(line)))
        upto = draw(st.integers(at, min(len(line), at + 40)))
        other = draw(st.one_of(st.sampled_from(ODD), st.binary(max_size=6), st.just(line[at:upto] * 3)))
        line = line[:at] + other + line[upto:]
    return line.replace(b"\n", b" ")


def check(lines: list[bytes], events: list[Event]) -> None:
    assert len(events) == len(lines)
    for line, event in zip(lines, events, strict=True):
        assert (event.raw_bytes if event.raw_bytes is not None else event.raw.encode()) == line
        assert not str(event.fields.get("error.message", "")).startswith(FAILED), event.fields[
            "error.message"
        ]
        assert all(isinstance(name, str) and value is not None for name, value in event.fields.items())
        json.dumps(as_ecs(event)).encode()


@settings(max_examples=1500)
@given(st.lists(spoilt(), min_size=1, max_size=4))
def test_spoilt_lines_of_all_formats(lines: list[bytes]) -> None:
    decoder = Decoder("x")
    check(lines, decoder.decode(Chunk("x", 0, lines, {}, NOW, live=False)))
    entries = [(key, value) for key, value in decoder.changes() if value is not None]
    again = Decoder("x")
    again.restore(entries)
    check(lines, again.decode(Chunk("x", len(lines), lines, {}, NOW, live=False)))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25)
@given(line=spoilt())
def test_spoilt_lines_read_as_a_format_that_was_forced(name: str, line: bytes) -> None:
    check([line], Decoder("x", form=name).decode(Chunk("x", 0, [line], {}, NOW, live=False)))


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=200).map(lambda data: data.replace(b"\n", b"")), min_size=1, max_size=3))
def test_bytes_without_any_meaning(lines: list[bytes]) -> None:
    check(lines, Decoder("x").decode(Chunk("x", 0, lines, {}, NOW, live=False)))
