"""Where generated lines go: a file, a folder, standard output, or a server over UDP, TCP or HTTP.

Each is a `Destination`; what a person must know of a failure is one `SoctermError`.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol
from urllib.parse import SplitResult, urlsplit

from socterm.errors import SoctermError, UsageError
from socterm.whole import refuse_store

TIMEOUT = 10.0
"""Seconds a server may take to accept or to answer."""

BATCH = 500
"""Lines of one HTTP request."""


class Outgoing(NamedTuple):
    """One line on its way: its text, its log's name, its PRI where it is of syslog (else -1)."""

    line: str
    log: str
    priority: int = -1


class Destination(Protocol):
    """Takes lines. `files` names, for a log, the file it goes to, as the truth calls it."""

    def file(self, log: str) -> str:
        """What the truth calls the place this log's lines go to."""

    def put(self, item: Outgoing) -> None:
        """Take one line; it may wait for `flush`."""

    def flush(self) -> None:
        """Let everything taken go out now: a pause follows."""

    def close(self) -> None:
        """The last line was taken."""

    def drop(self) -> None:
        """Something failed: let go of it, and try nothing more."""


def open_destination(
    to: str, names: dict[str, str], *, append: bool = False, force: bool = False, octets: bool = False
) -> Destination:
    """The destination a person named: `-`, a file, a folder, `udp://`, `tcp://`, `http://` or `https://`.

    `names` are the file names of the logs in a folder. Raises `UsageError` for what cannot be one, or a file
    that is there already; `SoctermError` where it cannot be reached.
    """
    if to == "-":
        return Stream("stdout", sys.stdout.buffer)
    scheme, found, _ = to.partition("://")
    if not found:
        return _on_disk(Path(to).expanduser(), to, names, append=append, force=force)
    opener = _SCHEMES.get(scheme.lower())
    if opener is None:
        raise UsageError(f"--to {to}: {scheme}:// is none of {', '.join(f'{name}://' for name in _SCHEMES)}")
    if append or force:
        raise UsageError("--append and --force are for files")
    if octets and scheme.lower() != "tcp":
        raise UsageError("--octets is for tcp:// (RFC 6587)")
    return opener(to, _parts(to), octets)


class Stream:
    """One stream of lines: a file, a pipe, standard output."""

    def __init__(self, name: str, out: BinaryIO) -> None:
        self._name = name
        self._out = out

    def file(self, log: str) -> str:
        """All logs in one."""
        return self._name

    def put(self, item: Outgoing) -> None:
        """Write it through the stream's own buffer."""
        with _told(self._name):
            self._out.write(item.line.encode() + b"\n")

    def flush(self) -> None:
        """Empty the buffer."""
        with _told(self._name):
            self._out.flush()

    def close(self) -> None:
        """Flush; standard output itself stays open."""
        self.flush()
        if self._out is not sys.stdout.buffer:
            self._out.close()

    def drop(self) -> None:
        """Close it; what is still buffered could only fail again."""
        if self._out is not sys.stdout.buffer:
            with contextlib.suppress(OSError):
                self._out.close()


class Folder:
    """A file for each log."""

    def __init__(self, files: dict[str, Stream], names: dict[str, str]) -> None:
        self._files = files
        self._names = names

    def file(self, log: str) -> str:
        """The file of that log."""
        return self._names[log]

    def put(self, item: Outgoing) -> None:
        """Into the file of its log."""
        self._files[item.log].put(item)

    def flush(self) -> None:
        """Empty all buffers."""
        for stream in self._files.values():
            stream.flush()

    def close(self) -> None:
        """Close all files."""
        for stream in self._files.values():
            stream.close()

    def drop(self) -> None:
        """Close all files, whatever is still buffered."""
        for stream in self._files.values():
            stream.drop()


class Udp:
    """A datagram a line (RFC 5426). What is too long for one is an error: nothing is lost unsaid."""

    def __init__(self, url: str, parts: SplitResult, _octets: bool) -> None:
        self._url = url
        with _told(url):
            self._socket = _connected(parts, socket.SOCK_DGRAM, 514)

    def file(self, log: str) -> str:
        """All logs in one."""
        return self._url

    def put(self, item: Outgoing) -> None:
        """Send it at once."""
        with _told(self._url):
            self._socket.send(framed(item))

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    drop = close


class Tcp:
    """A stream of lines, each ended by a newline, or preceded by its length (RFC 6587, 3.4.1)."""

    def __init__(self, url: str, parts: SplitResult, octets: bool) -> None:
        self._url = url
        self._octets = octets
        self._waiting: list[bytes] = []
        self._size = 0
        with _told(url):
            self._socket = _connected(parts, socket.SOCK_STREAM, 601)

    def file(self, log: str) -> str:
        """All logs in one."""
        return self._url

    def put(self, item: Outgoing) -> None:
        """Keep it for the next flush, or until 64 KiB wait."""
        line = framed(item)
        self._waiting.append(b"%d %s" % (len(line), line) if self._octets else line + b"\n")
        self._size += len(line)
        if self._size > 1 << 16:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        waiting, self._waiting, self._size = b"".join(self._waiting), [], 0
        with _told(self._url):
            self._socket.sendall(waiting)

    def close(self) -> None:
        """Send the rest, and say that it is the end."""
        try:
            self.flush()
            with _told(self._url):
                self._socket.shutdown(socket.SHUT_WR)
        finally:
            self._socket.close()

    def drop(self) -> None:
        """Close the socket."""
        self._socket.close()


