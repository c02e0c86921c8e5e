"""What endpoints work with: the store, who may, and the clock; and what goes around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from socterm.service.answers import Answer
from socterm.service.bearer import Authenticator
from socterm.service.endpoints import Endpoint, routes, searches, threads
from socterm.service.frame.failures import Failures, problem_of
from socterm.service.frame.headers import Headers
from socterm.service.frame.hosts import Hosts
from socterm.service.frame.origins import Origins
from socterm.service.frame.rates import Rates
from socterm.service.limiter import Limiter
from socterm.service.login import Logins
from socterm.service.passwords import Passwords
from socterm.service.signing import Signer
from socterm.service.stream import socket_of
from socterm.store import Store

MINUTE: Final = 60_000_000
REQUESTS: Final = 600
"""Requests an address may make a minute, unless the configuration says otherwise."""


@dataclass(frozen=True)
class Terms:
    """The names this service goes by, pages that may ask besides its own, requests of an address a minute."""

    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    origins: tuple[str, ...] = ()
    requests: int = REQUESTS


@dataclass(frozen=True)
class Service:
    """One store, served. `clock` is the wall clock in µs."""

    store: Store
    signer: Signer
    clock: Callable[[], int]
    terms: Terms = Terms()
    passwords: Passwords = field(default_factory=Passwords)
    threads: anyio.CapacityLimiter = field(default_factory=threads)
    searches: anyio.CapacityLimiter = field(default_factory=searches)
    doorman: Authenticator = field(init=False)
    logins: Logins = field(init=False)

    def __post_init__(self) -> None:
        identity = self.store.identity
        object.__setattr__(self, "doorman", Authenticator(identity, self.signer, self.clock))
        object.__setattr__(self, "logins", Logins(identity, self.passwords, self.signer, self.clock))


def make_app(service: Service, endpoints: Iterable[Endpoint], pages: Sequence[BaseRoute] = ()) -> Starlette:
    """The ASGI application of a table of endpoints and of `pages`, with all that goes around them."""
    table = list(endpoints)
    free = frozenset(endpoint.path for endpoint in table if not endpoint.counted)
    terms = service.terms
    return Starlette(
        routes=[*routes(service, table), socket_of(service), *pages],
        middleware=[
            Middleware(Headers),
            Middleware(Failures),
            Middleware(Hosts, terms.hosts),
            Middleware(Origins, terms.origins),
            Middleware(Rates, Limiter(terms.requests, MINUTE, service.clock), free),
        ],
        exception_handlers={HTTPException: _by_routing},
    )


async def _by_routing(_request: Request, error: Exception) -> Response:
    found = problem_of(error)
    return Answer(found.body(), found.status, found.headers)
