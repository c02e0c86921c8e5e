"""No model at all: the product is whole without one."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from socterm.analyst.backend import (
    BackendError,
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
from socterm.analyst.backends.tokens import estimate_tokens


class NullBackend:
    """Stands where a model would be; always absent, and says so at once whatever it is asked."""

    num_ctx = 0
    longest = 0.0

    def __init__(self, reason: str = "no model is configured") -> None:
        self._health = Health("absent", reason=reason)

    def at(self, priority: Priority) -> NullBackend:  # noqa: ARG002
        """Nobody has to wait for nothing."""
        return self

    def health(self) -> Health:
        """Absent, with the reason."""
        return self._health

    def card(self) -> Card:
        """Raises BackendError."""
        raise BackendError(self._health)

    def tokens(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> int:
        """About how many tokens these messages are."""
        return estimate_tokens(messages, tools)

    def chat_stream(
        self,
        messages: Sequence[Message],  # noqa: ARG002 (the protocol's signature, here and below)
        *,
        tools: Sequence[dict[str, Any]] = (),  # noqa: ARG002
        cancel: Wish,  # noqa: ARG002
    ) -> Generator[Chunk]:
        """Raises BackendError at once."""
        raise BackendError(self._health)

    def chat_json(
        self,
        messages: Sequence[Message],  # noqa: ARG002
        form: type[Form],  # noqa: ARG002
        *,
        cancel: Wish,  # noqa: ARG002
    ) -> Structured[Form]:
        """Raises BackendError."""
        raise BackendError(self._health)

    def embed(self, texts: Sequence[str], *, cancel: Wish) -> Vectors:  # noqa: ARG002
        """Raises BackendError."""
        raise BackendError(self._health)
