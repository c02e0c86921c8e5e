"""A round in words: lines for a terminal and for the AI tab, and the narrative of a report. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Literal, Protocol

import msgspec

from socterm.analyst.explain import RULES
from socterm.analyst.roles.forms import ROLES
from socterm.store.doors.analyses import Proposal, StageRun, Trace
from socterm.store.protocols import Analyses

Look = Literal["head", "title", "text", "dim", "note"]


class Said(msgspec.Struct, frozen=True):
    """A line: its text, how it looks (`head` of a role, `title`, `text`, `dim` for its label, `note` of a
    gate), the label beside a head, and the event or alert it leads to."""

    text: str
    look: Look = "text"
    label: str = ""
    event: int = 0
    alert: int = 0


ORDER: Final = ("manager", "explanation", "threat", "context", "ingestion")
"""The last word first: who reads it wants to know what to do."""


def told(trace: Trace) -> list[Said]:
    """All five roles, the manager first."""
    runs = {run.stage: run for run in trace.runs}
    found: list[Said] = []
    for stage in ORDER:
        run = runs.get(stage)
        if run is not None:
            found += [Said(ROLES[stage], "head", f"source: {run.source}")]
            found += _WRITERS[stage](run.output, trace.ids)
            found += [Said(note, "note") for note in run.notes]
            found.append(Said(""))
    return found


def cite(alias: str, ids: Mapping[str, int]) -> str:
    """An alias as it is cited: the event's or alert's number; "" for one that names nothing."""
    if alias not in ids:
        return ""
    return f"[#{ids[alias]}]" if alias[0] == "E" else f"alert {ids[alias]}"


def _cited(aliases: Any, ids: Mapping[str, int]) -> str:
    return " ".join(said for alias in aliases if (said := cite(str(alias), ids)))


def _word(value: object) -> str:
    return str(value).replace("_", " ")


def _manager(out: Mapping[str, Any], _ids: Mapping[str, int]) -> Iterator[Said]:
    yield Said(f"{out['priority']} · {_word(out['disposition'])}", "title")
    yield from (Said(f"{n}. {step}") for n, step in enumerate(out["next_steps"], 1))
    yield from (Said(f"? {question}") for question in out["questions"])


def _explanation(out: Mapping[str, Any], ids: Mapping[str, int]) -> Iterator[Said]:
    yield Said(out["headline"], "title")
    for step in out["timeline"]:
        yield Said(f"{step['text']} {cite(step['event'], ids)}", event=ids.get(step["event"], 0))
    if out["why"]:
        yield Said(f"Why it matters: {out['why']}")
    if out["innocent"]:
        yield Said(f"Or harmless: {out['innocent']}")


def _threat(out: Mapping[str, Any], ids: Mapping[str, int]) -> Iterator[Said]:
    yield Said(f"{_word(out['verdict'])} · {out['severity']} · confidence {out['confidence']} %", "title")
    if out["techniques"]:
        yield Said(f"ATT&CK: {', '.join(out['techniques'])}")
    for one in out["hypotheses"]:
        support, against = _cited(one["support"], ids), _cited(one["against"], ids)
        told = f"{one['likelihood']}: {one['title']}" + (f". {one['note']}" if one["note"] else "")
        told += f" · for {support}" if support else ""
        yield Said(told + (f" · against {against}" if against else ""))
    if out["evidence"]:
        yield Said(f"Rests on {_cited(out['evidence'], ids)}")


def _context(out: Mapping[str, Any], ids: Mapping[str, int]) -> Iterator[Said]:
    for one in out["roles"]:
        note = f", {one['note']}" if one["note"] else ""
        yield Said(f"{one['role']}: {one['field']} {one['value']} ({one['baseline']}{note})")
    for one in out["related"]:
        yield Said(f"{cite(one['alert'], ids)}: {one['why']}", alert=ids.get(one["alert"], 0))
    yield from (Said(f"Before: {memory}") for memory in out["memory"])


def _ingestion(out: Mapping[str, Any], ids: Mapping[str, int]) -> Iterator[Said]:
    yield Said(f"evidence: {out['quality']}", "title")
    for one in out["sources"]:
        understood = f", {one['understood']} % understood" if one["understood"] >= 0 else ""
        note = f", {one['note']}" if one["note"] else ""
        yield Said(f"{one['name']}: {one['events']:,} of its events here{understood}{note}")
    yield from (Said(f"Gap: {gap}") for gap in out["gaps"])
    for one in out["key_events"]:
        yield Said(f"{cite(one['event'], ids)} {one['why']}", event=ids.get(one["event"], 0))


_WRITERS: Final[dict[str, Callable[[Mapping[str, Any], Mapping[str, int]], Iterator[Said]]]] = {
    "ingestion": _ingestion,
    "threat": _threat,
    "context": _context,
    "explanation": _explanation,
    "manager": _manager,
}


def action(proposal: Proposal) -> str:
    """Exactly what applying a proposal does, in one line."""
    details = proposal.details
    target = proposal.target.replace(":", " ")
    if proposal.verb == "escalate":
        return f"escalate {target} to an incident"
    if proposal.verb == "note":
        return f"write on {target}: {details.get('text', '')}"
    if proposal.verb == "close":
        return f"close {target} as {_word(details.get('verdict', 'undetermined'))}"
    return f"{proposal.verb} {target}"


def narrative(trace: Trace) -> str:
    """What an incident's report tells of it: paragraphs, who said them first."""
    runs = {run.stage: run for run in trace.runs}
    lines = []
    for stage in ("explanation", "threat", "manager"):
        run = runs.get(stage)
        if run is not None:
            told = [said.text for said in _WRITERS[stage](run.output, trace.ids) if said.text]
            lines += [f"{ROLES[stage]} (source: {run.source}): {told[0]}", *told[1:]]
    return "\n".join(lines)


class Keeping(Protocol):
    """What of a store has the rounds."""

    @property
    def analyses(self) -> Analyses:
        """What the roles said."""


def kept_narrative(store: Keeping, incident: int) -> str:
    """The narrative of the last round over an incident; "" where there was none."""
    trace = store.analyses.latest(f"incident:{incident}")
    return narrative(trace) if trace is not None else ""


def plain(trace: Trace, proposals: Any = ()) -> dict[str, Any]:
    """A round as JSON says it."""
    return {
        "about": trace.about,
        "at": trace.at,
        "actor": trace.actor,
        "level": trace.level,
        "source": trace.source,
        "stages": {run.stage: _stage(run) for run in trace.runs},
        "aliases": trace.ids,
        "proposals": [
            {"id": one.id, "verb": one.verb, "target": one.target, "details": one.details,
             "action": action(one), "why": one.why, "source": one.source, "state": one.state}
            for one in proposals
        ],
    }  # fmt: skip


def _stage(run: StageRun) -> dict[str, Any]:
    return {"role": ROLES[run.stage], "source": run.source, "notes": list(run.notes),
            "seconds": round(run.took / 1_000_000, 3), **run.output}  # fmt: skip


LABEL: Final = f"source: {RULES}"
"""How the drafts are labelled."""