class Http:
    """POSTs batches of NDJSON, an object a line: `message`, and `log.file.path` with the log's name."""

    def __init__(self, url: str, parts: SplitResult, _octets: bool) -> None:
        self._url = url
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._waiting: list[bytes] = []
        host, port = parts.hostname or "", parts.port
        self._connection = (
            http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=ssl.create_default_context())
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        )
        with _told(url):
            self._connection.connect()

    def file(self, log: str) -> str:
        """All logs in one."""
        return self._url

    def put(self, item: Outgoing) -> None:
        """Keep it until a batch is full."""
        fields = {"message": item.line, "log.file.path": item.log}
        self._waiting.append(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
        if len(self._waiting) >= BATCH:
            self.flush()

    def flush(self) -> None:
        """Send what waits as one request."""
        if not self._waiting:
            return
        body, self._waiting = b"".join(self._waiting), []
        with _told(self._url):
            status, reason = self._post(body)
        if not 200 <= status < 300:
            raise SoctermError(f"{self._url}: the server answered {status} {reason}".rstrip())

    def _post(self, body: bytes) -> tuple[int, str]:
        """Status and reason; a connection the server closed meanwhile (keep-alive) is opened once more."""
        for again in (True, False):
            try:
                self._connection.request("POST", self._path, body, {"Content-Type": "application/x-ndjson"})
                answer = self._connection.getresponse()
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                self._connection.close()
                if not again:
                    raise
            else:
                answer.read()
                return answer.status, answer.reason
        raise AssertionError  # the second turn returns or raises

    def close(self) -> None:
        """Send the rest."""
        try:
            self.flush()
        finally:
            self._connection.close()

    def drop(self) -> None:
        """Close the connection."""
        self._connection.close()


def framed(item: Outgoing) -> bytes:
    """The line as it goes over syslog: with its PRI in front, unless it is not of syslog or has one."""
    text = item.line.encode()
    return text if item.priority < 0 or text.startswith(b"<") else b"<%d>%s" % (item.priority, text)


def _on_disk(path: Path, to: str, names: dict[str, str], *, append: bool, force: bool) -> Destination:
    if not to.endswith("/") and not path.is_dir():
        return _file(path, append=append, force=force)
    with _told(to):
        path.mkdir(parents=True, exist_ok=True)
    files = {log: _file(path / name, append=append, force=force) for log, name in names.items()}
    return Folder(files, names)


def _file(path: Path, *, append: bool, force: bool) -> Stream:
    with _told(str(path)):
        regular = path.exists() and stat.S_ISREG(path.stat().st_mode)
        if regular and path.stat().st_size and not append and not force:
            raise UsageError(f"{path} is there already: --append adds to it, --force replaces it")
        refuse_store(path)
        return Stream(path.name, path.open("ab" if append else "wb"))


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise UsageError(f"--to {url}: {error}") from None
    if not host or (port is None and parts.scheme in ("udp", "tcp")):
        raise UsageError(f"--to {url}: name host and port, as in {parts.scheme}://127.0.0.1:5514")
    return parts


def _connected(parts: SplitResult, kind: socket.SocketKind, default: int) -> socket.socket:
    """A socket to the first address of the host that takes it. Raises `OSError`."""
    failed: OSError | None = None
    for family, kind_, protocol, _, address in socket.getaddrinfo(
        parts.hostname, parts.port or default, type=kind
    ):
        made = socket.socket(family, kind_, protocol)
        made.settimeout(TIMEOUT)
        try:
            made.connect(address)
        except OSError as error:
            made.close()
            failed = error
        else:
            return made
    raise failed or OSError("no address")


class _told:  # noqa: N801 - reads as what it does
    """Turns what the system says into one line that names the destination."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, BrokenPipeError) and self._name == "stdout":
            return  # whoever read has gone: the command line ends quietly
        if isinstance(error, TimeoutError):
            raise SoctermError(f"{self._name}: no answer within {TIMEOUT:g} seconds") from None
        if isinstance(error, OSError):
            why = error.strerror or str(error)
            hint = "; does anybody listen there?" if isinstance(error, ConnectionRefusedError) else ""
            raise SoctermError(f"{self._name}: {why[:1].lower()}{why[1:]}{hint}") from None
        if isinstance(error, http.client.HTTPException):
            said = " ".join(str(error).split())[:80] or type(error).__name__
            raise SoctermError(f"{self._name}: no proper HTTP answer ({said})") from None


_SCHEMES: dict[str, Callable[[str, SplitResult, bool], Destination]] = {
    "udp": Udp,
    "tcp": Tcp,
    "http": Http,
    "https": Http,
}
