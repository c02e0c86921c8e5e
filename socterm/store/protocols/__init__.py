"""The doors of the store. Views, the analyst and the command line know no more than these.

`Events` is the log: append-only, read by id range. `Triage` is what people decide. One SQLite file stands
behind both (`socterm.store.open_store`); later other machines may.
"""

from __future__ import annotations

from socterm.store.protocols.analyst import Analyses, Conversations, Entities
from socterm.store.protocols.outbox import Outbox
from socterm.store.protocols.reading import Events, History, Hunts, SqlQuestions, Templates
from socterm.store.protocols.triage import Chronicle, Exceptions, Figures, Groups, Incidents, Snoozes, Triage

__all__ = [
    "Analyses",
    "Chronicle",
    "Conversations",
    "Entities",
    "Events",
    "Exceptions",
    "Figures",
    "Groups",
    "History",
    "Hunts",
    "Incidents",
    "Outbox",
    "Snoozes",
    "SqlQuestions",
    "Templates",
    "Triage",
]
