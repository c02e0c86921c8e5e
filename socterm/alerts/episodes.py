"""Episodes: the base events of one rule and entity that belong together, and the alert they are.

Pure. An episode is a function of the set of its hits: a late hit is put in its place, may bring the first
event forward and may join two episodes; only hits later than the lateness bound see the arrival order.
It is *provisional* while hits can still join it and *settles* when the watermark has passed its last hit
by the gap.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from socterm.alerts.model import Entity, EpisodeChange, Hit, key_of
from socterm.event import Key

MAX_PAST = 5_000
"""Hits kept of an episode that rules over alerts are to be told of; beyond it the oldest go."""


class Episode(msgspec.Struct, eq=False, gc=False):
    """One episode under way. `lo` and `hi` (µs) span the hits that decide what joins it.

    `first` and `last` are the keys of its base events. For a chain, `first` may lie before `lo`: the
    evidence of a brute force is older than the moment it counted as one.
    `touched` is the watermark when a late hit came: a stream that lags as a whole is then grouped by
    its own gaps and not cut up by the clocks of others. `kept` says that a `collect` has told of it.
    `bare` says that it has no base event yet, only such as say that what must be absent was there.
    `past` are the hits already handed over, where rules over alerts are still to be told of the episode;
    None where not. `fired` is its first hit that satisfied the rule, `told` says that they know. `over`: it
    has settled or was joined to another. `seen` are, for a chain, the events it has and what each counts: one
    may come by way of several rules. Hits join episodes of their own `era` only: see `socterm.sigma.hushed`.
    """

    id: int
    rule: str
    entity: Entity
    gap: int
    lo: int
    hi: int
    first: Key
    last: Key
    count: int = 0
    signals: int = 0
    touched: int = 0
    alert: int = 0
    bare: bool = False
    ended: bool = False
    kept: bool = False
    new: list[Hit] = []
    past: list[Hit] | None = None
    fired: Hit | None = None
    told: bool = False
    over: bool = False
    seen: dict[int, int] | None = None
    era: int = 0
    reached: int = 0

    @property
    def deadline(self) -> int:
        """The watermark (µs) beyond which it is settled."""
        return max(self.hi, self.touched) + self.gap

    def add(self, hit: Hit) -> None:
        """Take a base event as evidence; its weight counts."""
        self.new.append(hit)
        self.count += hit.weight
        key = key_of(hit)
        if key < self.first:
            self.first = key
        if key > self.last:
            self.last = key

    def once(self, hit: Hit) -> Hit:
        """The hit, or where the episode has its event already, one that counts nothing."""
        if self.seen is None:
            self.seen = {}
        if hit.event not in self.seen:
            self.seen[hit.event] = hit.weight
        elif hit.weight:
            return Hit(hit.ts, hit.source, hit.position, hit.event, 0, hit.value)
        return hit

    def has(self, hit: Hit) -> bool:
        """Whether the event of a hit is known to be one of the episode's."""
        return self.seen is not None and hit.event in self.seen

    def absorb(self, other: Episode) -> None:
        """Take over all of another episode."""
        self.lo = min(self.lo, other.lo)
        self.hi = max(self.hi, other.hi)
        if self.bare:
            self.first, self.last, self.bare = other.first, other.last, other.bare
        elif not other.bare:
            self.first = min(self.first, other.first)
            self.last = max(self.last, other.last)
        self.count += other.count
        if other.seen:
            self.seen = mine = self.seen or {}
            for event, weight in other.seen.items():
                known = mine.get(event, 0)
                self.count -= min(known, weight)
                mine[event] = max(known, weight)
        self.signals += other.signals
        self.touched = max(self.touched, other.touched)
        self.new.extend(other.new)
        other.new = []
        if other.fired is not None and (self.fired is None or key_of(other.fired) < key_of(self.fired)):
            self.fired = other.fired
        self.told = self.told or other.told
        self.past = None if self.told or self.past is None else [*self.past, *(other.past or ())]
        if self.told:
            self.fired = None
        other.fired = other.past = None
        other.over = True
        self.reached = min(self.reached or other.reached, other.reached or self.reached)

    def tell(self) -> None:
        """Rules over alerts know of it now: what was kept for that can go."""
        self.told = True
        self.fired = self.past = None

    def change(self, *, settled: bool = False, merged_into: int = 0) -> EpisodeChange:
        """Its present state and the hits not yet handed over; they count as handed over now."""
        hits, self.new = self.new, []
        if self.past is not None:
            self.past = [*self.past, *hits][-MAX_PAST:]
        alert = self.alert
        # By place and not by name, which takes three times as long: each episode that grew passes here.
        return EpisodeChange(
            self.id, self.rule, self.entity, self.first, self.last, self.count, self.signals, self.touched,
            hits, alert, settled and bool(alert), self.ended, settled and not alert, merged_into,
            None if self.told else self.fired, self.told, self.era, self.reached,
        )  # fmt: skip


