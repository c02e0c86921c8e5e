"""Events and stores for correlations in tests: written stories, rules a to d, restarts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from socterm.alerts.model import EpisodeChange, Hit
from socterm.event import Event
from socterm.pipeline.detect import Detector
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet

S = 1_000_000
T0 = 1_790_000_000 * S

BASE = "".join(
    f"---\ntitle: {name}\nname: {name}\nlevel: low\nlogsource: {{product: linux}}\n"
    f"detection: {{sel: {{what|contains: {name}}}, condition: sel}}\n"
    for name in "abcd"
)
"""Rules a, b, c, d: each matches an event whose field `what` has its letter."""


def correlation(body: str, name: str = "c1", extra: str = "") -> str:
    """One correlation document of `key: value; key: value`."""
    lines = "".join(f"  {part.strip()}\n" for part in body.split(";"))
    return f"---\ntitle: {name}\nname: {name}\nlevel: medium\n{extra}correlation:\n{lines}"


def rules_of(folder: Path, *documents: str) -> RuleSet:
    """The rules a to d and these documents, loaded from a file."""
    path = folder / "rules.yml"
    path.write_text(BASE + "".join(documents))
    return load_rules([path])


def event(position: int, seconds: float, what: str, **fields: object) -> Event:
    """An event at so many seconds; `ip` is short for source.ip, `user` for user.name."""
    repeat = fields.pop("repeat", 1)
    named = {"source.ip": "1"} | {_SHORT.get(name, name): value for name, value in fields.items()}
    named = {name: value for name, value in named.items() if value is not None}
    ts = T0 + round(seconds * S)
    return Event(
        ts, "s", position, "", {"what": what, **named}, (("linux", "", ""),), repeat=int(str(repeat)),
        id=position + 1,
    )  # fmt: skip


_SHORT = {"ip": "source.ip", "user": "user.name", "host": "host.hostname"}


def story(text: str) -> list[Event]:
    """Events of `seconds letters name=value …, …`. `x+y` is a list, `-` no field, `name:=5` a number."""
    return [_told(n, part.split()) for n, part in enumerate(text.split(","))]


def _told(position: int, words: Sequence[str]) -> Event:
    fields: dict[str, object] = {}
    for word in words[2:]:
        name, _, value = word.partition("=")
        if name.endswith(":"):
            fields[name[:-1]] = float(value) if "." in value else int(value)
        elif value == "-":
            fields[name] = None
        else:
            fields[name] = tuple(value.split("+")) if "+" in value else value
    return event(position, float(words[0]), words[1], **fields)


class Stored:
    """A detector and what a store would keep of it: it can be restarted at any commit."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.kept: dict[int, EpisodeChange] = {}
        self._orphans: dict[int, list[Hit]] = {}
        self.detector = Detector(rules)

    def feed(self, events: Sequence[Event]) -> None:
        """One chunk of lines."""
        self.detector.feed("s", events)

    def commit(self) -> None:
        """What the pipeline does after a batch."""
        self.detector.sweep()
        for change in self.detector.collect():
            self._keep(change)

    def _keep(self, change: EpisodeChange) -> None:
        old = self.kept.pop(change.id, None)
        hits = [*(old.hits if old else ()), *change.hits]
        if change.merged_into:
            home = self.kept.get(change.merged_into)
            (home.hits if home else self._orphans.setdefault(change.merged_into, [])).extend(hits)
        elif not change.dropped:
            change.hits = [*hits, *self._orphans.pop(change.id, ())]
            self.kept[change.id] = change

    def restart(self) -> None:
        """A new process on the same store."""
        clocks = self.detector.watermark.clocks
        episodes = self.detector.episodes
        self.detector = Detector(
            self.rules, next_episode=episodes.next_episode, next_alert=episodes.next_alert
        )
        self.detector.restore(clocks, [change for change in self.kept.values() if not change.settled])

    def end(self) -> list[tuple]:
        """All settled alerts: rule, entity, first, last, count, signals and base events."""
        self.detector.flush()
        self.commit()
        for change in self.kept.values():
            assert change.settled
            heaviest_last = sorted(change.hits, key=lambda hit: hit.weight)
            assert sum({hit.event: hit.weight for hit in heaviest_last}.values()) == change.count
        return sorted(
            (
                change.rule, change.entity, change.first, change.last, change.count, change.signals,
                tuple(sorted({(hit.ts, hit.source, hit.position) for hit in change.hits})),
            )
            for change in self.kept.values()
        )  # fmt: skip


def alerts_of(rules: RuleSet, events: Iterable[Event]) -> list[tuple]:
    """The settled alerts of events in their order, in one piece."""
    run = Stored(rules)
    run.feed(list(events))
    return run.end()
