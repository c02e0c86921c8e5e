"""What is found in each story of `sample_logs/`: what its truth names, and nothing else of weight."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from socterm.alerts.levels import LEVELS
from socterm.assets import sample_logs_dir
from socterm.demo import play, stories, write_samples
from socterm.pipeline.forms import forms_of
from socterm.pipeline.scan import Scan
from socterm.pipeline.survey import Surveyor
from socterm.sources.finding import Finder
from tests.pack import PACK

FOLDER = sample_logs_dir()
TRUTHS = sorted(path.name.removesuffix(".truth.yml") for path in FOLDER.glob("*.truth.yml"))
NOW = 1_795_000_000_000_000


@dataclass(frozen=True)
class Found:
    """An alert: its rule's name, what it is about, and the lines it rests on."""

    rule: str
    level: str
    entity: tuple[tuple[str, str], ...]
    count: int
    lines: frozenset[tuple[str, int]]

    def about(self, rule: str, entity: dict[str, str]) -> bool:
        """Whether it is this rule's, and about at least this entity."""
        return self.rule == rule and set(entity.items()) <= set(self.entity)


@cache
def _truth(name: str) -> dict[str, Any]:
    loaded = yaml.load((FOLDER / f"{name}.truth.yml").read_text(encoding="utf-8"), yaml.CSafeLoader)
    assert isinstance(loaded, dict)
    return loaded


@cache
def _found(name: str) -> list[Found]:
    return _scanned([FOLDER / file for file in _truth(name)["files"]])


def _scanned(paths: list[Path]) -> list[Found]:
    """What is found in a story's logs, merged by time and taken down the road, as `socterm scan` does."""
    surveyor = Surveyor(tz=UTC, forms=forms_of(()))
    logs = surveyor.logs(Finder([]).files([str(path) for path in paths]))
    scan = Scan(logs, PACK, clock=lambda: NOW, tz=UTC)
    found = [finding for batch in scan.findings() for finding in batch]
    scan.close()
    assert not scan.trouble
    return [
        Found(
            PACK.rules[one.rule].name,
            one.info.level,
            tuple(one.entity),
            one.count,
            frozenset((Path(file).name, line) for file, line in one.events),
        )
        for one in found
    ]


def _numbers(text: str) -> set[int]:
    found: set[int] = set()
    for part in text.split(", "):
        low, _, high = part.partition("-")
        found.update(range(int(low), int(high or low) + 1))
    return found


def _lines(truth: dict[str, Any], labels: list[str]) -> set[tuple[str, int]]:
    return {
        (file, number)
        for step in truth["steps"]
        if step["label"] in labels
        for file, text in step["lines"].items()
        for number in _numbers(text)
    }


def _weighty(found: list[Found]) -> list[Found]:
    return [one for one in found if LEVELS.index(one.level) >= LEVELS.index("medium")]


def _owed(truth: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
    """Each alert that is right: those named, and those that may speak in their place."""
    return [
        (rule, entry["entity"])
        for entry in truth["alerts"]
        for rule in (entry["rule"], entry.get("superseded_by"))
        if rule
    ]


def test_the_committed_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    for path in write_samples(tmp_path):
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), "run python -m socterm.demo samples"
    kept = {path.name for path in FOLDER.iterdir()}
    assert kept == {path.name for path in tmp_path.iterdir()}, "files of stories that are no more"


@pytest.mark.parametrize("name", TRUTHS)
def test_each_alert_named_is_raised_on_whom_it_names(name: str) -> None:
    for entry in _truth(name)["alerts"]:
        rules = {entry["rule"], entry.get("superseded_by", entry["rule"])}
        assert any(one.about(rule, entry["entity"]) for rule in rules for one in _found(name)), entry


@pytest.mark.parametrize("name", TRUTHS)
def test_nothing_else_of_weight_is_raised(name: str) -> None:
    owed = _owed(_truth(name))
    for one in _weighty(_found(name)):
        assert any(one.about(rule, entity) for rule, entity in owed), one


@pytest.mark.parametrize("name", [name for name in TRUTHS if stories()[name].twin_of])
def test_a_benign_twin_raises_nothing_of_weight(name: str) -> None:
    assert not _weighty(_found(name))


@pytest.mark.parametrize("name", TRUTHS)
def test_what_must_stay_quiet_does(name: str) -> None:
    for entry in _truth(name)["quiet"]:
        assert not any(one.about(entry["rule"], entry["entity"]) for one in _weighty(_found(name))), entry


@pytest.mark.parametrize("name", TRUTHS)
def test_counts_are_exact(name: str) -> None:
    for entry in _truth(name)["alerts"]:
        for one in _found(name):
            if "count" in entry and one.about(entry["rule"], entry["entity"]):
                assert one.count == entry["count"], entry


@pytest.mark.parametrize("name", TRUTHS)
def test_the_evidence_lies_in_the_steps_named(name: str) -> None:
    """Each step named has some; none lies in a step of the attack that is not named."""
    truth, noise = _truth(name), [part.label for part in stories()[name].noise]
    for entry in truth["alerts"]:
        for one in _found(name):
            if one.about(entry["rule"], entry["entity"]):
                assert one.lines <= _lines(truth, [*entry["steps"], *noise]), entry
                for label in entry["steps"]:
                    assert one.lines & _lines(truth, [label]), (entry["rule"], label)


@pytest.mark.parametrize("name", TRUTHS)
def test_the_truth_does_not_hang_on_seed_noise_and_header(name: str, tmp_path: Path) -> None:
    """The same with other details: raised what is named, nothing else of weight."""
    story, truth = stories()[name], _truth(name)
    text: dict[str, str] = {}
    for step in play(story, 7, noise=2.0, header="rfc3164"):
        text[step.log] = f"{text.get(step.log, '')}{step.line}\n"
    for log, lines in text.items():
        (tmp_path / log).write_text(lines)
        # Stamps without a year are read by the file's own time.
        os.utime(tmp_path / log, (story.start.timestamp() + 86400,) * 2)
    found = _scanned([tmp_path / log for log in text])
    for entry in truth["alerts"]:
        rules = {entry["rule"], entry.get("superseded_by", entry["rule"])}
        assert any(one.about(rule, entry["entity"]) for rule in rules for one in found), entry
    for one in _weighty(found):
        assert any(one.about(rule, entity) for rule, entity in _owed(truth)), one


@pytest.mark.parametrize("name", TRUTHS)
def test_every_line_belongs_to_exactly_one_step(name: str) -> None:
    truth = _truth(name)
    counted = [
        (file, number)
        for step in truth["steps"]
        for file, text in step["lines"].items()
        for number in _numbers(text)
    ]
    assert sorted(counted) == [
        (file, number) for file, lines in sorted(truth["files"].items()) for number in range(1, lines + 1)
    ]
    for file, lines in truth["files"].items():
        assert len((FOLDER / file).read_bytes().splitlines()) == lines
    twin_of = truth.get("twin_of")
    assert twin_of is None or twin_of in TRUTHS
