"""The pages, the login, and the web socket behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from socterm.errors import SoctermError, StoreError
from socterm.service.browser import pages
from socterm.service.browser.assets import assets
from socterm.service.browser.bridge import Bridge
from socterm.service.browser.child import Child, command, environment
from socterm.service.browser.places import Place, Places
from socterm.service.browser.sessions import LIFE, Login, Session, Sessions, cookie_name
from socterm.service.frame.asgi import log
from socterm.service.problems import RequestError
from socterm.store.doors.identity import UserRow
from socterm.visible import visible

WINDOWS: Final = 4
"""Consoles open in browsers at a time: each is a process of some 40 MB and more."""

LOOK: Final = 2.0
"""Seconds between two looks whether users and roles are still those that logged in."""

FORM: Final = 8 << 10
"""Bytes of a form that are read."""

PATIENCE: Final = 10.0
"""Seconds that a form may take to come."""

FULL: Final = "all consoles for browsers are in use. Close one, then open this page again."
NEEDED: Final = "somebody else needed the place of this window, which was used longest ago."
TRY_LATER: Final = 1013

Verify = Callable[[Request, str, str], Awaitable[UserRow]]
"""Who this is, by name and password. Raises RequestError; keeps an eye on how often somebody tries."""


class View(NamedTuple):
    """What the browser view needs. `users` reads all users anew; `ours` says what this site's origin is."""

    db: Path
    config: Path | None
    login: Verify
    users: Callable[[], list[UserRow]]
    ours: Callable[[HTTPConnection], str]
    environ: Mapping[str, str]
    clock: Callable[[], int]


