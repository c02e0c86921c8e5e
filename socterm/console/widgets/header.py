"""The header line: what is read and how fast, what waits, whether the view moves, the model, the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from socterm.console.ingest import LOADING, Ingest, IngestStatus, of_its_own
from socterm.console.lines import sp
from socterm.console.messages import HeaderRead
from socterm.console.safe import cut, safe_text
from socterm.console.theme import LEVELS, MARKS
from socterm.console.widgets.bars import Bar, Part, sparkline
from socterm.console.words import number, size

SECOND = 1_000_000

STAYING = 2
"""Up to this rank a part keeps its room beside an error: counts of alerts, FOLLOW, drops."""


def _short(name: str) -> str:
    """A source without its folder."""
    return name.rsplit("/", 1)[-1] or name


@dataclass
class Vitals:
    """What every screen's header shows: shared, so that going to another screen shows it at once."""

    counts: dict[str, int] = field(default_factory=dict)
    read: HeaderRead = field(default_factory=HeaderRead)
    rate: float = 0.0


class Header(Bar):
    """Counts of open alerts and FOLLOW stay at any width; the rest gives way.

    With a `place` it is the header of another screen than Triage: it says which, and nothing of following.
    """

    def __init__(
        self, ingest: Ingest | None, note: str = "", *, vitals: Vitals | None = None, place: str = ""
    ) -> None:
        super().__init__(id="header")
        self.note = note
        self.ingest = ingest
        self.vitals = vitals or Vitals()
        self.place = place
        self.paused = False
        self.follow = True
        self.behind = 0

    @property
    def counts(self) -> dict[str, int]:
        """Open alerts per level."""
        return self.vitals.counts

    @counts.setter
    def counts(self, counts: dict[str, int]) -> None:
        self.vitals.counts = counts

    @property
    def read(self) -> HeaderRead:
        """Sources, model, file size."""
        return self.vitals.read

    @read.setter
    def read(self, read: HeaderRead) -> None:
        self.vitals.read = read

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.vitals.rate

    @rate.setter
    def rate(self, rate: float) -> None:
        self.vitals.rate = rate

    def parts(self) -> Sequence[Part]:
        """The header, left to right."""
        status = self.ingest.status() if self.ingest is not None else None
        others = self._others(status)
        return [others[0], self._trouble(status, others), *others[1:]]

    def _others(self, status: IngestStatus | None) -> list[Part]:
        return [
            Part((sp(" socterm ", "brand"), *([sp(f"  {self.place}", "head")] if self.place else []))),
            Part((sp("  "), sp(self._sources(status))), 5),
            Part((sp("  "), sp(sparkline(self.read.recent), "graph"), sp(f" {number(self.rate)}/s")), 6),
            *self._pipeline(status),
            self._levels(),
            self._view(),
            Part(
                (sp("   "), sp(f"{self.read.model} ✓" if self.read.model_ok else self.read.model, "dim"))
                if self.read.model
                else (),
                7,
            ),
            Part((sp("   "), sp(size(self.read.octets), "dim")) if self.read.octets else (), 9),
            Part((sp("   "), sp(self.note, "dim")) if self.note else (), 10),
        ]

    def _trouble(self, status: IngestStatus | None, others: Sequence[Part]) -> Part:
        """What is wrong. An error takes the room of all that may give way, a remark what room there is."""
        if status is not None and status.error:
            room = self.size.width - 2 - sum(part.cells for part in others if part.rank <= STAYING)
            return Part((sp("  "), sp(cut(safe_text("! " + status.error), max(40, room)), "error")), 1)
        notes = (
            [f"{_short(s.name)}: {s.note}" for s in status.sources if s.note] if status is not None else []
        )
        if notes:
            room = self.size.width - 2 - sum(part.cells for part in others)
            return Part((sp("  "), sp(cut(safe_text("! " + notes[0]), max(48, room)), "paused")), 3)
        return Part(())

    def _sources(self, status: IngestStatus | None) -> str:
        names = [source.name for source in status.sources] if status is not None else []
        if not names and (status is None or status.mode != LOADING):
            names = [source[0] for source in self.read.sources]
        if not names:
            return f"{LOADING} …" if status is not None and status.mode == LOADING else "no source"
        return cut(safe_text(_short(names[0])), 18) + (f" +{len(names) - 1}" if len(names) > 1 else "")

    def _pipeline(self, status: IngestStatus | None) -> list[Part]:
        if status is None or (not of_its_own(status) and status.mode.startswith("attached")):
            lines = sum(source[1] for source in self.read.sources)
            known = sum(source[2] for source in self.read.sources)
            share = known / lines if lines else 1.0
            who = status.mode.removeprefix("attached") if status is not None else ""
            return [
                Part((sp("  attached", "dim"),), 4),
                Part((sp(who, "dim"),) if who else (), 8),
                Part((sp(f"  parsed {share:.1%}", "dim"),) if lines else (), 9),
            ]
        out = [
            Part(
                (sp(f"  lag {status.lag / SECOND:.1f} s", "dim" if status.lag < 5 * SECOND else "error"),), 7
            ),
            Part((sp(f"  parsed {status.decoded:.1%}", "dim"),) if status.lines else (), 8),
        ]
        if status.drops:
            out.append(Part((sp(f"  dropped {number(status.drops)}", "error"),), 2))
        if status.mode not in {"", "ingesting", LOADING}:
            out.append(Part((sp(f"  {status.mode}", "dim"),), 8))
        return out

    def _levels(self) -> Part:
        found = [(level, self.counts[level]) for level in LEVELS if self.counts.get(level)]
        if not found:
            return Part((sp("   no open alerts", "dim"),))
        return Part((sp("  "), *(sp(f" {MARKS[level]} {number(count)}", level) for level, count in found)))

    def _view(self) -> Part:
        if self.place:
            return Part(())
        if self.paused:
            return Part((sp("   "), sp(f"PAUSED +{number(self.behind)}", "paused")))
        if self.follow:
            return Part((sp("   "), sp("FOLLOW", "follow")))
        return Part((sp("   "), sp(f"+{number(self.behind)} below" if self.behind else "scrolled", "paused")))
