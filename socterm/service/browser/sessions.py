"""Who is logged in from a browser. In memory: a restart of the service logs everybody out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from socterm.store.doors.identity import UserRow

COOKIE: Final = "socterm_session"

LIFE: Final = 12 * 3600 * 1_000_000
"""µs after which one has to log in again."""

MOST: Final = 1000
"""Sessions kept; the oldest is logged out for one more."""

OF_ONE: Final = 20
"""Sessions of one person, likewise: nobody logs others out by logging in."""


class Login(NamedTuple):
    """What a browser is told at a login: a cookie, and a key that only pages of this origin can read."""

    cookie: str
    key: str


class Session:
    """One login. `over` is set when it ends, however it ends: all its windows then close."""

    def __init__(self, user: UserRow, key: str, until: int) -> None:
        self.name = user.name
        self.role = user.role
        self.stamp = user.stamp
        self.until = until
        self.over = asyncio.Event()
        self._key = _hash(key)

    def fits(self, key: str) -> bool:
        """Whether this is the key that the login was answered with."""
        return hmac.compare_digest(self._key, _hash(key))


class Sessions:
    """Logins by the secret in the browser's cookie; of it and of the key only hashes are kept here."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._found: dict[bytes, Session] = {}

    def begin(self, user: UserRow) -> Login:
        """Log in."""
        own = [key for key, session in self._found.items() if session.name == user.name]
        if len(own) >= OF_ONE:
            self._drop(own[0])
        while len(self._found) >= MOST:
            self._drop(next(iter(self._found)))
        login = Login(secrets.token_urlsafe(32), secrets.token_urlsafe(32))
        self._found[_hash(login.cookie)] = Session(user, login.key, self._clock() + LIFE)
        return login

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

    def expire(self) -> None:
        """Log out whose time is over."""
        now = self._clock()
        for key in [key for key, session in self._found.items() if session.until <= now]:
            self._drop(key)

    def look(self, users: Iterable[UserRow]) -> None:
        """Log out who are no user any more, or whose role or password changed."""
        stamps = {user.name: user.stamp for user in users}
        for key, session in list(self._found.items()):
            if stamps.get(session.name) != session.stamp:
                self._drop(key)

    def __len__(self) -> int:
        return len(self._found)

    def _drop(self, key: bytes) -> None:
        session = self._found.pop(key, None)
        if session is not None:
            session.over.set()


def cookie_name(origin: str) -> str:
    """The name of the cookie of one origin. Browsers keep one jar for all ports of a host: the port is in it.

    >>> cookie_name("http://127.0.0.1:8514"), cookie_name("https://soc.example")
    ('socterm_session_8514', 'socterm_session')
    """
    port = origin.rpartition(":")[2]
    return f"{COOKIE}_{port}" if port.isdigit() else COOKIE


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
