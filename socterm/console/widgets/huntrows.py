"""How the Hunt screen shows an answer: rows in its columns, bars above them, what stands behind a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from socterm.console.hunting import Answer, HuntColumn, HuntRow
from socterm.console.lines import Line, Span, line, sp
from socterm.console.widgets.bars import BLOCKS, Bar, Part
from socterm.console.widgets.table import Column, TableRows
from socterm.console.words import DAY, stamp
from socterm.store.rows import Bucket, EventRow

SIDES = 52
"""Cells beside the bars: two times and how far it is."""

MOST = 120
"""Cells of the bars."""


class HuntRows(TableRows[HuntRow]):
    """Rows of any answer."""

    def __init__(self, tz: tzinfo, key: Callable[[HuntRow], int], cursor: int = 0) -> None:
        super().__init__("list", (), key, cursor)
        self.tz = tz


def columns_of(columns: Sequence[HuntColumn], rows: HuntRows) -> tuple[Column[HuntRow], ...]:
    """The columns of an answer; the first, where it is of time, is written in the zone of now."""
    return tuple(_column(at, column, rows) for at, column in enumerate(columns))


def _column(at: int, column: HuntColumn, rows: HuntRows) -> Column[HuntRow]:
    def value(row: HuntRow) -> tuple[object, str]:
        if row.ts and at == 0:
            return stamp(row.ts, rows.tz), column.look
        return (row.cells[at] if at < len(row.cells) else ""), column.look

    return Column(column.title, column.cells, value, column.right, rank=at)


class HuntBars(Bar):
    """Hits over time, one line."""

    ground = "background"

    def __init__(self, tz: tzinfo) -> None:
        super().__init__(id="histogram")
        self.tz = tz
        self.buckets: Sequence[Bucket] = ()
        self.share = 1.0
        self.under_way = False

    def take(self, buckets: Sequence[Bucket], share: float, *, under_way: bool) -> None:
        """Show these."""
        self.buckets, self.share, self.under_way = buckets, share, under_way
        self.refresh()

    def parts(self) -> Sequence[Part]:
        """From when, bars, until when."""
        if not self.buckets:
            return [Part((sp(" looking …", "dim"),))] if self.under_way else []
        cells = max(1, min(MOST, self.size.width - SIDES))
        sums = _spread([bucket.events for bucket in self.buckets], cells)
        top = max(sums) or 1
        spans: list[Span] = [
            sp(" " if not number else BLOCKS[min(7, number * 7 // top)], "graph") for number in sums
        ]
        first, last = ends_of([bucket.start for bucket in self.buckets], self.tz)
        said = f"  {self.share:.0%} looked at" if self.share < 1.0 else ""
        return [
            Part((sp(f" {first} ", "dim"),), 2),
            Part(tuple(spans), 0),
            Part((sp(f" {last}", "dim"),) if last != first else (), 2),
            Part((sp(said, "accent"),), 1),
        ]


def ends_of(starts: Sequence[int], tz: tzinfo) -> tuple[str, str]:
    """The first and the last day of bars (µs), or from when the first is and until when the last.

    >>> from datetime import UTC
    >>> ends_of([0, DAY], UTC), ends_of([60_000_000, 120_000_000], UTC)
    (('1970-01-01', '1970-01-02'), ('1970-01-01 00:01', '1970-01-01 00:03'))
    """
    if all(start % DAY == 0 for start in starts):
        return stamp(starts[0], tz)[:10], stamp(starts[-1], tz)[:10]
    end = starts[-1] + (starts[1] - starts[0] if len(starts) > 1 else 0)
    return stamp(starts[0], tz)[:16], stamp(end, tz)[:16]


def _spread(counts: Sequence[int], cells: int) -> list[int]:
    """Counts over more or fewer cells: several share one, or one stands in several."""
    if len(counts) < cells:
        return [counts[at * len(counts) // cells] for at in range(cells)]
    sums = [0] * cells
    for at, count in enumerate(counts):
        sums[at * cells // len(counts)] += count
    return sums


def about_row(item: HuntRow, found: Sequence[EventRow], answer: Answer, tz: tzinfo) -> list[Line]:
    """What stands behind a row: an event's fields, a value's first and last line, an alert's events."""
    if item.line is not None:
        return _event(item.line, tz)
    out: list[Line] = []
    if item.would_be is not None:
        one = item.would_be
        out += [
            line((one.info.title, "title")),
            line((f"{one.info.level}  ", one.info.level), (f"{one.count:,} events", "text")),
            *(_field(name, value, 14) for name, value in one.entity),
            line((f"{'first':<14} ", "dim"), (stamp(one.first[0], tz), "text")),
            line((f"{'last':<14} ", "dim"), (stamp(one.last[0], tz), "text")),
            _known(item),
            Line(),
            *facts(answer),
            Line(),
        ]
    elif item.fields:
        out += [*(_field(name, value) for name, value in item.fields.items())]
        out += [line((f"{'hits':<20} ", "dim"), (item.cells[0], "text")), Line()]
    else:
        titles = [column.title for column in answer.columns]
        out += [_cell(title, cell) for title, cell in zip(titles, item.cells, strict=False)]
    if found:
        out.append(line(("Events" if item.would_be is not None else "Newest and oldest", "head")))
    for row in found:
        out.append(line((stamp(row.ts, tz), "dim"), value=row.raw, event=row.id))
        out.append(line(("  " + row.raw, "soft"), hang=2)._replace(most=3))
    return out


def facts(answer: Answer) -> list[Line]:
    """What is said of a back-test as a whole."""
    rows = [line((f"{name:<14} ", "dim"), (said, "text"), hang=15) for name, said in answer.facts]
    return [line(("The back-test", "head")), *rows]


def _event(row: EventRow, tz: tzinfo) -> list[Line]:
    out = [
        line((stamp(row.ts, tz), "dim"), value=row.raw, event=row.id),
        line((row.raw, "text")),
        Line(),
    ]
    for name in sorted(row.fields):
        value = row.fields[name]
        if name != "message":
            many = value if isinstance(value, tuple) else (value,)
            out += [_field(name, str(one)) for one in many]
    return out


def _field(name: str, value: str, cells: int = 20) -> Line:
    found = line((f"{name:<{cells}} ", "dim"), (value, "pivot"), hang=cells + 1, value=value)
    return found._replace(field=name)


def _cell(title: str, cell: str) -> Line:
    return line((f"{title:<12} ", "dim"), (cell, "text"), hang=13, value=cell)


def _known(item: HuntRow) -> Line:
    if item.alert:
        said = line((f"{'known':<14} ", "dim"), (f"alert {item.alert}", "cite"))
        return said._replace(alert=item.alert)
    one = item.would_be
    alerted = one.alerted if one is not None else 0
    said_of = f"{alerted:,} of its events are evidence of alerts" if alerted else "nothing stored tells of it"
    return line((f"{'known':<14} ", "dim"), (said_of, "text"), hang=15)
