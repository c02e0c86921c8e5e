"""What the Hunt screen asks of the past and what comes back: by query, in plain words, by SQL or by rule.

Runs in threads. By rule is told in `backtesting`, files in `huntfiles`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from socterm.console.readers import Store, parse_filter
from socterm.console.words import plural
from socterm.errors import UsageError
from socterm.pipeline.export import as_text
from socterm.pipeline.hunt import Hits, hunt
from socterm.query.times import duration, interval
from socterm.store.doors.history import Stretch
from socterm.store.rows import Bucket, EventRow

if TYPE_CHECKING:
    from socterm.analyst.search import Search
    from socterm.pipeline.wouldbe import WouldBe

MOST_LINES: Final = 5_000
"""Hits shown as lines, the newest; Events shows them all."""

MOST_ROWS: Final = 2_000
"""Values, alerts or rows of SQL that are listed."""

TELL: Final = 0.2
"""Seconds between two words on how far it is."""

MOST_LIKE: Final = 200
"""Lines found by what they mean; those beyond mean it less."""

BARS: Final = 400


class Question(NamedTuple):
    """What is asked. `how` is query, like (plain words), sql or rule; `by` is a field to group hits by."""

    how: str = "query"
    text: str = ""
    by: str = ""
    since: str = ""
    until: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is asked yet."""
        return not self.text.strip() and not self.by


class HuntColumn(NamedTuple):
    """A column of an answer: its title, its cells (0: what is left), its style."""

    title: str
    cells: int
    look: str = "text"
    right: bool = False


@dataclass
class HuntRow:
    """One row of an answer: what it shows and what it stands for."""

    id: int
    cells: tuple[str, ...]
    event: int = 0
    alert: int = 0
    ts: int = 0
    fields: dict[str, str] = field(default_factory=dict)
    line: EventRow | None = None
    ends: tuple[int, ...] = ()
    would_be: WouldBe | None = None


@dataclass
class Answer:
    """What was found so far. `share` is how much of the past was looked at; `facts` is said beside a row."""

    columns: tuple[HuntColumn, ...] = ()
    rows: list[HuntRow] = field(default_factory=list)
    bars: list[Bucket] = field(default_factory=list)
    said: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    share: float = 1.0
    complete: bool = True


Tell = Callable[[Answer], None]
Stop = Callable[[], bool]


def stretch_of(store: Store, question: Question, now: int) -> Stretch:
    """The events of the time asked for. Raises UsageError for what is no time."""
    since = _moment(question.since, now)
    until = _moment(question.until, now)
    return store.history.stretch(since[0] if since else None, until[1] if until else None)


def _moment(text: str, now: int) -> tuple[int, int] | None:
    if not text:
        return None
    back = duration(text)
    found = (now - back, now - back + 1) if back is not None else interval(text, now)
    if found is None:
        raise UsageError(f"{text!r} is no time, such as 7d, 2026-11-20 or 2026-11-20T10:00")
    return found


def times_of(text: str, now: int) -> tuple[str, str]:
    """(since, until) of what a person typed: `7d`, `2026-11-01..2026-11-14`, `..1d`; "" for all of it."""
    since, dots, until = (part.strip() for part in text.partition(".."))
    for part in (since, until):
        _moment(part, now)
    return (since, until) if dots else (since, "")


def ask(
    store: Store, question: Question, now: int, *, stop: Stop, tell: Tell, search: Search | None = None
) -> Answer:
    """The answer by query, SQL or plain words (by `search`), told of as it grows.

    Raises QueryError or UsageError where the question is wrong.
    """
    if question.empty:
        return Answer()
    if question.how == "sql":
        return _sql(store, question, stop)
    if question.how == "like":
        return _like(store, question, now, search)
    return _Query(store, question, stop, tell).run(now)


# -- by query ----------------------------------------------------------------------------

_LINES = (HuntColumn("time", 19, "dim"), HuntColumn("line", 0))
_VALUES = (HuntColumn("hits", 11, "accent", right=True), HuntColumn("", 18, "graph"), HuntColumn("value", 0))
_BLOCKS = " ▏▎▍▌▋▊▉█"


