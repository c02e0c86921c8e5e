"""What is said where nothing was found: the name of a field that nothing here writes may be misspelt."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from socterm.cli.saying import say

if TYPE_CHECKING:
    from socterm.query import Query


def misspelt(query: Query | None, *more: str) -> None:
    """One line on standard error a field of a query, or one named besides, that no format is known to write.

    Logs bring names of their own (JSON, Windows), so it is a question and no mistake.
    """
    for name in unknown((*(query.fields if query else ()), *more)):
        near = get_close_matches(name, sorted(_known()), 1)
        meant = f"did you mean {near[0]}?" if near else "socterm rules fields lists those that are"
        say(f"{name} is no field that socterm writes by itself: {meant}")


def unknown(names: Iterable[str]) -> list[str]:
    """Those of the names that are neither of a format, nor of enrichment, nor of alerts."""
    from socterm.taxonomy.yields import ENRICHED

    known = _known()
    return [name for name in names if name not in known and not name.startswith(ENRICHED)]


def _known() -> frozenset[str]:
    from socterm.store.doors.triage import ASKED
    from socterm.taxonomy.yields import EVERYWHERE, YIELDS

    return EVERYWHERE.union(ASKED, _OURS, *(one.fields for one in YIELDS.values()))


_OURS = (
    "id", "socterm.source", "socterm.position", "socterm.repeat", "socterm.template", "event.timezone",
    "tags", "part_of",
)  # fmt: skip
