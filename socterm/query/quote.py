"""Write a value into a query so that it means itself: for pivots, templates and tools."""

from __future__ import annotations


def quote(value: str) -> str:
    """The value as a quoted phrase.

    >>> quote('a "b"')
    '"a \\\\"b\\\\""'
    """
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
