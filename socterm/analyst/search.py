"""Search by meaning: what is asked in plain words is found however the lines say it.

Three orders become one by reciprocal rank: templates by the vocabulary (`socterm.templates`), lines by the
words they have, and, where a model makes vectors of texts, templates by how near theirs are to that of the
question.
Without a model the first two are all, and the answer says so.
"""

from __future__ import annotations

import sys
import threading
from array import array
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from socterm.analyst.backend import Backend, BackendError, Cancelled, Wish
from socterm.store.doors.templates import Found, TemplateRow
from socterm.store.protocols import Events, Templates
from socterm.store.rows import EventRow
from socterm.templates.asking import ask
from socterm.templates.book import FULL
from socterm.templates.ranking import LEAST, described, fused, nearest, phrases, placed, ranked

RULES: Final = "rules"

TEMPLATES: Final = 40
"""Templates of each order that can be among the answers."""

LINES: Final = 30
"""Lines looked at of each phrase."""

PHRASES: Final = 48
AT_ONCE: Final = 64
"""Templates that one question has made vectors of; the next question goes on."""

PLAIN: Final = 2_000
"""Vectors that are compared without numpy: some 50 ms."""

_SURE: Final = 5
"""Hits of a phrase up to which it tells much; one that most lines have tells little."""


class Hit(msgspec.Struct, frozen=True):
    """A line that answers, its template (None for one stored before there were any) and by what it was found.

    `why` is of `meaning`, `words` and `vectors`.
    """

    event: EventRow
    template: TemplateRow | None
    why: tuple[str, ...]


class Answers(msgspec.Struct, frozen=True):
    """Hits, best first. `source` is `rules`, or `rules + MODEL` where its vectors had a part."""

    hits: tuple[Hit, ...]
    source: str = RULES


class Search:
    """Search by meaning over one store. May block for as long as the backend does: call it from a thread."""

    def __init__(self, events: Events, templates: Templates, backend: Backend | None = None) -> None:
        self.events = events
        self.templates = templates
        self.backend = backend

    def hybrid(self, question: str, *, limit: int = 20, cancel: Wish | None = None) -> Answers:
        """The lines that a question in plain words is about, one of each template before a second of any."""
        asked = ask(question)
        rows = {row.id: row for row in self.templates.all(order="latest") if row.how != FULL}
        by_meaning = [ident for ident, _ in ranked(asked, rows.values(), TEMPLATES)]
        wanted = phrases(asked)[:PHRASES]
        found = self.templates.matching([words for words, _ in wanted], limit=LINES)
        by_words = _best_lines([weight for _, weight in wanted], found)
        by_vectors, model = self._by_vectors(question, rows, cancel or threading.Event())
        order = _lines(by_words, by_meaning, by_vectors, rows)
        of = {one.id: one.template for some in found for one in some}
        chosen = _spread([(ident, of.get(ident) or template) for ident, template in order])[: 2 * limit]
        events = {row.id: row for row in self.events.get(ident for ident, _ in chosen)}
        meant, worded, near_by = set(by_meaning), {one.id for one in by_words}, set(by_vectors)
        hits = [
            Hit(
                events[ident],
                rows.get(template),
                _why(ident in worded, template in meant, template in near_by),
            )
            for ident, template in chosen
            if ident in events
        ]
        return Answers(tuple(hits[:limit]), f"{RULES} + {model}" if model else RULES)

    def _by_vectors(
        self, question: str, rows: Mapping[int, TemplateRow], cancel: Wish
    ) -> tuple[list[int], str]:
        """(templates by their vectors, model); nothing where no model makes any."""
        if self.backend is None or not rows:
            return [], ""
        try:
            asked = self.backend.embed([question], cancel=cancel)
            known = self.templates.vectors(asked.model)
            missing = [row for row in rows.values() if row.id not in known][:AT_ONCE]
            if missing:
                made = self.backend.embed([described(row) for row in missing], cancel=cancel)
                if made.model == asked.model:
                    new = {
                        row.id: (row.text, packed(vector))
                        for row, vector in zip(missing, made.rows, strict=False)
                    }
                    self.templates.keep_vectors(made.model, new)
                    known |= {ident: vector for ident, (_, vector) in new.items()}
        except (BackendError, Cancelled):
            return [], ""
        here = {ident: vector for ident, vector in known.items() if ident in rows}
        if not asked.rows or not here:
            return [], ""
        return near(asked.rows[0], here), asked.model


