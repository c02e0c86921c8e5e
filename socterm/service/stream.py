"""What happens to alerts, told as it happens: server-sent events that go on where they were cut.

Each event's id is a mark, `CHANGE.AUDIT`: the number of the last change of an alert that was told, and of the
last decision. Who comes back with it in `Last-Event-ID` misses nothing; of an alert that changed several
times meanwhile only the present state is told. A mark stands on the last event of a read: after a cut in the
middle of one all of it is told again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Annotated, Any, Final, NamedTuple

import anyio
from anyio import to_thread
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from socterm.service.alerts import alert_json, audit_json
from socterm.service.answers import Asked, encoded
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.frame.rates import too_often
from socterm.service.identity import require
from socterm.service.pages import numbers
from socterm.service.problems import RequestError
from socterm.store import Store

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


async def _stream(call: Call[StreamQuery, Nothing]) -> Response:
    store = call.service.store
    given = numbers(call.request.headers.get("last-event-id") or call.query.since, 2)
    if _open.count >= MOST:
        raise too_often(30)
    mark = (given[0], given[1]) if given else await _look(call, partial(now_of, store))
    if len((await _look(call, partial(store.triage.changes, mark[0])))[1]) > BEHIND:
        raise RequestError(409, "behind", "too much has changed since: list what there is, and begin anew")
    headers = {"X-Accel-Buffering": "no"}  # or a proxy waits until there is enough to pass on
    return StreamingResponse(_told(call, mark), media_type="text/event-stream", headers=headers)


async def _told(call: Call[StreamQuery, Nothing], mark: tuple[int, int]) -> AsyncIterator[str]:
    store = call.service.store
    _open.count += 1
    try:
        yield f"event: begin\nid: {mark[0]}.{mark[1]}\ndata: {{}}\n\n"
        rounds = 0
        while True:
            found = await _look(call, partial(news, store, mark))
            for text in lines_of(found):
                yield text
            mark = found.mark
            rounds += 1
            if rounds % ROUNDS == 0:
                if not await _look(call, partial(_may, call)):
                    return
                yield ": still here\n\n"
            await anyio.sleep(EVERY)
    finally:
        _open.count -= 1


async def _look(call: Call[Any, Any], work: Any) -> Any:
    return await to_thread.run_sync(work, limiter=call.service.threads)


def _may(call: Call[Any, Any]) -> bool:
    """Whether who listens still may: a token that was revoked meanwhile hears no more."""
    try:
        require(call.service.doorman.who(call.request.headers.get("authorization")), "read")
    except RequestError:
        return False
    return True


ENDPOINTS: Final = (
    Endpoint(
        "GET", "/api/v1/stream", "Tell alerts and decisions as they come, from `Last-Event-ID` on", _stream,
        "read", query=StreamQuery, gives="text/event-stream", others=(409,),
    ),
)  # fmt: skip
