"""A question put to a model that may use the tools: at most six steps, streamed, with checked citations.

What the model writes is text for a person. It changes nothing, and what it cites is checked.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from socterm.analyst import render
from socterm.analyst.backend import (
    Backend,
    BackendError,
    Chunk,
    Health,
    Message,
    ToolCall,
    TruncatedError,
    Wish,
)
from socterm.analyst.backends.tokens import estimate_tokens
from socterm.analyst.border import clean, one_line, plain, untrusted
from socterm.analyst.citations import CitationCheck
from socterm.analyst.explain import Explanation
from socterm.analyst.metering import Clock, Meter
from socterm.analyst.pieces import Piece
from socterm.analyst.prompts import Prompts
from socterm.analyst.redaction import without_secrets_of
from socterm.analyst.tools import TOOLS, Toolbox, schemas
from socterm.store.rows import AlertRow

MAX_STEPS = 6
_CALLS_A_STEP = 4
_LONGEST_QUESTION = 4_000
_LONGEST_TURN = 1_500
_LONGEST_ARGUMENTS = 2_000
_LARGEST = 2**53
_LEFT_OUT = "(this result was left out to save room; ask again if you need it)"


class Turn(NamedTuple):
    """A question and its answer, earlier in the conversation."""

    question: str
    answer: str
    events: tuple[int, ...]


class ModelAnswer:
    """One question to a model. `meter` tells what it costs, `said` what it said."""

    def __init__(
        self,
        backend: Backend,
        tools: Toolbox,
        cancel: Wish,
        prompts: Prompts | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.prompts = prompts or Prompts()
        self.backend = backend
        self.tools = tools
        self.cancel = cancel
        self.known: set[int] = set()
        self.said = ""
        self.meter = Meter(backend.num_ctx, clock)
        self._cut = False
        self._schemas = schemas(tools.offered)

    def run(
        self, question: str, history: Sequence[Turn], alert: AlertRow | None, explanation: Explanation | None
    ) -> Iterator[Piece]:
        """Stream the answer. Raises BackendError and Cancelled as the backend does; `said` has what came."""
        for turn in history:
            self.known.update(turn.events)
        messages = [Message("system", self.prompts.text("chat")), *_earlier(history)]
        if alert is not None:
            self.known.update(explanation.citations if explanation else ())
            messages.append(Message("user", _about(alert, explanation)))
        messages.append(Message("user", plain(question, _LONGEST_QUESTION)))
        check = CitationCheck(self.known)
        for share in (1.0, 0.5):
            try:
                yield from self._steps(list(messages), check, share)
            except TruncatedError:
                self.said = ""
                check = CitationCheck(self.known)
                yield Piece("retract", "the model did not see all of the evidence: asking again with less")
                continue
            yield from self._closing(check)
            return
        raise BackendError(
            Health("unreachable", reason="the server cuts prompts short: raise its context size")
        )

    def _steps(self, messages: list[Message], check: CitationCheck, share: float) -> Iterator[Piece]:
        for step in range(MAX_STEPS + 1):
            offered = self._schemas if step < MAX_STEPS else []
            budget = int((self.backend.num_ctx - _reserve(self.backend)) * share)
            fitted = fit(messages, offered, budget, self.backend.tokens)
            before = len(self.said)
            self.meter.asked(self.backend.tokens(fitted, offered))
            yield from self._cost()
            calls: list[ToolCall] = []
            stream = self.backend.chat_stream(fitted, tools=offered, cancel=self.cancel)
            with contextlib.closing(stream):
                for chunk in stream:
                    yield from self._heard(chunk, check)
                    calls += chunk.calls
                    yield from self._cost()
            if not calls:
                return
            if self.said[before:].strip():  # what comes after a look at the store is another paragraph
                yield from self._show(check.feed("\n"))
            calls = calls[:_CALLS_A_STEP]
            messages.append(Message("assistant", self.said[before:], tuple(map(_echo, calls))))
            for call in calls:
                yield from self._use(call, messages)

    def _show(self, text: str) -> Iterator[Piece]:
        if text:
            self.said += text
            yield Piece("text", text)

    def _heard(self, chunk: Chunk, check: CitationCheck) -> Iterator[Piece]:
        if chunk.text:
            self.meter.heard()
            yield from self._show(check.feed(clean(chunk.text, len(chunk.text))))
        if chunk.usage is not None:
            if chunk.usage.truncated:
                raise TruncatedError(Health("unreachable", reason="the model did not see the whole prompt"))
            self.meter.counted(chunk.usage)
            self._cut = chunk.usage.cut

    def _cost(self) -> Iterator[Piece]:
        if self.meter.due():
            yield Piece("cost", self.meter.words)

    def _use(self, call: ToolCall, messages: list[Message]) -> Iterator[Piece]:
        shown = "".join(f" {key}={value}" for key, value in call.arguments.items())
        yield Piece("tool", one_line(f"{call.name}{shown}", 200))
        result = self.tools.run(call.name, call.arguments)
        self.known.update(result.event_ids)
        name = call.name if call.name in TOOLS else "unknown"
        messages.append(Message("tool", untrusted(result.text, label=name), tool_name=name))

    def _closing(self, check: CitationCheck) -> Iterator[Piece]:
        yield from self._show(check.finish())
        if not self.said.strip():
            raise BackendError(Health("unreachable", reason="the model gave no answer"))
        if check.cited:
            yield Piece("citation", events=tuple(check.cited))
        if check.unverified:
            numbers = ", ".join(f"#{number}" for number in check.unverified[:10])
            yield Piece("status", f"unverified: no tool returned {numbers}")
        if self._cut:
            yield Piece("status", "the answer reached its length limit")


def _earlier(history: Sequence[Turn]) -> Iterator[Message]:
    """Earlier turns. Answers quote logs, so they come back as data, not as the model's own words."""
    for turn in history:
        yield Message("user", plain(turn.question, _LONGEST_TURN))
        answer = without_secrets_of(turn.question, turn.answer)
        yield Message("user", "Answered earlier:\n" + untrusted(answer, label="answer", limit=_LONGEST_TURN))


