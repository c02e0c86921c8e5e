"""The list of the Events screen: a window on the log that can stand anywhere in it, with columns.

It follows like the stream of the Triage screen; a jump puts it somewhere else, and from there it reads on in
both directions as one scrolls. A cursor goes through the columns, too: pivots act on the value it is on.
"""

from __future__ import annotations

import re
import threading
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import ClassVar

from rich.segment import Segment
from textual import on
from textual.message import Message
from textual.strip import Strip

from socterm.console.actions import bindings
from socterm.console.eventcolumns import MESSAGE, fitting, title_of, value_of, widths
from socterm.console.lines import hint, sp
from socterm.console.messages import StreamRead
from socterm.console.readers import FIRST, Store, doubts_of, levels_of, parse_filter
from socterm.console.safe import SafeText, cut, fit, safe_text, seg, width
from socterm.console.theme import MARKS, style
from socterm.console.widgets.bars import Bar, Part
from socterm.console.widgets.reader import in_thread
from socterm.console.widgets.rows import Rows
from socterm.console.widgets.stream import StreamRows
from socterm.console.words import TIME, stamp
from socterm.errors import QueryCancelledError, QueryError
from socterm.store.rows import EventRow

LOOKS = {"host.hostname": "host", "process.name": "process", "source.ip": "host", "destination.ip": "host"}


@dataclass
class AroundRead(Message):
    """The lines around an event, oldest first; `later` says that there are more beyond the last."""

    version: int
    ids: array[int]
    cursor: int
    later: bool
    upto: int
    rows: list[EventRow] = field(default_factory=list)
    levels: dict[int, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)


@dataclass
class LaterRead(Message):
    """The lines after the last one of a window."""

    version: int
    ids: array[int]
    upto: int


@dataclass
class CellMoved(Message):
    """The cursor went to another column."""


