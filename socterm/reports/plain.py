"""A report as plain values, for programs: texts to the letter, ids and what each statement rests on."""

from __future__ import annotations

from typing import Any

from socterm.reports.document import Block, Cell, Document, Statement


def plain(document: Document) -> dict[str, Any]:
    """The report as JSON-plain values; nothing is escaped but by JSON itself."""
    return {
        "title": text(document.title),
        "statements": _statements([document.lead]),
        "sections": [
            {"title": section.title, "statements": _statements(section.blocks)}
            for section in document.sections
        ],
    }


def text(cell: Cell) -> str:
    """A cell's text without its styles."""
    return "".join(run.text for run in cell)


def _statements(blocks: list[Block] | tuple[Block, ...]) -> list[dict[str, Any]]:
    return [_statement(one, block.header) for block in blocks for one in block.statements]


def _statement(statement: Statement, header: tuple[str, ...]) -> dict[str, Any]:
    cells = [text(cell) for cell in statement.cells]
    said = dict(zip(header, cells, strict=True)) if header else {"text": " ".join(cells)}
    return {"id": statement.id, "said": said, "cites": [ref._asdict() for ref in statement.cites]}
