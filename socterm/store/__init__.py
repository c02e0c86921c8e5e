"""The one room that opens SQLite: schema, writer, the two doors for reading, decisions, checks."""

from socterm.store.opening import Store, open_store
from socterm.store.upkeep.canonical import canonical
from socterm.store.upkeep.check import check

__all__ = ["Store", "canonical", "check", "open_store"]
