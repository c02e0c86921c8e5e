"""A report as Markdown (CommonMark with tables): for tickets, chats and repositories.

The border of this form: nothing of a text is read as markup. Quotations are code spans behind a fence longer
than any in them, elsewhere every mark is escaped. The only HTML are empty anchors made of our own ids. No
line begins with a text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from socterm.reports.document import Block, Cell, Document, Ref, Run, Statement, cut
from socterm.reports.words import MARKS, cited
from socterm.visible import unmarked, visible


def markdown(document: Document) -> str:
    """The whole report."""
    return "\n".join(_lines(document)) + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, outside of code; what is longer than a report shows is cut."""
    return unmarked(cut(text))


def code(text: str) -> str:
    """Text to the letter, as a code span.

    >>> code("a`b"), code("`")
    ('``a`b``', '`` ` ``')
    """
    return _spanned(visible(cut(text)))


def _spanned(shown: str) -> str:
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    edge = shown.startswith("`") or shown.endswith("`")
    spaced = shown.startswith(" ") and shown.endswith(" ") and shown.strip()
    gap = " " if edge or spaced else ""
    return f"{fence}{gap}{shown}{gap}{fence}"


def _lines(document: Document) -> Iterator[str]:
    anchors = document.anchors()
    yield f"# {_cell(document.title)}"
    yield ""
    yield from _block(document.lead, anchors)
    for section in document.sections:
        yield f"## {escaped(section.title)}"
        yield ""
        for block in section.blocks:
            yield from _block(block, anchors)


def _block(block: Block, anchors: frozenset[str]) -> Iterator[str]:
    if block.shape == "table":
        header = [*map(escaped, block.header), "Rests on"]
        yield _row(header)
        yield _row(["---"] * len(header))
        for one in block.statements:
            cells = [_cell(cell, table=True) for cell in one.cells]
            cells[0] = _anchor(one) + cells[0]
            yield _row([*cells, _cites(one, anchors)])
    else:
        for one in block.statements:
            yield f"- {_anchor(one)}{' '.join(map(_cell, one.cells))} ({_cites(one, anchors)})"
    yield ""


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _anchor(statement: Statement) -> str:
    return f'<a id="{statement.id}"></a>'


def _cites(statement: Statement, anchors: frozenset[str]) -> str:
    shown, more = cited(statement.cites)
    found = [_link(ref, anchors) for ref in shown]
    return ", ".join([*found, f"{more} more"] if more else found)


def _link(ref: Ref, anchors: frozenset[str]) -> str:
    return f"[{ref}](#{ref.anchor})" if ref.anchor in anchors else str(ref)


def _cell(cell: Cell, *, table: bool = False) -> str:
    return "".join(_run(run, table=table) for run in cell)


def _run(run: Run, *, table: bool) -> str:
    if run.style == "quoted":
        return _code_in_table(run.text) if table else code(run.text)
    if run.style == "level":
        return f"{MARKS.get(run.text, '')} {escaped(run.text)}".strip()
    return f"**{escaped(run.text)}**" if run.style == "strong" else escaped(run.text)


def _code_in_table(text: str) -> str:
    """A bar ends a cell even within code; one behind a backslash cannot be escaped everywhere alike."""
    shown = visible(cut(text)).replace("\\|", "\\<U+007C>")
    return _spanned(shown).replace("|", "\\|")
