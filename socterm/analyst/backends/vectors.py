"""Vectors as servers send them, checked."""

from __future__ import annotations

import math
from collections.abc import Sequence

from socterm.analyst.backend import Vectors


def vectors(model: str, rows: Sequence[Sequence[float]], wanted: int) -> Vectors:
    """One vector a text, all of one length, of numbers. Raises ValueError where they are not."""
    found = tuple(tuple(float(value) for value in row) for row in rows)
    if len(found) != wanted or len({len(row) for row in found}) > 1 or not all(found):
        raise ValueError("not one vector a text")
    if not all(math.isfinite(value) for row in found for value in row):
        raise ValueError("a vector holds what is no number")
    return Vectors(model, found)
