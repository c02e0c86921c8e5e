"""Why a rule matched an event or did not: each test with the value it met."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

import msgspec

from socterm.event import Event
from socterm.sigma.evaluate import evaluate
from socterm.sigma.fields import values
from socterm.sigma.ir import FieldMatch, Node, leaves
from socterm.sigma.keywords import keyword_texts


class Finding(msgspec.Struct, frozen=True):
    """One test of a rule on one event.

    `selection` is the rule's name for the group the test stands in; `field` is "" for a keyword; `wanted` is
    the test in the rule's own terms; `values` are what the event has there, () where it has nothing.
    """

    selection: str
    field: str
    wanted: str
    values: tuple[Any, ...]
    passed: bool


def explain(node: Node, event: Event, tz: tzinfo) -> list[Finding]:
    """All tests of a rule on an event, in the order written. A test under `not` is reported as itself."""
    found = []
    for leaf in leaves(node):
        field = leaf.names[0] if isinstance(leaf, FieldMatch) else ""
        seen = values(event, leaf.names) if isinstance(leaf, FieldMatch) else keyword_texts(event)[:1]
        found.append(Finding(leaf.selection, field, wanted_of(leaf.test), seen, evaluate(leaf, event, tz)))
    return found


def wanted_of(test: msgspec.Struct) -> str:
    """A test in words near to the rule's own: `endswith /sh`, `gt 5`."""
    said = {name: value for name, value in msgspec.structs.asdict(test).items() if value not in ("", False)}
    kind = said.pop("place", type(test).__name__.lower())
    return " ".join([kind, *(_plain(value) for value in said.values())])


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return "*".join("".join("?" if part is None else part for part in item) for item in value)
    return str(value)
