"""The connection to a mail server, that ends in time and keeps only so much of what it says."""

from __future__ import annotations

import contextlib
import errno
import os
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

SAID_MOST: Final = 64 << 10
"""Bytes of all answers together; those to a mail have a few hundred."""


class TooLateError(Exception):
    """The time for all of it was over."""


@contextlib.contextmanager
def mail_server(
    host: str,
    port: int,
    *,
    silence: float,
    deadline: float,
    direct: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
) -> Iterator[smtplib.SMTP]:
    """A mail server, cut off `deadline` seconds from now whatever it is at by then.

    The library has a limit for each `silence` only: a byte a second could go on for ever, before TLS and
    within it, too. Raises TooLateError, or as the library does.
    """
    line = _Line(deadline)
    server: _Server | None = None
    try:
        server = _Server(host, port, line, silence, direct)
        if starttls is not None:
            server.starttls(context=starttls)
        yield server
        with contextlib.suppress(smtplib.SMTPException, OSError):  # the mail is accepted by now
            server.quit()
    except (smtplib.SMTPException, OSError) as error:
        if line.late:
            raise TooLateError from error
        raise
    finally:
        line.close()
        if server is not None:
            server.close()


class _Line:
    """The connection under whatever is laid over it, until its time is over."""

    def __init__(self, deadline: float) -> None:
        self.late = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(deadline, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def watch(self, connected: socket.socket) -> None:
        """From now on this is what is cut."""
        with self._lock:
            self._socket = connected.dup()  # TLS takes the other one
        if self.late:
            self._cut()

    def close(self) -> None:
        self._timer.cancel()
        with self._lock:
            if self._socket is not None:
                self._socket.close()
            self._socket = None

    def _cut(self) -> None:
        self.late = True
        with self._lock, contextlib.suppress(OSError):  # it is closed already
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)


class _Server(smtplib.SMTP):
    def __init__(
        self, host: str, port: int, line: _Line, silence: float, direct: ssl.SSLContext | None
    ) -> None:
        self._watched = line
        self._direct = direct
        super().__init__(host, port, local_hostname=socket.gethostname() or "localhost", timeout=silence)

    def getreply(self) -> tuple[int, bytes]:
        """One answer. Raises OSError when the server has said too much."""
        if self.file is None and self.sock is not None:
            self.file = _Limited(self.sock.makefile("rb"))
        return super().getreply()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found = socket.create_connection((host, port), timeout)
        try:
            self._watched.watch(found)
            return self._direct.wrap_socket(found, server_hostname=host) if self._direct else found
        except BaseException:
            found.close()
            raise


class _Limited:
    """A file to read lines from, as far as a limit."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = SAID_MOST

    def readline(self, size: int = -1) -> bytes:
        line = self._file.readline(size)
        self._left -= len(line)
        if self._left < 0:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        return line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
