"""Exceptions on screens: the columns of their list, and what is said of one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from functools import lru_cache
from typing import Any

from socterm.alerts.exceptions import EVERYTHING, Term, status_of
from socterm.console.lines import Line, line, sp
from socterm.console.widgets.table import Column
from socterm.console.words import DAY, age, number, stamp
from socterm.errors import RuleError
from socterm.store.rows import AuditRow, ExceptionRow

LOOKS = {"in force": "ok", "expired": "dim", "refused": "high"}
"""Status → how it is drawn."""

SIGNS = {"in force": "● on", "expired": "○ over", "refused": "▲ broken"}


def status(row: ExceptionRow, now: int) -> str:
    """How an exception stands."""
    return status_of(row.expires, row.problem, now)


def left(row: ExceptionRow, now: int) -> str:
    """How long it still holds: 12h, 30d, ever, over."""
    if not row.expires:
        return "ever"
    return age(row.expires, now) if row.expires > now else "over"


def terms(row: ExceptionRow) -> tuple[Term, ...]:
    """What an event must have; () for a document that says more than that, or is broken."""
    return _terms(row.document)


@lru_cache(maxsize=1_024)
def _terms(document: str) -> tuple[Term, ...]:
    """Asked for each row drawn: YAML is not read for each."""
    from socterm.sigma.exceptiontext import read, terms_of

    try:
        return terms_of(read(document).hides) or ()
    except RuleError:
        return ()


def whom(row: ExceptionRow) -> str:
    """What it asks for, on one line."""
    found = terms(row)
    if EVERYTHING in found:
        return "everything: switched off"
    return " and ".join(map(str, found)) or row.title


def rules_of(row: ExceptionRow, titles: Mapping[str, str]) -> str:
    """The rules it is for, on one line."""
    return ", ".join(titles.get(rule, rule) for rule in row.rules) or "all rules"


Titles = Callable[[], Mapping[str, str]]
Clock = Callable[[], int]


def columns(clock: Clock, titles: Titles) -> Sequence[Column[ExceptionRow]]:
    """The columns of the list; the clock and the rules' titles are asked when a row is drawn."""

    def look(row: ExceptionRow, style: str) -> str:
        return "dim" if status(row, clock()) == "expired" else style

    def sign(row: ExceptionRow) -> tuple[object, str]:
        found = status(row, clock())
        return SIGNS[found], LOOKS[found]

    return (
        Column("", 8, sign),
        Column("what", 0, lambda row: (whom(row), look(row, "title")), least=26),
        Column("rules", 0, lambda row: (rules_of(row, titles()), look(row, "text")), rank=4),
        Column(
            "hits",
            6,
            lambda row: (number(row.hits) if row.hits else "-", look(row, "text")),
            right=True,
            rank=1,
        ),
        Column(
            "last hit",
            8,
            lambda row: (age(clock(), row.last_hit) if row.last_hit else "-", "dim"),
            right=True,
            rank=3,
        ),
        Column("ends", 5, lambda row: (left(row, clock()), look(row, "text")), right=True, rank=2),
        Column("by", 10, lambda row: (row.author, "dim"), rank=5),
    )


def about(
    row: ExceptionRow, titles: Mapping[str, str], history: Sequence[AuditRow], now: int, tz: tzinfo
) -> list[Line]:
    """All that is known of one."""
    found = status(row, now)
    out = [
        line((row.title, "head")),
        line((SIGNS[found], LOOKS[found]), (f" · {_ending(row, found, now, tz)}", "dim")),
    ]
    if row.problem:
        out.append(line((row.problem, "high")))
    out += [Line(), _fact("Why", row.reason)]
    out.append(_fact("By", f"{row.author}, {stamp(row.created, tz)}"))
    hits = f"{row.hits:,}, the last {stamp(row.last_hit, tz)}" if row.hits else "none yet"
    out += [_fact("Hits", hits), Line(), *_for(row, titles), *_where(row)]
    if row.alert:
        out += [Line(), line(("From    ", "dim"), (f"alert {row.alert}", "cite"))._replace(alert=row.alert)]
    out += [Line(), line(("Document", "head"))]
    out += [line((text, "text")) for text in row.document.splitlines()]
    out += [Line(), line(("History", "head"))]
    out += [line((stamp(e.at, tz), "time"), (f"  {e.actor}  {e.verb}  {e.note}", "text")) for e in history]
    return out


def _ending(row: ExceptionRow, found: str, now: int, tz: tzinfo) -> str:
    if not row.expires:
        return "until somebody ends it"
    if found == "expired":
        return f"ended {stamp(row.expires, tz)}"
    days = (row.expires - now) // DAY
    return f"until {stamp(row.expires, tz)}" + (f", {days} days" if days > 1 else "")


def _fact(name: str, value: Any) -> Line:
    return line((f"{name:<8}", "dim"), (value, "text"), hang=8)


def _for(row: ExceptionRow, titles: Mapping[str, str]) -> list[Line]:
    if not row.rules:
        return [_fact("For", "all rules: such events never alert")]
    return [
        line((f"{'For' if not n else '':<8}", "dim"), (titles.get(rule, rule), "text"), hang=8)
        for n, rule in enumerate(row.rules)
    ]


def _where(row: ExceptionRow) -> list[Line]:
    out = []
    for n, term in enumerate(terms(row)):
        if term == EVERYTHING:
            out.append(_fact("Where", "everything the rule finds: it is switched off"))
            continue
        said = line(
            sp(f"{'Where' if not n else 'and':<8}", "dim"),
            sp(f"{term.field} {'in' if term.network else 'is'} ", "dim"),
            sp(term.value, "pivot"),
            hang=8,
            value=term.value,
        )
        out.append(said._replace(field=term.field))
    return out


def brief(row: ExceptionRow, now: int) -> Line:
    """One exception in a line, beside a rule."""
    found = status(row, now)
    said = f"  {whom(row)} · {row.hits:,} hits · {left(row, now)} · {row.reason}"
    return line((SIGNS[found], LOOKS[found]), (said, "dim" if found == "expired" else "text"), hang=10)
