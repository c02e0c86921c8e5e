"""The stream over a real socket: alerts and decisions as they come, on from any mark without a gap."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from socterm.service import stream
from socterm.service.frame.asgi import LATER
from socterm.service.server import Place, Server
from socterm.service.service import make_app
from socterm.service.stream import now_of, reads
from socterm.service.table import ENDPOINTS
from socterm.service.tokens import new_token
from socterm.store.ingest.writer import Writer
from tests.eventsource import events_of
from tests.service_scene import NOW, Scene, own_scene
from tests.store_samples import batch, episode, login
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

__all__ = ["own_scene"]

Event = tuple[str, str, dict[str, Any]]


@pytest.fixture
def url(scene: Scene) -> Iterator[str]:
    server = Server(make_app(scene.service, ENDPOINTS), Place("127.0.0.1", 0))
    server.start()
    yield server.url
    server.close()


@contextlib.contextmanager
def listening(scene: Scene, url: str, mark: str = "") -> Iterator[Iterator[Event]]:
    """(kind, mark, what) as they come."""
    headers = scene.bearer("read") | ({"Last-Event-ID": mark} if mark else {})
    with httpx.stream("GET", f"{url}/api/v1/stream", headers=headers, timeout=60) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield events_of(response.iter_lines())


def alert(path: Path, number: int) -> None:
    """One more alert, as an ingest stores it."""
    writer = Writer.open(path, now=NOW)
    events = [login(number * 3 - offset) for offset in (2, 1, 0)]
    writer.commit(batch(events, [episode(number, events, alert=number)]))
    writer.close()


def test_an_alert_and_a_decision_are_told_as_they_come(scene: Scene, url: str) -> None:
    with listening(scene, url) as events:
        kind, mark, _ = next(events)
        assert (kind, mark) == ("begin", "{}.{}".format(*now_of(scene.store)))
        alert(scene.store.path, 4)
        kind, _, what = next(events)
        assert (kind, what["id"], what["state"]) == ("alert", 4, "new")
        scene.store.triage.decide([4], "acknowledge", actor="ann", now=scene.clock())
        told = [next(events), next(events)]
        while [kind for kind, _, _ in told[-2:]] != ["alert", "decision"]:
            told.append(next(events))
        assert (told[-1][2]["actor"], told[-1][2]["verb"]) == ("ann", "acknowledge")
        assert told[-1][1] == "{}.{}".format(*now_of(scene.store))


def test_what_was_told_is_not_told_again(scene: Scene, url: str) -> None:
    with listening(scene, url) as events, talking(scene, url) as messages:
        for told in (events, messages):
            assert next(told)[0] == "begin"
        for number in (4, 5, 6):
            alert(scene.store.path, number)
            for told in (events, messages):
                assert next(told)[2]["id"] == number


def test_who_comes_back_misses_nothing(scene: Scene, url: str) -> None:
    with listening(scene, url) as events:
        _, mark, _ = next(events)
    alert(scene.store.path, 4)
    scene.store.triage.decide([1], "close", actor="ann", now=scene.clock())
    alert(scene.store.path, 5)
    seen: list[tuple[str, int]] = []
    with listening(scene, url, mark) as events:
        assert next(events)[0] == "begin"
        while ("decision", 1) not in seen:
            kind, mark, what = next(events)
            seen.append((kind, what["alert" if kind == "decision" else "id"]))
    assert sorted(seen) == [("alert", 1), ("alert", 4), ("alert", 5), ("decision", 1)]
    with listening(scene, url, mark) as events:
        assert next(events)[1] == mark  # all of it was told


def test_a_cut_in_the_middle_of_a_read_tells_it_again(scene: Scene) -> None:
    """Only the last event of a read moves the mark."""
    [found] = reads(scene.store, (0, 0))
    lines = list(stream.lines_of(found))
    assert len(lines) == 3
    assert ["id: " in line for line in lines] == [False, False, True]
    assert all(line.count("\n\n") == 1 for line in lines)


def test_much_at_once_comes_in_parts_and_the_last_one_moves_the_mark(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may close ten thousand alerts in one go while thirty listen."""
    monkeypatch.setattr(stream, "AT_ONCE", 2)
    scene.store.triage.decide([1, 2, 3], "close", actor="ann", now=NOW)
    change, decided = now_of(scene.store)
    parts = list(reads(scene.store, (change - 1, 0)))
    assert [[kind for kind, _ in part.told] for part in parts] == [
        ["alert"] * 2, ["alert", "decision", "decision"],
    ]  # fmt: skip
    assert [part.mark for part in parts] == [None, (change, decided - 1)]
    assert [told["id"] for told in map(json.loads, stream.messages_of(parts[0]))] == [None, None]
    [rest] = reads(scene.store, (change, decided - 1))
    assert ([kind for kind, _ in rest.told], rest.mark) == (["decision"], (change, decided))