class EventRows(StreamRows):
    """Events in columns, anywhere in the log."""

    BINDINGS: ClassVar = bindings("rows", "columns")

    def __init__(
        self, store: Store, *, now: Callable[[], int], tz: tzinfo, follow: bool, cursor: int = 0
    ) -> None:
        super().__init__(store, now=now, tz=tz, follow=follow, cursor=cursor)
        self.chosen: Sequence[str] = ()
        self.fitting: Sequence[str] = fitting(())
        self.cell = -1
        self.later = False
        self.left_at = cursor
        self.marked: frozenset[int] = frozenset()
        self.sought: re.Pattern[str] | None = None
        self._unfit = True

    @property
    def columns(self) -> Sequence[str]:
        """The columns shown, the message aside: those chosen, else those that fit the lines."""
        return self.chosen or self.fitting

    # where the window stands

    def narrow(self, text: str) -> None:
        """Another filter; where nothing is followed the window stays about the line somebody went to."""
        if self.follow or not (self.left_at or self.cursor):
            self.later = False
            super().narrow(text)
        else:
            self.text = text
            self.jump(self.left_at or self.cursor)

    def jump(self, event: int) -> None:
        """Show the lines about an event, the cursor on it or on the next one that passes the filter."""
        if self._searching is not None:
            self.store.interrupt(self._searching)
        self.version += 1
        self._busy, self._wrong = True, False
        self.searching = bool(self.text)
        self.set_follow(False)
        self.left_at = event
        self.read_around(self.version, self.text, self.now(), event)

    @in_thread("stream")
    def read_around(self, version: int, text: str, now: int, event: int) -> None:
        """Read as many lines before it as after it."""
        self._searching = threading.current_thread()
        reads = self.store.events
        try:
            query, upto = parse_filter(text, now), reads.newest_id()
            after = reads.ids(query, after=event - 1, limit=FIRST, oldest_first=True)
            before = reads.ids(query, before=event, limit=FIRST)
        except QueryError as wrong:
            self.post_message(StreamRead(version, array("q"), 0, error=str(wrong), position=wrong.position))
        except QueryCancelledError:
            if version == self.version:
                raise
        else:
            ids = array("q", [*reversed(before), *after])
            cursor = after[0] if after else before[0] if before else 0
            found = AroundRead(version, ids, cursor, len(after) >= FIRST, max(upto, *after[-1:], 0))
            sight = [*before[:60][::-1], *after[:60]]
            found.doubts = [] if ids else doubts_of(text, now)
            found.rows, found.levels = reads.get(sight), levels_of(self.store, sight)
            self.post_message(found)
        finally:
            self._searching = None

    @on(AroundRead)
    def take_around(self, message: AroundRead) -> None:
        """Show them, the cursor's line in the middle."""
        if message.version != self.version:
            return
        self._busy = self.searching = False
        self._older, self.later, self.upto = True, message.later, message.upto
        self.newest = max(self.newest, message.upto)
        passing = hint("No line passes · F switches the filter off.", *message.doubts)
        self.empty = () if message.ids else passing
        self._keep(message.rows, message.levels)
        self.fit_columns(message.rows)
        self.ids = message.ids
        self._grow()
        self._set_cursor(message.cursor)
        index = self.position(message.cursor)
        self.scroll_to(y=max(0, index - self.size.height // 2), animate=False, force=True)
        self.forget()
        self.post_message(StreamRead(message.version, array("q"), message.upto))
        self.fetch()

    def poll(self) -> None:
        """In the middle of the log only how far the store has come is of interest."""
        if self.later and not self._busy:
            self.read_newest(self.version)
        else:
            super().poll()

    def fetch(self, *, again: bool = False) -> None:
        """Read on at the end of a window, too."""
        super().fetch(again=again)
        height = max(1, self.size.height)
        if self.later and not self._busy and self.ids and self.scroll_offset.y + 2 * height > len(self.ids):
            self._busy = True
            self.read_later(self.version, self.text, self.now(), self.ids[-1])

    @in_thread("stream")
    def read_later(self, version: int, text: str, now: int, after: int) -> None:
        """Read the lines after the last one."""
        upto = self.store.events.newest_id()
        ids = self.store.events.ids(parse_filter(text, now), after=after, limit=FIRST, oldest_first=True)
        self.post_message(LaterRead(version, array("q", ids), upto))

    @on(LaterRead)
    def take_later(self, message: LaterRead) -> None:
        """Append them; after the last of them the list goes on with what comes."""
        if message.version != self.version:
            return
        self._busy = False
        self.later = len(message.ids) >= FIRST
        self.upto = max(message.upto, *message.ids[-1:], 0)
        self._append(message.ids)
        self.fetch()

    def took(self, message: StreamRead) -> None:
        """The columns follow what a fresh read brings."""
        if message.fresh:
            self._unfit = True
            self.fit_columns(message.rows)

    def _keep(self, rows: list[EventRow], levels: dict[int, str]) -> bool:
        if self._unfit:
            self.fit_columns(rows)
        return super()._keep(rows, levels)

    def fit_columns(self, rows: Sequence[EventRow]) -> None:
        """Take the columns that fit most of these lines."""
        if rows:
            self._unfit = False
            self.fitting = fitting(row.fields for row in rows)
            self.post_message(CellMoved())

    def go(self, index: int) -> None:
        """In the middle of the log the last line of the window is not the last there is."""
        if self.later:
            Rows.go(self, index)
            self.fetch()
        else:
            super().go(index)
        self.left_at = self.cursor

    def go_between(self, event: int) -> None:
        """Put the cursor on a line of the window; out of sight it comes to stand between its neighbours."""
        index, height = self.position(event), max(1, self.size.height)
        top = self.scroll_offset.y
        self.go(index)
        if not top <= index < top + height:
            self.scroll_to(y=max(0, index - height // 2), animate=False, force=True)

    def action_last(self) -> None:
        """To the newest line there is."""
        if self.later:
            self.later = False
            self.set_follow(True)
            super().narrow(self.text)
        else:
            super().action_last()

    # the value under the cursor

    def shown_columns(self) -> list[tuple[str, int]]:
        """The columns there is room for, with their widths."""
        return self._widths(self.scrollable_content_region.width)

    def _widths(self, cells: int) -> list[tuple[str, int]]:
        return widths(self.columns, cells - (TIME - self.cut))

    @property
    def under_cursor(self) -> tuple[str, str]:
        """(field, value) the cursor is on; ("", "") on the line as a whole."""
        event = self.events.get(self.cursor)
        shown = self.shown_columns()
        if event is None or not 0 <= self.cell < len(shown):
            return "", ""
        return value_of(event.fields, shown[self.cell][0])

    def known(self) -> list[EventRow]:
        """The lines of the list that have been read."""
        return [event for row in self.ids if (event := self.events.get(row)) is not None]

    def action_cell(self, step: int) -> None:
        """To the column beside this one; left of the first is the line as a whole."""
        self.cell = max(-1, min(self.cell + step, len(self.shown_columns()) - 1))
        self.forget()
        self.post_message(CellMoved())

    # drawing

    def day(self) -> int:
        """The day over the columns: of the line under the cursor."""
        event = self.events.get(self.cursor)
        return event.ts if event is not None else self.now()

    def dated(self) -> None:
        """The columns have other widths, too."""
        super().dated()
        self.post_message(CellMoved())

    def look(self, row: int) -> object:
        """It changes with the column the cursor is on, with bookmarks and with what is looked for."""
        here = self.cell if row == self.cursor else -1
        return super().look(row), here, row in self.marked, self.sought, self.columns

    def draw(self, row: int, cells: int, ground: str) -> Strip:
        """Time, mark, columns, message."""
        theme = self.theme_name
        base = style(theme, "text", ground)
        event = self.events.get(row)
        if event is None:
            return Strip([seg("  …", style(theme, "faint", ground))]).adjust_cell_length(cells, base)
        level = self.levels.get(row, "")
        sign = "◆" if row in self.marked else "▌" if row == self.cursor else " "
        parts = [
            (sign, "accent" if row in self.marked else "primary"),
            (stamp(event.ts, self.tz)[self.cut :] + " ", "dim"),
            (MARKS.get(level, " ") + " ", level or "dim"),
        ]
        for number, (column, room) in enumerate(self._widths(cells)):
            here = row == self.cursor and number == self.cell
            shown = fit(value_of(event.fields, column)[1], room)
            parts.append((shown, "pivot" if here else LOOKS.get(column, "soft")))
            parts.append((" ", "dim"))
        used = sum(width(safe_text(text)) for text, _ in parts)
        segments = [seg(text, style(theme, name, ground)) for text, name in parts]
        tint = {"": "soft", "critical": "alarm", "high": "high"}.get(level, "text")
        message = cut(safe_text(event.message), max(0, cells - used))
        segments += self._marking(message, tint, ground)
        return Strip(segments).adjust_cell_length(cells, base)

    def _marking(self, text: SafeText, tint: str, ground: str) -> list[Segment]:
        """The message, with what a search found in it underlined."""
        theme, out, at = self.theme_name, [], 0
        for found in self.sought.finditer(text) if self.sought is not None else ():
            out += [
                seg(text[at : found.start()], style(theme, tint, ground)),
                seg(found[0], style(theme, "pivot", ground)),
            ]
            at = found.end()
        return [*out, seg(text[at:], style(theme, tint, ground))]


class EventNames(Bar):
    """What the columns of the list are, and which day it is."""

    ground = "background"

    def __init__(self, rows: EventRows) -> None:
        super().__init__(classes="column-names")
        self.rows = rows

    def parts(self) -> Sequence[Part]:
        """Over the columns, in their widths."""
        event = self.rows.events.get(self.rows.cursor)
        day = stamp(event.ts, self.rows.tz)[:10] if event is not None else ""
        spans = [sp(f" {day:<{11 + TIME - self.rows.cut}}", "dim")]
        for number, (column, room) in enumerate(self.rows.shown_columns()):
            here = number == self.rows.cell
            spans.append(sp(fit(title_of(column), room) + " ", "accent" if here else "dim"))
        return [Part((*spans, sp(MESSAGE, "dim")))]
