"""How well triage goes, in numbers: how fast alerts come, are seen and closed, which rules make noise.

Pure: lives of alerts and their audit rows go in, figures come out. What counts is what stands: a decision
that was undone was never made, one that was redone was made when it was first. docs/metrics.md defines all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from socterm.alerts.levels import LEVELS
from socterm.alerts.states import OPEN_STATES, VERBS, VERDICTS

HOUR = 3_600_000_000
AGES: tuple[tuple[str, int], ...] = (
    ("under 1h", HOUR), ("under 4h", 4 * HOUR), ("under 1d", 24 * HOUR), ("under 7d", 168 * HOUR),
)  # fmt: skip
"""Ages of what is open, youngest first: name and the age (µs) it ends at."""

LATER = 24 * HOUR
"""From so long (µs) after its rule was satisfied on, an alert's row says when a log was read: a replay, an
old file, a hunt. How fast attacks are detected it does not say."""

OLDEST = "7d and over"
UNSAID = "undetermined"
BARS = 48
"""Slices of the period that alerts are counted in."""


class Step(msgspec.Struct, frozen=True):
    """One audit row of an alert: when (µs), which verb, from which state to which, what it takes back."""

    id: int
    at: int
    verb: str
    before: str
    after: str
    undoes: int = 0


class Life(msgspec.Struct, frozen=True):
    """An alert and its audit rows, oldest first.

    `first` is its first event, `fired` the one that satisfied its rule (0: not known), `created` when its row
    was written (µs). `part`: it is part of another.
    """

    id: int
    rule: str
    title: str
    level: str
    first: int
    created: int
    state: str
    verdict: str = ""
    part: bool = False
    steps: tuple[Step, ...] = ()
    fired: int = 0

    @property
    def read_later(self) -> bool:
        """Whether its log was read so long after it was written that this tells nothing about detecting."""
        return bool(self.fired) and self.created - self.fired >= LATER


class Spread(msgspec.Struct, frozen=True):
    """How long something took (µs), over `count` alerts: mean, median and what nine of ten stay within."""

    count: int = 0
    mean: int = 0
    median: int = 0
    p90: int = 0


class RuleNoise(msgspec.Struct, frozen=True):
    """One rule's alerts. `said` were closed with a verdict; `false_share` is of those, None without any."""

    rule: str
    title: str
    alerts: int
    parts: int
    open: int
    closed: int
    said: int
    false: int
    false_share: float | None
    tune: str = ""


class Metrics(msgspec.Struct, frozen=True):
    """The figures of a period [since, until) µs; `backlog` is of everything open when they were asked for.

    `per_hour` is what an hour brought: all alerts of a period that is shorter than one.

    `later` alerts are of logs that were read long after they were written, and not in `detect`.
    """

    since: int
    until: int
    alerts: int
    parts: int
    per_hour: float
    bars: tuple[int, ...]
    detect: Spread
    acknowledge: Spread
    resolve: Spread
    reopened: int
    closed: int
    verdicts: dict[str, int]
    false_share: float | None
    rules: tuple[RuleNoise, ...]
    backlog: dict[str, dict[str, int]]
    snoozed: int
    later: int = 0


def measure(
    lives: Iterable[Life],
    backlog: Iterable[tuple[str, int]],
    snoozed: int,
    since: int,
    until: int,
    now: int,
    tune: Mapping[str, str],
) -> Metrics:
    """The figures of the alerts raised in [since, until).

    `backlog` is (level, created) of every open alert that is listed, whenever raised; `snoozed` how many are
    put off, both as of `now` (µs); `tune` what rules say about tuning them, by key.
    """
    every = [life for life in lives if life.state != "merged"]
    whole = [life for life in every if not life.part]
    verdicts = Counter(life.verdict for life in whole if life.state == "closed")
    return Metrics(
        since=since,
        until=until,
        alerts=len(whole),
        parts=len(every) - len(whole),
        per_hour=len(whole) * HOUR / max(HOUR, until - since),
        bars=_bars(whole, since, until),
        detect=spread([max(0, life.created - life.first) for life in whole if not life.read_later]),
        later=sum(life.read_later for life in whole),
        acknowledge=spread([max(0, at - life.created) for life in whole if (at := acknowledged(life))]),
        resolve=spread([max(0, at - life.created) for life in whole if (at := resolved(life))]),
        reopened=sum(was_reopened(life) for life in whole),
        closed=verdicts.total(),
        verdicts={name: verdicts[name] for name in VERDICTS if verdicts[name]},
        false_share=_share(verdicts["false_positive"], verdicts.total() - verdicts[UNSAID]),
        rules=noise(every, tune),
        backlog=ages(backlog, now),
        snoozed=snoozed,
    )


