"""Counters of what was understood of a source, as the Sources screen and `sources list` show them."""

from __future__ import annotations

from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.pipeline.tally import FORMATS, SAMPLES, count
from socterm.store.ingest.batch import SourceState

SSHD = b"Nov 20 10:00:00 web1 sshd[7]: Failed password for root from 192.0.2.7 port 4022 ssh2"


def events(*lines: bytes) -> list[Event]:
    found = Decoder("x").decode(Chunk("x", 0, list(lines), {}, 1_795_168_800_000_000))
    for number, event in enumerate(found, 1):
        event.id = number
    return found


def test_lines_are_counted_by_format_and_what_is_not_understood_is_sampled() -> None:
    state = SourceState("x")
    count(state, events(SSHD, b"what is this", SSHD, b'{"broken": '))
    assert state.formats == {"sshd": 2}
    assert state.decoded == 2
    assert state.samples == [2, 4]
    assert state.error.startswith("JSON: broken")


def test_only_the_latest_samples_are_kept() -> None:
    state = SourceState("x")
    count(state, events(*[b"what is this"] * (SAMPLES + 5)))
    assert state.samples == list(range(6, SAMPLES + 6))


def test_blank_lines_are_no_samples() -> None:
    state = SourceState("x")
    count(state, events(b"", b"  "))
    assert state.samples == []


def test_names_that_strangers_choose_are_bounded() -> None:
    state = SourceState("x")
    made = [Event(0, "x", n, "r", {"event.dataset": f"d{n}"}) for n in range(FORMATS + 10)]
    count(state, made)
    assert len(state.formats) == FORMATS + 1
    assert state.formats["other"] == 10
