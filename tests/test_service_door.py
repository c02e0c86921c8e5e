"""Who says nothing, says it slowly, or takes nothing keeps nobody else out: real sockets at a real server."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from socterm.cli.certificates import make_ca, make_server
from socterm.measures import CUT
from socterm.service import door
from socterm.service.answers import Answer
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.server import Place, Server
from socterm.service.service import make_app
from socterm.service.table import ENDPOINTS
from tests.service_scene import NOW, Scene, own_scene
from websockets.exceptions import InvalidMessage
from websockets.sync.client import ClientConnection, connect

__all__ = ["own_scene"]

Come = TypeVar("Come")
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Desk:
    """An endpoint that answers when it is told to."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.go = threading.Event()

    def answer(self, _call: Call[Nothing, Nothing]) -> dict[str, object]:
        self.asked.release()
        assert self.go.wait(60)
        return {"done": True}


class Hall:
    """A server, and sockets that come to it."""

    def __init__(self, scene: Scene, server: Server, desk: Desk) -> None:
        self.scene, self.server, self.desk = scene, server, desk
        self.url = server.url
        self.port = int(server.url.rpartition(":")[2])
        self.cut = contextlib.ExitStack()

    def come(self, said: bytes = b"", address: str = "127.0.0.1") -> socket.socket:
        here = socket.create_connection(("127.0.0.1", self.port), timeout=60, source_address=(address, 0))
        self.cut.enter_context(here)
        here.sendall(said)
        return here

    def wait(self) -> socket.socket:
        """Somebody whose request is being worked on. Raises OSError where its head came too late."""
        here = self.come(b"GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n")
        here.settimeout(0.05)
        while not self.desk.asked.acquire(blocking=False):
            with contextlib.suppress(TimeoutError):
                if gone(here):
                    raise ConnectionResetError
        here.settimeout(60)
        return here


def _much(_call: Call[Nothing, Nothing]) -> Answer:
    return Answer("x" * (32 << 20))


@pytest.fixture
def hall(scene: Scene) -> Iterator[Hall]:
    desk = Desk()
    more = (
        Endpoint("GET", "/wait", "Wait", desk.answer, ""),
        Endpoint("GET", "/much", "Say much", _much, ""),
    )
    server = Server(make_app(scene.service, [*ENDPOINTS, *more]), Place("127.0.0.1", 0))
    server.start()
    found = Hall(scene, server, desk)
    with found.cut:
        yield found
        desk.go.set()
    server.close()


def gone(here: socket.socket) -> bool:
    """Whether the other side has ended it, waited for."""
    try:
        return here.recv(1) == b""
    except ConnectionResetError:
        return True


def answered(here: socket.socket) -> bool:
    return here.recv(64).startswith(b"HTTP/1.1 200 ")


def test_who_says_nothing_makes_room(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "AT_ONCE", 3)
    before = CUT.counted().get("full", 0)
    idle = [hall.come(said) for said in (b"", b"GET /health HT", b"", b"")]
    here = hall.come(HEALTH)
    assert answered(here)
    assert [gone(one) for one in idle[:2]] == [True, True]
    idle[3].sendall(HEALTH)
    assert answered(idle[3])
    assert CUT.counted()["full"] == before + 2


def test_a_body_that_does_not_come_makes_room_too(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "AT_ONCE", 2)
    head = b"POST /api/v1/auth/token HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
    form = b"Content-Length: 9\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
    slow = [hall.come(head + form) for _ in range(2)]
    for one in slow:
        assert one.recv(64).startswith(b"HTTP/1.1 100")
    assert answered(hall.come(HEALTH))
    assert gone(slow[0])


def test_room_is_made_by_who_takes_most_of_it(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is somebody else's only one: it stays."""
    monkeypatch.setattr(door, "AT_ONCE", 4)
    other = hall.come(address="127.0.0.2")
    many = [hall.come() for _ in range(6)]
    assert [gone(one) for one in many[:3]] == [True, True, True]
    other.sendall(HEALTH)
    assert answered(other)


def test_a_request_at_work_is_not_cut(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "AT_ONCE", 2)
    working = [hall.wait(), hall.wait()]
    assert gone(hall.come(HEALTH))  # nobody is idle but the one that comes
    hall.desk.go.set()
    assert [answered(one) for one in working] == [True, True]


def test_what_was_closed_makes_room_without_a_cut(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "AT_ONCE", 1)
    before = CUT.counted()
    for _ in range(5):
        answer = httpx.get(f"{hall.url}/health", headers={"Connection": "close"}, timeout=60)
        assert answer.status_code == 200
    assert CUT.counted() == before


@pytest.mark.parametrize("before", [b"", HEALTH])
def test_a_head_that_comes_letter_by_letter_is_not_waited_for(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, before: bytes
) -> None:
    monkeypatch.setattr(door, "HEADERS", 0.2)
    here = hall.come(before)
    if before:
        assert answered(here)
        here.recv(4096)
    here.settimeout(0.01)
    for letter in HEALTH[:10] + b"a" * 5000:
        with contextlib.suppress(TimeoutError):
            if gone(here):
                return
        try:
            here.sendall(bytes([letter]))
        except OSError:
            return
    raise AssertionError("it waits for ever")


def test_a_request_and_a_web_socket_take_their_time(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was begun before goes on while an idle connection that came later is ended for saying nothing."""
    monkeypatch.setattr(door, "HEADERS", 0.05)
    working = _quick(hall.wait)
    with _quick(lambda: _told(hall)) as told:
        assert json.loads(told.recv(60))["event"] == "begin"
        assert gone(hall.come())
        hall.scene.store.triage.decide([1], "acknowledge", actor="ann", now=NOW)
        assert json.loads(told.recv(60))["event"] == "alert"
    hall.desk.go.set()
    assert answered(working)


def _told(hall: Hall) -> ClientConnection:
    url = hall.url.replace("http", "ws", 1) + "/api/v1/stream"
    return connect(url, additional_headers=hall.scene.bearer("read"))


def _quick(come: Callable[[], Come]) -> Come:
    """Come until the head of the request was there in time: this machine may be busy."""
    while True:
        with contextlib.suppress(OSError, InvalidMessage):
            return come()


def test_who_does_not_take_an_answer_is_not_waited_for(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "UNTAKEN", 50)
    here = hall.come(b"GET /much HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answered(here)
    while _guests(hall.server):
        threading.Event().wait(0.01)


def _guests(server: Server) -> Any:
    return server._socket.guests


def test_who_never_begins_tls_keeps_nobody_out(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "AT_ONCE", 3)
    now = datetime.now(UTC)
    pair = make_server(make_ca(now), ["127.0.0.1"], now, 30)
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    files[0].write_bytes(pair.cert)
    files[1].write_bytes(pair.key)
    server = Server(make_app(scene.service, ENDPOINTS), Place("127.0.0.1", 0, *files))
    server.start()
    port = int(server.url.rpartition(":")[2])
    silent = [socket.create_connection(("127.0.0.1", port), timeout=60) for _ in range(6)]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    assert httpx.get(f"{server.url}/health", verify=context, timeout=60).status_code == 200
    assert [gone(one) for one in silent[:3]] == [True, True, True]
    for one in silent:
        one.close()
    server.close()
