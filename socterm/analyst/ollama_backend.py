"""A model served by Ollama on this machine.

Local by proof: hosts that are not loopback and models that a server passes on to a cloud are refused unless
`allow_remote` says otherwise. The context size is always sent, because the server's default drops the oldest
messages silently; an answer to a prompt the server cut is marked `truncated`.
"""

from __future__ import annotations

import contextlib
import ipaddress
import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from socterm.analyst.backend import (
    BackendError,
    Cancelled,
    Chunk,
    Health,
    Message,
    ToolCall,
    Usage,
    estimate_tokens,
)
from socterm.analyst.border import one_line

if TYPE_CHECKING:
    import ollama

    from socterm.analyst.ollama_wire import Wire

_CONNECT, _WRITE, _POOL, _HEALTH_READ = 2.0, 10.0, 5.0, 3.0
_SEEN_SHARE = 0.6
_CANCEL_POLL = 0.05


class OllamaBackend:
    """Talks to one Ollama server. `model` "" takes the first local model it has.

    `read_timeout` (seconds) is the longest silence borne, the loading of the model included.
    """

    def __init__(
        self,
        host: str = "http://127.0.0.1:11434",
        model: str = "",
        *,
        allow_remote: bool = False,
        num_ctx: int = 8192,
        num_predict: int = 1024,
        read_timeout: float = 120.0,
    ) -> None:
        self.host = host if "//" in host else f"http://{host}"
        self.wanted = model
        self.allow_remote = allow_remote
        self.num_ctx = num_ctx
        self._num_predict = num_predict
        self._read_timeout = read_timeout
        self._model = ""

    def health(self) -> Health:
        """Ask for the list of models; takes five seconds at worst."""
        refused = self._refuse_host()
        if refused:
            return Health("refused", self.wanted, refused)
        import httpx  # noqa: PLC0415

        from socterm.analyst.ollama_wire import ANSWER_ERRORS  # noqa: PLC0415

        timeout = httpx.Timeout(connect=_CONNECT, read=_HEALTH_READ, write=_WRITE, pool=_POOL)
        try:
            with httpx.Client(timeout=timeout, trust_env=False, follow_redirects=False) as client:
                answer = client.get(f"{self.host.rstrip('/')}/api/tags")
                answer.raise_for_status()
                rows = answer.json()["models"]
                health = self._choose([row for row in rows if isinstance(row, dict)])
        except (*ANSWER_ERRORS, KeyError) as error:
            return Health("unreachable", self.wanted, f"no Ollama at {self.host}: {_why(error)}")
        self._model = health.model if health.state == "ok" else ""
        return health

    def _refuse_host(self) -> str:
        try:
            parts = urlsplit(self.host)
            name = parts.hostname or ""
            _ = parts.port
        except ValueError:
            return f"{one_line(self.host, 60)} is no address of a server: set llm.host"
        if self.allow_remote or name == "localhost" or _is_loopback(name):
            return ""
        return f"{one_line(name, 60)} is another machine: log text would leave this one (llm.allow_remote)"

    def _choose(self, rows: Sequence[dict[str, Any]]) -> Health:
        """The wanted model among those installed, or the first local one."""
        names = {str(row.get("name") or row.get("model") or ""): row for row in rows}
        if self.wanted:
            name = next((n for n in (self.wanted, f"{self.wanted}:latest") if n in names), "")
            if not name:
                return Health(
                    "absent", self.wanted, f"not installed: run `ollama pull {one_line(self.wanted, 60)}`"
                )
            if _is_cloud(name, names[name]) and not self.allow_remote:
                return Health(
                    "refused", name, "a cloud model: log text would leave this machine (llm.allow_remote)"
                )
            return Health("ok", name)
        local = [
            name for name, row in names.items() if name and not _is_cloud(name, row) and not _embeds_only(row)
        ]
        if not local:
            return Health("absent", "", "no local model is installed: run `ollama pull NAME`")
        return Health("ok", local[0])

    def chat_stream(
        self, messages: Sequence[Message], *, tools: Sequence[dict[str, Any]] = (), cancel: threading.Event
    ) -> Iterator[Chunk]:
        """Stream an answer; see `Backend.chat_stream`."""
        if not self._model:
            health = self.health()
            if health.state != "ok":
                raise BackendError(health)
        import httpx  # noqa: PLC0415
        import ollama  # noqa: PLC0415

        from socterm.analyst import ollama_wire  # noqa: PLC0415

        wire = ollama_wire.Wire()
        timeout = httpx.Timeout(connect=_CONNECT, read=self._read_timeout, write=_WRITE, pool=_POOL)
        client = ollama_wire.client(self.host, wire, timeout)
        with contextlib.closing(wire), _cut_on(cancel, wire):
            try:
                yield from self._answer(client, messages, tools)
            except ollama.ResponseError as error:
                raise BackendError(self._failed(error.error, error.status_code)) from None
            except ollama_wire.ANSWER_ERRORS as error:
                if cancel.is_set():
                    raise Cancelled from None
                raise BackendError(self._failed(_why(error))) from None
        if cancel.is_set():
            raise Cancelled

    def _answer(
        self, client: ollama.Client, messages: Sequence[Message], tools: Sequence[dict[str, Any]]
    ) -> Iterator[Chunk]:
        estimate = estimate_tokens(messages)  # without tools: a template may render them short
        finished = False
        stream = client.chat(
            model=self._model,
            messages=[_wire_message(message) for message in messages],
            tools=list(tools) or None,
            stream=True,
            options={"num_ctx": self.num_ctx, "num_predict": self._num_predict},
        )
        for part in stream:
            calls = tuple(
                ToolCall(call.function.name, dict(call.function.arguments))
                for call in part.message.tool_calls or ()
            )
            if part.message.content or calls:
                yield Chunk(part.message.content or "", calls)
            if part.done:
                finished = True
                yield Chunk(usage=_usage(part, estimate))
        if not finished:
            raise ConnectionError("the server stopped in the middle of the answer")

    def _failed(self, text: str, status: int = -1) -> Health:
        reason = one_line(text, 120)
        if status == 404:
            model, self._model = self._model, ""
            return Health("absent", model, reason)
        return Health("unreachable", self._model, reason)


