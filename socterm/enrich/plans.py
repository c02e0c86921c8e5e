"""What to do with events that have the same fields: it follows from their names, so it is made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from socterm.enrich.carried import NAMES as CARRIED
from socterm.enrich.fields import ENDS, HASHES, OUR_NAMES, OURS
from socterm.enrich.lookups import Fields, Lookup

_KEPT = 2048
_MOST_FIELDS = 300
_LONGEST_NAMES = 8192
"""Fields of an event, and characters of their names, for its plan to be kept."""

FindHash = Callable[[str, str], Fields]
"""(field, value) → the fields it adds."""


class Plan:
    """`steps`: (field, look-up). `carried`: fields that say a place in a producer's words. `ours`: the event
    brings along what would be set here. `acts`: it has an action."""

    __slots__ = ("acts", "both_ends", "carried", "ours", "steps")

    def __init__(
        self, names: tuple[str, ...], lookups: dict[str, Lookup], find_hash: FindHash | None
    ) -> None:
        steps = [(name, lookups[name]) for name in names if name in lookups]
        if find_hash is not None:
            steps += [
                (name, Lookup(partial(find_hash, name), most=0))
                for name in names
                if name.rpartition(".")[2].lower() in HASHES
            ]
        self.steps = tuple(steps)
        self.carried = tuple(name for name in names if name.lower() in CARRIED)
        self.ours = bool(self.carried) or any(name in OUR_NAMES or name.startswith(OURS) for name in names)
        self.both_ends = all(name in names for name in ENDS)
        self.acts = "event.action" in names


class Plans(dict[tuple[str, ...], Plan]):
    """Names of an event's fields, in their order → plan. Asked with `[]`; bounded."""

    def __init__(self, lookups: dict[str, Lookup], find_hash: FindHash | None) -> None:
        super().__init__()
        self._lookups = lookups
        self._find_hash = find_hash

    def __missing__(self, names: tuple[str, ...]) -> Plan:
        plan = Plan(names, self._lookups, self._find_hash)
        if len(names) <= _MOST_FIELDS and sum(map(len, names)) <= _LONGEST_NAMES:
            if len(self) >= _KEPT:
                self.clear()
            self[names] = plan
        return plan
