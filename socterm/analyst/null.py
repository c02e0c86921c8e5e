"""No model at all: the product is whole without one."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from socterm.analyst.backend import BackendError, Chunk, Health, Message


class NullBackend:
    """Stands where a model would be; always absent."""

    num_ctx = 0

    def __init__(self, reason: str = "no model is configured") -> None:
        self._health = Health("absent", reason=reason)

    def health(self) -> Health:
        """Absent, with the reason."""
        return self._health

    def chat_stream(
        self,
        messages: Sequence[Message],  # noqa: ARG002 (the protocol's signature)
        *,
        tools: Sequence[dict[str, Any]] = (),  # noqa: ARG002
        cancel: threading.Event,  # noqa: ARG002
    ) -> Iterator[Chunk]:
        """Raises BackendError at once."""
        raise BackendError(self._health)
