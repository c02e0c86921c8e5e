"""Search by meaning: what is asked in plain words is found however the lines say it.

Three orders become one by reciprocal rank: templates by the vocabulary (`socterm.templates`), lines by the
words they have, and, where a model makes vectors of texts, templates by how near theirs are to that of the
question.
Without a model the first two are all, and the answer says so.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from socterm.analyst.backend import Backend, Wish
from socterm.analyst.vectors import Nearest
from socterm.store.doors.templates import Found, TemplateRow
from socterm.store.protocols import Events, Templates
from socterm.store.rows import EventRow
from socterm.templates.asking import ask
from socterm.templates.book import Template
from socterm.templates.index import Index
from socterm.templates.ranking import LEAST, fused, phrases, placed, ranked

RULES: Final = "rules"

TEMPLATES: Final = 40
"""Templates of each order that can be among the answers."""

LINES: Final = 30
"""Lines looked at of each phrase."""

PHRASES: Final = 48
LOOKED_AT: Final = 200
"""Templates of each order that are looked at for one with a line that is still stored."""

_SURE: Final = 5
"""Hits of a phrase up to which it tells much; one that most lines have tells little."""


class Hit(msgspec.Struct, frozen=True):
    """A line that answers, its template (None where it has none of its own) and by what it was found.

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
        self._nearest = Nearest(templates, backend)
        self._rows: list[Template] = []
        self._index = Index([])

    def _standing(self, order: Sequence[int]) -> dict[int, int]:
        """The first of these templates of which there is a line, with the newest."""
        return dict(list(self.templates.standing(order).items())[:TEMPLATES])

    def hybrid(self, question: str, *, limit: int = 20, cancel: Wish | None = None) -> Answers:
        """The lines that a question in plain words is about, one of each template before a second of any."""
        asked = ask(question)
        index = self._index_now()
        by_meaning = self._standing([ident for ident, _ in ranked(asked, index, LOOKED_AT)])
        wanted = phrases(asked)[:PHRASES]
        found = self.templates.matching([words for words, _ in wanted], limit=LINES)
        by_words = _best_lines([weight for _, weight in wanted], found)
        near_by, model = self._nearest.to(question, cancel or threading.Event(), LOOKED_AT)
        by_vectors = self._standing([ident for ident in near_by if ident in index.rows])
        order = _lines(by_words, by_meaning, by_vectors)
        of = {one.id: one.template for some in found for one in some}
        chosen = _spread([(ident, of.get(ident) or template) for ident, template in order])[: 2 * limit]
        events = {row.id: row for row in self.events.get(ident for ident, _ in chosen)}
        rows = {row.id: row for row in self.templates.get({template for _, template in chosen}) if row.alike}
        worded = {one.id for one in by_words}
        hits = [
            Hit(
                events[ident],
                rows.get(template),
                _why(ident in worded, template in by_meaning, template in by_vectors),
            )
            for ident, template in chosen
            if ident in events
        ]
        return Answers(tuple(hits[:limit]), f"{RULES} + {model}" if model else RULES)

    def _index_now(self) -> Index:
        """The words of all templates; made anew only where there are others than at the last question."""
        rows = self.templates.kinds()
        if rows != self._rows:
            self._rows, self._index = rows, Index(rows)
        return self._index


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
    by_words: Sequence[Found], by_meaning: Mapping[int, int], by_vectors: Mapping[int, int]
) -> list[tuple[int, int]]:
    """(event, template) by all orders together: a line stands where its template does in theirs.

    Of a template that none of the lines is of, its newest stands for it.
    """
    of = {one.id: one.template for one in by_words}
    there = set(of.values())
    both = (*by_meaning.items(), *by_vectors.items())
    of |= {newest: template for template, newest in both if template not in there}
    worded = placed([one.id for one in by_words])
    meant, near_by = placed(list(by_meaning)), placed(list(by_vectors))
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
