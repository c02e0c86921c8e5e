"""The part of a rule that says what it looks for, `detection:`, read into our tree.

Sigma 2.1, "Detection": a map is AND, a list is OR, values without a field are keywords. pySigma could read
most of it, but refuses what the specification allows (numbers under `contains`, `utf16le`, networks with host
bits, `|all` over maps, text coded in UTF-16, …); hence all of it is read here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from socterm.errors import RuleError
from socterm.event import LogSource
from socterm.sigma import ir
from socterm.sigma.conditions import read_condition
from socterm.sigma.fields import TIMESTAMP, names_of
from socterm.sigma.modifiers import Wanted, wanted
from socterm.sigma.placeholders import Placeholders
from socterm.sigma.values import kind_of

MOST_TESTS: Final = 50_000
"""Tests of one rule. YAML's aliases can blow a small file up to any number."""

_TOO_MANY: Final = f"it makes more than {MOST_TESTS:,} tests; give it fewer values"

DEEPEST: Final = 20
"""Maps and lists inside one another."""


def read_detection(
    detection: object, source: LogSource | None, placeholders: Placeholders, *, apart: str = ""
) -> ir.Node:
    """The tree of all conditions of a detection, for events of one log source.

    Without a log source fields stay as written, for `bound`. `apart` is a key that is no selection. Raises
    RuleError with one line saying what cannot be used.
    """
    try:
        tree = _read(detection, placeholders, apart)
    except RuleError:
        placeholders.check()  # what nothing fills is what is wrong: it may not even be a value of its kind
        raise
    placeholders.check()
    return tree if source is None else bound(tree, source)


def _read(detection: object, placeholders: Placeholders, apart: str) -> ir.Node:
    if not isinstance(detection, Mapping):
        raise RuleError("its detection must be a map of selections and a condition")
    if "condition" not in detection:
        raise RuleError("it has no condition")
    # `timeframe` belonged to the aggregations of old; it is no selection that `them` could mean.
    selections = {
        str(name): said
        for name, said in detection.items()
        if name not in ("condition", apart) and not (name == "timeframe" and isinstance(said, str))
    }
    if not selections:
        raise RuleError("it has no selection")
    reader = _Reader(placeholders)
    # One that no condition names must be right all the same.
    made = {name: reader.selection(name, said) for name, said in selections.items()}
    said = detection["condition"]
    conditions = said if isinstance(said, list) else [said]
    if not conditions:
        raise RuleError("it has no condition")
    spent = _Spent(made)
    return ir.joined(ir.Or, tuple(read_condition(each, made, spent) for each in conditions))


class _Spent:
    """Counts the tests that conditions put together: a large selection may be named many times."""

    def __init__(self, selections: Mapping[str, ir.Node]) -> None:
        self._sizes = {name: sum(1 for _ in ir.leaves(node)) for name, node in selections.items()}
        self._total = 0

    def __call__(self, name: str) -> None:
        self._total += self._sizes[name]
        if self._total > MOST_TESTS:
            raise RuleError(_TOO_MANY)


