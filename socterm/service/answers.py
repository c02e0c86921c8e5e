"""Answers as JSON: log text stays text whatever it holds, for a terminal and for a browser."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

Moment = Annotated[
    str | None, Field(description="UTC, ISO 8601; null for none", examples=["2026-11-20T08:00:00.000000Z"])
]
"""A time as answers have it."""

LARGEST: Final = (1 << 63) - 1
"""The greatest number that the store can hold."""


class Told(BaseModel):
    """Part of an answer, as the document of the API describes it."""

    model_config = ConfigDict(extra="forbid")


class Asked(BaseModel):
    """What a request says, in its query or its body; a name that is not known is a mistake, told as one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(Told):
    """What went wrong: a code for programs, a line for people; of a query, the character from 0."""

    code: str
    message: str
    position: int | None = None


class Failed(Told):
    """Every answer that is no success."""

    error: Fault


class Answer(Response):
    """JSON in ASCII: what could act on a terminal is escaped (also the controls of C1, which JSON allows)."""

    media_type = "application/json"

    def __init__(self, told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(encoded(told), status, dict(headers or {}))


def encoded(told: Any) -> bytes:
    """JSON of anything stored, which may hold numbers and halves of characters that JSON has not.

    >>> encoded({"raw": "a\\x9bb\\ud800"})
    b'{"raw":"a\\\\u009bb\\ufffd"}'.replace(b"\\xef\\xbf\\xbd", b"\\\\ufffd")
    """
    try:
        text = _dumps(told)
    except ValueError:  # an infinite number
        return _dumps(_plain(told)).encode()
    return (_dumps(_plain(told)) if "\\ud" in text else text).encode()


def _dumps(told: Any) -> str:
    return json.dumps(told, ensure_ascii=True, allow_nan=False, separators=(",", ":"), default=_other)


def _other(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _plain(told: Any) -> Any:
    if isinstance(told, str):
        return told.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(told, float) and not math.isfinite(told):
        return None
    if isinstance(told, msgspec.Struct):
        return _plain(msgspec.to_builtins(told))
    if isinstance(told, Mapping):
        return {_plain(str(key)): _plain(value) for key, value in told.items()}
    if isinstance(told, list | tuple):
        return [_plain(value) for value in told]
    return told


def moment(ts: int) -> str | None:
    """µs as ISO 8601 with six digits and Z; None for 0, and for what no calendar has.

    >>> moment(1_795_000_000_000_001)
    '2026-11-18T09:46:40.000001Z'
    """
    if not ts:
        return None
    seconds, micros = divmod(ts, 1_000_000)
    try:
        found = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return f"{found:%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"
