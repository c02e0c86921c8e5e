"""What all screens but Triage have in common: header, footer, going back, the zone, the beat of a second."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import tzinfo
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from socterm.console.actions import Context, wanting
from socterm.console.decisions import Decisions
from socterm.console.frame import Frame
from socterm.console.ingest import of_its_own
from socterm.console.messages import Decided, HeaderRead, ReadFailed
from socterm.console.pace import Pace
from socterm.console.pivots import Spot
from socterm.console.places import BY_NAME
from socterm.console.readers import vital_signs
from socterm.console.safe import say
from socterm.console.screens.verbs import Verbs
from socterm.console.state import Remembered
from socterm.console.widgets.footer import Footer
from socterm.console.widgets.header import Header
from socterm.console.widgets.reader import Reader, in_thread

if TYPE_CHECKING:
    from socterm.console.app import SoctermApp

SOONEST = 0.25
"""Seconds between two looks at the store, however fast ingest commits."""


class Page(Verbs, Reader, Screen[None], inherit_bindings=False):
    """A screen one goes to. A subclass says its name among the places, its verbs, and what stands on it.

    `body` gives the widgets between header and footer; `look` is called when it opens, once a second, and
    when ingest committed; `arrive` takes what the screen was opened with.
    """

    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    PLACE: ClassVar[str] = ""
    OFFERS: ClassVar[tuple[Context, ...]] = ("list", "app")
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 (an instance attribute in Textual)
        (0, "-tiny"),
        (80, "-narrow"),
        (120, "-wide"),
    ]

    def __init__(self, frame: Frame, argument: str = "") -> None:
        super().__init__()
        self.frame = frame
        self.store = frame.store
        self.argument = argument
        self.header = Header(frame.ingest, frame.note, vitals=frame.vitals, place=BY_NAME[self.PLACE].title)
        self.footer = Footer(self.OFFERS, frame.have)
        self.decisions = Decisions(self, frame.store, actor=frame.actor, clock=frame.clock)
        self._looked = 0.0
        self._trouble = ""
        self._pace = Pace()

    @property
    def view(self) -> Remembered:
        """What this screen remembers from one start to the next."""
        return self.frame.state.view_of(self.PLACE)

    @property
    def tz(self) -> tzinfo:
        """The zone times are shown in."""
        return self.frame.tz

    @property
    def console(self) -> SoctermApp:
        """The application this screen is part of."""
        return cast("SoctermApp", self.app)

    # what a screen says of itself

    def body(self) -> Iterable[Widget]:
        """What stands between header and footer."""
        raise NotImplementedError

    def begin(self) -> None:
        """Called once, when the screen stands; the argument it was opened with is known by then."""

    def look(self) -> None:
        """Look at the store, in a thread."""

    def arrive(self, argument: str) -> None:
        """Take what the screen was opened with: `:events user.name:root` brings `user.name:root`."""

    def shown_by(self) -> str:
        """What to open the screen with to show the same again, beyond what the view remembers."""
        return ""

    def spot(self) -> Spot:
        """What the cursor is on, for pivots and copying."""
        return Spot()

    def narrow(self, clause: str) -> None:
        """Add a clause to the filter; without one of its own the question goes to Events."""
        self.console.visit("events", clause)

    def zone_changed(self) -> None:
        """Times are shown in another zone now."""

    def step_back(self) -> bool:
        """One step back within the screen; False where there is none."""
        return False

    # the beat

    def compose(self) -> ComposeResult:
        """Header, body, footer."""
        yield self.header
        yield from self.body()
        yield self.footer

    def on_mount(self) -> None:
        """Begin to look."""
        self.arrive(self.argument)
        self.begin()
        self.tick()
        self.set_interval(1.0, self.tick)

    def tick(self) -> None:
        """Once a second, unless a dialogue or another screen is in front."""
        if self.app.screen is self:
            self._looked = time.monotonic()
            self.look()
            self.read_header(self.frame.clock())

    def woken(self) -> None:
        """Ingest committed: look now, but not too often."""
        if time.monotonic() - self._looked >= SOONEST and self.app.screen is self:
            self._looked = time.monotonic()
            self.look()

    @on(events.ScreenResume)
    def resumed(self) -> None:
        """What lay above was closed: catch up."""
        if self.is_mounted:
            self.zone_changed()
            self.tick()

    @in_thread("header")
    def read_header(self, now: int) -> None:
        """Read what the header shows."""
        found = vital_signs(self.store, now)
        found.counts, found.newest = self.store.triage.counts(), self.store.events.newest_id()
        self.post_message(found)

    @on(HeaderRead)
    def take_header(self, message: HeaderRead) -> None:
        """Show it; what the model is comes from Triage."""
        vitals, now = self.frame.vitals, self.frame.clock()
        message.model, message.model_ok = vitals.read.model, vitals.read.model_ok
        vitals.read, vitals.counts = message, message.counts or {}
        pace = self._pace.look(now, message.newest)
        status = self.frame.ingest.status() if self.frame.ingest is not None else None
        if status is not None and of_its_own(status):
            vitals.rate = status.rate
        elif pace is not None:
            vitals.rate = pace
        self.header.changed()

    @on(ReadFailed)
    def failed(self, message: ReadFailed) -> None:
        """Say why nothing is shown, once as long as it stays the same."""
        if message.error != self._trouble:
            self._trouble = message.error
            say(self.app, message.error, "error")

    # verbs of every screen

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """A verb that needs what is not there is not bound."""
        wanted = wanting(self.OFFERS)
        return action not in wanted or wanted[action] in self.frame.have

    def action_back(self) -> None:
        """One step back, in the end to the screen below."""
        if not self.step_back():
            self.console.back()

    def action_copy(self) -> None:
        """Copy what the cursor is on."""
        if text := self.spot().text:
            self.console.copy_value(text)

    @on(Decided)
    def decided(self, message: Decided) -> None:
        """Say what was done, and read the truth."""
        self.tell(message, "decision")
        self.look()

    def action_toggle_zone(self) -> None:
        """UTC or local."""
        self.frame.state.utc = not self.frame.state.utc
        self.zone_changed()
        say(self.app, f"times are in {'UTC' if self.frame.state.utc else self.frame.local}")

    def action_next_theme(self) -> None:
        """The next theme."""
        self.console.next_theme()
