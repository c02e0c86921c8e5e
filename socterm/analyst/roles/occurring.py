"""Whether what a text names stands in the evidence: addresses, users, files, techniques. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from socterm.analyst.roles.words import short
from socterm.taxonomy.attack import current, technique_of

UNVERIFIED: Final = " [unverified]"

_NAMED: Final = re.compile(
    r"""
    (?P<technique>\bT\d{4}(?:\.\d{3})?\b)
    | (?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<v4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]))
    | (?P<mac>(?<![\w:])[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?![\w:]))
    | (?P<v6>(?<![\w:])(?=[0-9a-f:]*(?:::|(?::[0-9a-f]{1,4}){7}))  # a time of day is none
       [0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:]))
    | (?P<path>(?<![\w/])/[\w.-]+(?:/[\w.-]+)+)
    | (?P<hash>\b[0-9a-f]{32,64}\b)
    | (?P<cve>\bCVE-\d{4}-\d{4,7}\b)
    | (?P<domain>(?<![\w.@/-])(?:[a-z0-9-]+\.)+(?:com|net|org|io|info|biz|ru|cn|xyz|top|example|local|lan)\b)
    | (?:\b(?:user|account|host|machine|server)s?\s+(?:named\s+|called\s+)?
       (?P<who>['"`‘“][^'"`’”\n]{1,64}['"`’”]|[\w][\w.$@-]{0,63}))
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What can be checked letter by letter."""

_WORDS: Final = """
    a an and are as at be been by can could did do does for from had has have in is it its itself login
    logins may name names no not of on or own owner so that the them then there these this those to was were
    which who whose will with would account accounts host hosts machine user users management activity
    behaviour behavior enumeration creation
"""
_COMMON: Final = frozenset(_WORDS.split())


class Evidence:
    """The texts of a pack, to look values up in."""

    def __init__(self, texts: Iterable[str]) -> None:
        found = list(texts)
        self._text = "\n".join(found).casefold()
        self._techniques = {technique_of(text) for text in found} - {""}

    def has(self, value: str) -> bool:
        """Whether a value stands there by itself, in either case: `10.0.0.1` is not in `10.0.0.10`."""
        low = value.casefold().strip()
        if not low:
            return True
        pattern = rf"(?<![\w]){re.escape(low)}(?![\w])"
        return re.search(pattern, self._text) is not None

    def has_technique(self, technique: str) -> bool:
        """Whether a rule of the case names it, by its id of either age, or a part of it."""
        wanted = current(technique.upper())
        return any(one == wanted or one.startswith(wanted + ".") for one in self._techniques)

    def mark(self, text: str, limit: int) -> tuple[str, list[str]]:
        """The text within `limit`, what it names wrongly marked as unverified; and these values."""
        wrong: list[str] = []

        def one(found: re.Match[str]) -> str:
            kind = str(found.lastgroup)
            value = found[kind]
            if self._fits(kind, value):
                return found[0]
            wrong.append(value.strip("'\"`‘’“”"))
            return found[0] + UNVERIFIED

        return short(_NAMED.sub(one, text), limit), wrong

    def _fits(self, kind: str, value: str) -> bool:
        if kind == "technique":
            return self.has_technique(value)
        bare = value.strip("'\"`‘’“”").rstrip(".")
        if kind == "who" and bare == value.rstrip(".") and bare.casefold() in _COMMON:
            return True
        return self.has(bare)
