"""Users and tokens over HTTP, for admins. No answer has a password or its hash; a token is told once."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from socterm.errors import UsageError
from socterm.service.answers import Asked, Moment, Told, moment
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.passwords import LEAST, LONGEST
from socterm.service.problems import RequestError
from socterm.service.tokens import new_token
from socterm.store.doors.identity import TokenRow, UserRow

Role = Literal["read", "triage", "admin"]
Scope = Literal["ingest", "read", "triage", "admin"]
Name = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")]
Password = Annotated[str, Field(min_length=LEAST, max_length=LONGEST)]
DAY: Final = 86_400_000_000


class User(Told):
    """A person who may log in."""

    name: str
    role: str
    created: Moment
    last_login: Moment


class Users(Told):
    """All of them, by name."""

    users: list[User]


class NewUser(Asked):
    """A person, and what they may."""

    name: Name
    role: Role
    password: Password


class UserChange(Asked):
    """Another role or another password; their logins end."""

    role: Role | None = None
    password: Password | None = None


class Token(Told):
    """What is known of a token."""

    id: int
    name: str
    scopes: list[str]
    author: str
    created: Moment
    expires: Moment
    last_used: Moment
    revoked: Moment


class Tokens(Told):
    """All that were ever made, the newest first."""

    tokens: list[Token]


class NewToken(Asked):
    """A program, and what it may; `days` is how long, 0 without end."""

    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=4)]
    days: Annotated[int, Field(ge=0, le=3650)] = 90


class MadeToken(Token):
    """A new token with the token itself, which is told here and never again."""

    token: str


def _user(row: UserRow) -> dict[str, Any]:
    times = {"created": moment(row.created), "last_login": moment(row.last_login)}
    return {"name": row.name, "role": row.role} | times


def token_json(row: TokenRow) -> dict[str, Any]:
    """A token as `Token` says."""
    return {
        "id": row.id, "name": row.name, "scopes": row.scopes, "author": row.author,
        "created": moment(row.created), "expires": moment(row.expires),
        "last_used": moment(row.last_used), "revoked": moment(row.revoked),
    }  # fmt: skip


def _who(call: Call[Any, Any]) -> dict[str, Any]:
    return {"actor": call.principal.name, "now": call.service.clock()}


def _list_users(call: Call[Nothing, Nothing]) -> dict[str, Any]:
    return {"users": [_user(row) for row in call.service.store.identity.users()]}


def _add_user(call: Call[Nothing, NewUser]) -> dict[str, Any]:
    asked, service = call.body, call.service
    if service.store.identity.user(asked.name):
        raise RequestError(409, "state", "there is a user of that name already")
    hashed = service.passwords.make(asked.password)
    return _user(service.store.identity.add_user(asked.name, asked.role, hashed, **_who(call)))


def _name_of(call: Call[Any, Any]) -> str:
    found = call.service.store.identity.user(call.place["name"])
    if found is None:
        raise RequestError(404, "not_found", "there is no user of that name")
    return found.name


def _change_user(call: Call[Nothing, UserChange]) -> dict[str, Any]:
    asked, service, name = call.body, call.service, _name_of(call)
    if asked.role is None and asked.password is None:
        raise RequestError(422, "value", "say a role or a password")
    hashed = None if asked.password is None else service.passwords.make(asked.password)
    return _user(service.store.identity.change_user(name, role=asked.role, password=hashed, **_who(call)))


def _remove_user(call: Call[Nothing, Nothing]) -> dict[str, Any]:
    name = _name_of(call)
    call.service.store.identity.remove_user(name, **_who(call))
    return {"removed": name}


class Removed(Told):
    """Who may log in no more."""

    removed: str


def _list_tokens(call: Call[Nothing, Nothing]) -> dict[str, Any]:
    return {"tokens": [token_json(row) for row in call.service.store.identity.tokens()]}


def _add_token(call: Call[Nothing, NewToken]) -> dict[str, Any]:
    asked, who = call.body, _who(call)
    token, digest = new_token()
    expires = who["now"] + asked.days * DAY if asked.days else 0
    row = call.service.store.identity.add_token(asked.name, digest, asked.scopes, expires=expires, **who)
    return token_json(row) | {"token": token}


def _revoke_token(call: Call[Nothing, Nothing]) -> dict[str, Any]:
    try:
        return token_json(call.service.store.identity.revoke_token(call.number, **_who(call)))
    except UsageError:
        raise RequestError(404, "not_found", "there is no such token, or it is revoked") from None


_USERS: Final = "/api/v1/users"
_TOKENS: Final = "/api/v1/tokens"

ENDPOINTS: Final = (
    Endpoint("GET", _USERS, "List users", _list_users, "admin", answer=Users),
    Endpoint(
        "POST", _USERS, "Let a person log in", _add_user, "admin",
        answer=User, body=NewUser, status=201, others=(409,),
    ),
    Endpoint(
        "PATCH", f"{_USERS}/{{name}}", "Give a user another role or password", _change_user, "admin",
        answer=User, body=UserChange,
    ),
    Endpoint(
        "DELETE", f"{_USERS}/{{name}}", "Let a user log in no more", _remove_user, "admin", answer=Removed
    ),
    Endpoint("GET", _TOKENS, "List tokens", _list_tokens, "admin", answer=Tokens),
    Endpoint(
        "POST", _TOKENS, "Make a token, which is told this once", _add_token, "admin",
        answer=MadeToken, body=NewToken, status=201,
    ),
    Endpoint(
        "DELETE", f"{_TOKENS}/{{id}}", "Let a token be good no more", _revoke_token, "admin", answer=Token
    ),
)  # fmt: skip