def test_all_of_much_at_once_is_told_to_who_listens(
    scene: Scene, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "AT_ONCE", 1)
    with listening(scene, url, "0.0") as events:
        assert [(kind, bool(mark)) for kind, mark, _ in (next(events) for _ in range(4))] == [
            ("begin", True), ("alert", False), ("alert", False), ("alert", True),
        ]  # fmt: skip


@pytest.mark.parametrize("ahead", [(1, 0), (0, 1)])
def test_a_mark_that_this_store_has_not_come_to_is_no_place_to_go_on(
    scene: Scene, url: str, ahead: tuple[int, int]
) -> None:
    """Of before an older copy was put back: what comes until then would never be told."""
    scene.store.triage.decide([1], "close", actor="ann", now=NOW)
    headers = scene.bearer("read")
    change, decided = now_of(scene.store)
    headers["Last-Event-ID"] = f"{change + ahead[0]}.{decided + ahead[1]}"
    refused = httpx.get(f"{url}/api/v1/stream", headers=headers, timeout=60)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "behind")
    with pytest.raises(InvalidStatus) as status, connect(_socket(url), additional_headers=headers):
        pass
    assert status.value.response.status_code == 409
    with listening(scene, url, f"{change}.{decided}") as events:
        assert next(events)[0] == "begin"


