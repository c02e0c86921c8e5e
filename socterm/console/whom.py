"""A user, address or host as text: when it was seen, its outcomes, whom it met, alerts, risk."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo

from socterm.console.lines import Line, line, sp
from socterm.console.theme import MARKS, SHORT
from socterm.console.words import VERDICTS, plural, stamp
from socterm.store.doors.entities import EntityAlert, EntityPage

OUTCOMES = {"success": "ok", "failure": "bad"}
NAMES = {"none": "neither"}
"""What outcomes are called that are none."""

BASELINE = {
    "new": "new: seen for less than a day",
    "rare": "rare: under ten lines",
    "usual": "usual here",
}


def about(page: EntityPage, tz: tzinfo) -> list[Line]:
    """The whole page."""
    return [*_head(page, tz), *_known(page), *_peers(page), *_alerts(page, tz)]


def _head(page: EntityPage, tz: tzinfo) -> Iterator[Line]:
    first = line(sp(f"{page.field} ", "dim"), sp(page.value, "entity"), hang=2, value=page.value)
    yield first._replace(field=page.field)
    risk = "bad" if page.risk else "dim"
    yield line(sp("risk ", "dim"), sp(page.risk, risk), sp(f" · {BASELINE.get(page.baseline, '')}", "dim"))
    if not page.lines:
        yield line(("no line of it" if page.exact else "no line of it of late", "dim"))
        return
    yield line(sp("seen ", "dim"), sp(f"{stamp(page.first, tz)} to {stamp(page.last, tz)}"))
    whole = "" if page.exact else f", outcomes and peers of the latest {page.sampled:,}"
    yield line(sp(plural(page.lines, "line")), sp(whole, "dim"), hang=2)
    counts = [
        sp(f"{NAMES.get(name, name)} {count:,}  ", OUTCOMES.get(name, "dim"))
        for name, count in page.outcomes.items()
    ]
    yield line(*counts, hang=2)


def _known(page: EntityPage) -> Iterator[Line]:
    if page.known:
        yield Line()
        yield line(("Known", "head"))
    for name, value in page.known.items():
        yield line(sp(f"{name:<28} ", "dim"), sp(value), hang=29, value=value)._replace(field=name)


def _peers(page: EntityPage) -> Iterator[Line]:
    field = ""
    for peer in page.peers:
        if peer.field != field:
            field = peer.field
            yield Line()
            yield line((f"Met · {field}", "head"))
        failed = f", {peer.failures:,} failed" if peer.failures else ""
        found = line(sp(peer.value, "entity"), sp(f"  {peer.count:,}{failed}", "dim"), value=peer.value)
        yield found._replace(field=peer.field)


def _alerts(page: EntityPage, tz: tzinfo) -> Iterator[Line]:
    if page.alerts:
        yield Line()
        yield line((f"Alerts · {len(page.alerts)}", "head"))
    for one in page.alerts:
        yield _alert(one, tz)


def _alert(one: EntityAlert, tz: tzinfo) -> Line:
    state = VERDICTS.get(one.verdict, "closed") if one.state == "closed" else one.state.replace("_", " ")
    where = f" · incident {one.incident}" if one.incident else ""
    named = "" if one.named else " · in evidence"
    found = line(
        sp(f"{stamp(one.last, tz)[5:16]} ", "dim"), sp(f"{MARKS[one.level]} {SHORT[one.level]} ", one.level),
        sp(one.title, "title"), sp(f"  {state}{where}{named}", "dim"), hang=12, value=str(one.id),
    )  # fmt: skip
    return found._replace(alert=one.id)
