"""What may be mistyped in a query that found nothing: a field nobody writes, a value no alert has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cache
from typing import Final

from socterm.alerts.levels import LEVELS
from socterm.alerts.states import STATES, VERDICTS
from socterm.query.tree import And, Node, Not, Or, Query, Term
from socterm.store.doors.triage import ASKED
from socterm.taxonomy.yields import ENRICHED, EVERYWHERE, YIELDS

_OURS: Final = (
    "id", "socterm.source", "socterm.position", "socterm.repeat", "socterm.template", "event.timezone",
    "tags", "part_of",
)  # fmt: skip

_CLOSED: Final = {"level": LEVELS, "state": STATES, "verdict": tuple(VERDICTS)}
"""Fields of alerts that have these values and no others."""


def doubts(query: Query | None, *more: str) -> list[str]:
    """A line for each field of a query, or named besides, that no format is known to write, and for each
    value that its field cannot have.

    Logs bring names of their own (JSON, Windows), so these are questions and no mistakes.
    """
    found = []
    for name in unknown((*(query.fields if query else ()), *more)):
        near = get_close_matches(name, sorted(_known()), 1)
        meant = f"did you mean {near[0]}?" if near else "socterm rules fields lists those that are"
        found.append(f"{name} is no field that socterm writes by itself: {meant}")
    for term in _terms(query.tree) if query else ():
        values = _CLOSED.get(term.field, ())
        if values and term.op == "eq" and str(term.arg).lower() not in values:
            found.append(f"{term.arg} is no {term.field} of an alert: {', '.join(values)}")
    return found


def unknown(names: Iterable[str]) -> list[str]:
    """Those of the names that are neither of a format, nor of enrichment, nor of alerts."""
    known = _known()
    return [name for name in names if name not in known and not name.startswith(ENRICHED)]


@cache
def _known() -> frozenset[str]:
    return EVERYWHERE.union(ASKED, _OURS, *(one.fields for one in YIELDS.values()))


def _terms(node: Node) -> Iterator[Term]:
    match node:
        case Term():
            yield node
        case And() | Or():
            for item in node.items:
                yield from _terms(item)
        case Not():
            yield from _terms(node.item)
