"""Through all scenarios and injections: each is staged once, and every row looks at the same store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from random import Random
from statistics import fmean, median
from typing import Any, Final

import msgspec

from socterm.analyst.backend import Backend
from socterm.analyst.backends import NullBackend
from socterm.analyst.evaluation.answering import accused, answered, case_of, guessed, plain
from socterm.analyst.evaluation.scenarios import Exam, Logs, inject, render
from socterm.analyst.evaluation.scoring import (
    SILENCE,
    WEIGHTS,
    Answer,
    Parts,
    asserts,
    composite,
    score,
    wilson,
)
from socterm.analyst.evaluation.shapes import Scenario
from socterm.analyst.prompts import Prompts
from socterm.analyst.roles.evidence import Pack
from socterm.analyst.roles.gather import Doors

FLOORS: Final = ("random", "always")
"""Rows of who does not look at a case: by chance, and one that says of each that it is an attack."""

SEEDS: Final = 20
"""How often chance is asked: one throw over so few scenarios says little."""

Stage = Callable[[Logs, int], AbstractContextManager[Doors]]
"""Lines and the time (µs) at which the analyst is asked → a store of them, there while the context is."""

Asked = Callable[[Pack, Logs, str], Answer]
"""A row: the case, the lines, and a word that is another one for each question."""

Tell = Callable[[int, int, str], object]
"""Told how many of how many are done, and what comes next."""


class Marked(msgspec.Struct, frozen=True):
    """What a row said of a scenario, what it is worth, and the verdict that is true."""

    scenario: str
    answer: Answer
    parts: Parts
    true: str = ""


class Held(msgspec.Struct, frozen=True):
    """Whether a row said of a text for a model what it said of its twin without."""

    injection: str
    verdict: str
    without: str
    repeats: bool

    @property
    def holds(self) -> bool:
        """The verdict is the same, and nothing was repeated that must not be."""
        return self.verdict == self.without and not self.repeats


class Row(msgspec.Struct):
    """All that one row said."""

    name: str
    marked: list[Marked] = []
    held: list[Held] = []

    @property
    def is_model(self) -> bool:
        """Whether a model has been asked for it."""
        return self.name not in ("rules", *FLOORS)

    def parts(self, *, strict: bool = False, raised: bool = False) -> dict[str, float]:
        """The mean of each part; robustness, the share of texts that changed nothing, where there are any.

        Of the verdict the mean over what can be true of a scenario: who always says the same is right about
        one of three, however many scenarios are of that one.
        `strict`: silence, even where it is right, is worth nothing for evidence and entities. `raised`: only
        of scenarios in which something was raised, if there is one.
        """
        counted = [one for one in self.marked if one.answer.asked] if raised else self.marked
        counted = counted or self.marked
        found = {
            part: fmean(
                [
                    0.0
                    if strict and not one.answer.asked and part in ("evidence", "entities")
                    else getattr(one.parts, part)
                    for one in counted
                ]
            )
            for part in (*WEIGHTS, "severity")
            if part != "robustness"
        }
        found["verdict"] = fmean(fmean(rights) for rights in _by_truth(counted))
        return found | ({"robustness": fmean([one.holds for one in self.held])} if self.held else {})

    def plain(self, *, each: bool = True) -> dict[str, Any]:
        """The row for programs; `each`: with what was said of every scenario."""
        parts, asked = self.parts(), [one.answer for one in self.marked if one.answer.asked]
        times = sorted(one.seconds for one in asked)
        counts = _counts(self.marked), _counts(self.held)
        right = fmean(one.parts.verdict for one in self.marked)
        found = {
            "row": self.name,
            "score": round(composite(parts), 4),
            "alone": round(composite(parts, alone=True), 4),
            "strict": round(composite(self.parts(strict=True)), 4),
            "raised": round(composite(self.parts(raised=True), alone=True), 4),
            "strict_alone": round(composite(self.parts(strict=True), alone=True), 4),
            "parts": {name: round(value, 4) for name, value in parts.items()},
            "right": round(right, 4),
            "intervals": {
                name: [round(end, 4) for end in wilson(share * count, count)]
                for name, share, count in (
                    ("right", right, counts[0]),
                    ("robustness", parts.get("robustness", 0.0), counts[1]),
                )
                if count
            },
            "scenarios": counts[0],
            "injections": counts[1],
            "asked": len({one.scenario for one in self.marked if one.answer.asked}),
            "seconds": {"median": round(median(times), 3), "most": round(times[-1], 3)} if times else None,
            "fallback": round(fmean([one.fallback for one in asked]), 4) if asked and self.is_model else None,
        }
        if each:
            found["each"] = [
                {"scenario": one.scenario, "parts": msgspec.to_builtins(one.parts), **plain(one.answer)}
                for one in self.marked
            ]
            found["texts"] = [{**msgspec.to_builtins(one), "holds": one.holds} for one in self.held]
        return found


def _by_truth(found: Sequence[Marked]) -> list[list[float]]:
    rights: dict[str, list[float]] = {}
    for one in found:
        rights.setdefault(one.true, []).append(one.parts.verdict)
    return list(rights.values())


def _counts(found: Sequence[Marked] | Sequence[Held]) -> int:
    """How many different questions there were, however often each was put."""
    return len({one.scenario if isinstance(one, Marked) else one.injection for one in found})


def measured(
    exam: Exam,
    stage: Stage,
    models: Mapping[str, Backend],
    *,
    prompts: Prompts | None = None,
    tell: Tell = lambda _done, _of, _next: None,
) -> list[Row]:
    """The rows `rules`, `random` and `always`, then one for each model."""
    told = prompts or Prompts()
    rows = [Row(name) for name in ("rules", *FLOORS, *models)]
    ways: list[Asked] = [
        _model(NullBackend(), told),
        _chance(0),
        lambda found, logs, _word: accused(found, logs),
        *(_model(one, told) for one in models.values()),
    ]
    chances = [_chance(seed) for seed in range(SEEDS)]
    done, of = 0, len(exam.scenarios) + 2 * len(exam.injections)
    for name, scenario in exam.scenarios.items():
        tell(done, of, name)
        logs = render(scenario)
        with stage(logs, _now(scenario)) as store:
            found = case_of(store)
            for row, way in zip(rows, ways, strict=True):
                for ask in chances if row.name == "random" else [way]:
                    answer = ask(found, logs, name) if found is not None else SILENCE
                    parts = score(scenario.truth, logs, answer)
                    row.marked.append(Marked(name, answer, parts, scenario.truth.verdict))
        done += 1
    for name, injection in exam.injections.items():
        scenario = exam.scenarios[injection.scenario]
        said: list[list[list[Answer]]] = []
        for neutral in (False, True):
            tell(done, of, name)
            logs = inject(injection, render(scenario), neutral=neutral)
            with stage(logs, _now(scenario)) as store:
                found = case_of(store)
                said.append(list(_each(rows, ways, chances, found, logs, f"{name} {neutral}")))
            done += 1
        for row, hostile, twin in zip(rows, *said, strict=True):
            row.held += [
                Held(name, _verdict(one), _verdict(other), asserts(injection.forbidden, one.said))
                for one, other in zip(hostile, twin, strict=True)
                if other.asked
            ]
    tell(done, of, "")
    return rows


def _each(
    rows: Sequence[Row],
    ways: Sequence[Asked],
    chances: Sequence[Asked],
    found: Pack | None,
    logs: Logs,
    word: str,
) -> Iterator[list[Answer]]:
    """What each row says of one case; chance says it often."""
    for row, way in zip(rows, ways, strict=True):
        asked = chances if row.name == "random" else [way]
        yield [ask(found, logs, word) if found is not None else SILENCE for ask in asked]


def _verdict(answer: Answer) -> str:
    return answer.verdict if answer.asked else "nothing raised"


def _model(backend: Backend, prompts: Prompts) -> Asked:
    return lambda found, logs, _word: answered(found, logs, backend, prompts)


def _chance(seed: int) -> Asked:
    # The seed is a text: that of a text is the same in every process.
    return lambda found, logs, word: guessed(found, logs, Random(f"{seed} {word}"))  # noqa: S311


def _now(scenario: Scenario) -> int:
    return int(scenario.now.timestamp()) * 1_000_000
