"""Rules on a screen: the columns of their list, and what is said of one. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from socterm.alerts.metrics import RuleNoise
from socterm.console import excepted
from socterm.console.figures import percent
from socterm.console.lines import Line, line
from socterm.console.theme import LEVELS, MARKS, SHORT
from socterm.console.widgets.table import Column
from socterm.console.words import number, plural
from socterm.store.rows import ExceptionRow, RuleRow

if TYPE_CHECKING:
    from socterm.console.rulework import RuleTested

FATES = {
    "active": ("● active", "ok"),
    "off": ("○ off", "medium"),
    "base": ("· base", "dim"),
    "filter": ("· filter", "dim"),
    "no-source": ("○ no log", "dim"),
    "disabled": ("▲ fails", "high"),
    "refused": ("▲ refused", "critical"),
}
"""What became of a rule: its word in the list and how it is drawn."""

MEANINGS = {
    "active": "raises alerts",
    "off": "switched off: raises no alerts, and goes on feeding what is built on it",
    "base": "raises none itself, and feeds correlations",
    "filter": "narrows other rules down",
    "no-source": "would raise alerts, but nothing here writes its log source",
    "disabled": "raises no alerts",
    "refused": "cannot be used",
}

FIRST = ("refused", "disabled", "off", "active", "no-source", "base", "filter")
"""The order of the list: what needs somebody comes first."""


class RuleItem(NamedTuple):
    """A rule, its alerts of the last days, and the exceptions for it (those for all rules left out)."""

    id: int
    rule: RuleRow
    noise: RuleNoise | None = None
    exceptions: tuple[ExceptionRow, ...] = ()
    off: bool = False

    @property
    def fate(self) -> str:
        """What became of it, a person's switch included."""
        return "off" if self.off and self.rule.fate == "active" else self.rule.fate


def item(
    rule: RuleRow, noise: Mapping[str, RuleNoise], exceptions: Sequence[ExceptionRow], now: int
) -> RuleItem:
    """A row of the list."""
    own = tuple(row for row in exceptions if rule.id in row.rules)
    off = any(row.off and excepted.status(row, now) == "in force" for row in own)
    ident = 1 + zlib.crc32(f"{rule.id}\0{rule.path}\0{rule.title}".encode())
    return RuleItem(ident, rule, noise.get(rule.id), own, off)


def in_order(items: Sequence[RuleItem]) -> list[RuleItem]:
    """What needs somebody first, then the loudest."""
    return sorted(
        items,
        key=lambda one: (
            FIRST.index(one.fate) if one.fate in FIRST else len(FIRST),
            -(one.noise.alerts if one.noise else 0),
            -one.rule.alerts,
            -one.rule.hits,
            one.rule.title,
        ),
    )


def _count(value: int, style: str = "text") -> tuple[object, str]:
    return (number(value), style) if value else ("-", "dim")


def _false(one: RuleItem) -> tuple[object, str]:
    share = one.noise.false_share if one.noise else None
    return percent(share), "high" if share is not None and share >= 0.5 else "dim"


COLUMNS: Sequence[Column[RuleItem]] = (
    Column("", 9, lambda one: FATES.get(one.fate, (one.fate, "dim"))),
    Column("level", 6, lambda one: (_level(one.rule.level), one.rule.level), rank=4),
    Column(
        "rule",
        0,
        lambda one: (one.rule.title, "dim" if one.fate in ("base", "filter") else "title"),
        least=30,
    ),
    Column("hits", 6, lambda one: _count(one.rule.hits), right=True, rank=2),
    Column("alerts", 6, lambda one: _count(one.rule.alerts, "count"), right=True, rank=1),
    Column(
        "7 days", 6, lambda one: _count(one.noise.alerts if one.noise else 0, "count"), right=True, rank=3
    ),
    Column("false", 5, _false, right=True, rank=5),
    Column("exc", 3, lambda one: _count(len(one.exceptions)), right=True, rank=6),
)


def _level(level: str) -> str:
    return f"{MARKS[level]} {SHORT[level]}" if level in LEVELS else level


# -- the detail --------------------------------------------------------------------------


def about(
    one: RuleItem, now: int, tests: Sequence[RuleTested] | None = None, *, asked: bool = False
) -> list[Line]:
    """All that is known of a rule. `tests` are how those inside it went, where somebody `asked`."""
    rule = one.rule
    sign, look = FATES.get(one.fate, (one.fate, "dim"))
    out = [
        line((rule.title, "head")),
        line((sign, look), (f" · {MEANINGS.get(one.fate, '')}", "dim"), hang=2),
    ]
    if rule.reason:
        out.append(line((rule.reason, "high" if rule.fate in ("refused", "disabled") else "text")))
    out += [Line(), *_numbers(one), line(("File     ", "dim"), (rule.path, "text"), hang=9, value=rule.path)]
    out.append(line(("Id       ", "dim"), (rule.id, "text"), hang=9, value=rule.id)._replace(field="rule.id"))
    if asked:
        out += [Line(), line(("Its tests", "head")), *_tests(tests)]
    if one.exceptions:
        out += [Line(), line(("Exceptions", "head")), *(excepted.brief(row, now) for row in one.exceptions)]
    out += _listed("Not an attack when", rule.falsepositives) + _listed("To check an alert", rule.check)
    if one.noise and one.noise.tune:
        out += [Line(), line(("To have fewer", "head")), line((one.noise.tune, "text"))]
    return out


def _numbers(one: RuleItem) -> list[Line]:
    rule, noise = one.rule, one.noise
    out = [_fact("Hits", f"{rule.hits:,} since the store began, {plural(rule.alerts, 'alert')}")]
    if noise is not None:
        said = f"{plural(noise.alerts, 'alert')}, {noise.open:,} open, {noise.closed:,} closed"
        said += f", {noise.false:,} of {noise.said:,} verdicts false" if noise.said else ""
        out.append(_fact("7 days", said))
    if rule.about is not None:
        out.append(_fact("Counts", f"by {', '.join(rule.about) or 'nothing: all together'}"))
    return out


def _fact(name: str, value: Any) -> Line:
    return line((f"{name:<9}", "dim"), (value, "text"), hang=9)


def _tests(tests: Sequence[RuleTested] | None) -> list[Line]:
    if tests is None:
        return [line(("Its file is not there any more, or is refused.", "dim"))]
    if not tests:
        return [line(("It has none.", "dim"))]
    return [
        line(("✓ " if not one.problem else "✗ ", "ok" if not one.problem else "critical"), (one.name, "text"),
             (f": {one.problem}" if one.problem else "", "high"), hang=2)
        for one in tests
    ]  # fmt: skip


def _listed(title: str, texts: Sequence[str]) -> list[Line]:
    if not texts:
        return []
    return [Line(), line((title, "head")), *(line(("· ", "dim"), (text, "text"), hang=2) for text in texts)]
