"""Users and tokens of the service, as they are kept. Implements `access.Identity`.

Passwords come here hashed, tokens as their digest: neither can be had back from the file. Every change is a
row of the audit trail, without either; such rows are not undone like decisions on alerts.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from socterm.errors import StoreError, UsageError
from socterm.store.connection import Allowed
from socterm.store.connections import Connections
from socterm.store.decide import trail
from socterm.store.decide.subjects import SUBJECTS, Subject
from socterm.store.jsontext import clean, from_json, to_json

ROLES: Final = ("read", "triage", "admin")
"""Each may do what the one before may."""

SCOPES: Final = ("ingest", *ROLES)
"""What a token can be for."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_USER: Final = "id, name, role, created, last_login, stamp, password"
_LISTED: Final = "id, name, scopes, author, created, expires, last_used, revoked"


class UserRow(msgspec.Struct, frozen=True):
    """A person who may log in. Times are of the clock (µs), 0 for never.

    `stamp` changes with password and role; `password` is the slow hash. Neither is for anybody's eyes.
    """

    id: int
    name: str
    role: str
    created: int
    last_login: int
    stamp: str
    password: str

    def __repr__(self) -> str:
        return f"UserRow(id={self.id}, name={self.name!r}, role={self.role!r})"


class TokenRow(msgspec.Struct, frozen=True):
    """What is known of a token. Times are of the clock (µs), 0 for never."""

    id: int
    name: str
    scopes: tuple[str, ...]
    author: str
    created: int
    expires: int
    last_used: int
    revoked: int

    def good(self, now: int) -> bool:
        """Whether it may still be used."""
        return not self.revoked and (not self.expires or now < self.expires)


def still(name: str, stamp: str) -> Allowed:
    """Whether somebody is still who logged in, for `open_store`: neither role nor password is another."""

    def check(db: sqlite3.Connection) -> None:
        if not db.execute("SELECT 1 FROM users WHERE name = ? AND stamp = ?", (name, stamp)).fetchone():
            raise StoreError("your login has ended: your role or password was changed")

    return check


