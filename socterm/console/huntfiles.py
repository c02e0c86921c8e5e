"""Writing what a hunt found to a file. Runs in a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from socterm.console.hunting import Answer, Question, Stop, stretch_of
from socterm.console.readers import Store, parse_filter
from socterm.pipeline.export import COLUMNS, Exporter, event_cells


def export(
    store: Store,
    question: Question,
    answer: Answer,
    path: Path,
    now: int,
    *,
    clean: Callable[[str], str],
    stop: Stop,
) -> int:
    """Write the hits, all of them, or the rows of another answer; how many. A file that is there stays.

    Raises UsageError where the name's ending is no form, OSError where nothing can be written.
    """
    form = path.suffix.lower().removeprefix(".")
    lines = question.how == "query" and not question.by
    titles = COLUMNS if lines else tuple(column.title or "bar" for column in answer.columns)
    maker = Exporter(form, titles, clean)
    with path.open("x", encoding="utf-8", errors="backslashreplace", newline="") as out:
        out.write(maker.head())
        if not lines:
            out.write(maker.rows(dict(zip(titles, row.cells, strict=True)) for row in answer.rows))
            return len(answer.rows)
        return _all(store, question, now, maker, out.write, () if form == "ndjson" else titles, stop)


def _all(
    store: Store, question: Question, now: int, maker: Exporter, write: Callable[[str], object],
    columns: Sequence[str], stop: Stop,
) -> int:  # fmt: skip
    number = 0
    for portion in store.history.portions(stretch_of(store, question, now), parse_filter(question.text, now)):
        write(maker.rows(event_cells(row, columns) for row in portion.rows))
        number += len(portion.rows)
        if stop():
            break
    return number
