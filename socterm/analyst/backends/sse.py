"""The stream of an OpenAI-compatible endpoint: server-sent events, split at the newline byte alone.

See the chat completion chunk object of that API. What servers differ in (where the usage stands, how thinking
is called, errors within a stream that began with 200) is taken as it comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from socterm.analyst.backend import Chunk, Message, ToolCall, Usage

_TOO_LONG = re.compile(r"exceed_context_size|context (?:length|size|window)|maximum context", re.IGNORECASE)
_THINKING = ("reasoning_content", "reasoning", "thinking")
_MOST_CALLS = 32


def too_long(text: str) -> bool:
    """Whether an error says that the prompt is longer than the context."""
    return bool(_TOO_LONG.search(text[:4000]))


def error_of(text: str) -> str:
    """What an error body says, in whichever of the usual shapes."""
    try:
        value = json.loads(text)
    except ValueError:
        return text[:300]
    for key in ("error", "message", "detail"):
        if isinstance(value, dict) and value.get(key):
            value = value[key]
    return value if isinstance(value, str) else json.dumps(value)[:300]


def lines(parts: Iterable[bytes]) -> Iterator[str]:
    """Whole lines of a stream; other alphabets' line breaks are no line breaks."""
    rest = b""
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        yield from (line.decode("utf-8", "replace").rstrip("\r") for line in whole)
    if rest:
        yield rest.decode("utf-8", "replace").rstrip("\r")


class Talk:
    """Reads one answer, line by line; `error` is what the server said went wrong in the middle."""

    def __init__(self) -> None:
        self.error = ""
        self.ended = False
        self._reason = ""
        self._calls: dict[int, list[str]] = {}
        self._usage: dict[str, Any] = {}
        self._timings: dict[str, Any] = {}
        self._thought = False

    def feed(self, line: str) -> Iterator[Chunk]:
        """What a line adds to the answer. Raises ValueError for what is no such stream."""
        if not line.strip() or line.startswith((":", "event:", "id:", "retry:")):
            return
        name, colon, data = line.partition(":")
        data = data.strip()
        if not colon or name not in ("data", "error"):
            raise ValueError("the server does not stream")
        if data == "[DONE]":
            self.ended = True
            return
        value = json.loads(data)
        if name == "error" or value.get("error"):
            self.error = error_of(data) or "error"
            return
        self._usage = value.get("usage") or self._usage
        self._timings = value.get("timings") or self._timings
        for choice in value.get("choices") or ():
            self._reason = choice.get("finish_reason") or self._reason
            delta = choice.get("delta") or {}
            self._thought = self._thought or any(delta.get(key) for key in _THINKING)
            for call in delta.get("tool_calls") or ():
                self._part(call)
            if delta.get("content"):
                yield Chunk(str(delta["content"]))

    def _part(self, call: dict[str, Any]) -> None:
        """Calls come in pieces: the name first, then the text of the arguments."""
        index = int(call.get("index") or 0)
        if index not in self._calls and len(self._calls) >= _MOST_CALLS:
            raise ValueError("too many tool calls")
        function = call.get("function") or {}
        known = self._calls.setdefault(index, ["", ""])
        known[0] += function.get("name") or ""
        arguments = function.get("arguments") or ""
        known[1] += arguments if isinstance(arguments, str) else json.dumps(arguments)

    def close(self, elapsed: float) -> Iterator[Chunk]:
        """The calls and the usage. Raises ConnectionError where the answer did not come to its end."""
        if not self.ended and not self._reason:
            raise ConnectionError("the server stopped in the middle of the answer")
        if self._calls:
            yield Chunk(calls=tuple(_call(name, text) for _, (name, text) in sorted(self._calls.items())))
        milliseconds = self._timings.get("predicted_ms")
        yield Chunk(
            usage=Usage(
                prompt_tokens=int(self._usage.get("prompt_tokens") or 0),
                answer_tokens=int(self._usage.get("completion_tokens") or 0),
                seconds=milliseconds / 1000 if isinstance(milliseconds, int | float) else elapsed,
                cut=self._reason == "length",
                thought=self._thought,
            )
        )


def _call(name: str, text: str) -> ToolCall:
    try:
        arguments = json.loads(text or "{}")
    except ValueError:
        arguments = text
    # What is no object is handed on as an argument no tool has: the model is told so.
    return ToolCall(name, arguments if isinstance(arguments, dict) else {"arguments": text})


def wire_messages(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as that API wants them: calls and results joined by ids, which we give by their order."""
    out: list[dict[str, Any]] = []
    given = answered = 0
    for message in messages:
        said: dict[str, Any] = {"role": message.role, "content": message.content}
        if message.calls:
            said["tool_calls"] = []
            for call in message.calls:
                function = {"name": call.name, "arguments": msgspec.json.encode(call.arguments).decode()}
                said["tool_calls"].append({"id": f"call_{given}", "type": "function", "function": function})
                given += 1
        elif message.role == "tool":
            said["tool_call_id"] = f"call_{answered}"
            answered += 1
        out.append(said)
    return out
