"""Texts of rules: wildcards and backslashes read, and what stands for the whole in our tree.

Sigma 2.1, "String Wildcard" and "Escape Character".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from itertools import product
from typing import Final

from socterm.sigma import ir


class Wild(Enum):
    """`*`, any run of characters; `?`, exactly one; and a dash as Windows programs take it (`|windash`)."""

    ANY = "*"
    ONE = "?"
    DASH = "-"


DASHES: Final = ("-", "/", "\u2013", "\u2014", "\u2015")
"""What `|windash` takes for one another: hyphen, slash, en dash, em dash, horizontal bar."""

SPREAD: Final = 3
"""Dashes of one text that are written out in all their forms; with more it becomes a regular expression."""


Part = str | Wild
Pattern = tuple[Part, ...]

_WILD: Final = {"*": Wild.ANY, "?": Wild.ONE}
_SIGNS: Final = {Wild.ANY: "(?s:.*)", Wild.ONE: "(?s:.)", Wild.DASH: f"[{''.join(DASHES)}]"}
_DASH: Final = re.compile(rf"\B[{''.join(DASHES)}]\b")
_PIECES: Final = re.compile(r"(\\[*?\\])|([*?])", re.DOTALL)


def pattern(text: str) -> Pattern:
    r"""A rule's text in its parts. A backslash takes the meaning of `*`, `?` and `\` and is itself elsewhere.

    >>> pattern(r"C:\Us*"), pattern(r"a\*\\?")
    (('C:\\Us', <Wild.ANY: '*'>), ('a*\\', <Wild.ONE: '?'>))
    """
    if not any(sign in text for sign in "*?\\"):
        return (text,) if text else ()
    parts: list[Part] = []
    at = 0
    for found in _PIECES.finditer(text):
        parts += [text[at : found.start()], found[1][1] if found[1] else _WILD[found[2]]]
        at = found.end()
    return together([*parts, text[at:]])


def together(parts: Iterable[Part]) -> Pattern:
    """Neighbouring texts as one; empty ones left out."""
    made: list[Part] = []
    for part in parts:
        if isinstance(part, str) and made and isinstance(made[-1], str):
            made[-1] += part
        elif part != "":
            made.append(part)
    return tuple(made)


def plain(parts: Pattern) -> str | None:
    """The text of a pattern without wildcards; None for one with."""
    texts = [part for part in parts if isinstance(part, str)]
    return "".join(texts) if len(texts) == len(parts) else None


def dashed(parts: Pattern) -> Pattern:
    """The dashes that open a word as `Wild.DASH`; the second one of `--word` and that of `a-b` stay.

    >>> dashed(("run -a-b",))
    ('run ', <Wild.DASH: '-'>, 'a-b')
    """
    made: list[Part] = []
    for part in parts:
        if not isinstance(part, str):
            made.append(part)
            continue
        at = 0
        for found in _DASH.finditer(part):
            made += [part[at : found.start()], Wild.DASH]
            at = found.end()
        made.append(part[at:])
    return together(made)


def spread(parts: Pattern) -> list[Pattern]:
    """A pattern in all forms of its dashes; by itself where it has none."""
    choices = [DASHES if part is Wild.DASH else (part,) for part in parts]
    return [together(form) for form in product(*choices)]


def as_regex(parts: Pattern) -> str:
    """The regular expression that means the same, without anchors."""
    return "".join(re.escape(part) if isinstance(part, str) else _SIGNS[part] for part in parts)


def as_tests(parts: Pattern, cased: bool) -> tuple[ir.Text | ir.Glob | ir.Regex, ...]:
    """The tests on a whole value one of which must hold for a pattern."""
    if parts.count(Wild.DASH) > SPREAD:
        return (ir.Regex(rf"^{as_regex(parts)}$", "" if cased else "i"),)
    return tuple(as_test(form, cased) for form in spread(parts))


def as_test(parts: Pattern, cased: bool) -> ir.Text | ir.Glob:
    """The test on a whole value that a pattern without dashes stands for."""
    segments: list[list[str | None]] = [[]]
    for part in parts:
        if part is Wild.ANY:
            segments.append([])
        elif isinstance(part, str):
            segments[-1].append(part if cased else part.lower())
        else:
            segments[-1].append(None)
    simple = _as_text(segments, cased)
    return simple if simple is not None else ir.Glob(tuple(tuple(segment) for segment in segments), cased)


def _as_text(segments: list[list[str | None]], cased: bool) -> ir.Text | None:
    """The plain form of a pattern with wildcards at its ends only; None where it has others."""
    if any(None in segment for segment in segments):
        return None
    words = ["".join(part or "" for part in segment) for segment in segments]
    # Runs of `*` mean one.
    first, *rest = words
    if not rest:
        return ir.Text(first, "equals", cased)
    *middle, last = rest
    filled = [word for word in middle if word]
    if not filled and not last:
        return ir.Text(first, "startswith", cased)
    if not filled and not first:
        return ir.Text(last, "endswith", cased)
    if len(filled) == 1 and not first and not last:
        return ir.Text(filled[0], "contains", cased)
    return None
