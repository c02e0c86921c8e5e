"""Keeps on record which alerts tell one story, commit by commit: `socterm.alerts.incidents` in SQL.

Looked at are the alerts that a commit changed, those filed under the same bonds that they can newly be joined
to or stand between, and the stories of those whose links changed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from socterm.alerts.bonds import Bond, Bonds, Policy, bonds_of, gap_of
from socterm.alerts.incidents import Facts, Link, Order, Row, links_of, stories
from socterm.alerts.model import EpisodeChange
from socterm.event import Event
from socterm.store.ingest import things
from socterm.store.ingest.things import About, some
from socterm.store.ingest.torn import Torn
from socterm.store.jsontext import to_json

_NEAR = (
    "SELECT alert FROM alert_bonds WHERE bond = ? AND last >= ? AND first <= ? "
    "AND (kind != 'core' OR first >= ?)"
)
_LAST = (
    "SELECT alert, first, last, sign, kind FROM alert_bonds WHERE bond = ? AND last >= ? AND kind = ? "
    "AND alert != ? AND (first, sign, alert) < (?, ?, ?) ORDER BY first DESC, sign DESC, alert DESC LIMIT 1"
)
_CHANGED = (
    f"SELECT {things.FACTS}, a.state = 'merged', a.episode, s.first, s.last FROM alerts a "
    "LEFT JOIN alert_stories s ON s.alert = a.id WHERE a.change >= ? ORDER BY a.id"
)
_LOST = (
    "SELECT s.incident, a.merged_into FROM alert_stories s JOIN alerts a ON a.id = s.alert "
    "WHERE s.incident != 0 AND s.alert IN (%s)"
)


class Known(NamedTuple):
    """An alert as it was filed before."""

    first: int
    last: int
    bonds: Bonds


class Changed(NamedTuple):
    """An alert that changed: what its row says now, and between when it was filed (None: it is new)."""

    id: int
    rule: str
    rank: int
    first: int
    last: int
    entity: str
    head: int
    merged: bool
    episode: int
    since: int | None
    until: int | None


class Stories:
    """One commit's work, in its transaction, after alerts and their parts are on record.

    The hits of episodes beyond `last_episode` are all in the batch: none of them was in one before.
    """

    def __init__(self, db: sqlite3.Connection, policy: Policy, last_episode: int) -> None:
        self.db = db
        self.policy = policy
        self.last_episode = last_episode
        self._digests: dict[Bond, bytes] = {}
        self._bonds: dict[int, Bonds] = {}
        """Of the alerts that are looked at, as they are now."""
        self.changed: set[int] = set()
        self.fresh: set[int] = set()
        """The alerts that changed, and those of them that are new."""
        self.lost: dict[int, int] = {}
        """Incidents of alerts that were joined to others, with these."""
        self.grew = False
        """Whether alerts only joined others: none left, none became part of one."""

    def update(self, change: int, episodes: Sequence[EpisodeChange], events: Sequence[Event]) -> set[int]:
        """Bring links and stories up to date with the alerts of a change; the stories that this concerned."""
        rows = [Changed(*row) for row in self.db.execute(_CHANGED, (change,)).fetchall()]
        if not rows:
            return set()
        self.changed = {row.id for row in rows}
        self.fresh = {row.id for row in rows if row.since is None and not row.merged}
        gone = {row.id for row in rows if row.merged and row.since is not None}
        alive = [row for row in rows if not row.merged]
        self.lost = dict(some(self.db, _LOST, gone))
        about = things.things(self.db, self.changed)
        before = self._before(rows, about)
        self._learn(alive, about, gone, episodes, {event.id: event.fields for event in events})
        facts = {row.id: things.facts_of(row[:7], *about[row.id]) for row in alive}
        concerned = self._file(before, facts, gone)
        facts.update(things.facts(self.db, concerned - facts.keys()))
        return self._link(facts, gone, self.fresh)

    # -- what they are about -------------------------------------------------------------

    def _before(self, rows: Iterable[Changed], about: About) -> dict[int, Known]:
        """How the alerts that are known were filed."""
        found = {}
        for row in rows:
            if row.since is not None and row.until is not None:
                own, seen = about[row.id]
                bonds = bonds_of(frozenset(own), frozenset(seen), self.policy)
                found[row.id] = Known(row.since, row.until, bonds)
        return found

    def _bonds_of(self, alert: Facts) -> Bonds:
        found = self._bonds.get(alert.id)
        if found is None:
            found = self._bonds[alert.id] = bonds_of(alert.own, alert.seen, self.policy)
        return found

    def _digest(self, bond: Bond) -> bytes:
        found = self._digests.get(bond)
        if found is None:
            found = self._digests[bond] = digest(bond)
        return found

    def _learn(
        self,
        alive: Iterable[Changed],
        about: About,
        gone: Collection[int],
        episodes: Sequence[EpisodeChange],
        at_hand: Mapping[int, Mapping[str, Any]],
    ) -> None:
        """Put on record what the new evidence names; `about` grows by it."""
        joined = {change.merged_into for change in episodes}
        hits = {change.alert: [hit.event for hit in change.hits] for change in episodes if change.alert}
        heirs = self._heirs(gone)
        said = things.Said(self.db, at_hand)
        self.db.executemany(
            "UPDATE alerts SET fired = min(?1, CASE fired WHEN 0 THEN ?1 ELSE fired END) WHERE id = ?2",
            [(change.reached or change.last[0], change.alert) for change in episodes if change.alert],
        )
        new: list[tuple[Any, ...]] = []
        for row in alive:
            fresh = row.since is None
            whole = row.episode in joined or row.id in heirs or (fresh and row.episode <= self.last_episode)
            if whole or (fresh and row.id not in hits):
                ids: Sequence[int] = things.evidence(self.db, row.episode)
            else:
                ids = hits.get(row.id, ())
            own = things.entity_things(row.entity) if fresh else ()
            new += things.kept(row.id, own, said.by(ids), about[row.id])
        things.keep(self.db, new)
        self.db.executemany("DELETE FROM alert_things WHERE alert = ?", [(alert,) for alert in gone])

    def _heirs(self, gone: Collection[int]) -> set[int]:
        """The alerts that these were joined to."""
        rows = some(self.db, "SELECT merged_into FROM alerts WHERE id IN (%s)", gone)
        return {row[0] for row in rows}

    # -- where they are found ------------------------------------------------------------

    def _file(
        self, before: Mapping[int, Known], facts: Mapping[int, Facts], gone: Collection[int]
    ) -> set[int]:
        """File alerts under their bonds anew; those of others that this concerns."""
        concerned: set[int] = set()
        out: list[tuple[bytes, int, int]] = []
        filed: list[tuple[Any, ...]] = []
        spans: list[tuple[Bond, int, int]] = []
        for alert in before.keys() | facts.keys():
            was, now = before.get(alert), facts.get(alert)
            bonds = None if now is None else self._bonds_of(now)
            if was is not None:
                out += [(self._digest(bond), was.last, alert) for bond in was.bonds.all]
            if now is not None and bonds is not None:
                row = (alert, now.first, bonds.kind, now.sign)
                filed += [(self._digest(bond), now.last, *row) for bond in bonds.all]
            spans += self._reach(was, now, bonds)
        self.db.executemany("DELETE FROM alert_bonds WHERE bond = ? AND last = ? AND alert = ?", out)
        self.db.executemany("INSERT INTO alert_bonds VALUES (?, ?, ?, ?, ?, ?)", filed)
        for bond, since, until in spans:
            rows = self.db.execute(_NEAR, (self._digest(bond), since, until, since))
            concerned.update(row[0] for row in rows)
        for alert in (before.keys() - facts.keys()) | set(gone):
            rows = self.db.execute("SELECT alert FROM alert_links WHERE other = ?", (alert,))
            concerned.update(row[0] for row in rows)
        return concerned - set(gone)

    def _reach(
        self, was: Known | None, now: Facts | None, bonds: Bonds | None
    ) -> Iterable[tuple[Bond, int, int]]:
        """Under which bonds, and between when, others may be joined otherwise than before."""
        if was is not None and now is not None and bonds == was.bonds and now.first == was.first:
            if now.last > was.last:
                for bond in bonds.all if bonds is not None else ():
                    gap = gap_of(bond, self.policy)
                    yield bond, was.last + gap, now.last + gap
            return
        first = min(one.first for one in (was, now) if one is not None)
        last = max(one.last for one in (was, now) if one is not None)
        for bond in {*(was.bonds.all if was else ()), *(bonds.all if bonds else ())}:
            yield bond, first, last + gap_of(bond, self.policy)

    def _last(self, bond: Bond, kind: str, place: Order, since: int, but: int) -> Row | None:
        row = self.db.execute(_LAST, (self._digest(bond), since, kind, but, *place)).fetchone()
        return None if row is None else Row(*row)

    # -- links and stories ---------------------------------------------------------------

    def _link(self, facts: Mapping[int, Facts], gone: Collection[int], fresh: Collection[int]) -> set[int]:
        was: dict[int, set[Link]] = defaultdict(set)
        sql = "SELECT alert, field, value, other FROM alert_links WHERE alert IN (%s)"
        for row in some(self.db, sql, [*facts, *gone]):
            was[row[0]].add(Link(*row))
        out: set[Link] = set().union(*(was[alert] for alert in gone))
        new: set[Link] = set()
        for alert, one in facts.items():
            now = links_of(one, self._bonds_of(one), self._last, self.policy)
            new |= now - was[alert]
            out |= was[alert] - now
        self.db.executemany(
            "DELETE FROM alert_links WHERE alert = ? AND field = ? AND value = ? AND other = ?",
            [(link.alert, link.field, link.value, link.other) for link in out],
        )
        self.db.executemany(
            "INSERT INTO alert_links VALUES (?, ?, ?, ?)",
            [(link.alert, link.field, link.value, link.other) for link in new],
        )
        self._write_stories(facts, fresh)
        ends = {end for link in out | new for end in (link.alert, link.other)} | set(fresh) | set(gone)
        touched = self._touched(ends)
        self.grew = not out and not gone and all(link.field for link in new)
        self.db.executemany("DELETE FROM alert_stories WHERE alert = ?", [(alert,) for alert in gone])
        whole = bool(out) and not Torn(self.db, out, gone).holds(touched)
        return self._connect(touched, new, whole=whole)

    def _write_stories(self, facts: Mapping[int, Facts], fresh: Collection[int]) -> None:
        self.db.executemany(
            "INSERT INTO alert_stories VALUES (?1, ?1, 0, 0, ?2, ?3)",
            [(alert, facts[alert].first, facts[alert].last) for alert in sorted(fresh)],
        )
        self.db.executemany(
            "UPDATE alert_stories SET first = ?2, last = ?3 WHERE alert = ?1",
            [(one.id, one.first, one.last) for one in facts.values() if one.id in self.changed - set(fresh)],
        )

    def _touched(self, alerts: Collection[int]) -> dict[int, int]:
        """Alert → story, of these alerts."""
        sql = "SELECT alert, story FROM alert_stories WHERE alert IN (%s)"
        return dict(some(self.db, sql, alerts))

    def _connect(self, touched: Mapping[int, int], new: Collection[Link], *, whole: bool) -> set[int]:
        """Work out the stories of these anew; those there are afterwards."""
        if not touched:
            return set()
        if not whole:  # none comes apart: stories grow together
            found = stories(
                set(touched.values()),
                {Link(touched[x.alert], "", "", touched[x.other]) for x in new},
            )
            for story, (top, _) in found.items():
                if story != top:
                    self.db.execute("UPDATE alert_stories SET story = ? WHERE story = ?", (top, story))
            return {top for top, _ in found.values()}
        members = set(members_of(self.db, touched.values()))
        found = stories(members, links_among(self.db, members))
        self.db.executemany(
            "UPDATE alert_stories SET story = ?1 WHERE alert = ?2 AND story != ?1",
            [(top, alert) for alert, (top, _) in found.items()],
        )
        return {top for top, _ in found.values()}


def digest(bond: Bond) -> bytes:
    """How a bond stands in the table."""
    return hashlib.blake2b(to_json(bond).encode("utf-8", "surrogatepass"), digest_size=12).digest()


def members_of(db: sqlite3.Connection, wanted: Iterable[int]) -> list[int]:
    """All alerts of some stories."""
    return [row[0] for row in some(db, "SELECT alert FROM alert_stories WHERE story IN (%s)", set(wanted))]


def links_among(db: sqlite3.Connection, alerts: Collection[int]) -> set[Link]:
    """The links of these alerts."""
    sql = "SELECT alert, field, value, other FROM alert_links WHERE alert IN (%s)"
    return {Link(*row) for row in some(db, sql, alerts)}
