"""Counters as Prometheus reads them: those of the store, and what this process measures of itself."""

from __future__ import annotations

import re
import socket
import sqlite3
import threading
from pathlib import Path

import pytest
from socterm.analyst.backends.turns import Turns
from socterm.cli.settings import clock
from socterm.errors import StoreError
from socterm.measures import ALERTS, ANSWERS, COMMITS, QUEUES, Durations
from socterm.service.metrics import Metric, text_of
from socterm.sources.hub import Hub
from socterm.sources.tcp import TcpSource
from socterm.sources.udp import UdpSource
from socterm.store.ingest.writer import Writer
from tests.service_scene import NOW, Scene
from tests.store_samples import batch, episode, login

LINE = re.compile(r'socterm_[a-z_]+\{([a-z]+="(?:[^"\\\n]|\\["\\n])*"(,|(?=\})))*\} -?[0-9.e+-]+')


async def test_counters_are_those_of_the_store_and_every_line_is_one(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "a.db")
    hostile = '/var/"log"\\\n\x1b[31m'
    with sqlite3.connect(scene.store.path) as db:
        db.execute("UPDATE sources SET drops = ?, decoded = 7", ('{"cut": 4}',))
        db.execute("INSERT INTO sources (name, lines) VALUES (?, 5)", (hostile,))
    async with scene.client() as client:
        response = await client.get("/metrics", headers=scene.bearer("read"))
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = response.text.splitlines()
    told = [line for line in lines if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in told), told
    assert {
        'socterm_events_total{source="/var/log/auth.log"} 9',
        'socterm_parse_failures_total{source="/var/log/auth.log"} 2',
        'socterm_dropped_total{source="/var/log/auth.log",reason="cut"} 4',
        'socterm_alerts_open{level="high"} 0',
        f'socterm_alerts_total{{level="medium"}} {ALERTS.counted()["medium"]}',
        f"socterm_commit_seconds_count{{}} {COMMITS.taken().times}",
        f'socterm_commit_seconds_bucket{{le="+Inf"}} {COMMITS.taken().times}',
        f"socterm_llm_seconds_count{{}} {ANSWERS.taken().times}",
        'socterm_unnoted_total{what="token"} 0',
    } <= set(told)
    assert "\x1b" not in response.text
    names = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(names) == len(set(names)) == 13
    assert not re.search(r"203\.0\.113|root", response.text)
    scene.store.close()


def test_durations_are_a_histogram() -> None:
    found = Durations((0.1, 1))
    for seconds in (0.0625, 0.125, 1, 7):
        found.add(seconds)
    assert text_of([Metric("x_seconds", "histogram", "X.", found.taken())]).splitlines() == [
        "# HELP socterm_x_seconds X.",
        "# TYPE socterm_x_seconds histogram",
        'socterm_x_seconds_bucket{le="0.1"} 1',
        'socterm_x_seconds_bucket{le="1"} 3',
        'socterm_x_seconds_bucket{le="+Inf"} 4',
        "socterm_x_seconds_sum{} 8.1875",
        "socterm_x_seconds_count{} 4",
    ]


def test_what_is_stored_is_measured_and_what_is_not_is_not(tmp_path: Path) -> None:
    writer = Writer.open(tmp_path / "a.db", now=NOW)
    events = [login(number) for number in (1, 2, 3)]
    again = batch(events, [episode(1, events, alert=1)])
    times, raised = COMMITS.taken().times, ALERTS.counted().get("medium", 0)
    writer.commit(again)
    assert (COMMITS.taken().times, ALERTS.counted()["medium"]) == (times + 1, raised + 1)
    writer.commit(batch())
    assert (COMMITS.taken().times, ALERTS.counted()["medium"]) == (times + 2, raised + 1)
    with pytest.raises(StoreError):
        writer.commit(again)
    assert (COMMITS.taken().times, ALERTS.counted()["medium"]) == (times + 2, raised + 1)
    writer.close()


def test_a_model_at_work_is_measured_whatever_comes_of_it() -> None:
    turns, times = Turns(), ANSWERS.taken().times
    with turns.turn("chat", threading.Event()):
        assert ANSWERS.taken().times == times
    with pytest.raises(RuntimeError), turns.turn("background", threading.Event()):
        raise RuntimeError
    assert ANSWERS.taken().times == times + 2


def test_what_is_posted_and_waits_is_told_while_it_is_taken() -> None:
    hub = Hub()
    assert "http" not in QUEUES.waiting()
    hub.begin(lambda _name: None, clock)
    assert hub.room.take("http:web", 123)
    assert QUEUES.waiting()["http"] == 123
    hub.close()
    assert "http" not in QUEUES.waiting()


@pytest.mark.parametrize("kind", [TcpSource, UdpSource])
def test_what_a_listener_holds_is_told_while_it_listens(kind: type[TcpSource | UdpSource]) -> None:
    scheme = "tcp" if kind is TcpSource else "udp"
    source = kind(f"{scheme}://127.0.0.1:0", clock=clock)
    came = threading.Event()
    source.start(came.set)
    with socket.socket(socket.AF_INET, {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}[scheme]) as here:
        here.connect(("127.0.0.1", source.port))
        here.sendall(b"<13>hello\n")
        assert came.wait(60)
        assert QUEUES.waiting()[source.name] > 0
        assert source.read(10) is not None
        assert QUEUES.waiting()[source.name] == 0
    source.close()
    assert source.name not in QUEUES.waiting()
