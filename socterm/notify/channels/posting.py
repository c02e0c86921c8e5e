"""One HTTP POST to a receiver that may be down, slow, hostile or somebody else.

No redirect is followed: a message with a token goes where the configuration says, or nowhere. Proxies of the
environment do not count.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from socterm import __version__
from socterm.notify.channels.base import DEADLINE, SILENCE, Answer, told
from socterm.notify.retry import asked_for
from socterm.secrets import Secret

if TYPE_CHECKING:
    import httpx

READ: Final = 4_096
"""Bytes of an answer that are read."""

TEXT: Final = 2.0
"""Seconds for them."""

_OUR_FAULT: Final = frozenset({400, 405, 406, 409, 411, 413, 414, 415, 417, 422, 431})
"""Statuses that can be about the one message; with all others the next one would fare no better."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    now: int,
    ca: Path | None = None,
    secrets: Sequence[Secret] = (),
) -> Answer:
    """Post a body. `ca` are certificates in the place of the system's, `secrets` what no answer may tell.

    A webhook's address is a secret itself: it stands in no answer, and what httpx logs of it is switched off.
    """
    try:
        return asyncio.run(_post(url, body, headers, now, ca, secrets))
    except ValueError:  # a line end or a letter that is not ASCII, where it cannot be
        return Answer(False, "the address or a secret has characters that cannot be sent")
    except TimeoutError:
        return Answer(False, f"no whole answer within {DEADLINE:.0f} s")


def trust(ca: Path | None) -> ssl.SSLContext:
    """Whom to believe: the system's certificates, or those of a file. Raises OSError for one that is none."""
    return ssl.create_default_context(cafile=str(ca) if ca else None)


def why(error: BaseException) -> str:
    """What was wrong with a connection, from the innermost cause; never an address or a header."""
    found = "the connection broke"
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted: {seen.verify_message}"
        if isinstance(seen, ssl.SSLError):
            return f"TLS failed: {(seen.reason or 'the handshake broke').lower().replace('_', ' ')}"
        if isinstance(seen, TimeoutError):
            return f"no answer within {SILENCE:.0f} s"
        if isinstance(seen, OSError) and seen.strerror:
            found = os.strerror(seen.errno) if seen.errno is not None and seen.errno > 0 else seen.strerror
        seen = seen.__cause__ or seen.__context__
    return found


async def _post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    now: int,
    ca: Path | None,
    secrets: Sequence[Secret],
) -> Answer:
    import httpx  # noqa: PLC0415 - only who sends needs it

    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    sent = {"User-Agent": f"socterm/{__version__}", "Accept-Encoding": "identity", **headers}
    try:
        # To read all certificates takes a while; without redirects http:// never becomes https://.
        verify = trust(ca) if url.lower().startswith("https:") else False
        async with (
            asyncio.timeout(DEADLINE),
            httpx.AsyncClient(
                trust_env=False, follow_redirects=False, timeout=SILENCE, verify=verify
            ) as client,
            client.stream("POST", url, content=body, headers=sent) as answer,
        ):
            return _judged(answer, await _start_of(answer), now, secrets)
    except httpx.TimeoutException:
        return Answer(False, f"no answer within {SILENCE:.0f} s")
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
        if isinstance(error, TimeoutError):
            raise
        return Answer(False, told(why(error), secrets))


async def _start_of(answer: httpx.Response) -> str:
    """What comes of an answer's text before it is enough, breaks off or takes too long.

    The status has said by then whether the message was taken: that the rest is missing must not undo it.
    """
    import httpx  # noqa: PLC0415

    got = b""
    try:
        async with asyncio.timeout(TEXT):
            async for part in answer.aiter_raw():
                got += part
                if len(got) >= READ:
                    break
    except (httpx.HTTPError, httpx.StreamError, TimeoutError):
        pass
    return got[:READ].decode("utf-8", "replace")


def _judged(answer: httpx.Response, text: str, now: int, secrets: Sequence[Secret]) -> Answer:
    status = answer.status_code
    shown = told(f"HTTP {status} {text}", secrets)
    if 200 <= status < 300:
        return Answer(True, shown)
    if 300 <= status < 400:
        return Answer(False, f"HTTP {status}: it sends elsewhere, which is not followed")
    asked = asked_for(answer.headers.get("retry-after", ""), now)
    return Answer(False, shown, wait=asked, silent=status not in _OUR_FAULT)