def standing(steps: Sequence[Step]) -> list[Step]:
    """The decisions that stand: without those that were undone, and without undoing and redoing themselves.

    >>> close, undo = Step(1, 5, "close", "new", "closed"), Step(2, 6, "undo", "closed", "new", undoes=1)
    >>> redo = Step(3, 7, "redo", "new", "closed", undoes=2)
    >>> standing([close, undo]), standing([close, undo, redo]) == [close]
    ([], True)
    """
    redone = {step.undoes for step in steps if step.verb == "redo"}
    undone = {step.undoes for step in steps if step.verb == "undo" and step.id not in redone}
    return [step for step in steps if step.verb not in {"undo", "redo"} and step.id not in undone]


def acknowledged(life: Life) -> int:
    """When somebody first decided something about an alert, whatever it was; 0 where nobody has."""
    return next((step.at for step in standing(life.steps) if step.verb in VERBS), 0)


def resolved(life: Life) -> int:
    """When a closed alert was closed, of several times the last; 0 where it is not closed now."""
    if life.state != "closed":
        return 0
    closings = [s.at for s in standing(life.steps) if s.after == "closed" and s.before != "closed"]
    return closings[-1] if closings else 0


def was_reopened(life: Life) -> bool:
    """Whether somebody took a closing back by reopening the alert."""
    return any(step.before == "closed" and step.after == "reopened" for step in standing(life.steps))


def spread(times: Sequence[int]) -> Spread:
    """Mean, median and ninetieth percentile, each by nearest rank.

    >>> spread([4, 1, 3, 2])
    Spread(count=4, mean=2, median=2, p90=4)
    """
    if not times:
        return Spread()
    ordered = sorted(times)
    count = len(ordered)
    return Spread(count, sum(ordered) // count, ordered[(count - 1) // 2], ordered[(9 * count - 1) // 10])


def noise(lives: Iterable[Life], tune: Mapping[str, str]) -> tuple[RuleNoise, ...]:
    """Each rule's alerts, parts too; most alerts first."""
    by_rule: dict[str, list[Life]] = {}
    for life in lives:
        by_rule.setdefault(life.rule, []).append(life)
    found = [_of_rule(rule, some, tune.get(rule, "")) for rule, some in by_rule.items()]
    return tuple(sorted(found, key=lambda one: (-one.alerts, one.title, one.rule)))


def _of_rule(rule: str, lives: Sequence[Life], tune: str) -> RuleNoise:
    closed = [life.verdict for life in lives if life.state == "closed"]
    said = [verdict for verdict in closed if verdict != UNSAID]
    false = said.count("false_positive")
    return RuleNoise(
        rule=rule,
        title=max(lives, key=lambda life: life.id).title,
        alerts=len(lives),
        parts=sum(life.part for life in lives),
        open=sum(life.state in OPEN_STATES for life in lives),
        closed=len(closed),
        said=len(said),
        false=false,
        false_share=_share(false, len(said)),
        tune=tune,
    )


def ages(backlog: Iterable[tuple[str, int]], now: int) -> dict[str, dict[str, int]]:
    """Open alerts by level, gravest first, and age."""
    names = [name for name, _ in AGES] + [OLDEST]
    found = {level: dict.fromkeys(names, 0) for level in reversed(LEVELS)}
    for level, created in backlog:
        name = next((name for name, end in AGES if now - created < end), OLDEST)
        found.setdefault(level, dict.fromkeys(names, 0))[name] += 1
    return found


def _bars(lives: Iterable[Life], since: int, until: int) -> tuple[int, ...]:
    counts = [0] * BARS
    for life in lives:
        if since <= life.created < until:
            counts[(life.created - since) * BARS // (until - since)] += 1
    return tuple(counts)


def _share(some: int, of: int) -> float | None:
    return some / of if of else None
