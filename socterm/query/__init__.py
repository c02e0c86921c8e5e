"""The one query language: text → tree → SQL for the store, predicate for live rows."""
