"""What travels from detection to the store: signals, hits and the changes of episodes."""

from __future__ import annotations

import msgspec

from socterm.event import Key

Entity = tuple[tuple[str, str], ...]
"""(ECS field, value) pairs, in the order of the rule's group-by; () where an event has no entity."""


class Hit(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One base event of an episode: order key, store id, weight, and what its window needs of it.

    `value` is the counted value (value_count) or the name of the referenced rule (temporal), else "".
    """

    ts: int
    source: str
    position: int
    event: int
    weight: int = 1
    value: str = ""


def key_of(hit: Hit) -> Key:
    """The hit's place in the order of events."""
    return (hit.ts, hit.source, hit.position)


class EpisodeChange(msgspec.Struct, gc=False):
    """The present state of one episode and the hits that came to it since the last commit.

    `alert` is 0 until the episode satisfied its rule's condition; then it is the alert's id for good.
    `merged_into` names the surviving episode where a late event joined two; `dropped` means the episode
    settled without ever satisfying its rule and its state can go.
    `touched` is the watermark (µs) when the last hit came: with it, late episodes survive a restart.
    `fired` is the first hit that satisfied the rule, kept until rules over alerts have been `told` of it.
    `reached` is the earliest moment (µs) at which it satisfied the rule since the ingest began, or 0.
    `era` is odd for one that an exception hides: it is never an alert. See `socterm.sigma.hushed`.
    """

    id: int
    rule: str
    entity: Entity
    first: Key
    last: Key
    count: int
    signals: int
    touched: int
    hits: list[Hit]
    alert: int = 0
    settled: bool = False
    ended: bool = False
    dropped: bool = False
    merged_into: int = 0
    fired: Hit | None = None
    told: bool = False
    era: int = 0
    reached: int = 0


class RuleInfo(msgspec.Struct, frozen=True):
    """What an alert row keeps of its rule, so that it reads the same after the rule changed.

    `check` are the steps its author takes to look into an alert. `reopen`: an alert that follows a closed one
    begins reopened. `tune` is what its author says about having fewer of its alerts.
    `supersedes` are keys of all rules whose alerts this one's stand above, `reach` is how far (µs) from this
    one's they may be: see `socterm.alerts.superseding`.
    `risk` is what it says an alert of it gives its entity, 0 where it says nothing.
    `about` are the fields a correlation counts by, None for a rule on single events. `sole` is a field whose
    value an alert is about, too, while all its events agree on it; their hits have it for their value.
    """

    id: str
    title: str
    level: str
    description: str
    tags: tuple[str, ...]
    falsepositives: tuple[str, ...] = ()
    path: str = ""
    supersedes: tuple[str, ...] = ()
    reach: int = 0
    check: tuple[str, ...] = ()
    reopen: bool = False
    tune: str = ""
    about: tuple[str, ...] | None = None
    risk: int = 0
    sole: str = ""
