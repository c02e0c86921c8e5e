"""What the analyst had on screen: one model, saved in the store, so that a restart opens where they left."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from socterm.console.theme import DEFAULT

PaneName = Literal["alerts", "detail", "stream", "chat"]
Tab = Literal["summary", "fields", "raw", "history", "ai"]
Order = Literal["level", "newest", "count"]

PANES: tuple[PaneName, ...] = ("alerts", "detail", "stream", "chat")
TABS: tuple[Tab, ...] = ("summary", "fields", "raw", "history", "ai")
ORDERS: tuple[Order, ...] = ("level", "newest", "count")


def view_name(actor: str) -> str:
    """Under which name the store keeps an analyst's view: two people on one store each have their own."""
    return f"console:{actor}"


class Filter(BaseModel):
    """A pane's filter: its text, and whether it is on."""

    model_config = ConfigDict(extra="ignore")

    text: str = ""
    on: bool = True

    @property
    def active(self) -> str:
        """The text that narrows the pane now; "" for none."""
        return self.text.strip() if self.on else ""


class Remembered(BaseModel):
    """What a screen with a list remembers. A screen that remembers more has a model that extends this one."""

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    filter: Filter = Filter()
    selected: int = 0
    pane: Literal["list", "about"] = "list"
    order: str = ""


class EventsView(Remembered):
    """What the Events screen remembers: its columns (none: those that fit), the search, the bookmarks."""

    columns: list[str] = []
    search: str = ""
    bookmarks: list[int] = []


Period = Literal["24h", "7d", "30d", "90d", "all"]
PERIODS: tuple[Period, ...] = ("24h", "7d", "30d", "90d", "all")


class MetricsView(Remembered):
    """The Metrics screen: over how long."""

    period: Period = "7d"


class HuntView(Remembered):
    """What the Hunt screen remembers: how it asks, what by each way, what it groups by, over which time."""

    how: Literal["query", "sql", "rule", "like"] = "query"
    sql: str = ""
    like: str = ""
    rule: str = ""
    by: str = ""
    since: str = ""
    until: str = ""


class UiState(BaseModel):
    """Everything a second start needs to show the same screen. Widgets read it; handlers write it.

    Marks and pause are not part of it: what is marked is about to be decided on, and must not be found
    marked by somebody who did not mark it.
    """

    model_config = ConfigDict(extra="ignore", validate_assignment=True)

    theme: str = DEFAULT
    focus: PaneName = "alerts"
    alerts: Filter = Filter()
    stream: Filter = Filter()
    show_closed: bool = False
    show_parts: bool = False
    order: Order = "level"
    selected_alert: int = 0
    selected_event: int = 0
    follow: bool = True
    tab: Tab = "summary"
    mouse: bool = True
    utc: bool = False
    place: str = "triage"
    events: EventsView = EventsView()
    incidents: Remembered = Remembered()
    hunt: HuntView = HuntView()
    rules: Remembered = Remembered()
    exceptions: Remembered = Remembered()
    sources: Remembered = Remembered()
    metrics: MetricsView = MetricsView()
    entity: Remembered = Remembered()
    commands: list[str] = []
    seen: list[str] = []

    def view_of(self, place: str) -> Remembered:
        """What the screen of that name remembers."""
        view: Remembered = getattr(self, place)
        return view

    def filter_of(self, pane: str) -> Filter:
        """The filter a pane obeys: the stream its own, every other pane that of the alerts."""
        return self.stream if pane == "stream" else self.alerts


def restore(saved: str | None) -> tuple[UiState, str]:
    """(the saved state, what to tell the analyst). A state that cannot be read is replaced by a fresh one."""
    if not saved:
        return UiState(), ""
    try:
        return UiState.model_validate_json(saved), ""
    except ValidationError:
        return UiState(), "the saved view could not be read; starting with a fresh one"
