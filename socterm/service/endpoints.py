"""What can be asked, as a table: one `Endpoint` each, with its scope, its models and its limits.

Routes, checks, the OpenAPI document, the table in docs/api.md and the tests of refusals all come from it: an
endpoint that is not in it cannot be reached, and one that is cannot be reached without its scope.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import anyio
from anyio import to_thread
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from socterm.service.answers import LARGEST, Answer, Asked, Told
from socterm.service.frame.asgi import Receive, Scope, Send
from socterm.service.frame.bodies import USUAL, Bodies
from socterm.service.identity import Principal, require
from socterm.service.problems import RequestError
from socterm.service.reading import body_of, query_of

if TYPE_CHECKING:
    from socterm.service.service import Service

THREADS: Final = 8
"""Requests that are answered at a time; each has a connection of its own to the store."""

SEARCHES: Final = 4
"""Of those that may take long, besides: what waits for them keeps nobody else waiting."""

NOBODY: Final = Principal("", frozenset())
"""Who asks where nobody has to say."""


class Nothing(Asked):
    """A query or body that says nothing."""


Query = TypeVar("Query", bound=BaseModel)
Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True)
class Call(Generic[Query, Body]):
    """One request, checked: by whom, and what it says. `place` are the parts of its path, numbers as int."""

    service: Service
    principal: Principal
    request: Request
    query: Query
    body: Body
    place: Mapping[str, Any]

    @property
    def number(self) -> int:
        """The `{id}` of the path."""
        return int(self.place["id"])


Reply = Response | Mapping[str, Any]
"""What a handler answers with; a mapping is told as JSON with the endpoint's status."""

Handler = Callable[[Call[Any, Any]], Reply] | Callable[[Call[Any, Any]], Awaitable[Reply]]


@dataclass(frozen=True)
class Endpoint:
    """One thing that can be asked.

    `handler`: a plain function runs in a thread, where it may use the store; a coroutine runs in the event
    loop and must not wait for anything there. `scope` "" asks nobody who they are. `most` are the bytes of a
    body; `counted` False leaves it out of the measure of requests a minute. `slow` is for what may have to
    look through the whole store. `answer` describes what it says with `status`; `others` are statuses of
    failure besides those that follow from the rest. `matched` needs `If-Match`. `form` bodies are of the kind
    HTML forms send. `raw` bodies are read by the handler itself (`call.request.stream()`); `takes` are then
    their media types, for the document.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    scope: str
    answer: type[Told] | None = None
    query: type[Asked] = Nothing
    body: type[Asked] | None = None
    status: int = 200
    most: int = USUAL
    counted: bool = True
    matched: bool = False
    form: bool = False
    raw: bool = False
    slow: bool = False
    takes: tuple[str, ...] = ("application/json",)
    gives: str = "application/json"
    others: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """Its name in the document."""
        return re.sub(r"\W+", "_", f"{self.method.lower()}{self.path.removeprefix('/api/v1')}").strip("_")


class Dispatch:
    """The ASGI application of one path: its endpoints by method."""

    def __init__(self, service: Service, by_method: Mapping[str, Endpoint]) -> None:
        self._apps = {
            method: Bodies(functools.partial(_answer, service, endpoint), endpoint.most)
            for method, endpoint in by_method.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on to the endpoint of the method."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        await self._apps[method](scope, receive, send)


def routes(service: Service, endpoints: Iterable[Endpoint]) -> list[Route]:
    """One route a path. Raises ValueError where two endpoints stand in the same place."""
    paths: dict[str, dict[str, Endpoint]] = {}
    for endpoint in endpoints:
        here = paths.setdefault(endpoint.path, {})
        if endpoint.method in here:
            raise ValueError(f"{endpoint.method} {endpoint.path} stands in the table twice")
        here[endpoint.method] = endpoint
    return [Route(path, Dispatch(service, found), methods=[*found]) for path, found in paths.items()]


async def _answer(service: Service, endpoint: Endpoint, scope: Scope, receive: Receive, send: Send) -> None:
    """Who asks, may they, what do they say; then the handler. Nothing is read for who may not."""
    request = Request(scope, receive)
    principal = NOBODY
    if endpoint.scope:
        header = request.headers.get("authorization")
        principal = await _in_thread(service, functools.partial(service.doorman.who, header))
        require(principal, endpoint.scope)
    if endpoint.matched and "if-match" not in request.headers:
        raise RequestError(428, "if_match", "say with If-Match which state of it you decide on (its ETag)")
    call: Call[Any, Any] = Call(
        service=service,
        principal=principal,
        request=request,
        place={name: _part(name, text) for name, text in request.path_params.items()},
        query=query_of(endpoint.query, request),
        body=Nothing() if endpoint.body is None or endpoint.raw else await body_of(endpoint, request),
    )
    if inspect.iscoroutinefunction(endpoint.handler):
        answer = _told(endpoint, await endpoint.handler(call))
    else:
        limiter = service.searches if endpoint.slow else service.threads
        answer = await to_thread.run_sync(functools.partial(_worked, endpoint, call), limiter=limiter)
    await answer(scope, receive, send)


def _worked(endpoint: Endpoint, call: Call[Any, Any]) -> Response:
    """The whole answer: text by the megabyte is not put together in the loop that all others wait for."""
    reply = endpoint.handler(call)
    assert not inspect.isawaitable(reply)  # noqa: S101 - for the type checker; coroutines run in the loop
    return _told(endpoint, reply)


def _told(endpoint: Endpoint, reply: Reply) -> Response:
    return reply if isinstance(reply, Response) else Answer(reply, endpoint.status)


Found = TypeVar("Found")


async def _in_thread(service: Service, work: Callable[[], Found]) -> Found:
    return await to_thread.run_sync(work, limiter=service.threads)


def threads() -> anyio.CapacityLimiter:
    """So many requests at a time."""
    return anyio.CapacityLimiter(THREADS)


def searches() -> anyio.CapacityLimiter:
    """So many of the slow ones."""
    return anyio.CapacityLimiter(SEARCHES)


def _part(name: str, text: str) -> int | str:
    """A part of a path; `id` is a number that the store can have."""
    if name != "id":
        return text
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or not 0 < int(text) <= LARGEST:
        raise RequestError(404, "not_found", "there is nothing of that number")
    return int(text)
