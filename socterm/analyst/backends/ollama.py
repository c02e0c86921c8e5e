"""A model served by Ollama on this machine.

Local by proof: hosts that are not this machine and models that a server passes on to a cloud are refused
unless `allow_remote` says otherwise. The context size is always sent, because the server's default drops the
oldest messages silently; an answer to a prompt the server cut is marked `truncated`.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from socterm.analyst.backend import (
    BackendError,
    Cancelled,
    Card,
    Chunk,
    Health,
    ToolCall,
    Usage,
    Vectors,
    Wish,
)
from socterm.analyst.backends.asking import Request
from socterm.analyst.backends.local import Place, is_name, place, runs_elsewhere
from socterm.analyst.backends.served import ServedBackend, Settings
from socterm.analyst.backends.vectors import vectors
from socterm.analyst.border import one_line

if TYPE_CHECKING:
    import ollama

    from socterm.analyst.backend import Message

_DONE_WITHOUT_ANSWER = ("load", "unload")
_TOO_LONG = re.compile(r"context (?:length|size|window)|exceed_context_size", re.IGNORECASE)
_CLOUD = "a cloud model: log text would leave this machine (llm.allow_remote)"


class OllamaBackend(ServedBackend):
    """Talks to one Ollama server. `model` "" takes the first local model it has, `embed_model` likewise."""

    def __init__(
        self, host: str = "http://127.0.0.1:11434", model: str = "", **settings: Unpack[Settings]
    ) -> None:
        super().__init__(host, model, **settings)
        self._thinks = True

    def health(self) -> Health:
        """Ask for the list of models; takes seven seconds at worst."""
        try:
            rows = self._rows(place(self.host, allow_remote=self.allow_remote))
        except BackendError as error:
            return error.health
        health = self._choose(rows)
        self._model = health.model if health.state == "ok" else ""
        return health

    def _rows(self, where: Place) -> list[dict[str, Any]]:
        """The models installed. Raises BackendError."""
        rows = self._asked(where, "/api/tags").get("models")
        if not isinstance(rows, list):
            reason = f"no Ollama at {one_line(where.url, 60)}: it lists no models"
            raise BackendError(Health("unreachable", self.wanted, reason))
        return [row for row in rows if isinstance(row, dict) and is_name(str(row.get("name", "")))]

    def _asked(self, where: Place, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What a server says of itself. Raises BackendError."""
        if where.refused:
            raise BackendError(Health("refused", self.wanted, where.refused))
        from socterm.analyst.backends import wire  # noqa: PLC0415

        try:
            found = wire.asked(where, path, body)
        except wire.ANSWER_ERRORS as error:
            reason = f"no Ollama at {one_line(where.url, 60)}: {wire.why(error)}"
            raise BackendError(Health("unreachable", self.wanted, reason)) from None
        if not isinstance(found, dict):
            reason = f"no Ollama at {one_line(where.url, 60)}: it answers otherwise"
            raise BackendError(Health("unreachable", self.wanted, reason))
        return found

    def _choose(self, rows: Sequence[dict[str, Any]]) -> Health:
        """The wanted model among those installed, or the first local one."""
        names = {str(row["name"]): row for row in rows}
        if self.wanted:
            name = _installed(self.wanted, names)
            if not name:
                pull = f"not installed: run `ollama pull {one_line(self.wanted, 60)}`"
                return Health("absent", self.wanted, pull)
            if runs_elsewhere(name, names[name]) and not self.allow_remote:
                return Health("refused", name, _CLOUD)
            return Health("ok", name)
        local = [
            name
            for name, row in names.items()
            if name and not runs_elsewhere(name, row) and not _embeds_only(row)
        ]
        if not local:
            return Health("absent", "", "no local model is installed: run `ollama pull NAME`")
        return Health("ok", local[0])

    def card(self) -> Card:
        """The server's version, and what it says of the model."""
        where = place(self.host, allow_remote=self.allow_remote)
        rows = self._rows(where)
        health = self._choose(rows)
        if health.state != "ok":
            raise BackendError(health)
        self._model = health.model
        version = self._asked(where, "/api/version").get("version", "")
        shown = self._asked(where, "/api/show", {"model": health.model})
        details, info = shown.get("details"), shown.get("model_info")
        context = next((v for k, v in _dict(info).items() if str(k).endswith(".context_length")), 0)
        return Card(
            server="Ollama",
            model=health.model,
            version=one_line(str(version), 40),
            capabilities=tuple(one_line(str(word), 30) for word in shown.get("capabilities") or ())[:20],
            size=one_line(
                " ".join(
                    str(_dict(details).get(key, "")) for key in ("parameter_size", "quantization_level")
                ),
                40,
            ).strip(),
            context=context if isinstance(context, int) else 0,
            num_ctx=self.num_ctx,
            cloud=any(
                runs_elsewhere(health.model, row) for row in [shown, *rows] if _is_of(row, health.model)
            ),
            embeds=self._embedder(rows),
        )

    def _embedder(self, rows: Sequence[dict[str, Any]]) -> str:
        names = {str(row["name"]): row for row in rows}
        if self.embeds_with:
            return _installed(self.embeds_with, names)
        return next(
            (name for name, row in names.items() if _embeds_only(row) and not runs_elsewhere(name, row)), ""
        )

    def _stream(self, request: Request, cancel: Wish) -> Generator[Chunk]:
        where = place(self.host, allow_remote=self.allow_remote)
        if where.refused or not self._model:
            health = self.health()
            if health.state != "ok":
                raise BackendError(health)
        import ollama  # noqa: PLC0415

        from socterm.analyst.backends import ollama_wire, wire  # noqa: PLC0415

        link = wire.Wire(where)
        client = ollama_wire.client(where.url, link, self.patience.silence)
        with contextlib.closing(link), wire.cut_on(cancel, link):
            try:
                yield from self._answer(client, request)
            except ollama.ResponseError as error:
                if cancel.is_set():
                    raise Cancelled from None
                if _TOO_LONG.search(error.error):
                    yield Chunk(usage=Usage(truncated=True))
                    return
                raise self._failed(error.error, error.status_code) from None
            except wire.ANSWER_ERRORS as error:
                if cancel.is_set():
                    raise Cancelled from None
                raise BackendError(Health("unreachable", self._model, wire.why(error))) from None
        if cancel.is_set():
            raise Cancelled

    def _answer(self, client: ollama.Client, request: Request) -> Iterator[Chunk]:
        finished, thought = False, False
        stream = client.chat(
            model=self._model,
            messages=[_wire_message(message) for message in request.messages],
            tools=list(request.tools) or None,
            stream=True,
            format=request.schema,
            think=request.think if self._thinks else None,
            options={"num_ctx": self.num_ctx, "num_predict": self.num_predict},
        )
        for part in stream:
            calls = tuple(
                ToolCall(call.function.name, dict(call.function.arguments))
                for call in part.message.tool_calls or ()
            )
            thought = thought or bool(part.message.thinking)
            if part.message.content or calls:
                yield Chunk(part.message.content or "", calls)
            if part.done:
                finished = True
                if part.done_reason in _DONE_WITHOUT_ANSWER:
                    raise BackendError(
                        Health("unreachable", self._model, "the model was unloaded"), passing=True
                    )
                yield Chunk(usage=_usage(part, thought))
        if not finished:
            raise ConnectionError("the server stopped in the middle of the answer")

    def _failed(self, text: str, status: int) -> BackendError:
        reason = one_line(text, 120)
        if status == 404:
            model, self._model = self._model, ""
            return BackendError(Health("absent", model, reason))
        if status == 400 and self._thinks and "think" in text.lower():
            self._thinks = False
            return BackendError(Health("unreachable", self._model, reason), passing=True)
        return BackendError(Health("unreachable", self._model, reason), passing=status == 503)

    def _vectors(self, texts: Sequence[str], cancel: Wish) -> Vectors:
        where = place(self.host, allow_remote=self.allow_remote)
        model = self._embedder(self._rows(where))
        if not model:
            name = one_line(self.embeds_with or "nomic-embed-text", 60)
            raise BackendError(Health("absent", name, f"no model for embeddings: run `ollama pull {name}`"))
        from socterm.analyst.backends import wire  # noqa: PLC0415

        link = wire.Wire(where)
        with wire.client(link, self.patience.silence) as client, wire.cut_on(cancel, link):
            try:
                body = {"model": model, "input": list(texts), "truncate": True}
                rows = wire.page(client, f"{where.url}/api/embed", body)["embeddings"]
                return vectors(model, rows, len(texts))
            except wire.ANSWER_ERRORS as error:
                if cancel.is_set():
                    raise Cancelled from None
                raise BackendError(Health("unreachable", model, wire.why(error))) from None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _installed(wanted: str, names: dict[str, dict[str, Any]]) -> str:
    return next((name for name in (wanted, f"{wanted}:latest") if name in names), "")


def _is_of(row: dict[str, Any], model: str) -> bool:
    return "name" not in row or row["name"] == model


def _wire_message(message: Message) -> dict[str, Any]:
    out: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.calls:
        out["tool_calls"] = [
            {"function": {"name": call.name, "arguments": call.arguments}} for call in message.calls
        ]
    if message.tool_name:
        out["tool_name"] = message.tool_name
    return out


def _usage(part: Any, thought: bool) -> Usage:
    return Usage(
        prompt_tokens=part.prompt_eval_count or 0,
        answer_tokens=part.eval_count or 0,
        seconds=(part.eval_duration or 0) / 1e9,
        cut=part.done_reason == "length",
        thought=thought,
    )


def _embeds_only(row: dict[str, Any]) -> bool:
    family = str(_dict(row.get("details")).get("family", ""))
    return "bert" in family.lower() or "embed" in str(row.get("name", "")).lower()