@contextlib.contextmanager
def _cut_on(cancel: threading.Event, wire: Wire) -> Iterator[None]:
    """While inside, a set `cancel` ends the connection at once, also one that waits for a silent server."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_CANCEL_POLL):
            if cancel.is_set():
                wire.cut()
                return

    watcher = threading.Thread(target=watch, name="socterm-llm-cancel", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def _wire_message(message: Message) -> dict[str, Any]:
    out: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.calls:
        out["tool_calls"] = [
            {"function": {"name": call.name, "arguments": call.arguments}} for call in message.calls
        ]
    if message.tool_name:
        out["tool_name"] = message.tool_name
    return out


def _usage(part: Any, estimate: int) -> Usage:
    seen = part.prompt_eval_count or 0
    return Usage(
        prompt_tokens=seen,
        answer_tokens=part.eval_count or 0,
        seconds=(part.eval_duration or 0) / 1e9,
        truncated=0 < seen < _SEEN_SHARE * estimate,
        cut=part.done_reason == "length",
    )


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_cloud(name: str, row: dict[str, Any]) -> bool:
    return bool(row.get("remote_host") or row.get("remote_model")) or name.lower().endswith("cloud")


def _embeds_only(row: dict[str, Any]) -> bool:
    details = row.get("details")
    family = str(details.get("family", "")) if isinstance(details, dict) else ""
    return "bert" in family.lower() or "embed" in str(row.get("name", "")).lower()


def _why(error: Exception) -> str:
    """The error in a few words; a time limit has no text of its own."""
    text = " ".join(str(error).split()) or type(error).__name__
    return one_line(
        "took too long" if "timed out" in text.lower() or "timeout" in type(error).__name__.lower() else text,
        100,
    )
