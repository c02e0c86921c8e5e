"""The dialogue after `d f`: an alert is closed as a false positive, with an exception or without."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen

from socterm.console import offers
from socterm.console.actions import bindings
from socterm.console.frame import Frame
from socterm.console.lines import Line, hint, wrap
from socterm.console.messages import ReadFailed
from socterm.console.offers import Offer
from socterm.console.safe import set_titles
from socterm.console.screens.dialogues import NoteDialogue
from socterm.console.widgets.footer import Footer
from socterm.console.widgets.reader import Reader, in_thread
from socterm.console.widgets.text import TextView
from socterm.errors import SoctermError
from socterm.pipeline.exceptions import made
from socterm.pipeline.preview import Preview, preview
from socterm.store.rows import AlertRow

TALLEST = 20


class Chosen(NamedTuple):
    """What the dialogue ends with: an exception and its end (µs), or None for the verdict alone."""

    made: dict[str, object] | None = None
    expires: int = 0


class Previewed(Message):
    """What a choice would have hidden; `said` what is wrong with it."""

    def __init__(self, offer: Offer, found: Preview | None, said: str) -> None:
        super().__init__()
        self.offer = offer
        self.found = found
        self.said = said


class Offered(Message):
    """The alert has been looked at."""

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self.offer = offer


class ExceptionDialogue(Reader, ModalScreen[Chosen], inherit_bindings=False):
    """What is offered, and what it would have hidden. Enter before that is known waits for it.

    Where something that was an attack would have been hidden, Enter has to be pressed once more.
    """

    AUTO_FOCUS = ""
    BINDINGS: ClassVar = bindings("offer")
    CSS = """
    ExceptionDialogue { background: transparent; align: center middle; }
    ExceptionDialogue Vertical {
        width: 92; max-width: 100%; height: auto; max-height: 90%; padding: 0 1;
        border: round $focused; border-title-color: $bright; border-subtitle-color: $dim;
        background: $background;
    }
    ExceptionDialogue Footer { dock: bottom; }
    """

    def __init__(self, frame: Frame, alert: AlertRow) -> None:
        super().__init__()
        self.frame = frame
        self.alert = alert
        self.offer: Offer | None = None
        self.found: Preview | None = None
        self.said = ""
        self.text = TextView("offer")
        self.text.can_focus = False
        self._wanted = False
        self._warned = False

    def compose(self) -> ComposeResult:
        """The box and its keys."""
        with Vertical() as box:
            set_titles(box, [("False positive", ""), (f" · alert {self.alert.id}", "")], "z takes it back")
            yield self.text
        yield Footer(("offer",))

    def on_mount(self) -> None:
        """Look at the alert."""
        self._show(hint("Looking at the alert …"))
        self.read_offer()

    def on_resize(self) -> None:
        """Wrap to the new width."""
        self._again()

    @in_thread("offer")
    def read_offer(self) -> None:
        """What the alert offers."""
        triage = self.frame.store.triage
        events = triage.alert_events(self.alert.id, limit=200)
        found = offers.offered(self.alert, triage.parts(self.alert.id), triage.rules(), events)
        self.post_message(Offered(found))

    @on(Offered)
    def take_offer(self, message: Offered) -> None:
        """Show it, and look back."""
        self._choose(message.offer)

    @in_thread("preview")
    def read_preview(self, offer: Offer) -> None:
        """What it would have hidden."""
        try:
            document = self._made(offer)["document"]
            found = preview(
                self.frame.store,
                str(document),
                now=self.frame.clock(),
                tz=self.frame.local,
                stop=lambda: self.offer is not offer,
            )
        except SoctermError as wrong:
            self.post_message(Previewed(offer, None, str(wrong)))
        else:
            self.post_message(Previewed(offer, found, ""))

    @on(Previewed)
    def take_preview(self, message: Previewed) -> None:
        """Show it; save, where Enter was pressed already."""
        if message.offer is not self.offer:
            return
        self.found, self.said = message.found, message.said
        self._again()
        if self._wanted:
            self._wanted = False
            self.action_save()

    @on(ReadFailed)
    def failed(self, message: ReadFailed) -> None:
        """Say why there is no preview."""
        self.said = message.error
        self._again()

    def _made(self, offer: Offer) -> dict[str, object]:
        return made(offer.wording, author=self.frame.actor, now=self.frame.clock(), names=offer.names)

    def _choose(self, offer: Offer) -> None:
        self.offer, self.found, self.said = offer, None, ""
        self._warned = self._wanted = False
        self._again()
        self.read_preview(offer)

    def _again(self) -> None:
        if self.offer is not None:
            self._show(offers.lines(self.offer, self.found, self.said, self._until(self.offer)))

    def _show(self, lines: list[Line]) -> None:
        room = max(20, min(92, self.app.size.width) - 5)
        self.text.styles.height = min(TALLEST, self.app.size.height - 5, len(wrap(lines, room)))
        self.text.show(lines, keep=True)

    def _until(self, offer: Offer) -> str:
        ends = offer.ends(self.frame.clock(), self.frame.local)
        if not ends:
            return "never: until somebody ends it"
        day = datetime.fromtimestamp(ends / 1e6, self.frame.tz)
        return f"{offer.until.removesuffix('d')} days, {day:%Y-%m-%d}"

    # verbs

    def action_save(self) -> None:
        """Close with the exception, as soon as it is known what it would have hidden."""
        if self.offer is None or (self.found is None and not self.said):
            self._wanted = True
        elif self.found is not None and self.found.lost and not self._warned:
            self._warned = True
            self.said = ""
            self._show(
                [
                    *offers.lines(self.offer, self.found, "", self._until(self.offer)),
                    *hint("Enter once more saves it all the same."),
                ]
            )
        elif self.found is not None:
            chosen = Chosen(self._made(self.offer), self.offer.ends(self.frame.clock(), self.frame.local))
            self.dismiss(chosen)

    def action_without(self) -> None:
        """The verdict alone."""
        self.dismiss(Chosen())

    def action_turn(self, what: str) -> None:
        """The next choice."""
        if self.offer is not None:
            self._choose(self.offer.turned(what))

    def action_add_field(self, place: int) -> None:
        """A suggested field, or not."""
        if self.offer is not None and (other := self.offer.toggled(place)) is not self.offer:
            self._choose(other)

    def action_reason(self) -> None:
        """Ask why."""
        offer = self.offer
        if offer is None:
            return

        def written(text: str | None) -> None:
            if text:
                self._choose(offer.because(text))

        value = offer.reason
        self.app.push_screen(NoteDialogue("why it is harmless", "Reason", "keeps", value), written)

    def action_cancel(self) -> None:
        """Decide nothing."""
        self.dismiss(None)
