"""`POST /upload`: the journal of another machine, as systemd-journal-upload sends it."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from socterm.service.certified import STATE
from socterm.service.endpoints import Call, Endpoint
from socterm.service.intake.body import CLOSE, LIMITS, Limits
from socterm.service.intake.posting import stored, unavailable
from socterm.service.problems import RequestError
from socterm.sources.exported import BrokenExportError, Entry, ExportParser
from socterm.sources.hub import Hub
from socterm.sources.posted import REFUSED, EndedError, QueueFullError, Ticket
from socterm.sources.uploaded import Uploads

TYPE: Final = "application/vnd.fdo.journal"
PATH: Final = "/upload"
LOCAL: Final = "localhost"
"""Who it is that comes from this machine, without a certificate."""

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")

ENTRIES: Final = 1_000
SIZE: Final = 1 << 20
"""Entries, and bytes of their lines, that are handed over at a time."""

_ENDLESS: Final = 1 << 62
_RETRY: Final = 0.1
_FORWARDED: Final = ("forwarded", "x-forwarded-for", "x-real-ip", "via", "origin")
"""Headers of a request that a proxy passed on, or a web page made: neither is this machine's own."""


class Uploading:
    """Takes journals, a portion at a time; the next is read when the one before is stored.

    Who may: whom a client certificate names (see `certified`), and without one this machine itself, where
    `local`.
    """

    def __init__(self, hub: Hub, limits: Limits = LIMITS, *, local: bool = True) -> None:
        self._hub = hub
        self._limits = limits
        self._local = local

    def endpoints(self) -> list[Endpoint]:
        """Those of the table."""
        return [
            Endpoint(
                "POST", PATH, "Upload a journal (systemd-journal-upload)", self.post, "", most=_ENDLESS,
                counted=False, raw=True, takes=(TYPE,), gives="text/plain", status=202,
                others=(400, 403, 408, 415, 503),
            )
        ]  # fmt: skip

    async def post(self, call: Call[Any, Any]) -> Response:
        """Read to the end and answer when all is stored; 503 leaves the client's cursor where it was."""
        request = call.request
        who = self._who(request)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != TYPE:
            raise RequestError(415, "media_type", f"send it as {TYPE}", CLOSE)
        try:
            uploads = self._hub.uploads(f"journal:{who}", here=who == LOCAL)
            await _Upload(uploads, self._limits).run(request)
        except EndedError as ended:
            raise unavailable(str(ended)) from None
        return PlainTextResponse("OK.\n", 202)

    def _who(self, request: Request) -> str:
        certificate = getattr(request.state, STATE, "")
        if isinstance(certificate, str) and _NAME.fullmatch(certificate):
            return certificate
        if self._local and not certificate and _from_here(request):
            return LOCAL
        raise RequestError(
            403,
            "certificate",
            "journals come from this machine, or with a certificate that names another",
            CLOSE,
        )


class _Upload:
    """One request."""

    def __init__(self, uploads: Uploads, limits: Limits) -> None:
        self._uploads = uploads
        self._limits = limits
        self._parser = ExportParser()
        self._entries: list[Entry] = []
        self._size = 0
        self._ticket: Ticket | None = None

    async def run(self, request: Request) -> None:
        """Take all of it. Raises `RequestError`; what was handed over until then is stored all the same."""
        stream = aiter(request.stream())
        try:
            while (block := await asyncio.wait_for(anext(stream, None), self._limits.seconds)) is not None:
                await self._take(self._parser.feed(block))
            await self._take(self._parser.finish())
        except TimeoutError:
            raise RequestError(408, "slow", "nothing came for too long", CLOSE) from None
        except ClientDisconnect:
            raise RequestError(400, "body", "the request ended before its body did") from None
        except BrokenExportError as broken:
            await self._take(broken.entries)
            await self._hand_over()
            await self._wait()
            raise RequestError(400, "export", str(broken), CLOSE) from None
        finally:
            self._uploads.source.count("oversized", self._parser.oversized)
        await self._hand_over()
        await self._wait()

    async def _take(self, entries: list[Entry]) -> None:
        self._entries += entries
        self._size += sum(len(entry.line) for entry in entries)
        if len(self._entries) >= ENTRIES or self._size >= SIZE:
            await self._wait()
            await self._hand_over()

    async def _hand_over(self) -> None:
        """To the ingest, as soon as there is room. An empty portion still waits for all before it."""
        entries, self._entries, self._size = self._entries, [], 0
        clock = asyncio.get_running_loop()
        until = clock.time() + self._limits.wait
        while True:
            try:
                self._ticket = self._uploads.offer(entries)
            except QueueFullError as full:
                if clock.time() > until:
                    self._uploads.source.count(REFUSED, len(entries))
                    raise unavailable(str(full)) from None
                await asyncio.sleep(_RETRY)
            else:
                return

    async def _wait(self) -> None:
        if self._ticket is not None:
            await stored(self._ticket, self._limits.wait)


def _from_here(request: Request) -> bool:
    """Whether it comes from this machine and no further."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
