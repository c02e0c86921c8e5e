"""How grave an alert is: Sigma's levels and their order."""

from __future__ import annotations

from typing import Final

LEVELS: Final = ("informational", "low", "medium", "high", "critical")
"""Least grave first."""


def rank_of(level: str) -> int:
    """The place of a level among all, greater is graver; a word that is none counts as the least.

    >>> rank_of("high"), rank_of("odd")
    (3, 0)
    """
    return LEVELS.index(level) if level in LEVELS else 0
