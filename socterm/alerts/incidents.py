"""Incidents: which alerts tell one story, why, and the life of an incident as a table.

Pure. Links and stories are a function of the set of alerts, whatever order they came in;
`socterm.store.ingest.stories` keeps them on record commit by commit and `links`, which looks at all, is what
`db check` compares that with. What people said (`labels`) cuts stories where they say so.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

import msgspec

from socterm.alerts.bonds import Bond, Bonds, Policy, Thing, Things, bonds_of, gap_of
from socterm.alerts.states import VERDICTS
from socterm.errors import TransitionError

MEDIUM: Final = 2
HIGH: Final = 3

STATES: Final = ("open", "in_progress", "closed", "merged", "withdrawn")
"""merged: its alerts belong to another one. withdrawn: they turned out to make none."""

OPEN_STATES: Final = ("open", "in_progress")

VERBS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "start": (("open",), "in_progress"),
    "close": (("open", "in_progress"), "closed"),
    "verdict": (("open", "in_progress", "closed"), "closed"),
    "reopen": (("closed",), "open"),
    "note": (("open", "in_progress", "closed"), ""),
    "recur": (("closed",), "open"),
}
"""Verb → (the states it can be said in, the state it leads to; "" for the same)."""


class Standing(msgspec.Struct, frozen=True):
    """What people decided about an incident so far."""

    state: str = "open"
    verdict: str = ""
    owner: str = ""
    notes: int = 0


def decide(before: Standing, verb: str, actor: str = "", *, verdict: str = "", text: str = "") -> Standing:
    """The standing after a decision. The owner is who first acted on it.

    Raises TransitionError where the state does not allow the verb, the verdict is unknown, the note empty.

    >>> decide(Standing(), "close", "ann", verdict="true_positive").state
    'closed'
    """
    if verb not in VERBS:
        raise TransitionError(f"no such verb {verb!r}: use one of {', '.join(VERBS)}")
    states, after = VERBS[verb]
    if before.state not in states:
        raise TransitionError(f"cannot {verb} an incident that is {before.state.replace('_', ' ')}")
    if verb == "note" and not text.strip():
        raise TransitionError("an empty note says nothing: give it a text")
    state = after or before.state
    said = before.verdict
    if state != "closed":
        said = ""
    elif verb in ("close", "verdict"):
        said = verdict or ("" if verb == "verdict" else "undetermined")
        if said not in VERDICTS:
            raise TransitionError(f"no such verdict {said!r}: use one of {', '.join(VERDICTS)}")
    return Standing(state, said, before.owner or actor, before.notes + (verb == "note"))


Order = tuple[int, bytes, int]


class Facts(msgspec.Struct, frozen=True):
    """What decides with which alerts an alert belongs. Times are µs; `head` is what it is part of, or 0."""

    id: int
    rule: str
    rank: int
    first: int
    last: int
    own: Things
    seen: Things = frozenset()
    head: int = 0
    entity: str = ""

    @property
    def sign(self) -> bytes:
        """Tells it apart from others that begin at the same moment."""
        return sign(self.rule, self.entity)

    @property
    def order(self) -> Order:
        """Earliest first; what else tells them apart depends on no order of arrival."""
        return self.first, self.sign, self.id


@lru_cache(maxsize=1024)
def sign(rule: str, entity: str) -> bytes:
    """Tells alerts apart that begin at the same moment, the same way on every machine."""
    return hashlib.blake2b(json.dumps([rule, entity]).encode(), digest_size=8).digest()


class Link(msgspec.Struct, frozen=True, order=True):
    """Why an alert belongs to another one: the field and the value that both have in common.

    With an empty field it is part of that one.
    """

    alert: int
    field: str
    value: str
    other: int


class Row(msgspec.Struct, frozen=True):
    """An alert as it is filed under one bond; `core` alerts can be joined by others through strong bonds."""

    alert: int
    first: int
    last: int
    sign: bytes
    kind: str

    @property
    def order(self) -> Order:
        """As that of the alert's facts."""
        return self.first, self.sign, self.alert


Last = Callable[[Bond, str, Order, int, int], Row | None]
"""The last of a kind that is filed under a bond, comes before a place in the order, ended at some moment (µs)
or later, and is not a certain alert."""


def links_of(alert: Facts, bonds: Bonds, last: Last, policy: Policy) -> set[Link]:
    """Whom an alert joins by itself, given those filed under its bonds."""
    found = {Link(alert.id, "", "", alert.head)} if alert.head else set()
    if bonds.kind == "core":
        place = alert.order
        for bond, thing in bonds.strong.items():
            row = last(bond, "core", place, alert.first - gap_of(bond, policy), alert.id)
            if row is not None:
                found.add(Link(alert.id, thing.field, thing.value, row.alert))
        return found
    best = _one(alert, bonds, last, policy)
    return found if best is None else found | {best}


