"""The sample files of the repository: each story as logs, and the truth about them line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from socterm.demo.model import SEED, Expected, Step, Story
from socterm.demo.play import play
from socterm.demo.stories import stories

_HEAD = """\
# What the story holds and what must be found in it. Written by `python -m socterm.demo samples`.
# lines: numbers from 1, ranges inclusive. alerts: must be raised, on that entity; count where it is certain;
# superseded_by: a stronger rule that may speak instead. Beyond them nothing of level medium or higher.
# quiet: must not be raised. Working hours are judged in the zone named.
"""


_README = """\
<!-- Written by `python -m socterm.demo samples`: change the stories, not this. -->

# Sample logs

Logs of our own in which each line is known for what it is: attack stories, and twins that only look like
one. Beside each story `<story>.truth.yml` says which lines belong to which part of it, which alerts must be
raised on whom, and which must not; beyond those nothing of level medium or higher may be raised. Where alerts
of two rules say the same of the same entity, the stronger one may speak alone (`superseded_by`).

```
socterm scan sample_logs/new_admin.log      # look for the attack in it
socterm demo new_admin                      # watch it happen in the console
socterm generate new_admin --seed 7         # the same attack on another day: docs/generator.md
```

Names are made up; our own machines have private addresses, everybody else those kept for documentation and
benchmarks. The logs are what `socterm generate` writes with its default seed and start.

| story | what happens | files | alerts due |
|---|---|---|---|
"""


def write_samples(folder: Path, names: Iterable[str] = ()) -> Iterator[Path]:
    """Write the logs and truths of these stories (all) into `folder`; yields each file written."""
    for name in list(names) or stories():
        story = stories()[name]
        ledger = Ledger(story, file_names(story))
        lines: dict[str, list[str]] = {log.name: [] for log in story.logs}
        for step in play(story):
            ledger.add(step)
            lines[step.log].append(step.line + "\n")
        for log, file in file_names(story).items():
            yield _written(folder / file, "".join(lines[log]))
        yield _written(folder / truth_name(story), truth_text(ledger.truth()))
    yield _written(folder / "README.md", _README + "\n".join(_rows()) + "\n")


def _rows() -> Iterator[str]:
    for story in stories().values():
        files = ", ".join(f"`{file}`" for file in file_names(story).values())
        due = ", ".join(f"`{rule}`" for rule in dict.fromkeys(entry.rule for entry in story.alerts))
        quiet = f"nothing: the benign twin of `{story.twin_of}`" if story.twin_of else "nothing"
        yield f"| {story.name} | {story.says} | {files} | {due or quiet} |"


def _written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def file_names(story: Story) -> dict[str, str]:
    """Log → the name of its file: `brute_force.log` where there is but one, else `break_in.auth.log`."""
    if len(story.logs) == 1:
        return {story.logs[0].name: f"{story.name}{Path(story.logs[0].name).suffix}"}
    return {log.name: f"{story.name}.{log.name}" for log in story.logs}


def truth_name(story: Story) -> str:
    """`brute_force.truth.yml`."""
    return f"{story.name}.truth.yml"


class Ledger:
    """Keeps, while a story's lines are written, which line of which file belongs to which part of it.

    `files` says into which file each of its logs goes; several may share one. `count` is how many lines each
    file has; it is shared by all that write to the same files.
    """

    def __init__(self, story: Story, files: dict[str, str], count: dict[str, int] | None = None) -> None:
        self._story = story
        self._files = files
        self._count = {} if count is None else count
        self._own = dict.fromkeys(files.values(), 0)
        self._ranges: dict[str, dict[str, list[list[int]]]] = {label: {} for label in story.steps}

    def add(self, step: Step) -> None:
        """One more line was written."""
        file = self._files[step.log]
        number = self._count[file] = self._count.get(file, 0) + 1
        self._own[file] += 1
        ranges = self._ranges[step.label].setdefault(file, [])
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])

    def truth(self, *, seed: int = SEED, start: datetime | None = None) -> dict[str, Any]:
        """The truth about the story as it was written."""
        story = self._story
        begin = story.start if start is None else start
        return {
            "story": story.name,
            "says": story.says,
            **({"twin_of": story.twin_of} if story.twin_of else {}),
            "files": self._own,
            "seed": seed,
            "start": begin.isoformat(),
            "tz": begin.tzname() or "UTC",
            "steps": [
                {
                    "label": label,
                    "says": says,
                    "lines": {file: shown(found) for file, found in self._ranges[label].items()},
                }
                for label, says in story.steps.items()
            ],
            "alerts": [_expected(entry) for entry in story.alerts],
            "quiet": [entry._asdict() for entry in story.quiet],
        }


class _Spelt(yaml.SafeDumper):
    """Writes a value that stands in several places in each: a truth is read by people."""

    def ignore_aliases(self, _data: object) -> bool:
        """All of them."""
        return True


def truth_text(*documents: dict[str, Any]) -> str:
    """Truths as YAML, one document a story."""
    text = yaml.dump_all(documents, Dumper=_Spelt, sort_keys=False, allow_unicode=True, width=110)
    return _HEAD + text


def shown(ranges: Iterable[Sequence[int]]) -> str:
    """Line numbers as a person writes them.

    >>> shown([[1, 3], [7, 7], [9, 10]])
    '1-3, 7, 9-10'
    """
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def _expected(entry: Expected) -> dict[str, Any]:
    found: dict[str, Any] = {"rule": entry.rule, "entity": entry.entity, "steps": list(entry.steps)}
    if entry.events is not None:
        found["count"] = entry.events
    if entry.superseded_by:
        found["superseded_by"] = entry.superseded_by
    return found
