"""The detection side of a commit: episodes, their evidence, and the alerts they are."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from socterm.alerts.audit import alert_key
from socterm.alerts.levels import rank_of
from socterm.alerts.model import EpisodeChange, RuleInfo
from socterm.alerts.risk import points
from socterm.alerts.states import by_itself, inherit
from socterm.event import Key
from socterm.store.decide import trail
from socterm.store.decide.decisions import write
from socterm.store.decide.standing import next_change, read_standing
from socterm.store.evidence import (
    Part,
    decode_hits,
    encode_hits,
    event_ids,
    settle_hits,
    settle_parts,
    values_in,
)
from socterm.store.ingest.folding import Folding, text_of
from socterm.store.ingest.things import some
from socterm.store.jsontext import from_json, to_json
from socterm.store.minutes import mark_alerted

_EPISODE = f"INSERT OR REPLACE INTO episodes VALUES ({', '.join('?' * 17)})"
_PART = """
INSERT INTO alert_events
SELECT ?, coalesce(max(part), 0) + 1, ?, ?, ?, ?, ? FROM alert_events WHERE episode = ?
"""
_FIRST_PART = "INSERT INTO alert_events VALUES (?, ?, ?, ?, ?, ?, ?)"
_GROW = """
UPDATE alerts SET first = ?, last = ?, count = ?, signals = ?, updated = ?, change = ?, settled = ?, key = ?
WHERE id = ?
"""
_CREATE = """
INSERT INTO alerts (id, episode, rule, title, level, rank, description, tags, entity, first, last, count,
  signals, created, updated, change, settled, key, supersedes, reach)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_LATEST = """
SELECT id, state, verdict, owner FROM alerts WHERE rule = ? AND entity = ? AND last <= ? AND id != ?
  AND state != 'merged' ORDER BY last DESC, id DESC LIMIT 1
"""


def unknown_rule(key: str) -> RuleInfo:
    """What an alert says of a rule whose document nobody handed over."""
    return RuleInfo(id=key, title=key, level="medium", description="", tags=())


def evidence_ids(episodes: Sequence[EpisodeChange]) -> set[int]:
    """Ids of the new hits that belong to an alert."""
    return {hit.event for change in episodes if change.alert for hit in change.hits}


