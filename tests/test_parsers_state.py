"""A decoder's events depend on the lines alone: not on how they are cut, nor on where it was restarted."""

# ruff: noqa: E501 - log lines stand as they are written

from __future__ import annotations

from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.parsers.memory import CAPACITY, Memory

NOW = 1_795_000_000_000_000
BERLIN = ZoneInfo("Europe/Berlin")

_STAMPS = [
    "Nov 20 10:00:0{}",
    "Oct 25 02:{}5:00",
    "Oct 25 02:15:00",
    "2026-10-25T04:0{}:00Z",
    "2026-11-20T10:0{}:00.000001+01:00",
    "Feb 29 0{}:00:00",
    "Jul  4 1{}:00:00",
]
_BODIES = [
    "Invalid user bob from 192.0.2.{n} port 1",
    "Failed password for invalid user bob from 192.0.2.{n} port 1 ssh2",
    "Failed password for root from 192.0.2.{n} port 1 ssh2",
    "message repeated 3 times: [ Failed password for root from 192.0.2.{n} port 1 ssh2]",
    "Failed publickey for root from 192.0.2.{n} port 1 ssh2: RSA SHA256:x",
    "Accepted password for root from 192.0.2.{n} port 1 ssh2",
    "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.{n}  user=root",
    "PAM 2 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.{n}  user=root",
    "Disconnecting: Too many authentication failures [preauth]",
    "Connection closed by 192.0.2.{n} port 1 [preauth]",
    "Connection from 192.0.2.{n} port 1 on 10.0.0.1 port 22",
    "User root not allowed because account is locked",
    "fatal: Read from socket failed: Connection reset by peer [preauth]",
]


@st.composite
def logs(draw: st.DrawFn) -> list[bytes]:
    digit = st.integers(0, 5)
    lines = []
    for _ in range(draw(st.integers(0, 30))):
        stamp = draw(st.sampled_from(_STAMPS)).format(draw(digit))
        body = draw(st.sampled_from(_BODIES)).format(n=draw(st.integers(1, 2)))
        tag = draw(st.sampled_from(["sshd[1]", "sshd[2]", "sshd", "su[1]"]))
        lines.append(
            draw(
                st.sampled_from(
                    [
                        f"{stamp} a {tag}: {body}",
                        f"{stamp} b {tag}: {body}",
                        body,
                        "",
                        f"{stamp} a {tag}: {body}\r",
                    ]
                )
            ).encode()
        )
    return lines


def run(decoder: Decoder, lines: list[bytes], first: int, size: int) -> list[Event]:
    found: list[Event] = []
    for at in range(0, len(lines), size):
        found += decoder.decode(Chunk("x", first + at, lines[at : at + size], {}, NOW))
    return found


@settings(max_examples=150)
@given(logs(), st.integers(1, 9))
def test_chunking_changes_nothing(lines: list[bytes], size: int) -> None:
    whole = run(Decoder("x", tz=BERLIN), lines, 0, max(len(lines), 1))
    assert run(Decoder("x", tz=BERLIN), lines, 0, size) == whole


@settings(max_examples=150)
@given(logs(), st.integers(0, 30), st.integers(1, 9))
def test_a_restart_at_any_line_changes_nothing(lines: list[bytes], cut: int, size: int) -> None:
    whole = run(Decoder("x", tz=BERLIN), lines, 0, max(len(lines), 1))
    before = Decoder("x", tz=BERLIN)
    kept: dict[str, str] = {}
    found: list[Event] = []
    for at in range(0, min(cut, len(lines)), size):
        found += before.decode(Chunk("x", at, lines[at : min(at + size, cut)], {}, NOW))
        for key, text in before.changes():
            if text is None:
                kept.pop(key, None)
            else:
                kept[key] = text
    after = Decoder("x", tz=BERLIN)
    after.restore(kept.items())
    assert after.changes() == []
    assert found + run(after, lines[cut:], cut, size) == whole


def test_changes_name_only_what_was_touched() -> None:
    decoder = Decoder("x")
    lines = [
        f"Nov 20 10:00:00 a sshd[{pid}]: Invalid user bob from 192.0.2.1 port 1".encode() for pid in range(50)
    ]
    decoder.decode(Chunk("x", 0, lines, {}, NOW))
    assert len(decoder.changes()) == 52
    decoder.decode(Chunk("x", 50, lines[:1], {}, NOW))
    assert [key for key, _ in decoder.changes()] == ["pid a 0"]
    decoder.decode(Chunk("x", 51, [b"Nov 20 10:00:00 a app: nothing to remember"], {}, NOW))
    assert decoder.changes() == []


def test_memory_is_bounded_and_forgets_the_longest_untouched() -> None:
    memory = Memory()
    memory.host = "a"
    for pid in range(CAPACITY):
        memory.pid = memory.position = pid
        memory.process()
    memory.changes()
    memory.pid, memory.position = 0, CAPACITY
    memory.process()
    memory.pid, memory.position = CAPACITY, CAPACITY + 1
    memory.process()
    assert ("pid a 1", None) in memory.changes()
    restored = Memory()
    restored.host = "a"
    restored.pid = 0
    assert restored.known() is None
    memory.pid = 0
    assert memory.known() is not None


def test_entries_of_others_are_left_alone() -> None:
    decoder = Decoder("x")
    decoder.restore([("somebody else's", "{}"), ("last", "1795000000000000")])
    event = decoder.decode(Chunk("x", 0, [b"no stamp"], {}, NOW))[0]
    assert (event.ts, event.time_from) == (1_795_000_000_000_000, "previous")
