"""From what stands in a request's `Authorization` to who asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from socterm.errors import StoreError
from socterm.service.identity import Principal, granted
from socterm.service.problems import unauthorised
from socterm.service.signing import Signer
from socterm.service.tokens import MARK, digest, new_token
from socterm.store.access import Identity

NOTED: Final = 60_000_000
"""µs between two notes that a token was used."""

LONGEST: Final = 4096
"""Characters of a token that are looked at."""


class Authenticator:
    """Says who asks. One for all threads; `clock` is the wall clock in µs."""

    def __init__(self, identity: Identity, signer: Signer, clock: Callable[[], int]) -> None:
        self._identity = identity
        self._signer = signer
        self._clock = clock
        self._noted: dict[int, int] = {}
        self.unnoted = 0
        """How often the use of a token could not be written down: the store was busy or the disk full."""

    def who(self, authorization: str | None) -> Principal:
        """The principal of an `Authorization: Bearer …`.

        Raises `RequestError` (401) where there is none, or it is unknown, expired, revoked, or of a user who
        was removed or whose password or role has changed since.
        """
        kind, _, token = (authorization or "").strip().partition(" ")
        token = token.strip()
        if kind.lower() != "bearer" or not token:
            raise unauthorised("log in first: send Authorization: Bearer TOKEN")
        if len(token) > LONGEST:
            raise unauthorised("the token is not known here")
        found = self._program(token) if token.startswith(MARK) else self._person(token)
        if found is None:
            raise unauthorised("the token is not known here, was revoked or has expired")
        return found

    def _program(self, token: str) -> Principal | None:
        now = self._clock()
        row = self._identity.token(digest(token))
        if row is None or not row.good(now):
            return None
        self._note(row.id, now)
        return Principal(f"token:{row.name}#{row.id}", granted(row.scopes), row.id, row.name)

    def _person(self, token: str) -> Principal | None:
        login = self._signer.read(token, self._clock() // 1_000_000)
        user = self._identity.user(login.user) if login else None
        if login is None or user is None or user.stamp != login.stamp:
            return None
        return Principal(user.name, granted([user.role]) & granted(login.scopes))

    def _note(self, ident: int, now: int) -> None:
        """A write each time would have every request wait for the ingest's commits."""
        if abs(now - self._noted.get(ident, 0)) < NOTED:
            return
        self._noted[ident] = now
        try:
            self._identity.token_used(ident, now)
        except StoreError:
            self.unnoted += 1


__all__ = ["Authenticator", "digest", "new_token"]
