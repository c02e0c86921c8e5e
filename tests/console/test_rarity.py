"""An event's fields say how rare it is, and the value under the cursor finds all that are like it."""

from __future__ import annotations

from datetime import UTC

from socterm.console.summary import field_lines
from socterm.store.doors.templates import TemplateRow
from socterm.store.rows import EventRow
from socterm.templates.book import FULL

EVENT = EventRow(7, 0, "a.log", 0, "a line", {"process.name": "app"})


def told(lines: int) -> str:
    row = TemplateRow(17, "mined", "a line", lines=lines, first=1_795_000_000_000_000)
    last = field_lines(EVENT, UTC, row)[-1]
    assert (last.field, last.value) == ("socterm.template", "17")
    return "".join(str(span[0]) for span in last.spans)


def test_how_many_lines_are_like_it() -> None:
    assert "17 · 2,000 lines like it since 2026-11-18 11:06:40" in told(2_000)
    assert "17 · the first like it since" in told(1)


def test_lines_without_room_for_their_kind_are_not_called_alike() -> None:
    row = TemplateRow(10_001, FULL, "<*>", lines=2_000)
    said = "".join(str(span[0]) for span in field_lines(EVENT, UTC, row)[-1].spans)
    assert "10001 · no room for its kind: 2,000 such lines" in said
    assert "like it" not in said


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert all(line.field != "socterm.template" for line in field_lines(EVENT, UTC))
