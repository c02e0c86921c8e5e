"""Hunting by rule: what one would have raised in the past, and having alerts made of it. Runs in threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import tzinfo
from pathlib import Path
from typing import Final

from socterm.console.hunting import (
    BARS,
    MOST_ROWS,
    TELL,
    Answer,
    HuntColumn,
    HuntRow,
    Question,
    Stop,
    Tell,
    stretch_of,
)
from socterm.console.readers import Store
from socterm.console.rulefiles import RuleFiles
from socterm.console.words import plural
from socterm.errors import UsageError
from socterm.pipeline.backtest import Backtest, Progress, Report
from socterm.pipeline.raising import raisable, raise_now
from socterm.pipeline.wouldbe import DAY, WouldBe
from socterm.sigma.model import Rule, RuleSet
from socterm.store.rows import Bucket

MOST_RAISED: Final = 1_000
"""Alerts that one hunt may make."""

_ALERTS = (
    HuntColumn("first", 19, "dim"),
    HuntColumn("count", 7, "accent", right=True),
    HuntColumn("known", 9, "dim"),
    HuntColumn("entity", 0),
)


def back_test(
    store: Store, files: RuleFiles, question: Question, now: int, *, tz: tzinfo, stop: Stop, tell: Tell
) -> Answer:
    """What a rule would have raised, told of as it is gone through.

    Raises UsageError where no rule, or more than one, is meant.
    """
    rules, rule = rule_named(store, files, question.text)
    stretch = stretch_of(store, question, now)
    excepted = [(e.id, e.document) for e in store.exceptions.all() if not e.expires or e.expires > now]
    title = rule.info.title
    next_ = time.monotonic() + TELL

    def heard(at: Progress) -> None:
        nonlocal next_
        if time.monotonic() >= next_ and not stop():
            next_ = time.monotonic() + TELL
            said = f"{plural(at.alerts, 'alert')} so far · {title}"
            tell(Answer(_ALERTS, said=said, share=at.done / max(1, at.of), complete=False))

    made = Backtest(rules, [rule.key], tz=tz, lists=files.lists_for(rules), exceptions=excepted)
    return _reported(made.run(store.history, stretch, stop=stop, tell=heard), title)


def rule_named(store: Store, files: RuleFiles, text: str) -> tuple[RuleSet, Rule]:
    """The rule of a file, or the one in force that a person names by id, name or a part of its title.

    Raises UsageError where none or several are meant.
    """
    named = Path(text).expanduser() if files.named else Path()
    is_file = files.named and len(text) < 1_000 and named.exists()
    rules = files.known(store.triage.rules(), *([named] if is_file else []))
    alerting = [rule for rule in rules.rules.values() if rule.alerting]
    found = _of_file(alerting, named.resolve()) if is_file else _called(alerting, text.lower().strip())
    if len(found) == 1:
        return rules, found[0]
    if not found:
        raise UsageError(f"no rule that alerts is called {text[:60]!r}, by id, name, title or file")
    titles = "; ".join(rule.info.title for rule in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    raise UsageError(f"{text[:40]!r} may be {titles}{more}: give its id, or more of the title")


def _of_file(rules: list[Rule], path: Path) -> list[Rule]:
    return [rule for rule in rules if path in (own := Path(rule.info.path).resolve(), *own.parents)]


def _called(rules: list[Rule], low: str) -> list[Rule]:
    """Those that are called just so, else those whose title begins with it, else those that hold it."""
    exact = [r for r in rules if low in (r.key.lower(), r.name.lower(), r.info.title.lower())]
    begin = [r for r in rules if r.info.title.lower().startswith(low)]
    return exact or begin or [r for r in rules if low in r.info.title.lower()]


def _reported(report: Report, title: str) -> Answer:
    rows = []
    for number, one in enumerate(report.alerts[:MOST_ROWS], 1):
        known = (
            f"alert {one.covered}" if one.covered else "evidence" if one.alerted == len(one.events) else "new"
        )
        entity = ", ".join(value for _, value in one.entity)
        rows.append(
            HuntRow(
                number, ("", f"{one.count:,}", known, entity), one.events[0], one.covered, one.first[0],
                dict(one.entity), ends=one.events[:8], would_be=one,
            )
        )  # fmt: skip
    facts = [
        ("alerts", f"{report.number:,} on {report.distinct:,} entities"),
        ("hits", f"{report.hits:,} of {report.matches:,} matches in {report.progress.events:,} events read"),
        ("known", f"{report.covered:,} are alerts, {report.known:,} evidence of others"),
        ("new", f"{report.new:,}"),
        *((f"exception {ident}", f"kept {times:,} away") for ident, times in report.hidden.items()),
        *((f"filter {key[:24]}", f"kept {times:,} away") for key, times in report.filtered.items()),
    ]
    bars = [Bucket(day * DAY, hits, alerts) for day, (hits, alerts) in _every_day(report.days)]
    said = f"{plural(report.number, 'alert')}, {report.new:,} new · {title}"
    share = report.progress.done / max(1, report.progress.of) if not report.complete else 1.0
    return Answer(_ALERTS, rows, bars, said, tuple(facts), share, report.complete)


def _every_day(days: dict[int, tuple[int, int]]) -> list[tuple[int, tuple[int, int]]]:
    if not days:
        return []
    return [(day, days.get(day, (0, 0))) for day in range(min(days), min(max(days), min(days) + BARS) + 1)]


# -- raising ---------------------------------------------------------------------------------


def would_raise(rows: Iterable[HuntRow]) -> list[WouldBe]:
    """The alerts of a back-test that no stored alert tells of."""
    return [row.would_be for row in rows if row.would_be is not None and not row.would_be.covered]


def make_alerts(store: Store, found: list[WouldBe], *, actor: str, clock: Callable[[], int]) -> str:
    """Have alerts made of them, at the times of their events; what was done, in words. Twice is once."""
    new = raisable(found)
    store.hunts.ask_for(new, actor=actor, now=clock())
    made = raise_now(store.path, clock=clock)
    if made is None:
        return f"the process that ingests makes {plural(len(new), 'alert')} of it"
    return f"{plural(made, 'alert')} made"
