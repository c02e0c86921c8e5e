"""What an empty list of alerts says: what is followed, and what to press. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from socterm.console.lines import Line, hint, line

SHOWN = 4
"""Sources that are named."""


def welcome(
    sources: Sequence[tuple[str, str]], *, filtered: bool, loading: bool, doubts: Sequence[str] = ()
) -> list[Line]:
    """For sources with their notes; `filtered` where a filter hides what there is, `doubts` say what may be
    mistyped in it."""
    if filtered:
        return hint("  No alert passes the filter. F switches it off.", *doubts)
    said = "Nothing matched a rule yet." if sources else "No source is followed."
    out = [line(("  No alerts. ", "text"), ("Loading rules …" if loading else said, "dim"))]
    out += [
        line(("  following ", "dim"), (name, "text"), (f"  {note}" if note else "", "count"))
        for name, note in sources[:SHOWN]
    ]
    if not sources and not loading:
        out.append(
            line(
                ("  socterm --tail FILE", "key"), (" follows a log, ", "dim"),
                ("socterm demo", "key"), (" plays an attack.", "dim"),
            )
        )  # fmt: skip
    keys = (("  ?", " all keys   "), ("3", " stream   "), ("/", " filter   "), ("q", " quit"))
    out.append(line(*[part for key, does in keys for part in ((key, "key"), (does, "dim"))]))
    return out
