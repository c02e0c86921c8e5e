"""The Triage screen's way to the analyst: explain, chat, stop. The analyst only ever answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from textual import on

from socterm.console.messages import ChatPiece, Explained, Traced
from socterm.console.safe import say
from socterm.console.screens.proposing import Proposing
from socterm.console.screens.talking import Conversing, Talking
from socterm.console.widgets.chat import Asked, ChatLine, Stopped
from socterm.console.widgets.reader import in_thread
from socterm.errors import SoctermError
from socterm.store.doors.analyses import Trace


class Section(Protocol):
    """A part of an explanation."""

    @property
    def heading(self) -> str:
        """Its heading, a line of its own in the text."""


class Explanation(Protocol):
    """What `explain` answers."""

    @property
    def text_parts(self) -> Sequence[Section]:
        """Its sections."""

    @property
    def text(self) -> str:
        """The explanation."""

    @property
    def citations(self) -> Sequence[int]:
        """The event ids it rests on."""

    @property
    def source(self) -> str:
        """Who said it: `rules` or a model's name."""


class Piece(Protocol):
    """Some of an answer."""

    @property
    def kind(self) -> str:
        """`text` for the answer itself; anything else is a remark on it."""

    @property
    def text(self) -> str:
        """Its text."""

    @property
    def events(self) -> Sequence[int]:
        """Event ids it cites."""

    @property
    def source(self) -> str:
        """Who is asked, or answered."""


class Health(Protocol):
    """How the model is."""

    @property
    def state(self) -> str:
        """`ok` when it answers."""

    @property
    def model(self) -> str:
        """Its name; "" for none."""

    @property
    def reason(self) -> str:
        """Why it does not answer."""


class Analyst(Conversing, Protocol):
    """The analyst as the console sees it."""

    def health(self) -> Health:
        """Whether a model answers."""

    def explain(self, alert_id: int) -> Explanation:
        """Explain an alert."""

    def analyse(self, about: str, actor: str, cancel: threading.Event | None = None) -> Iterator[Trace]:
        """What five roles say of "alert:3" or "incident:2", more refined each time."""

    def ask(
        self, question: str, alert_id: int | None = None, cancel: threading.Event | None = None
    ) -> Iterator[Piece]:
        """Answer a question, piece by piece."""


class Asking(Talking, Proposing):
    """Explain and chat."""

    analyst: Analyst | None = None
    cancel: threading.Event | None = None
    round_over: threading.Event | None = None

    def on_mount(self) -> None:
        """Ask how the model is, now and every ten seconds."""
        if self.analyst is not None:
            self.read_health(self.analyst)
            self.take_up(self.analyst)
            self.set_interval(10, lambda: self.analyst and self.read_health(self.analyst))

    def on_unmount(self) -> None:
        """Let no answer hold up the way out."""
        for event in (self.cancel, self.round_over):
            if event is not None:
                event.set()

    @in_thread("health")
    def read_health(self, analyst: Analyst) -> None:
        """Ask the model how it is."""
        health = analyst.health()
        ready = health.state == "ok"
        self.app.call_from_thread(self.take_health, health.model if ready else "")

    def take_health(self, model: str) -> None:
        """Say it in the header and in the empty chat; a missing model is a quiet state, no error."""
        self.header.read.model, self.header.read.model_ok = (model, True) if model else ("no model", False)
        quiet = (
            f"{model} answers. Press c to ask." if model else "no model · answers from rules. Press c to ask."
        )
        self.chat.set_ready(quiet, model or "no model · answers from rules")
        self.header.changed()

    def action_explain(self) -> None:
        """Explain the alert under the cursor."""
        alert = self.shown_alert() if self.state.focus in ("detail", "chat") else self.alerts.cursor
        if self.analyst is None or not alert:
            return
        self.state.tab = "ai"
        self.detail.asking = alert
        self.detail.load_alert(alert)
        self.titles()
        if self.round_over is not None:
            self.round_over.set()
        self.round_over = threading.Event()
        self.explain(self.analyst, alert, self.round_over)
        if self.has_class("-tiny"):
            self.focus_on("detail")

    @in_thread("explain")
    def explain(self, analyst: Analyst, alert: int, over: threading.Event) -> None:
        """Have it explained at once, then looked at by the five roles, whose words come stage by stage."""
        try:
            found = analyst.explain(alert)
        except SoctermError as wrong:
            self.post_message(Explained(alert, str(wrong), (), "console"))
            return
        headings = frozenset(part.heading for part in found.text_parts)
        self.post_message(Explained(alert, found.text, tuple(found.citations), found.source, headings))
        for trace in analyst.analyse(f"alert:{alert}", self.actor, over):
            proposals = self.store.analyses.proposals(trace.about) if trace.id else []
            self.post_message(Traced(alert, trace, proposals))

    @on(Explained)
    def explained(self, message: Explained) -> None:
        """Show the explanation."""
        self.detail.take_explanation(message)

    @on(Traced)
    def traced(self, message: Traced) -> None:
        """Show what the roles say."""
        self.detail.take_trace(message)

    @property
    def proposer(self) -> str:
        """Who sits here."""
        return self.actor

    def action_apply(self) -> None:
        """Show what is proposed about the alert under the cursor, or about its incident."""
        alert = self.alerts.cursor
        if alert:
            trace = self.detail.trace if self.detail.shown == alert else None
            self.read_proposals([trace.about if trace is not None else f"alert:{alert}"])

    def action_chat(self) -> None:
        """To the line where questions are typed."""
        if self.analyst is not None:
            self.to_chat_line()

    def to_chat_line(self) -> None:
        """Type in the chat, from the very next key on."""
        self.state.focus = "chat"
        self.show_pane("chat")
        self.set_focus(self.query_one(ChatLine))

    @on(Asked)
    def asked(self, message: Asked) -> None:
        """Put a question to the analyst."""
        if self.analyst is not None:
            self.cancel = threading.Event()
            turn = self.chat.begin(message.question)
            self.answer(self.analyst, turn, message.question, self.shown_alert() or None, self.cancel)

    @in_thread("chat")
    def answer(
        self, analyst: Analyst, turn: int, question: str, alert: int | None, cancel: threading.Event
    ) -> None:
        """Hand the answer on as it comes; the pane draws some ten times a second."""
        note = ""
        try:
            for piece in analyst.ask(question, alert_id=alert, cancel=cancel):
                self.post_message(ChatPiece(turn, piece.kind, piece.text, tuple(piece.events), piece.source))
        except SoctermError as wrong:
            note = str(wrong)
        self.post_message(ChatPiece(turn, "end", note, done=True))

    @on(ChatPiece)
    def piece(self, message: ChatPiece) -> None:
        """Show some more of the answer."""
        self.chat.take(message)

    def stop_answer(self) -> bool:
        """Stop the answer that is being written; False where none is."""
        if not self.chat.answering or self.cancel is None:
            return False
        if not self.cancel.is_set():
            self.cancel.set()
            say(self.app, "stopped; what came so far stays")
        return True

    @on(Stopped)
    def stopped(self) -> None:
        """Esc in the chat line: stop, or leave."""
        if self.stop_answer():
            return
        if self.chat.just_ended:
            say(self.app, "the answer had ended; Esc again leaves the chat")
            self.chat.turns[-1].ended = 0
        else:
            self.focus_on("alerts")
