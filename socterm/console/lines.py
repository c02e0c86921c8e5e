"""Styled, wrapped text as the detail, the help and the chat show it: spans make lines, lines become strips.

A line may carry a value (what `y` copies) and the id of an event or alert (what Enter opens). Wrapping is by
words; a span that says so stays in one piece.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from rich.cells import chop_cells, set_cell_size
from rich.style import Style
from textual.strip import Strip

from socterm.console.safe import SafeText, safe_text, seg, width
from socterm.console.theme import style

HINT: Final = 64
"""Cells that an empty list has for a line of a hint."""


class Span(NamedTuple):
    """A piece of text in one style; `whole` keeps it from being broken at its spaces."""

    text: SafeText
    style: str = "text"
    whole: bool = False


class Line(NamedTuple):
    """A line before wrapping.

    `hang` indents what wraps; `value` is copied by y; `event`, or `alert`, opened by Enter; beyond `most`
    rows it is cut (0: never); `field` is the ECS field that has the value.
    """

    spans: tuple[Span, ...] = ()
    hang: int = 0
    value: str = ""
    event: int = 0
    most: int = 0
    alert: int = 0
    field: str = ""

    @property
    def live(self) -> bool:
        """Whether the cursor can stand on it."""
        return bool(self.value or self.event or self.alert)


class Row(NamedTuple):
    """One drawn row: its spans and the number of the line it belongs to."""

    spans: tuple[Span, ...]
    line: int


def sp(text: object, style_name: str = "text", *, whole: bool = False) -> Span:
    """A span of any text, cleaned."""
    return Span(safe_text(text), style_name, whole)


def line(*parts: Span | tuple[object, str], hang: int = 0, value: str = "", event: int = 0) -> Line:
    """A line from spans or (text, style) pairs."""
    spans = tuple(part if isinstance(part, Span) else sp(*part) for part in parts)
    return Line(spans, hang, value, event)


def hint(text: str, *more: str) -> list[Line]:
    """One quiet line, and what else is to be said, in lines that a list has room for."""
    return [
        line((part, "dim")) for part in (text, *(row for said in more for row in textwrap.wrap(said, HINT)))
    ]


_CITE = re.compile(r"(\[[#A-Z]?\d+\])")


def cited(text: str, look: str = "text") -> list[Span]:
    """Text with its citations in the colour of what can be opened."""
    return [
        Span(safe_text(part), "cite" if number % 2 else look, bool(number % 2))
        for number, part in enumerate(_CITE.split(text))
        if part
    ]


def cited_line(text: str, *lead: Span, look: str = "text", hang: int = 0) -> Line:
    """A line of an answer; where it cites an event, Enter opens the first it cites."""
    found = _CITE.search(text)
    number = found[1].strip("[#]") if found else ""
    return Line((*lead, *cited(text, look)), hang, number, int(number) if number.isdigit() else 0)


def _atoms(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans cut at their spaces; a space is an atom of its own."""
    for span in spans:
        if span.whole or " " not in span.text:
            yield span
            continue
        for index, word in enumerate(span.text.split(" ")):
            if index:
                yield Span(SafeText(" "), span.style)
            if word:
                yield Span(SafeText(word), span.style)


def _pieces(atom: Span, cells: int) -> Iterator[Span]:
    """An atom longer than a row, in row-long pieces."""
    if width(atom.text) <= cells:
        yield atom
    else:
        yield from (Span(SafeText(piece), atom.style) for piece in chop_cells(atom.text, cells))


def wrap(lines: Sequence[Line], cells: int) -> list[Row]:
    """Lines as rows of at most `cells` cells."""
    rows: list[Row] = []
    for number, item in enumerate(lines):
        if sum(width(span.text) for span in item.spans) <= cells:  # most lines fit as they are
            rows.append(Row(item.spans, number))
            continue
        hang = min(item.hang, max(0, cells - 12))
        current: list[Span] = []
        used, first = 0, len(rows)
        for atom in _atoms(item.spans):
            for piece in _pieces(atom, max(1, cells - hang)):
                size = width(piece.text)
                if used + size > cells and used > (hang if current else 0):
                    rows.append(Row(tuple(current), number))
                    current, used = ([Span(SafeText(" " * hang))] if hang else []), hang
                    if piece.text == " ":
                        continue
                current.append(piece)
                used += size
        rows.append(Row(tuple(current), number))
        if item.most and len(rows) - first > item.most:
            del rows[first + item.most :]
            rows[-1] = Row((*_shortened(rows[-1].spans, cells - 1), Span(SafeText("…"), "dim")), number)
    return rows


def _shortened(spans: Sequence[Span], cells: int) -> list[Span]:
    """The first `cells` cells of a row, without a word on what is left out."""
    out: list[Span] = []
    for span in spans:
        if width(span.text) > cells:
            out.append(span._replace(text=SafeText(set_cell_size(span.text, cells).rstrip())))
            break
        out.append(span)
        cells -= width(span.text)
    return out


def strip(spans: Sequence[Span], cells: int, theme: str, ground: str = "background") -> Strip:
    """Spans as one drawn row, filled up to `cells`."""
    base = style(theme, "text", ground)
    segments = [seg(span.text, style(theme, span.style, ground)) for span in spans]
    return Strip(segments).adjust_cell_length(cells, base)


def blank(cells: int, base: Style) -> Strip:
    """An empty row."""
    return Strip.blank(cells, base)
