"""What hunting keeps: saved views, and the last back-test of each rule. Implements `protocols.Hunts`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from socterm.errors import UsageError
from socterm.store.connections import Connections
from socterm.store.ingest import feeds
from socterm.store.ingest.raising import Asked, ask
from socterm.store.jsontext import clean, from_json, to_json

KINDS = ("events", "alerts", "sql")
LONGEST = 60
"""Characters of a view's name."""

_VIEW = "name, kind, query, columns, since, until, field, actor, saved"


class View(msgspec.Struct, frozen=True):
    """A query somebody saved, with all that belongs to it.

    `kind` is one of `KINDS`. `since` and `until` are as typed, so that `7d` goes on meaning the last seven
    days; `field` is what hits are grouped by. `saved` is wall time (µs).
    """

    name: str
    kind: str
    query: str
    columns: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    field: str = ""
    actor: str = ""
    saved: int = 0


class HuntDesk:
    """Views and back-tests of one store."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def views(self, kind: str | None = None) -> list[View]:
        """Saved views by name, of one kind or all."""
        where, params = ("kind = ?", (kind,)) if kind is not None else ("1", ())
        with self._connections.snapshot() as db:
            rows = db.execute(f"SELECT {_VIEW} FROM views WHERE {where} ORDER BY name", params).fetchall()
        return [_view(row) for row in rows]

    def view(self, name: str) -> View:
        """A saved view; either case is the same name. Raises UsageError where there is none."""
        with self._connections.snapshot() as db:
            row = db.execute(f"SELECT {_VIEW} FROM views WHERE name = ?", (name.strip(),)).fetchone()
        if row is None:
            raise UsageError(f"no view is saved as {name!r}; socterm hunt --views lists them")
        return _view(row)

    def save_view(self, view: View, *, actor: str, now: int) -> None:
        """Save it, in place of one of the same name. Raises UsageError for a name or kind that is none."""
        name = " ".join(clean(view.name).split())
        if not name or len(name) > LONGEST or not name.isprintable():
            raise UsageError(f"a view needs a name of at most {LONGEST} characters")
        if view.kind not in KINDS:
            raise UsageError(f"a view is of one of {', '.join(KINDS)}, not {view.kind!r}")
        with self._connections.writing() as db:
            db.execute(
                f"INSERT OR REPLACE INTO views ({_VIEW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    name, view.kind, clean(view.query), to_json(list(view.columns)), clean(view.since),
                    clean(view.until), clean(view.field), clean(actor), now,
                ),
            )  # fmt: skip

    def drop_view(self, name: str) -> bool:
        """Forget a view; whether there was one."""
        with self._connections.writing() as db:
            return db.execute("DELETE FROM views WHERE name = ?", (name.strip(),)).rowcount > 0

    def save_backtest(self, rule: str, report: str, *, now: int) -> None:
        """Keep the report (JSON) of a rule's last back-test."""
        with self._connections.writing() as db:
            db.execute("INSERT OR REPLACE INTO backtests VALUES (?, ?, ?)", (rule, now, report))

    def backtest(self, rule: str) -> tuple[int, str] | None:
        """(when it was kept, report) of a rule's last back-test; None where none was kept."""
        with self._connections.snapshot() as db:
            row = db.execute("SELECT at, report FROM backtests WHERE rule = ?", (rule,)).fetchone()
        return (int(row[0]), str(row[1])) if row else None

    def ask_for(
        self,
        alerts: Iterable[Asked],
        *,
        actor: str,
        now: int,
        looked_for: Mapping[str, Iterable[str]] | None = None,
    ) -> int:
        """Have the ingest make alerts about the past; how many were asked for.

        One that a stored alert of its rule and entity overlaps is not made again, and of one whose lines were
        deleted since only the others count. `looked_for`: list of
        indicators → the entries that were looked for in stored events, kept in the same transaction.
        """
        with self._connections.writing() as db:
            for path, entries in (looked_for or {}).items():
                feeds.remember(db, path, entries)
            return ask(db, alerts, actor=actor, now=now)

    def new_entries(self, lists: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
        """Of lists of indicators that changed the entries that stored events were not searched for yet.

        A list that lost entries is there with none; one that stayed as it was is not there.
        """
        found = {}
        for path, entries in lists.items():
            with self._connections.snapshot() as db:
                known = feeds.known(db, path)
            now = {feeds.digest(entry): entry for entry in entries}
            if now.keys() != known:
                found[path] = frozenset(entry for digest, entry in now.items() if digest not in known)
        return found


def _view(row: tuple[Any, ...]) -> View:
    name, kind, query, columns, *rest = row
    return View(name, kind, query, tuple(from_json(columns)), *rest)
