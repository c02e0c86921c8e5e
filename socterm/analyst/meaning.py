"""Tools over kinds of lines: events by what they mean, and which kinds are rare, new or common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from socterm.analyst import render
from socterm.analyst.toolparts import MAX_ROWS, Arguments, Result, failed
from socterm.store.doors.templates import TemplateRow

if TYPE_CHECKING:
    from socterm.analyst.tools import Toolbox


class SemanticSearch(Arguments):
    """Find log events by what they mean, in plain words: failed logins, new accounts, cleared logs. Use it \
where you do not know how a log says it; the best are first, one of each kind."""

    question: str = Field(min_length=1, max_length=1000, description="what to look for, in plain words")
    limit: int = Field(default=10, ge=1, le=MAX_ROWS, description="most events to return")


class TemplateStats(Arguments):
    """Which kinds of lines there are, with how many lines each has and when the first and the last came. \
All lines of a kind: search_events with socterm.template:NUMBER."""

    order: Literal["rare", "new", "common", "latest"] = Field(default="rare", description="what comes first")
    limit: int = Field(default=20, ge=1, le=MAX_ROWS, description="most kinds to return")


def semantic_search(box: Toolbox, args: SemanticSearch) -> Result:
    """Events by what they mean, best first."""
    if box.desks.search is None:
        return failed("semantic_search", "search by meaning is not available here: use search_events")
    rows = tuple(hit.event for hit in box.desks.search.hybrid(args.question, limit=args.limit).hits)
    return Result("semantic_search", render.events(rows, len(rows)), events=rows, total=len(rows))


def template_stats(box: Toolbox, args: TemplateStats) -> Result:
    """Kinds of lines, with an example of each."""
    if box.desks.search is None:
        return failed("template_stats", "kinds of lines are not available here: use count_by")
    rows = box.desks.search.templates.all(order=args.order, limit=args.limit)
    events = tuple(box.events.get(row.newest for row in rows))
    return Result(
        "template_stats", render.bounded([_line(row) for row in rows]), events=events, total=len(rows)
    )


def _line(row: TemplateRow) -> str:
    if not row.alike:
        said = "there was no room for a kind of their own, and nothing is known of how rare each is"
        return f"template {row.id}, {render.plural(row.lines, 'line')}: {said}"
    told = " ".join(part for part in (row.dataset or row.program, row.action, row.outcome) if part)
    since = f"{render.when(row.first)} to {render.when(row.last)}"
    text = f"{render.value(told, 80)}: {render.value(row.text, 160)}"
    return f"template {row.id}, {render.plural(row.lines, 'line')}, {since}, {render.cite(row.newest)} {text}"
