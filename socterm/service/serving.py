"""From a configuration to a service on a socket, and what has to hold before it may be reached."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.routing import BaseRoute

from socterm.config import ApiConfig
from socterm.config.api import listening
from socterm.errors import SoctermError, UsageError
from socterm.service.browser.readable import Readable
from socterm.service.browser.routes import Browser, View
from socterm.service.endpoints import Endpoint
from socterm.service.frame.asgi import client
from socterm.service.frame.origins import own_origin
from socterm.service.server import Place, Server
from socterm.service.service import Service, Terms, make_app
from socterm.service.signing import Signer, signing_key
from socterm.service.table import with_document
from socterm.store import Store
from socterm.store.doors.identity import UserRow

Tell = Callable[[str, int], None]

_GRAVITY: Final = {logging.WARNING: 4}


def place_of(config: ApiConfig) -> Place:
    """Where to listen. Raises UsageError for half a certificate."""
    address, port = listening(config.listen)
    if (config.cert is None) != (config.key is None):
        raise UsageError("a certificate goes with its key: give both api.cert and api.key, or neither")
    if config.client_ca is not None and config.cert is None:
        raise UsageError("certificates of clients need TLS: give api.cert and api.key with api.client_ca")
    proxies = config.proxies if config.behind_proxy else ()
    return Place(address, port, config.cert, config.key, proxies, config.client_ca)


def check_reach(config: ApiConfig, place: Place, *, anybody: bool) -> None:
    """What others reach is encrypted, and somebody has to be known. Raises SoctermError where not."""
    if place.local:
        return
    if place.cert is None and not config.behind_proxy:
        raise SoctermError(
            f"others reach {place.address}: give it a certificate (--cert and --key), "
            "or say --behind-proxy where a proxy of yours does TLS"
        )
    if not anybody:
        raise SoctermError(
            f"others reach {place.address}, and there is no user and no token: socterm users add NAME"
        )


def terms_of(config: ApiConfig, place: Place) -> Terms:
    """The names it goes by: those of this machine, where it listens, and what the configuration adds."""
    own = {*Terms().hosts, socket.gethostname().lower(), place.address, *config.hosts}
    return Terms(tuple(sorted(own - {"0.0.0.0", "::"})), config.origins, config.requests)  # noqa: S104


def open_server(
    store: Store,
    config: ApiConfig,
    environ: Mapping[str, str],
    *,
    clock: Callable[[], int],
    more: Iterable[Endpoint] = (),
    file: Path | None = None,
    begun: Callable[[str], None],
    ended: Callable[[], None],
) -> Server:
    """The service on its socket, not begun yet; `file` is the configuration that consoles in browsers read.

    Raises SoctermError where it may not be reached like that.
    """
    place = place_of(config)
    check_reach(config, place, anybody=store.identity.anybody(clock()))
    service = Service(store, Signer(signing_key(environ)), clock, terms_of(config, place))
    service.passwords.prepare()
    pages: Sequence[BaseRoute] = ()
    if config.browser:
        pages = Browser(view_of(service, file, environ)).routes()
    app = make_app(service, with_document(more), pages)
    return Server(Readable(app) if pages else app, place, begun=begun, ended=ended)


def view_of(service: Service, file: Path | None, environ: Mapping[str, str]) -> View:
    """What consoles in browsers need of a service."""

    async def login(request: Request, name: str, password: str) -> UserRow:
        return await service.logins.user(client(request.scope), name, password)

    def ours(asked: HTTPConnection) -> str:
        return own_origin(asked.scope)

    store = service.store
    return View(store.path, file, login, store.identity.users, ours, environ, service.clock)


class Said(logging.Handler):
    """What the service and its server have to say goes where all else is said, without tracebacks."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """One line; of an exception only its kind, for its words can be those of a request."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        text = record.getMessage().splitlines()[0] if record.getMessage() else ""
        self._tell(f"{text} ({kind})" if kind else text, _GRAVITY.get(record.levelno, 3))


def say_by(tell: Tell) -> None:
    """Have the service, its server and its loop say their errors through `tell(text, gravity)`."""
    for name, level in (
        ("socterm.service", logging.WARNING), ("uvicorn", logging.ERROR), ("asyncio", logging.ERROR),
    ):  # fmt: skip
        log = logging.getLogger(name)
        log.handlers = [Said(tell)]
        log.setLevel(level)
        log.propagate = False
