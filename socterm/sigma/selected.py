"""A rule's tree taken apart again into the selections its author wrote, with what became of each."""

from __future__ import annotations

from datetime import tzinfo

import msgspec

from socterm.event import Event
from socterm.sigma.evaluate import evaluate
from socterm.sigma.explain import Finding, explain
from socterm.sigma.ir import And, FieldMatch, Keyword, Node, Not, Or, joined, leaves
from socterm.sigma.lacking import Lack, lacking


class Selected(msgspec.Struct, frozen=True):
    """One selection on one event. `holds` is the selection's own answer; `excluded`: the condition asks that
    it does not hold. `tests` are its tests in the order written, `lacks` what it would have needed."""

    name: str
    holds: bool
    excluded: bool
    tests: tuple[Finding, ...]
    lacks: tuple[Lack, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it is as the condition wants it, taken alone."""
        return self.holds != self.excluded


def selected(node: Node, event: Event, tz: tzinfo) -> tuple[Selected, ...]:
    """The selections of a tree on an event, in the order written.

    A selection that the condition uses in several places stands there as often.
    """
    return tuple(
        Selected(
            name,
            evaluate(part, event, tz),
            excluded,
            tuple(explain(part, event, tz)),
            lacking(part, event, tz),
        )
        for name, part, excluded in _parts(node, excluded=False)
    )


def _parts(node: Node, *, excluded: bool) -> list[tuple[str, Node, bool]]:
    """(selection, its tree, whether under an odd number of `not`)."""
    if isinstance(node, Not):
        return _parts(node.node, excluded=not excluded)
    name = _name(node)
    if name is not None or isinstance(node, FieldMatch | Keyword):
        return [(name or "", node, excluded)]
    found: list[tuple[str, Node, bool]] = []
    kind: type[And] | type[Or] = And if isinstance(node, And) else Or
    run: list[Node] = []
    for part in node.nodes:
        here = _name(part)
        if run and here != _name(run[0]):
            found.append((_name(run[0]) or "", joined(kind, tuple(run)), excluded))
            run = []
        if here is None or isinstance(part, Not):
            found += _parts(part, excluded=excluded)
        else:
            run.append(part)
    if run:
        found.append((_name(run[0]) or "", joined(kind, tuple(run)), excluded))
    return found


def _name(node: Node) -> str | None:
    """The one selection all tests of a tree stand in, or None where it is several."""
    names = {leaf.selection for leaf in leaves(node)}
    return names.pop() if len(names) == 1 else None