class Detections:
    """Applies one batch's episode changes inside the caller's transaction.

    Episodes beyond `last_episode` were in no batch before: nothing of them needs looking up. `own` says what
    single alerts copy, in place of what `infos` says of their rules.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        sources: Mapping[str, int],
        infos: Mapping[str, RuleInfo],
        now: int,
        last_episode: int,
        own: Mapping[int, RuleInfo] | None = None,
    ) -> None:
        self.db = db
        self.sources = sources
        self.infos = infos
        self.now = now
        self.last_episode = last_episode
        self.own = own or {}
        self.created: Counter[str] = Counter()
        """Levels of the alerts that were raised."""
        self.change = next_change(db)
        self._folding = Folding(db, infos, self.change)
        self._last_alert: int = db.execute("SELECT coalesce(max(id), 0) FROM alerts").fetchone()[0]
        self._created: set[int] = set()
        self._joined: dict[int, list[int]] = {}

    def apply(self, changes: Sequence[EpisodeChange], first_new: int) -> None:
        """All changes; events below `first_new` were stored by earlier batches.

        Hits first and joins second, so that whatever order the changes come in, an alert is written
        with all its evidence in place.
        """
        self._folding.begin((change.alert, change.rule) for change in changes if change.alert)
        whole, known = self._divide(changes)
        self._add_hits(change for change in known if change.hits)
        for change in known:
            if change.merged_into:
                self._merge(change)
        self._add_whole([change for change in whole if change.alert])
        alive = [change for change in known if not change.merged_into]
        self._alerts([change for change in (*alive, *whole) if change.alert], first_new)
        final = [change for change in alive if change.settled or change.dropped]
        self.db.executemany("DELETE FROM episodes WHERE id = ?", [(change.id,) for change in final])
        dropped = [(change.id,) for change in final if not change.alert]
        self.db.executemany("DELETE FROM alert_events WHERE episode = ?", dropped)
        for change in final:
            if change.alert:
                self._settle(change)
        going_on = [change for change in alive if not (change.settled or change.dropped)]
        self.db.executemany(_EPISODE, [self._episode_row(change) for change in going_on])
        self._folding.finish()

    def _divide(self, changes: Sequence[EpisodeChange]) -> tuple[list[EpisodeChange], list[EpisodeChange]]:
        """Episodes that began and ended in this batch, without joins; and all others."""
        joined = {change.merged_into for change in changes}
        whole: list[EpisodeChange] = []
        others: list[EpisodeChange] = []
        for change in changes:
            alone = change.id > self.last_episode and change.id not in joined and not change.merged_into
            (whole if alone and (change.settled or change.dropped) else others).append(change)
        return whole, others

    def _add_hits(self, changes: Iterable[EpisodeChange]) -> None:
        first, more = [], []
        for change in changes:
            part = encode_hits(change.hits, self.sources)
            if change.id > self.last_episode:
                first.append((change.id, 1, *part))
            else:
                more.append((change.id, part))
        self.db.executemany(_FIRST_PART, first)
        self._add_parts(more)

    def _add_parts(self, parts: Iterable[tuple[int, Part]]) -> None:
        self.db.executemany(_PART, [(episode, *part, episode) for episode, part in parts])

    def _add_whole(self, changes: Iterable[EpisodeChange]) -> None:
        """The evidence of episodes that began and settled in this batch."""
        self.db.executemany(
            _FIRST_PART,
            [
                (change.id, number, *part)
                for change in changes
                for number, part in enumerate(settle_hits(change.hits), 1)
            ],
        )

    def _settle(self, change: EpisodeChange) -> None:
        """Keep of an alert's evidence what is still needed: many small parts become few."""
        rows = self.db.execute("SELECT hits FROM alert_events WHERE episode = ?", (change.id,)).fetchall()
        if len(rows) > 1:
            self.db.execute("DELETE FROM alert_events WHERE episode = ?", (change.id,))
            self._add_parts((change.id, part) for part in settle_parts(row[0] for row in rows))

    def _episode_row(self, change: EpisodeChange) -> tuple[object, ...]:
        return (
            change.id, change.rule, to_json(change.entity), *self._key(change.first), *self._key(change.last),
            change.count, change.signals, change.touched, change.alert, int(change.ended),
            None if change.fired is None else encode_hits([change.fired], self.sources)[-1], int(change.told),
            change.era,
        )  # fmt: skip

    def _key(self, key: Key) -> tuple[int, int, int]:
        return key[0], self.sources[key[1]], key[2]

    # -- alerts --------------------------------------------------------------------------

    def _is_new(self, alert: int) -> bool:
        """Alert numbers only ever grow, and an alert is in the batch that follows its first firing."""
        return alert > self._last_alert and alert not in self._created

    def _alerts(self, changes: Sequence[EpisodeChange], first_new: int) -> None:
        grown, created = [], []
        for change in changes:
            earlier = [hit.event for hit in change.hits if hit.event < first_new]
            earlier += self._joined.get(change.id, [])
            if self._is_new(change.alert):
                created.append(self._new_row(change))
                if change.id <= self.last_episode or change.id in self._joined:
                    earlier = self._evidence(change.id)
            else:
                grown.append(
                    (change.first[0], change.last[0], change.count, change.signals, self.now, self.change,
                     int(change.settled), _settled_key(change), change.alert)
                )  # fmt: skip
            if earlier:
                mark_alerted(self.db, {event for event in earlier if event < first_new})
        self.db.executemany(_CREATE, created)
        self.created.update(row[4] for row in created)
        self.db.executemany(
            "UPDATE alerts SET risk = ? WHERE id = ?",
            [(points(row[4], self._info(row[0], row[2]).risk), row[0]) for row in created],
        )
        self.db.executemany(_GROW, grown)
        self._agree(changes)
        for row in created:
            self._follow(row)

    def _agree(self, changes: Sequence[EpisodeChange]) -> None:
        """Note the one value that all events of an alert have in the field its rule asks about."""
        asked = {c.alert: f for c in changes if (f := self._info(c.alert, c.rule).sole)}
        older = [alert for alert in asked if alert not in self._created]
        said = dict(some(self.db, "SELECT id, sole FROM alerts WHERE sole != '' AND id IN (%s)", older))
        rows = []
        for change in changes:
            field = asked.get(change.alert)
            if field is None:
                continue
            known = from_json(said[change.alert]).get(field, "") if change.alert in said else ""
            if not known and change.alert not in self._created:
                continue  # they did not agree: that is for good
            values = {hit.value for hit in change.hits}
            if change.id <= self.last_episode or change.id in self._joined:
                values |= {known} if known and change.id not in self._joined else self._values(change.id)
            agreed = values.pop() if len(values) == 1 else ""
            if agreed != known:
                rows.append((to_json({field: agreed}) if agreed else "", change.alert))
        self.db.executemany("UPDATE alerts SET sole = ? WHERE id = ?", rows)

    def _values(self, episode: int) -> set[str]:
        parts = self.db.execute("SELECT hits FROM alert_events WHERE episode = ?", (episode,))
        return {value for (data,) in parts for value in values_in(data)}

    def _info(self, alert: int, rule: str) -> RuleInfo:
        """What a new alert copies of its rule."""
        return self.own.get(alert) or self.infos.get(rule) or unknown_rule(rule)

    def _new_row(self, change: EpisodeChange) -> tuple[Any, ...]:
        info = self._info(change.alert, change.rule)
        self._created.add(change.alert)
        return (
            change.alert, change.id, change.rule, info.title, info.level, rank_of(info.level),
            info.description, to_json(info.tags), to_json(dict(change.entity)), change.first[0],
            change.last[0], change.count, change.signals, self.now, self.now, self.change,
            int(change.settled), _settled_key(change), text_of(info), info.reach,
        )  # fmt: skip

    def _follow(self, row: tuple[Any, ...]) -> None:
        """Say which closed alert a new one comes after, and with its owner where its rule wants that."""
        alert, rule, entity, last = row[0], row[2], row[8], row[10]
        found = self.db.execute(_LATEST, (rule, entity, last, alert)).fetchone()
        if found is None or found[1] != "closed":
            return
        former, _, verdict, owner = found
        self.db.execute(
            "UPDATE alerts SET follows = ?, follows_verdict = ? WHERE id = ?", (former, verdict, alert)
        )
        info = self.infos.get(rule)
        if info is not None and info.reopen:
            before = read_standing(self.db, alert)
            after = by_itself(before, "recur", owner)
            note = f"follows alert {former}, closed as {verdict.replace('_', ' ')}"
            write(self.db, [trail.Entry(alert, "recur", before, after, note)], trail.SYSTEM, self.now)

    def _evidence(self, episode: int) -> list[int]:
        parts = self.db.execute("SELECT hits FROM alert_events WHERE episode = ?", (episode,))
        return [event for (data,) in parts for event in event_ids(data)]

    # -- joins ---------------------------------------------------------------------------

    def _merge(self, change: EpisodeChange) -> None:
        """Move an episode's evidence to the one that survives; its alert, if any, ends as merged."""
        survivor = change.merged_into
        moved = self._evidence(change.id) + self._joined.pop(change.id, [])
        self._joined.setdefault(survivor, []).extend(moved)
        self.db.execute(
            "UPDATE alert_events SET episode = ?1, part = part + "
            "(SELECT coalesce(max(part), 0) FROM alert_events WHERE episode = ?1) WHERE episode = ?2",
            (survivor, change.id),
        )
        self.db.execute("DELETE FROM episodes WHERE id = ?", (change.id,))
        if change.alert:
            self._merge_alert(change, survivor)

    def _merge_alert(self, change: EpisodeChange, survivor: int) -> None:
        if self._is_new(change.alert):
            self.db.execute(_CREATE, self._new_row(change))
        kept = self.db.execute("SELECT id FROM alerts WHERE episode = ?", (survivor,)).fetchone()
        if kept is None:
            self.db.execute("UPDATE alerts SET episode = ? WHERE id = ?", (survivor, change.alert))
            return
        before = read_standing(self.db, change.alert)
        after = by_itself(before, "merge")
        entries = [trail.Entry(change.alert, "merge", before, after, note=f"joined alert {kept[0]}")]
        heir = read_standing(self.db, kept[0])
        taken = inherit(heir, before)
        if taken is not None:
            entries.append(trail.Entry(kept[0], "inherit", heir, taken, note=f"from alert {change.alert}"))
        write(self.db, entries, trail.SYSTEM, self.now)
        self.db.execute("UPDATE alerts SET merged_into = ? WHERE id = ?", (kept[0], change.alert))
        self._folding.joined(change.alert)


def _settled_key(change: EpisodeChange) -> str:
    return alert_key(change.rule, change.entity, change.first) if change.settled else ""


def open_episodes(db: sqlite3.Connection, names: Mapping[int, str]) -> list[EpisodeChange]:
    """Every episode under way with all its hits, in order of id."""
    found = []
    for row in db.execute("SELECT * FROM episodes ORDER BY id").fetchall():
        parts = db.execute("SELECT hits FROM alert_events WHERE episode = ? ORDER BY part", (row[0],))
        found.append(
            EpisodeChange(
                id=row[0], rule=row[1], entity=tuple((k, v) for k, v in from_json(row[2])),
                first=(row[3], names[row[4]], row[5]), last=(row[6], names[row[7]], row[8]),
                count=row[9], signals=row[10], touched=row[11], alert=row[12], ended=bool(row[13]),
                hits=[hit for (data,) in parts for hit in decode_hits(data, names)],
                fired=None if row[14] is None else decode_hits(row[14], names)[0], told=bool(row[15]),
                era=row[16],
            )
        )  # fmt: skip
    return found
