"""The one room that opens SQLite: schema, writer, the two doors for reading, decisions, checks."""

from socterm.store.canonical import canonical
from socterm.store.check import check
from socterm.store.opening import Store, open_store

__all__ = ["Store", "canonical", "check", "open_store"]
