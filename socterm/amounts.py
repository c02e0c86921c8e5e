"""Spans of time and sizes of files as people write them: `30d`, `12h`, `5G`."""

from __future__ import annotations

import re

_SPANS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SPAN = re.compile(r"([0-9]{1,6})\s*([mhdw])", re.IGNORECASE | re.ASCII)
_SIZE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE | re.ASCII)


def span(text: str) -> int:
    """µs of `90m`, `12h`, `30d`, `8w`; 0 for nothing written. Raises ValueError for anything else.

    >>> span("30d") == 30 * 86_400_000_000, span("")
    (True, 0)
    """
    if not text.strip():
        return 0
    found = _SPAN.fullmatch(text.strip())
    if found is None or not int(found[1]):
        raise ValueError("is no span of time, such as 30d, 12h or 8w")
    return int(found[1]) * _SPANS[found[2].lower()] * 1_000_000


def size(text: str) -> int:
    """Bytes of `800M`, `5G`, `1.5GiB`, in steps of 1,024; 0 for nothing written. Raises ValueError otherwise.

    >>> size("5G") == 5 << 30, size("1.5 KiB"), size("")
    (True, 1536, 0)
    """
    if not text.strip():
        return 0
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError("is no size, such as 800M or 5G")
    return int(float(found[1]) * _SIZES[found[2].lower()])


def shown_size(count: int) -> str:
    """Bytes as a person reads them.

    >>> shown_size(5 << 30), shown_size(1536), shown_size(7)
    ('5.0 GiB', '1.5 KiB', '7 B')
    """
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.1f} {unit}" if unit != "B" else f"{count} B"
        value /= 1024
    return f"{value:.1f} TiB"


def shown_span(length: int) -> str:
    """µs in the largest unit that leaves no rest; "" for 0.

    >>> shown_span(span("36h")), shown_span(span("14d")), shown_span(0)
    ('36h', '2w', '')
    """
    seconds = length // 1_000_000
    for unit in ("w", "d", "h", "m"):
        if seconds and seconds % _SPANS[unit] == 0:
            return f"{seconds // _SPANS[unit]}{unit}"
    return f"{seconds}s" if seconds else ""
