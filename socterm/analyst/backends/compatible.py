"""A model behind an OpenAI-compatible endpoint on this machine: llama.cpp's server, vLLM, LM Studio.

Local by proof as with Ollama. A gateway that answers here and runs its models elsewhere is refused where its
list of models says so. The context is the server's: what it says of it bounds our prompts.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from socterm.analyst.backend import (
    BackendError,
    Cancelled,
    Card,
    Chunk,
    Health,
    MisfitError,
    Usage,
    Vectors,
    Wish,
)
from socterm.analyst.backends import sse
from socterm.analyst.backends.asking import Request
from socterm.analyst.backends.forms import name_of
from socterm.analyst.backends.local import Place, is_name, place, runs_elsewhere
from socterm.analyst.backends.served import ServedBackend, Settings
from socterm.analyst.backends.sse import wire_messages
from socterm.analyst.backends.vectors import vectors
from socterm.analyst.border import one_line

if TYPE_CHECKING:
    import httpx

_CLOUD = "not a model of this machine: log text would leave it (llm.allow_remote)"
_EMBEDS = ("embed", "bge-", "bert", "e5-", "gte-", "minilm")


class CompatibleBackend(ServedBackend):
    """Talks to one endpoint; `host` with or without `/v1`. `model` "" takes the first it lists."""

    def __init__(
        self, host: str, model: str = "", *, api_key: str = "", **settings: Unpack[Settings]
    ) -> None:
        super().__init__(host.rstrip("/").removesuffix("/v1"), model, **settings)
        self._most = self.num_ctx
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        self._context = 0
        self._takes_schemas = self._takes_switches = True

    def health(self) -> Health:
        """Ask for the list of models, and at first for the context; takes some seconds at worst."""
        try:
            where = self._place()
            rows = self._rows(where)
            health = self._choose(rows)
            if health.state == "ok" and health.model != self._model:
                self._learn(where, health.model, rows[health.model])
        except BackendError as error:
            return error.health
        self._model = health.model if health.state == "ok" else ""
        return health

    def _place(self) -> Place:
        where = place(self.host, allow_remote=self.allow_remote)
        if where.refused:
            raise BackendError(Health("refused", self.wanted, where.refused))
        return where

    def _rows(self, where: Place) -> dict[str, dict[str, Any]]:
        """The models offered, by name. Raises BackendError."""
        found = self._asked(where, "/v1/models")
        rows = found.get("data") if isinstance(found, dict) else None
        if not isinstance(rows, list):
            reason = (
                f"no models are listed at {one_line(where.url, 60)}: is that an OpenAI-compatible server?"
            )
            raise BackendError(Health("unreachable", self.wanted, reason))
        return {
            str(row["id"]): row for row in rows if isinstance(row, dict) and is_name(str(row.get("id", "")))
        }

    def _asked(self, where: Place, path: str) -> Any:
        from socterm.analyst.backends import wire  # noqa: PLC0415

        try:
            return wire.asked(where, path, headers=self._headers)
        except wire.ANSWER_ERRORS as error:
            reason = f"no model server at {one_line(where.url, 60)}: {wire.why(error)}"
            raise BackendError(Health("unreachable", self.wanted, reason)) from None

    def _choose(self, rows: dict[str, dict[str, Any]]) -> Health:
        if self.wanted:
            if self.wanted not in rows:
                offered = one_line(", ".join(list(rows)[:5]), 100) or "none"
                return Health("absent", self.wanted, f"not offered there; it has: {offered}")
            if runs_elsewhere(self.wanted, rows[self.wanted]) and not self.allow_remote:
                return Health("refused", self.wanted, _CLOUD)
            return Health("ok", self.wanted)
        chat = [name for name in rows if not _embeds_only(name)]
        local = [name for name in chat if self.allow_remote or not runs_elsewhere(name, rows[name])]
        if local:
            return Health("ok", local[0])
        return Health("refused", chat[0], _CLOUD) if chat else Health("absent", "", "the server has no model")

    def _learn(self, where: Place, model: str, row: dict[str, Any]) -> None:
        """How much context the server gives: vLLM says so in its list, llama.cpp and LM Studio beside it."""
        found = [_within(row, "meta", "n_ctx"), row.get("max_model_len"), row.get("loaded_context_length")]
        if not any(found):
            with contextlib.suppress(BackendError):
                found = [_within(self._asked(where, "/props"), "default_generation_settings", "n_ctx")]
        if not any(found):
            with contextlib.suppress(BackendError):
                told = self._asked(where, f"/api/v0/models/{model}")
                found = [_within(told, "loaded_context_length"), _within(told, "max_context_length")]
        self._context = next((size for size in found if isinstance(size, int) and size > 0), 0)
        self.num_ctx = min(self._most, self._context or self._most)

    def card(self) -> Card:
        """What the server's list says of the model; most servers do not tell what they are."""
        where = self._place()
        rows = self._rows(where)
        health = self._choose(rows)
        if health.state != "ok":
            raise BackendError(health)
        self._model, row = health.model, rows[health.model]
        self._learn(where, health.model, row)
        told: Any = {}
        for path in ("/props", "/version"):
            if not told:
                with contextlib.suppress(BackendError):
                    told = self._asked(where, path)
        version = _within(told, "build_info") or _within(told, "version") or ""
        words = row.get("capabilities")
        return Card(
            server=one_line(f"OpenAI-compatible ({row.get('owned_by') or 'unknown'})", 60),
            model=health.model,
            version=one_line(str(version), 40),
            capabilities=tuple(one_line(str(w), 30) for w in words)[:20] if isinstance(words, list) else (),
            size=_parameters(row),
            context=self._context,
            num_ctx=self.num_ctx,
            cloud=runs_elsewhere(health.model, row),
            embeds=self.embeds_with or next(filter(_embeds_only, rows), ""),
        )

    def _stream(self, request: Request, cancel: Wish) -> Generator[Chunk]:
        if not self._model:
            health = self.health()
            if health.state != "ok":
                raise BackendError(health)
        where = self._place()
        from socterm.analyst.backends import wire  # noqa: PLC0415

        link = wire.Wire(where)
        with wire.client(link, self.patience.silence, self._headers) as client, wire.cut_on(cancel, link):
            try:
                yield from self._answer(client, f"{where.url}/v1/chat/completions", request)
            except wire.ANSWER_ERRORS as error:
                if cancel.is_set():
                    raise Cancelled from None
                raise BackendError(Health("unreachable", self._model, wire.why(error))) from None
        if cancel.is_set():
            raise Cancelled

    def _answer(self, client: httpx.Client, url: str, request: Request) -> Iterator[Chunk]:
        with client.stream("POST", url, json=self._body(request)) as answer:
            if answer.status_code != 200:
                answer.read()
                if sse.too_long(answer.text):
                    yield Chunk(usage=Usage(truncated=True))
                    return
                raise self._failed(sse.error_of(answer.text), answer.status_code)
            started, talk = time.monotonic(), sse.Talk()
            for line in sse.lines(answer.iter_raw()):
                yield from talk.feed(line)
                if talk.error:
                    raise self._failed(talk.error, 200)
                if talk.ended:
                    break
            yield from talk.close(time.monotonic() - started)

    def _body(self, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": wire_messages(request.messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": self.num_predict,
        }
        if request.tools:
            body["tools"] = list(request.tools)
        if request.schema is not None and self._takes_schemas:
            form = {"name": name_of(request.schema), "schema": request.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        if request.schema is not None and not self._takes_schemas:
            # It is then told in words what it is not held to; the answer is checked anyhow.
            asked = f"Answer with JSON alone, of this schema: {json.dumps(request.schema)}"
            body["messages"].append({"role": "user", "content": asked})
        if request.think is not None and self._takes_switches:
            # The one switch that llama.cpp and vLLM share; templates without it do not mind.
            body["chat_template_kwargs"] = {"enable_thinking": request.think}
        return body

    def _failed(self, text: str, status: int) -> BackendError:
        reason = one_line(text, 120) or f"status {status}"
        if status == 404:
            model, self._model = self._model, ""
            return BackendError(Health("absent", model, reason))
        passing = status in (429, 503)
        if status in (400, 422):
            low = text.lower()
            if self._takes_switches and ("think" in low or "chat_template_kwargs" in low):
                self._takes_switches, passing = False, True
            elif self._takes_schemas and ("response_format" in low or "json_schema" in low):
                self._takes_schemas, passing = False, True
        # llama.cpp reads a form once more after the model wrote it, and may reject what it made itself.
        if "does not match the expected" in text:
            return MisfitError(Health("unreachable", self._model, reason))
        return BackendError(Health("unreachable", self._model, reason), passing=passing)

    def _vectors(self, texts: Sequence[str], cancel: Wish) -> Vectors:
        where = self._place()
        model = self.embeds_with or next(filter(_embeds_only, self._rows(where)), "")
        if not model:
            raise BackendError(Health("absent", "", "no model for embeddings: set llm.embed_model"))
        from socterm.analyst.backends import wire  # noqa: PLC0415

        link = wire.Wire(where)
        with wire.client(link, self.patience.silence, self._headers) as client, wire.cut_on(cancel, link):
            try:
                body = {"model": model, "input": list(texts)}
                rows = wire.page(client, f"{where.url}/v1/embeddings", body)["data"]
                rows = [row["embedding"] for row in sorted(rows, key=lambda row: row["index"])]
                return vectors(model, rows, len(texts))
            except wire.ANSWER_ERRORS as error:
                if cancel.is_set():
                    raise Cancelled from None
                raise BackendError(Health("unreachable", model, wire.why(error))) from None


def _within(value: Any, *keys: str) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _parameters(row: dict[str, Any]) -> str:
    count = _within(row, "meta", "n_params")
    if not isinstance(count, int) or count <= 0:
        return ""
    return f"{count / 1e9:.1f}B" if count >= 1e8 else f"{count / 1e6:.1f}M"


def _embeds_only(name: str) -> bool:
    return any(word in name.lower() for word in _EMBEDS)
