"""What the analyst asks of a language model, whichever program runs it.

A model that is not there is a state (`Health`), not an exception. Everything here may block for as long as
a model takes: call it from a worker thread, never from the user interface's own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

import msgspec

State = Literal["ok", "absent", "unreachable", "refused"]
"""ok · absent: no such model, or none wanted · unreachable: nobody answers · refused: not local."""

CHARS_PER_TOKEN = 3.0
"""Log text has about three characters a token; prose has more, so this estimate is on the safe side."""


class Health(msgspec.Struct, frozen=True):
    """Whether a model can be asked now: the state, the model's name and one line for the status bar."""

    state: State
    model: str = ""
    reason: str = ""


class ToolCall(msgspec.Struct, frozen=True):
    """A tool the model wants used, with the arguments as it wrote them (not yet validated)."""

    name: str
    arguments: dict[str, Any]


class Message(msgspec.Struct, frozen=True):
    """One turn of a conversation. `tool_name` is set on results of tools (role `tool`)."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    calls: tuple[ToolCall, ...] = ()
    tool_name: str = ""


class Usage(msgspec.Struct, frozen=True):
    """What an answer cost; `seconds` is generation time.

    `truncated`: the model did not see the whole prompt; `cut`: the answer reached its length limit.
    """

    prompt_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0
    truncated: bool = False
    cut: bool = False


class Chunk(msgspec.Struct, frozen=True):
    """A piece of an answer as it streams: text, or tool calls, or at the very end the usage."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None


class BackendError(Exception):
    """The model cannot be asked, or stopped answering; `health` says why in one line."""

    def __init__(self, health: Health) -> None:
        super().__init__(health.reason)
        self.health = health


class Cancelled(Exception):  # noqa: N818 (a person's wish, not an error)
    """The answer was no longer wanted; the stream is closed."""


class Backend(Protocol):
    """A place where a model runs."""

    num_ctx: int
    """How many tokens a conversation may have, the answer included."""

    def health(self) -> Health:
        """Ask the server whether the model is there. Takes seconds at worst, never raises."""

    def chat_stream(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = (), cancel: threading.Event
    ) -> Iterator[Chunk]:
        """Stream one answer; the last chunk has the usage.

        Raises BackendError (also in the middle of an answer) and, soon after `cancel` is set, Cancelled.
        """


def estimate_tokens(messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> int:
    """About how many tokens these messages are."""
    size = sum(len(message.content) + len(msgspec.json.encode(message.calls)) for message in messages)
    return int((size + len(msgspec.json.encode(list(tools)))) / CHARS_PER_TOKEN)
