"""How fast logs come in over HTTP: records a second that are stored before their answer, without rules."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.frame import Figure, Setting

RECORD = {
    "@timestamp": "2026-11-21T10:00:00Z",
    "host.name": "web1",
    "process.name": "sshd",
    "message": "Failed password for ann from 203.0.113.7 port 38926 ssh2",
}
SHAPES = ((1, 1, 300), (1, 8, 150), (100, 1, 100), (1_000, 1, 40), (1_000, 4, 20))
"""(records a request, senders at a time, requests of each)."""


def clock() -> int:
    return time.time_ns() // 1000


@contextmanager
def served(path: Path) -> Iterator[tuple[int, str]]:
    """An ingest and a service in this process; its port and a token."""
    from socterm.pipeline.ingest import Pipeline
    from socterm.secrets import Secret
    from socterm.service.intake.table import intake_endpoints
    from socterm.service.server import Place, Server
    from socterm.service.service import Service, make_app
    from socterm.service.signing import Signer
    from socterm.service.tokens import new_token
    from socterm.sigma.model import RuleSet
    from socterm.sources.hub import Hub
    from socterm.sources.opening import Opener
    from socterm.store import open_store
    from socterm.store.ingest.writer import Writer

    writer, hub, stop = Writer.open(path, now=clock()), Hub(), threading.Event()
    with open_store(path) as store:
        token, digest = new_token()
        store.identity.add_token("bench", digest, ("ingest",), actor="bench", now=clock())
        app = make_app(Service(store, Signer(Secret("k" * 64)), clock), intake_endpoints(hub))
        server = Server(app, Place("127.0.0.1", 0))
        opener = Opener([], bookmark=lambda _name: None, clock=clock, hub=hub)
        pipeline = Pipeline(
            writer, writer.load_state(), RuleSet({}, []), opener, clock=clock, beside=[server]
        )
        thread = threading.Thread(target=pipeline.run, args=(stop,))
        thread.start()
        try:
            yield int(server.url.rpartition(":")[2]), token
        finally:
            stop.set()
            pipeline.wake.set()
            thread.join()
    writer.close()


def send(port: int, token: str, size: int, requests: int, gate: Any, spans: Any) -> None:
    """Post so many requests over one connection, and tell from when until when."""
    body = b"\n".join(json.dumps(RECORD | {"n": number}).encode() for number in range(size))
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for number in range(requests + 1):
        if number == 1:  # the first makes the source
            gate.wait()
            began = time.monotonic()
        connection.request("POST", "/api/v1/logs/ingest", body, headers)
        answer = json.loads(connection.getresponse().read())
        assert answer["accepted"] == size, answer
    spans.put((began, time.monotonic()))


def rate(port: int, token: str, size: int, senders: int, requests: int) -> float:
    gate, spans = multiprocessing.Barrier(senders), multiprocessing.Queue()
    started = [
        multiprocessing.Process(target=send, args=(port, token, size, requests, gate, spans))
        for _ in range(senders)
    ]
    for process in started:
        process.start()
    told = [spans.get(timeout=120) for _ in started]
    for process in started:
        process.join()
    return size * senders * requests / (max(end for _, end in told) - min(began for began, _ in told))


def intake(setting: Setting) -> list[Figure]:
    """Each shape of requests by itself."""
    found = []
    with served(setting.folder / "http.db") as (port, token):
        for size, senders, requests in SHAPES:
            who = f", {senders} senders" if senders > 1 else ""
            name = f"HTTP, {size:,} a request{who}"
            found.append(Figure(name, rate(port, token, size, senders, requests), "records/s"))
    return found
