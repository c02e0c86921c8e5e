"""From the query and the body of a request to the models that say what they may hold."""

from __future__ import annotations

import json
import types
import typing
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import parse_qsl

import anyio
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from socterm.service.problems import RequestError

if TYPE_CHECKING:
    from socterm.service.endpoints import Endpoint

MOST_FIELDS: Final = 50
"""Fields of a query or form that are read."""

SLOW: Final = 30.0
"""Seconds that a body may take."""

Model = TypeVar("Model", bound=BaseModel)


def query_of(model: type[Model], request: Request) -> Model:
    """What the query says. Raises `RequestError` (400) that names the first mistake, never its value."""
    pairs = _pairs(request.url.query)
    told: dict[str, Any] = {}
    for name, value in pairs:
        if is_list(model, name):
            told.setdefault(name, []).append(value)
        elif name in told:
            raise RequestError(400, "query_string", "a name stands in the query twice")
        else:
            told[name] = value
    try:
        return model.model_validate(told)
    except ValidationError as error:
        raise RequestError(400, "query_string", mistake(error)) from None


async def body_of(endpoint: Endpoint, request: Request) -> BaseModel:
    """The body. Raises `RequestError`: 415 for another type, 400 for no JSON, 422 for wrong fields."""
    assert endpoint.body is not None  # noqa: S101 - for the type checker; asked only where there is one
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    wanted = "application/x-www-form-urlencoded" if endpoint.form else "application/json"
    if kind != wanted:
        raise RequestError(415, "media_type", f"send it as {wanted}")
    try:
        with anyio.fail_after(SLOW):
            data = await request.body()
    except TimeoutError:
        raise RequestError(408, "slow", f"the body took longer than {SLOW:g} s") from None
    except ClientDisconnect:
        raise RequestError(400, "body", "the request ended before its body did") from None
    told = _form(data) if endpoint.form else _json(data)
    try:
        return endpoint.body.model_validate(told)
    except ValidationError as error:
        raise RequestError(422, "value", mistake(error)) from None


def mistake(error: ValidationError) -> str:
    """The first mistake in one line: where and what; not what was said there, which may be a password."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the body"
    where = where if where.isascii() and where.isprintable() and len(where) < 80 else "a name"
    return f"{where}: {first['msg']}"


def is_list(model: type[BaseModel], name: str) -> bool:
    """Whether a field takes several values."""
    field = model.model_fields.get(name)
    return field is not None and _listed(field.annotation)


def _listed(kind: Any) -> bool:
    """Whether a type is a list, or one of several of which one is."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return _listed(typing.get_args(kind)[0])
    if origin in (types.UnionType, typing.Union):
        return any(_listed(part) for part in typing.get_args(kind))
    return origin in (list, tuple)


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:  # too many, or no UTF-8
        raise RequestError(400, "query_string", f"it takes {MOST_FIELDS} fields at most, in UTF-8") from None


def _form(data: bytes) -> dict[str, str]:
    try:
        pairs = _pairs(data.decode("ascii"))
    except UnicodeDecodeError:
        raise RequestError(400, "body", "the form cannot be read") from None
    if len(dict(pairs)) != len(pairs):
        raise RequestError(400, "body", "a name stands in the form twice")
    return dict(pairs)


def _json(data: bytes) -> Any:
    try:
        return json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise RequestError(400, "body", "the body is no JSON") from None


def _no_number(_name: str) -> float:
    raise ValueError
