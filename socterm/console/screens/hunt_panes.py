"""The Hunt screen's shape: a question, its answer as it grows, what stands behind a row of it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any, ClassVar, cast

from textual import on
from textual.message import Message
from textual.widget import Widget

from socterm.console.actions import Context
from socterm.console.frame import Frame
from socterm.console.hunting import Answer, HuntRow, Question, Tell, ask
from socterm.console.lines import Line, hint, line
from socterm.console.pivots import both, clause
from socterm.console.readers import doubts_of
from socterm.console.screens.base import ListScreen
from socterm.console.state import HuntView
from socterm.console.widgets.huntrows import HuntBars, HuntRows, about_row, columns_of, facts
from socterm.console.widgets.reader import in_thread
from socterm.console.widgets.table import ColumnNames
from socterm.errors import QueryCancelledError, QueryError, SoctermError
from socterm.store.rows import EventRow

NOTHING = (
    ("/", "asks by query: words, user.name:root, source.ip:10.0.0.0/8"),
    ("~", "finds in plain words: failed logins, who became root"),
    ("b", "counts the values of a field among the hits"),
    ("@", "narrows the time: 7d, 2026-11-01..2026-11-14"),
    ("B", "says what a rule would have raised"),
    ("S", "asks by SQL, read-only"),
    ("V", "opens what was saved, or saves what is asked"),
)
"""What one can do before anything is asked."""


@dataclass
class HuntRead(Message):
    """An answer so far, or what is wrong with the question."""

    version: int
    answer: Answer
    done: bool = False
    error: str = ""
    position: int = -1
    doubts: Sequence[str] = ()


class HuntPanes(ListScreen[HuntRow], inherit_bindings=False):
    """A question, its answer as a list with bars above it, and what stands behind a row."""

    PLACE = "hunt"
    WORDS = False
    OFFERS: ClassVar[tuple[Context, ...]] = ("hunt", "list", "app")

    list: HuntRows

    def __init__(self, frame: Frame, argument: str = "") -> None:
        super().__init__(frame, argument)
        self.answer = Answer()
        self.bars = HuntBars(frame.tz)
        self._under_way = False
        self._stop = threading.Event()

    @property
    def view(self) -> HuntView:
        """What this screen remembers."""
        return cast("HuntView", super().view)

    @property
    def question(self) -> Question:
        """What is asked now."""
        mine = self.view
        text = {"sql": mine.sql, "rule": mine.rule, "like": mine.like}.get(mine.how, mine.filter.active)
        return Question(mine.how, text, mine.by if mine.how == "query" else "", mine.since, mine.until)

    def make_list(self) -> HuntRows:
        """Rows whose columns are those of the answer."""
        return HuntRows(self.frame.tz, self.key, self.view.selected)

    def above(self) -> Iterable[Widget]:
        """Query line, bars, names of the columns."""
        query, *_ = super().above()
        yield query
        yield self.bars
        yield ColumnNames(self.list.columns)

    def begin(self) -> None:
        """Ask what was asked last."""
        super().begin()
        self.again()

    def arrive(self, argument: str) -> None:
        """`:hunt rule TITLE` back-tests, `:hunt select …` asks by SQL, `:hunt ~ …` in plain words; else it is
        a query.
        """
        argument = argument.strip()
        word, _, rest = argument.partition(" ")
        if word.lower() == "rule" and rest:
            self._ask("rule", rule=rest)
        elif word.lower() in ("select", "with", "values"):
            self._ask("sql", sql=argument)
        elif argument.startswith("~"):
            self._ask("like", like=argument[1:].strip())
        elif argument:
            self.set_filter(argument)

    # asking

    def look(self) -> None:
        """The past is asked when somebody asks, not each second."""

    def set_filter(self, text: str) -> None:
        """A query typed is a query asked."""
        self.view.how = "query"
        super().set_filter(text)

    def _ask(self, how: str, **changed: str) -> None:
        for name, value in {"how": how, **changed}.items():
            setattr(self.view, name, value)
        if self.is_mounted:
            self.again()

    def again(self) -> None:
        """Ask; what is under way for another question ends."""
        self._stop.set()
        self._stop = threading.Event()
        self._version += 1
        question = self.question
        self._under_way = not question.empty
        self.list.empty = hint("Looking …") if self._under_way else nothing()
        self._show(Answer())
        self.run(self._version, question, self.frame.clock(), self._stop)

    @in_thread("hunt")
    def run(self, version: int, question: Question, now: int, stop: threading.Event) -> None:
        """Ask it, telling of the answer as it grows."""

        def tell(answer: Answer) -> None:
            self.post_message(HuntRead(version, answer))

        try:
            if question.how == "rule":
                found = self._back_test(question, now, stop, tell)
            else:
                search = getattr(self.frame.analyst, "search", None)  # with its model's vectors
                found = ask(self.store, question, now, stop=stop.is_set, tell=tell, search=search)
        except QueryError as wrong:
            self.post_message(HuntRead(version, Answer(), True, str(wrong), wrong.position))
        except (SoctermError, OSError) as wrong:
            stopped = isinstance(wrong, QueryCancelledError) and stop.is_set()
            self.post_message(HuntRead(version, Answer(), True, "stopped" if stopped else str(wrong)))
        else:
            asked = question.how == "query" and not found.rows
            doubts = doubts_of(question.text, self.frame.clock()) if asked else ()
            self.post_message(HuntRead(version, found, True, doubts=doubts))

    def _back_test(self, question: Question, now: int, stop: threading.Event, tell: Tell) -> Answer:
        from socterm.console.backtesting import back_test  # the whole of sigma

        files, tz = self.frame.rules, self.frame.local
        return back_test(self.store, files, question, now, tz=tz, stop=stop.is_set, tell=tell)

    @on(HuntRead)
    def take_answer(self, message: HuntRead) -> None:
        """Show it."""
        if message.version != self._version:
            return
        self._under_way = not message.done
        if message.error:
            self.list.empty = [line((part, "error")) for part in wrap(message.error, 64)]
            if message.position >= 0 and self.view.how == "query":
                self.filter_bar.wrong(self.view.filter.text, message.error, message.position)
        elif message.done and not message.answer.rows:
            self.list.empty = nothing() if self.question.empty else hint("Nothing found.", *message.doubts)
        self._show(message.answer)

    def _show(self, answer: Answer) -> None:
        self.answer = answer
        self.list.columns = columns_of(answer.columns, self.list)
        for names in self.query(ColumnNames):
            names.columns = self.list.columns
            names.refresh()
        self.list.show(answer.rows)
        self.bars.take(answer.bars, answer.share, under_way=self._under_way)
        if self.is_mounted:
            self.load_about()
            self.titles()

    # what stands at the borders

    def list_title(self) -> str:
        """What is asked, over which time, how far it is."""
        asked = self.question
        bits = [self.answer.said] if self.answer.said else []
        if asked.how in ("sql", "like"):
            bits.append(" ".join(asked.text.split()))
        elif asked.how == "rule" and not self.answer.said:
            bits.append(f"rule {asked.text}")
        if (asked.since or asked.until) and asked.how != "sql":
            bits.append(f"{asked.since}..{asked.until}" if asked.until else f"since {asked.since}")
        if self._under_way:
            bits.append(f"{self.answer.share:.0%} looked at · x stops" if self.answer.said else "looking")
        elif not self.answer.complete:
            bits.append(f"stopped at {self.answer.share:.0%}")
        return " · ".join(bits) or "nothing asked"

    @property
    def filter_said(self) -> Any:
        """The query, where it is one."""
        return super().filter_said if self.view.how == "query" else []

    # the row under the cursor

    def values(self, item: HuntRow) -> dict[str, str]:
        """What it stands for."""
        return item.fields

    def when(self, item: HuntRow) -> int:
        """When it happened."""
        return item.ts

    def text_of(self, item: HuntRow) -> str:
        """What `y` copies."""
        return item.line.raw if item.line is not None else "  ".join(cell for cell in item.cells if cell)

    def read_about(self, item: HuntRow) -> Sequence[EventRow]:
        """The lines it rests on."""
        ends = dict.fromkeys(ident for ident in item.ends if ident)
        return self.store.events.get(ends) if ends else ()

    def about_lines(self, item: HuntRow, found: Sequence[EventRow]) -> Sequence[Line]:
        """The event, the value, the alert or the row, and what is said of the whole."""
        return about_row(item, found, self.answer, self.tz)

    def about_title(self, item: HuntRow) -> str:
        """What it is."""
        if item.line is not None:
            return f"Event {item.id}"
        return (
            "Alert it would have raised"
            if item.would_be is not None
            else "Row"
            if not item.fields
            else "Value"
        )

    def load_about(self) -> None:
        """Without a row, what is said of the whole."""
        super().load_about()
        if self.list.current is None and self.answer.facts:
            self.about.show(facts(self.answer))

    def open_item(self, item: HuntRow) -> None:
        """A line or an alert opens; a value opens its lines in Events."""
        if item.alert:
            self.console.open_alert(item.alert)
        elif item.event:
            self.console.open_event(item.event)
        elif item.fields:
            asked = self.question
            times = [
                f"{word}:{text}" for word, text in (("since", asked.since), ("until", asked.until)) if text
            ]
            (field, value), *_ = item.fields.items()
            query = both(f"({asked.text})" if asked.text else "", clause(field, value))
            self.console.visit("events", " ".join([query, *times]))
        else:
            self.focus_on("about")

    def zone_changed(self) -> None:
        """Times in another zone."""
        self.list.tz = self.bars.tz = self.tz
        self.bars.refresh()
        super().zone_changed()

    def step_back(self) -> bool:
        """From the detail to the list, then what is under way ends."""
        if super().step_back():
            return True
        if self._under_way:
            self._stop.set()
            return True
        return False

    def on_unmount(self) -> None:
        """Nobody waits for the answer any more."""
        self._stop.set()


def nothing() -> list[Line]:
    """What to do first."""
    keys = [line((f"  {key}  ", "key"), (said, "dim"), hang=5) for key, said in NOTHING]
    return [line(("  What do you look for?", "title")), Line(), *keys]
