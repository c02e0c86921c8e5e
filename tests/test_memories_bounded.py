"""What stays in memory of lines that are gone is bounded: names in a log are their writer's choice."""

from __future__ import annotations

import gc
import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from socterm.enrich import Enricher
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.parsers.formats.auditd_fields import SHAPES_KEPT, kind_of, take
from socterm.parsers.memory import CAPACITY, LONGEST_KEY, NOTES_ROOM, Memory
from socterm.sigma.engine import Matcher
from socterm.sigma.load import load_rules

NOW = 1_795_000_000_000_000
LINES = 60
LONG = 60_000
SHARE = 8
"""Of what was fed, what may be left, at most, is one part of so many."""


def _long(n: int, size: int = LONG) -> str:
    return f"{n:04d}".ljust(size, "x")


def _mongo(n: int) -> str:
    what = {"user": _long(n), "db": "admin", "client": f"192.0.2.7:{n + 1}", "mechanism": "SCRAM-SHA-256"}
    return json.dumps(
        {
            "t": {"$date": "2026-11-20T10:00:00.000+00:00"},
            "s": "I",
            "c": "ACCESS",
            "id": 20250,
            "ctx": f"conn{n}",
            "msg": "Successful authentication",
            "attr": what,
        }
    )


FORGED: dict[str, Callable[[int], str]] = {
    "a host": lambda n: (
        f"Nov 20 10:00:00 {_long(n)} sshd[7]: Failed password for root from 192.0.2.7 port 1 ssh2"
    ),
    "a host without pids": lambda n: (
        f"Nov 20 10:00:00 {_long(n)} sshd: Failed password for root from 192.0.2.7 port 1 ssh2"
    ),
    "a host of mails": lambda n: (
        f"Nov 20 10:00:00 {_long(n)} postfix/smtpd[7]: 4Zq{n}: client=mail.example.org[192.0.2.7]"
    ),
    "a program": lambda n: f"Nov 20 10:00:00 web1 {_long(n)}[7]: hello",
    "a peer": lambda n: (
        f"Nov 20 10:00:00 web1 sshd[7]: pam_unix(sshd:auth): authentication failure; rhost={_long(n, 8000)}"
    ),
    "a journal's host": lambda n: json.dumps(
        {
            "__REALTIME_TIMESTAMP": f"{NOW}",
            "_HOSTNAME": _long(n),
            "SYSLOG_IDENTIFIER": "sshd",
            "_PID": f"{n}",
            "MESSAGE": "Invalid user bob from 192.0.2.7 port 1",
        }
    ),
    "a journal's program": lambda n: json.dumps(
        {
            "__REALTIME_TIMESTAMP": f"{NOW}",
            "_HOSTNAME": "web1",
            "SYSLOG_IDENTIFIER": _long(n),
            "MESSAGE": "hello",
        }
    ),
    "a channel of Windows": lambda n: json.dumps(
        {
            "EventID": 7,
            "Channel": _long(n),
            "Computer": "ws1",
            "TimeCreated": "2026-11-20T10:00:00Z",
            "Provider": "p",
        }
    ),
    "a field of Windows": lambda n: json.dumps(
        {
            "EventID": 4624,
            "Channel": "Security",
            "Computer": "ws1",
            "TimeCreated": "2026-11-20T10:00:00Z",
            _long(n, 190_000): "v",
        }
    ),
    "a field of Zeek": lambda n: json.dumps(
        {
            "_path": "conn",
            "ts": 1_795_000_000.5,
            "uid": "Cx1",
            "id.orig_h": "192.0.2.7",
            "id.orig_p": 1,
            "id.resp_h": "192.0.2.8",
            "id.resp_p": 22,
            _long(n): "v",
        }
    ),
    "a log of Zeek": lambda n: json.dumps(
        {
            "_path": _long(n),
            "ts": 1_795_000_000.5,
            "uid": "Cx1",
            "id.orig_h": "192.0.2.7",
            "id.orig_p": 1,
            "id.resp_h": "192.0.2.8",
            "id.resp_p": 22,
        }
    ),
    "a user of a database": _mongo,
    "a field of JSON": lambda n: json.dumps({"time": "2026-11-20T10:00:00Z", "message": "hi", _long(n): "v"}),
}


def _lines(make: Callable[[int], str]) -> Iterator[bytes]:
    return (make(n).encode() for n in range(LINES))


