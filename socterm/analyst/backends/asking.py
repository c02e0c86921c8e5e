"""What every backend does alike: tries again within bounds, ends in time, measures prompts, fills forms."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Self

import msgspec

from socterm.analyst.backend import (
    BackendError,
    Cancelled,
    Card,
    Chunk,
    Form,
    Health,
    Message,
    Priority,
    Structured,
    Usage,
    Vectors,
    Wish,
)
from socterm.analyst.backends.forms import fill
from socterm.analyst.backends.patience import Limit, Patience
from socterm.analyst.backends.tokens import Gauge

_TRIES = 2
_LONGEST = 40
"""Characters a token may have at most, before an answer counts as one without an end."""
_ENDLESS = Health("unreachable", reason="the server does not keep to the length of an answer")


class Request(msgspec.Struct, frozen=True):
    """One question to a model. `schema` is the form of the answer; `think` None leaves it to the model."""

    messages: Sequence[Message]
    tools: Sequence[dict[str, Any]] = ()
    schema: dict[str, Any] | None = None
    think: bool | None = None


class AskingBackend(ABC):
    """A backend that is told how to put one request over its wire."""

    def __init__(self, *, num_ctx: int, num_predict: int, patience: Patience) -> None:
        self.num_ctx = num_ctx
        self.num_predict = num_predict
        self.patience = patience
        self.gauge = Gauge()

    @property
    def longest(self) -> float:
        """Seconds an answer may take in all."""
        return self.patience.total

    def at(self, priority: Priority) -> Self:  # noqa: ARG002 (the queue in front of it has an order)
        """The same: there is no queue here."""
        return self

    @abstractmethod
    def health(self) -> Health:
        """See `Backend.health`."""

    @abstractmethod
    def card(self) -> Card:
        """See `Backend.card`."""

    @abstractmethod
    def _model_name(self) -> str:
        """The model that is asked, "" before one was chosen."""

    @abstractmethod
    def _stream(self, request: Request, cancel: Wish) -> Generator[Chunk]:
        """Put a request once. Raises BackendError and Cancelled."""

    @abstractmethod
    def _vectors(self, texts: Sequence[str], cancel: Wish) -> Vectors:
        """Embed once. Raises BackendError and Cancelled."""

    def tokens(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> int:
        """About how many tokens these messages are for this model."""
        return self.gauge.tokens(messages, tools)

    def chat_stream(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = (), cancel: Wish
    ) -> Generator[Chunk]:
        """See `Backend.chat_stream`."""
        limit = Limit(cancel, self.patience.total)
        yield from self._tried(Request(messages, tools), limit)

    def chat_json(self, messages: Sequence[Message], form: type[Form], *, cancel: Wish) -> Structured[Form]:
        """See `Backend.chat_json`; the time limit is for all tries together."""
        limit = Limit(cancel, self.patience.total)

        def ask(said: Sequence[Message], schema: dict[str, Any], think: bool | None) -> Iterator[Chunk]:
            return self._tried(Request(said, schema=schema, think=think), limit)

        return fill(ask, messages, form, self._model_name)

    def embed(self, texts: Sequence[str], *, cancel: Wish) -> Vectors:
        """See `Backend.embed`."""
        limit = Limit(cancel, self.patience.total)
        with self._in_time(limit):
            if limit.is_set():
                raise Cancelled
            return self._vectors(texts, limit)

    def _tried(self, request: Request, limit: Limit) -> Generator[Chunk]:
        """Put a request; once more where that may help and nothing was said yet."""
        for left in reversed(range(_TRIES)):
            begun, usage = False, Usage()
            try:
                with self._in_time(limit), contextlib.closing(self._stream(request, limit)) as stream:
                    for chunk in self._bounded(stream):
                        usage = chunk.usage or usage
                        if chunk.text or chunk.calls:
                            begun = True
                            yield Chunk(chunk.text, chunk.calls)
            except BackendError as error:
                if begun or not left or not error.passing:
                    raise
                limit.sleep(self.patience.pause)
                continue
            if left and not begun and usage.thought and request.think is None and request.schema is None:
                # All its words went into thinking.
                request = msgspec.structs.replace(request, think=False)
                continue
            yield Chunk(usage=self._judged(request, usage))
            return

    def _bounded(self, stream: Iterator[Chunk]) -> Iterator[Chunk]:
        """The answer as far as one of that length can go: its text is kept, and memory has an end."""
        said = 0
        for chunk in stream:
            said += len(chunk.text)
            if said > _LONGEST * self.num_predict:
                raise BackendError(_ENDLESS)
            yield chunk

    def _judged(self, request: Request, usage: Usage) -> Usage:
        room = self.num_ctx - min(self.num_predict, self.num_ctx // 4)
        whole = self.gauge.read(request.messages, request.tools, usage.prompt_tokens, room)
        return msgspec.structs.replace(usage, truncated=usage.truncated or not whole)

    @contextlib.contextmanager
    def _in_time(self, limit: Limit) -> Iterator[None]:
        try:
            yield
        except Cancelled:
            if not limit.late:
                raise
            raise BackendError(Health("unreachable", self._model_name(), limit.why)) from None
