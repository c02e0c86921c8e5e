"""What is said where nothing was found: a name or a value in the query may be mistyped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from socterm.cli.saying import say

if TYPE_CHECKING:
    from socterm.query import Query


def misspelt(query: Query | None, *more: str) -> None:
    """One line on standard error for each thing in a query, or field named besides, that may be mistyped."""
    from socterm.store.meant import doubts

    for line in doubts(query, *more):
        say(line)
