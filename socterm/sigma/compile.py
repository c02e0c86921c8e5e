"""A rule's condition tree as generated Python: one function a rule, the same answers as `evaluate`, fast.

The parts of the tree become statements, the cheap ones first, and a field is read only when its turn comes.
Lower-cased values are kept for the other rules asked about the same event (`Lowered`). Tests on the same
field inside an OR share one set, prefix or suffix check. Fields with lists are rare: an event that has one
where a rule looks is handed to a second function of that rule, written for lists (`listed`). Nothing from a
rule enters the source except as `repr` of a string or through a constant.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import tzinfo
from typing import Any, Final

from socterm.event import Event
from socterm.sigma import primitives
from socterm.sigma.evaluate import evaluate
from socterm.sigma.fields import SPECIAL, instant, read, text
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
    Part,
    Reference,
    Regex,
    Text,
)
from socterm.sigma.keywords import keyword_texts
from socterm.sigma.listed import listed
from socterm.sigma.literals import required
from socterm.sigma.needs import needs_of
from socterm.sigma.rarity import PRESENT

Lowered = dict[Any, Any]
"""Lower-cased values of one event by field: made empty for each event, shared by the rules asked about it."""

Matches = Callable[[Event, Lowered], bool]

_MANY: Final = 8
"""From so many alternatives on a loop over words is smaller and no slower than one long expression."""

_SHORT: Final = 8
"""Expressions for shorter texts than this are not worth a look at the length."""

SPECIAL_SOURCE: Final = {
    "message": "E.message",
    "event.original": "E.raw",
    "event.kind": "E.kind",
    "@timestamp": "(instant(E.ts) or None)",
}


def compiled(node: Node, tz: tzinfo) -> Matches:
    """A function that says whether an event satisfies the tree; `tz` is the zone of hour, day, … tests."""
    try:
        return _Writer(tz, node).function()
    except (SyntaxError, RecursionError, MemoryError):
        # Nested deeper than Python's own compiler goes: right, only slower.
        return lambda event, _: evaluate(node, event, tz)


class _Writer:
    """Writes one rule's function. `v` is a field's value, `t` its lower-cased text, `c` its text as it is."""

    def __init__(self, tz: tzinfo, node: Node) -> None:
        self._tz = tz
        self._node = node
        self._constants: dict[str, Any] = {
            "listed": _Later(lambda: listed(node, tz)),
            "text": text,
            "instant": instant,
            "lines": _lines,
            "LISTS": (tuple, list),
        }
        self._fields: dict[tuple[str, ...], int] = {}
        self._wanted: dict[str, None] = {}
        self._read: set[str] = set()

    def function(self) -> Matches:
        node = self._node
        every, parts = True, [node]
        if isinstance(node, And | Or):
            every = isinstance(node, And)
            parts = _ordered(node.nodes) if isinstance(node, And) else sorted(_gathered(node), key=_cost)
        lines = ["def rule(E, L):", "F = E.fields.get"]
        for part in parts:
            answer = self._expression(part)
            lines += self._reading()
            lines.append(f"if not {answer}: return False" if every else f"if {answer}: return True")
        lines.append(f"return {every}")
        exec(compile("\n    ".join(lines), "<sigma rule>", "exec"), self._constants)  # noqa: S102 - see above
        made: Matches = self._constants["rule"]
        return made

    # -- reading fields ------------------------------------------------------------------

    def _reading(self) -> Iterator[str]:
        """What the expressions written since the last call need, as far as it has not been read."""
        wanted, self._wanted = self._wanted, {}
        for name in wanted:
            if name not in self._read:
                self._read.add(name)
                yield from self._read_one(name)

    def _read_one(self, name: str) -> Iterator[str]:
        if name in ("cm", "cr"):
            yield f"{name} = {_LINES[name[1]]}"
        elif name in ("tm", "tr"):
            # No field's key is a tuple: a field may well be called tm.
            key = (name,)
            yield f"{name} = L.get({key!r})"
            yield f"if {name} is None: {name} = L[{key!r}] = {_LINES[name[1]]}.lower()"
        elif name[0] == "t":
            yield f"{name} = L.get(n{name})"
            yield f"if {name} is None:"
            yield f"    {name} = low{name}(E, L)"
            yield f"    if {name} is None: return listed(E, L)"
        elif name[0] == "v":
            names = next(names for names, number in self._fields.items() if number == int(name[1:]))
            first, *others = [SPECIAL_SOURCE.get(key) or f"F({key!r})" for key in names]
            yield f"{name} = {first}"
            for other in others:
                yield f"if {name} is None: {name} = {other}"
            yield f"if {name}.__class__ in LISTS: return listed(E, L)"
        else:
            value = f"v{name[1:]}"
            if value not in self._read:
                self._read.add(value)
                yield from self._read_one(value)
            yield f"if {value}.__class__ is str: {name} = {value}"
            yield f"else: {name} = '' if {value} is None else text({value})"

    def _variable(self, kind: str, names: tuple[str, ...]) -> str:
        """The name of a field's value (v), its lower-cased text (t) or its text (c)."""
        number = self._fields.setdefault(names, len(self._fields))
        name = f"{kind}{number}"
        if kind == "t" and name not in self._wanted and name not in self._read:
            self._constants[f"n{name}"] = key = sys.intern("\x1f".join(names))
            self._constants[f"low{name}"] = _lowering(names, key)
        self._wanted[name] = None
        return name

    def _line(self, name: str) -> str:
        self._wanted[name] = None
        return name

    def _constant(self, value: Any) -> str:
        name = f"k{len(self._constants)}"
        self._constants[name] = value
        return name

    # -- expressions ---------------------------------------------------------------------

    def _expression(self, node: Node) -> str:
        if isinstance(node, And):
            parts = [self._expression(part) for part in sorted(node.nodes, key=_cost)]
            return f"({' and '.join(parts) or 'True'})"
        if isinstance(node, Or):
            return self._any(node)
        if isinstance(node, Not):
            return f"(not {self._expression(node.node)})"
        if isinstance(node, Keyword):
            return f"({self._on_line(node.test, 'm')} or {self._on_line(node.test, 'r')})"
        return self._match(node)

    def _any(self, node: Or) -> str:
        """An OR; plain texts on the same field become one check, and so do the same parts of the time."""
        groups: dict[tuple[tuple[str, ...], str], list[str]] = {}
        lines: dict[str, list[str]] = {}
        moments: dict[Part, set[int]] = {}
        parts: list[str] = []
        for part in sorted(node.nodes, key=_cost):
            test = None if isinstance(part, And | Or | Not) else part.test
            if isinstance(test, Text) and test.value and not test.cased:
                if isinstance(part, FieldMatch):
                    groups.setdefault((part.names, test.place), []).append(test.value)
                else:
                    lines.setdefault(test.place, []).append(test.value)
            elif isinstance(test, Moment) and test.relation == "eq":
                moments.setdefault(test.part, set()).add(test.number)
            else:
                parts.append(self._expression(part))
        joined = [
            self._words(self._variable("t", names), place, found) for (names, place), found in groups.items()
        ]
        joined += [
            self._words(self._line(name), place, found)
            for place, found in lines.items()
            for name in ("tm", "tr")
        ]
        for when, numbers in moments.items():
            among = primitives.moment_among(when, frozenset(numbers), self._tz)
            parts.append(f"{self._constant(among)}(E.ts)")
        return f"({' or '.join([*joined, *parts]) or 'False'})"

    def _words(self, value: str, place: str, words: list[str]) -> str:
        if len(words) == 1:
            return _at(value, place, repr(words[0]))
        if place == "equals":
            return f"{value} in {self._constant(frozenset(words))}"
        if place != "contains":
            return _at(value, place, self._constant(tuple(words)))
        if len(words) < _MANY:
            return f"({' or '.join(_at(value, place, repr(word)) for word in words)})"
        found = f"any(map({value}.__contains__, {self._constant(tuple(words))}))"
        # Some rules list thousands of symbols; a line in plain ASCII has none of them.
        return f"(not {value}.isascii() and {found})" if not any(map(str.isascii, words)) else found

    def _match(self, leaf: FieldMatch) -> str:
        test = leaf.test
        if isinstance(test, Moment):
            holds = primitives.moment(test.part, test.relation, test.number, self._tz)
            return f"{self._constant(holds)}(E.ts)"
        if isinstance(test, Text) and test.value and not test.cased:
            return _at(self._variable("t", leaf.names), test.place, repr(test.value))
        value = self._variable("v", leaf.names)
        if isinstance(test, Null):
            return f"{value} is None"
        if isinstance(test, Exists):
            return f"{value} is not None"
        if isinstance(test, Compare):
            return f"{self._constant(primitives.comparison(test.relation, test.number))}({value})"
        if isinstance(test, Dated):
            return f"{self._constant(primitives.dated(test.part, test.relation, test.number))}({value})"
        if isinstance(test, Reference):
            other, kind = self._variable("v", test.names), "c" if test.cased else "t"
            texts = self._variable(kind, leaf.names), self._variable(kind, test.names)
            return f"({value} is not None and {other} is not None and {_at(texts[0], test.place, texts[1])})"
        # Absent fields read as "" and these tests may hold for "".
        return f"({value} is not None and {self._on_field(test, leaf.names)})"

    def _on_field(self, test: Text | Glob | Regex | Cidr, names: tuple[str, ...]) -> str:
        if isinstance(test, Regex):
            lowered = self._variable("t", names) if required(test).texts else ""
            return self._regex(test, self._variable("c", names), lowered)
        if isinstance(test, Cidr):
            return f"{self._constant(primitives.network(test.network))}({self._variable('c', names)})"
        return self._on_text(test, self._variable("c" if test.cased else "t", names))

    def _on_line(self, test: Text | Glob | Regex, which: str) -> str:
        if isinstance(test, Regex):
            lowered = self._line(f"t{which}") if required(test).texts else ""
            return self._regex(test, self._line(f"c{which}"), lowered)
        return self._on_text(test, self._line(f"c{which}" if test.cased else f"t{which}"))

    def _on_text(self, test: Text | Glob, value: str) -> str:
        if isinstance(test, Text):
            return _at(value, test.place, repr(test.value))
        return f"{self._constant(primitives.glob(test))}({value})"

    def _regex(self, test: Regex, value: str, lowered: str) -> str:
        """Run the expression only where a text it requires is there; `lowered` is "" for none."""
        run = f"{self._constant(primitives.regex(test))}({value})"
        needed = required(test)
        if lowered:
            guard = " or ".join(_at(lowered, "contains", repr(found)) for found in sorted(needed.texts))
            # Beyond ASCII, RE2 and `lower` do not agree which letters are the same.
            run = f"(({guard} or not {lowered}.isascii()) and {run})"
        return f"(len({value}) >= {needed.length} and {run})" if needed.length >= _SHORT else run


