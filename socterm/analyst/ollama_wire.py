"""The wire under the `ollama` client: the parts of it that need care.

Imported only when a model is asked: `ollama` and `httpx` take over half a second to import.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from typing import Any, cast

import httpx
import ollama

# httpx splits a stream where str.splitlines does, so a raw NEL or line separator inside a JSON string,
# which an attacker's user name can carry into an answer, would tear the line apart.
_NEL = {"\x85".encode(): b"\\u0085", "\u2028".encode(): b"\\u2028", "\u2029".encode(): b"\\u2029"}
_SPLITTERS = re.compile(b"|".join(_NEL))
_LONGEST_LINE = 4 << 20

ANSWER_ERRORS = (
    ConnectionError,
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    ValueError,
    AttributeError,
    TypeError,
)
"""All that the client raises when a server is away, slow or talks nonsense.

An absent server is ConnectionError on plain calls and httpx.ConnectError on streams; json and pydantic errors
are ValueErrors; JSON that is no object ends in the other two.
"""


class Wire(httpx.BaseTransport):
    """An HTTP transport for one conversation that can be cut from another thread."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport(trust_env=False)
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._cut = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass on, watching for the socket and mending the stream's lines."""
        request.extensions = {**request.extensions, "trace": self._trace}
        response = self._inner.handle_request(request)
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=_WholeLines(cast("httpx.SyncByteStream", response.stream)),
            extensions=response.extensions,
        )

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


def client(host: str, wire: Wire, timeout: httpx.Timeout) -> ollama.Client:
    """The `ollama` client over this wire: with time limits, without proxies and redirects."""
    return ollama.Client(
        host=host,
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
        transport=wire,
        headers={"accept-encoding": "identity"},
    )
