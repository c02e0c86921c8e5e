"""A report as one HTML file: it loads nothing, prints well, and is light or dark as its reader wants.

The border of this form: every text is escaped, attributes are made of our own ids and of fixed words, and a
policy in the page forbids whatever it might load or run all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from socterm.reports.document import Block, Cell, Document, Ref, Run, Statement, cut
from socterm.reports.look import STYLE
from socterm.reports.plain import text
from socterm.reports.words import MARKS, cited
from socterm.visible import visible

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

_TAGS: Final = {"plain": "", "strong": "strong", "muted": "small", "quoted": "code", "level": "span"}


def html(document: Document) -> str:
    """The whole page."""
    return "\n".join(_page(document)) + "\n"


def escaped(words: str) -> str:
    """Text that HTML shows as it is, within elements and attributes.

    >>> escaped('<a href="x">')
    '&lt;a href=&quot;x&quot;&gt;'
    """
    return escape(visible(cut(words)), quote=True)


def _page(document: Document) -> Iterator[str]:
    anchors = document.anchors()
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escaped(POLICY)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="color-scheme" content="light dark">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{escaped(text(document.title))}</title>"
    yield f"<style>{STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield "<main>"
    yield f"<h1>{_cell(document.title)}</h1>"
    yield from _block(document.lead, anchors)
    for section in document.sections:
        yield "<section>"
        yield f"<h2>{escaped(section.title)}</h2>"
        for block in section.blocks:
            yield from _block(block, anchors)
        yield "</section>"
    yield "</main>"
    yield "</body>"
    yield "</html>"


def _block(block: Block, anchors: frozenset[str]) -> Iterator[str]:
    if block.shape == "table":
        yield '<div class="wide"><table>'
        head = "".join(f"<th>{escaped(name)}</th>" for name in (*block.header, "Rests on"))
        yield f"<thead><tr>{head}</tr></thead>"
        yield "<tbody>"
        for one in block.statements:
            cells = "".join(f"<td>{_cell(cell)}</td>" for cell in one.cells)
            yield f'<tr id="{one.id}">{cells}<td>{_cites(one, anchors)}</td></tr>'
        yield "</tbody>"
        yield "</table></div>"
        return
    yield '<ul class="lines">' if block.shape == "lines" else "<ul>"
    for one in block.statements:
        yield f'<li id="{one.id}">{" ".join(map(_cell, one.cells))} {_cites(one, anchors)}</li>'
    yield "</ul>"


def _cites(statement: Statement, anchors: frozenset[str]) -> str:
    shown, more = cited(statement.cites)
    found = [_link(ref, anchors) for ref in shown]
    return f'<span class="cites">{", ".join([*found, f"{more} more"] if more else found)}</span>'


def _link(ref: Ref, anchors: frozenset[str]) -> str:
    return f'<a href="#{ref.anchor}">{ref}</a>' if ref.anchor in anchors else str(ref)


def _cell(cell: Cell) -> str:
    return "".join(map(_run, cell))


def _run(run: Run) -> str:
    if run.style == "level":
        known = run.text if run.text in MARKS else "informational"
        return f'<span class="level {known}">{MARKS[known]} {escaped(run.text)}</span>'
    tag = _TAGS[run.style]
    return f"<{tag}>{escaped(run.text)}</{tag}>" if tag else escaped(run.text)
