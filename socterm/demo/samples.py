"""The sample files of the repository: each story as logs, and the truth about them line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from socterm.demo.model import SEED, Expected, Log, Step, Story
from socterm.demo.play import play
from socterm.demo.stories import stories

_HEAD = """\
# What the story holds and what must be found in it. Written by `python -m socterm.demo samples`.
# lines: numbers from 1, ranges inclusive. alerts: must be raised, on that entity; count where it is certain;
# superseded_by: a stronger rule that may speak instead. Beyond them nothing of level medium or higher.
# quiet: must not be raised. Working hours are judged in the zone named.
"""


def write_samples(folder: Path, names: Iterable[str] = ()) -> Iterator[Path]:
    """Write the logs and truths of these stories (all) into `folder`; yields each file written."""
    for name in list(names) or stories():
        story = stories()[name]
        steps = list(play(story))
        for log in story.logs:
            path = folder / file_name(story, log)
            lines = [step.line + "\n" for step in steps if step.log == log.name]
            path.write_text("".join(lines), encoding="utf-8", newline="\n")
            yield path
        path = folder / truth_name(story)
        files = {log.name: file_name(story, log) for log in story.logs}
        path.write_text(truth_text(truth(story, steps, files)), encoding="utf-8", newline="\n")
        yield path


def file_name(story: Story, log: Log) -> str:
    """`brute_force.log` where the story has but one log, else `break_in.auth.log`."""
    return f"{story.name}{Path(log.name).suffix}" if len(story.logs) == 1 else f"{story.name}.{log.name}"


def truth_name(story: Story) -> str:
    """`brute_force.truth.yml`."""
    return f"{story.name}.truth.yml"


def truth(
    story: Story,
    steps: Iterable[Step],
    files: dict[str, str],
    *,
    seed: int = SEED,
    start: datetime | None = None,
    before: dict[str, int] | None = None,
) -> dict[str, Any]:
    """The truth about a story as it was written: `files` says into which file each of its logs went.

    `before` is how many lines each file already had.
    """
    count = dict(before or {})
    lines: dict[str, dict[str, list[int]]] = {label: {} for label in story.steps}
    for step in steps:
        file = files[step.log]
        count[file] = count.get(file, 0) + 1
        lines[step.label].setdefault(file, []).append(count[file])
    begin = story.start if start is None else start
    return {
        "story": story.name,
        "says": story.says,
        **({"twin_of": story.twin_of} if story.twin_of else {}),
        "files": {file: count.get(file, 0) - (before or {}).get(file, 0) for file in files.values()},
        "seed": seed,
        "start": begin.isoformat(),
        "tz": begin.tzname() or "UTC",
        "steps": [
            {"label": label, "says": says, "lines": {f: ranges(n) for f, n in lines[label].items()}}
            for label, says in story.steps.items()
        ],
        "alerts": [_expected(entry) for entry in story.alerts],
        "quiet": [entry._asdict() for entry in story.quiet],
    }


def truth_text(*documents: dict[str, Any]) -> str:
    """Truths as YAML, one document a story."""
    text = yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=110)
    return _HEAD + text


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


def _expected(entry: Expected) -> dict[str, Any]:
    found: dict[str, Any] = {"rule": entry.rule, "entity": entry.entity, "steps": list(entry.steps)}
    if entry.events is not None:
        found["count"] = entry.events
    if entry.superseded_by:
        found["superseded_by"] = entry.superseded_by
    return found
