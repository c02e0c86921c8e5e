"""What the rules reach by the logs read here, as text beside the list of rules. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from socterm.console.lines import Line, line, sp
from socterm.console.rulereach import LogReached, Reach, TacticReached
from socterm.console.safe import fit
from socterm.console.words import number, plural

BAR = 10
MOST_LACKING = 12


def lines(found: Reach) -> list[Line]:
    """Tactics, kinds of log, and what rules wait for."""
    return [*_tactics(found), *_logs(found), *_lacking(found)]


def _tactics(found: Reach) -> Iterator[Line]:
    yield line(("Techniques of ATT&CK that rules in force find in the logs read here", "head"))
    yield line(
        ("█", "primary"), (" with a log that is read here  ", "dim"),
        ("▒", "count"), (" with a rule, but without its log  ", "dim"), ("░ without a rule", "dim"),
    )  # fmt: skip
    yield Line()
    yield from map(_tactic, found.tactics)


def _tactic(one: TacticReached) -> Line:
    full = round(BAR * one.here / one.known) if one.known else 0
    full = max(1, full) if one.here else 0
    half = max(0, round(BAR * (one.here + one.more) / one.known) - full) if one.known else 0
    return line(
        sp(fit(one.title, 22), "text"),
        sp("█" * full, "primary"),
        sp("▒" * half, "count"),
        sp("░" * (BAR - full - half), "dim"),
        sp(f"  {one.here:3} of {one.known:<3}", "text"),
        sp(f"  {plural(one.rules, 'rule')}", "dim"),
        sp(f"  +{one.more} by {plural(one.idle, 'rule')} without a log" if one.more else "", "count"),
        hang=34,
    )


def _logs(found: Reach) -> Iterator[Line]:
    yield Line()
    yield line(("Logs read here, and the rules that look at them", "head"))
    if not found.logs:
        yield line(("No format is known of any line yet.", "dim"))
    yield from map(_log, found.logs)


def _log(one: LogReached) -> Line:
    said = f"  {plural(one.rules, 'rule')}, {plural(one.techniques, 'technique')}"
    return line(
        sp(fit(one.dataset, 22), "text"),
        sp(f"{number(one.lines):>6} {'line ' if one.lines == 1 else 'lines'}", "dim"),
        sp(said if one.rules else "  no rule looks at it", "text" if one.rules else "medium"),
        hang=34,
        value=one.dataset,
    )._replace(field="event.dataset")


def _lacking(found: Reach) -> Iterator[Line]:
    if not found.idle:
        return
    yield Line()
    verb = "waits" if found.idle == 1 else "wait"
    yield line((f"{plural(found.idle, 'rule')} in force {verb} for logs that are not read here", "head"))
    for source, rules in found.lacking[:MOST_LACKING]:
        yield line(sp(fit(source, 34), "text"), sp(plural(rules, "rule"), "dim"))
    if len(found.lacking) > MOST_LACKING:
        yield line((f"… and {len(found.lacking) - MOST_LACKING} other kinds of log", "dim"))
