"""Correlations of correlations: where a firing belongs in the rule above, and on which events it rests."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from socterm.alerts.episodes import Episodes
from socterm.alerts.model import Hit, key_of
from socterm.event import Event
from socterm.sigma.entity import WHOM
from socterm.sigma.fields import text, values
from socterm.sigma.groups import MAX_PENDING, NOTHING_CARRIED, Consumer, Group
from socterm.sigma.windows import closing, numbers

CARRIED: Final = "\x1e"
"""Between a hit's own value and what it carries for the rules above; JSON never has it."""


def carry_names(consumer: Consumer) -> tuple[str, ...]:
    """The fields the rules above look at and the group does not tell: the hits have to carry them.

    What rules further up look at is asked of the event at which the rule between them fired.
    """
    own = set(consumer.spec.fields[consumer.spec.refs[0]]) if consumer.spec else set()
    wanted: dict[str, None] = {}
    for parent, ref in consumer.parents:
        spec = parent.spec
        if spec is not None:
            further = parent.carry if ref in closing(spec) else ()
            wanted.update(dict.fromkeys((*spec.fields[ref], *spec.counted.get(ref, ()), *further)))
    return tuple(name for name in wanted if name not in own)


def carry(consumer: Consumer, group: Group, hit: Hit, event: Event) -> Hit:
    """The hit as it is stored: with what the rules above need to know of its event."""
    others = consumer.carry_others
    found = [values(event, (name, *others.get(name, ()))) for name in consumer.carry]
    return carrying(group, hit, tuple(text(one[0]) if one else "" for one in found))


def carrying(group: Group, hit: Hit, carried: tuple[str, ...]) -> Hit:
    """The hit with these values for the rules above."""
    if group.carried is NOTHING_CARRIED:
        group.carried = {}
    kept = group.carried
    kept[hit.event] = carried
    if len(kept) > MAX_PENDING:
        for event in list(kept)[: MAX_PENDING // 2]:
            del kept[event]
    value = f"{hit.value}{CARRIED}{msgspec.json.encode(carried).decode()}"
    return Hit(hit.ts, hit.source, hit.position, hit.event, hit.weight, value)


def bare_hits(consumer: Consumer, group: Group, hits: Iterable[Hit]) -> list[Hit]:
    """Stored hits as the windows see them; what they carried goes back to where it is looked up."""
    if not consumer.carry:
        return list(hits)
    found = []
    for hit in hits:
        value, carries, carried = hit.value.rpartition(CARRIED)
        if carries:
            if group.carried is NOTHING_CARRIED:
                group.carried = {}
            group.carried[hit.event] = msgspec.json.decode(carried, type=tuple[str, ...])
            found.append(Hit(hit.ts, hit.source, hit.position, hit.event, hit.weight, value))
        else:
            found.append(hit)
    return found


def told(consumer: Consumer, group: Group, fired: Hit) -> dict[str, str]:
    """What is known at a firing: the values of the group and those its event carries."""
    known = dict(zip(consumer.carry, group.carried.get(fired.event, ()), strict=False))
    known.update(group.entity)
    if consumer.spec is not None and consumer.spec.fields[consumer.spec.refs[0]] == (WHOM,):
        known[WHOM] = str(group.key)
    return known


def above(
    parent: Consumer, ref: str, consumer: Consumer, child: Group, fired: Hit
) -> tuple[Group, str] | None:
    """The parent's group a child's firing belongs to, and the value its window counts.

    None, and counted, where the firing does not tell.
    """
    known_above = child.above.get(parent.key)
    if known_above is not None:
        return parent.group(known_above[0]), known_above[1]
    spec = parent.spec
    if spec is None:
        return None
    known = told(consumer, child, fired)
    found = [known.get(name, "") for name in spec.fields[ref]]
    counted = [known.get(name, "") for name in spec.counted.get(ref, ())]
    if not all(found) or not all(counted):
        parent.counts.skipped += 1
        return None
    value = ref
    if counted:
        value = counted[0] if len(counted) == 1 else "|".join(f"{len(part)}:{part}" for part in counted)
    if spec.calculates and not (value := numbers.written(value)):
        parent.counts.not_numbers += 1
        return None
    key = found[0] if len(found) == 1 else tuple(found)
    if not consumer.carry:
        child.above[parent.key] = (key, value)
    return parent.group(key), value


def heaviest_first(delta: list[Hit]) -> list[Hit]:
    """An event that fits several rules counts in one of its hits only: that one has to come first."""
    if len(delta) == 1 or all(hit.weight for hit in delta):
        return delta
    return sorted(delta, key=lambda hit: -hit.weight)


def add_evidence(episodes: Episodes, parent: Consumer, group: Group, fired: Hit, delta: list[Hit]) -> None:
    """Base events of a child's window become evidence of the parent's episode, each once.

    Some may lie in windows at which the parent had fired before: the rules above it get them, too.
    """
    home = group.home(fired.ts)
    if home is None:
        return
    first = last = None
    for hit in delta:
        if home.has(hit):
            continue
        if first is None or key_of(hit) < key_of(first):
            first = hit
        if last is None or hit.ts > last:
            last = hit.ts
        plain = home.once(Hit(hit.ts, hit.source, hit.position, hit.event, hit.weight))
        home.add(plain)
        episodes.touch(home)
        if parent.parents:
            parent.remember(group, plain)
    if parent.parents and first is not None and behind(group, first):
        supplement(episodes, parent, group, first, last)


def supplement(
    episodes: Episodes, consumer: Consumer, group: Group, first: Hit, last: int | None = None
) -> None:
    """Events from `first` to `last` (µs; without it only the first) came into windows that had fired before.

    They are handed up as further evidence.
    """
    firings = group.firings
    over = (first.ts if last is None else last) + consumer.span
    for fired in firings[bisect_left(firings, key_of(first), key=key_of) :]:
        if not group.pending or fired.ts >= over:
            return
        delta = heaviest_first(consumer.covered(group, fired))
        for parent, ref in consumer.parents if delta else ():
            if ref in parent.absent:
                continue
            place = above(parent, ref, consumer, group, fired)
            if place is not None:
                add_evidence(episodes, parent, place[0], fired, delta)


def behind(group: Group, hit: Hit, fired: Sequence[Hit] = ()) -> bool:
    """Whether a hit came into a window at which the rule had fired; `fired` are the firings it brought."""
    if not group.pending or not group.firings:
        return False
    last, own = key_of(group.firings[-1]), key_of(hit)
    return last > own or (last == own and not fired)
