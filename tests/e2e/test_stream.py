"""Programs that listen to `socterm serve` over both kinds of stream, through cuts and its kill."""

from __future__ import annotations

import contextlib
import json
import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.road import socterm
from tests.e2e.serving import Serving
from tests.eventsource import events_of
from tests.scanning import failures
from websockets.sync.client import connect

pytestmark = pytest.mark.e2e

PATH = "/api/v1/stream"


class Listener(ABC):
    """Keeps what it heard and the last mark; goes on from it."""

    def __init__(self, token: str) -> None:
        self.bearer = {"Authorization": f"Bearer {token}"}
        self.mark = ""
        self.heard: set[str] = set()
        self.decided: list[tuple[str, int]] = []

    @abstractmethod
    def events(self, url: str) -> contextlib.AbstractContextManager[Iterator[dict[str, Any]]]:
        """`event`, `id` and `data` of each, while it is connected."""

    def until(self, events: Iterator[dict[str, Any]], address: str) -> None:
        """Listen until there is an alert about this address."""
        while address not in self.heard:
            told = next(events)
            self.mark = told["id"] or self.mark
            if told["event"] == "alert":
                self.heard.add(told["data"]["entity"].get("source.ip", ""))
            elif told["event"] == "decision":
                self.decided.append((told["data"]["verb"], told["data"]["alert"]))


class Lines(Listener):
    """Server-sent events."""

    @contextlib.contextmanager
    def events(self, url: str) -> Iterator[Iterator[dict[str, Any]]]:
        headers = self.bearer | ({"Last-Event-ID": self.mark} if self.mark else {})
        with httpx.stream("GET", url + PATH, headers=headers, timeout=60) as answer:
            assert answer.status_code == 200, answer.read()
            yield (
                {"event": kind, "id": mark or None, "data": what}
                for kind, mark, what in events_of(answer.iter_lines())
            )


class Socket(Listener):
    """A web socket."""

    @contextlib.contextmanager
    def events(self, url: str) -> Iterator[Iterator[dict[str, Any]]]:
        where = url.replace("http", "ws", 1) + PATH + (f"?since={self.mark}" if self.mark else "")
        with connect(where, additional_headers=self.bearer) as found:
            yield map(json.loads, found)


@pytest.mark.parametrize("kind", [Lines, Socket])
def test_who_listens_hears_every_alert_through_cuts_and_a_kill(tmp_path: Path, kind: type[Listener]) -> None:
    log = tmp_path / "auth.log"
    log.touch()

    def attack(number: int) -> str:
        address = f"203.0.113.{number}"
        with log.open("a") as file:
            file.write(failures(0, 20, minute=number, address=address))
        return address

    token = socterm("tokens", "add", "t", "--scope", "triage", "--db", tmp_path / "s.db", home=tmp_path)
    listener = kind(token.strip())
    with Serving(tmp_path, "--tail", log, "--from-start") as serving:
        with listener.events(serving.url) as events:
            listener.until(events, attack(1))  # told as it comes
            listener.until(events, attack(2))
        attack(3)  # while it is away
        asked = httpx.Client(base_url=serving.url, headers=listener.bearer, timeout=60)
        first = asked.get("/api/v1/alerts").json()["alerts"][-1]["id"]
        closed = asked.post(
            f"/api/v1/alerts/{first}/transition", headers={"If-Match": "*"}, json={"verb": "close"}
        )
        assert closed.status_code == 200, closed.text
        with listener.events(serving.url) as events:
            listener.until(events, attack(4))
            serving.end(signal.SIGKILL)
            with contextlib.suppress(Exception):  # however its library tells that the other side is gone
                listener.until(events, attack(5))
    attack(6)
    with Serving(tmp_path, "--tail", log, "--from-start") as serving:
        with listener.events(serving.url) as events:
            listener.until(events, attack(7))
        asked = httpx.Client(base_url=serving.url, headers=listener.bearer, timeout=60)
        asking = {"state": ["new", "closed"], "parts": True}
        alerts = asked.get("/api/v1/alerts", params=asking).json()["alerts"]
        serving.end(signal.SIGTERM)
    stored = {one["entity"].get("source.ip", "") for one in alerts} - {""}
    assert stored == {f"203.0.113.{number}" for number in range(1, 8)}
    assert listener.heard - {""} == stored
    assert set(listener.decided) == {("close", first)}
