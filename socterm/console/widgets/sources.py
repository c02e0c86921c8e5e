"""The list of sources: lines, the share understood, rate, the newest event's age, what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.strip import Strip

from socterm.console.lines import Line, Span, line, sp, strip
from socterm.console.safe import fit
from socterm.console.widgets.bars import Bar, Part
from socterm.console.widgets.rows import Rows
from socterm.console.words import number
from socterm.pipeline.sourceview import age, commonest, rate, share, trouble
from socterm.store.rows import EventRow, SourceRow

_COLUMNS = (("lines", 9), ("parsed", 8), ("rate", 9), ("newest", 14))
_NARROW = 90


class SourceRows(Rows):
    """Sources, each one row; the ids are their places in the list, from 1."""

    def __init__(self, *, clock: Callable[[], int]) -> None:
        super().__init__("sources")
        self.sources: dict[int, SourceRow] = {}
        self.clock = clock

    def show(self, sources: Sequence[SourceRow]) -> None:
        """Show these."""
        self.sources = dict(enumerate(sources, 1))
        self.replace(list(self.sources))

    @property
    def current(self) -> SourceRow | None:
        """The source under the cursor."""
        return self.sources.get(self.cursor)

    def look(self, row: int) -> object:
        """It changes with every batch, and its age with every second."""
        source = self.sources[row]
        return (source.updated, source.lines, self.clock() // 1_000_000)

    def draw(self, row: int, cells: int, ground: str) -> Strip:
        """One source."""
        source, now = self.sources[row], self.clock()
        values = (
            number(source.lines), share(source), f"{number(rate(source, now))}/s", age(source, now),
        )  # fmt: skip
        room = _room(cells)
        spans = [sp("▌" if row == self.cursor else " ", "primary"), Span(fit(_tail(source.name, room), room))]
        spans += [sp(f"{value:>{size}}", "dim") for value, (_, size) in zip(values, _COLUMNS, strict=True)]
        wrong = trouble(source)
        if cells >= _NARROW:
            spans.append(sp("  " + (wrong or commonest(source)), "error" if wrong else "dim"))
        return strip(spans, cells, self.theme_name, ground)


class ColumnNames(Bar):
    """What the columns of the list are."""

    ground = "background"

    def parts(self) -> Sequence[Part]:
        """Over the columns, in their widths."""
        room = _room(self.size.width - 1)  # the list has a scrollbar
        names = [sp(f"{name:>{size}}", "dim") for name, size in _COLUMNS]
        return [Part((sp(" " + "source".ljust(room), "dim"), *names))]


def _room(cells: int) -> int:
    """Cells for the name of a source."""
    return max(12, cells - sum(size for _, size in _COLUMNS) - (0 if cells < _NARROW else 34) - 1)


def _tail(name: str, room: int) -> str:
    """The end of a long name: that is where paths differ."""
    return name if len(name) <= room else "…" + name[-room + 1 :]


def made_of(source: SourceRow, now: int) -> list[Line]:
    """What a source's lines are, and all that went wrong with it."""
    out = [
        line(("lines   ", "dim"), (number(source.lines), "text")),
        line(("parsed  ", "dim"), (f"{share(source)} of them by a format socterm knows", "text")),
        line(("newest  ", "dim"), (_ago(source, now), "text")),
    ]
    if source.late:
        out.append(
            line(("late    ", "dim"), (f"{number(source.late)} lines came too late to be ordered", "text"))
        )
    out += [
        line(("dropped ", "dim"), (f"{number(count)}: {reason}", "error"), hang=8)
        for reason, count in source.drops.items()
    ]
    for said in (source.note, source.error):
        if said:
            out.append(line(("trouble ", "dim"), (said, "error"), hang=8))
    if source.formats:
        out += [Line(), line(("formats", "head"))]
    for name, count in sorted(source.formats.items(), key=lambda item: -item[1]):
        out.append(line((f"  {number(count):>9}  ", "dim"), (name, "text"), value=name))
    unknown = source.lines - source.decoded
    if unknown:
        out.append(
            line((f"  {number(unknown):>9}  ", "dim"), ("no format knew them: u shows the latest", "paused"))
        )
    return out


def _ago(source: SourceRow, now: int) -> str:
    said = age(source, now)
    return f"{said} ago" if said[:1].isdigit() else said


def samples(events: Sequence[EventRow]) -> list[Line]:
    """Lines that no format knew, newest first; Enter opens one."""
    if not events:
        return [line(("Every line of this source was understood.", "dim"))]
    out: list[Line] = []
    for event in reversed(events):
        out.append(line((event.raw or " ", "text"), hang=2, value=event.raw, event=event.id)._replace(most=4))
        why = event.fields.get("error.message")
        if why:
            out.append(line(("  " + str(why), "error")))
    return out
