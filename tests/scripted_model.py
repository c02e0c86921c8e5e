"""A model for the tests of the roles: it says what a script says, through the backend's own protocol."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

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
from socterm.analyst.backends.forms import schema_of
from socterm.analyst.backends.tokens import estimate_tokens

Script = Callable[[str, Sequence[Message]], dict[str, Any]]
"""(name of the form, messages) → what the model says; raises what a backend raises."""


class ScriptedModel:
    """Answers forms by a script and keeps what it was asked."""

    num_ctx = 8192
    longest = 30.0

    def __init__(self, script: Script, *, name: str = "tiny:1b", state: str = "ok") -> None:
        self.script = script
        self.name = name
        self.state = state
        self.asked: list[tuple[str, Sequence[Message]]] = []

    def at(self, priority: Priority) -> ScriptedModel:
        return self

    def health(self) -> Health:
        return Health(self.state, self.name, "")  # type: ignore[arg-type]

    def card(self) -> Card:
        return Card("scripted", self.name)

    def tokens(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> int:
        return estimate_tokens(messages, tools)

    def chat_stream(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = (), cancel: Wish
    ) -> Generator[Chunk]:
        raise BackendError(self.health())
        yield Chunk()

    def chat_json(self, messages: Sequence[Message], form: type[Form], *, cancel: Wish) -> Structured[Form]:
        if cancel.is_set():
            raise Cancelled
        schema_of(form)  # a form that is not bounded is refused, as by every backend
        self.asked.append((form.__name__, messages))
        return Structured(form.model_validate(self.script(form.__name__, messages)), self.name, Usage())

    def embed(self, texts: Sequence[str], *, cancel: Wish) -> Vectors:
        raise BackendError(self.health())


def failing(reason: str, **more: Any) -> BackendError:
    """What a backend raises when its model does not answer."""
    return BackendError(Health("unreachable", "tiny:1b", reason), **more)
