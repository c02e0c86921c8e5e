"""Who is logged in from a browser. In memory: a restart of the service logs everybody out."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import Final

from socterm.store.doors.identity import UserRow

COOKIE: Final = "socterm_session"

LIFE: Final = 12 * 3600 * 1_000_000
"""µs after which one has to log in again."""

MOST: Final = 1000
"""Sessions kept; the oldest is logged out for one more."""


class Session:
    """One login. `over` is set when it ends, however it ends: all its windows then close."""

    def __init__(self, name: str, role: str, stamp: str, until: int) -> None:
        self.name = name
        self.role = role
        self.stamp = stamp
        self.until = until
        self.over = asyncio.Event()


class Sessions:
    """Logins by the secret that the browser keeps; of that only the hash is kept here."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._found: dict[bytes, Session] = {}

    def begin(self, user: UserRow) -> str:
        """Log in; the secret for the browser's cookie."""
        while len(self._found) >= MOST:
            self._drop(next(iter(self._found)))
        secret = secrets.token_urlsafe(32)
        self._found[_hash(secret)] = Session(user.name, user.role, user.stamp, self._clock() + LIFE)
        return secret

    def of(self, secret: str | None) -> Session | None:
        """Whose secret this is, as long as the login is good."""
        key = _hash(secret or "")
        session = self._found.get(key)
        if session is not None and session.until <= self._clock():
            self._drop(key)
            return None
        return session

    def end(self, secret: str | None) -> None:
        """Log out."""
        self._drop(_hash(secret or ""))

    def look(self, users: Iterable[UserRow]) -> None:
        """Log out whose time is over, who are no user any more, or whose role or password changed."""
        now, stamps = self._clock(), {user.name: user.stamp for user in users}
        for key, session in list(self._found.items()):
            if session.until <= now or stamps.get(session.name) != session.stamp:
                self._drop(key)

    def __len__(self) -> int:
        return len(self._found)

    def _drop(self, key: bytes) -> None:
        session = self._found.pop(key, None)
        if session is not None:
            session.over.set()


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
