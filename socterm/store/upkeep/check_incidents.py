"""`db check` of incidents: links, stories and assignments are what all alerts together make."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator

from socterm.alerts.incidents import Facts, Link, links, opens, stories
from socterm.store.decide import trail
from socterm.store.ingest import things
from socterm.store.ingest.assigning import read_state
from socterm.store.ingest.grouping import stored_policy


def incidents(db: sqlite3.Connection) -> Iterator[str]:
    """Everything that is wrong with incidents, a line each; nothing where alerts were never joined."""
    policy = stored_policy(db)
    if policy is None:
        return
    facts = things.all_facts(db)
    right = links(facts, policy)
    kept = {Link(*row) for row in db.execute("SELECT alert, field, value, other FROM alert_links")}
    for link in sorted(right - kept):
        yield f"alert {link.alert}: its link to alert {link.other} by {link.field or 'part'} is missing"
    for link in sorted(kept - right):
        yield f"alert {link.alert}: should have no link to alert {link.other} by {link.field or 'part'}"
    rows = {
        alert: (story, incident, pinned)
        for alert, story, incident, pinned in db.execute(
            "SELECT alert, story, incident, pinned FROM alert_stories"
        )
    }
    told = stories([one.id for one in facts], right)
    for alert in sorted(rows.keys() ^ told.keys()):
        yield f"alert {alert}: {'tells no story' if alert in told else 'is gone, but tells a story'}"
    for alert in sorted(rows.keys() & told.keys()):
        if rows[alert][0] != told[alert][0]:
            yield f"alert {alert}: is of story {rows[alert][0]}, but should be of {told[alert][0]}"
    labels = {alert: pinned for alert, (_, _, pinned) in rows.items() if pinned}
    yield from _assigned(db, facts, {alert: row[1] for alert, row in rows.items()}, right, labels)
    yield from _rows(db)


def _assigned(
    db: sqlite3.Connection, facts: list[Facts], has: dict[int, int], right: set[Link], labels: dict[int, int]
) -> Iterator[str]:
    """Alerts of one story have one incident, that to which people put them, and have one where it is due."""
    apart = stories([one.id for one in facts], right)
    whole: dict[int, set[int]] = defaultdict(set)
    for alert, (story, _) in apart.items():
        whole[story].add(alert)
    known = {one.id: one for one in facts}
    for members in whole.values():
        own = {alert: labels[alert] for alert in members if alert in labels}
        among = {link for link in right if link.alert in members} if own else set()
        parted = stories(members, among, own) if own else dict.fromkeys(members, (0, 0))
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for alert in sorted(members):
            groups[parted[alert]].append(alert)
        for (_, label), group in groups.items():
            found = {has.get(alert, 0) for alert in group}
            first = group[0]
            if len(found) > 1:
                yield f"alert {first}: its story is of incidents {', '.join(map(str, sorted(found)))}"
                continue
            (number,) = found
            due = opens([(known[alert].rank, known[alert].rule, known[alert].head) for alert in group])
            if label and number != label:
                yield f"alert {first}: is of incident {number}, but was put into {label}"
            elif due and not number:
                yield f"alert {first}: its story is an incident, but there is none"
            elif number and not read_state(db, number):
                yield f"alert {first}: its incident {number} does not exist"


def _rows(db: sqlite3.Connection) -> Iterator[str]:
    """What an incident's row says is what its alerts add up to, and what the audit trail says was decided."""
    sums = (
        "SELECT i.id FROM incidents i WHERE i.state NOT IN ('merged', 'withdrawn') AND "
        "(i.rank, i.first, i.last, i.alerts) IS NOT (SELECT coalesce(max(a.rank), 0), "
        "coalesce(min(a.first), 0), coalesce(max(a.last), 0), count(*) "
        "FROM alert_stories s JOIN alerts a ON a.id = s.alert WHERE s.incident = i.id AND s.incident != 0)"
    )
    for (ident,) in db.execute(sums):
        yield f"incident {ident}: its row does not say what its alerts add up to"
    said = {row.about: row.after for row in trail.read(db, "about LIKE 'incident:%' ORDER BY id")}
    for (ident,) in db.execute("SELECT id FROM incidents ORDER BY id").fetchall():
        after = said.pop(f"incident:{ident}", {})
        if read_state(db, ident) != {name: value for name, value in after.items() if name[0] != "~"}:
            yield f"incident {ident}: is not as the audit trail leaves it"
    for about, after in sorted(said.items()):
        if after:
            yield f"audit: speaks of {about.replace(':', ' ')}, which does not exist"
