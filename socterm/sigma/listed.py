"""A rule for an event that has lists where the rule looks: a test holds if it holds for any element.

All elements are joined to one text once an event, with NULs between and around them, so that a test for a
text is one search however long the list is: an attacker who sends ten thousand elements gains nothing. The
other tests go through the elements.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import Any, Final

from socterm.event import Event
from socterm.sigma import primitives
from socterm.sigma.fields import text, values
from socterm.sigma.ir import (
    And,
    Cidr,
    Compare,
    Dated,
    Exists,
    FieldMatch,
    Glob,
    Keyword,
    Moment,
    Node,
    Not,
    Null,
    Or,
    Place,
    Reference,
    Regex,
    Text,
)
from socterm.sigma.keywords import keyword_texts
from socterm.sigma.literals import required

Asked = Callable[[Event, dict[Any, Any]], bool]

_BETWEEN: Final = "\0"
_NUL_LIKE: Final = frozenset("\0\1")
_FORMS: Final[dict[Place, str]] = {
    "contains": "{}",
    "startswith": "\0{}",
    "endswith": "{}\0",
    "equals": "\0{}\0",
}


class Many:
    """The values of a field; a single value is a list of one."""

    __slots__ = ("_cased", "_lowered", "_plain", "values")

    def __init__(self, found: tuple[Any, ...]) -> None:
        self.values = found
        self._lowered: str | None = None
        self._cased: str | None = None
        self._plain: bool | None = None

    @property
    def plain(self) -> bool:
        """Whether no value has a character that stands between them here."""
        if self._plain is None:
            self._plain = all(_NUL_LIKE.isdisjoint(text(value)) for value in self.values)
        return self._plain

    @property
    def lowered(self) -> str:
        """All of them lower-cased and joined."""
        if self._lowered is None:
            self._lowered = _joined([text(value).lower() for value in self.values])
        return self._lowered

    @property
    def cased(self) -> str:
        """All of them as they are, joined."""
        if self._cased is None:
            self._cased = _joined([text(value) for value in self.values])
        return self._cased


def _joined(texts: list[str]) -> str:
    if not texts:
        return ""
    clean = [found.replace(_BETWEEN, "\1") for found in texts]
    return _BETWEEN + _BETWEEN.join(clean) + _BETWEEN


def listed(node: Node, tz: tzinfo) -> Asked:
    """A function that says whether an event with lists satisfies the tree."""
    if isinstance(node, And):
        every = [listed(part, tz) for part in node.nodes]
        return lambda event, known: all(part(event, known) for part in every)
    if isinstance(node, Or):
        some = [listed(part, tz) for part in node.nodes]
        return lambda event, known: any(part(event, known) for part in some)
    if isinstance(node, Not):
        inner = listed(node.node, tz)
        return lambda event, known: not inner(event, known)
    if isinstance(node, Keyword):
        on_line = _on_many(node.test)
        return lambda event, known: on_line(_line(event, known))
    return _on_field(node, tz)


def _line(event: Event, known: dict[Any, Any]) -> Many:
    """The message and the raw line."""
    found: Many | None = known.get(_line)
    if found is None:
        found = known[_line] = Many(keyword_texts(event))
    return found


def _field(event: Event, known: dict[Any, Any], names: tuple[str, ...]) -> Many:
    found: Many | None = known.get(names)
    if found is None:
        found = known[names] = Many(values(event, names))
    return found


def _on_field(leaf: FieldMatch, tz: tzinfo) -> Asked:
    names, test = leaf.names, leaf.test
    if isinstance(test, Moment):
        holds = primitives.moment(test.part, test.relation, test.number, tz)
        return lambda event, _: holds(event.ts)
    if isinstance(test, Null):
        return lambda event, known: not _field(event, known, names).values
    if isinstance(test, Exists):
        return lambda event, known: bool(_field(event, known, names).values)
    if isinstance(test, Reference):
        others, form, cased = test.names, _FORMS[test.place], test.cased

        def refers(event: Event, known: dict[Any, Any]) -> bool:
            one = _field(event, known, names)
            if not one.values:
                return False
            for wanted in _field(event, known, others).values:
                told = text(wanted) if cased else text(wanted).lower()
                if one.plain and _NUL_LIKE.isdisjoint(told):
                    if form.format(told) in (one.cased if cased else one.lowered):
                        return True
                    continue
                each = (text(value) if cased else text(value).lower() for value in one.values)
                if any(primitives.text_at(found, told, test.place) for found in each):
                    return True
            return False

        return refers
    on_values = _on_many(test)
    return lambda event, known: on_values(_field(event, known, names))


def _on_many(test: Text | Glob | Regex | Cidr | Compare | Dated) -> Callable[[Many], bool]:
    if isinstance(test, Text):
        return _text(test)
    if isinstance(test, Compare):
        holds = primitives.comparison(test.relation, test.number)
        return lambda many: any(map(holds, many.values))
    if isinstance(test, Dated):
        written = primitives.dated(test.part, test.relation, test.number)
        return lambda many: any(map(written, many.values))
    if isinstance(test, Cidr):
        inside = primitives.network(test.network)
        return lambda many: any(inside(text(value)) for value in many.values)
    if isinstance(test, Regex):
        return _regex(test)
    fits = primitives.glob(test)
    if test.cased:
        return lambda many: any(fits(text(value)) for value in many.values)
    return lambda many: any(fits(text(value).lower()) for value in many.values)


def _text(test: Text) -> Callable[[Many], bool]:
    wanted, place = test.value, test.place
    if wanted and _NUL_LIKE.isdisjoint(wanted):
        form = _FORMS[place].format(wanted)
        if test.cased:
            return lambda many: form in many.cased
        return lambda many: form in many.lowered
    if test.cased:
        return lambda many: any(primitives.text_at(text(v), wanted, place) for v in many.values)
    return lambda many: any(primitives.text_at(text(v).lower(), wanted, place) for v in many.values)


def _regex(test: Regex) -> Callable[[Many], bool]:
    fits, needed = primitives.regex(test), required(test).texts
    # What stands between values cannot be looked for in all of them at once.
    texts = sorted(needed) if all(map(_NUL_LIKE.isdisjoint, needed)) else []

    def run(many: Many) -> bool:
        if texts and many.lowered.isascii() and not any(found in many.lowered for found in texts):
            return False
        return any(fits(text(value)) for value in many.values)

    return run
