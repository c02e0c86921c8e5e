"""What happens to alerts, told as it happens: as server-sent events or over a web socket, on from any mark.

Each event's id is a mark, `CHANGE.AUDIT`: the number of the last change of an alert that was told, and of the
last decision. Who comes back with it in `Last-Event-ID` misses nothing; of an alert that changed several
times meanwhile only the present state is told. A mark stands on the last event of a read: after a cut in the
middle of one all of it is told again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeVar

import anyio
from anyio import to_thread
from pydantic import Field
from starlette.responses import Response, StreamingResponse
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from socterm.service.alerts import alert_json, audit_json
from socterm.service.answers import Answer, Asked, encoded
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.frame.asgi import POLICY
from socterm.service.frame.rates import too_often
from socterm.service.identity import require
from socterm.service.pages import numbers
from socterm.service.problems import RequestError
from socterm.store import Store

if TYPE_CHECKING:
    from socterm.service.service import Service

Found = TypeVar("Found")

PATH: Final = "/api/v1/stream"

EVERY: Final = 0.25
"""Seconds between two looks at the store; each costs two reads by index."""

ROUNDS: Final = 40
"""Looks between two checks that who listens still may, and a sign of life to what stands between."""

MOST: Final = 32
"""Streams at a time."""

BEHIND: Final = 10_000
"""Alerts that may have changed since the mark that somebody comes back with."""

AT_ONCE: Final = 500
"""Decisions of one read."""


_PEOPLE: Final = ("user:", "token:")


class StreamQuery(Asked):
    """Where to go on, for who cannot send `Last-Event-ID`; "" begins now."""

    since: Annotated[str, Field(max_length=80, description="The id of the last event")] = ""


class News(NamedTuple):
    """What came after a mark: (kind, what) in order, and the mark behind it."""

    told: list[tuple[str, dict[str, Any]]]
    mark: tuple[int, int]


class _Open:
    """How many streams there are."""

    def __init__(self) -> None:
        self.count = 0


_open = _Open()


def news(store: Store, mark: tuple[int, int]) -> News:
    """The alerts that changed and the decisions made since a mark; not those on users and tokens."""
    change, ids = store.triage.changes(mark[0])
    rows = [row for row in map(store.triage.alert, ids) if row is not None]
    decided = store.chronicle.since(mark[1], AT_ONCE)
    told = [("alert", alert_json(row)) for row in rows]
    told += [("decision", audit_json(row)) for row in decided if not row.about.startswith(_PEOPLE)]
    return News(told, (change, decided[-1].id if decided else mark[1]))


def now_of(store: Store) -> tuple[int, int]:
    """The mark of this moment."""
    return store.triage.changes(0)[0], store.chronicle.newest()


def lines_of(found: News) -> Iterator[str]:
    """The events as text; JSON has no line breaks, so no log text can end one."""
    for number, (kind, what) in enumerate(found.told, 1):
        mark = f"id: {found.mark[0]}.{found.mark[1]}\n" if number == len(found.told) else ""
        yield f"event: {kind}\n{mark}data: {encoded(what).decode()}\n\n"


async def _begin(service: Service, given: str) -> tuple[int, int]:
    """The mark to begin behind. Raises `RequestError` for one that is none, or too long ago; and where there
    are too many streams.
    """
    store = service.store
    parts = numbers(given, 2)
    if _open.count >= MOST:
        raise too_often(30)
    if parts is None:
        return await _look(service, partial(now_of, store))
    if len((await _look(service, partial(store.triage.changes, parts[0])))[1]) > BEHIND:
        raise RequestError(409, "behind", "too much has changed since: list what there is, and begin anew")
    return parts[0], parts[1]


async def _follow(service: Service, authorization: str | None, mark: tuple[int, int]) -> AsyncGenerator[News]:
    """What comes behind a mark, read by read; now and then nothing. Ends where who listens may no more."""
    _open.count += 1
    try:
        yield News([("begin", {})], mark)
        rounds = 0
        while True:
            found = await _look(service, partial(news, service.store, mark))
            mark = found.mark
            rounds += 1
            if rounds % ROUNDS == 0 and not await _look(service, partial(_may, service, authorization)):
                return
            if found.told or rounds % ROUNDS == 0:
                yield found
            await anyio.sleep(EVERY)
    finally:
        _open.count -= 1


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
    given = call.request.headers.get("last-event-id") or call.query.since
    mark = await _begin(call.service, given)
    authorization = call.request.headers.get("authorization")

    async def text() -> AsyncIterator[str]:
        async with aclosing(_follow(call.service, authorization, mark)) as reads:
            async for found in reads:
                yield "".join(lines_of(found)) or ": still here\n\n"

    headers = {"X-Accel-Buffering": "no"}  # or a proxy waits until there is enough to pass on
    return StreamingResponse(text(), media_type="text/event-stream", headers=headers)


def socket_of(service: Service) -> WebSocketRoute:
    """The same as a web socket: each message an object with `event`, `id` (on the last of a read) and `data`.

    Who may not is told before it is opened. What a client says is not listened to.
    """

    async def talk(socket: WebSocket) -> None:
        authorization = socket.headers.get("authorization")
        try:
            require(await _look(service, partial(service.doorman.who, authorization)), "read")
            given = socket.headers.get("last-event-id") or socket.query_params.get("since", "")
            mark = await _begin(service, given)
        except RequestError as error:
            await socket.send_denial_response(Answer(error.body(), error.status, error.headers))
            return
        await socket.accept()
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_gone, socket, tasks.cancel_scope)
                await _send(socket, _follow(service, authorization, mark))
                tasks.cancel_scope.cancel()
        except* WebSocketDisconnect:
            pass  # it went while something was being told

    return WebSocketRoute(PATH, talk)


def messages_of(found: News) -> Iterator[str]:
    """The events as messages."""
    for number, (kind, what) in enumerate(found.told, 1):
        mark = f"{found.mark[0]}.{found.mark[1]}" if number == len(found.told) else None
        yield encoded({"event": kind, "id": mark, "data": what}).decode()


async def _send(socket: WebSocket, follow: AsyncGenerator[News]) -> None:
    async with aclosing(follow) as reads:
        async for found in reads:
            for message in messages_of(found):
                await socket.send_text(message)
    await socket.close(POLICY, "unauthorised")


async def _until_gone(socket: WebSocket, scope: anyio.CancelScope) -> None:
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    scope.cancel()


ENDPOINTS: Final = (
    Endpoint(
        "GET", PATH, "Tell alerts and decisions as they come, from `Last-Event-ID` on", _stream,
        "read", query=StreamQuery, gives="text/event-stream", others=(409,),
    ),
)  # fmt: skip
