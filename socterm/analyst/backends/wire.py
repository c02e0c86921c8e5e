"""The wire to a model's server: only to this machine, without proxies, and it can be cut at any time.

Imported only when a model is asked: `httpx` takes a third of a second to import.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any, cast

import httpx

from socterm.analyst.backend import Wish
from socterm.analyst.backends.local import Place
from socterm.analyst.backends.patience import Limit
from socterm.analyst.border import one_line

CONNECT, WRITE, POOL, ASIDE, ASIDE_TOTAL = 2.0, 10.0, 5.0, 3.0, 5.0
"""Time limits in seconds; `ASIDE` is for what is asked besides answers: is it there, what can it do."""

# httpx and the `ollama` client split a stream where str.splitlines does, so a raw NEL or line separator
# inside a JSON string, which an attacker's user name can carry into an answer, would tear the line apart.
_NEL = {"\x85".encode(): b"\\u0085", "\u2028".encode(): b"\\u2028", "\u2029".encode(): b"\\u2029"}
_SPLITTERS = re.compile(b"|".join(_NEL))
_NUMBERED = re.compile(r"\[Errno -?\d+\] ")
_LONGEST_LINE = 4 << 20
_LONGEST_PAGE = 16 << 20
_CANCEL_POLL = 0.02

ANSWER_ERRORS = (
    ConnectionError,
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    ValueError,
    AttributeError,
    TypeError,
    KeyError,
    IndexError,
    RecursionError,
)
"""All that comes of a server that is away, slow or talks nonsense.

An absent server is ConnectionError on the `ollama` client's plain calls and httpx.ConnectError on streams;
json and pydantic errors are ValueErrors; JSON of another shape, or nested without end, gives the last five.
"""


class Wire(httpx.BaseTransport):
    """An HTTP transport for one conversation that can be cut from another thread."""

    def __init__(self, place: Place) -> None:
        # Reading the certificates of all authorities takes longer than most answers here.
        self._inner = httpx.HTTPTransport(trust_env=False, verify=place.url.startswith("https:"))
        self._addresses = place.addresses
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._cut = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on, watching for the socket and mending the stream's lines."""
        request.extensions = {**request.extensions, "trace": self._trace}
        response = self._sent(request)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_WholeLines(cast("httpx.SyncByteStream", response.stream)),
            extensions=response.extensions,
        )

    def _sent(self, request: httpx.Request) -> httpx.Response:
        """Connect to the addresses looked at, one after the other, not to what the name means by now."""
        name = request.url.host
        for address in self._addresses[:-1]:
            try:
                return self._inner.handle_request(_to(address, request, name))
            except httpx.ConnectError:
                continue
        if self._addresses:
            request = _to(self._addresses[-1], request, name)
        return self._inner.handle_request(request)

    def _trace(self, name: str, info: dict[str, Any]) -> None:
        if name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
            if self._cut:
                self.cut()

    def cut(self) -> None:
        """End the connection now, whatever it waits for; the reader gets an httpx error."""
        with self._lock:
            self._cut = True
            if self._socket is not None:
                try:
                    self._socket.shutdown(socket.SHUT_RDWR)
                except OSError:  # already closed by the other side
                    pass

    def close(self) -> None:
        """Close what is open."""
        self._inner.close()


def _to(address: str, request: httpx.Request, name: str) -> httpx.Request:
    # The Host header was set from the name already; TLS checks the name, too.
    request.url = request.url.copy_with(host=address)
    request.extensions = {**request.extensions, "sni_hostname": name}
    return request


class _WholeLines(httpx.SyncByteStream):
    """Hands on whole lines only, split at the newline byte, with other line breaks escaped as JSON does."""

    def __init__(self, inner: httpx.SyncByteStream) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        rest = b""
        for part in self._inner:
            *lines, rest = (rest + part).split(b"\n")
            if len(rest) > _LONGEST_LINE:
                raise httpx.RemoteProtocolError("a line of the answer is too long")
            for line in lines:
                yield _SPLITTERS.sub(lambda found: _NEL[found[0]], line) + b"\n"
        if rest:
            yield _SPLITTERS.sub(lambda found: _NEL[found[0]], rest)

    def close(self) -> None:
        self._inner.close()


@contextlib.contextmanager
def cut_on(cancel: Wish, wire: Wire) -> Iterator[None]:
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


def limits(silence: float) -> httpx.Timeout:
    """Time limits of a request that may be silent so long (seconds)."""
    return httpx.Timeout(connect=CONNECT, read=silence, write=WRITE, pool=POOL)


def client(wire: Wire, silence: float, headers: dict[str, str] | None = None) -> httpx.Client:
    """A client over this wire: with time limits, without proxies, redirects and compression."""
    return httpx.Client(
        transport=wire,
        timeout=limits(silence),
        trust_env=False,
        follow_redirects=False,
        headers={"accept-encoding": "identity", **(headers or {})},
    )


def asked(
    place: Place, path: str, body: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> Any:
    """The JSON of a plain answer to a question aside; a few seconds at worst. Raises one of ANSWER_ERRORS."""
    link, limit = Wire(place), Limit(threading.Event(), ASIDE_TOTAL)
    try:
        with client(link, ASIDE, headers) as asking, cut_on(limit, link):
            return page(asking, f"{place.url}{path}", body)
    except ANSWER_ERRORS:
        if limit.late:
            raise httpx.ReadTimeout("took too long") from None
        raise


def page(asking: httpx.Client, url: str, body: dict[str, Any] | None = None) -> Any:
    """The JSON of a plain answer, read within bounds. Raises one of ANSWER_ERRORS."""
    raw = b""
    with asking.stream("GET" if body is None else "POST", url, json=body) as answer:
        answer.raise_for_status()
        for part in answer.iter_raw():
            raw += part
            if len(raw) > _LONGEST_PAGE:
                raise ValueError("the answer is too long")
    return json.loads(raw)


def why(error: BaseException) -> str:
    """The error in a few words; a time limit has no text of its own."""
    text = _NUMBERED.sub("", " ".join(str(error).split())) or type(error).__name__
    slow = "timed out" in text.lower() or "timeout" in type(error).__name__.lower()
    return one_line("took too long" if slow else text, 100)
