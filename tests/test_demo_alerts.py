"""Our rules find in the sample log what its truth says: these alerts on these entities, and no others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from socterm.assets import rules_dir, sample_logs_dir
from socterm.event import Chunk
from socterm.parsers import Decoder
from socterm.pipeline.detect import Detector
from socterm.sigma.load import load_rules

LOG, TRUTH = "story_auth.log", "story_auth.truth.yml"

Name = tuple[str, tuple[tuple[str, str], ...]]


@dataclass
class Found:
    """One alert of the replay: its count and the numbers of the lines it rests on."""

    count: int = 0
    lines: set[int] = field(default_factory=set)


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    loaded = yaml.safe_load((sample_logs_dir() / TRUTH).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@pytest.fixture(scope="module")
def alerts() -> dict[Name, Found]:
    """The sample log, decoded and detected in UTC; two episodes of one rule and entity would be an error."""
    lines = (sample_logs_dir() / LOG).read_bytes().splitlines()
    rules = load_rules([rules_dir()])
    detector = Detector(rules)
    events = Decoder("sample").decode(Chunk("sample", 0, lines, {}, now=0, live=False))
    for number, event in enumerate(events, 1):
        event.id = number
    detector.feed("sample", events)
    detector.flush()
    found: dict[Name, Found] = {}
    hits: dict[int, set[int]] = {}
    for change in detector.collect():
        hits.setdefault(change.merged_into or change.id, set()).update(hit.event for hit in change.hits)
        if change.settled:
            key = (rules.rules[change.rule].name, tuple(sorted(change.entity)))
            assert key not in found
            found[key] = Found(change.count, hits[change.id])
    return found


def _name(entry: dict[str, Any]) -> Name:
    return entry["rule"], tuple(sorted(entry["entity"].items()))


def _lines(truth: dict[str, Any], labels: list[str]) -> set[int]:
    found: set[int] = set()
    for step in truth["steps"]:
        if step["label"] in labels:
            for part in step["lines"][LOG].split(", "):
                low, _, high = part.partition("-")
                found.update(range(int(low), int(high or low) + 1))
    return found


def test_these_alerts_and_no_others(truth: dict[str, Any], alerts: dict[Name, Found]) -> None:
    assert set(alerts) == {_name(entry) for entry in truth["alerts"]}


def test_benign_twins_stay_quiet(truth: dict[str, Any], alerts: dict[Name, Found]) -> None:
    for entry in truth["quiet"]:
        assert _name(entry) not in alerts, entry["why"]


def test_counts_are_exact(truth: dict[str, Any], alerts: dict[Name, Found]) -> None:
    said = {_name(entry): entry["count"] for entry in truth["alerts"] if "count" in entry}
    assert {name: alerts[name].count for name in said} == said


def test_the_evidence_lies_in_the_steps_named(truth: dict[str, Any], alerts: dict[Name, Found]) -> None:
    for entry in truth["alerts"]:
        evidence = alerts[_name(entry)].lines
        assert evidence <= _lines(truth, entry["steps"]), entry
        for label in entry["steps"]:
            assert evidence & _lines(truth, [label]), f"{entry['rule']}: no evidence in {label}"