class IdentityDesk:
    """Users and tokens of one store; safe from any thread."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    # -- users ---------------------------------------------------------------------------

    def users(self) -> list[UserRow]:
        """All of them, by name."""
        with self._connections.snapshot() as db:
            return [UserRow(*row) for row in db.execute(f"SELECT {_USER} FROM users ORDER BY name")]

    def user(self, name: str) -> UserRow | None:
        """One by name, in either case; None where there is none."""
        with self._connections.snapshot() as db:
            return _user(db, clean(name))

    def add_user(self, name: str, role: str, password: str, *, actor: str, now: int) -> UserRow:
        """Let a person log in; `password` is its hash. Raises UsageError for a name or role that is none."""
        sound(name, (role,), ROLES)
        with self._connections.writing() as db:
            if _user(db, name):
                raise UsageError(f"there is a user {name} already: give another name")
            made = db.execute(
                "INSERT INTO users (name, role, password, stamp, created) VALUES (?, ?, ?, ?, ?)",
                (name, role, password, secrets.token_hex(8), now),
            )
            _audit(db, "user", int(made.lastrowid or 0), "add user", {}, _known(name, role), actor, now)
            return _needed(db, name)

    def change_user(
        self, name: str, *, actor: str, now: int, role: str | None = None, password: str | None = None
    ) -> UserRow:
        """Give a user another role or password (its hash), or both; their logins end.

        Raises UsageError where there is none of this name, or for a role that is none.
        """
        with self._connections.writing() as db:
            was = _needed(db, name)
            sound(was.name, (role or was.role,), ROLES)
            db.execute(
                "UPDATE users SET role = ?, password = ?, stamp = ? WHERE id = ?",
                (role or was.role, password or was.password, secrets.token_hex(8), was.id),
            )
            before, after = _known(was.name, was.role), _known(was.name, role or was.role)
            for verb, given in (("change role", role), ("change password", password)):
                if given is not None:
                    _audit(db, "user", was.id, verb, before, after, actor, now)
                    before = after
            return _needed(db, name)

    def rehash(self, user: UserRow, password: str) -> None:
        """Keep the same password under a better hash, unless it was changed meanwhile; logins go on."""
        with self._connections.writing() as db:
            db.execute(
                "UPDATE users SET password = ? WHERE id = ? AND stamp = ?", (password, user.id, user.stamp)
            )

    def remove_user(self, name: str, *, actor: str, now: int) -> None:
        """Let a user log in no more; what they decided stays. Raises UsageError where there is none."""
        with self._connections.writing() as db:
            was = _needed(db, name)
            db.execute("DELETE FROM users WHERE id = ?", (was.id,))
            _audit(db, "user", was.id, "remove user", _known(was.name, was.role), {}, actor, now)

    def logged_in(self, user: UserRow, now: int) -> None:
        """Note when a user logged in."""
        with self._connections.writing() as db:
            db.execute("UPDATE users SET last_login = ? WHERE id = ?", (now, user.id))

    # -- tokens --------------------------------------------------------------------------

    def tokens(self) -> list[TokenRow]:
        """All that were ever made, the newest first."""
        with self._connections.snapshot() as db:
            return [_token(row) for row in db.execute(f"SELECT {_LISTED} FROM tokens ORDER BY id DESC")]

    def token(self, digest: bytes) -> TokenRow | None:
        """The token with this SHA-256, good or not; None where there never was one."""
        with self._connections.snapshot() as db:
            row = db.execute(f"SELECT {_LISTED} FROM tokens WHERE digest = ?", (digest,)).fetchone()
        return _token(row) if row else None

    def add_token(
        self, name: str, digest: bytes, scopes: Sequence[str], *, actor: str, now: int, expires: int = 0
    ) -> TokenRow:
        """Keep the digest of a new token. Raises UsageError for a name or scope that is none."""
        sound(name, scopes, SCOPES)
        chosen = [scope for scope in SCOPES if scope in scopes]
        with self._connections.writing() as db:
            made = db.execute(
                "INSERT INTO tokens (name, digest, scopes, author, created, expires) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (name, digest, to_json(chosen), clean(actor), now, expires),
            )
            after = {"name": name, "scopes": chosen, "expires": expires}
            ident = int(made.lastrowid or 0)
            _audit(db, "token", ident, "add token", {}, after, actor, now)
            return _by_number(db, ident)

    def revoke_token(self, ident: int, *, actor: str, now: int) -> TokenRow:
        """Let a token be good no more. Raises UsageError where there is none, or it is revoked."""
        with self._connections.writing() as db:
            was = _by_number(db, ident)
            if was.revoked:
                raise UsageError(f"token {ident} is revoked already")
            db.execute("UPDATE tokens SET revoked = ? WHERE id = ?", (now, ident))
            about = {"name": was.name, "scopes": list(was.scopes), "expires": was.expires}
            _audit(db, "token", ident, "revoke token", about, {**about, "revoked": now}, actor, now)
            return _by_number(db, ident)

    def token_used(self, ident: int, now: int) -> None:
        """Note when a token was used; the caller sees to it that this is not at every use."""
        with self._connections.writing() as db:
            db.execute("UPDATE tokens SET last_used = max(last_used, ?) WHERE id = ?", (now, ident))

    # -- both ----------------------------------------------------------------------------

    def anybody(self, now: int) -> bool:
        """Whether there is a user or a good token at all."""
        with self._connections.snapshot() as db:
            found = db.execute(
                "SELECT EXISTS (SELECT 1 FROM users) OR EXISTS "
                "(SELECT 1 FROM tokens WHERE revoked = 0 AND (expires = 0 OR expires > ?))",
                (now,),
            ).fetchone()
        return bool(found[0])


def sound(name: str, given: Sequence[str], known: Sequence[str]) -> None:
    """Raises UsageError for a name that nobody can have, or for what is none of the known roles or scopes."""
    if not _NAME.fullmatch(name):
        raise UsageError("a name is letters, digits, '.', '_', '-' and '@', at most 64, such as ann")
    if name.lower() == trail.SYSTEM:
        raise UsageError(f"{trail.SYSTEM} is the name of the software itself: give another one")
    for one in given:
        if one not in known:
            raise UsageError(f"{one!r} is none of {', '.join(known)}")
    if not given:
        raise UsageError(f"a token is for something: {', '.join(known)}")


def _user(db: sqlite3.Connection, name: str) -> UserRow | None:
    row = db.execute(f"SELECT {_USER} FROM users WHERE name = ?", (name,)).fetchone()
    return UserRow(*row) if row else None


def _needed(db: sqlite3.Connection, name: str) -> UserRow:
    found = _user(db, clean(name))
    if found is None:
        raise UsageError(f"there is no user {name}: socterm users list shows those there are")
    return found


def _token(row: tuple[Any, ...]) -> TokenRow:
    values = list(row)
    values[2] = tuple(from_json(row[2]))
    return TokenRow(*values)


def _by_number(db: sqlite3.Connection, ident: int) -> TokenRow:
    row = db.execute(f"SELECT {_LISTED} FROM tokens WHERE id = ?", (ident,)).fetchone()
    if row is None:
        raise UsageError(f"there is no token {ident}: socterm tokens list shows those there are")
    return _token(row)


def _known(name: str, role: str) -> dict[str, Any]:
    return {"name": name, "role": role}


def _audit(
    db: sqlite3.Connection, kind: str, ident: int, verb: str, before: Any, after: Any, actor: str, now: int
) -> None:
    entry = trail.Entry(0, verb, before, after, about=f"{kind}:{ident}")
    trail.append(db, [entry], actor=actor, now=now)


def _never(_db: sqlite3.Connection, ident: int, _state: dict[str, Any], _now: int) -> None:
    raise UsageError(f"what was decided about user or token {ident} is not undone: decide anew")


for _kind in ("user", "token"):
    SUBJECTS[_kind] = Subject(lambda _db, _ident: {}, _never, frozenset())
