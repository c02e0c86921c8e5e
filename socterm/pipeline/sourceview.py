"""A source's counters as people read them: on the Sources screen and in `sources list`."""

from __future__ import annotations

from typing import Final

from socterm.store.rows import SourceRow

FRESH: Final = 60_000_000
"""µs after which the rate of a source that wrote nothing since is 0."""

_UNITS: Final = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def share(row: SourceRow) -> str:
    """The share of lines that some format knew."""
    return f"{100 * row.decoded / row.lines:.1f}%" if row.lines else "-"


def rate(row: SourceRow, now: int) -> float:
    """Lines per second at `now` (µs)."""
    return row.rate if now - row.updated < FRESH else 0.0


def age(row: SourceRow, now: int) -> str:
    """How long before `now` (µs) its newest event happened: `5 min`; `in 5 min` where that is yet to come."""
    if not row.newest:
        return "-"
    seconds = (now - row.newest) // 1_000_000
    ahead = "in " if seconds < 0 else ""
    for size, unit in _UNITS:
        if abs(seconds) >= size:
            return f"{ahead}{abs(seconds) // size} {unit}"
    return "now"


def commonest(row: SourceRow, most: int = 3) -> str:
    """Its commonest formats: `sshd 80%, cron 15%, 4 more`."""
    known = sorted(row.formats.items(), key=lambda item: -item[1])
    if not known:
        return "-"
    shown = [f"{name} {100 * number / max(1, row.lines):.0f}%" for name, number in known[:most]]
    return ", ".join(shown) + (f", {len(known) - most} more" if len(known) > most else "")


def trouble(row: SourceRow) -> str:
    """What a person should know first: a note of the source, what it dropped, what was broken."""
    dropped = sum(row.drops.values())
    said = [row.note, f"{dropped} dropped" if dropped else "", row.error]
    return "; ".join(part for part in said if part)