def test_a_head_of_a_stream_has_an_end(scene: Scene, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST", 1)
    with httpx.Client(timeout=60) as client:
        for _ in range(2):
            head = client.head(f"{url}/api/v1/stream", headers=scene.bearer("read"))
            assert (head.status_code, head.headers["content-type"][:17]) == (200, "text/event-stream")
        assert client.get(f"{url}/health").status_code == 200


def test_who_may_no_more_hears_no_more(scene: Scene, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ROUNDS", 1)
    with listening(scene, url) as events:
        next(events)
        scene.store.identity.revoke_token(scene.store.identity.tokens()[0].id, actor="root", now=NOW)
        assert list(events) == []


def test_there_are_so_many_streams_and_what_ends_makes_room(
    scene: Scene, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST", 1)
    with listening(scene, url) as events:
        next(events)
        refused = httpx.get(f"{url}/api/v1/stream", headers=scene.bearer("read"), timeout=60)
        assert refused.status_code == 429
    while stream._open.count:
        threading.Event().wait(0.01)
    with listening(scene, url) as events:
        assert next(events)[0] == "begin"


def test_those_who_come_together_see_each_other(
    scene: Scene, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST", 2)
    host = url.removeprefix("http://")
    asked = f"GET /api/v1/stream HTTP/1.1\r\nHost: {host}\r\n"
    asked += "".join(f"{name}: {value}\r\n" for name, value in scene.bearer("read").items()) + "\r\n"
    with contextlib.ExitStack() as stack:
        come = [
            stack.enter_context(socket.create_connection(("127.0.0.1", int(host.split(":")[1])), timeout=60))
            for _ in range(6)
        ]
        for one in come:
            one.sendall(asked.encode())
        told = sorted(one.recv(12) for one in come)
    assert told == [b"HTTP/1.1 200"] * 2 + [b"HTTP/1.1 429"] * 4


def test_nobody_takes_all_places(scene: Scene, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "EACH", 1)
    token, digest = new_token()
    scene.store.identity.add_token("other", digest, ["read"], actor="root", now=NOW)
    with listening(scene, url) as events:
        next(events)
        with (
            pytest.raises(InvalidStatus) as refused,
            connect(_socket(url), additional_headers=scene.bearer("read")),
        ):
            pass
        assert refused.value.response.status_code == 429
        with connect(_socket(url), additional_headers={"Authorization": f"Bearer {token}"}) as other:
            assert json.loads(other.recv(60))["event"] == "begin"


def test_a_store_that_cannot_be_read_ends_a_stream_and_a_web_socket_with_a_word(
    scene: Scene, url: str
) -> None:
    with (
        listening(scene, url) as events,
        connect(_socket(url), additional_headers=scene.bearer("read")) as told,
    ):
        assert (next(events)[0], json.loads(told.recv(60))["event"]) == ("begin", "begin")
        scene.store.close()
        with pytest.raises(ConnectionClosedError) as ended:
            told.recv(60)
        assert ended.value.rcvd is not None
        assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (LATER, "store")
        with pytest.raises(httpx.RemoteProtocolError):
            next(events)
    while stream._open.count:
        threading.Event().wait(0.01)


def test_who_was_away_too_long_lists_anew(scene: Scene, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BEHIND", 2)
    headers = scene.bearer("read") | {"Last-Event-ID": "0.0"}
    refused = httpx.get(f"{url}/api/v1/stream", headers=headers, timeout=60)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "behind")
    with listening(scene, url) as events:
        assert next(events)[0] == "begin"


def test_what_is_decided_on_people_is_not_told(scene: Scene) -> None:
    mark = now_of(scene.store)
    scene.user("ann", "read")
    [found] = reads(scene.store, mark)
    assert (found.told, found.mark) == ([], (mark[0], mark[1] + 1))


@pytest.mark.parametrize("mark", ["x", "1", "1.2.3", "1." + "9" * 30, "-"])
def test_a_mark_that_is_none_is_told(scene: Scene, url: str, mark: str) -> None:
    for more in ({"headers": scene.bearer("read") | {"Last-Event-ID": mark}}, {"params": {"since": mark}}):
        asked: dict[str, Any] = {"headers": scene.bearer("read")} | more
        refused = httpx.get(f"{url}/api/v1/stream", timeout=60, **asked)
        assert refused.status_code == 400


def test_an_open_stream_does_not_hold_up_the_end(scene: Scene) -> None:
    server = Server(make_app(scene.service, ENDPOINTS), Place("127.0.0.1", 0))
    server.start()
    with listening(scene, server.url) as events:
        next(events)
        server.close()
        with contextlib.suppress(httpx.RemoteProtocolError):
            assert list(events) == []


@contextlib.contextmanager
def talking(scene: Scene, url: str, mark: str = "") -> Iterator[Iterator[Event]]:
    """The same over a web socket."""
    with connect(_socket(url, mark), additional_headers=scene.bearer("read")) as found:
        yield ((told["event"], told["id"], told["data"]) for told in map(json.loads, found))


def _socket(url: str, mark: str = "") -> str:
    return url.replace("http", "ws", 1) + stream.PATH + (f"?since={mark}" if mark else "")


def test_a_web_socket_tells_the_same_and_goes_on_where_it_was_cut(scene: Scene, url: str) -> None:
    with talking(scene, url) as events:
        kind, mark, _ = next(events)
        assert (kind, mark) == ("begin", "{}.{}".format(*now_of(scene.store)))
        alert(scene.store.path, 4)
        kind, mark, what = next(events)
        assert (kind, what["id"]) == ("alert", 4)
    scene.store.triage.decide([4], "close", actor="ann", now=scene.clock())
    with talking(scene, url, mark) as events:
        told = [next(events) for _ in range(3)]
    assert [kind for kind, _, _ in told] == ["begin", "alert", "decision"]
    assert [number is None for _, number, _ in told] == [False, True, False]
    assert told[1][2]["state"] == "closed"
    while stream._open.count:
        threading.Event().wait(0.01)


@pytest.mark.parametrize(
    ("headers", "scopes", "status"),
    [({}, (), 401), ({"Authorization": "Bearer soct_x"}, (), 401), ({}, ("ingest",), 403),
     ({"Origin": "https://evil.example"}, ("read",), 403), ({"Origin": "null"}, ("read",), 403),
     ({"Last-Event-ID": "x"}, ("read",), 400)],
)  # fmt: skip
def test_a_web_socket_is_refused_to_who_may_not(
    scene: Scene, url: str, headers: dict[str, str], scopes: tuple[str, ...], status: int
) -> None:
    who = scene.bearer(*scopes) if scopes else {}
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(_socket(url), additional_headers={**who, **headers}),
    ):
        pass
    assert refused.value.response.status_code == status


def test_a_web_socket_for_another_host_is_refused(scene: Scene, url: str) -> None:
    port = int(url.rpartition(":")[2])
    here = socket.create_connection(("127.0.0.1", port))
    with here, pytest.raises(InvalidStatus) as refused:
        connect(f"ws://evil.example{stream.PATH}", sock=here, additional_headers=scene.bearer("read"))
    assert refused.value.response.status_code == 403


def test_a_web_socket_ends_with_the_right_to_it(
    scene: Scene, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "ROUNDS", 1)
    with talking(scene, url) as events:
        next(events)
        scene.store.identity.revoke_token(scene.store.identity.tokens()[0].id, actor="root", now=NOW)
        with pytest.raises(ConnectionClosedError):
            list(events)
