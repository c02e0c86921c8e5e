"""The event stream: every stored line that passes the filter, oldest above, newest below.

It holds ids; lines are read from the store as they come into sight. While it follows, the newest line
is at the bottom; moving up leaves follow, and from then on nothing moves under the reader's eyes.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left
from collections.abc import Callable
from datetime import tzinfo

from textual import events, on
from textual.cache import LRUCache
from textual.geometry import Region
from textual.strip import Strip

from socterm.console.lines import hint
from socterm.console.messages import FollowChanged, RowsRead, StreamRead
from socterm.console.readers import (
    Store,
    doubts_of,
    levels_of,
    newer_ids,
    newest_ids,
    older_ids,
    parse_filter,
)
from socterm.console.safe import fit, seg
from socterm.console.theme import MARKS, style
from socterm.console.widgets.reader import Reader, in_thread
from socterm.console.widgets.rows import Rows
from socterm.console.words import TIME, since_where, stamp
from socterm.errors import QueryCancelledError, QueryError
from socterm.store.rows import EventRow

KEPT = 200_000
"""Ids kept while following; older ones are read again when one scrolls up to them."""


class StreamRows(Reader, Rows):
    """Events, each one row."""

    def __init__(
        self, store: Store, *, now: Callable[[], int], tz: tzinfo, follow: bool, cursor: int = 0
    ) -> None:
        super().__init__("stream", cursor)
        self.store = store
        self.now = now
        self.tz = tz
        self.follow = follow
        self.paused = False
        self.text = ""
        self.events: LRUCache[int, EventRow] = LRUCache(4096)
        self.levels: dict[int, str] = {}
        self.version = 0
        self.upto = 0
        self.newest = 0
        self.left = 0
        self._wrong = False
        self._busy = False
        self.searching = False
        self._searching: threading.Thread | None = None
        self._older = True
        self._wanted: tuple[int, ...] = ()
        self.cut = TIME

    def position(self, row: int) -> int:
        """Ids ascend, so bisection finds one among a million."""
        index = bisect_left(self.ids, row)
        return index if index < len(self.ids) and self.ids[index] == row else -1

    def narrow(self, text: str) -> None:
        """Read anew with another filter; a search for the filter before it is stopped."""
        if self._searching is not None:
            self.store.interrupt(self._searching)
        self.text = text
        self.version += 1
        self._busy, self._wrong = True, False
        self.searching = bool(text)
        self.empty = hint("Searching …") if text else ()
        self.read_fresh(self.version, text, self.now(), self._tail())

    def _tail(self) -> int:
        """How many of the newest lines will be in sight."""
        return self.size.height + 1 if self.follow else 0

    def poll(self) -> None:
        """Look for newer lines; called by the screen's one timer."""
        if self._busy or self._wrong:
            return
        self._busy = True
        if self.paused:
            self.read_newest(self.version)
        else:
            self.read_newer(self.version, self.text, self.now(), self.upto, self._tail())

    @in_thread("stream")
    def read_fresh(self, version: int, text: str, now: int, tail: int) -> None:
        """Read the newest lines that pass a filter."""
        self._searching = threading.current_thread()
        try:
            ids, upto = newest_ids(self.store, parse_filter(text, now))
        except QueryError as wrong:
            self.post_message(StreamRead(version, array("q"), 0, error=str(wrong), position=wrong.position))
        except QueryCancelledError:
            if version == self.version:
                raise
        else:
            doubts = [] if ids else doubts_of(text, now)
            self._send(StreamRead(version, ids, upto, fresh=True, doubts=doubts), tail)
        finally:
            self._searching = None

    @in_thread("stream")
    def read_newer(self, version: int, text: str, now: int, after: int, tail: int) -> None:
        """Read the lines stored since."""
        if self.store.events.newest_id() == after:
            self.post_message(StreamRead(version, array("q"), after))
            return
        ids, upto = newer_ids(self.store, parse_filter(text, now), after)
        self._send(StreamRead(version, ids, upto), tail)

    def _send(self, message: StreamRead, tail: int) -> None:
        """Read the lines that will be in sight along with the ids: one drawing instead of two."""
        sight = message.ids[-tail:] if tail else array("q")
        message.rows, message.levels = self.store.events.get(sight), levels_of(self.store, sight)
        self.post_message(message)

    @in_thread("stream")
    def read_newest(self, version: int) -> None:
        """Read how far the store has come while the view stands still."""
        self.post_message(StreamRead(version, array("q"), self.store.events.newest_id()))

    @in_thread("stream")
    def read_older(self, version: int, text: str, now: int, before: int) -> None:
        """Read lines above the first one."""
        ids = older_ids(self.store, parse_filter(text, now), before)
        self.post_message(StreamRead(version, ids, 0, older=True))

    @in_thread("stream-rows")
    def read_rows(self, version: int, wanted: tuple[int, ...]) -> None:
        """Read the lines in sight."""
        self.post_message(RowsRead(version, self.store.events.get(wanted), levels_of(self.store, wanted)))

    def read_failed(self) -> None:
        """Look again with the next tick."""
        self._busy = self.searching = False
        self._wanted = ()

    @on(StreamRead)
    def take_ids(self, message: StreamRead) -> None:
        """Show what was read, unless the filter has changed since."""
        if message.version != self.version:
            return
        self._busy = False
        if message.fresh or message.error:
            self.searching = False
            passing = hint("No line passes · F switches the filter off.", *message.doubts)
            self.empty = passing if self.text and not message.error else ()
        self._wrong = bool(message.error)
        if message.error:
            return
        self.newest = max(self.newest, message.upto)
        if not self.paused or message.fresh:
            self.upto = max(self.upto, message.upto)
        self._keep(message.rows, message.levels)
        self.took(message)
        if message.older:
            self._take_older(message.ids)
        elif message.fresh:
            self._older = True
            self.replace(message.ids)
        elif message.ids:
            self._append(message.ids)
        if self.follow and message.ids:
            self._to_end()
        self.fetch()

    def took(self, message: StreamRead) -> None:
        """Something was read; a list with columns chooses them by it."""

    def _append(self, ids: array[int]) -> None:
        self.ids.extend(ids)
        if self.follow and len(self.ids) > KEPT * 2:
            self.ids = self.ids[-KEPT:]
            self._older = True
        self._grow()
        self.refresh()

    def _take_older(self, ids: array[int]) -> None:
        self._older = bool(ids)
        top = self.scroll_offset.y
        self.ids = ids + self.ids
        self._grow()
        if ids:
            self.scroll_to(y=top + len(ids), animate=False, force=True)
        self.refresh()

    def fetch(self, *, again: bool = False) -> None:
        """Ask for the lines in sight that are not known yet; `again` asks anew for their marks too."""
        sight = self.in_sight(margin=self.size.height)
        wanted = tuple(sight) if again else tuple(row for row in sight if row not in self.events)
        if wanted and (again or wanted != self._wanted):
            self._wanted = wanted
            self.read_rows(self.version, wanted)
        if self._older and not self._busy and self.ids and self.scroll_offset.y < self.size.height:
            self._busy = True
            self.read_older(self.version, self.text, self.now(), self.ids[0])

    @on(RowsRead)
    def take_rows(self, message: RowsRead) -> None:
        """Keep the lines that were read and draw them."""
        self._wanted = ()
        if self._keep(message.rows, message.levels):
            self.refresh()

    def _keep(self, rows: list[EventRow], levels: dict[int, str]) -> bool:
        """Whether any of it was news."""
        if len(self.levels) > 20_000:
            self.levels.clear()
        news = False
        for event in rows:
            level = levels.get(event.id, "")
            news = news or event.id not in self.events or self.levels.get(event.id) != level
            self.events[event.id] = event
            self.levels[event.id] = level
        return news

    def _to_end(self) -> None:
        if self.ids:
            self._set_cursor(self.ids[-1])
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def set_follow(self, follow: bool) -> None:
        """Follow new lines, or stay."""
        if follow != self.follow:
            self.follow = follow
            self.left = self.newest
            self.post_message(FollowChanged(follow))
        if follow:
            self._to_end()
            self.refresh()

    def go(self, index: int) -> None:
        """Moving up leaves follow; reaching the last line follows again."""
        super().go(index)
        if self.ids:
            self.set_follow(index >= len(self.ids) - 1)
        self.fetch()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other lines came into sight."""
        super().watch_scroll_y(old_value, new_value)
        self.fetch()

    def on_resize(self, event: events.Resize) -> None:
        """Another height shows other lines."""
        super().on_resize(event)
        if self.follow:
            self._to_end()
        self.fetch()

    def on_mouse_scroll_up(self, _event: events.MouseScrollUp) -> None:
        """The wheel leaves follow as the keys do."""
        if self.max_scroll_y:
            self.set_follow(False)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw lines, all with as much of their date as tells those in sight from the day that is known."""
        sight = [event.ts for row in self.in_sight() if (event := self.events.get(row)) is not None]
        cut = since_where(sight, self.day(), self.tz)
        if cut != self.cut:
            self.cut = cut
            self.dated()
        return super().render_lines(crop)

    def day(self) -> int:
        """A time (µs) of the day that goes without saying: today."""
        return self.now()

    def dated(self) -> None:
        """Dates came into sight or went: all lines move."""
        self.refresh()

    def ground(self, row: int) -> str:
        """The cursor shows while the stream has the focus, or where somebody left it."""
        return "cursor" if row == self.cursor and (self.has_focus or not self.follow) else "background"

    def look(self, row: int) -> object:
        """A line looks different once it is read and once an alert cites it."""
        return row in self.events, self.levels.get(row, ""), self.cut

    def draw(self, row: int, cells: int, ground: str) -> Strip:
        """Draw one event: time, mark, host, program, message."""
        theme = self.theme_name
        base = style(theme, "text", ground)
        event = self.events.get(row)
        if event is None:
            return Strip([seg("  …", style(theme, "faint", ground))]).adjust_cell_length(cells, base)
        level = self.levels.get(row, "")
        fields = event.fields
        tint = {"": "soft", "critical": "alarm", "high": "high"}.get(level, "text")
        parts = [
            ("▌" if ground == "cursor" else " ", "primary"),
            (stamp(event.ts, self.tz)[self.cut :] + " ", "dim"),
            (MARKS.get(level, " ") + " ", level or "dim"),
        ]
        if cells >= 60:
            parts.append((fit(fields.get("host.hostname", ""), 8) + " ", "host"))
        if cells >= 48:
            parts.append((fit(fields.get("process.name", ""), 8) + " ", "process"))
        used = sum(len(text) for text, _ in parts)
        parts.append((fit(event.message, max(0, cells - used)), tint))
        return Strip([seg(text, style(theme, name, ground)) for text, name in parts]).adjust_cell_length(
            cells, base
        )
