"""`POST /api/v1/logs/ingest`: records in, one verdict each, and the answer once they are stored."""

from __future__ import annotations

import asyncio
import functools
import hashlib
from typing import Annotated, Any, Final, NamedTuple

import anyio
from anyio import to_thread
from pydantic import Field
from starlette.datastructures import Headers
from starlette.responses import Response

from socterm.event import Receipt
from socterm.service.answers import Told, encoded
from socterm.service.endpoints import Call, Endpoint
from socterm.service.intake.body import LIMITS, Limits, body_of, unpacked
from socterm.service.intake.promises import Delivery, Promises
from socterm.service.intake.records import FORMS, TooManyError, Verdict
from socterm.service.problems import RequestError
from socterm.sources.hub import Hub
from socterm.sources.posted import REFUSED, EndedError, PostedSource, QueueFullError, Room, Ticket

PATHS: Final = ("/api/v1/logs/ingest", "/api/v1/logs")

WORKERS: Final = 2
"""Bodies that are unpacked and looked through at a time, each of up to 20 MiB."""

KEY: Final = 200
"""Characters of an `Idempotency-Key`."""


class Rejected(Told):
    """A record that is not stored, and need not be sent again; of an array the element, else the line."""

    index: Annotated[int, Field(description="from 0")]
    reason: str


class Stored(Told):
    """What became of the records. Those accepted are stored."""

    accepted: int
    rejected: int
    errors: Annotated[list[Rejected], Field(description="the first 100 of those rejected")]


class _Asked(NamedTuple):
    """A request, but for its body."""

    who: str
    form: str
    coding: str
    key: str


class Posting:
    """Takes requests and answers each after the commit. `hub` is where this process's ingest takes from."""

    def __init__(self, hub: Hub, limits: Limits = LIMITS) -> None:
        self._hub = hub
        self._limits = limits
        self._bodies = Room(limits.bodies)
        self._promises: Promises | None = None
        self._workers = anyio.CapacityLimiter(WORKERS)

    def endpoints(self) -> list[Endpoint]:
        """Those of the table."""
        return [
            Endpoint(
                "POST", path, "Send logs; answered when they are stored", self.post, "ingest", answer=Stored,
                status=202, most=self._limits.wire, counted=False, raw=True, takes=tuple(FORMS),
                others=(400, 408, 413, 415, 422, 429, 503),
            )
            for path in PATHS
        ]  # fmt: skip

    async def post(self, call: Call[Any, Any]) -> Response:
        """Read, judge, hand over, wait, answer."""
        asked = _asked(call)
        service = call.service
        if self._promises is None:
            self._promises = Promises(
                lambda owner, key: service.store.receipts.find(owner, key, service.clock())
            )
        work = functools.partial(self._take, asked, self._promises)
        async with body_of(call.request, self._limits, self._bodies, call.principal.name) as data:
            source, delivery = await to_thread.run_sync(work, data, limiter=self._workers)
        if delivery.ticket is not None:
            try:
                await stored(delivery.ticket, self._limits.wait)
            except RequestError:
                source.withdraw(delivery.ticket)
                raise
        headers = {"Idempotency-Replayed": "true"} if delivery.again else {}
        return Response(delivery.answer, 202, headers, "application/json")

    def _take(self, asked: _Asked, promises: Promises, data: bytes) -> tuple[PostedSource, Delivery]:
        """In a thread: the records of a body, to the ingest."""
        data = unpacked(data, asked.coding, self._limits.inflated)
        try:
            verdict = FORMS[asked.form](data)
        except TooManyError as error:
            raise RequestError(413, "too_many", str(error)) from None
        if not verdict.lines and not verdict.rejected:
            raise RequestError(400, "empty", "there is no record in it")
        answer = _told(verdict)
        try:
            source = self._hub.source(asked.who)
        except EndedError as ended:
            raise unavailable(str(ended)) from None
        try:
            if asked.key:
                digest = hashlib.sha256(asked.form.encode() + b"\n" + data).digest()
                receipt = Receipt(source.name, asked.key, digest, answer)
                delivery = promises.deliver(source, verdict.lines, receipt)
            else:
                delivery = Delivery(answer, source.offer(verdict.lines))
        except QueueFullError as full:
            source.count(REFUSED, len(verdict.lines))
            raise RequestError(429, "queue_full", str(full), {"Retry-After": "1"}) from None
        except EndedError as ended:
            raise unavailable(str(ended)) from None
        if not delivery.again:
            source.count("rejected", verdict.rejected)
        return source, delivery


async def stored(ticket: Ticket, seconds: float) -> None:
    """Wait for the commit, but not for ever. Raises `RequestError` (503)."""
    try:
        await asyncio.wait_for(asyncio.wrap_future(ticket.stored), seconds)
    except TimeoutError:
        raise unavailable("the store takes nothing now: send it again later") from None
    except EndedError as ended:
        raise unavailable(str(ended)) from None


def unavailable(why: str) -> RequestError:
    """503, with when to come again."""
    return RequestError(503, "unavailable", why, {"Retry-After": "5"})


def _asked(call: Call[Any, Any]) -> _Asked:
    """Who sends what. Raises `RequestError`: 415, and 400 for a key that is none."""
    headers = call.request.headers
    form, charset = _media_type(headers)
    if form not in FORMS or charset not in ("", "utf-8", "us-ascii"):
        raise RequestError(
            415, "media_type", f"send it as {', '.join(FORMS)}, in UTF-8", {"Accept-Post": ", ".join(FORMS)}
        )
    key = headers.get("idempotency-key", "")
    if len(key) > KEY or not key.isprintable() or not key.isascii():
        raise RequestError(400, "key", f"an Idempotency-Key has up to {KEY} printable ASCII characters")
    coding = headers.get("content-encoding", "").strip().lower()
    return _Asked(call.principal.sender, form, coding, key)


def _media_type(headers: Headers) -> tuple[str, str]:
    """The type and its charset, in small letters."""
    form, *rest = headers.get("content-type", "").split(";")
    parts = (part.partition("=") for part in rest)
    charsets = [value.strip().strip('"') for name, _, value in parts if name.strip().lower() == "charset"]
    return form.strip().lower(), (charsets or [""])[0].lower()


def _told(verdict: Verdict) -> str:
    errors = [{"index": index, "reason": reason} for index, reason in verdict.errors]
    told = {"accepted": len(verdict.lines), "rejected": verdict.rejected, "errors": errors}
    return encoded(told).decode()
