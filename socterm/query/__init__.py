"""The one query language: text → tree → SQL for the store, or a test for live rows. See docs/query.md."""

from socterm.query.functions import FUNCTIONS, json_field
from socterm.query.live import Predicate, predicate
from socterm.query.parse import parse
from socterm.query.quote import quote
from socterm.query.sql import Sql, compile_sql
from socterm.query.tree import Query

__all__ = [
    "FUNCTIONS",
    "Predicate",
    "Query",
    "Sql",
    "compile_sql",
    "json_field",
    "parse",
    "predicate",
    "quote",
]
