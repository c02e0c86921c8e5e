"""The conversation with the analyst: the last one taken up again, a new one begun, an earlier one chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from textual import on

from socterm.console.messages import Resumed
from socterm.console.safe import say
from socterm.console.screens.picker import Choice, Picked, Picker
from socterm.console.screens.reading import Reading
from socterm.console.widgets.chat import Earlier, Fresh, Kept
from socterm.console.widgets.reader import in_thread
from socterm.console.words import age
from socterm.store.doors.conversations import ConversationRow


class Conversing(Protocol):
    """The analyst's conversations as the console sees them."""

    def forget(self) -> None:
        """Begin a new one."""

    def resume(self, conversation: int = 0) -> Sequence[Kept]:
        """Go on with one, 0 for the latest; its turns."""

    def conversations(self) -> Sequence[ConversationRow]:
        """Those that are kept, the latest first."""


class Talking(Reading):
    """Which conversation the chat is in."""

    @in_thread("talks")
    def take_up(self, analyst: Conversing, conversation: int = 0) -> None:
        """Go on with a conversation, 0 for the latest."""
        self.post_message(Resumed(analyst.resume(conversation), asked=bool(conversation)))

    @on(Resumed)
    def taken_up(self, message: Resumed) -> None:
        """Show it, unless somebody was faster and has asked something."""
        if message.asked or not self.chat.turns:
            self.chat.take_up(message.turns)

    def conversing(self) -> Conversing | None:
        """The analyst, where no answer is being written."""
        if self.chat.answering:
            say(self.app, "an answer is being written; Esc stops it")
            return None
        return getattr(self, "analyst", None)

    @on(Fresh)
    def fresh(self) -> None:
        """What is asked from now on stands for itself."""
        analyst = self.conversing()
        if analyst is not None:
            analyst.forget()
            self.chat.take_up(())
            say(self.app, "a new conversation")

    @on(Earlier)
    def earlier(self) -> None:
        """Choose among those that are kept."""
        analyst = self.conversing()
        if analyst is None:
            return
        choices = [
            Choice(row.id, row.title, f"{row.turns} asked · {age(self.clock(), row.last)}")
            for row in analyst.conversations()
        ]

        def picked(got: Picked | None) -> None:
            if got is not None and got.row:
                self.take_up(analyst, got.row)

        empty = "Nothing was asked yet."
        self.app.push_screen(Picker("Conversations", choices, empty=empty), picked)
