"""Between a browser's web socket and the process that draws its console."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from socterm.service.browser.child import Child
from socterm.service.browser.places import Place
from socterm.service.browser.sessions import Session

FRAME: Final = 64 << 10
"""Characters of one message of a browser; a pasted text longer than that is no key."""

SLOW: Final = 30.0
"""Seconds a browser has to take what it is sent. One that takes nothing would keep its console for ever."""

KEYS: Final = 4 << 10
"""Characters a second that are passed on: a console keeps all of them until it has done what they say."""

LEAST: Final = 16
"""Characters that any message counts as: a size or a click is work for a console, too."""

ENDED: Final = 1000
NOT_UNDERSTOOD: Final = 1008
"""Codes of the end of a web socket (RFC 6455, section 7.4.1)."""


Used = Callable[[Place], None]
"""Called when somebody typed into the window of a place."""


class NotUnderstoodError(Exception):
    """A browser sent what its terminal never sends."""


def read(text: str) -> tuple[str, Any]:
    """(what, about what) of one message: a JSON list, as the terminal in the page sends it.

    Raises NotUnderstoodError.

    >>> read('["resize", {"width": 80, "height": 24}]')
    ('resize', (80, 24))
    """
    if len(text) > FRAME:
        raise NotUnderstoodError(f"a message of {len(text)} characters")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise NotUnderstoodError("no JSON") from None
    match said:
        case ["stdin", str() as keys] if _is_text(keys):
            return "stdin", keys
        case ["resize", {"width": int() as width, "height": int() as height}]:
            return "resize", (width, height)
        case ["ping", str() as mark] if len(mark) < 100:
            return "ping", mark
        case ["focus" | "blur" as what]:
            return what, None
        case _:
            raise NotUnderstoodError("no message of a terminal")


def _is_text(keys: str) -> bool:
    """Whether it can be written at all: JSON may hold halves of characters."""
    try:
        keys.encode()
    except UnicodeEncodeError:
        return False
    return True


def _code(error: BaseException | None) -> int:
    """The code for how one way ended; an error nobody foresaw goes on as one."""
    if error is None or isinstance(error, WebSocketDisconnect | TimeoutError | ConnectionError):
        return ENDED
    if isinstance(error, NotUnderstoodError):
        return NOT_UNDERSTOOD
    raise error


class Bridge:
    """One window: carries keys there and screens back until either ends, or the login or its place does.

    `trouble` is why its console ended by itself, where it said so.
    """

    def __init__(self, socket: WebSocket, child: Child, session: Session, place: Place, used: Used) -> None:
        self._socket = socket
        self._child = child
        self._place = place
        self._used = used
        self._ends = (session.over, place.leave)
        self.trouble = ""
        self._doings: dict[str, Callable[[Any], Awaitable[None]]] = {
            "stdin": child.keys,
            "resize": lambda size: child.resize(*size),
            "ping": lambda mark: socket.send_text(json.dumps(["pong", mark])),
            "focus": lambda _none: child.focus(has=True),
            "blur": lambda _none: child.focus(has=False),
        }

    async def run(self) -> int:
        """Carry; answers the code to close the socket with. The child is ended in any case."""
        code = ENDED
        if any(end.is_set() for end in self._ends):  # while it waited for its place
            return code
        drawn = False
        try:
            await self._child.start()
            back = asyncio.create_task(self._back())
            ways = [back, *map(asyncio.create_task, (self._there(), *(end.wait() for end in self._ends)))]
            done, left = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            self._place.ending = True
            for way in left:
                way.cancel()
            await asyncio.gather(*left, return_exceptions=True)
            for way in done:
                code = max(code, _code(way.exception()))
            drawn = done == {back}
        finally:
            await self._child.close()
        self.trouble = self._child.trouble if drawn else ""
        return code

    async def _there(self) -> None:
        while True:
            try:
                text = await self._socket.receive_text()
            except (WebSocketDisconnect, KeyError):  # gone, or bytes, which no terminal sends
                return
            what, about = read(text)
            await self._doings[what](about)
            if what == "stdin":
                self._used(self._place)
            await asyncio.sleep(max(LEAST, len(about) if what == "stdin" else 0) / KEYS)

    async def _back(self) -> None:
        async for screen in self._child.screens():
            async with asyncio.timeout(SLOW):
                try:
                    await self._socket.send_bytes(screen)
                except RuntimeError:  # the server has closed it: its pings were not answered
                    return