class Episodes:
    """All episodes under way and what changed since the last `collect` (`dirty`, by id).

    Ids are handed in and counted on: `next_episode` and `next_alert` are the store's next free numbers.
    `witnessed` are the rules whose alerts other rules look at, `fresh` episodes of theirs that newly have an
    (earlier) hit that satisfied the rule.
    """

    def __init__(self, next_episode: int = 1, next_alert: int = 1) -> None:
        self.next_episode = next_episode
        self.next_alert = next_alert
        self.by_alert: dict[int, Episode] = {}
        self.dirty: dict[int, Episode] = {}
        self.witnessed: frozenset[str] = frozenset()
        self.fresh: list[Episode] = []
        self._final: list[EpisodeChange] = []

    def join(
        self,
        open_: list[Episode],
        rule: str,
        entity: Entity,
        gap: int,
        hit: Hit,
        watermark: int,
        *,
        era: int = 0,
    ) -> Episode:
        """The episode among `open_` (of one rule and entity) this hit belongs to, new or joined if need be.

        Changes `open_` in place. The caller has settled what the watermark has passed.
        """
        near = [e for e in open_ if e.era == era and self._accepts(e, hit.ts)] if open_ else ()
        if near:
            episode = near[0]
            for other in near[1:]:
                episode = self._merge(episode, other, open_)
            episode.lo = min(episode.lo, hit.ts)
            episode.hi = max(episode.hi, hit.ts)
        else:
            key = (hit.ts, hit.source, hit.position)
            episode = Episode(self.next_episode, rule, entity, gap, hit.ts, hit.ts, key, key, era=era)
            if rule in self.witnessed:
                episode.past = []
            self.next_episode += 1
            open_.append(episode)
        if hit.ts < watermark:
            episode.touched = max(episode.touched, watermark)
        self.dirty[episode.id] = episode
        return episode

    @staticmethod
    def _accepts(episode: Episode, ts: int) -> bool:
        upper = episode.hi if episode.ended else episode.hi + episode.gap
        return episode.lo - episode.gap <= ts <= upper

    def _merge(self, one: Episode, two: Episode, open_: list[Episode]) -> Episode:
        """Join two episodes: the one people may know lives on, then the greater, then the older."""
        keep, gone = sorted((one, two), key=lambda e: (not (e.alert and e.kept), not e.alert, -e.count, e.id))
        if one.ended or two.ended:
            return keep
        known = keep.fired
        keep.absorb(gone)
        if keep.fired is not known and keep.fired is not None:
            self.fresh.append(keep)
        open_.remove(gone)
        self.dirty.pop(gone.id, None)
        self.dirty[keep.id] = keep
        if gone.kept:
            self._final.append(gone.change(merged_into=keep.id))
        self.by_alert.pop(gone.alert, None)
        return keep

    def fire(self, episode: Episode, times: int, hit: Hit | None = None) -> bool:
        """The rule is satisfied (again) at a hit; True where this makes the episode an alert."""
        episode.signals += times
        self.dirty[episode.id] = episode
        if hit is not None:
            episode.reached = min(episode.reached or hit.ts, hit.ts)
        if hit is not None and episode.past is not None:
            known = episode.fired
            if not episode.alert if known is None else key_of(hit) < key_of(known):
                episode.fired = hit
                self.fresh.append(episode)
        if episode.alert:
            return False
        episode.alert = self.next_alert
        self.next_alert += 1
        self.by_alert[episode.alert] = episode
        return True

    def note(self, episode: Episode) -> None:
        """The rule is satisfied, but raises no alerts: its signals are counted all the same."""
        episode.signals += 1
        self.dirty[episode.id] = episode

    def touch(self, episode: Episode) -> None:
        """Note that the episode changed."""
        self.dirty[episode.id] = episode

    def settle(self, episode: Episode) -> None:
        """Nothing can join it any more: final as an alert, or forgotten."""
        self.dirty.pop(episode.id, None)
        episode.over = True
        if episode.kept or episode.alert:
            self._final.append(episode.change(settled=True))
            self.by_alert.pop(episode.alert, None)

    def restore(self, change: EpisodeChange, gap: int, marks: Iterable[int]) -> Episode:
        """An episode as the store knew it. `marks` are the times (µs) of the hits that decide joining."""
        times = list(marks) or [change.first[0], change.last[0]]
        episode = Episode(
            change.id, change.rule, change.entity, gap, min(times), max(times), change.first, change.last,
            change.count, change.signals, change.touched, change.alert, ended=change.ended, kept=True,
            fired=change.fired, told=change.told, era=change.era,
        )  # fmt: skip
        known = change.rule in self.witnessed and not change.told
        episode.past = change.hits[-MAX_PAST:] if known else None
        if known and episode.fired is not None:
            self.fresh.append(episode)
        if episode.alert:
            self.by_alert[episode.alert] = episode
        return episode

    @property
    def changed(self) -> bool:
        """Whether `collect` has anything to say."""
        return bool(self.dirty or self._final)

    def collect(self) -> list[EpisodeChange]:
        """What changed since the last call: first what is final, then the present state of the rest."""
        final, self._final = self._final, []
        for episode in self.dirty.values():
            episode.kept = True
            final.append(episode.change())
        self.dirty.clear()
        return final
