"""Rows as CSV, NDJSON or Markdown, safe where they will be opened: log text is hostile there, too.

A spreadsheet must not take a cell for a formula, a Markdown page must not get links, images, markup or
further columns from one, and no row may become two. JSON is exact: what is not ASCII is escaped.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from socterm.errors import UsageError
from socterm.sigma.fields import instant
from socterm.store.rows import EventRow
from socterm.visible import unmarked

FORMS: Final = ("csv", "ndjson", "md")

COLUMNS: Final = (
    "id", "@timestamp", "host.hostname", "process.name", "event.action", "event.outcome", "user.name",
    "source.ip", "message",
)  # fmt: skip
"""What is told of events where nobody says which columns."""

LONGEST: Final = 4_000
"""Characters of a cell in Markdown; beyond it is cut, with an ellipsis."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a spreadsheet take a cell for a formula, full-width forms too."""

_NAME: Final = re.compile(r"@?[A-Za-z0-9_][A-Za-z0-9_.]*")
"""A column's name as ECS has them, `@timestamp` too: no formula."""

Clean = Callable[[str], str]
"""The caller's own way of making control characters visible."""


class Exporter:
    """Makes the text of rows in one form. `columns` are their names; NDJSON takes whatever a row has."""

    def __init__(self, form: str, columns: Sequence[str], clean: Clean) -> None:
        if form not in FORMS:
            raise UsageError(f"{form!r} is no form to export to: {', '.join(FORMS)}")
        self._form = form
        self._columns = tuple(columns)
        self._clean = clean

    def head(self) -> str:
        """What stands before the rows."""
        if self._form == "csv":
            return _csv([[n if _NAME.fullmatch(n) else self._csv_cell(n) for n in self._columns]])
        if self._form == "md":
            names = " | ".join(self._md_cell(name) for name in self._columns)
            return f"| {names} |\n|{'---|' * len(self._columns)}\n"
        return ""

    def rows(self, rows: Iterable[Mapping[str, Any]]) -> str:
        """The text of some rows, by column name."""
        if self._form == "ndjson":
            return "".join(json.dumps(row, default=str) + "\n" for row in map(_plain, rows))
        if self._form == "csv":
            return _csv([[self._csv_cell(row.get(name)) for name in self._columns] for row in rows])
        return "".join(
            f"| {' | '.join(self._md_cell(row.get(name)) for name in self._columns)} |\n" for row in rows
        )

    def _csv_cell(self, value: Any) -> str:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        return sheet_cell(as_text(value), self._clean)

    def _md_cell(self, value: Any) -> str:
        text = as_text(value)
        text = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
        return unmarked(self._clean(text).strip())


def sheet_cell(text: str, clean: Clean) -> str:
    """A text as a cell of CSV that no spreadsheet takes for a formula.

    >>> sheet_cell("=1+1", str), sheet_cell("a=1", str)
    ("'=1+1", 'a=1')
    """
    cell = clean(text)
    return "'" + cell if cell.startswith(_FORMULA) or text.startswith(_FORMULA) else cell


def _csv(rows: list[list[str]]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue()


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in row.items()}


def as_text(value: Any) -> str:
    """A value as one text; several are divided by blanks.

    >>> as_text(("a", 2)), as_text(True), as_text(None)
    ('a 2', 'true', '')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return " ".join(map(as_text, value))
    return str(value)


def event_cells(row: EventRow, columns: Sequence[str] = ()) -> dict[str, Any]:
    """An event under ECS names, all of it or the columns asked for."""
    found: dict[str, Any] = {
        "id": row.id,
        "@timestamp": instant(row.ts),
        "event.kind": row.kind,
        "event.original": row.raw,
        "socterm.source": row.source,
        "socterm.position": row.position,
        **row.fields,
    }
    if row.repeat != 1:
        found["socterm.repeat"] = row.repeat
    if not columns:
        return found
    found.setdefault("message", row.message)
    return {name: found.get(name) for name in columns}
