"""What every screen is given: the store, the state, who looks, what time it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from socterm.console.ingest import Ingest
from socterm.console.readers import Store
from socterm.console.rulefiles import RuleFiles
from socterm.console.screens.asking import Analyst
from socterm.console.state import UiState
from socterm.console.widgets.header import Vitals


@dataclass
class Frame:
    """One console's surroundings. `clock` gives µs.

    `have` names what is present: "analyst", and "files" where verbs may write some.
    `rules` reads rule files as the ingest of this configuration does.
    """

    store: Store
    state: UiState
    actor: str
    clock: Callable[[], int]
    local: tzinfo
    ingest: Ingest | None = None
    analyst: Analyst | None = None
    have: frozenset[str] = field(default_factory=frozenset)
    note: str = ""
    fps: float = 5.0
    vitals: Vitals = field(default_factory=Vitals)
    rules: RuleFiles = field(default_factory=RuleFiles)

    @property
    def tz(self) -> tzinfo:
        """The zone times are shown in now."""
        return UTC if self.state.utc else self.local
