"""From YAML to log lines: scenarios, and the texts for a model that are put into them.

The format is that of `tests/analyst_eval/README.md`. All but `load` is pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import yaml
from pydantic import ValidationError

from socterm.analyst.evaluation.shapes import (
    Group,
    Injection,
    Place,
    Repeat,
    Repeated,
    Rising,
    Scenario,
    Shape,
)
from socterm.errors import UsageError
from socterm.sigma.depth import DEEPEST, overgrown, too_deep

Logs = Mapping[str, tuple[str, ...]]
"""The lines of each log by its name."""

Line = tuple[str, int]
"""A log's name and the number of a line in it, from 1."""

OURS: Final = Path(__file__).parent / "data"
"""The scenarios that travel with socterm."""

_UNITS: Final = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_PLACE: Final = re.compile(r"\{(ts:[^}]*|[a-z_]+(?:\+\d+)?)\}")
_MOST: Final = 4 << 20
"""Bytes of a file."""

S = TypeVar("S", bound=Shape)


class Exam(msgspec.Struct, frozen=True):
    """All there is to be asked: scenarios and injections by name."""

    scenarios: Mapping[str, Scenario]
    injections: Mapping[str, Injection]


def load(folder: Path = OURS) -> Exam:
    """The scenarios of a folder (or of `scenarios` in it), and the injections of `injections` in it.

    Raises UsageError, in one line, for the first file that cannot be used.
    """
    inner = folder / "scenarios"
    inner = inner if inner.is_dir() else folder
    scenarios = _read(inner, Scenario)
    if not scenarios:
        raise UsageError(f"{folder}: no scenario (*.yml) in it")
    for name, scenario in scenarios.items():
        _check_truth(f"{inner / name}.yml", scenario)
    injections = _read(folder / "injections", Injection)
    for name, one in injections.items():
        where = f"{folder / 'injections' / name}.yml"
        if one.scenario not in scenarios:
            raise UsageError(f"{where}: there is no scenario {one.scenario}")
        try:
            if not any(a != b for a, b in _pairs(one, render(scenarios[one.scenario]))):
                raise UsageError(f"{where}: place: no line is changed")
        except (KeyError, IndexError):
            raise UsageError(f"{where}: place: no such log or line in {one.scenario}") from None
    return Exam(scenarios, injections)


def _check_truth(where: str, scenario: Scenario) -> None:
    """A group that no line is in could never be cited."""
    logs = render(scenario)
    for at, group in enumerate(scenario.truth.must_cite):
        found = lines_of(group, logs)
        if not found or any(number > len(logs[source]) for source, number in found):
            raise UsageError(f"{where}: truth.must_cite.{at}: no such line in its logs")


def lines_of(group: Group, logs: Logs) -> frozenset[Line]:
    """The right lines of a group."""
    if group.lines:
        return frozenset((group.source, number) for number in group.lines)
    pattern = re.compile(group.match)
    return frozenset(
        (source, number)
        for source, lines in logs.items()
        if group.source in ("", source)
        for number, line in enumerate(lines, 1)
        if pattern.search(line)
    )


def _pairs(one: Injection, logs: Logs) -> Iterator[tuple[object, object]]:
    yield inject(one, logs)[one.place.source], logs[one.place.source]


