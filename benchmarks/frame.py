"""What a benchmark is, and the table its figures become."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One number. `bar` is what it has to reach: at least where `more` is better, else at most."""

    name: str
    value: float | None
    unit: str
    bar: float | None = None
    more: bool = True
    note: str = ""

    @property
    def verdict(self) -> str:
        """ok, MISSED, "not measured", or "" for a figure without a bar."""
        if self.value is None:
            return "not measured"
        if self.bar is None:
            return ""
        met = self.value >= self.bar if self.more else self.value <= self.bar
        return "ok" if met else "MISSED"


@dataclass
class Setting:
    """What a run of benchmarks was asked for. `folder` is scratch space that goes away afterwards.

    `events` and `alerts` are those of the big store that panes are measured on; `seconds` is how long the
    soak test takes.
    """

    folder: Path
    lines: int
    seed: int
    file: Path | None = None
    events: int = 10_000_000
    alerts: int = 10_000
    seconds: float = 60.0
    _made: dict[int, Path] = field(default_factory=dict)

    def log(self, lines: int = 0) -> Path:
        """The log to read: the one named, or our story multiplied to `lines` (default: as asked for)."""
        if self.file is not None:
            return self.file
        wanted = lines or self.lines
        if wanted not in self._made:
            from benchmarks.data import write_log

            self._made[wanted] = write_log(self.folder / f"auth-{wanted}.log", wanted, self.seed)
        return self._made[wanted]

    def real(self, lines: int = 0) -> tuple[Path, str]:
        """The log that rates with a bar are taken on, and what it is: real where SOCTERM_CORPORA has it.

        Our story is denser in strangers, sessions and alerts than any log of life.
        """
        corpora = os.environ.get("SOCTERM_CORPORA")
        if self.file is not None or not corpora:
            return self.log(lines), "the log named" if self.file is not None else "our story"
        wanted = lines or self.lines
        path = self.folder / f"real-{wanted}.log"
        if not path.exists():
            source = Path(corpora)
            log = source / "logs" / "auth_aws_bruteforce.log"
            with path.open("wb") as out:
                subprocess.run(
                    [sys.executable, source / "multiply.py", log, str(wanted), "--style", "iso"],
                    stdout=out, check=True,
                )  # fmt: skip
        return path, "a real log, multiplied"


Benchmark = Callable[[Setting], list[Figure]]


def show(value: float | None) -> str:
    """A number as a person compares it: three digits that count, thousands apart.

    >>> show(123456.7), show(0.1234), show(None)
    ('123,457', '0.123', '-')
    """
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def table(figures: list[tuple[str, Figure]]) -> str:
    """The figures as Markdown: it reads in a terminal and can be put into docs as it is."""
    rows = [("benchmark", "figure", "value", "unit", "bar", "", "note"), ("---",) * 7]
    for name, figure in figures:
        bar = "" if figure.bar is None else f"{'≥' if figure.more else '≤'} {show(figure.bar)}"
        rows.append((name, figure.name, show(figure.value), figure.unit, bar, figure.verdict, figure.note))
    widths = [max(len(row[n]) for row in rows) for n in range(7)]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )
