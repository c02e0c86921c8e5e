"""Logins of half an hour as signed tokens (JWT, RFC 7519), and the key that signs them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import jwt

from socterm import secrets as kept
from socterm.errors import SoctermError

ALGORITHM: Final = "HS256"
AUDIENCE: Final = "socterm-api"
LIFETIME: Final = 1800
"""Seconds a login lasts."""

KEY_NAME: Final = "api-key"
LEAST_KEY: Final = 32
"""Bytes, RFC 7518 section 3.2: no less than the hash has."""

_CLAIMS: Final = ("aud", "exp", "iat", "jti", "sub", "scope", "stamp")


class Login(NamedTuple):
    """What a signed token says: whose, for what, and of which `stamp` of that user."""

    user: str
    scopes: tuple[str, ...]
    stamp: str
    expires: int


class Signer:
    """Signs logins and reads them back. `now` is the wall clock in seconds, handed in."""

    def __init__(self, key: kept.Secret) -> None:
        if len(key.reveal().encode()) < LEAST_KEY:
            raise SoctermError(f"the secret {KEY_NAME} is too short: it takes {LEAST_KEY} characters or more")
        self._key = key

    def sign(self, user: str, scopes: Sequence[str], stamp: str, now: int) -> str:
        """A token for somebody who has just shown their password."""
        claims = {
            "iss": "socterm", "aud": AUDIENCE, "sub": user, "scope": " ".join(scopes), "stamp": stamp,
            "iat": now, "exp": now + LIFETIME, "jti": secrets.token_hex(12),
        }  # fmt: skip
        return jwt.encode(claims, self._key.reveal(), algorithm=ALGORITHM)

    def read(self, token: str, now: int) -> Login | None:
        """What it says; None for one that is not ours, is not for here, or has had its time."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key.reveal(),
                algorithms=[ALGORITHM],  # pinned: what the token itself names is never believed
                audience=AUDIENCE,
                issuer="socterm",
                # Times are compared below with the clock that was handed in.
                options={"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False},
            )
            login = Login(
                str(claims["sub"]), tuple(str(claims["scope"]).split()), str(claims["stamp"]), claims["exp"]
            )
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            return None
        whole = isinstance(login.expires, int)
        return login if whole and now < login.expires <= now + LIFETIME else None


def signing_key(environ: Mapping[str, str]) -> kept.Secret:
    """The key as a person gave it, else one of our own that is made once and kept among the secrets."""
    path = kept.own_file(KEY_NAME, environ)
    if not _given(path, environ):
        _make(path)
    return kept.held(KEY_NAME, environ)


def _given(path: Path, environ: Mapping[str, str]) -> bool:
    handed = Path(environ.get("CREDENTIALS_DIRECTORY", ""), KEY_NAME)
    return (
        path.exists() or kept.variable_of(KEY_NAME) in environ or (handed.is_absolute() and handed.exists())
    )


def _make(path: Path) -> None:
    """A new key. Whoever comes second takes that of the first: it is there whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first
        finally:
            draft.unlink()
    except OSError as error:
        raise SoctermError(f"cannot keep the key of logins in {path}: {error.strerror}") from error
