"""Which templates a question is about, and how several rankings become one. Pure: rows in, order out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from socterm.taxonomy import ACTIONS
from socterm.templates.asking import Asked, vocabulary
from socterm.templates.book import Template
from socterm.templates.concepts import Concept
from socterm.templates.equivalents import EQUIVALENTS
from socterm.templates.index import Index
from socterm.templates.words import split, stem, stems

FAR = 10
"""Of reciprocal rank fusion (Cormack et al., 2009): the larger, the less the first places count. Their 60 is
for orders of thousands; in these of dozens, what both know a little is no better than what one knows well."""

LEAST = 0.3
"""Templates that have to do with the question less than so much of the best one are left out."""

_ALIKE = 0.5
_WORDS = 1.5
"""What a template counts that has all words of the question; one of a concept's actions counts its weight."""

_NAME = 3.0
"""What a line counts that has a word which is none of the vocabulary: a user, a host, a file."""

_UNTOLD = 0.6
"""What an action counts whose outcome is not told, where one is asked for."""

Item = TypeVar("Item", bound=Hashable)


def ranked(asked: Asked, index: Index, limit: int = 50) -> list[tuple[int, float]]:
    """(template, score), best first, of those that have anything to do with the question."""
    scores: defaultdict[int, float] = defaultdict(float)
    _add_words(asked, index, scores)
    for concept, weight in asked.meant:
        for ident, sure in _telling(concept, index).items():
            scores[ident] += weight * sure
    best = max(scores.values(), default=0.0)
    some = [one for one in scores.items() if one[1] > LEAST * best]
    return sorted(some, key=lambda one: (-one[1], one[0]))[:limit]


def _add_words(asked: Asked, index: Index, scores: defaultdict[int, float]) -> None:
    """What templates count that have words of the question, or words that mean the same; rare ones most."""
    wanted = [stem(word) for word in asked.words]
    worth = [math.log(1 + (len(index.rows) + 1) / (1 + len(index.having(word)))) for word in wanted]
    whole = sum(worth)
    for word, weight in zip(wanted, worth, strict=True):
        same = index.having(word)
        alike = same.union(*map(index.having, EQUIVALENTS.get(word, ())))
        for ident in alike:
            scores[ident] += _WORDS * weight / whole * (1.0 if ident in same else _ALIKE)


def _telling(concept: Concept, index: Index) -> dict[int, float]:
    """How well templates tell the concept, by their words or by what their parser says has happened."""
    found: dict[int, float] = {}
    for phrase in sorted(map(_phrase, concept.says), key=len):  # longer phrases are surer
        found.update(dict.fromkeys(index.having_all(phrase), min(0.9, 0.3 + 0.2 * len(phrase))))
    for row in index.doing(concept.actions):
        if not concept.outcome or row.outcome == concept.outcome:
            found[row.id] = 1.0
        elif not row.outcome:
            found[row.id] = max(_UNTOLD, found.get(row.id, 0.0))
    return found


@lru_cache(maxsize=4_096)
def _phrase(text: str) -> frozenset[str]:
    return stems(text)


def described(row: Template) -> str:
    """A template as a text for a model that makes vectors of texts: what it is, then how it reads."""
    meaning = ACTIONS.get(row.action)
    told = meaning.meaning if meaning is not None else row.action
    return ". ".join(part for part in (told, row.outcome, row.dataset, row.text) if part)


def phrases(asked: Asked) -> list[tuple[tuple[str, ...], float]]:
    """What to look for in the lines themselves: (words that all stand in a line, weight), surest first."""
    found: dict[tuple[str, ...], float] = {}
    if asked.words:
        found[asked.words] = 1.5 * len(asked.words)
        for word in asked.words:
            found.setdefault((word,), 1.0 if stem(word) in vocabulary() else _NAME)
    for concept, weight in asked.meant:
        for phrase in concept.says:
            words = tuple(dict.fromkeys(split(phrase)))
            if words:
                found[words] = max(found.get(words, 0.0), weight * (0.4 + 0.3 * len(words)))
    return sorted(found.items(), key=lambda one: -one[1])


def placed(order: Sequence[Item]) -> dict[Item, int]:
    """Each thing's place in an order, from 1."""
    return {item: place for place, item in enumerate(order, 1)}


def fused(*places: Mapping[Item, int]) -> list[tuple[Item, float]]:
    """Several orders of the same things (thing → place) as one, by reciprocal rank.

    >>> [item for item, _ in fused(placed(["a", "b", "c"]), placed(["b", "d"]))]
    ['b', 'a', 'd', 'c']
    """
    scores: dict[Item, float] = {}
    for order in places:
        for item, place in order.items():
            scores[item] = scores.get(item, 0.0) + 1 / (FAR + place)
    return sorted(scores.items(), key=lambda one: -one[1])


def nearest(question: Sequence[float], vectors: Mapping[int, Sequence[float]], limit: int = 50) -> list[int]:
    """Templates by the angle between their vector and the question's, nearest first, in plain Python."""
    size = math.sqrt(sum(x * x for x in question)) or 1.0
    scored = []
    for ident, vector in vectors.items():
        if len(vector) == len(question):
            length = math.sqrt(sum(x * x for x in vector)) or 1.0
            score = sum(a * b for a, b in zip(question, vector, strict=True)) / (size * length)
            if math.isfinite(score):
                scored.append((score, ident))
    return [ident for _, ident in sorted(scored, key=lambda one: (-one[0], one[1]))[:limit]]