class _Query:
    """One question by query: its lines, or its values."""

    def __init__(self, store: Store, question: Question, stop: Stop, tell: Tell) -> None:
        self._store = store
        self._question = question
        self._stop = stop
        self._tell = tell
        self._lines: list[HuntRow] = []
        self._numbers: dict[str, int] = {}
        self._next = 0.0

    def run(self, now: int) -> Answer:
        """Go over the past, newest first."""
        question = self._question
        query = parse_filter(question.text, now)
        stretch = stretch_of(self._store, question, now)
        hits = hunt(self._store.history, query, stretch, by=question.by, stop=self._stop, tell=self._heard)
        return self._answer(hits)

    def _heard(self, hits: Hits) -> None:
        first = bool(hits.count) and not self._next
        if (first or time.monotonic() >= self._next) and not self._stop():
            self._next = time.monotonic() + TELL
            self._tell(self._answer(hits))

    def _answer(self, hits: Hits) -> Answer:
        rows = self._values(hits) if self._question.by else self._newest(hits)
        said = plural(hits.count, "hit")
        if self._question.by:
            said += f" · {plural(len(hits.groups), 'value')} of {self._question.by}"
        elif hits.count > len(rows):
            said += f" · newest {len(rows):,} shown"
        share = hits.done / hits.of if hits.of and not hits.complete else 1.0
        columns = _VALUES if self._question.by else _LINES
        return Answer(columns, rows, hits.histogram(BARS), said, (), share, hits.complete)

    def _newest(self, hits: Hits) -> list[HuntRow]:
        wanted = list(hits.ids[len(self._lines) : MOST_LINES])
        self._lines += [
            HuntRow(row.id, ("", row.message), row.id, ts=row.ts, fields=_telling(row), line=row)
            for row in self._store.events.get(wanted)
        ]
        return list(self._lines)

    def _values(self, hits: Hits) -> list[HuntRow]:
        most = max(hits.groups.values(), default=0) or 1
        rows = []
        for value, number in hits.top(MOST_ROWS):
            ident = self._numbers.setdefault(value, len(self._numbers) + 1)
            cells = (f"{number:,}", bar(number, most, 18), value)
            rows.append(
                HuntRow(ident, cells, fields={self._question.by: value}, ends=hits.ends.get(value, ()))
            )
        return rows


def bar(number: int, most: int, cells: int) -> str:
    """A bar of up to so many cells.

    >>> bar(1, 2, 4), bar(1, 100, 4), bar(0, 5, 4)
    ('██', '▏', '')
    """
    eighths = max(1, round(number * cells * 8 / most)) if number else 0
    return ("█" * (eighths // 8) + _BLOCKS[eighths % 8]).strip()


# -- in plain words ----------------------------------------------------------------------

_LIKE = (
    HuntColumn("time", 19, "dim"), HuntColumn("like it", 9, "accent", right=True), HuntColumn("line", 0)
)  # fmt: skip


def _like(store: Store, question: Question, now: int, search: Search | None) -> Answer:
    """The lines that mean it, best first."""
    if search is None:
        from socterm.analyst.search import Search  # the vocabulary

        search = Search(store.events, store.templates)
    since, until = _moment(question.since, now), _moment(question.until, now)
    found = search.hybrid(question.text, limit=MOST_LIKE)
    rows = []
    for hit in found.hits:
        row, kind = hit.event, hit.template
        if (since and row.ts < since[0]) or (until and row.ts >= until[1]):
            continue
        cells = ("", f"{kind.lines:,}" if kind else "", row.message)
        rows.append(HuntRow(row.id, cells, row.id, ts=row.ts, fields=_telling(row), line=row))
    beyond = f" · {len(found.hits) - len(rows):,} of other times" if len(rows) < len(found.hits) else ""
    said = f"{plural(len(rows), 'line')}{beyond} · best first · source: {found.source}"
    return Answer(_LIKE, rows, said=said)


def _telling(row: EventRow) -> dict[str, str]:
    names = ("user.name", "source.ip", "host.hostname")
    return {name: str(row.fields[name]) for name in names if name in row.fields}


# -- by SQL ------------------------------------------------------------------------------


def _sql(store: Store, question: Question, stop: Stop) -> Answer:
    found = store.sql.ask(question.text, rows=MOST_ROWS, stop=stop)
    rows = [HuntRow(number, tuple(map(as_text, row))) for number, row in enumerate(found.rows, 1)]
    columns = []
    for at, name in enumerate(found.columns):
        longest = max([len(name), *(len(row.cells[at]) for row in rows[:200])])
        last = at == len(found.columns) - 1
        numbers = bool(found.rows) and all(isinstance(row[at], int | float) for row in found.rows[:50])
        columns.append(HuntColumn(name, 0 if last and not numbers else min(28, longest), right=numbers))
    more = "first " if found.more else ""
    return Answer(tuple(columns), rows, said=more + plural(len(rows), "row"))