def packed(vector: Sequence[float]) -> bytes:
    """A vector as it is stored: little-endian 32-bit floats."""
    values = array("f", vector)
    if sys.byteorder == "big":
        values.byteswap()
    return values.tobytes()


def near(question: Sequence[float], vectors: Mapping[int, bytes]) -> list[int]:
    """Templates by how near their vectors are, by numpy where that is installed; else the latest of them."""
    try:
        import numpy as np  # noqa: PLC0415 (an extra, and 0.1 s)
    except ImportError:
        some = dict(list(vectors.items())[-PLAIN:])
        return nearest(question, {ident: _unpacked(data) for ident, data in some.items()}, TEMPLATES)
    size = len(question) * 4
    ids = [ident for ident, data in vectors.items() if len(data) == size]
    if not ids:
        return []
    table = np.frombuffer(b"".join(vectors[ident] for ident in ids), dtype="<f4").reshape(len(ids), -1)
    lengths = np.linalg.norm(table, axis=1)
    scores = table @ np.asarray(question, dtype="<f4") / np.where(lengths == 0, 1, lengths)
    return [ids[at] for at in np.argsort(-scores, kind="stable")[:TEMPLATES]]


def _unpacked(data: bytes) -> array[float]:
    values = array("f", data[: len(data) // 4 * 4])
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _best_lines(weights: Sequence[float], found: Sequence[Sequence[Found]]) -> list[Found]:
    """Lines by the phrases they have; one that few lines have counts more. The newest of equals first."""
    scores: dict[int, float] = {}
    lines: dict[int, Found] = {}
    for weight, some in zip(weights, found, strict=True):
        worth = weight if len(some) <= _SURE else weight * (0.7 if len(some) < LINES else 0.4)
        for one in some:
            lines[one.id] = one
            scores[one.id] = scores.get(one.id, 0.0) + worth
    best = max(scores.values(), default=0.0)
    lines = {ident: one for ident, one in lines.items() if scores[ident] >= LEAST * best}
    ids = sorted(lines, key=lambda ident: (-scores[ident], -ident))
    return [lines[ident] for ident in ids]


def _lines(
    by_words: Sequence[Found],
    by_meaning: Sequence[int],
    by_vectors: Sequence[int],
    rows: Mapping[int, TemplateRow],
) -> list[tuple[int, int]]:
    """(event, template) by all orders together: a line stands where its template does in theirs."""
    of = {one.id: one.template for one in by_words}
    there = set(of.values())
    for template in (*by_meaning, *by_vectors):
        if template not in there:
            of[rows[template].newest] = template
    worded = placed([one.id for one in by_words])
    meant, near_by = placed(by_meaning), placed(by_vectors)
    order = fused(
        worded,
        {ident: meant[template] for ident, template in of.items() if template in meant},
        {ident: near_by[template] for ident, template in of.items() if template in near_by},
    )
    return [(ident, of[ident]) for ident, _ in order]


def _spread(lines: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The best line of each template, then the second of each, and so on."""
    seen: dict[int, int] = {}
    rounds: list[tuple[int, int]] = []
    for _, template in lines:
        seen[template] = seen.get(template, 0) + 1
        rounds.append((seen[template], len(rounds)))
    return [lines[at] for _, at in sorted(rounds)]


def _why(worded: bool, meant: bool, near_by: bool) -> tuple[str, ...]:
    named = (("meaning", meant), ("words", worded), ("vectors", near_by))
    return tuple(name for name, there in named if there)
