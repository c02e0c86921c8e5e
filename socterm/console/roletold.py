"""A round of the analyst's five roles as lines: who said what, what the gates held back, what is proposed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from socterm.analyst.roles.told import Said, action, told
from socterm.console.lines import Line, cited_line, line, sp
from socterm.console.words import stamp
from socterm.store.doors.analyses import Proposal, Trace


def trace_lines(trace: Trace, proposals: Sequence[Proposal], tz: tzinfo, *, of: str = "") -> list[Line]:
    """All of it, the manager's word first; `of` says whose round it is where it is another's."""
    when = f" · {stamp(trace.at, tz)[:16]}" if trace.at else ""
    told_of = f" of {of}" if of else ""
    head = line(("Five roles", "soc"), (f"{told_of}  source: {trace.source}{when}", "dim"))
    lines = [_line(said) for said in told(trace)]
    return [head, Line(), *_proposals(proposals), *lines]


def _proposals(proposals: Sequence[Proposal]) -> list[Line]:
    if not proposals:
        return []
    out = [
        line(
            ("Proposals", "head"), ("  A shows what each would do; nothing is done by itself", "dim"), hang=2
        )
    ]
    for number, one in enumerate(proposals, 1):
        out.append(
            line((f"{number}. ", "dim"), (action(one), "text"), (f"  {one.why}", "dim"), hang=3)._replace(
                most=3
            )
        )
    return [*out, Line()]


def _line(said: Said) -> Line:
    if said.look == "head":
        return line((said.text, "head"), (f"  {said.label}", "dim"))
    if said.look == "note":
        return line(("· ", "count"), (said.text, "dim"), hang=2)
    look = "title" if said.look == "title" else "text"
    found = cited_line(said.text, look=look, hang=2)
    if said.alert:
        return found._replace(value=str(said.alert), event=0, alert=said.alert)
    return found._replace(event=said.event) if said.event else found


LINES: Final = 2
"""Lines of each proposal: what it does, and why."""


def proposal_lines(proposals: Sequence[Proposal], actor: str) -> list[Line]:
    """Exactly what each key would do, and in whose name."""
    out = []
    for number, one in enumerate(proposals, 1):
        out.append(line(sp(f"{number}  ", "key"), sp(action(one), "title"), hang=3))
        out.append(line((f"   {one.why}", "dim"), (f"  source: {one.source}", "dim"), hang=3))
    return [*out, Line(), line((f"It is decided in your name, {actor}; z takes it back.", "dim"))]