def _about(alert: AlertRow, explanation: Explanation | None) -> str:
    text = render.alert(alert) + ("\n" + explanation.text if explanation else "")
    return f"The question is asked with alert {alert.id} on screen:\n" + untrusted(
        text, label="alert", limit=4_000
    )


def _echo(call: ToolCall) -> ToolCall:
    """A call as it is repeated to the model: cleaned, and without arguments nobody could mean."""
    name = call.name if call.name in TOOLS else "unknown"
    if len(json.dumps(call.arguments, default=str)) > _LONGEST_ARGUMENTS:
        return ToolCall(name, {})
    return ToolCall(name, {plain(key, 100): _plain(value) for key, value in call.arguments.items()})


def _plain(value: Any) -> Any:
    """A value as every JSON can carry it; a model may write surrogates, infinities, numbers without end."""
    if isinstance(value, bool | None) or (isinstance(value, int | float) and abs(value) < _LARGEST):
        return value
    return plain(str(value), _LONGEST_ARGUMENTS)


def _reserve(backend: Backend) -> int:
    """Tokens kept free for the answer."""
    return min(1024, backend.num_ctx // 4)


def fit(
    messages: Sequence[Message],
    tools: Sequence[dict[str, Any]],
    budget: int,
    tokens: Callable[[Sequence[Message], Sequence[dict[str, Any]]], int] = estimate_tokens,
) -> list[Message]:
    """Messages within a token budget: the oldest results of tools are left out first, then earlier turns.

    The system prompt and the question always stay. `tokens` measures.
    """
    kept = list(messages)
    question = max(index for index, message in enumerate(kept) if message.role == "user")
    for index, message in enumerate(kept):
        if tokens(kept, tools) <= budget:
            return kept
        if message.role == "tool" and index < len(kept) - 1:
            kept[index] = Message("tool", _LEFT_OUT, tool_name=message.tool_name)
    earlier = [index for index, message in enumerate(kept) if message.role == "user" and index != question]
    gone: set[int] = set()
    for index in earlier:
        if tokens([m for i, m in enumerate(kept) if i not in gone], tools) <= budget:
            break
        gone.add(index)
    return [message for index, message in enumerate(kept) if index not in gone]
