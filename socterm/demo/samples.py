"""The sample files of the repository: the story as a log, and the truth about it line by line."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from socterm.demo.story import SEED, START, Step, render
from socterm.demo.truth import ALERTS, QUIET, STEPS

LOG = "story_auth.log"
TRUTH = "story_auth.truth.yml"
_HEAD = f"""\
# What {LOG} holds and what must be found in it. Written by `python -m socterm.demo samples`.
# lines: numbers from 1, ranges inclusive. alerts: must be raised, on that entity; count where it is certain.
# quiet: must not be raised. Stamps are UTC; working hours are judged in that zone.
"""


def write_samples(folder: Path, *, seed: int = SEED, start: datetime = START) -> tuple[Path, Path]:
    """Write the log and its truth into `folder`; the same arguments give the same bytes."""
    steps = list(render(seed, start))
    log, truth = folder / LOG, folder / TRUTH
    log.write_text("".join(step.line + "\n" for step in steps), encoding="utf-8", newline="\n")
    document = {
        "file": LOG,
        "seed": seed,
        "start": start.isoformat(),
        "tz": "UTC",
        "lines": len(steps),
        "steps": _steps(steps),
        "alerts": [_expected(entry._asdict()) for entry in ALERTS],
        "quiet": [entry._asdict() for entry in QUIET],
    }
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=110)
    truth.write_text(_HEAD + text, encoding="utf-8", newline="\n")
    return log, truth


def ranges(numbers: Iterable[int]) -> str:
    """Line numbers as a person writes them.

    >>> ranges([1, 2, 3, 7, 9, 10])
    '1-3, 7, 9-10'
    """
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in found)


def _steps(steps: list[Step]) -> list[dict[str, str]]:
    lines: dict[str, list[int]] = {label: [] for label in STEPS}
    for number, step in enumerate(steps, 1):
        lines[step.label].append(number)
    return [{"label": label, "says": says, "lines": ranges(lines[label])} for label, says in STEPS.items()]


def _expected(entry: dict[str, Any]) -> dict[str, Any]:
    count = entry.pop("events")
    return {**entry, "steps": list(entry["steps"])} | ({} if count is None else {"count": count})
