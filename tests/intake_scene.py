"""An ingest and a service that takes logs for it, on a socket of this machine; and what becomes of them."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx
import uvicorn
from socterm.pipeline.ingest import Pipeline
from socterm.secrets import Secret
from socterm.service.certified import ask_for_certificates
from socterm.service.intake.body import LIMITS, Limits
from socterm.service.intake.table import intake_endpoints
from socterm.service.passwords import Passwords
from socterm.service.service import Service, make_app
from socterm.service.signing import Signer
from socterm.service.tokens import new_token
from socterm.sigma.model import RuleSet
from socterm.sources.hub import Hub
from socterm.sources.opening import Opener
from socterm.sources.posted import PostedSource
from socterm.store import open_store
from socterm.store.ingest.writer import Writer
from starlette.types import ASGIApp

LINE = "Nov 21 10:00:00 web01 sshd[7]: Connection closed by 203.0.113.9 port 4711"


def clock() -> int:
    return time.time_ns() // 1000


class Intake:
    """Both, for the length of a block. Without `ingest` nothing is ever read from the queue.

    `tls` are certificate, key and the CA of clients.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: Limits = LIMITS,
        queue: int = 64 << 20,
        ingest: bool = True,
        port: int = 0,
        around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
        tls: tuple[Path, Path, Path] | None = None,
        disk: Callable[[Writer], Any] = lambda writer: writer,
        local: bool = True,
    ) -> None:
        self.hub = Hub(queue)
        self._scheme = "https" if tls else "http"
        self.writer: Any = disk(Writer.open(path, now=clock()))
        self.store = open_store(path)
        signer, passwords = Signer(Secret("k" * 64)), Passwords(argon2=False)
        service = Service(self.store, signer, clock, passwords=passwords)
        app = make_app(service, intake_endpoints(self.hub, limits, local=local))
        cert, key, ca = tls or (None, None, None)
        config = uvicorn.Config(
            around(app), host="127.0.0.1", port=port, log_level="error", lifespan="off",
            timeout_graceful_shutdown=3, ssl_certfile=cert, ssl_keyfile=key,
        )  # fmt: skip
        if ca:
            ask_for_certificates(config, ca)
        self.server = uvicorn.Server(config)
        self.stop = threading.Event()
        self.opener = Opener([], bookmark=self._resume(), clock=clock, hub=self.hub)
        self.pipeline = Pipeline(
            self.writer, self.writer.load_state(), RuleSet({}, []), self.opener, clock=clock
        )
        self._threads = [threading.Thread(target=self.server.run)]
        if ingest:
            self._threads.append(threading.Thread(target=self.pipeline.run, args=(self.stop,)))

    def _resume(self) -> Any:
        stored = self.writer.load_state().sources
        return {row.name: (row.position, row.bookmark) for row in stored}.get

    def __enter__(self) -> Intake:
        for thread in self._threads:
            thread.start()
        end = time.monotonic() + 60
        while not self.server.started:
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.005)
        self.port: int = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"{self._scheme}://127.0.0.1:{self.port}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self.opener.close()
        self.server.should_exit = True
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()
        self.store.close()
        self.writer.close()

    def end(self) -> None:
        """End the ingest; the service goes on."""
        self.stop.set()
        self.pipeline.wake.set()
        for thread in self._threads[1:]:
            thread.join(30)

    def token(self, *scopes: str, name: str = "web") -> str:
        token, digest = new_token()
        self.store.identity.add_token(name, digest, scopes or ("ingest",), actor="root", now=clock())
        return token

    def client(self, **headers: str) -> httpx.Client:
        """Somebody who may send."""
        told = {"Authorization": f"Bearer {self.token()}", **headers}
        return httpx.Client(base_url=self.url, headers=told, timeout=60, trust_env=False)

    def lines(self) -> list[str]:
        """What is stored, in order."""
        return [row.raw for row in self.store.events.page(limit=1_000, oldest_first=True).rows]

    def count(self) -> int:
        return self.store.events.count().value

    def drops(self, name: str = "http:web") -> dict[str, int]:
        """What a source counted, by reason, as the ingest tells it now."""
        found = {row.name: row.drops for row in self.pipeline.refresh().sources}
        return found.get(name, {})


def ndjson(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def bomb(size: int) -> bytes:
    """Few bytes that unpack to so many."""
    return gzip.compress(b" " * size, 9)


def main(path: Path) -> None:
    """An intake that tells where it is, and dies once lines are stored, before anybody hears of it."""

    def die(_source: PostedSource, position: int) -> None:
        if position:
            os.kill(os.getpid(), signal.SIGKILL)

    PostedSource.committed = die  # type: ignore[method-assign]
    with Intake(path) as intake:
        sys.stdout.write(json.dumps({"url": intake.url, "token": intake.token()}) + "\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
