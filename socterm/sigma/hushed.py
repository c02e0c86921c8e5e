"""Correlations under exceptions: what an exception hides for an entity goes on counting for the rules above.

A group's time is cut into *eras*: even ones, in which its rule raises alerts, and odd ones, in which an
exception hides them. Windows know nothing of it, so whatever is built on the rule sees the same as ever.
Episodes do: events join those of their own era only, and one of an odd era is never an alert. When an
exception ends, what it hid stays hidden: an alert has to be satisfied by events from after it alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from socterm.alerts.model import EpisodeChange, Hit
from socterm.sigma.exceptions import InForce
from socterm.sigma.groups import Consumer, Group
from socterm.sigma.windows import BEHIND


def turn(exceptions: InForce | None, consumer: Consumer, group: Group) -> None:
    """Before a hit is taken: begin another era where an exception has come or gone."""
    hidden = exceptions is not None and bool(exceptions.silences(consumer.key, group.entity))
    if hidden != bool(group.era % 2):
        group.era += 1
        group.past = max(
            (known.event for window in group.windows for known in (*window.buf, *(window.late or ()))),
            default=0,
        )


def kept(exceptions: InForce | None, consumer: Consumer, group: Group, fired: Hit) -> bool:
    """Whether a firing raises no alert: an exception hides it, or it rests on what one hid before."""
    silencing = exceptions.silences(consumer.key, group.entity) if exceptions is not None else ()
    if exceptions is not None and silencing:
        exceptions.kept(silencing, fired.ts)
        return True
    if not group.era:
        return False
    return bool(group.era % 2) or fired.event <= group.past or not _anew(consumer, group, fired)


def _anew(consumer: Consumer, group: Group, fired: Hit) -> bool:
    """Whether the rule is satisfied at a firing by what came in the present era alone.

    Where it has to wait for the watermark, only a window with nothing older in it is sure to be.
    """
    inside = consumer.window_at(group, fired)
    fresh = [hit for hit in inside if hit.event > group.past]
    if len(fresh) == len(inside) or consumer.waits:
        return len(fresh) == len(inside)
    window = consumer.new_window()
    if window is None:
        return True
    answers = [window.feed(hit) for hit in fresh]
    return any(answer is not BEHIND and len(answer) for answer in answers)


def restored(group: Group, changes: Iterable[EpisodeChange]) -> None:
    """After a restart: the era a group is in, by its open episodes, and which events are of earlier ones."""
    tops: dict[int, int] = {}
    for change in changes:
        top = max((hit.event for hit in change.hits), default=0)
        tops[change.era] = max(top, tops.get(change.era, 0))
    group.era = max(tops, default=0)
    group.past = max((top for era, top in tops.items() if era < group.era), default=0)