@pytest.mark.parametrize("make", FORGED.values(), ids=FORGED)
def test_of_long_names_little_is_left(make: Callable[[int], str]) -> None:
    decoder, enricher = Decoder("x"), Enricher()
    fed = 0
    for position, line in enumerate(_lines(make)):
        if position == 2:
            gc.collect()
            tracemalloc.start()
        if position >= 2:
            fed += len(line)
        enricher.apply(decoder.decode(Chunk("x", position, [line], {}, NOW)))
        decoder.changes()
        enricher.changes("x")
    del line
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < fed / SHARE


def test_notes_are_bounded_by_their_text_and_the_oldest_go() -> None:
    memory = Memory()
    many = NOTES_ROOM // 100_000
    for memory.position in range(3 * many):
        memory.keep(f"n{memory.position}", {"user": f"{memory.position:04d}".ljust(100_000, "x")})
    kept = [n for n in range(3 * many) if memory.recall(f"n{n}") is not None]
    assert kept == list(range(3 * many - len(kept), 3 * many))
    assert many - 1 <= len(kept) <= many
    gone = [key for key, text in memory.changes() if text is None]
    assert len(gone) == 3 * many - len(kept)


def test_a_note_alone_too_long_is_not_kept_and_takes_no_room() -> None:
    memory = Memory()
    memory.keep("a", {"user": "ann"})
    memory.keep("b", {"user": "x" * (NOTES_ROOM + 1)})
    assert memory.recall("b") is None
    for n in range(CAPACITY):
        memory.keep(f"n{n}", {"user": "bob"})
    assert memory.recall(f"n{0}") == {"user": "bob"}


def test_a_note_kept_anew_takes_its_room_once() -> None:
    memory = Memory()
    memory.keep("a", {"user": "ann"})
    for n in range(100):
        memory.keep("b", {"user": f"{n}".ljust(NOTES_ROOM // 50, "x")})
    assert memory.recall("a") == {"user": "ann"}
    memory.keep("b", {})
    assert memory.recall("b") is None


def test_what_is_kept_under_long_names_is_told_apart_and_survives_a_restart() -> None:
    memory = Memory()
    long = "h" * 5_000
    memory.keep(f"{long} 1", {"user": "ann"})
    memory.keep(f"{long} 2", {"user": "bob"})
    memory.host, memory.pid, memory.ts = long, 7, NOW
    memory.process().user = "ann"
    memory.pid = 8
    memory.process().user = "bob"
    rows = memory.changes()
    assert max(len(key) for key, _ in rows) < LONGEST_KEY
    restored = Memory()
    restored.restore([(key, text) for key, text in rows if text is not None])
    restored.host, restored.pid, restored.ts = long, 7, NOW
    found = restored.known()
    assert found is not None
    assert found.user == "ann"
    assert (restored.recall(f"{long} 1"), restored.recall(f"{long} 2")) == ({"user": "ann"}, {"user": "bob"})


def test_shapes_of_audit_records_are_bounded_over_all_kinds() -> None:
    kinds = [kind_of(f"FORGED_{n}") for n in range(300)]
    for n in range(9 * SHAPES_KEPT // 8):
        kind = kinds[n % len(kinds)]
        assert kind is not None
        fields: dict[str, object] = {}
        take(kind, f"k{n}=1 pid=7 {'x' * 40}=2", fields)
        assert fields["process.pid"] == 7
    kept = [keys for kind in kinds if kind for keys in (*kind.shapes, *kind.sent)]
    assert 0 < len(kept) <= SHAPES_KEPT
    assert f"k{9 * SHAPES_KEPT // 8 - 1}=" in {keys[0] for keys in kept}


RULE = """
title: words and texts
id: 5f1d4b52-7f0c-4f0e-9d55-0d7d3c0b7a11
level: low
logsource: {product: linux}
detection:
  words: {event.category: [authentication, process]}
  action: {event.action: [left, right]}
  other: {user.name: root, process.args|contains: secret}
  condition: words and action or other
"""


@pytest.mark.parametrize(
    "field", ["event.category", "event.action", "event.outcome", "process.args", "user.name"]
)
def test_a_matcher_keeps_no_long_values(field: str, tmp_path: Path) -> None:
    path = tmp_path / "rule.yml"
    path.write_text(RULE)
    matcher = Matcher(load_rules([path]))
    sources = (("linux", "", ""),)

    def ask(n: int) -> None:
        value = (_long(n), "b") if field in ("event.category", "process.args") else _long(n)
        matcher.match(Event(NOW, "x", n, "", {"user.name": "root", field: value}, sources))

    ask(0)
    ask(1)
    gc.collect()
    tracemalloc.start()
    for n in range(2, LINES):
        ask(n)
    gc.collect()
    left, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert left < LINES * LONG / SHARE