def _one(alert: Facts, bonds: Bonds, last: Last, policy: Policy) -> Link | None:
    """The one alert that a weak one or a follower joins: a core alert before a weak one, then the latest."""
    begun = (alert.last + 1, b"", 0)
    tries = [("core", begun)] if bonds.kind == "follower" else [("core", begun), ("weak", alert.order)]
    for kind, place in tries:
        best: tuple[Order, Thing] | None = None
        for bond, thing in bonds.all.items():
            row = last(bond, kind, place, alert.first - gap_of(bond, policy), alert.id)
            if row is not None and (best is None or (row.order, thing) > best):
                best = row.order, thing
        if best is not None:
            return Link(alert.id, best[1].field, best[1].value, best[0][2])
    return None


def links(alerts: Iterable[Facts], policy: Policy) -> set[Link]:
    """All links among alerts, worked out from nothing."""
    known = {one.id: one for one in alerts}
    bonds = {one.id: bonds_of(one.own, one.seen, policy) for one in known.values()}
    filed: dict[Bond, list[Row]] = defaultdict(list)
    for one in sorted(known.values(), key=lambda one: one.order):
        for bond in bonds[one.id].all:
            filed[bond].append(Row(one.id, one.first, one.last, one.sign, bonds[one.id].kind))

    def last(bond: Bond, kind: str, place: Order, since: int, but: int) -> Row | None:
        rows = filed[bond]
        for row in reversed(rows[: bisect_left(rows, place, key=lambda row: row.order)]):
            if row.kind == kind and row.last >= since and row.alert != but:
                return row
        return None

    return {link for one in known.values() for link in links_of(one, bonds[one.id], last, policy)}


class _Sets:
    """Sets that are joined; a set may carry a label, and sets with different ones stay apart."""

    def __init__(self, labels: Mapping[int, int]) -> None:
        self._up: dict[int, int] = {}
        self._label = dict(labels)

    def top(self, one: int) -> int:
        way = []
        while (above := self._up.get(one, one)) != one:
            way.append(one)
            one = above
        for step in way:
            self._up[step] = one
        return one

    def label(self, one: int) -> int:
        return self._label.get(self.top(one), 0)

    def join(self, one: int, other: int) -> None:
        left, right = self.top(one), self.top(other)
        labels = {self._label.get(left, 0), self._label.get(right, 0)} - {0}
        if left == right or len(labels) > 1:
            return
        low, high = min(left, right), max(left, right)
        self._up[high] = low
        if labels:
            self._label[low] = labels.pop()


def stories(
    alerts: Iterable[int], found: Iterable[Link], labels: Mapping[int, int] | None = None
) -> dict[int, tuple[int, int]]:
    """Alert → (its story, named by the least of its alerts; the label on it, or 0).

    `labels` says to which incident people have put alerts: alerts with one label are of one story, whatever
    links there are, and links between alerts with different ones count for nothing. Others go where the first
    of their links leads, in the order of alerts.
    """
    labels = labels or {}
    sets = _Sets(labels)
    heads: dict[int, int] = {}
    known = set(alerts)
    for alert in sorted(known & labels.keys()):
        sets.join(heads.setdefault(labels[alert], alert), alert)
    for link in sorted(found):
        if link.alert in known and link.other in known:
            sets.join(link.alert, link.other)
    return {alert: (sets.top(alert), sets.label(alert)) for alert in known}


def holds(torn: Iterable[Link], left: Iterable[Link], gone: Collection[int] = ()) -> bool:
    """Whether alerts whose links went still hang together by others: then no story comes apart.

    `left` need not be all links there are: with fewer the answer may be False where it could be True. `gone`
    are alerts that are none any more.

    >>> holds([Link(3, "", "", 1)], [Link(3, "", "", 2), Link(2, "", "", 1)])
    True
    """
    was, now = _Sets({}), _Sets({})
    ends: set[int] = set()
    for link in torn:
        was.join(link.alert, link.other)
        ends |= {link.alert, link.other}
    for link in left:
        now.join(link.alert, link.other)
    tops: dict[int, int] = {}
    return all(tops.setdefault(was.top(end), now.top(end)) == now.top(end) for end in ends - set(gone))


def opens(alerts: Sequence[tuple[int, str, int]]) -> str:
    """Why a story of alerts, each (rank, rule, head), is an incident by itself; "" where it is none.

    One alert of level high or above is enough; else two of medium or above, of different rules, that are not
    part of others.

    >>> opens([(2, "one", 0), (2, "other", 0)]), opens([(2, "one", 0), (2, "other", 7)])
    ('2 rules', '')
    """
    if any(rank >= HIGH for rank, _, _ in alerts):
        return "high"
    rules = {rule for rank, rule, head in alerts if rank >= MEDIUM and not head}
    return f"{len(rules)} rules" if len(rules) > 1 else ""
