"""Stored events over HTTP, by the one query language."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from socterm.pipeline.export import event_cells
from socterm.query import parse
from socterm.service.answers import Told
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.pages import ROOM, Next, Paged, Text, in_time, next_of, numbers
from socterm.store.rows import EventRow

Event = Annotated[
    dict[str, Any],
    Field(description="Flat ECS fields; `id`, `@timestamp` and `event.original` are always there"),
]
"""An event as `socterm search --json` tells it."""


class EventPage(Told):
    """Events, those stored last first (or the other way round, where that was asked for).

    Where lines are very long there are fewer than `limit`, and `next` goes on behind them.
    """

    events: list[Event]
    next: Next
    complete: Annotated[bool, Field(description="False where a part of the store did not answer")]


class EventQuery(Paged):
    """Which events."""

    q: Text = ""
    oldest_first: bool = False


def told_of(row: EventRow) -> dict[str, Any]:
    """An event as it is told everywhere."""
    return event_cells(row)


def _list(call: Call[EventQuery, Nothing]) -> dict[str, Any]:
    asked, store = call.query, call.service.store
    wanted = parse(asked.q, now=call.service.clock()) if asked.q else None
    place = numbers(asked.cursor, 1)
    start = {"after" if asked.oldest_first else "before": place[0]} if place else {}
    with in_time(store):
        page = store.events.page(
            wanted, limit=asked.limit, oldest_first=asked.oldest_first, room=ROOM, **start
        )
    key = (page.rows[-1].id,) if page.rows else ()
    return {
        "events": [told_of(row) for row in page.rows],
        "next": next_of(key, more=page.more),
        "complete": page.complete,
    }


ENDPOINTS: Final = (
    Endpoint(
        "GET", "/api/v1/events", "Find stored events by query, the latest first", _list, "read",
        answer=EventPage, query=EventQuery, slow=True,
    ),
)  # fmt: skip
