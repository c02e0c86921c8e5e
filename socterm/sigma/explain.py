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
from socterm.sigma.wording import wanted_of


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
        found.append(
            Finding(leaf.selection, field, wanted_of(leaf.test, event), seen, evaluate(leaf, event, tz))
        )
    return found
