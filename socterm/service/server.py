"""The service on a socket: bound before anything else begins, served from a thread beside the ingest."""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import uvicorn

from socterm.errors import SoctermError
from socterm.service.certified import ask_for_certificates, trust
from socterm.service.door import Door, Guest

GRACE: Final = 3
"""Seconds that open requests get at the end."""

BACKLOG: Final = 128

FRAME: Final = 64 << 10
"""Bytes of a message that comes over a web socket."""


@dataclass(frozen=True)
class Place:
    """Where it listens.

    `proxies` are the addresses whose word on who asks is taken; () for none. `client_ca` signs certificates
    that clients may show, and need not.
    """

    address: str
    port: int
    cert: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()
    client_ca: Path | None = None

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.address).is_loopback


class Server:
    """Runs an ASGI application in a thread; a `Beside` of the pipeline, and just as well without one.

    `begun` is called with its URL when it serves, `ended` where it ends although nobody closed it.
    Raises SoctermError where the socket cannot be bound or the certificate not be read.
    """

    note = ""

    def __init__(
        self,
        app: Any,
        place: Place,
        *,
        begun: Callable[[str], None] = lambda _url: None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        _context(place)  # a mistake is told before a port is bound
        self._begun = begun
        self._ended = ended
        self._closing = False
        self._thread: threading.Thread | None = None
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            proxy_headers=bool(place.proxies),
            forwarded_allow_ips=list(place.proxies),
            ssl_certfile=place.cert,
            ssl_keyfile=place.key,
            http=Guest,
            loop="asyncio",  # another one would take connections past the door
            backlog=BACKLOG,
            ws_per_message_deflate=False,
            ws_max_size=FRAME,
            timeout_graceful_shutdown=GRACE,
        )
        if place.client_ca is not None:
            ask_for_certificates(config, place.client_ca)
        config.load()
        self._shown = config.ssl
        if config.ssl is not None:
            config.ssl.sni_callback = self._show  # asked in each handshake, also by who names no host
        self._place = place
        self._socket = _bound(place)
        self._server = uvicorn.Server(config)
        self._socket.guests = self._server.server_state.connections
        self._scheme = "https" if place.cert else "http"

    @property
    def url(self) -> str:
        """Where it is reached, with the port it got where none was named."""
        host, port = self._socket.getsockname()[:2]
        return f"{self._scheme}://[{host}]:{port}" if ":" in host else f"{self._scheme}://{host}:{port}"

    def start(self) -> None:
        """Serve from now on."""
        self._thread = threading.Thread(target=self._run, name="socterm-service", daemon=True)
        self._thread.start()
        self._begun(self.url)

    def close(self) -> None:
        """Take no more requests and end, after `GRACE` seconds at most."""
        self._closing = True
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        self._socket.close()

    def renewed(self, cert: Path | None, key: Path | None, client_ca: Path | None) -> Callable[[], None]:
        """Read a certificate and the CA of clients; the result has them count for who connects from then on.

        Raises SoctermError where they cannot be used. Without a certificate before or now nothing changes;
        whether clients are asked for theirs never does.
        """
        if self._place.cert is None or cert is None:
            return lambda: None
        ca = self._place.client_ca and (client_ca or self._place.client_ca)
        place = replace(self._place, cert=cert, key=key, client_ca=ca)
        fresh = _context(place)

        def take() -> None:
            self._shown, self._place = fresh, place

        return take

    def _show(self, connection: ssl.SSLObject, _name: str | None, _first: ssl.SSLContext) -> None:
        if self._shown is not None:
            connection.context = self._shown

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except Exception:  # said, and told to whoever waits: not left to a dead thread
            logging.getLogger("socterm.service").exception("the service ended")
        if not self._closing:
            self.note = "the service has ended: start socterm again"
            self._ended()


def _bound(place: Place) -> Door:
    found = Door(socket.AF_INET6 if ":" in place.address else socket.AF_INET)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((place.address, place.port))
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        raise SoctermError(f"cannot listen on {place.address} port {place.port}: {error.strerror}") from None
    return found


def _context(place: Place) -> ssl.SSLContext:
    """The certificate of a place and the CA of its clients, read now.

    One connection's context is exchanged for it in the handshake, before the client's certificate is checked:
    that is done with the CAs of the context that is there then.
    """
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if place.cert is None:
        return found
    if place.client_ca is not None:
        trust(found, place.client_ca)
    try:
        found.load_cert_chain(place.cert, place.key)
    except ssl.SSLError:
        raise SoctermError(
            f"{place.cert}: no certificate, or the key is not its own: both are PEM files"
        ) from None
    except OSError as error:
        raise SoctermError(f"{error.filename or place.cert}: {error.strerror}") from None
    return found