_LINES: Final = {"m": "lines(E, L)[0]", "r": "lines(E, L)[1]"}


def _lines(event: Event, lowered: Lowered) -> tuple[str, str]:
    """The texts keywords are searched in, made once for all rules."""
    found: tuple[str, str] | None = lowered.get(_lines)
    if found is None:
        found = lowered[_lines] = keyword_texts(event)
    return found


def _gathered(node: Or) -> list[Node]:
    """The alternatives of a tree's top; those that one check can answer stay together."""
    groups: dict[object, list[Node]] = {}
    for part in node.nodes:
        together: object = id(part)
        if isinstance(part, FieldMatch) and isinstance(part.test, Text | Moment):
            together = part.names
        elif isinstance(part, Keyword) and isinstance(part.test, Text):
            together = Keyword
        groups.setdefault(together, []).append(part)
    return [parts[0] if len(parts) == 1 else Or(tuple(parts)) for parts in groups.values()]


def _ordered(nodes: tuple[Node, ...]) -> list[Node]:
    """The conditions of a tree's top, the likeliest to end the matter for little work first.

    The one the index has found the rule by comes last: it is met, or nearly always.
    """
    needs = [needs_of(node) for node in nodes]
    shares = [1.0 if need is None else min(1.0, need[0]) for need in needs]
    found_by = min(range(len(nodes)), key=shares.__getitem__)

    def worth(number: int) -> tuple[bool, float]:
        share = shares[number] if shares[number] < PRESENT else 0.5
        return number == found_by and shares[number] < PRESENT, (1 + _cost(nodes[number])) / (1.05 - share)

    return [nodes[number] for number in sorted(range(len(nodes)), key=worth)]


