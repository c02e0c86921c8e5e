"""Explain an alert without a model: what was seen, why it matters, what else it could be, what to do next.

Pure: an alert, its evidence and a few counts go in, a text with citations comes out. Every event id in the
text is one of the evidence handed in.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, tzinfo

import msgspec

from socterm.analyst import render
from socterm.analyst.border import one_line
from socterm.analyst.knowledge import CHECKS, HARMLESS, counted, phrase, tactics_and_techniques
from socterm.query import quote
from socterm.store.rows import AlertRow, EventRow

RULES = "rules"
"""The label of everything that was made without a model."""

_SHOWN = (
    "source.ip",
    "user.name",
    "user.effective.name",
    "user.target.name",
    "group.name",
    "host.hostname",
    "process.command_line",
    "event.action",
    "event.outcome",
)
_MOST_VALUES = 4
_MOST_LINES = 7
_MOST_PARTS = 5
_LOGINS = ("ssh_login", "pam_login", "su")
_CITED = re.compile(r"\[#(\d+)\]")


class Part(msgspec.Struct, frozen=True):
    """A section of an explanation; `text` may have several lines."""

    heading: str
    text: str


class Around(msgspec.Struct, frozen=True):
    """What the store knows beyond the evidence: successful logins of the entity (None: not looked up), its
    other alerts, what is part of the alert, and what the alert is part of."""

    successes: int | None = None
    alerts: tuple[AlertRow, ...] = ()
    parts: tuple[AlertRow, ...] = ()
    head: AlertRow | None = None


class Explanation(msgspec.Struct, frozen=True):
    """An explanation with the event ids it rests on. `source` is "rules", or the model that wrote it."""

    text_parts: tuple[Part, ...]
    citations: tuple[int, ...] = ()
    source: str = RULES

    @property
    def text(self) -> str:
        """All of it, headings above their sections."""
        return "\n\n".join(f"{part.heading}\n{part.text}" for part in self.text_parts)


def explain(
    alert: AlertRow,
    evidence: Sequence[EventRow],
    *,
    around: Around | None = None,
    falsepositives: Sequence[str] = (),
    check: Sequence[str] = (),
    tz: tzinfo = UTC,
) -> Explanation:
    """The explanation of an alert from its evidence (all of it, or its first and last events).

    `falsepositives` and `check` are what the rule says of itself: innocent causes, steps to take.
    """
    around = around or Around()
    rows = sorted(evidence, key=lambda row: (row.ts, row.source, row.position))
    facts = _Facts(rows)
    parts = [
        Part("What happened", _happened(alert, facts, tz)),
        Part("Matched values", _values(alert, facts)),
        Part("Key lines", _timeline(alert, facts, tz)),
        Part("Why it matters", _matters(alert, facts, around)),
        Part("It could be harmless", _harmless(facts, falsepositives)),
        Part("How to check", _steps(check)),
        Part("Next", _next(alert, facts, around)),
    ]
    kept = tuple(part for part in parts if part.text)
    found = _CITED.findall("\n".join(part.text for part in kept))
    known = {row.id for row in rows}
    return Explanation(kept, tuple(dict.fromkeys(int(number) for number in found if int(number) in known)))


class _Facts:
    """What can be counted in the evidence."""

    def __init__(self, rows: Sequence[EventRow]) -> None:
        self.rows = rows
        self.kinds = Counter[tuple[str, str]]()
        for row in rows:
            self.kinds[_kind(row)] += row.repeat
        self.total = sum(row.repeat for row in rows)

    def values(self, field: str) -> Counter[str]:
        """How often each value of a field occurs, weighted by repeat but at least once."""
        found = Counter[str]()
        for row in self.rows:
            value = row.fields.get(field)
            for item in value if isinstance(value, tuple | list) else (value,):
                if item is not None and item != "":
                    found[str(item)] += max(row.repeat, 1)
        return found

    def success_after_failure(self) -> tuple[EventRow, int] | None:
        """The first successful login after failed ones, and how many had failed until then."""
        failed = 0
        for row in self.rows:
            action, outcome = _kind(row)
            if action in _LOGINS and outcome == "failure":
                failed += row.repeat
            elif action in _LOGINS and outcome == "success" and failed:
                return row, failed
        return None

    def actions(self) -> list[str]:
        """The actions seen, commonest first."""
        found = Counter[str]()
        for (action, _), number in self.kinds.items():
            found[action] += number
        return [action for action, _ in found.most_common()]


def _kind(row: EventRow) -> tuple[str, str]:
    return str(row.fields.get("event.action", "")), str(row.fields.get("event.outcome", ""))


def _happened(alert: AlertRow, facts: _Facts, tz: tzinfo) -> str:
    zone = "UTC" if tz is UTC else ""
    if alert.first == alert.last:
        period = f"at {render.when(alert.first, tz)} {zone}".rstrip()
    else:
        end = (
            render.clock
            if render.when(alert.first, tz)[:10] == render.when(alert.last, tz)[:10]
            else render.when
        )
        period = f"from {render.when(alert.first, tz)} to {end(alert.last, tz)} {zone}".rstrip()
        period += f" ({render.span(alert.last - alert.first)})"
    events = render.plural(alert.count, "event")
    lines = [f"{one_line(alert.title, 100)} ({alert.level}): {events} of {render.entity(alert)}, {period}."]
    kinds = [
        counted(number, one_line(phrase(*kind), 80)) for kind, number in facts.kinds.most_common(4) if number
    ]
    if kinds:
        rest = sum(facts.kinds.values()) - sum(number for _, number in facts.kinds.most_common(4))
        listing = ", ".join(kinds) + (f", {rest:,} others" if rest > 0 else "")
        seen = "" if facts.total >= alert.count else f"Of the {len(facts.rows):,} looked at: "
        lines.append(f"{seen}{listing}.")
    if not alert.settled:
        lines.append("It is still going on: the count may grow.")
    return "\n".join(lines)


def _values(alert: AlertRow, facts: _Facts) -> str:
    lines = []
    for field in dict.fromkeys((*alert.entity, *_SHOWN)):
        found = facts.values(field)
        if not found and field in alert.entity:
            found[alert.entity[field]] = alert.count
        if found:
            lines.append(f"{render.value(field)}: {_listing(found)}")
    lines.append(f"count: {alert.count:,}" + (f", in {alert.signals:,} firings" if alert.signals > 1 else ""))
    return "\n".join(lines)


def _listing(found: Counter[str]) -> str:
    if len(found) == 1:
        return render.value(next(iter(found)), 200)
    shown = [f"{render.value(value, 80)} ({number:,})" for value, number in found.most_common(_MOST_VALUES)]
    left = len(found) - len(shown)
    return ", ".join(shown) + (f" and {left:,} more" if left else "")


def _timeline(alert: AlertRow, facts: _Facts, tz: tzinfo) -> str:
    """The first event of each kind, the success after failures and the last event, in order."""
    if not facts.rows:
        return "The events themselves are no longer in the store."
    firsts: dict[tuple[str, str], EventRow] = {}
    for row in facts.rows:
        firsts.setdefault(_kind(row), row)
    turn = facts.success_after_failure()
    chosen: dict[int, EventRow] = {row.id: row for row in (facts.rows[0], facts.rows[-1])}
    if turn:
        chosen[turn[0].id] = turn[0]
    for row in firsts.values():
        if len(chosen) < _MOST_LINES:
            chosen[row.id] = row
    lines, before = [], -1
    for index, row in enumerate(facts.rows):
        if row.id not in chosen:
            continue
        if before >= 0 and index - before > 1:
            gap = f"{index - before - 1:,}" if facts.total >= alert.count else "others"
            lines.append(f"  … {gap} in between")
        lines.append(f"{render.clock(row.ts, tz)} {one_line(row.message, 140)} {render.cite(row.id)}")
        before = index
    return "\n".join(lines)


def _matters(alert: AlertRow, facts: _Facts, around: Around) -> str:
    lines = []
    turn = facts.success_after_failure()
    if turn:
        row, failed = turn
        who = render.value(row.fields.get("user.name", "an account"))
        lines.append(
            f"A login as {who} succeeded after {failed:,} failures {render.cite(row.id)}: "
            "take the account for compromised until shown otherwise."
        )
    elif around.successes:
        lines.append(
            f"{render.plural(around.successes, 'login')} of the same origin succeeded around that time."
        )
    elif around.successes == 0 and any(action in _LOGINS for action in facts.actions()):
        lines.append("No login of the same origin succeeded in the day around it.")
    if alert.description:
        lines.append(one_line(" ".join(alert.description.split()), 500))
    attack = tactics_and_techniques(alert.tags)
    if attack:
        lines.append(f"ATT&CK: {one_line(attack, 200)}.")
    if around.head is not None:
        lines.append(f"It says less about the same thing than {render.alert_line(around.head)}.")
    lines.extend(f"Part of it: {render.alert_line(part)}." for part in around.parts[:_MOST_PARTS])
    if len(around.parts) > _MOST_PARTS:
        lines.append(f"and {render.plural(len(around.parts) - _MOST_PARTS, 'other part')}.")
    lines.extend(f"Also: {render.alert_line(other)}." for other in around.alerts[:3])
    return "\n".join(lines)


def _harmless(facts: _Facts, falsepositives: Sequence[str]) -> str:
    named = [
        one_line(text, 160) for text in falsepositives if text.strip().lower() not in ("unknown", "none", "")
    ]
    if named:
        return "The rule's author names: " + "; ".join(named) + "."
    for action in facts.actions():
        if action in HARMLESS:
            return f"Often it is {HARMLESS[action]}."
    return "The rule names no harmless cause. Ask whoever works with this entity before closing it."


def _steps(check: Sequence[str]) -> str:
    return "\n".join(f"{number}. {one_line(step, 400)}" for number, step in enumerate(check, 1))


def _next(alert: AlertRow, facts: _Facts, around: Around) -> str:
    names = {
        "ip": _first(facts.values("source.ip")) or "the address",
        "user": _first(facts.values("user.name")) or "the account",
    }
    lines = []
    for action in facts.actions():
        lines += [check.format(**names) for check in CHECKS.get(action, ())]
    if facts.success_after_failure() or around.successes:
        lines.insert(
            0,
            "See what the sessions did after the login; if in doubt end them and change the password.",
        )
    lines.append(f"All of it: {one_line(entity_query(alert.entity.items()), 300)}" if alert.entity else "")
    return "\n".join(f"• {line}" for line in dict.fromkeys(lines[:3] + lines[-1:]) if line)


def _first(found: Counter[str]) -> str:
    return render.value(found.most_common(1)[0][0]) if found else ""


def entity_query(entity: Iterable[tuple[str, str]]) -> str:
    """The query that finds everything an entity did."""
    return " and ".join(f"{field}:{quote(value)}" for field, value in entity)
