"""Templates of lines that no parser understood, found by comparing them: after Drain (He et al., 2017).

A masked line is compared with the templates that have as many words and begin with the same one. The nearest
takes it, if at least half of the words agree; where they differ the template gets a gap. What a line belongs
to follows from the templates known so far and nothing else, so that it is the same for any portions the lines
come in, and after a restart that brings the templates back.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import eq

from socterm.templates.mask import ANY

SIMILAR = 0.5
"""Share of the words that have to agree."""

MOST_FIRST = 16
"""Beginnings that are told apart among lines of one length; all further ones are compared together."""

MOST_NEAR = 32
"""Templates of one length and beginning; when there are so many the nearest takes whatever comes."""

Tokens = tuple[str, ...]


class Leaf:
    """The templates of one length and beginning: their ids and words, in order of id."""

    __slots__ = ("ids", "tokens", "version")

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.tokens: list[Tokens] = []
        self.version = 0


class Tree:
    """The templates of one program. `len` says how many there are."""

    def __init__(self) -> None:
        self._leaves: dict[int, dict[str, Leaf]] = {}
        self._known: dict[Tokens, tuple[int, Leaf, int]] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def known(self, tokens: Tokens) -> int:
        """The template that took the very same words before, where nothing near it changed; 0 for none."""
        found = self._known.get(tokens)
        return found[0] if found is not None and found[1].version == found[2] else 0

    def find(self, tokens: Tokens) -> tuple[int, Tokens | None]:
        """(template or 0, its words with more gaps where this line makes some, else None)."""
        leaf = self._leaf(tokens)
        if leaf is None or not leaf.ids:
            return 0, None
        most, at = -1, 0
        for index, other in enumerate(leaf.tokens):
            agree = sum(map(eq, tokens, other))
            if agree > most:
                most, at = agree, index
        if most < SIMILAR * len(tokens) and len(leaf.ids) < MOST_NEAR:
            return 0, None
        ident, old = leaf.ids[at], leaf.tokens[at]
        merged = tuple([_gap(a, b) for a, b in zip(old, tokens, strict=True)])
        if merged != old:
            leaf.tokens[at] = merged
            leaf.version += 1
            self._remember(tokens, ident, leaf)
            return ident, merged
        self._remember(tokens, ident, leaf)
        return ident, None

    def add(self, ident: int, tokens: Tokens) -> None:
        """A template that none was near to, or one that comes back from the store (in order of id)."""
        same = self._leaves.setdefault(len(tokens), {})
        leaf = same.setdefault(_beginning(same, tokens[0]), Leaf())
        leaf.ids.append(ident)
        leaf.tokens.append(tokens)
        leaf.version += 1
        self._size += 1
        self._remember(tokens, ident, leaf)

    def forget(self) -> None:
        """Compare anew what was compared before; changes no answer."""
        self._known.clear()

    def _leaf(self, tokens: Tokens) -> Leaf | None:
        same = self._leaves.get(len(tokens))
        return None if same is None else same.get(_beginning(same, tokens[0]))

    def _remember(self, tokens: Tokens, ident: int, leaf: Leaf) -> None:
        self._known[tokens] = (ident, leaf, leaf.version)


def _beginning(same: dict[str, Leaf], first: str) -> str:
    return first if first in same or len(same) < MOST_FIRST else ANY


def _gap(old: str, new: str) -> str:
    """What two lines have in common at one place; the name of a value stays."""
    if old in (new, ANY):
        return old
    name, equals, _ = old.partition("=")
    if equals and new.startswith(f"{name}="):
        return f"{name}={ANY}"
    return ANY


def words_of(text: str) -> Tokens:
    """A template's words, from the text it is stored as."""
    return tuple(text.split(" "))


def text_of(tokens: Sequence[str]) -> str:
    """A template as it is stored and shown."""
    return " ".join(tokens)
