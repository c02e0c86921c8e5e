"""The stub of a model server in the other dialect: OpenAI's chat completions, as of llama.cpp's server."""

from __future__ import annotations

import json
from typing import Any

from ollama_stub import MODEL, Handler, OllamaStub, written

__all__ = ["CompatibleHandler", "model"]


class CompatibleHandler(Handler):
    """Does what the same script says, in server-sent events."""

    server: OllamaStub

    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        self.server.seen_headers.append(dict(self.headers))
        if self.path == "/v1/models":
            self.models({"object": "list", "data": [model(row) for row in self.server.models]})
        elif self.path == "/props":
            self.json({"default_generation_settings": {"n_ctx": 4096}, "build_info": "b1-stub"})
        else:
            self.json({"error": "no such page"}, 404)

    def aside(self, body: dict[str, Any]) -> None:
        self.server.embedded.append(body)
        rows = list(enumerate(self.server.vectors(body["input"])))
        data = [{"index": index, "embedding": row} for index, row in reversed(rows)]
        Handler.json(self, {"object": "list", "data": data})

    def json(self, value: Any, status: int = 200) -> None:
        if status != 200:
            value = {"error": {"message": value["error"], "type": "server_error", "code": status}}
        super().json(value, status)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.chunk(b": a comment\n\n")

    def line(self, value: dict[str, Any]) -> None:
        if "error" in value:
            value = {"error": {"message": value["error"], "type": "server_error"}}
        self.chunk(b"data: " + written(value) + b"\n\n")

    def delta(self, value: dict[str, Any], reason: str | None = None, **more: Any) -> None:
        """A chat completion chunk."""
        choice = {"index": 0, "delta": value, "finish_reason": reason}
        self.line({"object": "chat.completion.chunk", "model": MODEL, "choices": [choice], **more})

    def say(self, text: str, **message: Any) -> None:
        if message.get("thinking"):
            self.delta({"reasoning_content": message["thinking"]})
        if text:
            self.delta({"content": text})
        for index, call in enumerate(message.get("tool_calls", ())):
            name, arguments = call["function"]["name"], call["function"]["arguments"]
            written = json.dumps(arguments) if isinstance(arguments, dict) else str(arguments)
            half = len(written) // 2
            parts = [{"name": name, "arguments": written[:half]}, {"arguments": written[half:]}]
            for part in parts:
                self.delta({"tool_calls": [{"index": index, "function": part}]})

    def end(self, prompt: int = 0, reason: str = "stop") -> None:
        prompt = prompt or sum(len(m.get("content", "")) for m in self.server.requests[-1]["messages"]) // 4
        if reason in ("stop", "length"):
            self.delta({}, reason)
        usage = {"prompt_tokens": prompt, "completion_tokens": 10}
        self.line({"choices": [], "usage": usage, "timings": {"predicted_ms": 500.0}})
        self.chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")


def model(row: dict[str, Any]) -> dict[str, Any]:
    """A row of /v1/models, made of one of Ollama's."""
    owner = row.get("owned_by") or ("openai" if row.get("remote_host") else "llamacpp")
    return {"id": row["name"], "object": "model", "owned_by": owner, "meta": {"n_params": 1_500_000_000}}
