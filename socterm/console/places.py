"""The screens one can go to. To add one, add a row here: its key after `,` and its word after `:` follow."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from socterm.console.screens.page import Page


class Place(NamedTuple):
    """A screen: its name in commands and states, the key after `,`, words, and where its class is.

    `screen` is `module:Class`, imported when somebody first goes there; "" for Triage, which is always open.
    """

    name: str
    key: str
    title: str
    help: str
    screen: str = ""

    def load(self) -> type[Page]:
        """The screen's class."""
        module, _, name = self.screen.partition(":")
        found: type[Page] = getattr(import_module(module), name)
        return found


_HERE = "socterm.console.screens"

PLACES: tuple[Place, ...] = (
    Place("triage", "t", "Triage", "Alerts, their detail, the stream, the chat"),
    Place("events", "e", "Events", "Every stored line, filtered as you type", f"{_HERE}.events:EventsScreen"),
    Place("incidents", "i", "Incidents", "Stories that alerts tell", f"{_HERE}.incidents:IncidentsScreen"),
    Place(
        "entity", "n", "Entities", "Users, addresses and hosts by risk", f"{_HERE}.entities:EntitiesScreen"
    ),
    Place("hunt", "h", "Hunt", "The past by query, SQL or rule", f"{_HERE}.hunt:HuntScreen"),
    Place("rules", "r", "Rules", "Which there are, how loud, on and off", f"{_HERE}.rules:RulesScreen"),
    Place(
        "exceptions",
        "x",
        "Exceptions",
        "What is kept from alerting, and why",
        f"{_HERE}.exceptions:ExceptionsScreen",
    ),
    Place(
        "sources",
        "o",
        "Sources",
        "What is read, and whether it is understood",
        f"{_HERE}.sources:SourcesScreen",
    ),
    Place(
        "metrics",
        "m",
        "Metrics",
        "How triage goes: times, noise, what is open",
        f"{_HERE}.metrics:MetricsScreen",
    ),
)

BY_NAME = {place.name: place for place in PLACES}
