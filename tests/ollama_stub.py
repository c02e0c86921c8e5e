"""A server that speaks Ollama's wire format over real HTTP and does what a script says, faults included."""

from __future__ import annotations

import json
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[["Handler"], None]
"""What a chat request gets."""

MODEL = "tiny:latest"


class Handler(BaseHTTPRequestHandler):
    """One connection; the script is on the server."""

    protocol_version = "HTTP/1.1"
    server: OllamaStub

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.server.seen_headers.append(dict(self.headers))
        if self.path == "/api/tags":
            self.models({"models": self.server.models})
        else:
            self.json({"version": "0.33.0"})

    def models(self, value: Any) -> None:
        """The list of models, or what the server has in its place; None is one without an end."""
        page = self.server.listing
        if page == b"models":
            self.json(value)
            return
        self.begin()
        while page is None and not select.select([self.connection], [], [], 0.01)[0]:
            self.chunk(b" ")
        if page is None:
            self.server.left.set()
            self.close_connection = True
            return
        if page:
            self.chunk(page)
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self) -> None:
        self.server.seen_headers.append(dict(self.headers))
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path in ("/api/show", "/api/embed", "/v1/embeddings"):
            self.aside(body)
            return
        self.server.requests.append(body)
        reply = self.server.script.pop(0) if self.server.script else answer("nothing scripted")
        try:
            reply(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def aside(self, body: dict[str, Any]) -> None:
        """What is asked besides answers: of the model, and for vectors."""
        if self.path == "/api/show":
            self.json(self.server.shown)
            return
        self.server.embedded.append(body)
        self.json({"model": body["model"], "embeddings": self.server.vectors(body["input"])})

    def json(self, value: Any, status: int = 200) -> None:
        """A plain answer."""
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        """Start a stream of lines."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        """One chunk of the stream."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def line(self, value: dict[str, Any]) -> None:
        """One NDJSON line; other alphabets and separators stand raw, as Go writes them."""
        self.chunk(written(value) + b"\n")

    def say(self, text: str, **message: Any) -> None:
        """A piece of the answer."""
        self.line(
            {"model": MODEL, "message": {"role": "assistant", "content": text, **message}, "done": False}
        )

    def end(self, prompt: int = 0, reason: str = "stop") -> None:
        """The last line, with the numbers; `prompt` 0 counts what was sent, four characters a token."""
        prompt = prompt or sum(len(m.get("content", "")) for m in self.server.requests[-1]["messages"]) // 4
        numbers = {
            "total_duration": 5,
            "load_duration": 1,
            "prompt_eval_count": prompt,
            "prompt_eval_duration": 1,
        }
        numbers |= {"eval_count": 10, "eval_duration": 500_000_000}
        done = {
            "model": MODEL,
            "message": {"role": "assistant", "content": ""},
            "done": True,
            "done_reason": reason,
        }
        self.line(done | numbers)
        self.wfile.write(b"0\r\n\r\n")

    def wait_until_left(self) -> None:
        """Say nothing until the client has gone; then the server knows it."""
        self.server.silent.set()
        select.select([self.connection], [], [])
        if self.connection.recv(1, socket.MSG_PEEK) == b"":
            self.server.left.set()
        self.close_connection = True


class OllamaStub(ThreadingHTTPServer):
    """The server; `script` holds the replies to come, `requests` what was asked."""

    daemon_threads = True

    def __init__(self, handler: type[Handler] = Handler) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.embedded: list[dict[str, Any]] = []
        self.listing: bytes | None = b"models"
        self.vectors: Callable[[list[str]], list[list[float]]] = lambda texts: [[len(t), 1.0] for t in texts]
        self.shown: dict[str, Any] = {
            "details": {"parameter_size": "0.1M", "quantization_level": "F32"},
            "model_info": {"llama.context_length": 4096},
            "capabilities": ["completion", "tools"],
        }
        self.script: list[Reply] = []
        self.requests: list[dict[str, Any]] = []
        self.seen_headers: list[dict[str, str]] = []
        self.models: list[dict[str, Any]] = [tag(MODEL)]
        self.left = threading.Event()
        self.silent = threading.Event()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is nothing to write about: what a test prints is looked at."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(handler: type[Handler] = Handler) -> Iterator[OllamaStub]:
    """A stub that runs for as long as the block."""
    stub = OllamaStub(handler)
    thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.shutdown()
        thread.join()
        stub.server_close()


def written(value: dict[str, Any]) -> bytes:
    """JSON with raw characters, but for halves of pairs, which no encoding has."""
    try:
        return json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def tag(name: str, **more: Any) -> dict[str, Any]:
    """A row of /api/tags."""
    return {"name": name, "model": name, "size": 1, "digest": "0", "details": {"family": "llama"}, **more}


def answer(*parts: str, prompt: int = 0, reason: str = "stop") -> Reply:
    """A normal streamed answer."""

    def reply(handler: Handler) -> None:
        handler.begin()
        for part in parts:
            handler.say(part)
        handler.end(prompt, reason)

    return reply


def call(name: str, arguments: dict[str, Any], *more: tuple[str, dict[str, Any]]) -> Reply:
    """An answer that asks for tools."""

    def reply(handler: Handler) -> None:
        handler.begin()
        calls = [{"function": {"name": n, "arguments": a}} for n, a in ((name, arguments), *more)]
        handler.say("", tool_calls=calls)
        handler.end()

    return reply


def thinks_only(text: str) -> Reply:
    """A model that thinks and then says nothing."""

    def reply(handler: Handler) -> None:
        handler.begin()
        handler.say("", thinking=text)
        handler.end()

    return reply


def stall(*parts: str) -> Reply:
    """Some of an answer, then silence."""

    def reply(handler: Handler) -> None:
        if parts:
            handler.begin()
        for part in parts:
            handler.say(part)
        handler.wait_until_left()

    return reply


def dribble(word: str) -> Reply:
    """A word again and again, until the client has gone: no silence, and no end."""

    def reply(handler: Handler) -> None:
        handler.begin()
        while not select.select([handler.connection], [], [], 0.01)[0]:
            handler.say(word)
        handler.server.left.set()
        handler.close_connection = True

    return reply


def cut(*parts: str) -> Reply:
    """The connection ends in the middle."""

    def reply(handler: Handler) -> None:
        handler.begin()
        for part in parts:
            handler.say(part)
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    return reply


def leave_off(*parts: str) -> Reply:
    """The stream ends as a stream does, but the answer does not."""

    def reply(handler: Handler) -> None:
        handler.begin()
        for part in parts:
            handler.say(part)
        handler.wfile.write(b"0\r\n\r\n")

    return reply


def error_after(*parts: str, error: str) -> Reply:
    """An error line inside a stream that began with 200."""

    def reply(handler: Handler) -> None:
        handler.begin()
        for part in parts:
            handler.say(part)
        handler.line({"error": error})
        handler.wfile.write(b"0\r\n\r\n")

    return reply


def status(code: int, error: str) -> Reply:
    """An error before the first byte of an answer."""
    return lambda handler: handler.json({"error": error}, code)


def raw(data: bytes) -> Reply:
    """Any bytes as a stream."""

    def reply(handler: Handler) -> None:
        handler.begin()
        handler.chunk(data)
        handler.wfile.write(b"0\r\n\r\n")

    return reply
