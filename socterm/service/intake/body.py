"""The body of a request, within its limits: on the wire, in time, and unpacked."""

from __future__ import annotations

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Final, NamedTuple, Protocol

from starlette.requests import ClientDisconnect, Request

from socterm.service.problems import RequestError
from socterm.sources.posted import Room

SLICE: Final = 256
"""Packed bytes that are looked at in one step: of zstd they are 8 MiB at most, of the others less."""

MEMBERS: Final = 10_000
"""Members that a body is packed into at most, one after the other."""


class Limits(NamedTuple):
    """What one request may be: `wire` and `inflated` bytes, `seconds` for the body, `wait` for the commit.

    `bodies` are the bytes of all bodies that are read at a time; a sender has a share of them (`Room`).
    """

    wire: int = 5 << 20
    inflated: int = 20 << 20
    seconds: float = 30.0
    wait: float = 10.0
    bodies: int = 64 << 20


LIMITS: Final = Limits()

CLOSE: Final = {"Connection": "close"}
"""Nobody waits for the rest of a body that was refused."""


@contextlib.asynccontextmanager
async def body_of(request: Request, limits: Limits, room: Room, who: str) -> AsyncIterator[bytes]:
    """The body somebody sent, for the length of the block. Raises `RequestError`: 400, 408, 413, 429."""
    parts: list[bytes] = []
    try:
        try:
            async with asyncio.timeout(limits.seconds):
                await _read(request, limits, room, who, parts)
        except TimeoutError:
            raise RequestError(
                408, "slow", f"the body took longer than {limits.seconds:.0f} s", CLOSE
            ) from None
        except ClientDisconnect:
            raise RequestError(400, "body", "the request ended before its body did") from None
        yield b"".join(parts)
    finally:
        room.give(who, sum(map(len, parts)))


async def _read(request: Request, limits: Limits, room: Room, who: str, parts: list[bytes]) -> None:
    held = 0
    async for part in request.stream():
        held += len(part)
        if held > limits.wire:
            raise RequestError(413, "too_large", f"this takes {limits.wire} bytes at most", CLOSE)
        if not room.take(who, len(part)):
            raise RequestError(
                429, "busy", "too many send at once: send it again", {"Retry-After": "1", **CLOSE}
            )
        parts.append(part)


def unpacked(data: bytes, coding: str, most: int) -> bytes:
    """The body without its content coding. Raises `RequestError`: 413 beyond `most` bytes, 400, 415."""
    unpack = _CODINGS.get(coding)
    if unpack is None:
        raise RequestError(
            415, "coding", "send it as it is, or with Content-Encoding gzip, deflate or zstd",
            {"Accept-Encoding": "gzip, deflate, zstd"},
        )  # fmt: skip
    return unpack(data, most)


class _Stream(Protocol):
    """What unpacks one member: `zlib` and `zstandard` agree on this."""

    @property
    def eof(self) -> bool:
        """Whether the member is at its end."""

    @property
    def unused_data(self) -> bytes:
        """What was given and stands behind that end."""

    def decompress(self, data: bytes, /) -> bytes:
        """What is in some more bytes."""


def _members(data: bytes, most: int, begin: Callable[[], _Stream], error: type[Exception]) -> bytes:
    """What is in one member after the other, given in slices: whatever is copied or unpacked is one's."""
    parts: list[bytes] = []
    held, members, stream = 0, 1, begin()
    for at in range(0, len(data), SLICE):
        piece = data[at : at + SLICE]
        while piece:
            if stream.eof:
                stream, members = begin(), members + 1
                if members > MEMBERS:
                    raise _broken()
            try:
                part = stream.decompress(piece)
            except error:
                raise _broken() from None
            held += len(part)
            if held > most:
                raise RequestError(413, "too_large", f"unpacked this takes {most} bytes at most")
            if part:
                parts.append(part)
            piece = stream.unused_data if stream.eof else b""
    if not stream.eof:
        raise _broken()
    return b"".join(parts)


def _gzip(data: bytes, most: int) -> bytes:
    """RFC 1952."""
    return _members(data, most, lambda: zlib.decompressobj(zlib.MAX_WBITS | 16), zlib.error)


def _deflate(data: bytes, most: int) -> bytes:
    """RFC 1950, and what many mean by it: RFC 1951."""
    wrapped = len(data) > 1 and data[0] & 15 == 8 and not (data[0] << 8 | data[1]) % 31
    window = zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS
    return _members(data, most, lambda: zlib.decompressobj(window), zlib.error)


def _zstd(data: bytes, most: int) -> bytes:
    """RFC 8878, with a window no larger than a decoder has to support (section 3.1.1.1.2)."""
    try:
        import zstandard  # noqa: PLC0415 - an extra
    except ImportError:
        raise RequestError(415, "coding", "zstd is not installed here: send it with gzip") from None
    decoder = zstandard.ZstdDecompressor(max_window_size=8 << 20)
    return _members(data, most, decoder.decompressobj, zstandard.ZstdError)


_CODINGS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "": lambda data, _most: data,
    "identity": lambda data, _most: data,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}


def _broken() -> RequestError:
    return RequestError(400, "coding", "the body is not what its Content-Encoding says, or cut short")
