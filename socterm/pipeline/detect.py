"""Detection as one step of the road: events in, changed episodes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, tzinfo

import msgspec

from socterm.alerts.episodes import Episodes
from socterm.alerts.model import EpisodeChange
from socterm.event import Event
from socterm.sigma.correlate import Correlator
from socterm.sigma.engine import Matcher
from socterm.sigma.model import RuleSet
from socterm.sigma.watermark import JUMP, LATENESS, SourceClock, Watermark


class Detector:
    """Rules, windows, episodes and the watermark of one ingest.

    Holds no file and no clock; `restore` puts it where the store says it was.
    """

    def __init__(
        self,
        rules: RuleSet,
        *,
        tz: tzinfo = UTC,
        lateness: int = LATENESS,
        next_episode: int = 1,
        next_alert: int = 1,
    ) -> None:
        self.rules = rules
        self.episodes = Episodes(next_episode, next_alert)
        self.matcher = Matcher(rules, tz=tz)
        self.correlator = Correlator(rules, self.episodes, lateness=lateness)
        self.watermark = Watermark(lateness)
        self.late: dict[str, int] = {}

    def restore(self, clocks: dict[str, SourceClock], open_episodes: Sequence[EpisodeChange]) -> None:
        """Go on from a store: what each source's clock said, and the episodes under way."""
        self.watermark.clocks.update(clocks)
        for name in clocks:
            self.watermark.idle(name)
        self.correlator.restore(open_episodes)

    def feed(self, source: str, events: Sequence[Event]) -> None:
        """Take events of one source, in its order."""
        clock = self.watermark.clock(source)
        others = self.watermark.others(source)
        lateness = self.watermark.lateness
        feed = self.correlator.feed
        high = clock.high
        calm = clock.calm
        late = 0
        for event, keys in zip(events, self.matcher.match_all(events), strict=True):
            ts = event.ts
            if calm and high < ts <= high + JUMP:
                high = ts  # what `see` would do, without the call
            elif ts != high or not calm:
                clock.high = high
                clock.see(ts)
                if clock.high < high:
                    # The clock was wrong: what it had let go of is gone, wherever a batch ends.
                    self.correlator.sweep(min(high, others) - lateness, thorough=True)
                high = clock.high
                calm = clock.calm
            mark = (high if high < others else others) - lateness
            if ts < mark:
                late += 1
            if keys:
                feed(event, keys, mark)
        clock.high = high
        if late:
            self.late[source] = self.late.get(source, 0) + late

    def sweep(self) -> None:
        """Settle what time has passed."""
        self.correlator.sweep(self.watermark.value())

    def flush(self) -> None:
        """The end of a replay: everything settles."""
        self.correlator.flush()

    def collect(self) -> list[EpisodeChange]:
        """The episodes that changed since the last call."""
        return self.episodes.collect()

    def decided(self, alert: int, verb: str) -> None:
        """A person closed or reopened an alert: its episode ends, or goes on."""
        if verb == "close":
            self.correlator.end(alert)
        elif verb == "reopen":
            self.correlator.revive(alert)


def clock_state(clock: SourceClock) -> list[int]:
    """A source's clock as plain JSON."""
    return [clock.high, clock.doubt, clock.behind]


def clock_from(state: object) -> SourceClock:
    """The inverse of `clock_state`; a fresh clock for anything else."""
    try:
        return msgspec.convert(state, SourceClock)
    except msgspec.ValidationError:
        return SourceClock()
