"""The templates of one store: which one a line is of, under numbers that never change.

A line whose parser knew what happened takes its template from that: dataset, action, outcome and code. One
that was only split into fields takes it from their names. Any other line is compared with those before it
(`tree`), among what the same program wrote. Numbers are given in the order in which lines first needed
them, so that they do not depend on how lines are cut into batches; `restore` with what was stored goes on
as if nothing had happened in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import msgspec

from socterm.templates.mask import ANY, Masker
from socterm.templates.tree import Tree, text_of, words_of

TOLD: Final = "told"
"""A parser knew what happened."""

FIELDS: Final = "fields"
"""Only the names of its fields are known."""

MINED: Final = "mined"
"""Found by comparing lines."""

FULL: Final = "full"
"""All lines that came when there was no room for one more template."""

MOST = 10_000
"""Templates of a store; a line that needs one more is counted with all such lines."""

MOST_GUESSED = 8_000
"""Mined ones and those by fields: whoever can write any line leaves room for what parsers know."""

MOST_OF_ONE = 600
"""Templates mined from one program's lines (then the nearest takes a line, or the program's are full), or of
the fields of one dataset."""

MOST_TOLD = 2_000
"""Templates of one dataset that parsers told: lines of JSON can bring actions of their own."""

MOST_REMEMBERED = 16_384
"""Masked lines whose template is known without comparing."""

MOST_NAMES = 24
_LONGEST_NAME = 120


class Template(msgspec.Struct):
    """A kind of line. `text` is its words with gaps, of what a parser told the words of the first line.

    `program` is whose lines were compared for a mined one. What does not apply is "".
    """

    id: int
    how: str
    text: str
    program: str = ""
    dataset: str = ""
    action: str = ""
    outcome: str = ""
    code: str = ""


_Told = tuple[str, str, str, str]


class Book:
    """All templates of one store. `fresh` and `changed` are what has to be stored since `settle`."""

    def __init__(self) -> None:
        self._mask = Masker()
        self.rows: dict[int, Template]
        self.fresh: list[Template]
        self.changed: dict[int, str]
        self._before: dict[int, str]
        self._told: dict[_Told, int]
        self._fields: dict[tuple[str, str], int]
        self._trees: dict[str, Tree]
        self._counts: Counter[tuple[str, str]]
        self._guessed: int
        self._begin()

    def restore(self, rows: Iterable[Template]) -> None:
        """Take up what was stored, in order of id."""
        for row in rows:
            self._enter(row)

    def told(self, dataset: str, action: str, outcome: str, code: str, message: str) -> int:
        """The template of a line whose parser knew what happened."""
        key = (dataset, action, outcome, code)
        return self._told.get(key) or self._add(
            TOLD, text_of(self._mask(message)), dataset=dataset, action=action, outcome=outcome, code=code
        )

    def fields(self, dataset: str, names: Iterable[str]) -> int:
        """The template of a line of which only the names of its fields say anything."""
        text = " ".join([_name(name) for name in names][:MOST_NAMES])
        return self._fields.get((dataset, text)) or self._add(FIELDS, text, dataset=dataset)

    def mined(self, program: str, dataset: str, message: str) -> int:
        """The template of any other line, by what it says."""
        tokens = self._mask(message)
        tree = self._trees.get(program)
        if tree is None:
            return self._add(MINED, text_of(tokens), program=program, dataset=dataset)
        if known := tree.known(tokens):
            return known
        self._make_room()
        ident, merged = tree.find(tokens)
        if not ident:
            if len(tree) >= MOST_OF_ONE:
                return self._overflow()
            return self._add(MINED, text_of(tokens), program=program, dataset=dataset)
        if merged is not None:
            row = self.rows[ident]
            self._before.setdefault(ident, row.text)
            row.text = text_of(merged)
            self.changed[ident] = row.text
        return ident

    def settle(self) -> None:
        """What was new is stored."""
        self.fresh.clear()
        self.changed.clear()
        self._before.clear()

    def forget(self) -> None:
        """What was new since `settle` was not stored: be as before it."""
        if not self.fresh and not self._before:
            return
        for row in self.fresh:
            del self.rows[row.id]
        for ident, text in self._before.items():
            if ident in self.rows:
                self.rows[ident].text = text
        rows = list(self.rows.values())
        self._begin()
        self.restore(rows)

    def _begin(self) -> None:
        self.rows = {}
        self.fresh, self.changed, self._before = [], {}, {}
        self._last = self._full = self._remembered = 0
        self._told, self._fields, self._trees = {}, {}, {}
        self._counts, self._guessed = Counter(), 0

    def _make_room(self) -> None:
        """One more masked line will be remembered in some tree; not too many in all of them."""
        self._remembered += 1
        if self._remembered > MOST_REMEMBERED:
            self._remembered = 1
            for tree in self._trees.values():
                tree.forget()

    def _add(self, how: str, text: str, **what: str) -> int:
        row = Template(self._last + 1, how, text, **what)
        return self._note(row) if self._has_room(row) else self._overflow()

    def _has_room(self, row: Template) -> bool:
        if len(self.rows) >= MOST:
            return False
        of_one = self._counts[row.how, row.dataset]
        if row.how == TOLD:
            return of_one < MOST_TOLD
        return self._guessed < MOST_GUESSED and (row.how == MINED or of_one < MOST_OF_ONE)

    def _overflow(self) -> int:
        return self._full or self._note(Template(self._last + 1, FULL, ANY))

    def _note(self, row: Template) -> int:
        self._enter(row)
        self.fresh.append(row)
        return row.id

    def _enter(self, row: Template) -> None:
        self.rows[row.id] = row
        self._last = max(self._last, row.id)
        self._counts[row.how, row.dataset] += 1
        self._guessed += row.how in (MINED, FIELDS)
        if row.how == TOLD:
            self._told[row.dataset, row.action, row.outcome, row.code] = row.id
        elif row.how == FIELDS:
            self._fields[row.dataset, row.text] = row.id
        elif row.how == MINED:
            self._trees.setdefault(row.program, Tree()).add(row.id, words_of(row.text))
        else:
            self._full = row.id


def _name(name: str) -> str:
    return name[:_LONGEST_NAME].replace(" ", "_")
