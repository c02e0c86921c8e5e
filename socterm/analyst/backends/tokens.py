"""How many tokens text is: guessed from its characters, and corrected by what the server counts.

A server that is sent more than it can take shows its model a part and says nothing. So prompts are measured
before they are sent, and what the server says it read is compared with that.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import msgspec

from socterm.analyst.backend import Message

PER_TOKEN = 3.0
"""Characters a token of log text, before a server has counted any; prose has more."""

_LEAST, _MOST = 1.5, 4.0
_TELLING = 200
_SEEN_SHARE = 0.6


def weight(messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> int:
    """Characters, those outside ASCII three times: models spell most of them in pieces."""
    texts = [message.content for message in messages]
    texts += [msgspec.json.encode(message.calls).decode() for message in messages if message.calls]
    if tools:
        texts.append(msgspec.json.encode(list(tools)).decode())
    return sum(
        len(text) + 2 * (0 if text.isascii() else sum(char > "\x7f" for char in text)) for text in texts
    )


def estimate_tokens(
    messages: Sequence[Message], tools: Sequence[dict[str, Any]] = (), per_token: float = PER_TOKEN
) -> int:
    """About how many tokens these messages are."""
    return int(weight(messages, tools) / per_token)


class Gauge:
    """The measure of one model. It learns from every prompt that was read whole; threads may share it."""

    def __init__(self) -> None:
        self.per_token = PER_TOKEN
        self._lock = threading.Lock()

    def tokens(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> int:
        """About how many tokens these messages are for this model."""
        return estimate_tokens(messages, tools, self.per_token)

    def read(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], counted: int, most: int
    ) -> bool:
        """Whether the server read the prompt whole, as it counted `counted` tokens; 0 says nothing.

        `most` is what a prompt may have. Tools do not count for that: some templates render them short.
        """
        if counted <= 0:
            return True
        # Dense logs before it must not make ordinary prose look cut.
        expected = estimate_tokens(messages, per_token=max(self.per_token, PER_TOKEN))
        if counted < _SEEN_SHARE * expected or counted > most > 0:
            # Either it left something out, or there was more than we thought: then it may well have.
            return False
        if counted >= _TELLING:
            measured = min(max(weight(messages, tools) / counted, _LEAST), _MOST)
            with self._lock:
                self.per_token = (self.per_token + measured) / 2
        return True
