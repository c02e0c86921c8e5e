"""When a message that could not be sent is tried again. Pure."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

SECOND: Final = 1_000_000
FIRST: Final = 5 * SECOND
SLOWEST: Final = 900 * SECOND
"""µs between tries at most, unless the receiver asks for more."""

PATIENCE: Final = 3_600 * SECOND
"""µs that a receiver can ask for at most."""

DEAD: Final = 86_400 * SECOND
"""µs after which a message is given up."""


def wait_after(fails: int, asked: int = 0) -> int:
    """µs to wait after so many failures in a row, where the receiver `asked` for so many.

    >>> [wait_after(n) // SECOND for n in (1, 2, 3, 9, 99)], wait_after(1, 60 * SECOND) // SECOND
    ([5, 10, 20, 900, 900], 60)
    """
    usual = min(SLOWEST, FIRST << min(max(fails, 1) - 1, 16))
    return max(usual, min(asked, PATIENCE))


def asked_for(header: str, now: int) -> int:
    """µs that a `Retry-After` header (RFC 9110, 10.2.3) asks to wait from `now` on; 0 for what is none.

    >>> asked_for("120", 0) // SECOND, asked_for("Thu, 01 Jan 1970 00:01:00 GMT", 0) // SECOND
    (120, 60)
    """
    text = header.strip()
    if text.isascii() and text.isdigit():
        return int(text[:9]) * SECOND
    try:
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return max(0, int(moment.timestamp()) * SECOND - now)
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0
