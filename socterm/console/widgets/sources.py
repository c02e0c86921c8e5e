"""The list of sources: lines, the share understood, rate, the newest event's age, what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from socterm.console.lines import Line, line
from socterm.console.widgets.table import Column
from socterm.console.words import number
from socterm.pipeline.sourceview import age, commonest, rate, share, trouble
from socterm.store.rows import EventRow, SourceRow

Source = tuple[int, SourceRow]


def columns(clock: Callable[[], int]) -> Sequence[Column[Source]]:
    """The counters of a source, as of now."""
    return (
        Column("source", 0, lambda item: (item[1].name, "text"), keep_end=True),
        Column("lines", 7, lambda item: (number(item[1].lines), "dim"), right=True),
        Column("parsed", 7, lambda item: (share(item[1]), "dim"), right=True),
        Column("rate", 7, lambda item: (f"{number(rate(item[1], clock()))}/s", "dim"), right=True),
        Column("newest", 12, lambda item: (age(item[1], clock()), "dim"), right=True),
        Column("", 32, lambda item: _said(item[1]), rank=1),
    )


def _said(source: SourceRow) -> tuple[str, str]:
    wrong = trouble(source)
    return wrong or commonest(source), "error" if wrong else "dim"


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
