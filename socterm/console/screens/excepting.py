"""The dialogue after `d f` and `p s`: what is excepted, for how long, and what that would have hidden."""

from __future__ import annotations

import threading
from collections.abc import Callable
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
from socterm.console.readers import Store
from socterm.console.safe import say, set_titles
from socterm.console.screens.dialogues import NoteDialogue
from socterm.console.widgets.footer import Footer
from socterm.console.widgets.reader import Reader, in_thread
from socterm.console.widgets.text import TextView
from socterm.errors import QueryCancelledError, SoctermError
from socterm.pipeline.exceptions import made
from socterm.pipeline.preview import Preview, preview

TALLEST = 20

BEAT = 0.2
"""Seconds between two looks at how far the preview is."""


NO_OTHER = {
    "scope": "there is no rule to narrow it to",
    "width": "there is no address to widen",
}
"""What is said where there is nothing else to choose."""


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
    """What is offered has been read."""

    def __init__(self, offer: Offer) -> None:
        super().__init__()
        self.offer = offer


class ExceptionDialogue(Reader, ModalScreen[Chosen], inherit_bindings=False):
    """What is offered, and what it would have hidden. Enter before that is known waits for it.

    Where something that was an attack would have been hidden, Enter has to be pressed once more. `read` makes
    the offer, in a thread; `alert` is the alert that is judged by it, 0 where none is closed.
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

    def __init__(self, frame: Frame, read: Callable[[Store], Offer], *, alert: int = 0) -> None:
        super().__init__()
        self.frame = frame
        self.read = read
        self.alert = alert
        self.have = frozenset({"verdict"} if alert else ())
        self.offer: Offer | None = None
        self.found: Preview | None = None
        self.said = ""
        self.text = TextView("offer")
        self.text.can_focus = False
        self._looked = 0, 0
        self._wanted = False
        self._warned = False
        self._looking: threading.Thread | None = None

    def compose(self) -> ComposeResult:
        """The box and its keys."""
        with Vertical() as box:
            about = f"False positive · alert {self.alert}" if self.alert else "Exception"
            set_titles(box, [(about, "")], "z takes it back")
            yield self.text
        yield Footer(("offer",), self.have)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Without an alert there is none to close without an exception."""
        return action != "without" or bool(self.alert)

    def on_mount(self) -> None:
        """Look at the alert."""
        self._show(hint("Looking at what there is to except …"))
        self.read_offer()
        self.set_interval(BEAT, self._beat)

    def on_unmount(self) -> None:
        """Nobody waits for the preview any more."""
        self._enough()

    def on_resize(self) -> None:
        """Wrap to the new width."""
        self._again()

    @in_thread("offer")
    def read_offer(self) -> None:
        """What there is to except."""
        self.post_message(Offered(self.read(self.frame.store)))

    @on(Offered)
    def take_offer(self, message: Offered) -> None:
        """Show it, and look back."""
        self._choose(message.offer)

    @in_thread("preview")
    def read_preview(self, offer: Offer) -> None:
        """What it would have hidden."""
        self._looking = threading.current_thread()

        def tell(looked: int, of: int) -> None:
            if self.offer is offer:
                self._looked = looked, of

        try:
            found = preview(
                self.frame.store,
                str(self._made(offer)["document"]),
                now=self.frame.clock(),
                tz=self.frame.local,
                stop=lambda: self.offer is not offer,
                tell=tell,
            )
        except QueryCancelledError:
            if self.offer is offer:
                raise
        except SoctermError as wrong:
            self.post_message(Previewed(offer, None, str(wrong)))
        else:
            self.post_message(Previewed(offer, found, ""))
        finally:
            if self._looking is threading.current_thread():
                self._looking = None

    @on(Previewed)
    def take_preview(self, message: Previewed) -> None:
        """Show it; save, where Enter was pressed already."""
        if message.offer is not self.offer:
            return
        self.found, self.said = message.found, message.said
        wanted, self._wanted = self._wanted, False
        self._again()
        if wanted:
            self.action_save()

    @on(ReadFailed)
    def failed(self, message: ReadFailed) -> None:
        """Say why there is no preview."""
        self.said = message.error
        self._again()

    def _made(self, offer: Offer) -> dict[str, object]:
        return made(offer.wording, author=self.frame.actor, now=self.frame.clock(), names=offer.names)

    def _beat(self) -> None:
        """Say how far the look is that is under way."""
        if self.offer is not None and self.found is None and not self.said:
            self._again()

    def _enough(self) -> None:
        """End the look that is under way."""
        self.offer = None
        if self._looking is not None:
            self.frame.store.interrupt(self._looking)

    def _choose(self, offer: Offer) -> None:
        self._enough()
        self.offer, self.found, self.said, self._looked = offer, None, "", (0, 0)
        self._warned = self._wanted = False
        self._again()
        self.read_preview(offer)

    def _again(self) -> None:
        if self.offer is not None:
            said = offers.lines(self.offer, self.found, self.said, self._until(self.offer), self._looked)
            self._show([*said, *hint("It is saved as soon as that is known.")] if self._wanted else said)

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
            self._again()
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
        if self.offer is None:
            return
        if (other := self.offer.turned(what)) == self.offer:
            say(self.app, NO_OTHER.get(what, ""))
        else:
            self._choose(other)

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
