"""Windows of one group whose hits lie so far apart in time that they cannot matter to each other.

A stamp in the future, a clock that is turned back, a log that is read twice: as long as the later episode is
open, each hit before it is late. In the window of the later ones it would cost as much as all they hold; in
one of its own it comes in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from socterm.sigma.windows import Window

if TYPE_CHECKING:
    from socterm.sigma.groups import Consumer, Group

MOST: Final = 8
"""Windows a group has besides that of its latest hits; beyond it the one made first goes."""


def window_for(consumer: Consumer, group: Group, ts: int, watermark: int) -> Window | None:
    """The window a hit at `ts` (µs) belongs to, made if need be; None where the rule has none.

    A window that waits for the watermark takes its hits in any order at no cost: there is but one.
    """
    latest = group.window
    if latest is None or consumer.waits or not latest.buf:
        return latest
    if ts > latest.buf[-1].ts + consumer.far:
        consumer.hurry(consumer, group, watermark)
        _keep(consumer, group, latest, watermark)
        group.window = consumer.new_window()
        return group.window
    start = latest.buf[0].ts - consumer.far
    if ts < start and latest.late:
        # Whether they have been put in their places by now must not matter.
        start = min(start, min(hit.ts for hit in latest.late) - consumer.far)
    if ts >= start:
        if group.apart:
            _join(consumer, group, latest, start - consumer.far, watermark)
        return latest
    before = [one for one in group.apart if one.buf[0].ts - consumer.far <= ts]
    if before:
        return max(before, key=_first)
    made = consumer.new_window()
    if made is not None:
        _keep(consumer, group, made, watermark)
    return made


def let_go(group: Group) -> None:
    """Some of the group's episodes have settled: their windows go with them."""
    if not group.apart:
        return
    kept = [
        one
        for one in group.windows
        if one.buf and any(e.lo <= one.buf[-1].ts and one.buf[0].ts <= e.hi for e in group.open)
    ]
    if kept:
        group.window = max(kept, key=_first)
        group.apart = tuple(one for one in group.apart if one in kept and one is not group.window)


def _keep(consumer: Consumer, group: Group, window: Window, watermark: int) -> None:
    if len(group.apart) >= MOST:
        consumer.hurry(consumer, group, watermark)
    group.apart = (*group.apart[1 - MOST :], window)


def _join(consumer: Consumer, group: Group, latest: Window, since: int, watermark: int) -> None:
    """The hits before have come close to the latest: from here on they share a window."""
    near = [one for one in group.apart if one.buf[-1].ts >= since]
    if not near:
        return
    consumer.hurry(consumer, group, watermark)
    group.apart = tuple(one for one in group.apart if one not in near)
    for one in near:
        for hit in one.buf:
            if hit.ts >= since:
                latest.feed(hit)
    # They are no news: where the rule was satisfied at them it has fired.
    latest.catch_up()


def _first(window: Window) -> int:
    return window.buf[0].ts
