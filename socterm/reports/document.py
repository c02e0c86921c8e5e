"""What a report says, before it has a form: sections of statements, each with an id and what it rests on.

Markdown and HTML are made of the same tree, so that they say the same. Every text in it may come from a log
or a person; a form escapes all of them alike, and ids are made here of fixed words and numbers only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

Kind = Literal["alert", "event", "incident", "decision", "exception", "note"]
Style = Literal["plain", "strong", "muted", "quoted", "level"]
Shape = Literal["list", "table", "lines"]

LONGEST: Final = 4096
"""Characters shown of one text; the rest is counted."""


class Ref(NamedTuple):
    """A row of the store: `event 345`."""

    kind: Kind
    id: int

    @property
    def anchor(self) -> str:
        """Its name in links."""
        return f"{self.kind}-{self.id}"

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class Run(NamedTuple):
    """Some text of one style; `quoted` is what a log, a rule or a person says, to the letter."""

    text: str
    style: Style = "plain"


Cell = tuple[Run, ...]


class Statement(NamedTuple):
    """One thing said: its id in the report, its text (in a table a cell a column), and what it rests on."""

    id: str
    cells: tuple[Cell, ...]
    cites: tuple[Ref, ...]


class Block(NamedTuple):
    """Statements of one shape; a table has a header. `lines` are events to the letter."""

    shape: Shape
    statements: tuple[Statement, ...]
    header: tuple[str, ...] = ()


class Section(NamedTuple):
    """A part of the report under its heading."""

    title: str
    blocks: tuple[Block, ...]


class Document(NamedTuple):
    """A whole report. `lead` is what stands above all sections."""

    title: Cell
    lead: Block
    sections: tuple[Section, ...]

    def blocks(self) -> Iterator[Block]:
        """All blocks, in order."""
        yield self.lead
        for section in self.sections:
            yield from section.blocks

    def statements(self) -> Iterator[Statement]:
        """All statements, in order."""
        for block in self.blocks():
            yield from block.statements

    def anchors(self) -> frozenset[str]:
        """The ids of all statements: what a citation can lead to."""
        return frozenset(statement.id for statement in self.statements())


def quoted(text: object) -> Run:
    """What somebody else says, to the letter; nothing where it is empty."""
    return Run(str(text), "quoted")


def strong(text: object) -> Run:
    """What to see first."""
    return Run(str(text), "strong")


def muted(text: object) -> Run:
    """What to see last."""
    return Run(str(text), "muted")


def level(name: str) -> Run:
    """How grave something is, with its mark."""
    return Run(name, "level")


def said(*parts: str | Run) -> Cell:
    """A sentence of our own words and of quotations; empty pieces are left out."""
    runs = (Run(part) if isinstance(part, str) else part for part in parts)
    return tuple(run for run in runs if run.text)


def cut(text: str) -> str:
    """At most `LONGEST` characters, and how many more there were."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…(+{len(text) - LONGEST} characters)"


class Desk:
    """Where statements are made: no two get the same id.

    `asof` is what a statement rests on that says something is not there: the newest row that was looked at.
    """

    def __init__(self, asof: Ref) -> None:
        self.asof = asof
        self._taken: set[str] = set()
        self._notes = 0

    def state(self, *cells: Cell, of: Ref | None = None, cites: Iterable[Ref] = ()) -> Statement:
        """One statement, about a row where there is one. What it is about is what it rests on, too."""
        rests = tuple(dict.fromkeys((*((of,) if of is not None else ()), *cites))) or (self.asof,)
        return Statement(self._id(of), cells, rests)

    def _id(self, of: Ref | None) -> str:
        if of is None:
            self._notes += 1
            of = Ref("note", self._notes)
        ident, number = of.anchor, 1
        while ident in self._taken:
            number += 1
            ident = f"{of.anchor}-{number}"
        self._taken.add(ident)
        return ident