class _Reader:
    """Reads the selections of one rule; fields stay as written."""

    def __init__(self, placeholders: Placeholders) -> None:
        self._placeholders = placeholders
        self._tests = 0
        self._name = ""

    def selection(self, name: str, said: Any) -> ir.Node:
        """The tree of a named selection."""
        self._name = name
        try:
            return self._definition(said, 1)
        except RuleError as error:
            raise RuleError(f"{name}: {error}") from error

    def _definition(self, said: Any, depth: int) -> ir.Node:
        """What stands under a selection's name, or a member of its list."""
        if isinstance(said, Mapping):
            return self._map("", said, depth)
        if not isinstance(said, list):
            return self._match("", [], [said])
        return ir.joined(ir.Or, self._members("", [], said, depth))

    def _map(self, path: str, said: Mapping[Any, Any], depth: int) -> ir.Node:
        """All of a map; `path` is what stands before the names of its fields."""
        if depth > DEEPEST:
            raise RuleError(f"it is nested deeper than {DEEPEST} levels")
        if not said:
            raise RuleError("it is empty")
        return ir.joined(
            ir.And, tuple(self._item(path, str(key), value, depth) for key, value in said.items())
        )

    def _item(self, path: str, key: str, said: Any, depth: int) -> ir.Node:
        """One `field|modifiers: values`; `a: {b: 1}` is `a.b: 1`."""
        name, *modifiers = key.split("|")
        if not name and (path or not modifiers):
            raise RuleError(f"{path[:-1] or 'a map'}: the name of a field is missing")
        field = path + name
        values = said if isinstance(said, list) else [said]
        if not any(isinstance(value, Mapping | list) for value in values):
            return self._match(field, modifiers, values)
        each = [name for name in modifiers if name not in ("all", "neq")]
        tree = ir.joined(ir.And if "all" in modifiers else ir.Or, self._members(field, each, values, depth))
        return ir.Not(tree) if "neq" in modifiers else tree

    def _members(self, field: str, modifiers: list[str], said: list[Any], depth: int) -> tuple[ir.Node, ...]:
        """The members of a list, each as a tree."""
        if not said:
            raise RuleError("it is empty")
        made = []
        for value in said:
            if isinstance(value, list):
                raise RuleError("a list cannot stand directly in a list")
            if isinstance(value, Mapping):
                if modifiers:
                    raise RuleError(
                        f"|{modifiers[0]} cannot be applied to a map; write it behind the inner field"
                    )
                made.append(self._map(f"{field}." if field else "", value, depth + 1))
            else:
                made.append(self._match(field, modifiers, [value]))
        return tuple(made)

    def _match(self, field: str, modifiers: list[str], values: list[Any]) -> ir.Node:
        """Values of a field, or keywords where it is "": any or all of them."""
        try:
            found = self._wanted(field, modifiers, values)
        except RuleError as error:
            raise RuleError(f"{field or 'keywords'}: {error}") from error
        names = (field,) if field else ()
        nodes = (ir.joined(ir.Or, tuple(self._leaf(names, test) for test in tests)) for tests in found.values)
        tree = ir.joined(ir.And if found.every else ir.Or, tuple(nodes))
        return ir.Not(tree) if found.negated else tree

    def _wanted(self, field: str, modifiers: list[str], values: list[Any]) -> Wanted:
        if not values:
            raise RuleError("it has no values; null is written for a field that is absent")
        found = wanted(modifiers, values, self._placeholders, keyword=not field)
        self._tests += sum(map(len, found.values))
        if self._tests > MOST_TESTS:
            raise RuleError(_TOO_MANY)
        return found

    def _leaf(self, names: tuple[str, ...], test: ir.Test) -> ir.Node:
        if names:
            return ir.FieldMatch(names, test, self._name)
        if isinstance(test, ir.Text | ir.Glob | ir.Regex):
            return ir.Keyword(test, self._name)
        raise RuleError(f"a keyword cannot be {kind_of(test)}; name a field for it")


def bound(node: ir.Node, source: LogSource) -> ir.Node:
    """A tree whose fields stand as written, for events of one log source."""
    if isinstance(node, ir.And | ir.Or):
        return type(node)(tuple(bound(part, source) for part in node.nodes))
    if isinstance(node, ir.Not):
        return ir.Not(bound(node.node, source))
    if isinstance(node, ir.Keyword):
        return node
    names, test = names_of(node.names[0], source), node.test
    if isinstance(test, ir.Moment) and TIMESTAMP not in names:
        test = ir.Dated(test.part, test.relation, test.number)
    elif isinstance(test, ir.Reference):
        test = ir.Reference(names_of(test.names[0], source), test.place, test.cased)
    return ir.FieldMatch(names, test, node.selection)
