"""How long events are kept: by age, by the size of the file; in steps short enough to go between two batches.

What alerts cite stays with them. `docs/retention.md` tells the terms. Nothing is remembered between steps
that a process killed in between would miss: what is to be done follows from the store and the terms.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Final

import msgspec

from socterm.store.connection import transaction
from socterm.store.jsontext import to_json
from socterm.store.keeping import purge, talks, told
from socterm.store.keeping.release import can_release, release, take_apart
from socterm.store.keeping.space import can_give_back, give_back, room
from socterm.store.keeping.tidy import DeadKinds, Guard, Words
from socterm.store.minutes import MINUTE

DAY: Final = 86_400_000_000
HIGH, LOW = 0.97, 0.93
"""Shares of the size limit: above the first deleting begins, at the second it ends."""

LEAST_KEPT = 10_000
"""The newest lines that stay whatever the size."""

MOSTLY_EVIDENCE = 0.5
"""The share of stored lines that is evidence from which on closed alerts give up theirs under the limit."""

LOOK = 120_000_000
"""µs between two looks for what has become too old, and until the next try where the limit cannot be kept."""

MORE = 3
"""Further steps after one batch while the store is over its limit."""

AIM = 0.03
"""Seconds that one step shall take; the number of events follows from how long the last one took."""

FEWEST, MOST = 250, 10_000
LINE = 256
"""Bytes that a deleted line is taken to free, about."""

SCANNED = 20_000
"""Ids that one step looks at, events or not."""

PORTION = 500_000
"""Ids after which what episodes under way cite is noted anew."""

PAGES = 128
SPARE, STILL_SPARE = 0.10, 0.05
"""Shares of free pages in the file: above the first some are given back, down to the second."""

WORTH = 20_000
"""Deleted lines from which on it is looked for what they leave behind."""


class Terms(msgspec.Struct, frozen=True):
    """How long is kept what; 0 is without limit.

    `older` (µs): events from longer ago go. `max_size` (bytes): the oldest go while the file is bigger.
    `closed` (µs): evidence of alerts closed longer ago than that goes as well. The words of what was told go
    after `older`, without it after `closed`.
    """

    older: int = 0
    max_size: int = 0
    closed: int = 90 * DAY

    @property
    def limited(self) -> bool:
        """Whether anything is ever to be deleted."""
        return bool(self.older or self.max_size)


class Sweep(msgspec.Struct):
    """A walk over ids that deletes what is from before `until`, as long as more than `low` bytes are used.

    It pauses where so many deleted lines are `worth` freeing their words.
    """

    at: int
    last: int
    until: int = purge.FOREVER
    low: int = 0
    worth: int = 0
    noted: int = -1


class Retention:
    """Keeps one store within its terms. `step` does one small piece of work, in transactions of its own.

    `guard` is called inside each of them, and ends it by an error where this process may not write any more.
    `forget` is as in `tidy.DeadKinds`; `lasting` terms are put on record. `note` says what a person should
    know, "" for nothing. `longest` is how many seconds the longest step took, `gone` how many events went.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        terms: Terms,
        *,
        guard: Guard = lambda _db: None,
        forget: Callable[[], bool] = lambda: False,
        lasting: bool = True,
    ) -> None:
        self.terms = terms
        self.note = ""
        self.longest = 0.0
        self.gone = 0
        self._db = db
        self._guard = guard
        self._forget = forget
        self._sweep: Sweep | None = None
        self._rows = 2_000
        self._floor = 0
        self._next_look = self._next_try = self._next_release = self._next_words = self._next_tidy = 0
        self._apart = True
        self._let_go = False
        self._words: Words | None = None
        self._kinds: DeadKinds | None = None
        self._giving = False
        self._lasting = lasting
        self._recorded: str | None = "" if lasting else None
        purge.prepare(db)

    def use(self, terms: Terms) -> None:
        """Keep to other terms from the next step on, which looks at once."""
        self.terms = terms
        self._next_look = self._next_try = self._next_release = self._next_words = 0
        self._recorded = "" if self._lasting else None

    def step(self, now: int) -> bool:
        """Do one small piece of what is to be done at `now` (wall clock, µs); False where that is nothing."""
        if not self.terms.limited:
            return self._forget_record()
        began = time.perf_counter()
        worked = self._step(now)
        took = time.perf_counter() - began
        self.longest = max(self.longest, took)
        return worked

    def after_batch(self, now: int) -> None:
        """A step, and up to `MORE` where lines come in faster than they go: ingest waits for them."""
        for _ in range(1 + MORE):
            if not self.step(now) or room(self._db).used <= (self.terms.max_size or purge.FOREVER):
                return

    def _step(self, now: int) -> bool:
        if self._sweep is None:
            if self._apart and self._take_apart():
                return True
            self._sweep = self._aim(now)
        if self._sweep is not None:
            self._go_on(self._sweep)
            return True
        return (
            self._apart  # _aim has released some
            or self._release_old(now)
            or self._forget_words(now)
            or self._tidy(now)
            or self._give_back()
            or self._record(now)
        )

    # -- deleting ------------------------------------------------------------------------

    def _aim(self, now: int) -> Sweep | None:
        """What to delete next, if anything."""
        limit = self.terms.max_size
        if limit and now >= self._next_try and room(self._db).used > limit * HIGH:
            if (sweep := self._aim_at_size(now, int(limit * LOW))) is not None:
                return sweep
        elif limit and self.note and now >= self._next_try:
            self.note = ""
        if self.terms.older and now >= self._next_look:
            return self._aim_at_age(now)
        return None

    def _aim_at_size(self, now: int, low: int) -> Sweep | None:
        if not self._let_go and self._mostly_evidence() and self._release(purge.FOREVER, now):
            self._let_go = True
            return None
        self._let_go = False
        self._words = self._words or self._wordy()
        if self._words is not None:
            self._words.hurry = room(self._db).used > self.terms.max_size
            return None  # what is deleted already has to free its words first
        last = self._newest() - LEAST_KEPT
        first = self._db.execute("SELECT min(id) FROM events WHERE id > ?", (self._floor,)).fetchone()[0]
        if first is not None and first <= last:
            return Sweep(first, last, low=low, worth=self._worth())
        self._floor = 0
        if not self._release(purge.FOREVER, now):
            self.note = (
                "retention: the store is bigger than max_size and nothing is left that may go: evidence of "
                "open alerts stays; close some, or allow it more"
            )
            self._next_try = now + LOOK
        return None

    def _aim_at_age(self, now: int) -> Sweep | None:
        self._next_look = now + LOOK
        minute = (now - self.terms.older) // MINUTE
        first, last = self._db.execute(
            "SELECT min(first_id), max(last_id) FROM minute_counts WHERE minute < ? AND events > alerted",
            (minute,),
        ).fetchone()
        return None if first is None else Sweep(first, last, until=minute * MINUTE)

    def _go_on(self, sweep: Sweep) -> None:
        """Delete a portion, sized by how long the one before took."""
        db = self._db
        began = time.perf_counter()
        first = db.execute("SELECT min(id) FROM events WHERE id >= ?", (sweep.at,)).fetchone()[0]
        if first is None or first > sweep.last:
            self._finish(sweep)
            return
        last = min(sweep.last, first + SCANNED)
        with transaction(db):
            self._guard(db)
            if sweep.noted < last:
                sweep.noted = min(sweep.last, first + PORTION)
                purge.note_cited(db, sweep.noted)
            rows = self._rows
            if sweep.low:  # no more than is needed
                rows = min(rows, max(FEWEST, (room(db).used - sweep.low) // LINE))
            gone, sweep.at = purge.delete(db, first, last, until=sweep.until, limit=rows)
        self.gone += gone
        took = time.perf_counter() - began
        if gone == self._rows or took > AIM:
            self._rows = max(FEWEST, min(MOST, int(self._rows * min(2.0, max(0.5, AIM / took)))))
        if sweep.low and (room(db).used <= sweep.low or self._dead("fts_dead") >= sweep.worth):
            self._finish(sweep)

    def _finish(self, sweep: Sweep) -> None:
        if sweep.low:  # what stays below is looked at again once something more may go
            self._floor = sweep.at - 1
        self._sweep = None

    def _newest(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0])

    # -- closed alerts -------------------------------------------------------------------

    def _mostly_evidence(self) -> bool:
        events, alerted = self._db.execute("SELECT sum(events), sum(alerted) FROM minute_counts").fetchone()
        return bool(events) and alerted > MOSTLY_EVIDENCE * events

    def _release_old(self, now: int) -> bool:
        """Release what has been closed for long enough."""
        if not self.terms.closed or now < self._next_release:
            return False
        if self._release(now - self.terms.closed, now):
            return True
        self._next_release = now + LOOK
        return False

    def _forget_words(self, now: int) -> bool:
        """Delete what was said long ago: conversations with the analyst, the words of what was told."""
        if now < self._next_words:
            return False
        older, closed = self.terms.older, self.terms.closed
        for are_old, forget, span in (
            (talks.are_old, talks.forget, older),
            (told.are_old, told.forget, older or closed),
        ):
            if span and are_old(self._db, now - span):
                with transaction(self._db):
                    self._guard(self._db)
                    return forget(self._db, now - span) > 0
        self._next_words = now + LOOK
        return False

    def _release(self, before: int, now: int) -> int:
        if not can_release(self._db, before):
            return 0
        with transaction(self._db):
            self._guard(self._db)
            released = release(self._db, before, now)
        self._apart = self._apart or released > 0
        return released

    def _take_apart(self) -> bool:
        with transaction(self._db):
            self._guard(self._db)
            parts = take_apart(self._db)
        self._apart = parts > 0
        if parts:
            self._floor = self._next_look = 0
        return self._apart

    # -- what deleted events leave behind ------------------------------------------------

    def _tidy(self, now: int) -> bool:
        if self._words is None and self._kinds is None and now >= self._next_tidy:
            self._next_tidy = now + LOOK
            self._words = self._wordy()
            if self._dead("kinds_dead") >= self._worth():
                self._kinds = DeadKinds(self._db, self._guard, self._forget)
        if self._words is not None:
            if not self._words.step():
                self._words = None
            return True
        if self._kinds is not None:
            if not self._kinds.step():
                self._kinds = None
            return True
        return False

    def _worth(self) -> int:
        """How many deleted lines make it worth to look for what they leave behind."""
        live = self._db.execute("SELECT coalesce(sum(events), 0) FROM minute_counts").fetchone()[0]
        return max(WORTH, int(live) // 4)

    def _wordy(self) -> Words | None:
        """The work on the full-text index, where it is due."""
        return Words(self._db, self._guard) if self._dead("fts_dead") >= self._worth() else None

    def _dead(self, key: str) -> int:
        found = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return int(found[0]) if found else 0

    def _give_back(self) -> bool:
        """Give free pages back where there are many, or the file is bigger than it may be."""
        now = room(self._db)
        over = bool(self.terms.max_size) and now.bytes > self.terms.max_size
        share = now.free / max(1, now.pages)
        many = now.free > PAGES and share > (STILL_SPARE if self._giving else SPARE)
        self._giving = bool(now.free) and (over or many)
        return self._giving and can_give_back(self._db) and give_back(self._db, PAGES) > 0

    def _record(self, now: int) -> bool:
        """Leave on record under which terms the store is kept, for people who ask."""
        if self._recorded is None:
            return False
        state = {**msgspec.structs.asdict(self.terms), "note": self.note}
        if (text := to_json(state)) != self._recorded:
            with transaction(self._db):
                self._guard(self._db)
                row = to_json({**state, "since": now})
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('retention', ?)", (row,))
            self._recorded = text
        return False

    def _forget_record(self) -> bool:
        """No terms any more: those of an earlier ingest are over."""
        if self._recorded == "":
            self._recorded = None
            if self._db.execute("SELECT 1 FROM meta WHERE key = 'retention'").fetchone():
                with transaction(self._db):
                    self._guard(self._db)
                    self._db.execute("DELETE FROM meta WHERE key = 'retention'")
        return False
