"""Passwords as slow hashes: argon2id where the wheel is there, scrypt of the standard library where not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import threading
from collections.abc import Callable
from typing import Final, NamedTuple

from socterm.errors import UsageError

LEAST: Final = 10
LONGEST: Final = 1024
"""Characters; no more are hashed, or a login could be made to cost as much as somebody likes."""

AT_ONCE: Final = 2
"""Hashes that are worked out at a time, whoever asks for them: each takes 64 MiB and a tenth of a second."""

ARGON_KIB: Final = 64 << 10
ARGON_ROUNDS: Final = 3
SCRYPT_N: Final = 1 << 15
SCRYPT_R: Final = 8
_SCRYPT_MEMORY: Final = 64 << 20


class Kind(NamedTuple):
    """One way to hash: its mark at the beginning, how to make one and how to compare."""

    mark: str
    make: Callable[[str], str]
    fits: Callable[[str, str], bool]


class Passwords:
    """Makes hashes and compares them. `argon2` False does without the wheel, as where it is missing.

    `calls` counts the hashes worked out: a login costs exactly one, whether there is such a user or not.
    """

    def __init__(self, *, argon2: bool = True) -> None:
        argon = _argon2() if argon2 else None
        self._kinds = [kind for kind in (argon, _SCRYPT) if kind is not None]
        self.calls = 0
        self._nobody = ""
        self._working = threading.BoundedSemaphore(AT_ONCE)

    @property
    def best(self) -> str:
        """The mark of new hashes."""
        return self._kinds[0].mark

    def make(self, password: str) -> str:
        """The hash of a new password. Raises UsageError where it is too short or too long."""
        if not LEAST <= len(password) <= LONGEST:
            raise UsageError(f"a password has {LEAST} to {LONGEST} characters")
        with self._working:
            self.calls += 1
            return self._kinds[0].make(_usable(password))

    def prepare(self) -> None:
        """Make the hash of nobody's password, once, before the first login is tried."""
        self._nobody = self._nobody or self._kinds[0].make(base64.b64encode(os.urandom(18)).decode())

    def fits(self, stored: str | None, password: str) -> bool:
        """Whether a password is the one of a stored hash; None, for a user who is not there, costs the same.

        A hash of a kind that is not known here costs the same too, and fits nothing.
        """
        self.prepare()
        kind = next((one for one in self._kinds if stored is not None and stored.startswith(one.mark)), None)
        given = _usable(password[:LONGEST])
        with self._working:
            self.calls += 1
            if kind is None or stored is None:
                self._kinds[0].fits(self._nobody, given)
                return False
            return kind.fits(stored, given) and len(password) <= LONGEST

    def outdated(self, stored: str) -> bool:
        """Whether a hash is of another kind than new ones are."""
        return not stored.startswith(self.best)


def _usable(password: str) -> str:
    """Text that has bytes: what a form cannot have said in UTF-8 fits nothing anyway."""
    return password.encode("utf-8", "replace").decode()


def _argon2() -> Kind | None:
    try:
        from argon2 import PasswordHasher  # noqa: PLC0415 - the wheel may be missing
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415
    except ImportError:
        return None
    hasher = PasswordHasher(time_cost=ARGON_ROUNDS, memory_cost=ARGON_KIB, parallelism=1)

    def fits(stored: str, password: str) -> bool:
        try:
            return hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    return Kind("$argon2id$", hasher.hash, fits)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=salt, n=SCRYPT_N, r=SCRYPT_R, p=1, maxmem=_SCRYPT_MEMORY, dklen=32
    )


def _make_scrypt(password: str) -> str:
    salt = os.urandom(16)
    return "$".join(["", "scrypt", _text(salt), _text(_scrypt(password, salt))])


def _fits_scrypt(stored: str, password: str) -> bool:
    try:
        _, _, salt, digest = stored.split("$")
        wanted = base64.b64decode(digest, validate=True)
        return hmac.compare_digest(_scrypt(password, base64.b64decode(salt, validate=True)), wanted)
    except ValueError:
        return False


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


_SCRYPT: Final = Kind("$scrypt$", _make_scrypt, _fits_scrypt)
