"""What senders gave away is stored before a pipeline ends; who waits for an answer hears after the commit."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from socterm.event import Chunk
from socterm.pipeline.ingest import Pipeline
from socterm.sigma.model import RuleSet
from socterm.sources.base import SourceStats
from socterm.sources.opening import Opener
from socterm.sources.peers import Limits
from socterm.sources.tcp import TcpSource
from socterm.sources.udp import UdpSource
from socterm.store import open_store
from socterm.store.ingest.writer import Writer
from tests.listener import until

NOW = 1_795_168_800_000_000
LINE = b"<38>Nov 21 10:00:00 web01 sshd[7]: Connection closed by 203.0.113.9 port 4711"


def clock() -> int:
    return time.time_ns() // 1000


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    made = Writer.open(tmp_path / "s.db", now=NOW)
    yield made
    made.close()


def _pipeline(writer: Writer) -> Pipeline:
    opener = Opener([], bookmark=lambda _name: None, clock=clock)
    return Pipeline(writer, writer.load_state(), RuleSet({}, []), opener, clock=clock, batch=50)


def test_what_waits_in_a_listener_is_stored_when_all_ends(writer: Writer) -> None:
    pipeline = _pipeline(writer)
    source = UdpSource("udp://127.0.0.1:0", clock=clock)
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(("127.0.0.1", source.port))
    stop = threading.Event()
    pipeline._add(source, NOW)

    def after_the_first() -> None:
        """In the ingest thread: what is sent from here on nobody reads before the end."""
        if not stop.is_set():
            for _ in range(99):
                out.send(LINE)
            stop.set()

    pipeline.on_commit(after_the_first)
    out.send(LINE)
    pipeline.run(stop)
    out.close()
    with open_store(writer.path) as store:
        assert store.events.count().value == 100


def test_what_the_store_has_no_time_for_at_the_end_is_counted(writer: Writer) -> None:
    """By a clock on which the time that all has is over before a second batch."""
    hurried, moment = threading.Event(), [clock()]

    def hurrying() -> int:
        moment[0] += 60_000_000 if hurried.is_set() else 0
        return moment[0]

    opener = Opener([], bookmark=lambda _name: None, clock=hurrying)
    pipeline = Pipeline(writer, writer.load_state(), RuleSet({}, []), opener, clock=hurrying, batch=50)
    sources = [
        UdpSource("udp://127.0.0.1:0", clock=hurrying),
        TcpSource("tcp://127.0.0.1:0", clock=hurrying, limits=Limits(quiet=0.05, tick=0.02)),
    ]
    senders = [socket.socket(type=kind) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)]
    for source, out in zip(sources, senders, strict=True):
        out.connect(("127.0.0.1", source.port))
        pipeline._add(source, NOW)
    stop = threading.Event()

    def after_the_first() -> None:
        if not stop.is_set():
            waiting = [source.stats().backlog for source in sources]
            for out in senders:
                for _ in range(998):
                    out.send(LINE + b"\n")
                out.close()
            for source, before in zip(sources, waiting, strict=True):
                until(lambda s=source, n=before: s.stats().backlog == n + 998, lambda: "all to be taken")  # type: ignore[misc]
            hurried.set()
            stop.set()

    for out in senders:
        out.send(LINE + b"\n")
        out.send(LINE + b"\n")
    for source in sources:
        until(lambda s=source: s.stats().backlog == 2, lambda: "the first of each")  # type: ignore[misc]
    pipeline.on_commit(after_the_first)
    pipeline.run(stop)
    with open_store(writer.path) as store:
        lines = {row.name: row.lines for row in store.triage.sources()}
    for source in sources:
        assert 1 <= lines[source.name] < 1000
        assert _refusals(writer, source.name) == {"taken and not stored": 1000 - lines[source.name]}


def test_a_store_that_is_busy_at_the_end_is_waited_for(writer: Writer) -> None:
    """Another process that writes for long, such as a copy of the store, costs no line."""
    writer._db.execute("PRAGMA busy_timeout = 10")
    pipeline = _pipeline(writer)
    source = UdpSource("udp://127.0.0.1:0", clock=clock)
    pipeline._add(source, NOW)
    stop = threading.Event()
    tries: list[str] = []
    with (
        closing(sqlite3.connect(writer.path, isolation_level=None, check_same_thread=False)) as other,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out,
    ):
        other.execute("BEGIN IMMEDIATE")

        def when_told() -> None:
            if pipeline.error:
                stop.set()
                tries.append(pipeline.error)
                if len(tries) == 3:
                    other.execute("ROLLBACK")

        pipeline.on_commit(when_told)
        out.connect(("127.0.0.1", source.port))
        for _ in range(99):
            out.send(LINE)
        pipeline.run(stop)
    assert len(tries) == 3
    with open_store(writer.path) as store:
        assert store.events.count().value == 99


class Asking:
    """A source of three lines whose sender waits for what was stored."""

    name = "asking"
    live = True
    done = False

    def __init__(self, stored: Callable[[], int]) -> None:
        self.position = 0
        self.heard: list[tuple[int, int]] = []
        self._stored = stored

    def start(self, wake: Callable[[], None]) -> None: ...

    def read(self, limit: int) -> Chunk | None:
        if self.position:
            return None
        self.position = 3
        return Chunk(self.name, 0, [LINE] * 3, {}, NOW)

    def bookmark(self) -> dict[str, Any] | None:
        return None

    def end(self) -> None:
        self.done = True

    def committed(self, position: int) -> None:
        self.heard.append((position, self._stored()))

    def stats(self) -> SourceStats:
        return SourceStats()

    def close(self) -> None: ...


def test_who_waits_for_an_answer_hears_it_after_the_commit(writer: Writer) -> None:
    pipeline = _pipeline(writer)
    with open_store(writer.path) as store:
        source = Asking(lambda: store.events.count().value)
        pipeline._add(source, NOW)
        stop = threading.Event()
        pipeline.on_commit(stop.set)
        pipeline.run(stop)
    assert source.heard[0] == (3, 3)


def _refusals(writer: Writer, name: str) -> dict[str, int]:
    with open_store(writer.path) as store:
        return next((row.drops for row in store.triage.sources() if row.name == name), {})


def test_what_a_listener_refuses_is_stored_though_no_line_comes(writer: Writer) -> None:
    pipeline = _pipeline(writer)
    source = TcpSource("tcp://127.0.0.1:0", clock=clock, limits=Limits(peers=0))
    pipeline._add(source, NOW)
    stop = threading.Event()
    pipeline.on_commit(stop.set)
    socket.create_connection(("127.0.0.1", source.port)).close()
    pipeline.run(stop)
    assert _refusals(writer, source.name) == {"too many peers": 1}


def test_what_the_end_itself_cuts_off_is_stored(writer: Writer) -> None:
    pipeline = _pipeline(writer)
    source = TcpSource("tcp://127.0.0.1:0", clock=clock)
    pipeline._add(source, NOW)
    stop = threading.Event()
    with socket.create_connection(("127.0.0.1", source.port)) as out:
        out.sendall(LINE + b"\n" + LINE[:40])
        pipeline.on_commit(stop.set)
        pipeline.run(stop)
    with open_store(writer.path) as store:
        assert store.events.count().value == 1
    assert _refusals(writer, source.name) == {"torn": 1}


def test_what_was_lost_is_counted_on_after_a_restart(writer: Writer) -> None:
    port = 0
    for turn in (1, 2):
        pipeline = _pipeline(writer)
        source = TcpSource(f"tcp://127.0.0.1:{port}", clock=clock, limits=Limits(peers=0))
        port = source.port
        pipeline._add(source, NOW)
        stop = threading.Event()
        pipeline.on_commit(stop.set)
        socket.create_connection(("127.0.0.1", port)).close()
        pipeline.run(stop)
        assert _refusals(writer, source.name) == {"too many peers": turn}
        assert pipeline.refresh().drops == turn
