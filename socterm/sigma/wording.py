"""Tests of a rule and values of an event in words near to the rule's own: `endswith /sh`, `gt 5`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from socterm.event import Event
from socterm.sigma import ir
from socterm.sigma.fields import text, values

LONGEST: Final = 200
"""Characters shown of one value."""

MOST: Final = 8
"""Values shown of a list."""

NOT_THERE: Final = "not there"


def wanted_of(test: ir.Test, event: Event) -> str:
    r"""What a test asks for: its modifiers, then its value. Of a `fieldref` also what it refers to there.

    >>> event = Event(0, "s", 0, "", {})
    >>> wanted_of(ir.Compare("gt", 0), event), wanted_of(ir.Text("Ab", "equals", True), event)
    ('gt 0', 'cased Ab')
    >>> wanted_of(ir.Glob((("a*", None), ())), event), wanted_of(ir.Reference(("user.name",)), event)
    ('glob a\\*?*', 'fieldref user.name, not there')
    """
    return _WORDS[type(test)](test, event)


def shown(found: Iterable[Any]) -> str:
    """What an event has in a field, cut to what can be read.

    >>> shown(("", True, 2.0)), shown(()), shown("x" * 300)[-2:]
    ("'', true, 2", 'not there', 'x…')
    """
    listed = [found] if isinstance(found, str) else list(found)
    said = [_cut(text(value)) for value in listed[:MOST]]
    if len(listed) > MOST:
        said.append(f"{len(listed) - MOST:,} more")
    return ", ".join(said) or NOT_THERE


def _cut(value: str) -> str:
    return f"{value[:LONGEST]}…" if len(value) > LONGEST else value or "''"


def _asked(*modifiers: str) -> str:
    return "|".join(filter(None, modifiers))


def _text(test: ir.Text, _: Event) -> str:
    place = "" if test.place == "equals" and test.cased else test.place
    return f"{_asked(place, 'cased' * test.cased)} {test.value or repr('')}"


def _glob(test: ir.Glob, _: Event) -> str:
    pattern = "*".join("".join("?" if part is None else _escaped(part) for part in s) for s in test.segments)
    return f"{_asked('glob', 'cased' * test.cased)} {pattern}"


def _escaped(part: str) -> str:
    """A text that stands for itself, with what would be a wildcard escaped."""
    return part.replace("*", r"\*").replace("?", r"\?")


def _regex(test: ir.Regex, _: Event) -> str:
    return f"{_asked('regex', *test.flags)} {test.pattern or repr('')}"


def _part(test: ir.Moment | ir.Dated, _: Event) -> str:
    return f"{_asked(test.part, '' if test.relation == 'eq' else test.relation)} {test.number}"


def _reference(test: ir.Reference, event: Event) -> str:
    place = "" if test.place == "equals" else test.place
    other = values(event, test.names)
    has = f"which is {shown(other)}" if other else NOT_THERE
    return f"{_asked('fieldref', place, 'cased' * test.cased)} {test.names[0]}, {has}"


_WORDS: Final[dict[type, Callable[[Any, Event], str]]] = {
    ir.Text: _text,
    ir.Glob: _glob,
    ir.Regex: _regex,
    ir.Cidr: lambda test, _: f"cidr {test.network}",
    ir.Null: lambda _, __: "null",
    ir.Exists: lambda _, __: "exists",
    ir.Compare: lambda test, _: f"{test.relation} {text(test.number)}",
    ir.Moment: _part,
    ir.Dated: _part,
    ir.Reference: _reference,
}
