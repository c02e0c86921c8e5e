"""A rule's condition tree as generated Python: one function a rule, the same answers as `evaluate`, fast.

Each field is read and lower-cased once a rule; tests on the same field inside an OR share one set, prefix or
suffix check. Lists are rare in events, so that a list anywhere among a rule's fields hands the event to the
plain evaluator. Nothing from a rule enters the source except as `repr` of a string or through a constant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import tzinfo
from typing import Any

from socterm.event import Event
from socterm.sigma import primitives
from socterm.sigma.evaluate import evaluate
from socterm.sigma.fields import instant, text
from socterm.sigma.ir import (
    And,
    Cidr,
    Compare,
    Exists,
    FieldMatch,
    Glob,
    Keyword,
    Moment,
    Node,
    Not,
    Null,
    Or,
    Part,
    Reference,
    Regex,
    Text,
    leaves,
)

Matches = Callable[[Event], bool]

_MANY = 8
"""From so many alternatives on a loop over words is smaller and no slower than one long expression."""

SPECIAL_SOURCE = {
    "message": "E.message",
    "event.original": "E.raw",
    "event.kind": "E.kind",
    "@timestamp": "(instant(E.ts) or None)",
}


def compiled(node: Node, tz: tzinfo) -> Matches:
    """A function that says whether an event satisfies the tree; `tz` is the zone of hour, day, … tests."""

    def plain(event: Event) -> bool:
        return evaluate(node, event, tz)

    writer = _Writer(tz, plain)
    try:
        return writer.function(node)
    except (SyntaxError, RecursionError, MemoryError):
        # Nested deeper than Python's own compiler goes: right, only slower.
        return plain


class _Writer:
    """Writes one rule's function. `v` is a field's value, `t` its lower-cased text, `c` its text as it is."""

    def __init__(self, tz: tzinfo, plain: Matches) -> None:
        self._tz = tz
        self._constants: dict[str, Any] = {
            "plain": plain,
            "text": text,
            "instant": instant,
            "LISTS": (tuple, list),
        }
        self._fields: dict[tuple[str, ...], int] = {}
        self._cased: set[int] = set()
        self._keywords = False

    def function(self, node: Node) -> Matches:
        self._keywords = any(isinstance(leaf, Keyword) for leaf in leaves(node))
        answer = self._expression(node)
        source = "\n    ".join(["def rule(E):", *self._reading(), f"return {answer}"])
        exec(compile(source, "<sigma rule>", "exec"), self._constants)  # noqa: S102 - see the module's docstring
        made: Matches = self._constants["rule"]
        return made

    def _reading(self) -> Iterable[str]:
        if self._fields:
            yield "F = E.fields.get"
        for names, number in self._fields.items():
            first, *others = [SPECIAL_SOURCE.get(name) or f"F({name!r})" for name in names]
            yield f"v{number} = {first}"
            for other in others:
                yield f"if v{number} is None: v{number} = {other}"
            cased = f"c{number} = v{number}; " if number in self._cased else ""
            yield f"if v{number}.__class__ is str: {cased}t{number} = v{number}.lower()"
            yield f"elif v{number} is None: " + (f"c{number} = " if cased else "") + f"t{number} = ''"
            yield f"elif v{number}.__class__ in LISTS: return plain(E)"
            written = f"c{number} = text(v{number}); t{number} = c{number}.lower()"
            yield f"else: {written}"
        if self._keywords:
            yield "cm = E.message; cr = E.raw; tm = cm.lower(); tr = cr.lower()"

    def _field(self, names: tuple[str, ...]) -> int:
        return self._fields.setdefault(names, len(self._fields))

    def _constant(self, value: Any) -> str:
        name = f"k{len(self._constants)}"
        self._constants[name] = value
        return name

    def _expression(self, node: Node) -> str:
        if isinstance(node, And):
            parts = [self._expression(part) for part in sorted(node.nodes, key=_cost)]
            return f"({' and '.join(parts)})"
        if isinstance(node, Or):
            return self._any(node)
        if isinstance(node, Not):
            return f"(not {self._expression(node.node)})"
        if isinstance(node, Keyword):
            return f"({self._on_text(node.test, 'm')} or {self._on_text(node.test, 'r')})"
        return self._match(node)

    def _any(self, node: Or) -> str:
        """An OR; plain texts on the same field become one check, and so do the same parts of the time."""
        groups: dict[tuple[tuple[str, ...], str], list[str]] = {}
        moments: dict[Part, set[int]] = {}
        parts: list[str] = []
        for part in sorted(node.nodes, key=_cost):
            test = part.test if isinstance(part, FieldMatch) else None
            if isinstance(part, FieldMatch) and isinstance(test, Text) and test.value and not test.cased:
                groups.setdefault((part.names, test.place), []).append(test.value)
            elif isinstance(test, Moment) and test.relation == "eq":
                moments.setdefault(test.part, set()).add(test.number)
            else:
                parts.append(self._expression(part))
        joined = [
            self._words(f"t{self._field(names)}", place, words) for (names, place), words in groups.items()
        ]
        for when, numbers in moments.items():
            among = primitives.moment_among(when, frozenset(numbers), self._tz)
            parts.append(f"{self._constant(among)}(E.ts)")
        return f"({' or '.join([*joined, *parts])})"

    def _words(self, value: str, place: str, words: list[str]) -> str:
        if len(words) == 1:
            return _at(value, place, repr(words[0]))
        if place == "equals":
            return f"{value} in {self._constant(frozenset(words))}"
        if place != "contains":
            return _at(value, place, self._constant(tuple(words)))
        if len(words) < _MANY:
            return f"({' or '.join(_at(value, place, repr(word)) for word in words)})"
        found = f"any(word in {value} for word in {self._constant(tuple(words))})"
        # Some rules list thousands of symbols; a line in plain ASCII has none of them.
        return f"(not {value}.isascii() and {found})" if not any(map(str.isascii, words)) else found

    def _match(self, leaf: FieldMatch) -> str:
        test = leaf.test
        if isinstance(test, Moment):
            holds = primitives.moment(test.part, test.relation, test.number, self._tz)
            return f"{self._constant(holds)}(E.ts)"
        number = self._field(leaf.names)
        if isinstance(test, Null):
            return f"v{number} is None"
        if isinstance(test, Exists):
            return f"v{number} is not None"
        if isinstance(test, Compare):
            return f"{self._constant(primitives.comparison(test.relation, test.number))}(v{number})"
        if isinstance(test, Reference):
            other = self._field(test.names)
            check = _at(f"t{number}", test.place, f"t{other}")
            return f"(v{number} is not None and v{other} is not None and {check})"
        if isinstance(test, Text) and test.value and not test.cased:
            return _at(f"t{number}", test.place, repr(test.value))
        # Absent fields read as "" and these tests may hold for "".
        return f"(v{number} is not None and {self._on_text(test, str(number))})"

    def _on_text(self, test: Text | Glob | Regex | Cidr, number: str) -> str:
        """A test on one text, `number` being a field's number, m (message) or r (raw)."""
        cased = f"c{number}"
        lowered = f"t{number}"
        if number.isdigit() and (isinstance(test, Regex | Cidr) or test.cased):
            self._cased.add(int(number))
        if isinstance(test, Text):
            return _at(cased if test.cased else lowered, test.place, repr(test.value))
        if isinstance(test, Glob):
            return f"{self._constant(primitives.glob(test))}({cased if test.cased else lowered})"
        if isinstance(test, Regex):
            return f"{self._constant(primitives.regex(test))}({cased})"
        return f"{self._constant(primitives.network(test.network))}({cased})"


def _at(value: str, place: str, wanted: str) -> str:
    if place == "equals":
        return f"{value} == {wanted}"
    if place == "contains":
        return f"{wanted} in {value}"
    return f"{value}.{place}({wanted})"


_COSTS: dict[type, int] = {
    Null: 0,
    Exists: 0,
    Text: 1,
    Reference: 2,
    Compare: 3,
    Moment: 4,
    Glob: 4,
    Cidr: 5,
    Regex: 9,
}


def _cost(node: Node) -> int:
    """Roughly what a node costs to evaluate: cheap tests go first in AND and OR."""
    if isinstance(node, And | Or):
        return sum(_cost(part) for part in node.nodes)
    if isinstance(node, Not):
        return _cost(node.node)
    extra = 3 if isinstance(node, Keyword) else 0
    return _COSTS[type(node.test)] + extra
