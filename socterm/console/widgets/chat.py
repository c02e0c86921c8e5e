"""The chat pane: questions and answers about the alert under the cursor, streamed, with citations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input

from socterm.console.actions import bindings
from socterm.console.lines import Line, cited_line, line, sp
from socterm.console.messages import ChatPiece
from socterm.console.safe import SafeInput
from socterm.console.widgets.pane import Pane
from socterm.console.widgets.text import TextView

KEPT = 50
"""Turns kept on screen."""

DRAW = 0.08
"""Seconds of an answer gathered before it is drawn."""

BEAT = 1.0
"""Seconds between two looks at the clock while an answer is awaited."""

SECOND = 1_000_000

GRACE = 2 * SECOND
"""µs after the end of a model's answer in which Esc still means that answer (see `Chat.just_ended`)."""


class Asked(Message):
    """A question was entered."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question


class Stopped(Message):
    """Esc in the chat line."""


class Fresh(Message):
    """A new conversation is wanted."""


class Earlier(Message):
    """The conversations of before are wanted."""


class Leafed(Message):
    """The transcript is to be scrolled by so many pages."""

    def __init__(self, pages: float) -> None:
        super().__init__()
        self.pages = pages


class Kept(Protocol):
    """A turn as the store keeps it."""

    @property
    def question(self) -> str:
        """What was asked."""

    @property
    def answer(self) -> str:
        """What was answered."""

    @property
    def events(self) -> Sequence[int]:
        """The events it cites."""

    @property
    def label(self) -> str:
        """Who answered, and how it ended."""

    @property
    def remarks(self) -> Sequence[str]:
        """What was told beside it."""


class Turn:
    """A question and its answer so far; `begun` is when it was asked (µs).

    `note` is what is being done, and in the end who answered; `remarks` stay. `cost` is what it costs so far.
    """

    def __init__(self, number: int, question: str, begun: int = 0) -> None:
        self.number = number
        self.question = question
        self.begun = begun
        self.text = ""
        self.events: list[int] = []
        self.remarks: list[str] = []
        self.note = ""
        self.cost = ""
        self.ended = 0
        self.done = False

    @classmethod
    def of(cls, number: int, kept: Kept) -> Turn:
        """One that is over."""
        turn = cls(number, kept.question)
        turn.text, turn.events, turn.note, turn.done = kept.answer, list(kept.events), kept.label, True
        turn.remarks = list(kept.remarks)
        return turn

    def take(self, piece: ChatPiece) -> None:
        """Some more of the answer: text and citations add up, a retraction clears, remarks stay."""
        match piece.kind:
            case "text":
                self.text += piece.text
            case "retract":
                self.text, self.events = "", []
                self._remark(piece.text)
            case "status" if not piece.source:  # with one it only says who is being asked
                self._remark(piece.text)
            case "cost":
                self.cost = piece.text
            case "citation":
                pass
            case _:
                self.note = piece.text or self.note
        self.events += piece.events
        self.done = self.done or piece.done

    def _remark(self, text: str) -> None:
        if text and text not in self.remarks:
            self.remarks.append(text)

    def so_far(self, now: int) -> str:
        """What it has cost so far, for the border: `~12 tokens · 18 tok/s · context ~31 % · 4 s`."""
        seconds = max(0, now - self.begun) // SECOND
        return " · ".join(filter(None, (self.cost, f"{seconds} s" if self.cost or seconds else "")))

    def lines(self) -> list[Line]:
        """How it looks."""
        out = [line(("you  ", "you"), (self.question, "text"), hang=5)]
        paragraphs = self.text.strip().splitlines() or ([""] if self.done else ["…"])
        out += [
            cited_line(part, sp("soc  " if number == 0 else "     ", "soc"), hang=5)
            for number, part in enumerate(paragraphs)
        ]
        told = {item.event for item in out}
        others = [event for event in dict.fromkeys(self.events) if event not in told][:8]
        out += [
            line(("     ↳ ", "dim"), (f"[#{event}]", "cite"), value=str(event), event=event)
            for event in others
        ]
        out += [line(("     ", "dim"), ("! ", "medium"), (text, "dim"), hang=7) for text in self.remarks]
        if self.note:
            out.append(line(("     " + self.note, "dim"), hang=5))
        return out


class ChatLine(SafeInput):
    """Where questions are typed."""

    BINDINGS: ClassVar = bindings("chat")

    def __init__(self) -> None:
        super().__init__(placeholder="ask about this alert", compact=True, id="chat-line")
        self.past: list[str] = []

    def action_stop(self) -> None:
        """Stop the answer or leave."""
        self.post_message(Stopped())

    def action_fresh(self) -> None:
        """Begin a new conversation."""
        self.post_message(Fresh())

    def action_earlier(self) -> None:
        """See those before."""
        self.post_message(Earlier())

    def action_leaf(self, pages: float) -> None:
        """Read on in the answer, or back, without leaving the line."""
        self.post_message(Leafed(pages))

    def action_recall(self) -> None:
        """The question before this one."""
        if self.past:
            self.value = self.past[-1]
            self.cursor_position = len(self.value)


class Chat(Vertical):
    """Transcript above, line to type below."""

    DEFAULT_CSS = """
    Chat ChatLine { border: none; height: 1; padding: 0 1; background: $background; }
    Chat ChatLine:focus { border: none; background: $panel; }
    """

    def __init__(self, ready: str, clock: Callable[[], int]) -> None:
        super().__init__(id="chat-body")
        self.ready = ready
        self.clock = clock
        self.who = ""
        self.turns: list[Turn] = []
        self._drawing: Timer | None = None
        self._placed = 0

    def compose(self) -> ComposeResult:
        """Transcript and line."""
        yield TextView("chat")
        yield ChatLine()

    def on_mount(self) -> None:
        """Say what this is for."""
        self._draw()
        self.set_interval(BEAT, self._label)

    def on_resize(self) -> None:
        """Another size has other places to be scrolled to."""
        self.call_after_refresh(self._draw, turned=True)

    def begin(self, question: str) -> int:
        """Start a turn; its number tells its pieces apart."""
        self.screen.add_class("-talking")
        turn = Turn(len(self.turns) + 1, question, self.clock())
        self.turns.append(turn)
        self._draw(turned=True)
        return turn.number

    def take_up(self, turns: Sequence[Kept]) -> None:
        """Show a conversation that was kept, in the place of the one shown."""
        self.turns = [Turn.of(number, kept) for number, kept in enumerate(turns, 1)]
        self.query_one(ChatLine).past = [turn.question for turn in self.turns]
        self._draw(turned=True)

    def take(self, piece: ChatPiece) -> None:
        """Some more of an answer."""
        turn = self.turns[piece.turn - 1]
        if turn.done:
            return
        turn.take(piece)
        if piece.done:
            turn.ended = self.clock()
        if self._drawing is None:
            self._drawing = self.set_timer(DRAW, self._draw)

    @property
    def log_view(self) -> TextView:
        """The transcript."""
        return self.query_one("#chat-text", TextView)

    @property
    def answering(self) -> bool:
        """Whether an answer is being written."""
        return bool(self.turns) and not self.turns[-1].done

    @property
    def just_ended(self) -> bool:
        """Whether a model's answer ended a moment ago: an Esc that was to stop it comes too late.

        It then must not leave the line, for what is typed next would be keys that decide on alerts.
        """
        last = self.turns[-1] if self.turns else None
        return bool(last and last.done and last.cost and 0 <= self.clock() - last.ended < GRACE)

    def set_ready(self, text: str, who: str) -> None:
        """What the empty pane says, and who answers."""
        self.who = who
        self._label()
        if text != self.ready:
            self.ready = text
            self._draw()

    def _label(self) -> None:
        """Who answers stands in the border, and while it does what that costs."""
        pane = next((node for node in self.ancestors if isinstance(node, Pane)), None)
        if pane is not None:
            cost = self.turns[-1].so_far(self.clock()) if self.answering else ""
            pane.label("Chat", cost or self.who)

    def _draw(self, *, turned: bool = False) -> None:
        """Write it anew, the last question first in sight; who has scrolled elsewhere stays there."""
        self._drawing = None
        self._label()
        view = self.query_one(TextView)
        if not self.turns:
            view.show([line((self.ready, "dim"))], keep=True)
            return
        scrolled = view.scroll_offset.y != self._placed
        before = [item for turn in self.turns[-KEPT:-1] for item in turn.lines()]
        view.show([*before, *self.turns[-1].lines()], keep=True)
        if turned or not scrolled:
            view.to_line(len(before))
            self._placed = view.scroll_offset.y

    @on(Leafed)
    def leafed(self, event: Leafed) -> None:
        """Scroll the transcript."""
        event.stop()
        self.log_view.action_page(event.pages)

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Enter asks."""
        event.stop()
        question = event.value.strip()
        line_ = self.query_one(ChatLine)
        if question and not self.answering:
            line_.past.append(question)
            line_.value = ""
            self.post_message(Asked(question))
