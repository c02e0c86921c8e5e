"""Whatever goes wrong is answered in one form; what nobody foresaw is logged without the request's words."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException

from socterm.errors import (
    QueryCancelledError,
    QueryError,
    SoctermError,
    StaleError,
    StoreBusyError,
    StoreError,
    TransitionError,
    UsageError,
)
from socterm.service.frame.asgi import App, Message, Receive, Scope, Send, log, refuse
from socterm.service.problems import RequestError

_ROUTING: Final = {
    404: ("not_found", "there is nothing of that name"),
    405: ("method", "this cannot be asked that way: see Allow"),
}


class Failures:
    """Turns exceptions into answers."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer where that raises and nothing was answered yet."""
        begun = False

        async def watch(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - whatever it is: one form, and a line in the log
            found = problem_of(error)
            if not begun:  # else the peer sees an answer cut short
                await refuse(scope, send, found)
            # Its frames hold it and it holds them: a body would stay until the collector comes, rarely.
            error.__traceback__ = None


def problem_of(error: Exception) -> RequestError:
    """The answer to an exception. What has no answer of its own is told apart only in the log."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, HTTPException):
        code, message = _ROUTING.get(error.status_code, ("request", "the request cannot be read"))
        return RequestError(error.status_code, code, message, error.headers)
    if isinstance(error, QueryError):
        return RequestError(400, "query", str(error), position=error.position)
    if isinstance(error, StaleError):
        return RequestError(412, "stale", str(error))
    if isinstance(error, TransitionError):
        return RequestError(409, "state", str(error))
    if isinstance(error, UsageError):
        return RequestError(422, "value", str(error))
    if isinstance(error, QueryCancelledError):
        return RequestError(422, "too_slow", "that took too long: ask for less, or for a shorter time")
    if isinstance(error, StoreBusyError):
        return RequestError(503, "busy", "the store is busy: try again", {"Retry-After": "1"})
    if isinstance(error, StoreError | SoctermError):
        log.warning("cannot answer: %s", " ".join(str(error).split()))
        return RequestError(
            503, "store", "the store cannot be used now: its log says why", {"Retry-After": "10"}
        )
    log.error("%s at %s", type(error).__name__, _where(error))
    return RequestError(500, "internal", "something is wrong here, not with the request: the log says where")


def _where(error: Exception) -> str:
    """The way an exception took, by file and line; its own text can hold what was asked, and passwords."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-12:]))
