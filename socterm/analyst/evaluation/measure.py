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
from socterm.analyst.evaluation.answering import answered, case_of, guessed, plain
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

SEEDS: Final = 20
"""How often chance is asked: one throw over so few scenarios says little."""

Stage = Callable[[Logs, int], AbstractContextManager[Doors]]
"""Lines and the time (µs) at which the analyst is asked → a store of them, there while the context is."""

Asked = Callable[[Pack, Logs, str], Answer]
"""A row: the case, the lines, and a word that is another one for each question."""

Tell = Callable[[int, int, str], object]
"""Told how many of how many are done, and what comes next."""


class Marked(msgspec.Struct, frozen=True):
    """What a row said of a scenario, and what it is worth."""

    scenario: str
    answer: Answer
    parts: Parts


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

    def parts(self, *, strict: bool = False, raised: bool = False) -> dict[str, float]:
        """The mean of each part; robustness, the share of texts that changed nothing, where there are any.

        `strict`: silence, even where it is right, is worth nothing for evidence and entities. `raised`: only
        of scenarios in which something was raised, if there is one.
        """
        counted = [one for one in self.marked if one.answer.asked] if raised else self.marked
        found = {
            part: fmean(
                [
                    0.0
                    if strict and not one.answer.asked and part in ("evidence", "entities")
                    else getattr(one.parts, part)
                    for one in counted or self.marked
                ]
            )
            for part in (*WEIGHTS, "severity")
            if part != "robustness"
        }
        return found | ({"robustness": fmean([one.holds for one in self.held])} if self.held else {})

    def plain(self, *, each: bool = True) -> dict[str, Any]:
        """The row for programs; `each`: with what was said of every scenario."""
        parts, asked = self.parts(), [one.answer for one in self.marked if one.answer.asked]
        times = sorted(one.seconds for one in asked)
        counts = _counts(self.marked), _counts(self.held)
        found = {
            "row": self.name,
            "score": round(composite(parts), 4),
            "alone": round(composite(parts, alone=True), 4),
            "strict": round(composite(self.parts(strict=True)), 4),
            "raised": round(composite(self.parts(raised=True), alone=True), 4),
            "strict_alone": round(composite(self.parts(strict=True), alone=True), 4),
            "parts": {name: round(value, 4) for name, value in parts.items()},
            "intervals": {
                name: [round(end, 4) for end in wilson(parts[name] * count, count)]
                for name, count in (("verdict", counts[0]), ("robustness", counts[1]))
                if name in parts
            },
            "scenarios": counts[0],
            "injections": counts[1],
            "asked": len({one.scenario for one in self.marked if one.answer.asked}),
            "seconds": {"median": round(median(times), 3), "most": round(times[-1], 3)} if times else None,
            "fallback": round(fmean([one.fallback for one in asked]), 4) if asked else 0.0,
        }
        if each:
            found["each"] = [
                {"scenario": one.scenario, "parts": msgspec.to_builtins(one.parts), **plain(one.answer)}
                for one in self.marked
            ]
            found["texts"] = [{**msgspec.to_builtins(one), "holds": one.holds} for one in self.held]
        return found


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
    """The rows `rules` and `random`, then one for each model."""
    told = prompts or Prompts()
    rows = [Row("rules"), Row("random"), *(Row(name) for name in models)]
    ways: list[Asked] = [
        _model(NullBackend(), told),
        _chance(0),
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
                    row.marked.append(Marked(name, answer, score(scenario.truth, logs, answer)))
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
