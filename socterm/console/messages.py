"""What workers and panes tell each other. Small values; a handler on the UI thread owns the state."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from textual.message import Message

from socterm.store.doors.analyses import Proposal, Trace
from socterm.store.doors.templates import TemplateRow
from socterm.store.rows import AlertRow, AuditRow, Bucket, EventRow


@dataclass
class Moved(Message):
    """The cursor of a list stands on another row. `row` is an id, 0 for none."""

    pane: str
    row: int


@dataclass
class FollowChanged(Message):
    """The stream follows new lines now, or no longer."""

    follow: bool


@dataclass
class FilterTyped(Message):
    """A filter was typed (after the debounce); `final` when it is kept or put back."""

    pane: str
    text: str
    final: bool = False


@dataclass
class ReadFailed(Message):
    """A thread could not read the store."""

    group: str
    error: str


@dataclass
class AlertsRead(Message):
    """The alert list was read anew: because it changed, or because somebody `asked` for it.

    `version` tells stale reads from the one last asked for; `rows` are sorted by `order`; `more` says that
    there are others beyond the most that is read; `took` is how many seconds reading took; `doubts` say
    what may be mistyped in a filter that nothing passes.
    """

    version: int
    change: int
    rows: list[AlertRow]
    counts: dict[str, int]
    changed: frozenset[int] = frozenset()
    asked: bool = False
    error: str = ""
    position: int = -1
    order: str = ""
    more: bool = False
    took: float = 0.0
    doubts: list[str] = field(default_factory=list)


@dataclass
class StreamRead(Message):
    """Ids for the stream, oldest first: all of it (`fresh`), more at the end, or more at the start.

    `upto` is the newest id in the store; `rows` are the lines that will be in sight, with their marks;
    `doubts` say what may be mistyped in a filter that nothing passes.
    """

    version: int
    ids: array[int]
    upto: int
    rows: list[EventRow] = field(default_factory=list)
    levels: dict[int, str] = field(default_factory=dict)
    fresh: bool = False
    older: bool = False
    error: str = ""
    position: int = -1
    doubts: list[str] = field(default_factory=list)


@dataclass
class RowsRead(Message):
    """Events that came into sight, and the gravest level of the alerts each is evidence of."""

    version: int
    rows: list[EventRow]
    levels: dict[int, str]


@dataclass
class HistogramRead(Message):
    """The bars over the stream."""

    buckets: list[Bucket]
    end: int


@dataclass
class AlertDetail(Message):
    """What the detail shows of an alert. `asked` is the read's number. `head` is the alert it is part of,
    `parts` are its own; `check` are the steps its rule names; `trace` and `proposals` are of the roles' last
    round over it or its incident."""

    asked: int
    alert: AlertRow | None
    events: list[EventRow] = field(default_factory=list)
    history: list[AuditRow] = field(default_factory=list)
    head: AlertRow | None = None
    parts: list[AlertRow] = field(default_factory=list)
    check: tuple[str, ...] = ()
    trace: Trace | None = None
    proposals: list[Proposal] = field(default_factory=list)


@dataclass
class EventDetail(Message):
    """What the detail shows of one event; `asked` is the read's number."""

    asked: int
    event: EventRow | None
    alerts: list[AlertRow] = field(default_factory=list)
    template: TemplateRow | None = None


@dataclass
class TabShown(Message):
    """The detail shows this tab now."""

    tab: str


@dataclass
class Explained(Message):
    """The analyst's explanation of an alert."""

    alert: int
    text: str
    citations: tuple[int, ...]
    source: str
    headings: frozenset[str] = frozenset()


@dataclass
class Traced(Message):
    """What the five roles say of an alert, as far as they are; `proposals` once they are done."""

    alert: int
    trace: Trace
    proposals: list[Proposal] = field(default_factory=list)


@dataclass
class Proposed(Message):
    """What is proposed about the case that was asked for."""

    proposals: list[Proposal] = field(default_factory=list)


@dataclass
class ChatPiece(Message):
    """Some more of an answer. `turn` tells answers apart; `done` ends one; `source` is who is meant."""

    turn: int
    kind: str
    text: str
    events: tuple[int, ...] = ()
    source: str = ""
    done: bool = False


@dataclass
class Resumed(Message):
    """The turns of a kept conversation; `asked` says that somebody chose it."""

    turns: Sequence[Any] = ()
    asked: bool = False


@dataclass
class Decided(Message):
    """A decision was written, or refused (`error`); `noun` is what is counted, "" for what is usual."""

    verb: str
    done: str
    count: int
    error: str = ""
    noun: str = ""


@dataclass
class HeaderRead(Message):
    """What the header shows that has to be read: sources, model, file size.

    `counts` are open alerts per level, `newest` is the newest event; both only where a screen asks for them.
    """

    sources: tuple[tuple[str, int, int, str], ...] = ()
    recent: tuple[int, ...] = ()
    model: str = ""
    model_ok: bool = False
    octets: int = 0
    counts: dict[str, int] | None = None
    newest: int = 0


@dataclass
class ItemsRead(Message):
    """The rows of a screen's list, read anew; stale where `version` is not the one asked for last.

    `stamp` is what the list depends on, so that the next read can be spared; `same` says it was.
    """

    version: int
    items: Sequence[Any] = ()
    stamp: object = None
    same: bool = False
    error: str = ""
    position: int = -1


@dataclass
class AboutRead(Message):
    """What a screen's detail shows of the row with that id; `asked` counts the questions."""

    row: int
    asked: int
    found: Any = None
