"""One queue in front of a model: a person who waits comes before triage, that before triage nobody waits for.

A model on one machine does one thing well at a time. What runs in the background gives way at once when
somebody asks, and begins anew afterwards.
"""

from __future__ import annotations

import bisect
import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar

from socterm.analyst.backend import (
    Backend,
    BackendError,
    Cancelled,
    Card,
    Chunk,
    Form,
    Health,
    Message,
    Priority,
    Structured,
    Vectors,
    Wish,
)
from socterm.analyst.backends.neighbours import Neighbours
from socterm.analyst.backends.patience import Limit
from socterm.measures import ANSWERS

_RANKS: dict[Priority, int] = {"chat": 0, "triage": 1, "background": 2}
_GIVES_WAY = _RANKS["background"]
_POLL = 0.02
_BEGINNINGS = 10

T = TypeVar("T")


class Turn:
    """A place in the queue, then the right to be served; a `Wish` that also comes true to give way."""

    def __init__(self, rank: int, number: int, cancel: Wish, neighbours: Neighbours | None) -> None:
        self.order = (rank, number)
        self.cancel = cancel
        self.gives_way = False
        self._neighbours = neighbours if rank == _GIVES_WAY else None

    def is_set(self) -> bool:
        """Whether to stop: nobody wants the answer, or somebody is waiting who comes first."""
        if self._neighbours is not None and not self.gives_way:
            self.gives_way = self._neighbours.wanted()
        return self.gives_way or self.cancel.is_set()


class Turns:
    """Who is served next, in this process and, where `neighbours` are given, among all of this person's."""

    def __init__(self, neighbours: Neighbours | None = None) -> None:
        self._neighbours = neighbours
        self._changed = threading.Condition()
        self._waiting: list[Turn] = []
        self._served: Turn | None = None
        self._numbers = itertools.count()

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._changed:
            return len(self._waiting)

    @contextlib.contextmanager
    def turn(self, priority: Priority, cancel: Wish) -> Iterator[Turn]:
        """Wait for a turn and have it. Raises Cancelled while waiting."""
        mine = Turn(_RANKS[priority], next(self._numbers), cancel, self._neighbours)
        with self._changed:
            bisect.insort(self._waiting, mine, key=lambda turn: turn.order)
            served = self._served
            if served is not None and served.order[0] == _GIVES_WAY > mine.order[0]:
                served.gives_way = True
            try:
                while self._served is not None or self._waiting[0] is not mine:
                    if cancel.is_set():
                        raise Cancelled
                    self._changed.wait(_POLL)
                self._served = mine
            finally:
                self._waiting.remove(mine)
        try:
            with contextlib.ExitStack() as stack:
                if self._neighbours is not None:
                    urgent = mine.order[0] != _GIVES_WAY
                    stack.enter_context(self._neighbours.served(cancel, urgent=urgent))
                began = time.monotonic()
                stack.callback(lambda: ANSWERS.add(time.monotonic() - began))
                yield mine
        finally:
            with self._changed:
                self._served = None
                self._changed.notify_all()


class QueuedBackend:
    """A backend behind the queue; `at` gives the same one with another urgency."""

    def __init__(self, inner: Backend, turns: Turns | None = None, priority: Priority = "chat") -> None:
        self.inner = inner
        self.turns = turns or Turns()
        self.priority: Priority = priority

    def at(self, priority: Priority) -> QueuedBackend:
        """The same model and queue, asked with that urgency."""
        return QueuedBackend(self.inner, self.turns, priority)

    @property
    def num_ctx(self) -> int:
        """See `Backend.num_ctx`."""
        return self.inner.num_ctx

    @property
    def longest(self) -> float:
        """Seconds an answer may take, once it is its turn."""
        return self.inner.longest

    def health(self) -> Health:
        """See `Backend.health`; nobody waits in a queue for that."""
        return self.inner.health()

    def card(self) -> Card:
        """See `Backend.card`."""
        return self.inner.card()

    def tokens(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> int:
        """See `Backend.tokens`."""
        return self.inner.tokens(messages, tools)

    def chat_stream(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = (), cancel: Wish
    ) -> Generator[Chunk]:
        """See `Backend.chat_stream`; an answer that has begun and must give way is a BackendError."""
        for _ in range(_BEGINNINGS):
            begun = False
            with self._turn(cancel) as turn:
                try:
                    with contextlib.closing(
                        self.inner.chat_stream(messages, tools=tools, cancel=turn)
                    ) as stream:
                        for chunk in stream:
                            begun = True
                            yield chunk
                except Cancelled:
                    if cancel.is_set():
                        raise
                else:
                    return
            if begun:
                break
        raise BackendError(_PUT_OFF, passing=True)

    def chat_json(self, messages: Sequence[Message], form: type[Form], *, cancel: Wish) -> Structured[Form]:
        """See `Backend.chat_json`."""
        return self._done(lambda turn: self.inner.chat_json(messages, form, cancel=turn), cancel)

    def embed(self, texts: Sequence[str], *, cancel: Wish) -> Vectors:
        """See `Backend.embed`."""
        return self._done(lambda turn: self.inner.embed(texts, cancel=turn), cancel)

    def _done(self, work: Callable[[Turn], T], cancel: Wish) -> T:
        for _ in range(_BEGINNINGS):
            with self._turn(cancel) as turn:
                try:
                    return work(turn)
                except Cancelled:
                    if cancel.is_set():
                        raise
        raise BackendError(_PUT_OFF, passing=True)

    @contextlib.contextmanager
    def _turn(self, cancel: Wish) -> Iterator[Turn]:
        """A turn; whoever waits longer than an answer may take is told so. The turn hears `cancel` alone."""
        limit = Limit(cancel, self.inner.longest)
        with contextlib.ExitStack() as stack:
            try:
                turn = stack.enter_context(self.turns.turn(self.priority, limit))
            except Cancelled:
                if not limit.late:
                    raise
                raise BackendError(Health("unreachable", reason="the model is busy with others")) from None
            turn.cancel = cancel
            yield turn


_PUT_OFF = Health("unreachable", reason="others had to be served first")
