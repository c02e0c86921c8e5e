"""A name and a password for half an hour of access."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import anyio
from anyio import to_thread
from pydantic import Field

from socterm.errors import StoreError
from socterm.service.answers import Asked, Told
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.frame.asgi import client
from socterm.service.frame.rates import too_often
from socterm.service.identity import granted
from socterm.service.limiter import Limiter
from socterm.service.passwords import AT_ONCE, LONGEST, Passwords
from socterm.service.problems import RequestError
from socterm.service.signing import LIFETIME, Signer

if TYPE_CHECKING:
    from socterm.store.access import Identity
    from socterm.store.doors.identity import UserRow

WAITING: Final = 20
"""Logins that may wait for that; more are turned away."""

A_MINUTE: Final = 5
"""Tries from one address, and for one user."""


class LoginForm(Asked):
    """RFC 6749, section 4.3.2. `scope` asks for less than the role allows."""

    username: Annotated[str, Field(max_length=200)]
    password: Annotated[str, Field(max_length=LONGEST)]
    grant_type: Literal["password"]
    scope: Annotated[str, Field(max_length=200)] = ""


class LoginAnswer(Told):
    """The token goes into `Authorization: Bearer …`; `expires_in` is in seconds."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    scope: str


class Logins:
    """Tries of names and passwords, counted and one after another."""

    def __init__(
        self, identity: Identity, passwords: Passwords, signer: Signer, clock: Callable[[], int]
    ) -> None:
        self._identity = identity
        self._passwords = passwords
        self._signer = signer
        self._clock = clock
        self._by_address = Limiter(A_MINUTE, 60_000_000, clock)
        self._by_user = Limiter(A_MINUTE, 60_000_000, clock)
        self._working = anyio.CapacityLimiter(AT_ONCE)
        self._waiting = 0
        self.unnoted = 0
        """How often a login could not be written down: the store was busy or the disk full."""

    async def login(self, address: str, form: LoginForm) -> dict[str, Any]:
        """A signed token. Raises `RequestError`: 401 for a wrong name or password (which, it does not say),
        400 for scopes that the role has not, 429 for too many tries.
        """
        user = await self.user(address, form.username, form.password)
        allowed = granted([user.role])
        wanted = frozenset(form.scope.split()) or allowed
        if not wanted <= allowed:
            raise RequestError(400, "scope", f"as {user.role} you may ask for {' '.join(sorted(allowed))}")
        scopes = sorted(granted(wanted))
        return {
            "access_token": self._signer.sign(user.name, scopes, user.stamp, self._clock() // 1_000_000),
            "token_type": "bearer",
            "expires_in": LIFETIME,
            "scope": " ".join(scopes),
        }

    async def user(self, address: str, name: str, password: str) -> UserRow:
        """Who this is. Raises `RequestError`: 401 for a wrong name or password, 429 for too many tries."""
        # Both are counted before either is judged: no address may use up a user's tries by the thousand.
        seconds = self._by_address.wait(address) or self._by_user.wait(name.lower())
        if seconds:
            raise too_often(seconds)
        if self._waiting >= WAITING:
            raise too_often(1)
        self._waiting += 1
        try:
            return await to_thread.run_sync(self._try, name, password, limiter=self._working)
        finally:
            self._waiting -= 1

    def _try(self, name: str, password: str) -> UserRow:
        user = self._identity.user(name)
        if not self._passwords.fits(user.password if user else None, password) or user is None:
            raise RequestError(
                401, "login", "the name or the password is wrong", {"WWW-Authenticate": "Bearer"}
            )
        self._note(user, password, self._clock())
        return user

    def _note(self, user: UserRow, password: str, now: int) -> None:
        """When it was; and the password under the better hash, where it was made without the wheel."""
        try:
            if self._passwords.outdated(user.password):
                self._identity.rehash(user, self._passwords.make(password))
            self._identity.logged_in(user, now)
        except StoreError:
            self.unnoted += 1


async def _login(call: Call[Nothing, LoginForm]) -> dict[str, Any]:
    return await call.service.logins.login(client(call.request.scope), call.body)


ENDPOINTS: Final = (
    Endpoint(
        "POST",
        "/api/v1/auth/token",
        "Log in with name and password; the token is good for half an hour",
        _login,
        scope="",
        body=LoginForm,
        form=True,
        answer=LoginAnswer,
        others=(401,),
    ),
)
