"""From a case in a store to an answer that can be scored: by rules, by a model, or by chance."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from random import Random
from typing import Any, Final, TypeVar

from socterm.alerts.levels import LEVELS, rank_of
from socterm.alerts.states import STATES
from socterm.analyst.backend import Backend
from socterm.analyst.evaluation.scenarios import Line, Logs
from socterm.analyst.evaluation.scoring import Answer, event_lines
from socterm.analyst.explain import RULES
from socterm.analyst.prompts import Prompts
from socterm.analyst.roles import asking
from socterm.analyst.roles.evidence import Pack
from socterm.analyst.roles.forms import VERDICTS
from socterm.analyst.roles.gather import Doors, gather
from socterm.analyst.roles.pack import INJECTION_TAG, pack
from socterm.analyst.roles.run import Round
from socterm.store.doors.analyses import Trace

T = TypeVar("T")


def case_of(store: Doors) -> Pack | None:
    """The gravest incident, or the gravest alert where there is none; None where nothing was raised.

    What was raised about text for a model alone is not asked about: it says nothing of what happened.
    """
    stories = []
    for one in store.incidents.all():
        page = store.incidents.page(one.id)
        if page is not None and any(INJECTION_TAG not in alert.tags for alert in page.alerts):
            stories.append((-rank_of(one.level), -len(page.alerts), one.id))
    if stories:
        return pack(gather(store, f"incident:{min(stories)[2]}"))
    rows = store.triage.alerts(states=STATES)
    alerts = [(-rank_of(row.level), row.first, row.id) for row in rows if INJECTION_TAG not in row.tags]
    return pack(gather(store, f"alert:{min(alerts)[2]}")) if alerts else None


def answered(
    found: Pack, logs: Logs, backend: Backend, prompts: Prompts, clock: Callable[[], float] = time.monotonic
) -> Answer:
    """What the five roles say of a case with this model, or without one."""
    began = clock()
    round_ = Round(found, backend.at("triage"), prompts=prompts)
    *_, trace = (round_.drafted(), *round_.refined())
    return _answer(found, logs, trace, clock() - began)


def _answer(found: Pack, logs: Logs, trace: Trace, seconds: float) -> Answer:
    out = {run.stage: run.output for run in trace.runs}
    threat, told, manager = out["threat"], out["explanation"], out["manager"]
    lines = cited_lines(found, logs)
    asserted = [told["headline"], told["why"], *manager["next_steps"]]
    said = [*asserted, told["innocent"], *manager["questions"]]
    said += [text for one in threat["hypotheses"] for text in (one["title"], one["note"])]
    said += [text for one in manager["actions"] for text in (one["text"], one["why"])]
    return Answer(
        verdict=threat["verdict"],
        severity=threat["severity"],
        entities=tuple(
            (one["field"], one["value"]) for one in out["context"]["roles"] if one["role"] != "unclear"
        ),
        techniques=tuple(threat["techniques"]),
        cited=tuple(_each(lines, [*threat["evidence"], *(one["event"] for one in told["timeline"])])),
        rests=tuple(_each(lines, threat["evidence"])),
        asserted="\n".join(asserted),
        said="\n".join(said),
        form=sum(not any(map(_held_back, run.notes)) for run in trace.runs) / len(trace.runs),
        seconds=seconds,
        fallback=sum(run.source == RULES for run in trace.runs) / len(trace.runs),
    )


_REMARKS: Final = ("does not fit", "names nothing", "unverified", "no technique", "may not propose")


def _held_back(note: str) -> bool:
    return any(remark in note for remark in _REMARKS)


def cited_lines(found: Pack, logs: Logs) -> dict[str, frozenset[Line]]:
    """Alias of an event → the lines it is made of. The source of an event is the file it was read from."""
    return {
        one.alias: event_lines(PurePath(one.row.source).name, one.row.position + 1, logs)
        for one in found.events
    }


def _each(lines: Mapping[str, frozenset[Line]], aliases: Sequence[str]) -> Iterator[frozenset[Line]]:
    return (lines[alias] for alias in dict.fromkeys(aliases) if alias in lines)


def guessed(found: Pack, logs: Logs, chance: Random) -> Answer:
    """Choices by chance among all that the schemas allow of this case: the floor."""
    lines = cited_lines(found, logs)
    events = list(lines)
    rests = _some(chance, events, 12)
    steps = _some(chance, events, 10)
    things = [(thing.field, thing.value) for thing in found.things]
    return Answer(
        verdict=chance.choice(VERDICTS),
        severity=chance.choice(LEVELS),
        entities=tuple(_some(chance, things, 8)),
        techniques=tuple(_some(chance, asking.techniques(found), 8)),
        cited=tuple(_each(lines, [*rests, *steps])),
        rests=tuple(_each(lines, rests)),
    )


def accused(found: Pack, logs: Logs) -> Answer:
    """The same of every case, without a look at it: an attack, by all that is named, told by every event."""
    lines = cited_lines(found, logs)
    every = tuple(_each(lines, list(lines)))
    return Answer(
        verdict="true_positive",
        severity="high",
        entities=tuple((thing.field, thing.value) for thing in found.things),
        techniques=tuple(asking.techniques(found)[:1]),
        cited=every,
        rests=every,
    )


def _some(chance: Random, among: Sequence[T], most: int) -> list[T]:
    return chance.sample(among, chance.randint(0, min(most, len(among))))


def plain(answer: Answer) -> dict[str, Any]:
    """An answer for programs."""
    return {
        "verdict": answer.verdict if answer.asked else None,
        "severity": answer.severity if answer.asked else None,
        "entities": [f"{field}={value}" for field, value in answer.entities],
        "techniques": list(answer.techniques),
        "cited": sorted({f"{source}:{number}" for lines in answer.cited for source, number in lines}),
        "seconds": round(answer.seconds, 3),
    }
