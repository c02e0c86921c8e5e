"""What an event lacked for a rule to match: the tests that kept it from matching, and no others."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

import msgspec

from socterm.event import Event
from socterm.sigma.evaluate import evaluate
from socterm.sigma.fields import values
from socterm.sigma.ir import And, FieldMatch, Keyword, Node, Not, leaves
from socterm.sigma.keywords import keyword_texts
from socterm.sigma.wording import shown, wanted_of

_MOST_NAMED = 6


class Lack(msgspec.Struct, frozen=True):
    """One thing that stood in the way.

    `field` is "" for the text of the line. Any of `wanted` would have done, or with `excluded` must not be
    there; `found` is what the event has.
    """

    selection: str
    field: str
    wanted: tuple[str, ...]
    found: tuple[Any, ...]
    excluded: bool = False

    @property
    def text(self) -> str:
        """One phrase for people."""
        name = self.field or "the text"
        kinds = {wanted.partition(" ")[0] for wanted in self.wanted}
        values = self.wanted
        if len(kinds) == 1 and len(values) > 1:
            values = (values[0], *(wanted.partition(" ")[2] for wanted in values[1:]))
        named = " or ".join(values[:_MOST_NAMED]).removeprefix("equals ")
        more = len(self.wanted) - _MOST_NAMED
        named += f" or {more} more" if more > 0 else ""
        if self.excluded:
            return f"{name} {named}, which the rule excludes"
        if not self.field:
            return f"nowhere {named}"
        return f"{name} is {shown(self.found)}, wanted {named}"


def lacking(node: Node, event: Event, tz: tzinfo) -> tuple[Lack, ...]:
    """The tests an event failed, () where it matches.

    Of alternatives all of which fail, those on one field are named together; else the ones that were
    nearest, that is the fewest.
    """
    if evaluate(node, event, tz):
        return ()
    if isinstance(node, FieldMatch | Keyword):
        return (_lack(node, event),)
    if isinstance(node, Not):
        return tuple(
            msgspec.structs.replace(_lack(leaf, event), excluded=True)
            for leaf in leaves(node.node)
            if evaluate(leaf, event, tz)
        )
    if isinstance(node, And):
        return tuple(lack for part in node.nodes for lack in lacking(part, event, tz))
    parts = [lacking(part, event, tz) for part in node.nodes]
    single = {(found[0].field, found[0].excluded) for found in parts if len(found) == 1}
    if len(single) == 1 and all(len(found) == 1 for found in parts):
        first = parts[0][0]
        return (msgspec.structs.replace(first, wanted=tuple(w for found in parts for w in found[0].wanted)),)
    return min(parts, key=len)


def _lack(leaf: FieldMatch | Keyword, event: Event) -> Lack:
    if isinstance(leaf, FieldMatch):
        return Lack(leaf.selection, leaf.names[0], (wanted_of(leaf.test, event),), values(event, leaf.names))
    return Lack(leaf.selection, "", (wanted_of(leaf.test, event),), keyword_texts(event)[:1])
