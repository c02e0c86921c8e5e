"""Questions to the analyst over HTTP: answered from the store by a model or by rules, cited and kept."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

import anyio
from anyio import to_thread
from pydantic import Field
from starlette.requests import Request

from socterm.service.answers import LARGEST, Asked, Moment, Told, moment
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.frame.rates import too_often
from socterm.service.problems import RequestError
from socterm.store import Store

if TYPE_CHECKING:
    from socterm.analyst import Analyst

AT_ONCE: Final = 2
"""Questions that are worked on at a time: a model on this machine answers one after the other anyway."""

WAITING: Final = 8
"""Questions that may wait for that; more are turned away."""

LOOK: Final = 0.5
"""Seconds between two looks whether somebody still waits for the answer."""

AnalystOf = Callable[[str], "Analyst"]
"""An analyst for one question of one person, whose name the conversation is kept under."""

Number = Annotated[int, Field(ge=1, le=LARGEST)]


class Question(Asked):
    """`alert` is what "this" is; with `conversation` the question goes on from those asked there."""

    question: Annotated[str, Field(min_length=1, max_length=4000)]
    alert: Number | None = None
    conversation: Number | None = None


class ChatAnswer(Told):
    """`source` is "rules" or the model's name; `whole` is false where the answer was cut off.

    `events` are the stored events that it cites, `calls` what was looked up, `remarks` what is to be known.
    """

    conversation: int
    at: Moment
    alert: int | None
    question: str
    answer: str
    source: str
    label: str
    whole: bool
    events: list[int]
    calls: list[str]
    remarks: list[str]


class Chat:
    """The analyst's desk: takes questions, a few at a time, and stops where nobody waits any more."""

    def __init__(self, analyst_of: AnalystOf) -> None:
        self._analyst_of = analyst_of
        self._working = anyio.CapacityLimiter(AT_ONCE)
        self._waiting = 0

    async def answer(self, call: Call[Nothing, Question]) -> dict[str, Any]:
        """The whole answer. Raises `RequestError`: 404 for an alert or conversation there is not, 429."""
        if self._waiting >= WAITING:
            raise too_often(10)
        self._waiting += 1
        stop = threading.Event()
        work = functools.partial(self._ask, call, stop)
        watching = asyncio.create_task(_watch(call.request, stop))
        try:
            return await to_thread.run_sync(work, abandon_on_cancel=True, limiter=self._working)
        finally:
            stop.set()
            watching.cancel()
            self._waiting -= 1

    def _ask(self, call: Call[Nothing, Question], stop: threading.Event) -> dict[str, Any]:
        from socterm.analyst.transcripts import Transcript, record_of  # noqa: PLC0415 - only who asks pays for it

        asked, store = call.body, call.service.store
        if asked.alert is not None and store.triage.alert(asked.alert) is None:
            raise RequestError(404, "not_found", "there is no alert of that number")
        analyst = self._analyst_of(call.principal.name)
        if asked.conversation is not None:
            _check_own(store, asked.conversation, call.principal.name)
            analyst.resume(asked.conversation)
        transcript = Transcript(asked.question, asked.alert or 0, call.service.clock())
        for piece in analyst.ask(asked.question, asked.alert, stop):
            transcript.take(piece)
        turn = transcript.turn()
        return record_of(turn, analyst.talks.current, moment(turn.at))


def _check_own(store: Store, conversation: int, name: str) -> None:
    """What others asked is not told: whether there is such a conversation neither."""
    found = store.conversations.get(conversation)
    if found is None or found[0].actor != name:
        raise RequestError(404, "not_found", "there is no conversation of yours with that number")


async def _watch(request: Request, stop: threading.Event) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(LOOK)
    stop.set()


def chat_endpoints(analyst_of: AnalystOf) -> list[Endpoint]:
    """The endpoint, for a service that has an analyst."""
    return [
        Endpoint(
            "POST",
            "/api/v1/chat",
            "Ask the analyst about what is stored",
            Chat(analyst_of).answer,
            scope="read",
            body=Question,
            answer=ChatAnswer,
            others=(404,),
        )
    ]
