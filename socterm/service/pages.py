"""Long lists in pages: each answer says where the next one begins (a keyset, so no page shifts another)."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Final

from pydantic import Field

from socterm.service.answers import LARGEST, Asked
from socterm.service.problems import RequestError
from socterm.store import Store

MOST: Final = 1000
"""Rows of a page."""

ROOM: Final = 4 << 20
"""Characters of log lines in an answer: one line can have a million, and a page a thousand lines."""

SECONDS: Final = 10.0
"""How long a query may take."""

_AGAIN: Final = 0.05
"""Seconds until one that goes on is interrupted once more."""

_NUMBERS: Final = re.compile(r"-?[0-9]{1,19}(\.-?[0-9]{1,19})*")

Limit = Annotated[int, Field(ge=1, le=MOST, description="Rows of a page")]
Cursor = Annotated[str, Field(max_length=80, description="`next` of the page before")]
Next = Annotated[str | None, Field(description="The cursor of the next page; null after the last")]
Text = Annotated[str, Field(max_length=16_384, description="A query; see docs/query.md")]


class Paged(Asked):
    """What every long list takes."""

    limit: Limit = 100
    cursor: Cursor = ""


def numbers(cursor: str, count: int) -> tuple[int, ...] | None:
    """Where a page begins, as `next_of` wrote it; None for the first one. Raises `RequestError` (400).

    >>> numbers("3.1795000000000000.12", 3)
    (3, 1795000000000000, 12)
    """
    if not cursor:
        return None
    found = tuple(map(int, cursor.split("."))) if _NUMBERS.fullmatch(cursor) else ()
    if len(found) != count or any(abs(number) > LARGEST for number in found):
        raise RequestError(400, "cursor", "that is no cursor of this list: take `next` of the page before")
    return found


def next_of(key: Sequence[int], *, more: bool) -> str | None:
    """The cursor behind a row with this key; None where there is nothing behind it."""
    return ".".join(map(str, key)) if more else None


@contextmanager
def in_time(store: Store, seconds: float = SECONDS) -> Iterator[None]:
    """End the queries of this thread after a while: they raise QueryCancelledError."""
    whose, over = threading.current_thread(), threading.Event()

    def end() -> None:
        while not over.is_set():  # one between two queries is lost
            store.interrupt(whose)
            over.wait(_AGAIN)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        over.set()
        timer.cancel()
