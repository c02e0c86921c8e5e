"""Vectors of templates: made of their texts by a model, kept in the store, compared with that of a question.

A question waits for its own vector alone, and not for long. Those of templates are made a few at a time when
nobody waits: by whoever ingests, or by `socterm templates --vectors`.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Final

from socterm.analyst.backend import Backend, BackendError, Cancelled, Wish
from socterm.analyst.backends.patience import Limit
from socterm.analyst.border import plain
from socterm.store.protocols import Templates
from socterm.templates.book import Template
from socterm.templates.ranking import described, nearest

AT_ONCE: Final = 64
"""Templates that a model is given at once."""

PLAIN: Final = 768_000
"""Numbers that are gone through without numpy, those of the latest templates: some 60 ms."""

LONGEST: Final = 400
"""Characters of a template that a model is given: servers refuse what is longer than they take."""

WAIT: Final = 3.0
"""Seconds that a question waits for its vector."""


class Learner:
    """Makes the vectors that are missing, step by step. Keep one: it remembers what a model refuses."""

    def __init__(self, templates: Templates, backend: Backend) -> None:
        self.model = ""
        self._templates = templates
        self._backend = backend.at("background")
        self._size = 0
        self._at_once = AT_ONCE
        self._refused: set[int] = set()

    def step(self, cancel: Wish) -> int:
        """Make some, of the latest templates first, and say how many: 0 when there are no more to make.

        Raises BackendError where there is no model for that or it fails, and Cancelled. What failed is tried
        with fewer texts the next time; a single one that fails is left out from then on.
        """
        if not self.model:
            asked = self._backend.embed(["a line of a log"], cancel=cancel)
            self.model, self._size = asked.model, len(asked.rows[0])
        most = self._at_once + len(self._refused)
        missing = self._templates.without_vector(self.model, self._size, limit=most)
        rows = [row for row in missing if row.id not in self._refused][: self._at_once]
        kept = self._made(rows, cancel) if rows else 0
        if not kept:
            self.model = ""  # another one may be there by the next time
        return kept

    def _made(self, rows: Sequence[Template], cancel: Wish) -> int:
        try:
            made = self._backend.embed([_told(row) for row in rows], cancel=cancel)
        except BackendError as error:
            self.model = ""
            if error.passing:
                raise
            if len(rows) == 1:
                self._refused.add(rows[0].id)
            self._at_once = 1
            raise
        self._at_once = min(AT_ONCE, 2 * self._at_once)
        new = {}
        for row, vector in zip(rows, made.rows, strict=True):
            if _usable(vector):
                new[row.id] = (row.text, packed(vector))
            else:
                self._refused.add(row.id)
        same = made.model == self.model and all(len(vector) == self._size for vector in made.rows)
        return self._templates.keep_vectors(self.model, new) if same else 0


class Nearest:
    """Finds the templates nearest to a question by their vectors, where a model makes any."""

    def __init__(self, templates: Templates, backend: Backend | None) -> None:
        self._templates = templates
        self._backend = backend

    def to(self, question: str, cancel: Wish, limit: int) -> tuple[list[int], str]:
        """(templates, nearest first, and the model); nothing where none answers in time or made any."""
        if self._backend is None:
            return [], ""
        try:
            asked = self._backend.embed([_safe(question)], cancel=Limit(cancel, WAIT))
        except (BackendError, Cancelled):
            return [], ""
        if not asked.rows or not _usable(asked.rows[0]):
            return [], ""
        found = near(asked.rows[0], self._templates.vectors(asked.model), limit)
        return found, asked.model if found else ""


def _told(row: Template) -> str:
    return _safe(described(row))


def _safe(text: str) -> str:
    """A text as a model may have it: without secrets, with nothing unseen in it and no token of its own."""
    return plain(text)[:LONGEST]


def _usable(vector: Sequence[float]) -> bool:
    """Whether it points anywhere, also in 32 bits a number."""
    length = math.hypot(*array("f", vector))
    return math.isfinite(length) and length > 0


def packed(vector: Sequence[float]) -> bytes:
    """A vector as it is stored: little-endian 32-bit floats."""
    values = array("f", vector)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def near(question: Sequence[float], vectors: Mapping[int, bytes], limit: int) -> list[int]:
    """Templates by how near their vectors are, by numpy where that is installed; else the latest of them.

    Vectors of another length, and those that hold what is no number, are passed over.
    """
    size = len(question) * 4
    ids = [ident for ident, data in vectors.items() if len(data) == size]
    if not ids or not size:
        return []
    try:
        import numpy as np  # noqa: PLC0415 (an extra, and 0.1 s)
    except ImportError:
        latest = ids[-max(1, PLAIN // len(question)) :]
        return nearest(question, {ident: _unpacked(vectors[ident]) for ident in latest}, limit)
    table = np.frombuffer(b"".join(map(vectors.__getitem__, ids)), dtype="<f4").reshape(len(ids), -1)
    with np.errstate(all="ignore"):
        lengths = np.sqrt(np.einsum("ij,ij->i", table, table))
        scores = table @ np.asarray(question, dtype="<f4") / np.where(lengths == 0, 1, lengths)
    order = np.argsort(-np.where(np.isfinite(scores), scores, -2), kind="stable")[:limit]
    return [ids[at] for at in order if np.isfinite(scores[at])]


def _unpacked(data: bytes) -> array[float]:
    values = array("f", data)
    if sys.byteorder == "big":
        values.byteswap()
    return values
