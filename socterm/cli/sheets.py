"""The forms in which `scan` hands out what it found: a table for people, rows for programs.

Every row is the contract of `docs/scan.md`. Text of logs and file names is cleaned for where it goes: a
terminal gets no control characters, a spreadsheet no formulas, a program JSON.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from stat import S_ISFIFO, S_ISREG, S_ISSOCK
from typing import Any, Final, Protocol

import click
import msgspec

from socterm.alerts.levels import LEVELS
from socterm.cli.output import clean, stamp
from socterm.errors import SoctermError, UsageError
from socterm.pipeline.export import sheet_cell
from socterm.pipeline.findings import Finding
from socterm.whole import refuse_store

FIELDS: Final = (
    "rule",
    "title",
    "level",
    "tags",
    "entity",
    "count",
    "first",
    "last",
    "events",
    "id",
    "part_of",
)
"""The columns of a row, in their order."""

_LONGEST: Final = 200
"""Characters of a cell where nothing limits the width of a table."""

_COLOURS: Final = {"critical": "bright_red", "high": "red", "medium": "yellow", "low": "cyan"}


def as_row(finding: Finding) -> dict[str, Any]:
    """A finding as the contract names it: times in UTC with six digits, lines counted from 1."""
    return {
        "rule": finding.info.id or finding.rule,
        "title": finding.info.title,
        "level": finding.info.level,
        "tags": list(finding.info.tags),
        "entity": dict(finding.entity),
        "count": finding.count,
        "first": stamp(finding.first),
        "last": stamp(finding.last),
        "events": [{"file": file, "line": line} for file, line in finding.events],
        "id": finding.id,
        "part_of": finding.part_of or None,
    }


class Target:
    """Where the rows go: standard output, or a file. Raises one line where nothing can be written.

    What a file holds stays until `begin`: a scan that comes to nothing costs nobody an earlier result.
    """

    def __init__(self, path: Path | None) -> None:
        self.name = "standard output" if path is None else str(path)
        self.terminal = path is None and sys.stdout.isatty()
        self.pipe = path is None and not self.terminal and _is_pipe(sys.stdout)
        try:
            self._out = sys.stdout.buffer if path is None else os.fdopen(_opened(path), "wb")
        except OSError as error:
            raise UsageError(f"--output {path}: cannot be written: {error.strerror}") from None
        self._own = path is not None

    def begin(self) -> None:
        """From here on the file is ours."""
        if self._own and S_ISREG(os.fstat(self._out.fileno()).st_mode):
            self._try(self._out.truncate)

    def write(self, text: str) -> None:
        """Write text at once. A reader that has gone raises BrokenPipeError, as everywhere."""
        self._try(lambda: self._out.write(text.encode("utf-8", "backslashreplace")))
        self._try(self._out.flush)

    def close(self) -> None:
        """Close what was opened here."""
        if self._own:
            self._try(self._out.close)

    def _try(self, do: Callable[[], object]) -> None:
        try:
            do()
        except BrokenPipeError:
            raise
        except OSError as error:
            if not self._own:
                raise  # standard output: whoever runs the command tells it, once
            self._own = False
            with contextlib.suppress(OSError):  # what is still buffered could only fail again
                self._out.close()
            raise SoctermError(
                f"{self.name}: {error.strerror}: what is written there is not complete"
            ) from None


def _opened(path: Path) -> int:
    refuse_store(path)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)


class Sheet(Protocol):
    """Takes findings as they come and writes them in one form."""

    def add(self, findings: Sequence[Finding]) -> None:
        """Some more findings."""

    def close(self, summary: dict[str, Any]) -> None:
        """The end, with what `scan` says of itself."""


class Ndjson:
    """One JSON object a line, each as soon as it is known."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._encode = msgspec.json.Encoder().encode

    def add(self, findings: Sequence[Finding]) -> None:
        """Write them."""
        if findings:
            self._target.write("".join(self._line(finding) for finding in findings))

    def _line(self, finding: Finding) -> str:
        text = self._encode(as_row(finding)).decode()
        return (text if not self._target.terminal else clean(text)) + "\n"

    def close(self, summary: dict[str, Any]) -> None:
        """Nothing more: rows speak for themselves."""


class Json:
    """One document: `{"alerts": […], "summary": {…}}`."""

    def __init__(self, target: Target, *, signals: bool) -> None:
        self._target = target
        self._name = "signals" if signals else "alerts"
        self._rows: list[dict[str, Any]] = []

    def add(self, findings: Sequence[Finding]) -> None:
        """Keep them for the end."""
        self._rows += map(as_row, findings)

    def close(self, summary: dict[str, Any]) -> None:
        """Write the document."""
        whole = msgspec.json.encode({self._name: self._rows, "summary": summary})
        text = msgspec.json.format(whole, indent=2).decode()
        lines = text.split("\n")
        self._target.write("\n".join(map(clean, lines) if self._target.terminal else lines) + "\n")


