"""A service over a small store, asked in this process; a clock that stands until a test moves it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from socterm.secrets import Secret
from socterm.service.endpoints import Endpoint
from socterm.service.passwords import Passwords
from socterm.service.service import Service, Terms, make_app
from socterm.service.signing import Signer
from socterm.service.table import ENDPOINTS
from socterm.service.tokens import new_token
from socterm.store import open_store
from tests.store_samples import NOW, alerted

PASSWORD = "correct horse battery"
HOST = "127.0.0.1:8514"
PLENTY = Terms(requests=100_000)


class Clock:
    """The wall clock, in µs."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


class Scene:
    """A service with a store of three alerts; tokens are made as they are asked for."""

    def __init__(
        self, path: Path, *, terms: Terms = PLENTY, argon2: bool = False, fresh: bool = True
    ) -> None:
        if fresh:
            alerted(path, 1, 2, 3).close()
        self.clock = Clock()
        self.store = open_store(path)
        self.passwords = Passwords(argon2=argon2)
        self.service = Service(self.store, Signer(Secret("k" * 64)), self.clock, terms, self.passwords)
        self._tokens: dict[tuple[str, ...], str] = {}

    def user(self, name: str, role: str) -> None:
        """Somebody whose password is `PASSWORD`."""
        self.store.identity.add_user(name, role, self.passwords.make(PASSWORD), actor="root", now=NOW)

    def token(self, *scopes: str, expires: int = 0) -> str:
        """A token; the same one for the same scopes."""
        if expires:
            return self._new(scopes, expires)
        if scopes not in self._tokens:
            self._tokens[scopes] = self._new(scopes, 0)
        return self._tokens[scopes]

    def _new(self, scopes: tuple[str, ...], expires: int) -> str:
        token, digest = new_token()
        self.store.identity.add_token("test", digest, scopes, actor="root", now=NOW, expires=expires)
        return token

    def bearer(self, *scopes: str) -> dict[str, str]:
        """Headers of somebody who may that."""
        return {"Authorization": f"Bearer {self.token(*scopes)}"}

    @asynccontextmanager
    async def client(
        self, endpoints: Iterable[Endpoint] = ENDPOINTS, *, address: str = "192.0.2.1"
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Who asks, from an address of documentation."""
        transport = httpx.ASGITransport(make_app(self.service, endpoints), client=(address, 4000))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}", verify=False) as found:
            yield found


@pytest.fixture(name="scene")
def own_scene(tmp_path: Path) -> Iterator[Scene]:
    """One for each test."""
    made = Scene(tmp_path / "a.db")
    yield made
    made.store.close()


def code(response: httpx.Response) -> str:
    """The code of a failure, whose form is looked at on the way."""
    told: dict[str, Any] = response.json()
    assert response.headers["content-type"] == "application/json"
    assert set(told) == {"error"}
    assert {"code", "message"} <= set(told["error"]) <= {"code", "message", "position"}
    assert "\n" not in told["error"]["message"]
    return str(told["error"]["code"])