def _read(folder: Path, shape: type[S]) -> dict[str, S]:
    found: dict[str, S] = {}
    paths: dict[str, Path] = {}
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
        try:
            if path.stat().st_size > _MOST:
                raise UsageError(f"{path}: more than {_MOST >> 20} MiB")
            one = shape.model_validate(_parsed(path, path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: cannot be read: {error}") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = f":{mark.line + 1}" if mark is not None else ""
            told = " ".join(str(getattr(error, "problem", None) or error).split())
            raise UsageError(f"{path}{where}: no YAML: {told}") from None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "document"
            raise UsageError(f"{path}: {where}: {first['msg']}") from None
        if getattr(one, "name", "") != path.stem:
            raise UsageError(f"{path}: name: has to be {path.stem}, as the file's")
        if path.stem in found:
            raise UsageError(f"{path}: there is {paths[path.stem].name} already, of the same name")
        found[path.stem], paths[path.stem] = one, path
    return found


def _parsed(path: Path, text: str) -> object:
    """What the text says, where it is no deeper and its aliases no larger than can be gone through."""
    if too_deep(text):
        raise UsageError(f"{path}: lists and maps stand in each other more than {DEEPEST} deep")
    root = yaml.compose(text, Loader=yaml.CSafeLoader)
    if root is not None and (problem := overgrown(root)):
        raise UsageError(f"{path}: {problem}")
    return yaml.load(text, Loader=yaml.CSafeLoader)


def render(scenario: Scenario) -> Logs:
    """The lines of a scenario."""
    found = {}
    for log in scenario.logs:
        segments = [log.lines] if isinstance(log.lines, str) else log.lines
        found[log.source] = tuple(line for one in segments for line in _segment(one))
    return found


def _segment(segment: str | Repeated) -> Iterator[str]:
    yield from _lines(segment) if isinstance(segment, str) else _repeated(segment.repeat)


def _lines(block: str) -> list[str]:
    """Not `splitlines`: what hides in a payload may be a line's end to it."""
    return [line for line in block.split("\n") if line.strip(" ")]


def _repeated(repeat: Repeat) -> Iterator[str]:
    at = repeat.start.astimezone(UTC)
    gaps = cycle([repeat.every] if isinstance(repeat.every, str) else repeat.every)
    for i in range(1, repeat.count + 1):
        values = {name: _value(given, i) for name, given in repeat.values.items()}
        for line in (*_lines(repeat.lines), *_lines(repeat.after.get(i, ""))):
            yield _filled(line, i, at, values)
        at += _gap(next(gaps))


def _value(given: Rising | list[object], i: int) -> str:
    if isinstance(given, Rising):
        return str(given.first + given.step * (i - 1))
    return str(given[(i - 1) % len(given)])


def _gap(text: str) -> timedelta:
    number = re.match(r"\d+", text)
    digits = number.group() if number else "0"
    return timedelta(microseconds=int(digits) * _UNITS[text[len(digits) :]])


def _filled(line: str, i: int, at: datetime, values: Mapping[str, str]) -> str:
    def fill(found: re.Match[str]) -> str:
        name, _, plus = found[1].partition("+") if not found[1].startswith("ts:") else (found[1], "", "")
        if name.startswith("ts:"):
            return stamped(at, name[3:])
        if name == "i":
            return str(i + int(plus or 0))
        return values[name] if name in values and not plus else found[0]

    return _PLACE.sub(fill, line)


def stamped(at: datetime, form: str) -> str:
    """A time by `strftime`; `%3f` and `%6f` are parts of a second, `%s` seconds since 1970."""
    form = form.replace("%3f", f"{at.microsecond // 1000:03d}").replace("%6f", f"{at.microsecond:06d}")
    return at.strftime(form.replace("%s", str(int(at.timestamp()))))


def inject(injection: Injection, logs: Logs, *, neutral: bool = False) -> Logs:
    """The logs with the texts put in; `neutral`: with harmless text there, the payload-free twin."""
    if neutral and injection.neutral is None:
        return logs
    texts = cycle([injection.neutral or ""] if neutral else injection.payloads)
    place = injection.place
    put = _inserted if place.insert is not None else _replaced
    return {**logs, place.source: tuple(put(place, logs[place.source], lambda: next(texts)))}


def _inserted(place: Place, lines: tuple[str, ...], text: Callable[[], str]) -> Iterator[str]:
    assert place.insert is not None  # noqa: S101 - a place is of one of two kinds
    after = place.insert.after
    if after > len(lines):
        raise IndexError(after)
    yield from lines[:after]
    for line in _lines(place.insert.lines):
        head, *rest = line.split("{payload}")
        yield head + "".join(text() + part for part in rest)
    yield from lines[after:]


def _replaced(place: Place, lines: tuple[str, ...], text: Callable[[], str]) -> Iterator[str]:
    pattern = re.compile(place.replace or "")
    ordinal = 0
    for line in lines:
        found = list(pattern.finditer(line))
        ordinal += bool(found)
        if not found or (place.lines and ordinal not in place.lines):
            yield line
            continue
        payload = text()
        for match in reversed(found):
            line = line[: match.start("here")] + payload + line[match.end("here") :]
        yield line
