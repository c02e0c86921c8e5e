"""What the analyst asks of a language model, whichever program runs it.

A model that is not there is a state (`Health`), not an exception. Everything here may block for as long as
a model takes: call it from a worker thread, never from the user interface's own.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Generic, Literal, Protocol, TypeVar

import msgspec
from pydantic import BaseModel

State = Literal["ok", "absent", "unreachable", "refused"]
"""ok · absent: no such model, or none wanted · unreachable: nobody answers · refused: not local."""

Priority = Literal["chat", "triage", "background"]
"""Who is served first: a person who waits, triage somebody asked for, triage nobody waits for."""

Form = TypeVar("Form", bound=BaseModel)


class Health(msgspec.Struct, frozen=True):
    """Whether a model can be asked now: the state, the model's name and one line for the status bar."""

    state: State
    model: str = ""
    reason: str = ""


class Card(msgspec.Struct, frozen=True):
    """What a server says of itself and its model; empty where it does not say.

    `context` is what the model can take, in tokens, `num_ctx` what it will be given. `cloud`: the model runs
    on somebody else's machine. `embeds` is the model for embeddings, "" for none.
    """

    server: str
    model: str
    version: str = ""
    capabilities: tuple[str, ...] = ()
    size: str = ""
    context: int = 0
    num_ctx: int = 0
    cloud: bool = False
    embeds: str = ""


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

    `truncated`: the model did not see the whole prompt; `cut`: the answer reached its length limit;
    `thought`: the model thought, which is not part of the answer.
    """

    prompt_tokens: int = 0
    answer_tokens: int = 0
    seconds: float = 0.0
    truncated: bool = False
    cut: bool = False
    thought: bool = False


class Chunk(msgspec.Struct, frozen=True):
    """A piece of an answer as it streams: text, or tool calls, or at the very end the usage."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None


class Structured(msgspec.Struct, Generic[Form], frozen=True):
    """An answer in a form, validated: the model that gave it, what it cost, how often it was asked."""

    value: Form
    model: str
    usage: Usage
    tries: int = 1


class Vectors(msgspec.Struct, frozen=True):
    """One vector a text, in order, of the model named; vectors of different models cannot be compared."""

    model: str
    rows: tuple[tuple[float, ...], ...]


class BackendError(Exception):
    """The model cannot be asked, or stopped answering; `health` says why in one line.

    `passing`: the same request may well be served when it is made again.
    """

    def __init__(self, health: Health, *, passing: bool = False) -> None:
        super().__init__(health.reason)
        self.health = health
        self.passing = passing


class TruncatedError(BackendError):
    """The model saw only part of the prompt: what it answered is worth nothing. Ask again with less."""


class MisfitError(BackendError):
    """The server rejected what its own model said in a form: as good as an answer that does not fit."""


class Cancelled(Exception):  # noqa: N818 (a person's wish, not an error)
    """The answer was no longer wanted; the stream is closed."""


class Wish(Protocol):
    """Whether somebody wants to stop; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """True from the moment on that nobody wants the answer any more."""


class Backend(Protocol):
    """A place where a model runs."""

    @property
    def num_ctx(self) -> int:
        """How many tokens a conversation may have, the answer included."""

    @property
    def longest(self) -> float:
        """Seconds an answer may take in all."""

    def at(self, priority: Priority) -> Backend:
        """The same model, asked with that urgency."""

    def health(self) -> Health:
        """Ask the server whether the model is there. Takes seconds at worst, never raises."""

    def card(self) -> Card:
        """What the server says of itself and the model. Raises BackendError."""

    def tokens(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]] = ()) -> int:
        """About how many tokens these messages are for this model, rather too many than too few."""

    def chat_stream(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = (), cancel: Wish
    ) -> Generator[Chunk]:
        """Stream one answer; the last chunk has the usage.

        Raises BackendError (also in the middle of an answer) and, soon after `cancel` is set, Cancelled.
        Close the iterator, or read it to its end: until then nobody else is served.
        """

    def chat_json(self, messages: Sequence[Message], form: type[Form], *, cancel: Wish) -> Structured[Form]:
        """One answer in the form of a model whose lists and texts are all bounded (`backends.forms`).

        Raises BackendError where no valid one came in three tries, TruncatedError where the prompt was too
        long, and Cancelled.
        """

    def embed(self, texts: Sequence[str], *, cancel: Wish) -> Vectors:
        """Vectors of texts. Raises BackendError, also where no model for that is there, and Cancelled."""
