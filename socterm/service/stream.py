"""What happens to alerts, told as it happens: as server-sent events or over a web socket, on from any mark.

Each event's id is a mark, `CHANGE.AUDIT`: the number of the last change of an alert that was told, and of the
last decision. Who comes back with it in `Last-Event-ID` misses nothing; of an alert that changed several
times meanwhile only the present state is told. A mark stands on the last event of a read: after a cut in the
middle of one all of it is told again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import ExitStack, aclosing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeVar

import anyio
from anyio import to_thread
from pydantic import Field
from starlette.responses import Response, StreamingResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from socterm.errors import SoctermError
from socterm.service.alerts import alert_json, audit_json
from socterm.service.answers import Answer, Asked, encoded
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.frame.asgi import LATER, POLICY, Receive, Scope, Send
from socterm.service.frame.failures import problem_of
from socterm.service.frame.rates import too_often
from socterm.service.identity import require
from socterm.service.pages import numbers
from socterm.service.problems import RequestError
from socterm.store import Store

if TYPE_CHECKING:
    from socterm.service.service import Service

Found = TypeVar("Found")

PATH: Final = "/api/v1/stream"
EVENTS: Final = "text/event-stream"

EVERY: Final = 0.25
"""Seconds between two looks at the store; each costs two reads by index."""

ROUNDS: Final = 40
"""Looks between two checks that who listens still may, and a sign of life to what stands between."""

MOST: Final = 32
"""Streams at a time."""

EACH: Final = 16
"""Of one user or token."""

BEHIND: Final = 10_000
"""Alerts that may have changed since the mark that somebody comes back with."""

AT_ONCE: Final = 500
"""Decisions of one read, and alerts of one part."""

_PEOPLE: Final = ("user:", "token:")


class StreamQuery(Asked):
    """Where to go on, for who cannot send `Last-Event-ID`; "" begins now."""

    since: Annotated[str, Field(max_length=80, description="The id of the last event")] = ""


Mark = tuple[int, int]
"""The last change of an alert, and the last decision."""


class News(NamedTuple):
    """What came after a mark: (kind, what) in order, and the mark behind it; None before the last part."""

    told: list[tuple[str, dict[str, Any]]]
    mark: Mark | None


class _Open:
    """The streams there are, by whose they are."""

    def __init__(self) -> None:
        self._by = Counter[str]()

    @property
    def count(self) -> int:
        """How many."""
        return self._by.total()

    @contextmanager
    def place(self, name: str) -> Iterator[None]:
        """One more, at once, so that those who come together see each other. Raises `RequestError` (429)."""
        if self.count >= MOST or self._by[name] >= EACH:
            raise too_often(30)
        self._by[name] += 1
        try:
            yield
        finally:
            self._by[name] -= 1


_open = _Open()


class _Streamed(StreamingResponse):
    """An answer that gives its place back, however far it came."""

    def __init__(self, place: ExitStack, text: AsyncIterator[str]) -> None:
        headers = {"X-Accel-Buffering": "no"}  # or a proxy waits until there is enough to pass on
        super().__init__(text, media_type=EVENTS, headers=headers)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        with self._place:
            await super().__call__(scope, receive, send)


def reads(store: Store, mark: Mark) -> Iterator[News]:
    """The alerts that changed and the decisions made since a mark; not those on users and tokens.

    Somebody may close all alerts there are in one go: they come in parts, each read when it is asked for.
    """
    change, ids = store.triage.changes(mark[0])
    decided = store.chronicle.since(mark[1], AT_ONCE)
    told: list[tuple[str, dict[str, Any]]] = []
    for start in range(0, len(ids), AT_ONCE):
        if told:
            yield News(told, None)
        rows = map(store.triage.alert, ids[start : start + AT_ONCE])
        told = [("alert", alert_json(row)) for row in rows if row is not None]
    told += [("decision", audit_json(row)) for row in decided if not row.about.startswith(_PEOPLE)]
    yield News(told, (change, decided[-1].id if decided else mark[1]))


def now_of(store: Store) -> Mark:
    """The mark of this moment."""
    return store.triage.newest_change(), store.chronicle.newest()


def lines_of(found: News) -> Iterator[str]:
    """The events as text; JSON has no line breaks, so no log text can end one."""
    for number, (kind, what) in enumerate(found.told, 1):
        mark = _mark(found, number)
        named = f"id: {mark}\n" if mark else ""
        yield f"event: {kind}\n{named}data: {encoded(what).decode()}\n\n"


def _mark(found: News, number: int) -> str | None:
    """The mark on one of its events, the first being 1."""
    return f"{found.mark[0]}.{found.mark[1]}" if found.mark and number == len(found.told) else None


async def _begin(service: Service, given: str) -> Mark:
    """The mark to begin behind. Raises `RequestError` for one that is none, or too long ago, or to come."""
    parts = numbers(given, 2)
    if parts is not None and min(parts) < 0:
        raise RequestError(400, "cursor", "that is no mark: take the id of an event of this stream")
    mark: Mark | None = None if parts is None else (parts[0], parts[1])
    return await _look(service, partial(_behind, service.store, mark))


def _behind(store: Store, mark: Mark | None) -> Mark:
    """A mark of another store, or of this one before an older copy took its place, would miss what comes."""
    change, decision = now_of(store)
    if mark is None:
        return change, decision
    if mark[0] > change or mark[1] > decision or len(store.triage.changes(mark[0])[1]) > BEHIND:
        raise RequestError(409, "behind", "too much has changed since: list what there is, and begin anew")
    return mark


async def _follow(service: Service, authorization: str | None, mark: Mark) -> AsyncGenerator[News]:
    """What comes behind a mark, part by part; now and then nothing. Ends where who listens may no more."""
    yield News([("begin", {})], mark)
    rounds = 0
    while True:
        rounds += 1
        found: News | None
        parts = reads(service.store, mark)
        while (found := await _look(service, partial(next, parts, None))) is not None:
            mark = found.mark or mark
            if found.told:
                yield found
        if rounds % ROUNDS == 0:
            if not await _look(service, partial(_may, service, authorization)):
                return
            yield News([], mark)
        await anyio.sleep(EVERY)


async def _look(service: Service, work: Callable[[], Found]) -> Found:
    return await to_thread.run_sync(work, limiter=service.threads)


def _may(service: Service, authorization: str | None) -> bool:
    """Whether who listens still may: a token that was revoked meanwhile hears no more."""
    try:
        require(service.doorman.who(authorization), "read")
    except RequestError:
        return False
    return True


async def _stream(call: Call[StreamQuery, Nothing]) -> Response:
    if call.request.method == "HEAD":
        return Response(media_type=EVENTS)  # there is no end to wait for
    given = call.request.headers.get("last-event-id") or call.query.since
    authorization = call.request.headers.get("authorization")
    with ExitStack() as places:
        places.enter_context(_open.place(call.principal.name))
        mark = await _begin(call.service, given)
        place = places.pop_all()

    async def text() -> AsyncIterator[str]:
        async with aclosing(_follow(call.service, authorization, mark)) as reads:
            async for found in reads:
                yield "".join(lines_of(found)) or ": still here\n\n"

    return _Streamed(place, text())


def socket_of(service: Service) -> WebSocketRoute:
    """The same as a web socket: each message an object with `event`, `id` (on the last of a read) and `data`.

    Who may not is told before it is opened. What a client says is not listened to.
    """

    async def talk(socket: WebSocket) -> None:
        authorization = socket.headers.get("authorization")
        with ExitStack() as places:
            try:
                who = require(await _look(service, partial(service.doorman.who, authorization)), "read")
                places.enter_context(_open.place(who.name))
                given = socket.headers.get("last-event-id") or socket.query_params.get("since", "")
                mark = await _begin(service, given)
            except (RequestError, SoctermError) as raised:
                error = problem_of(raised)
                await socket.send_denial_response(Answer(error.body(), error.status, error.headers))
                return
            await socket.accept()
            with suppress(WebSocketDisconnect):  # it went while something was being told
                await _talk(socket, _follow(service, authorization, mark))

    return WebSocketRoute(PATH, talk)


def messages_of(found: News) -> Iterator[str]:
    """The events as messages."""
    for number, (kind, what) in enumerate(found.told, 1):
        yield encoded({"event": kind, "id": _mark(found, number), "data": what}).decode()


async def _talk(socket: WebSocket, follow: AsyncGenerator[News]) -> None:
    """Until one of both goes, or the store cannot be read, which is said."""
    code, reason = POLICY, "unauthorised"
    gone = False
    try:
        async with anyio.create_task_group() as tasks:

            async def listen() -> None:
                nonlocal gone
                while (await socket.receive())["type"] != "websocket.disconnect":
                    pass
                gone = True
                tasks.cancel_scope.cancel()

            tasks.start_soon(listen)
            async with aclosing(follow) as found:
                async for part in found:
                    for message in messages_of(part):
                        await socket.send_text(message)
            tasks.cancel_scope.cancel()
    except* WebSocketDisconnect:
        gone = True
    except* SoctermError as errors:
        error = problem_of(next(_single(errors)))
        code, reason = LATER, error.code
    if not gone:
        await socket.close(code, reason)


def _single(errors: BaseExceptionGroup[SoctermError]) -> Iterator[SoctermError]:
    for error in errors.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _single(error)
        else:
            yield error


ENDPOINTS: Final = (
    Endpoint(
        "GET", PATH, "Tell alerts and decisions as they come, from `Last-Event-ID` on", _stream,
        "read", query=StreamQuery, gives=EVENTS, others=(409,),
    ),
)  # fmt: skip
