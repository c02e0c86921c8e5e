"""The console behind a login: who gets it, from which page, for how long, and what the browser may load."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pyte
import pytest
import uvicorn
from scene import Scene
from socterm.errors import StoreError
from socterm.service.browser import bridge, child, routes
from socterm.service.browser.bridge import NotUnderstoodError, read
from socterm.service.browser.places import Places
from socterm.service.browser.routes import Browser, View
from socterm.service.browser.sessions import LIFE, OF_ONE, Login, Sessions, cookie_name
from socterm.service.problems import RequestError
from socterm.store.doors.identity import UserRow
from socterm.store.opening import Store, open_store
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket, WebSocketState
from story import busy
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

PATIENCE = 60.0
ALICE = UserRow(1, "alice", "triage", 0, 0, "stamp-1", "")
BOB = UserRow(2, "bob", "read", 0, 0, "stamp-2", "")


class Site:
    """A real server with two users, and what a browser knows of it."""

    def __init__(
        self, port: int, users: list[UserRow], clock: list[int], readable: list[bool], browser: Browser
    ) -> None:
        self.port = port
        self.readable = readable
        self.browser = browser
        self.users = users
        self.clock = clock
        self.origin = f"http://127.0.0.1:{port}"

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.origin, headers={"Origin": self.origin}, trust_env=False)

    @property
    def cookie(self) -> str:
        return cookie_name(self.origin)

    async def login(self, name: str = "alice") -> Login:
        async with self.client() as http:
            answer = await http.post("/login", data={"username": name, "password": "right"})
            assert answer.status_code == 200
            return Login(answer.cookies[self.cookie], answer.text.split('data-key="')[1].split('"')[0])

    def socket(
        self, login: Login | None, origin: str | None = "", size: str = "width=160&height=50"
    ) -> connect:
        return connect(
            f"ws://127.0.0.1:{self.port}/console/socket/{login.key if login else 'none'}?{size}",
            origin=self.origin if origin == "" else origin,  # type: ignore[arg-type]
            additional_headers={} if login is None else {"Cookie": f"{self.cookie}={login.cookie}"},
            proxy=None,
            ping_interval=None,
        )


async def _refuse(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, RequestError)
    return JSONResponse(problem.body(), problem.status)


@asynccontextmanager
async def served(scene: Scene, name: str = ALICE.name) -> AsyncIterator[Site]:
    with open_store(scene.path) as store:
        made = store.identity.add_user(name, ALICE.role, "hash", actor="root", now=1)
    users, clock, readable = [msgspec.structs.replace(ALICE, stamp=made.stamp), BOB], [0], [True]

    async def login(_request: Request, name: str, password: str) -> UserRow:
        for user in users:
            if (user.name, password) == (name, "right"):
                return user
        raise RequestError(401, "login", "name or password is wrong")

    def known() -> list[UserRow]:
        if not readable[0]:
            raise StoreError("the disk is gone")
        return users

    def ours(connection: HTTPConnection) -> str:
        return f"http://127.0.0.1:{connection.url.port}"

    environ = {"HOME": str(scene.path.parent), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    view = View(scene.path, None, login, known, ours, environ, lambda: clock[0])
    browser = Browser(view)
    app = Starlette(routes=browser.routes(), exception_handlers={RequestError: _refuse})
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, log_level="critical", lifespan="off", timeout_graceful_shutdown=3,
        ws_per_message_deflate=False, ws_ping_interval=None,
    )  # fmt: skip
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve([listening]))
    yield Site(listening.getsockname()[1], users, clock, readable, browser)
    server.should_exit = True
    await running


class Window:
    """What somebody sees."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._screen = pyte.Screen(160, 50)
        self._stream = pyte.ByteStream(self._screen)

    async def until(self, holds: Callable[[str], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not holds("\n".join(self._screen.display)):
                block = await self.connection.recv()
                if isinstance(block, bytes):
                    self._stream.feed(block)

    async def closed(self) -> int:
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    await self.connection.recv()
            except ConnectionClosed:
                return self.connection.close_code or 0


async def test_who_logged_in_gets_the_console_and_decides(scene: Scene, store: Store) -> None:
    busy(scene)
    async with served(scene) as site, site.socket(await site.login()) as connection:
        window = Window(connection)
        await window.until(lambda text: "SSH brute force" in text)
        await connection.send(json.dumps(["stdin", "e"]))
        await window.until(
            lambda _text: (
                ("alice", "close") in [(row.actor, row.verb) for row in store.chronicle.decided(0, 1 << 62)]
            )
        )


async def test_no_other_page_no_other_cookie_opens_it(scene: Scene, store: Store) -> None:
    async with served(scene) as site:
        cookie = await site.login()
        other = f"http://127.0.0.1:{site.port + 1}"
        for given, origin in (
            (None, ""), (Login("made up", cookie.key), ""), (cookie, None), (cookie, "null"), (cookie, other),
            (cookie, f"https://127.0.0.1:{site.port}"), (cookie, f"http://localhost:{site.port}"),
            (Login(cookie.cookie, (await site.login()).key), ""), (Login(cookie.cookie, ""), ""),
        ):  # fmt: skip
            with pytest.raises(InvalidStatus) as refused:
                async with site.socket(given, origin):
                    pass
            assert refused.value.response.status_code == 403
        site.clock[0] = LIFE
        with pytest.raises(InvalidStatus):
            async with site.socket(cookie):
                pass


async def test_forms_of_other_pages_are_refused(scene: Scene, store: Store) -> None:
    async with served(scene) as site, site.client() as http:
        form = {"username": "alice", "password": "right"}
        for origin in ("null", "https://evil.example", f"http://127.0.0.1:{site.port + 1}", ""):
            answer = await http.post("/login", data=form, headers={"Origin": origin})
            assert answer.status_code == 403
            assert "set-cookie" not in answer.headers
        cookie = await site.login()
        http.cookies.set(site.cookie, cookie.cookie)
        assert (await http.post("/logout", headers={"Origin": "https://evil.example"})).status_code == 403
        assert (await http.get("/console")).status_code == 200


async def test_a_wrong_password_is_said_and_sets_no_cookie(scene: Scene, store: Store) -> None:
    async with served(scene) as site, site.client() as http:
        answer = await http.post("/login", data={"username": "<b>alice", "password": "wrong"})
        assert answer.status_code == 401
        assert "name or password is wrong" in answer.text
        assert "set-cookie" not in answer.headers
        large = await http.post("/login", content=b"a=" + b"x" * 20_000)
        assert (large.status_code, large.headers["content-type"]) == (413, "text/html; charset=utf-8")
        assert "at most 8192 bytes" in large.text


async def test_the_cookie_is_for_this_page_alone_and_the_pages_load_nothing_else(
    scene: Scene, store: Store
) -> None:
    async with served(scene) as site, site.client() as http:
        answer = await http.post("/login", data={"username": "alice", "password": "right"})
        said = answer.headers["set-cookie"].lower()
        assert all(word in said for word in ("httponly", "samesite=strict", "path=/"))
        for page in ("/login", "/console", "/assets/terminal.js"):
            answer = await http.get(page)
            assert answer.headers["content-security-policy"].startswith(
                "default-src 'none'; script-src 'self';"
            )
            assert answer.headers["referrer-policy"] == "same-origin"
        assert "://" not in (await http.get("/console")).text.replace(f"ws://127.0.0.1:{site.port}", "")
        for asset in ("terminal.css", "page.css", "page.js", "enter.js", "mono.ttf", "mono-italic.ttf"):
            assert (await http.get(f"/assets/{asset}")).status_code == 200
        assert (await http.get("/assets/../pyproject.toml")).status_code == 404


@pytest.mark.parametrize("how", ["logout", "role", "removed", "expired", "expired, no store"])
async def test_what_ends_a_login_closes_its_windows(
    how: str, scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "LOOK", 0.05)
    draw(monkeypatch, DRAWS)
    async with served(scene) as site:
        cookie = await site.login()
        async with site.socket(cookie) as connection:
            window = Window(connection)
            await window.until(lambda text: "there" in text)
            if how == "logout":
                async with site.client() as http:
                    http.cookies.set(site.cookie, cookie.cookie)
                    assert (await http.post("/logout")).headers["location"] == "/login"
            elif how == "role":
                site.users[0] = msgspec.structs.replace(ALICE, role="read", stamp="stamp-3")
            elif how == "removed":
                site.users.pop(0)
            else:
                site.readable[0] = how == "expired"
                site.clock[0] = LIFE
            await window.closed()
        async with site.client() as http:
            http.cookies.set(site.cookie, cookie.cookie)
            assert (await http.get("/console")).headers["location"] == "/login"


DRAWS = """
import os, sys
os.write(1, b"__GANGLION__\\nD\\0\\0\\0\\5there")
while os.read(0, 1000):
    pass
while len(sys.argv) > 1 and not os.path.exists(sys.argv[1]):
    pass
"""
"""Draws one word, and ends when its keys do, and a file is there where one is named."""


def draw(monkeypatch: pytest.MonkeyPatch, script: str, *arguments: object) -> None:
    """Consoles are processes that do this instead."""
    command = [sys.executable, "-S", "-c", script, *map(str, arguments)]
    monkeypatch.setattr(routes, "command", lambda *_: command)


async def test_a_fifth_console_is_refused(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch, DRAWS)
    async with served(scene) as site:
        login = await site.login()
        windows = [Window(await site.socket(login)) for _ in range(4)]
        async with site.socket(login) as fifth:
            window = Window(fifth)
            await window.until(lambda text: "in use" in text)
            assert await window.closed() == 1013
        for window in windows:
            await window.until(lambda text: "there" in text)
            await window.connection.close()


async def test_a_page_that_is_loaded_anew_has_the_place_of_its_own(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its console takes a moment to end, in which all places are taken; the new one begins behind it."""
    may_end, told, start = scene.path.with_name("may end"), [], child.Child.start

    async def begin(console: child.Child) -> None:
        told.append(may_end.exists())
        await start(console)

    monkeypatch.setattr(child.Child, "start", begin)
    draw(monkeypatch, DRAWS, may_end)
    async with served(scene) as site:
        login = await site.login()
        first, *others = [Window(await site.socket(login)) for _ in range(4)]
        await first.until(lambda text: "there" in text)
        await first.connection.close()
        places = site.browser.places
        async with asyncio.timeout(PATIENCE):
            while not any(place.ending for place in places._held):
                await asyncio.sleep(0)
        again = Window(await site.socket(login))
        assert len(places) == 4
        may_end.touch()
        await again.until(lambda text: "there" in text)
        for window in (again, *others):
            await window.connection.close()
    assert told == [False] * 4 + [True]


async def test_nobody_keeps_others_out_with_windows(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has most of them makes room, with the one that was typed into longest ago."""
    draw(monkeypatch, DRAWS)
    async with served(scene) as site:
        alice, bob = await site.login(), await site.login("bob")
        windows = [Window(await site.socket(alice)) for _ in range(4)]
        for window in windows:
            await window.until(lambda text: "there" in text)
        oldest = site.browser.places._held[0]
        await windows[0].connection.send('["stdin", "j"]')
        async with asyncio.timeout(PATIENCE):
            while site.browser.places._held[0] is oldest:
                await asyncio.sleep(0)
        other = Window(await site.socket(bob))
        await other.until(lambda text: "there" in text)
        await windows[1].until(lambda text: "somebody else needed the place" in text)
        assert await windows[1].closed() == 1000
        assert len(site.browser.places) == 4
        for window in (windows[0], *windows[2:], other):
            await window.connection.close()


def test_places_are_shared() -> None:
    places = Places(4)
    held = [places.take(name) for name in "aaaa"]
    assert places.take("a") is None
    assert [bool(places.take(name)) for name in "bbb"] == [True, True, False]
    assert [place.leave.is_set() for place in held if place] == [True, True, False, False]
    assert [bool(places.take(name)) for name in "cdea"] == [True, True, False, False]
    assert sorted(place.name for place in places._held) == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    "message",
    [
        "no json",
        "{}",
        '["stdin", 7]',
        '["resize", {"width": "80", "height": 24}]',
        '["open", "x"]',
        '["stdin", "\\ud800"]',
        "[" * 5000,
    ],
)
async def test_what_no_terminal_sends_ends_the_window(
    message: str, scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw(monkeypatch, DRAWS)
    async with served(scene) as site, site.socket(await site.login("bob")) as connection:
        await connection.send(message)
        assert await Window(connection).closed() == 1008


FLOOD = """
import os
os.write(1, b"__GANGLION__\\n")
while True:
    os.write(1, b"D" + (60_000).to_bytes(4, "big") + b"x" * 60_000)
"""


async def test_a_browser_that_takes_nothing_loses_its_window(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge, "SLOW", 0.2)
    monkeypatch.setattr(child, "ENDING", 0.2)
    draw(monkeypatch, FLOOD)
    async with served(scene) as site:
        connection = await site.socket(await site.login("bob"))
        await connection.recv()
        connection.transport.pause_reading()
        async with asyncio.timeout(PATIENCE):
            while len(site.browser.places):
                await asyncio.sleep(0)
        connection.transport.abort()


async def test_a_browser_that_fell_asleep_is_no_fault_of_the_service(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server closes a socket whose pings are not answered; what is drawn then cannot be sent."""
    tried = asyncio.Event()

    async def receive() -> dict[str, object]:
        await tried.wait()
        return {"type": "websocket.disconnect", "code": 1011}

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "websocket.send":
            tried.set()
            raise RuntimeError("Unexpected ASGI message 'websocket.send', after sending 'websocket.close'.")

    asked = WebSocket({"type": "websocket", "headers": []}, receive, send)
    asked.client_state = WebSocketState.CONNECTED
    asked.application_state = WebSocketState.CONNECTED
    sessions, places = Sessions(lambda: 0), Places(1)
    session, place = sessions.of(sessions.begin(BOB).cookie), places.take("bob")
    assert session is not None
    assert place is not None
    console = child.Child([sys.executable, "-S", "-c", DRAWS], {})
    assert await bridge.Bridge(asked, console, session, place, places.used).run() == 1000


def test_a_message_longer_than_a_frame_is_none() -> None:
    with pytest.raises(NotUnderstoodError):
        read(json.dumps(["stdin", "x" * (64 << 10)]))


def test_the_oldest_login_makes_room() -> None:
    sessions = Sessions(lambda: 0)
    first = sessions.begin(ALICE)
    window = sessions.of(first.cookie)
    assert window is not None
    for number in range(1000):
        last = sessions.begin(msgspec.structs.replace(BOB, name=f"bob-{number}"))
    assert (len(sessions), sessions.of(first.cookie), window.over.is_set()) == (1000, None, True)
    assert sessions.of(last.cookie) is not None


def test_nobody_logs_others_out_by_logging_in() -> None:
    sessions = Sessions(lambda: 0)
    first = sessions.begin(ALICE)
    oldest, *others = [sessions.begin(BOB) for _ in range(OF_ONE + 1)]
    assert sessions.of(first.cookie) is not None
    assert sessions.of(oldest.cookie) is None
    assert all(sessions.of(login.cookie) for login in others)


async def test_two_services_of_a_host_keep_their_logins_apart(scene: Scene, store: Store) -> None:
    """To a browser they are one: what one of them sets, the other would overwrite."""
    async with served(scene) as one, served(scene, "other") as two, one.client() as http:
        for site in (one, two):
            form = {"username": "bob", "password": "right"}
            answer = await http.post(f"{site.origin}/login", data=form, headers={"Origin": site.origin})
            assert answer.status_code == 200
        for site in (one, two):
            assert (await http.get(f"{site.origin}/console")).status_code == 200


async def test_a_form_that_does_not_come_is_not_waited_for(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "PATIENCE", 0.05)
    async with served(scene) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        head = f"POST /login HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nOrigin: {site.origin}\r\n"
        writer.write(f"{head}Content-Length: 100\r\n\r\nusername=al".encode())
        async with asyncio.timeout(PATIENCE):
            assert b" 408 " in await reader.readline()
        writer.close()


ENDS = """
import os, sys
os.write(1, b"__GANGLION__\\nD\\0\\0\\0\\5there")
print("socterm: the \\x1b[2Jstore is full", file=sys.stderr)
sys.exit(3)
"""


async def test_why_a_console_ended_by_itself_is_told(
    scene: Scene, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    draw(monkeypatch, ENDS)
    async with served(scene) as site, site.socket(await site.login()) as connection:
        window = Window(connection)
        await window.until(lambda text: "socterm: the ␛[2Jstore is full" in text)
        await window.closed()
    assert "a console for a browser has ended: socterm: the ␛[2Jstore is full" in caplog.text
