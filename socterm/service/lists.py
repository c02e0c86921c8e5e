"""Rules and sources over HTTP: what detects, and what is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgspec

from socterm.pipeline.sourceview import rate
from socterm.service.answers import Moment, Told, moment
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.service.pages import Next, Paged, next_of, numbers
from socterm.store.rows import RuleRow, SourceRow


class Rule(Told):
    """A rule's fate as last loaded, and what it did; see docs/rules.md."""

    id: str
    title: str
    level: str
    fate: str
    reason: str
    hits: int
    alerts: int
    falsepositives: list[str]
    check: list[str]
    about: list[str] | None


class Source(Told):
    """How far a source was read, and its counters since the store began."""

    name: str
    position: int
    lines: int
    decoded: int
    newest: Moment
    late: int
    drops: dict[str, int]
    note: str
    updated: Moment
    formats: dict[str, int]
    samples: list[int]
    error: str
    rate: float
    let_go: int


class RulePage(Told):
    """Rules in the order they were loaded."""

    rules: list[Rule]
    next: Next


class SourcePage(Told):
    """Sources in the order they were first read."""

    sources: list[Source]
    next: Next


Row = TypeVar("Row")


def _page(
    asked: Paged, name: str, rows: Sequence[Row], told: Callable[[Row], dict[str, Any]]
) -> dict[str, Any]:
    """A page of a list that is short enough to be read whole; its cursor is a place in it."""
    place = numbers(asked.cursor, 1)
    start = max(0, place[0]) if place else 0
    shown = rows[start : start + asked.limit]
    end = start + len(shown)
    return {name: [told(row) for row in shown], "next": next_of((end,), more=end < len(rows))}


def _rules(call: Call[Paged, Nothing]) -> dict[str, Any]:
    return _page(call.query, "rules", call.service.store.triage.rules(), _rule)


def _rule(row: RuleRow) -> dict[str, Any]:
    """Without the path: how this machine's folders are called is nobody's business."""
    told = msgspec.structs.asdict(row)
    del told["path"]
    return told


def _sources(call: Call[Paged, Nothing]) -> dict[str, Any]:
    now = call.service.clock()

    def told(row: SourceRow) -> dict[str, Any]:
        times = {"newest": moment(row.newest), "updated": moment(row.updated)}
        return msgspec.structs.asdict(row) | times | {"rate": rate(row, now)}

    return _page(call.query, "sources", call.service.store.triage.sources(), told)


ENDPOINTS: Final = (
    Endpoint(
        "GET", "/api/v1/rules", "List rules with their fates", _rules, "read",
        answer=RulePage, query=Paged,
    ),
    Endpoint(
        "GET", "/api/v1/sources", "List sources with their counters", _sources, "read",
        answer=SourcePage, query=Paged,
    ),
)  # fmt: skip
