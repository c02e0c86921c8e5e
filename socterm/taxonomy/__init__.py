"""The words of the field as data: ECS columns, event actions, Sigma log sources and field aliases."""

from socterm.taxonomy.actions import ACTIONS, Action
from socterm.taxonomy.columns import COLUMNS, Column
from socterm.taxonomy.logsources import LOGSOURCES, known_logsources, logsources_of
from socterm.taxonomy.names import ALIASES, resolve

__all__ = [
    "ACTIONS",
    "ALIASES",
    "COLUMNS",
    "LOGSOURCES",
    "Action",
    "Column",
    "known_logsources",
    "logsources_of",
    "resolve",
]
