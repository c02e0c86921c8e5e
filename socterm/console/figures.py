"""The figures of triage as text: times, verdicts, what is open, and how noisy a rule is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from socterm.alerts.metrics import Metrics, RuleNoise, Spread
from socterm.console.lines import Line, line, sp
from socterm.console.safe import fit
from socterm.console.theme import MARKS, SHORT
from socterm.console.widgets.bars import sparkline
from socterm.console.widgets.table import Column
from socterm.console.words import number, plural, span


class Noise(NamedTuple):
    """A row of the screen: a rule's alerts, or with `rule` None all of them."""

    id: int
    whole: Metrics
    rule: RuleNoise | None = None

    @property
    def title(self) -> str:
        """What the row is about."""
        return "All rules" if self.rule is None else self.rule.title


def percent(share: float | None) -> str:
    """A share; "–" where nothing was said yet."""
    return "–" if share is None else f"{100 * share:.0f}%"


def _counts(row: Noise) -> tuple[int, int, int, float | None]:
    """(alerts with parts, open, closed, false share) of a row."""
    if row.rule is not None:
        return row.rule.alerts, row.rule.open, row.rule.closed, row.rule.false_share
    rules, whole = row.whole.rules, row.whole
    return (
        sum(r.alerts for r in rules),
        sum(r.open for r in rules),
        sum(r.closed for r in rules),
        whole.false_share,
    )


COLUMNS: Sequence[Column[Noise]] = (
    Column("rule", 0, lambda row: (row.title, "title" if row.rule is None else "text")),
    Column("alerts", 7, lambda row: (number(_counts(row)[0]), "count"), right=True),
    Column("share", 5, lambda row: (_share_of(row), "dim"), right=True, rank=3),
    Column("open", 6, lambda row: (number(_counts(row)[1]), "text"), right=True, rank=1),
    Column("closed", 6, lambda row: (number(_counts(row)[2]), "dim"), right=True, rank=2),
    Column("false", 5, lambda row: (percent(_counts(row)[3]), _blame(_counts(row)[3])), right=True),
)


def _share_of(row: Noise) -> str:
    every = sum(rule.alerts for rule in row.whole.rules)
    return percent(_counts(row)[0] / every) if every else "–"


def _blame(share: float | None) -> str:
    return "dim" if share is None or share < 0.2 else "paused" if share < 0.5 else "bad"


def _time(name: str, found: Spread) -> Line:
    if not found.count:
        return line((fit(name, 13), "label"), ("–", "dim"))
    cells = [(f"{_brief_span(value):<7} ", "text") for value in (found.mean, found.median, found.p90)]
    return line((fit(name, 13), "label"), *cells, (f"×{number(found.count)}", "dim"), hang=13)


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def whole_lines(found: Metrics) -> list[Line]:
    """The figures over all rules."""
    out = [
        line((sparkline([sum(pair) for pair in pairwise(found.bars)][::2]), "count")),
        line(
            (f"{plural(found.alerts, 'alert')} in {span(found.until - found.since)}", "title"),
            (f" · {_rate(found.per_hour)} an hour", "text"),
            (f" · {plural(found.parts, 'part')}" if found.parts else "", "dim"),
        ),
        Line(),
        line((fit("", 13), "dim"), ("mean    median  90% in", "head")),
        _time("MTTD detect", found.detect),
        *([line((" " * 13, "dim"), (f"without {found.later:,} read later", "dim"))] if found.later else []),
        _time("MTTA decide", found.acknowledge),
        _time("MTTR close", found.resolve),
        Line(),
        line((fit("reopened", 13), "label"), (f"{found.reopened:,}", "text")),
        line((fit("snoozed", 13), "label"), (f"{found.snoozed:,}", "text")),
        line(
            (fit("false", 13), "label"), (percent(found.false_share), _blame(found.false_share)),
            (" of those with a verdict", "dim"), hang=13,
        ),
    ]  # fmt: skip
    out += [
        line((fit("  " + name.replace("_", " "), 24), "dim"), (f"{count:>6,}", "text"))
        for name, count in found.verdicts.items()
    ]
    return [*out, Line(), *_backlog(found)]


def _backlog(found: Metrics) -> list[Line]:
    rows = {level: row for level, row in found.backlog.items() if any(row.values())}
    if not rows:
        return [line(("Open now  ", "head"), ("nothing", "dim"))]
    ages = list(next(iter(rows.values())))
    heads = "".join(f"{_brief(age):>6}" for age in ages)
    out = [line((fit("Open now", 9), "head"), (heads, "dim"))]
    for level, row in rows.items():
        look = level if level in MARKS else "informational"
        cells = [sp(f"{MARKS[look]} {SHORT[look]:<7}", look)]
        cells += [
            sp(f"{number(row[age]) if row[age] else '·':>6}", "text" if row[age] else "dim") for age in ages
        ]
        out.append(Line(tuple(cells)))
    return out


def _brief_span(time: int) -> str:
    """A time (µs) in at most seven cells: 19m 45s."""
    number, *more = span(time).split(" ")
    return number + "".join(f" {word}" if word.isdigit() else word for word in more)


def _brief(age: str) -> str:
    """An age in few cells: <4h, 7d+."""
    return age.replace("under ", "<").replace(" and over", "+")


def rule_lines(rule: RuleNoise, whole: Metrics) -> list[Line]:
    """One rule's alerts, and what it says about having fewer of them."""
    out = [
        line((rule.title, "title")),
        line((rule.rule, "dim"), value=rule.rule),
        Line(),
        _count("alerts", rule.alerts, f"in {span(whole.until - whole.since)}"),
        _count("parts", rule.parts, "of other alerts"),
        _count("open", rule.open, "still to be decided"),
        _count("closed", rule.closed, f"{rule.said:,} of them with a verdict"),
        line(
            (fit("false", 10), "label"), (f"{rule.false:>7,}", "text"),
            (f"  {percent(rule.false_share)}", _blame(rule.false_share)), (" of those", "dim"),
        ),
    ]  # fmt: skip
    if rule.tune:
        out += [Line(), line(("How to have fewer", "head")), line((" ".join(rule.tune.split()), "text"))]
    return out


def _count(name: str, count: int, said: str) -> Line:
    return line((fit(name, 10), "label"), (f"{count:>7,}", "text"), (f"  {said}" if count else "", "dim"))
