"""The Triage screen's shape: four panes, how they share the room, which one has the focus."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widget import Widget

from socterm.console.actions import Context, bindings, wanting
from socterm.console.ingest import Ingest
from socterm.console.readers import Store
from socterm.console.state import PANES, PaneName, UiState
from socterm.console.widgets.alerts import AlertRows
from socterm.console.widgets.chat import Chat, ChatLine
from socterm.console.widgets.detail import Detail
from socterm.console.widgets.filter_bar import FilterBar
from socterm.console.widgets.footer import Footer
from socterm.console.widgets.header import Header
from socterm.console.widgets.histogram import Histogram
from socterm.console.widgets.pane import Pane
from socterm.console.widgets.stream import StreamRows

WANTING = wanting(("triage",))

QUIET_CHAT = "Press c to ask about the alert under the cursor."


LAYOUT = """
Layout { layout: vertical; background: $background; }
#body { layout: horizontal; height: 1fr; }
#left { width: 3fr; height: 1fr; }
#right { width: 2fr; height: 1fr; }
#alerts { height: 2fr; min-height: 6; }
#stream { height: 5fr; }
#detail { height: 1fr; padding: 0 1; }
#chat { height: 10; padding: 0 1; }
Layout.-talking #detail { height: 3fr; }
Layout.-talking #chat { height: 2fr; }
Layout.-narrow #body, Layout.-tiny #body { layout: vertical; }
Layout.-narrow #left { width: 1fr; height: 18fr; }
Layout.-narrow #right { width: 1fr; height: 10fr; }
Layout.-narrow #alerts { height: 8fr; }
Layout.-narrow #stream { height: 10fr; }
Layout.-narrow #chat { display: none; height: 1fr; }
Layout.-narrow.-chatting #chat { display: block; }
Layout.-narrow.-chatting #detail { display: none; }
Layout.-tiny #left, Layout.-tiny #right { display: none; width: 1fr; height: 1fr; }
Layout.-tiny #left.-here, Layout.-tiny #right.-here { display: block; }
Layout.-tiny Pane { display: none; height: 1fr; }
Layout.-tiny Pane.-here { display: block; }
"""
"""How the room is shared; the app loads it, because a screen's own CSS cannot speak of the screen itself."""


class Layout(Screen[None], inherit_bindings=False):
    """Composes the panes. At 120 columns and more two columns, below that one, below 80 a single pane."""

    AUTO_FOCUS = ""
    ALLOW_SELECT = False
    BINDINGS: ClassVar = bindings("triage")
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 (an instance attribute in Textual)
        (0, "-tiny"),
        (80, "-narrow"),
        (120, "-wide"),
    ]

    def __init__(
        self,
        store: Store,
        ingest: Ingest | None,
        state: UiState,
        *,
        actor: str,
        clock: Callable[[], int],
        tz: tzinfo,
        have: frozenset[str],
        note: str = "",
        fps: float = 5.0,
    ) -> None:
        super().__init__()
        self.store = store
        self.ingest = ingest
        self.state = state
        self.actor = actor
        self.clock = clock
        self.local = tz
        self.tz = tz = UTC if state.utc else tz
        self.have = have
        self.paused = False
        self.fps = max(0.5, min(fps, 10.0))
        self.header = Header(ingest, note)
        self.alerts = AlertRows(actor=actor, clock=clock, cursor=state.selected_alert)
        self.stream = StreamRows(store, now=clock, tz=tz, follow=state.follow, cursor=state.selected_event)
        self.detail = Detail(store, state, actor=actor, tz=tz)
        self.chat = Chat(QUIET_CHAT, clock)
        self.histogram = Histogram(store, now=clock, tz=tz)
        self.footer = Footer(("triage", "app"), have)
        self.herald: Widget | None = None

    def compose(self) -> ComposeResult:
        """Header, panes, footer."""
        yield self.header
        with Container(id="body"):
            with Vertical(id="left"):
                with Pane("alerts", 1, "Alerts"):
                    yield FilterBar("alerts", now=self.clock)
                    yield self.alerts
                with Pane("stream", 3, "Stream"):
                    yield FilterBar("stream", now=self.clock)
                    yield self.histogram
                    yield self.stream
            with Vertical(id="right"):
                with Pane("detail", 2, "Detail"):
                    yield self.detail
                with Pane("chat", 4, "Chat"):
                    yield self.chat
        yield self.footer
        if self.herald is not None:
            yield self.herald

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """A verb whose helper is not there is not bound."""
        return action not in WANTING or WANTING[action] in self.have

    def show_zone(self) -> None:
        """Write all times anew, in UTC or in the analyst's zone."""
        self.tz = UTC if self.state.utc else self.local
        for part in (self.stream, self.detail, self.histogram):
            part.tz = self.tz
        self.stream.forget()
        self.histogram.refresh()
        self.detail.render_tab(keep=True)

    def pane(self, name: PaneName) -> Pane:
        """One of the four panes."""
        return self.query_one(f"#{name}", Pane)

    def filter_bar(self, name: str) -> FilterBar:
        """The filter line of a list."""
        return self.query_one(f"#{name}-filter", FilterBar)

    def target(self, name: PaneName) -> Widget:
        """What takes the focus in a pane."""
        return {
            "alerts": self.alerts,
            "stream": self.stream,
            "detail": self.detail,
            "chat": self.chat.query_one("#chat-text"),
        }[name]

    def show_pane(self, name: PaneName) -> None:
        """Make a pane the one in front: the only one of a tiny screen."""
        for pane in self.query(Pane):
            pane.set_class(pane.pane == name, "-here")
        left = name in {"alerts", "stream"}
        self.query_one("#left").set_class(left, "-here")
        self.query_one("#right").set_class(not left, "-here")
        self.set_class(name == "chat", "-chatting")

    def focus_on(self, name: PaneName) -> None:
        """Give a pane the focus, at once: the very next key already counts there."""
        self.state.focus = name
        self.show_pane(name)
        self.set_focus(self.target(name))

    @on(events.DescendantFocus)
    def focused_pane(self, event: events.DescendantFocus) -> None:
        """Remember where the focus is, and offer the keys that count there."""
        for node in event.widget.ancestors_with_self:
            if isinstance(node, Pane):
                name = cast("PaneName", node.pane)
                self.state.focus = name
                self.show_pane(name)
                break
        self.footer.offer(self.contexts(event.widget))
        self.pane_changed()

    def contexts(self, widget: Widget | None) -> tuple[Context, ...]:
        """Which keys count while a widget has the focus."""
        if isinstance(widget, ChatLine):
            return ("chat",)
        if widget is not None and isinstance(widget.parent, FilterBar):
            return ("filter",)
        return ("triage", "app")

    def pane_changed(self) -> None:
        """Another pane has the focus."""

    def action_focus_pane(self, name: PaneName) -> None:
        """Go to a pane."""
        self.focus_on(name)

    def action_next_pane(self, step: int) -> None:
        """Go round the panes."""
        self.focus_on(PANES[(PANES.index(self.state.focus) + step) % len(PANES)])
