"""Renders the analyst's evaluation data by the rules of tests/analyst_eval/README.md, from those rules alone.

A second reading of the format, kept apart from the loader that ships: where the two differ, one of them or
the page is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import yaml
from socterm.analyst.evaluation.scenarios import OURS

HERE = Path(__file__).parent / "analyst_eval"
_UNITS = {"ms": 1000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}  # µs
_PLACE = re.compile(r"\{(?:(ts):([^}]*)|([a-z_]+)(?:\+(\d+))?)\}")

Document = dict[str, Any]
Logs = dict[str, list[str]]


def documents(folder: str) -> dict[str, Document]:
    """Every YAML document of a folder by its file's name without the suffix."""
    return {
        path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        for path in sorted((OURS / folder).glob("*.yml"))
    }


def render(scenario: Document) -> Logs:
    """The lines of each log of a scenario, by `source`."""
    return {log["source"]: list(_segments(log["lines"])) for log in scenario["logs"]}


def inject(injection: Document, logs: Logs, *, neutral: bool = False) -> Logs:
    """The scenario's logs with the payloads put in, or with the harmless text of the payload-free twin."""
    place = injection["place"]
    source = place["source"]
    if neutral and "neutral" not in injection:
        return logs
    texts = [injection["neutral"]] if neutral else injection["payloads"]
    numbers = count()

    def following() -> str:
        return str(texts[next(numbers) % len(texts)])

    changed = _inserted if "insert" in place else _replaced
    return {**logs, source: changed(place, logs[source], following)}


def moment(text: str) -> datetime:
    """An ISO time with a zone."""
    return datetime.fromisoformat(text)


def _inserted(place: Document, lines: list[str], following: Callable[[], str]) -> list[str]:
    insert = place["insert"]
    new = [re.sub(r"\{payload\}", lambda _: following(), line) for line in _block(insert["lines"])]
    return [*lines[: insert["after"]], *new, *lines[insert["after"] :]]


def _replaced(place: Document, lines: list[str], following: Callable[[], str]) -> list[str]:
    pattern = re.compile(place["replace"])
    found = [number for number, line in enumerate(lines) if pattern.search(line)]
    chosen = {found[ordinal - 1] for ordinal in place.get("lines", range(1, len(found) + 1))}
    return [_with_here(pattern, line, following()) if n in chosen else line for n, line in enumerate(lines)]


def _with_here(pattern: re.Pattern[str], line: str, payload: str) -> str:
    for match in reversed(list(pattern.finditer(line))):
        line = line[: match.start("here")] + payload + line[match.end("here") :]
    return line


def _segments(lines: str | list[Any]) -> Iterator[str]:
    for segment in [lines] if isinstance(lines, str) else lines:
        if isinstance(segment, str):
            yield from _block(segment)
        else:
            yield from _repeated(segment["repeat"])


def _block(text: str) -> list[str]:
    # Not splitlines(): hidden characters of a payload may be line separators to it.
    return [line for line in text.split("\n") if line.strip(" ")]


def _repeated(repeat: Document) -> Iterator[str]:
    now = moment(repeat["start"])
    gaps = repeat["every"] if isinstance(repeat["every"], list) else [repeat["every"]]
    for i in range(1, repeat["count"] + 1):
        values = {name: _value(values, i) for name, values in repeat.get("with", {}).items()}
        for block in (repeat["lines"], repeat.get("after", {}).get(i, "")):
            for line in _block(block):
                yield _filled(line, i, now, values)
        now += _gap(gaps[(i - 1) % len(gaps)])


def _value(values: list[Any] | dict[str, int], i: int) -> str:
    if isinstance(values, dict):
        return str(values["from"] + values["step"] * (i - 1))
    return str(values[(i - 1) % len(values)])


def _gap(text: str) -> timedelta:
    match = re.fullmatch(r"(\d+)(ms|s|m|h|d)", text)
    if match is None:
        raise ValueError(f"not a gap: {text!r}; write a whole number and ms, s, m, h or d")
    return timedelta(microseconds=int(match[1]) * _UNITS[match[2]])


def _filled(line: str, i: int, now: datetime, values: dict[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        if match[1]:
            return _stamp(now, match[2])
        if match[3] == "i":
            return str(i + int(match[4] or 0))
        return values[match[3]] if match[3] in values and match[4] is None else match[0]

    return _PLACE.sub(fill, line)


def _stamp(now: datetime, form: str) -> str:
    now = now.astimezone(UTC)
    for mark, text in (
        ("%3f", f"{now.microsecond // 1000:03d}"),
        ("%6f", f"{now.microsecond:06d}"),
        ("%s", str(int(now.timestamp()))),
    ):
        form = form.replace(mark, text)
    return now.strftime(form)
