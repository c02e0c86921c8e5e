"""The door to who may use the service; the others stand in `socterm.store.protocols`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from socterm.store.doors.identity import TokenRow, UserRow


class Identity(Protocol):
    """Who may use the service. Passwords come hashed and tokens as their digest; changes are audit rows."""

    def users(self) -> list[UserRow]:
        """All users, by name."""

    def user(self, name: str) -> UserRow | None:
        """One by name, in either case; None where there is none."""

    def add_user(self, name: str, role: str, password: str, *, actor: str, now: int) -> UserRow:
        """Let a person log in. Raises UsageError for a name that is taken or none, or a role that is none."""

    def change_user(
        self, name: str, *, actor: str, now: int, role: str | None = None, password: str | None = None
    ) -> UserRow:
        """Give a user another role or password; their logins end. Raises UsageError where there is none."""

    def rehash(self, user: UserRow, password: str) -> None:
        """Keep the same password under a better hash, unless it was changed meanwhile; logins go on."""

    def remove_user(self, name: str, *, actor: str, now: int) -> None:
        """Let a user log in no more. Raises UsageError where there is none."""

    def logged_in(self, user: UserRow, now: int) -> None:
        """Note when a user logged in."""

    def tokens(self) -> list[TokenRow]:
        """All that were ever made, the newest first."""

    def token(self, digest: bytes) -> TokenRow | None:
        """The token with this SHA-256, good or not; None where there never was one."""

    def add_token(
        self, name: str, digest: bytes, scopes: Sequence[str], *, actor: str, now: int, expires: int = 0
    ) -> TokenRow:
        """Keep the digest of a new token. Raises UsageError for a name or scope that is none."""

    def revoke_token(self, ident: int, *, actor: str, now: int) -> TokenRow:
        """Let a token be good no more. Raises UsageError where there is none, or it is revoked."""

    def token_used(self, ident: int, now: int) -> None:
        """Note when a token was used; the caller sees to it that this is not at every use."""

    def anybody(self, now: int) -> bool:
        """Whether there is a user or a good token at all."""
