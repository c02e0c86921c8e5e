"""Which templates a question is about, and how several rankings become one. Pure: rows in, order out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from socterm.taxonomy import ACTIONS
from socterm.templates.asking import Asked, vocabulary
from socterm.templates.book import Template
from socterm.templates.concepts import Concept
from socterm.templates.equivalents import EQUIVALENTS
from socterm.templates.words import split, stem, stems

FAR = 10
"""Of reciprocal rank fusion (Cormack et al., 2009): the larger, the less the first places count. Their 60 is
for orders of thousands; in these of dozens, what both know a little is no better than what one knows well."""

LOGON_TYPES = {
    "2": "interactive, at the console", "3": "over the network", "4": "batch, a scheduled task",
    "5": "a service", "7": "unlocked the screen", "8": "over the network in clear text",
    "9": "new credentials, runas", "10": "remote desktop, rdp, terminal services", "11": "cached credentials",
}  # fmt: skip
"""Windows' kinds of logons (Microsoft, event 4624), which stand behind the event's code."""

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


def ranked(asked: Asked, templates: Iterable[Template], limit: int = 50) -> list[tuple[int, float]]:
    """(template, score), best first, of those that have anything to do with the question."""
    rows = list(templates)
    texts = {
        row.id: words_of(row.how, row.text, row.dataset, row.action, row.outcome, row.code) for row in rows
    }
    often = Counter(word for words in texts.values() for word in words)
    wanted = [
        (stem(word), EQUIVALENTS.get(stem(word), frozenset()),
         math.log(1 + (len(rows) + 1) / (1 + often[stem(word)])))
        for word in asked.words
    ]  # fmt: skip
    scored = [(row.id, _score(asked, wanted, row, texts[row.id])) for row in rows]
    best = max((score for _, score in scored), default=0.0)
    some = [one for one in scored if one[1] > LEAST * best]
    return sorted(some, key=lambda one: (-one[1], one[0]))[:limit]


def _score(
    asked: Asked, wanted: Sequence[tuple[str, frozenset[str], float]], row: Template, words: frozenset[str]
) -> float:
    whole = sum(weight for _, _, weight in wanted)
    found = sum(
        weight if word in words else weight * _ALIKE if alike & words else 0.0
        for word, alike, weight in wanted
    )
    score = _WORDS * found / whole if whole else 0.0
    for concept, weight in asked.meant:
        score += weight * max(_by_action(concept, row), _by_words(concept, words))
    return score


def _by_action(concept: Concept, row: Template) -> float:
    """How well what a parser said has happened is the concept."""
    if not row.action or row.action not in concept.actions:
        return 0.0
    if not concept.outcome or row.outcome == concept.outcome:
        return 1.0
    return 0.0 if row.outcome else _UNTOLD


def _by_words(concept: Concept, words: frozenset[str]) -> float:
    """How well the template's words say the concept: longer phrases are surer."""
    best = 0
    for phrase in concept.says:
        told = _phrase(phrase)
        if len(told) > best and told <= words:
            best = len(told)
    return min(0.9, 0.3 + 0.2 * best) if best else 0.0


@lru_cache(maxsize=4_096)
def _phrase(text: str) -> frozenset[str]:
    return stems(text)


@lru_cache(maxsize=16_384)
def words_of(how: str, text: str, dataset: str, action: str, outcome: str, code: str) -> frozenset[str]:
    """All words that tell what lines of a template are about, without endings."""
    meaning = ACTIONS.get(action)
    told = meaning.meaning.partition(";")[0] if meaning is not None else ""
    told += f" {LOGON_TYPES.get(code.partition('/')[2], '')}"
    text = "" if text.startswith("{") else text  # JSON of which only the names of fields are left
    return stems(f"{how if how == 'full' else ''} {text} {dataset} {action} {outcome} {code} {told}")


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
            scored.append(
                (sum(a * b for a, b in zip(question, vector, strict=True)) / (size * length), ident)
            )
    return [ident for _, ident in sorted(scored, key=lambda one: (-one[0], one[1]))[:limit]]