class _Later:
    """A function that is made when it is first called."""

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], Matches]) -> None:
        self._make = make
        self._made: Matches | None = None

    def __call__(self, event: Event, lowered: Lowered) -> bool:
        if self._made is None:
            self._made = self._make()
        return self._made(event, lowered)


def _lowering(names: tuple[str, ...], key: str) -> Callable[[Event, Lowered], str | None]:
    """Reads and keeps a field's lower-cased text: "" where it is absent; None where it is a list."""

    first = names[0]

    def low(event: Event, lowered: Lowered) -> str | None:
        value = event.fields.get(first)
        if value.__class__ is str and first not in SPECIAL:
            found = lowered[key] = value.lower()
            return found
        for name in names:
            value = read(event, name)
            if value.__class__ is str:
                found = value.lower()
                break
            if value is not None:
                if isinstance(value, tuple | list):
                    return None
                found = text(value).lower()
                break
        else:
            found = ""
        lowered[key] = found
        return found

    return low


def _at(value: str, place: str, wanted: str) -> str:
    if place == "equals":
        return f"{value} == {wanted}"
    if place == "contains":
        return f"{wanted} in {value}"
    return f"{value}.{place}({wanted})"


_COSTS: Final[dict[type, int]] = {
    Null: 0,
    Exists: 0,
    Text: 1,
    Reference: 2,
    Compare: 3,
    Dated: 4,
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
