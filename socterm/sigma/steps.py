"""What to do with an event that matched certain rules: which correlations get it, in which group, as what.

The usual case, one text value for the group and one for the count, is written out in `Correlator.feed`; here
is what remains: lists, numbers, several fields, other names of a field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import islice, product
from typing import Any, Final, NamedTuple

from socterm.alerts.model import Hit
from socterm.event import Event
from socterm.sigma.entity import entity_of
from socterm.sigma.fields import text, values
from socterm.sigma.groups import Consumer, Group
from socterm.sigma.windows import numbers
from socterm.sigma.windows.base import Counts

MOST_PLACES: Final = 100
"""Groups and values one event may bring to a rule by way of its lists; what is beyond is left out."""


class Step(NamedTuple):
    """One thing to do with an event: hand it to a rule under the name of the rule it matched.

    `field` is the one group-by field, "" where there are none or several; then `key` gives the group, or None
    where the event has to be looked at more closely. The hit's value is that of the field `counted`, else
    the constant `value`. `turn` numbers the steps of a correlation the event is
    handed to under several names; 0 where there is only one.
    """

    consumer: Consumer
    groups: dict[object, Group]
    ref: str
    field: str
    key: Callable[[Event], object | None]
    counted: str
    value: str
    turn: int


class Plan:
    """What to do with events that matched the same rules, and how many there were.

    `echoes` are the steps for a line that tells of something another line has counted (repeat 0): it can
    be an alert of its own, but no base event of a correlation.
    """

    __slots__ = ("echoes", "seen", "steps")

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        self.echoes = [step for step in steps if step.consumer.spec is None]
        self.seen = 0


def plan_of(feeds: Iterable[tuple[Consumer, str]]) -> Plan:
    """The steps for an event that each of these rules gets, under these names."""
    refs: dict[str, tuple[Consumer, list[str]]] = {}
    for consumer, ref in feeds:
        refs.setdefault(consumer.key, (consumer, []))[1].append(ref)
    steps = []
    for consumer, found in refs.values():
        if consumer.by_ref and consumer.spec:
            found.sort(key=consumer.spec.refs.index, reverse=True)
        else:
            del found[1:]
        several = len(found) > 1
        steps += [_step(consumer, ref, n if several else 0) for n, ref in enumerate(found, 1)]
    return Plan(steps)


def _step(consumer: Consumer, ref: str, turn: int) -> Step:
    spec = consumer.spec
    if spec is None:
        return Step(consumer, consumer.groups, ref, "", partial(entity_of, consumer.rule), "", "", turn)
    names = spec.fields[ref]
    counted = spec.counted.get(ref, ())
    usual = len(counted) < 2 and not consumer.calculates
    by_ref = (consumer.by_ref or consumer.chained) and not counted
    return Step(
        consumer,
        consumer.groups,
        ref,
        names[0] if len(names) == 1 and usual else "",
        partial(_texts_of, names) if usual else _look_closer,
        (counted[0] if counted else consumer.rule.info.sole) if usual else "",
        ref if by_ref else "",
        turn,
    )


def _look_closer(_event: Event) -> None:
    """Numbers and combinations of values: never simply one text."""


def _texts_of(names: Sequence[str], event: Event) -> tuple[str, ...] | None:
    fields = event.fields
    found = []
    for name in names:
        value = fields.get(name)
        if value.__class__ is not str or not value:
            return None
        found.append(value)
    return tuple(found)


def places(step: Step, event: Event) -> list[tuple[object, str]]:
    """(group, value) for each place an event has in a correlation; none, and counted, where it lacks a field.

    An event with a list in a group-by field stands in the group of each element, and one with a list in a
    counted field brings each element as a value.
    """
    spec = step.consumer.spec
    if spec is None:
        return []
    counts = step.consumer.counts
    lists = [_texts(event, name, spec.others) for name in spec.fields[step.ref]]
    counted = spec.counted.get(step.ref, ())
    if spec.calculates:
        found = _numbers(event, counted[0], spec.others, counts)
    elif counted:
        found = _combined([_texts(event, name, spec.others) for name in counted])
    else:
        found = [step.value]
    if found is None:
        return []
    if not found or not all(lists):
        counts.skipped += 1
        return []
    keys: list[object] = _few(lists[0] if len(lists) == 1 else product(*lists), counts)
    if len(found) == 1:
        return [(key, found[0]) for key in keys]
    return _few(product(keys, found), counts)


def _few(found: Iterable[Any], counts: Counts) -> list[Any]:
    few = list(islice(found, MOST_PLACES + 1))
    if len(few) > MOST_PLACES:
        counts.skipped += 1
        few.pop()
    return few


def _texts(event: Event, name: str, others: dict[str, tuple[str, ...]]) -> list[str]:
    """The different values of a field as text, empty ones left out."""
    found = values(event, (name, *others.get(name, ())))
    return list(dict.fromkeys(part for value in found if (part := text(value))))


def _combined(lists: Sequence[list[str]]) -> list[str]:
    """Each combination of the values of several fields as one value; no two write it alike."""
    if len(lists) == 1:
        return lists[0]
    return [
        "|".join(f"{len(part)}:{part}" for part in parts)
        for parts in islice(product(*lists), MOST_PLACES + 1)
    ]


def _numbers(event: Event, name: str, others: dict[str, tuple[str, ...]], counts: Counts) -> list[str] | None:
    """The numbers of a field, as one value; None, and counted, where what is there is no number."""
    found = values(event, (name, *others.get(name, ())))
    good = [written for value in found if (written := numbers.written(value))]
    if len(good) < len(found):
        counts.not_numbers += 1
        if not good:
            return None
    return [" ".join(good[:MOST_PLACES])] if good else []


def hits_of(
    event: Event, found: Sequence[tuple[object, str]], taken: list[object]
) -> list[tuple[object, Hit]]:
    """The hits for these places. In each group the event counts once, however many values it brings."""
    hits = []
    for key, value in found:
        weight = event.repeat if first_of(key, taken) else 0
        hits.append((key, Hit(event.ts, event.source, event.position, event.id, weight, value)))
    return hits


def first_of(key: object, taken: list[object]) -> bool:
    """Whether a group gets the event for the first time: fitting two of its rules, it is still one event."""
    if key in taken:
        return False
    taken.append(key)
    return True