class Browser:
    """The routes, and what goes on behind them."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._files = assets()
        self._sessions = Sessions(view.clock)
        self.places = Places(WINDOWS)
        self._looking: asyncio.Task[None] | None = None

    def routes(self) -> list[BaseRoute]:
        """All of them."""
        return [
            Route("/", self._home, methods=["GET"]),
            Route("/login", self._form, methods=["GET"]),
            Route("/login", self._login, methods=["POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/console", self._console, methods=["GET"]),
            Route("/assets/{name}", self._asset, methods=["GET"]),
            WebSocketRoute("/console/socket/{key}", self._socket),
        ]

    def _begin(self, user: UserRow) -> Login:
        """Log in; as long as anybody is, somebody looks who may no longer be."""
        login = self._sessions.begin(user)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return login

    async def _look(self) -> None:
        while len(self._sessions):
            await asyncio.sleep(LOOK)
            self._sessions.expire()  # whether the store can be read or not
            with contextlib.suppress(SoctermError):  # a store that is busy: the next look is soon
                self._sessions.look(await run_in_threadpool(self._view.users))

    def _session(self, connection: HTTPConnection) -> Session | None:
        return self._sessions.of(self._cookie(connection))

    def _cookie(self, connection: HTTPConnection) -> str | None:
        return connection.cookies.get(self._cookie_name(connection))

    def _cookie_name(self, connection: HTTPConnection) -> str:
        return cookie_name(self._view.ours(connection))

    def _is_ours(self, connection: HTTPConnection) -> bool:
        """Whether a page of ours asks. Without this, one of another port of this host could."""
        return connection.headers.get("origin") == self._view.ours(connection)

    async def _form_of(self, request: Request) -> dict[str, str]:
        """What a form of ours says. Raises RequestError where it is another's, or none."""
        if not self._is_ours(request):
            raise RequestError(403, "origin", "this form was not sent from here")
        return await _fields(request)

    # -- pages ---------------------------------------------------------------------------

    async def _home(self, request: Request) -> Response:
        return _to("/console" if self._session(request) else "/login")

    async def _form(self, request: Request) -> Response:
        return _to("/console") if self._session(request) else _page(pages.login())

    async def _login(self, request: Request) -> Response:
        try:
            form = await self._form_of(request)
            user = await self._view.login(request, form.get("username", ""), form.get("password", ""))
        except RequestError as refused:
            return _page(pages.login(refused.message), refused.status, refused.headers)
        except StoreError:
            return _page(pages.login("the store cannot be used now: try again"), 503)
        self._sessions.end(self._cookie(request))
        login = self._begin(user)
        answer = _page(pages.entered(login.key))
        answer.set_cookie(
            self._cookie_name(request), login.cookie, max_age=LIFE // 1_000_000, path="/", httponly=True,
            secure=self._view.ours(request).startswith("https:"), samesite="strict",
        )  # fmt: skip
        return answer

    async def _logout(self, request: Request) -> Response:
        try:
            await self._form_of(request)
        except RequestError as refused:
            return _page(pages.login(refused.message), refused.status)
        self._sessions.end(self._cookie(request))
        answer = _to("/login")
        answer.delete_cookie(self._cookie_name(request), path="/", httponly=True, samesite="strict")
        return answer

    async def _console(self, request: Request) -> Response:
        session = self._session(request)
        if session is None:
            return _to("/login")
        socket = self._view.ours(request).replace("http", "ws", 1) + "/console/socket"
        return _page(pages.terminal(session.name, session.role, socket))

    async def _asset(self, request: Request) -> Response:
        found = self._files.get(request.path_params["name"])
        if found is None:
            raise RequestError(404, "not found", "there is no such file")
        headers = {**pages.HEADERS, "Cache-Control": "max-age=3600"}
        return Response(found.body, media_type=found.kind, headers=headers)

    # -- the console ---------------------------------------------------------------------

    async def _socket(self, socket: WebSocket) -> None:
        session = self._session(socket) if self._is_ours(socket) else None
        if session is None or not session.fits(socket.path_params["key"]):
            await socket.close()  # before it was accepted: the answer is 403
            return
        await socket.accept()
        place = self.places.take(session.name)
        if place is None:
            code, said = TRY_LATER, FULL
        else:
            code, said = await self._window(socket, session, place)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # the browser may have closed it
            if said:
                await socket.send_bytes(f"\x1b[?1049l\x1b[2J\x1b[H\r\n  socterm: {said}\r\n".encode())
            await socket.close(code)

    async def _window(self, socket: WebSocket, session: Session, place: Place) -> tuple[int, str]:
        """Have a console drawn until it ends; the code to close with, and what there is to say of it."""
        bridge = Bridge(socket, self._child(socket, session), session, place, self.places.used)
        try:
            await place.free()
            code = await bridge.run()
        finally:
            self.places.release(place)
        if bridge.trouble:
            log.warning("a console for a browser has ended: %s", visible(bridge.trouble))
        return code, NEEDED if place.leave.is_set() else visible(bridge.trouble).removeprefix("socterm: ")

    def _child(self, socket: WebSocket, session: Session) -> Child:
        view = self._view
        width, height = (_number(socket.query_params.get(name)) for name in ("width", "height"))
        argv = command(view.db, session.name, session.role, view.config)
        return Child(argv, environment(view.environ, width or 80, height or 24, session.stamp))


def _number(text: str | None) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 6 else 0


def _page(text: str, status: int = 200, told: Mapping[str, str] = MappingProxyType({})) -> HTMLResponse:
    """A page; of what an answer of the API is told with, only what means something to a browser."""
    kept = {name: value for name, value in told.items() if name == "Retry-After"}
    return HTMLResponse(text, status, headers={**pages.HEADERS, **kept})


def _to(place: str) -> RedirectResponse:
    return RedirectResponse(place, 303, headers=pages.HEADERS)


async def _fields(request: Request) -> dict[str, str]:
    """The fields of a form, the last one of a name."""
    body = b""
    try:
        async with asyncio.timeout(PATIENCE):
            async for block in request.stream():
                body += block
                if len(body) > FORM:
                    raise RequestError(413, "too large", f"a form has at most {FORM} bytes")
    except TimeoutError:
        raise RequestError(408, "slow", f"a form takes {PATIENCE:.0f} seconds at most") from None
    except ClientDisconnect:
        raise RequestError(400, "form", "the form was cut short") from None
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode(), max_num_fields=10).items()}
    except ValueError:
        raise RequestError(400, "form", "this is no form") from None
