"""`socterm serve`: `run`, with the service beside it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from socterm.cli.group import ingest_options
from socterm.cli.renewing import Key, Renewal
from socterm.cli.run import follow
from socterm.cli.saying import INFO, WARNING, say
from socterm.cli.settings import clock, configure
from socterm.cli.signals import on_signals
from socterm.cli.wiring import open_writer, specs_of
from socterm.config import Config
from socterm.errors import LeaseHeldError, SoctermError
from socterm.pipeline.sdnotify import Manager, of_this_process
from socterm.pipeline.status import IngestStatus, waiting
from socterm.pipeline.supervision import Supervision
from socterm.sources.hub import Hub
from socterm.store import Store, open_store

if TYPE_CHECKING:
    from socterm.service.server import Server
    from socterm.store.ingest.writer import Writer

TICK = 1.0
"""Seconds between two signs of life where nothing is ingested."""

ASKED = ("db", "api", "llm", "analyst", "actor")
"""Settings that are of any concern where nothing is ingested."""


class ServerPart:
    """The service under a configuration that is read anew: its certificate and the CA of its clients."""

    RENEWED = frozenset({("api", "cert"), ("api", "key"), ("api", "client_ca")})

    def __init__(self, server: Server) -> None:
        self._server = server

    def takes(self, before: Config, now: Config, key: Key) -> bool:
        """As `socterm.cli.renewing.Part` says. To begin or end with TLS, or with asking, takes a restart."""
        asked = (before.api.client_ca, now.api.client_ca) if key == ("api", "client_ca") else ()
        return key in self.RENEWED and None not in (before.api.cert, now.api.cert, *asked)

    def prepared(self, config: Config) -> Callable[[], None]:
        """As `socterm.cli.renewing.Part` says."""
        return self._server.renewed(config.api.cert, config.api.key, config.api.client_ca)


@click.command()
@ingest_options
@click.option("--listen", metavar="ADDR:PORT", help="Where, e.g. 127.0.0.1:8514; port 0 takes any.")
@click.option("--cert", type=click.Path(path_type=Path), metavar="FILE", help="Certificate (PEM), for TLS.")
@click.option("--key", type=click.Path(path_type=Path), metavar="FILE", help="Its key (PEM).")
@click.option("--behind-proxy", is_flag=True, default=None, help="A proxy of yours does TLS, says who asks.")
@click.option("--browser", is_flag=True, default=None, help="The console in browsers, behind a login.")
@click.option("--no-ingest", is_flag=True, help="Only serve what is stored.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing but errors.")
def serve(no_ingest: bool, quiet: bool, **options: Any) -> None:
    """Ingest as `run` does, and answer over HTTP: alerts, incidents, events, decisions; logs can be posted.

    An address that others reach needs a certificate or --behind-proxy, and a user or token. Where another
    process ingests into the store this one only serves it.
    """
    manager = of_this_process()
    config = configure(options)
    specs = [] if no_ingest else specs_of(config, options)
    _needed()
    writer = None if no_ingest else _writer(config)
    stop = threading.Event()
    try:
        with open_store(config.db) as store:
            if writer is None:
                server = _open(store, config, stop, options.get("config"))
                renew = Renewal(
                    config, options, manager, [ServerPart(server)],
                    status=_serving, sections=ASKED, quiet=quiet,
                )  # fmt: skip
                _only_serve(server, manager, stop, renew)
            else:
                hub = Hub()
                server = _open(store, config, stop, options.get("config"), hub)
                follow(
                    writer, config, specs, options, manager,
                    quiet=quiet, beside=(server,), renewed=(ServerPart(server),), stop=stop, hub=hub,
                )  # fmt: skip
            if server.note:
                raise SoctermError(server.note)
    finally:
        if writer is not None:
            writer.close()


def _needed() -> None:
    try:
        import jwt  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise SoctermError(f"this needs {error.name}: pip install 'socterm[api]'") from None


def _writer(config: Config) -> Writer | None:
    """The store for ingest; None where another process has it, which is said."""
    try:
        return open_writer(config)
    except LeaseHeldError as held:
        say(f"{held.holder} ingests into this store: this process only serves it", WARNING)
        return None


def _open(
    store: Store, config: Config, stop: threading.Event, file: Path | None, hub: Hub | None = None
) -> Server:
    """The service; with `hub` it takes logs, too."""
    from socterm.analyst import open_backend
    from socterm.cli.ask import analyst_of
    from socterm.service.chat import chat_endpoints
    from socterm.service.intake.table import intake_endpoints
    from socterm.service.serving import open_server, say_by

    say_by(say)
    more = chat_endpoints(partial(analyst_of, store, config, open_backend(config.llm)))
    if hub is not None:
        more += intake_endpoints(hub, local=not config.api.behind_proxy)
    server = open_server(
        store, config.api, os.environ, clock=clock, more=more, file=file, begun=_begun, ended=stop.set
    )
    if not store.identity.anybody(clock()):
        say("there is no user and no token yet, so nobody may ask: socterm users add NAME", WARNING)
    return server


def _begun(url: str) -> None:
    say(f"serving {url}", INFO)


def _serving() -> IngestStatus:
    return waiting("serving")


def _only_serve(server: Server, manager: Manager, stop: threading.Event, renew: Callable[[], None]) -> None:
    """Without an ingest there is nothing to do in this thread but to say that it is well."""
    rounds = 0
    supervision = Supervision(manager, lambda: rounds, _serving)
    on_signals(stop.set, renew)
    supervision.start()
    server.start()
    try:
        while not stop.wait(TICK):
            rounds += 1
    finally:
        server.close()
        supervision.close()
