"""A question in plain words, understood as far as the vocabulary goes: which words, which concepts."""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import NamedTuple

import msgspec

from socterm.templates.concepts import ACCESS, Concept
from socterm.templates.concepts_attacks import ATTACKS
from socterm.templates.equivalents import EQUIVALENTS, GENERIC, STOP_WORDS
from socterm.templates.words import split, stem

LONGEST = 1_000
"""Characters of a question that are read."""

MOST_WORDS = 24
MOST_CONCEPTS = 6

_ALIKE = 0.6
"""What a word that means the same counts, beside one that is the same."""

_ALONE = 0.7
_FEW = 2
"""What a word of a phrase counts without the others, where no more than so many concepts have it."""

_LEAST = 0.5
"""Concepts less sure than that share of the surest are left out."""

_SMALL = STOP_WORDS - {"off", "up", "out", "down", "no", "not", "log", "logs", "record", "time"}
"""Words that need not be there for a phrase to be asked."""


class Meant(NamedTuple):
    """A concept and how sure it is meant: about the number of words that say so."""

    concept: Concept
    weight: float


class Asked(msgspec.Struct, frozen=True):
    """A question as understood. `words` are those that tell something, as typed but in lower case."""

    words: tuple[str, ...]
    meant: tuple[Meant, ...]


class _Known(NamedTuple):
    """A concept with its phrases as stems, and what each of its words tells on its own."""

    concept: Concept
    asks: tuple[tuple[str, ...], ...]
    alone: dict[str, float]


def ask(question: str) -> Asked:
    """Understand a question; an empty one asks nothing.

    >>> [one.concept.asks[0] for one in ask("show me failed logins").meant][:1]
    ['failed login']
    """
    typed = split(question[:LONGEST])
    have = {stem(word) for word in typed}
    alike = {other for word in typed if word not in _SMALL for other in EQUIVALENTS.get(stem(word), ())}
    meant = sorted(
        (Meant(known.concept, weight) for known in _concepts() if (weight := _weight(known, have, alike))),
        key=lambda one: -one.weight,
    )
    best = meant[0].weight if meant else 0.0
    words = dict.fromkeys(word for word in typed if word not in STOP_WORDS)
    sure = [one for one in meant if one.weight >= _LEAST * best]
    asked_for = next((one.concept.outcome for one in sure if one.concept.outcome), "")
    agreed = [
        one for one in sure if one.concept.outcome in {"", asked_for}
    ]  # not success and failure at once
    return Asked(tuple(words)[:MOST_WORDS], tuple(agreed)[:MOST_CONCEPTS])


def _weight(known: _Known, have: set[str], alike: set[str]) -> float:
    """How much of the question asks for it: its best phrase, every word of which is there or one like it.

    Words that few concepts have tell something without the rest of their phrase.
    """
    best = sum(worth for word, worth in known.alone.items() if word in have)
    for phrase in known.asks:
        found = 0.0
        for word in phrase:
            if word in have:
                found += 1.0
            elif word in alike:
                found += _ALIKE
            else:
                break
        else:
            if found > _ALIKE:  # one word that is only alike is no sign
                best = max(best, found)
    return best


@cache
def vocabulary() -> frozenset[str]:
    """Every word (without its ending) that the tables know: what is none of them is a name, mostly."""
    said = (text for one in (*ACCESS, *ATTACKS) for text in (*one.asks, *one.says))
    return frozenset(stem(word) for text in said for word in split(text)) | EQUIVALENTS.keys()


@cache
def _concepts() -> tuple[_Known, ...]:
    every = (*ACCESS, *ATTACKS)
    asks = [
        tuple(tuple(stem(word) for word in split(phrase) if word not in _SMALL) for phrase in one.asks)
        for one in every
    ]
    words = [{word for phrase in some for word in phrase} - GENERIC for some in asks]
    often = Counter(word for some in words for word in some)
    return tuple(
        _Known(one, phrases, {word: _ALONE * min(1.0, _FEW / often[word]) for word in some})
        for one, phrases, some in zip(every, asks, words, strict=True)
    )
