"""Windows of one group whose hits lie so far apart in time that they cannot matter to each other.

A stamp in the future, a clock that is turned back, a log that is read twice: as long as the later episode is
open, each hit before it is late. In the window of the later ones it would cost as much as all they hold; in
one of its own it comes in order. Their times do not overlap; `Group.window` is the latest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from socterm.alerts.model import Hit
from socterm.sigma.windows import Window

if TYPE_CHECKING:
    from socterm.sigma.groups import Consumer, Group

MOST: Final = 8
"""Windows a group has besides that of its latest hits; beyond it the two earliest become one."""


def window_for(consumer: Consumer, group: Group, ts: int, watermark: int) -> Window | None:
    """The window a hit at `ts` (µs) belongs to, made if need be; None where the rule has none.

    A window that waits for the watermark takes its hits in any order at no cost: there is but one.
    """
    latest = group.window
    if latest is None or consumer.waits or not latest.buf:
        return latest
    if ts > latest.buf[-1].ts + consumer.far:
        _keep(consumer, group, latest, watermark)
        group.window = consumer.new_window()
        return group.window
    if not group.apart and _reaches(consumer, latest, ts):
        return latest
    reaching = [one for one in group.windows if _reaches(consumer, one, ts)]
    if reaching:
        found = max(reaching, key=_first)
        _join(consumer, group, found, watermark)
        return found
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


def _reaches(consumer: Consumer, window: Window, ts: int) -> bool:
    """Whether what the window holds, its late hits included, begins before or not far after."""
    since = ts + consumer.far
    return window.buf[0].ts <= since or any(hit.ts <= since for hit in window.late or ())


def _keep(consumer: Consumer, group: Group, window: Window, watermark: int) -> None:
    consumer.hurry(consumer, group, watermark)
    if len(group.apart) >= MOST:
        one, two, *others = sorted(group.apart, key=_first)
        _move(two.buf, one)
        group.apart = (one, *others)
    group.apart = (*group.apart, window)


def _join(consumer: Consumer, group: Group, window: Window, watermark: int) -> None:
    """Hits before it may have come close to those of a window: from here on they share it."""
    since = window.buf[0].ts - 2 * consumer.far
    near = [one for one in group.apart if one.buf[-1].ts >= since and _first(one) < _first(window)]
    if not near:
        return
    consumer.hurry(consumer, group, watermark)
    left = [one for one in group.apart if one not in near]
    for one in near:
        before = [hit for hit in one.buf if hit.ts < since]
        rest = consumer.new_window() if before else None
        if rest is not None:
            # Too far to matter to this window's hits now; a late one may yet lie close to both.
            _move(before, rest)
            left.append(rest)
        _move([hit for hit in one.buf if hit.ts >= since], window)
    group.apart = tuple(left)


def _move(hits: Sequence[Hit], window: Window) -> None:
    for hit in hits:
        window.feed(hit)
    # They are no news: where the rule was satisfied at them it has fired.
    window.catch_up()


def _first(window: Window) -> int:
    return window.buf[0].ts