class Csv:
    """Comma-separated (RFC 4180), with a header; lists in a cell are divided by blanks."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._write([list(FIELDS)])

    def add(self, findings: Sequence[Finding]) -> None:
        """Write them."""
        self._write([self._cells(as_row(finding)) for finding in findings])

    def close(self, summary: dict[str, Any]) -> None:
        """Nothing more."""

    def _cells(self, row: dict[str, Any]) -> list[str]:
        row["tags"] = " ".join(row["tags"])
        row["entity"] = " ".join(f"{name}={value}" for name, value in row["entity"].items())
        row["events"] = " ".join(f"{event['file']}:{event['line']}" for event in row["events"])
        row["part_of"] = row["part_of"] or ""
        return [sheet_cell(str(row[name]), clean) for name in FIELDS]

    def _write(self, rows: list[list[str]]) -> None:
        if rows:
            out = io.StringIO(newline="")
            csv.writer(out).writerows(rows)
            self._target.write(out.getvalue())


class Table:
    """A table as wide as the terminal, gravest first. What is part of another row is only counted there,
    unless `parts`."""

    def __init__(self, target: Target, *, signals: bool, parts: bool = False) -> None:
        self._target = target
        self._what = "signals" if signals else "alerts"
        self._every = parts
        self._found: list[Finding] = []
        self._parts = Counter[str]()

    def add(self, findings: Sequence[Finding]) -> None:
        """Keep them for the end: only then it is known which are the gravest."""
        self._found += findings

    def close(self, summary: dict[str, Any]) -> None:
        """Write the table."""
        if self._found:
            self._fold()
            self._found.sort(key=lambda f: (-LEVELS.index(f.info.level), f.first, f.rule, f.entity))
            self._target.write("".join(line + "\n" for line in self._lines()))
        if summary["partial"]:
            self._target.write(f"Partial: it was interrupted; these are the {self._what} up to then.\n")
        elif not self._found:
            self._target.write(f"No {self._what}.\n")

    def _fold(self) -> None:
        known = {finding.id for finding in self._found}
        self._parts.update(finding.part_of for finding in self._found)
        if not self._every:
            self._found = [f for f in self._found if not f.part_of or f.part_of not in known]

    def _lines(self) -> list[str]:
        width = os.get_terminal_size(sys.stdout.fileno()).columns if self._target.terminal else 0
        names = ["LEVEL", "COUNT", "FIRST (UTC)", "LAST (UTC)", "ENTITY", "TITLE", "WHERE"]
        rows = [[clean(cell)[:_LONGEST] for cell in _cells(finding, self._parts)] for finding in self._found]
        for needed, name in ((120, "LAST (UTC)"), (100, "WHERE")):
            if 0 < width < needed:
                at = names.index(name)
                del names[at]
                for row in rows:
                    del row[at]
        widths = _widths([names, *rows], width)
        colour = self._target.terminal and "NO_COLOR" not in os.environ
        lines = [_line(names, widths)]
        for row in rows:
            line = _line(row, widths)
            level = row[0]
            if colour and level in _COLOURS:
                line = click.style(line[: len(level)], fg=_COLOURS[level]) + line[len(level) :]
            lines.append(line)
        return lines


def _cells(finding: Finding, parts: Mapping[str, int]) -> list[str]:
    entity = ", ".join(value for _, value in finding.entity)
    file, line = finding.events[0] if finding.events else ("", 0)
    where = f"{file}:{line}" if file else ""
    more = parts.get(finding.id, 0) if finding.id else 0
    title = ("↳ " if finding.part_of else "") + finding.info.title + (f"  +{more}" if more else "")
    return [
        finding.info.level, str(finding.count), _short(finding.first), _short(finding.last), entity,
        title, where,
    ]  # fmt: skip


def _short(ts: int) -> str:
    return stamp(ts)[:19].replace("T", " ")


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """How many cells each column takes; in a narrow terminal the widest columns give way."""
    from rich.cells import cell_len

    found = [max(cell_len(cell) for cell in column) for column in zip(*rows, strict=True)]
    between = 2 * (len(found) - 1)
    while 0 < width < sum(found) + between and max(found) > 8:
        found[found.index(max(found))] -= 1
    return found


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    from rich.cells import cell_len, set_cell_size

    shown = [
        set_cell_size(cell, width) if cell_len(cell) <= width else set_cell_size(cell, width - 1) + "…"
        for cell, width in zip(cells, widths, strict=True)
    ]
    return "  ".join(shown).rstrip()


def _is_pipe(stream: Any) -> bool:
    try:
        mode = os.fstat(stream.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return S_ISFIFO(mode) or S_ISSOCK(mode)


FORMS: Final = ("table", "ndjson", "csv", "json")


def sheet(form: str, target: Target, *, signals: bool, parts: bool = False) -> Sheet:
    """The sheet of a form. `parts`: a table lists what is part of other rows too."""
    if form == "ndjson":
        return Ndjson(target)
    if form == "csv":
        return Csv(target)
    return Json(target, signals=signals) if form == "json" else Table(target, signals=signals, parts=parts)
