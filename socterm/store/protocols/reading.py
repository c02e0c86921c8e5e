"""The doors to what was logged: events, their history, kinds of lines, and hunts in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from socterm.alerts.model import Entity
from socterm.query import Query
from socterm.store.doors.history import Coming, Places, Portion, Stretch, Wanted
from socterm.store.doors.hunts import View
from socterm.store.doors.sandbox import SqlAnswer
from socterm.store.doors.templates import Found, TemplateRow, Totals
from socterm.store.ingest.raising import Asked
from socterm.store.rows import (
    Bucket,
    Count,
    EventRow,
    Page,
)
from socterm.templates.book import Template


class Events(Protocol):
    """Read the stored events. Every call opens no transaction that blocks ingest."""

    def newest_id(self) -> int:
        """The id of the event stored last; 0 for an empty store. Costs microseconds."""

    def page(
        self,
        query: Query | None = None,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 200,
        oldest_first: bool = False,
        room: int | None = None,
    ) -> Page:
        """Events with after < id < before, newest first; `room`: no more than fill so many characters."""

    def ids(
        self,
        query: Query | None,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 2000,
        oldest_first: bool = False,
    ) -> list[int]:
        """Ids of matching events, newest first; `oldest_first` turns both order and which end."""

    def alerted(self, query: Query | None = None, *, after: int = 0, before: int | None = None) -> int:
        """The next matching event beyond `after` that is evidence, or the last below `before`; 0: none."""

    def at(self, ts: int) -> int:
        """The first event stored whose time (µs) is `ts` or later; 0 where there is none."""

    def get(self, ids: Iterable[int]) -> list[EventRow]:
        """Events by id, in the order asked; unknown ids are left out."""

    def count(self, query: Query | None = None) -> Count:
        """How many events match."""

    def count_by(self, field: str, query: Query | None = None, *, limit: int = 20) -> list[tuple[str, int]]:
        """The commonest values of an ECS field among matching events, with their counts (by repeat)."""

    def histogram(self, start: int, end: int, buckets: int) -> list[Bucket]:
        """Events per equal slice of [start, end) µs, from the minute roll-up."""


class History(Protocol):
    """Go through stored events from end to end, in short reads that hold up nothing."""

    def stretch(self, start: int | None = None, end: int | None = None) -> Stretch:
        """The events there are now with start <= ts < end (µs)."""

    def coming(self, stretch: Stretch) -> Coming:
        """From when on the events are that a reading in order of id has not come to."""

    def portions(
        self,
        stretch: Stretch,
        query: Query | None = None,
        *,
        datasets: Wanted | None = None,
        newest_first: bool = False,
    ) -> Iterator[Portion]:
        """The matching events, a short read at a time."""

    def places(
        self, stretch: Stretch, query: Query | None = None, *, group: str = "", newest_first: bool = True
    ) -> Iterator[Places]:
        """The matching events without their lines; `group` is an ECS field to tell of each."""

    def raised(self, wanted: Iterable[tuple[str, Entity, int, int]]) -> list[int]:
        """For each (rule, entity, first, last) the stored alert that overlaps these times, 0 for none."""


class Hunts(Protocol):
    """What hunting keeps: saved views, and the last back-test of each rule."""

    def views(self, kind: str | None = None) -> list[View]:
        """Saved views by name, of one kind or all."""

    def view(self, name: str) -> View:
        """A saved view. Raises UsageError where there is none of this name."""

    def save_view(self, view: View, *, actor: str, now: int) -> None:
        """Save it, in place of one of the same name. Raises UsageError for a name or kind that is none."""

    def drop_view(self, name: str) -> bool:
        """Forget a view; whether there was one."""

    def save_backtest(self, rule: str, report: str, *, now: int) -> None:
        """Keep the report (JSON) of a rule's last back-test."""

    def backtest(self, rule: str) -> tuple[int, str] | None:
        """(when it was kept, report) of a rule's last back-test; None where none was kept."""

    def ask_for(
        self,
        alerts: Iterable[Asked],
        *,
        actor: str,
        now: int,
        looked_for: Mapping[str, Iterable[str]] | None = None,
    ) -> int:
        """Have the ingest make alerts about the past; how many were asked for."""

    def new_entries(self, lists: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
        """Of lists of indicators that changed the entries that stored events were not searched for yet."""


class Templates(Protocol):
    """What kinds of lines there are, and which lines are of one."""

    def all(self, *, order: str = ..., since: int | None = None, limit: int = ...) -> list[TemplateRow]:
        """Templates: the rarest first, or `common`, `new`, `latest`; first seen at `since` (µs) or later."""

    def kinds(self) -> list[Template]:
        """All templates without their counts."""

    def get(self, ids: Iterable[int]) -> list[TemplateRow]:
        """Templates by number, in the order asked; unknown ones are left out."""

    def of_event(self, event: int) -> TemplateRow | None:
        """The template of an event; None where it was stored before there were any."""

    def totals(self) -> Totals:
        """How many templates there are, and how many lines have been given one since the store began."""

    def standing(self, templates: Sequence[int]) -> dict[int, int]:
        """Of these templates those of which a line is stored, in their order, with the newest there is."""

    def events(self, template: int, *, limit: int = ...) -> list[int]:
        """The newest events of a template."""

    def matching(self, wanted: Sequence[Sequence[str]], *, limit: int = ...) -> list[list[Found]]:
        """For each list of words the newest events whose lines have all of them."""

    def vectors(self, model: str) -> dict[int, bytes]:
        """The vectors that a model made of templates: little-endian 32-bit floats."""

    def without_vector(self, model: str, size: int, *, limit: int) -> list[Template]:
        """Templates that have no vector of so many numbers from a model, the latest first."""

    def keep_vectors(self, model: str, vectors: Mapping[int, tuple[str, bytes]]) -> int:
        """Keep template → (the text it was made of, vector), where the store may be written; how many."""


class SqlQuestions(Protocol):
    """Read-only SQL over documented views."""

    def ask(
        self, sql: str, *, rows: int = 1_000, seconds: float = 10.0, stop: Callable[[], bool] = lambda: False
    ) -> SqlAnswer:
        """The rows of one SELECT. Raises UsageError in one line, QueryCancelledError where it was ended."""
