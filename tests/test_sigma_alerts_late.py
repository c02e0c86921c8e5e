"""Rules over alerts and lines too late to be put in their place: where a batch ends changes nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from socterm.event import Event
from socterm.pipeline.detect import Detector
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet

from test_rules_reload import lay, login, over
from test_sigma_alerts import BRUTE, PACK, arriving, attempt, burst, rules, seen

Row = tuple[str, object, int, list[int], int, bool]


def told(found: RuleSet, events: list[Event], size: int) -> list[Row]:
    """The last that is said of each alert when events come in batches of this size."""
    detector = Detector(found)
    rows: dict[int, Row] = {}
    hits: dict[int, list[int]] = {}
    for start in range(0, len(events), size):
        detector.feed("s", events[start : start + size])
        detector.sweep()
        if start + size >= len(events):
            detector.flush()
        for change in detector.collect():
            known = hits.setdefault(change.merged_into or change.id, [])
            known += [hit.position for hit in change.hits]
            if change.merged_into:
                known += hits.pop(change.id, [])
                rows.pop(change.id, None)
            elif change.alert:
                rows[change.id] = (
                    change.rule, change.entity, change.count, sorted(set(known)), change.signals,
                    change.settled,
                )  # fmt: skip
    return sorted(rows.values(), key=repr)


@pytest.mark.parametrize("size", [1, 3, 7])
def test_a_line_that_is_too_late_is_so_in_the_middle_of_a_batch_too(tmp_path: Path, size: int) -> None:
    found = rules(
        tmp_path, login("failed"), BRUTE, seen("any"), over("again", "event_count", "any", "24h",
        "condition: {gte: 1}"),
    )  # fmt: skip
    # The alert is told of at the line of 100 s; the last is of its time and comes behind it.
    events = [*burst(0, 0, "203.0.113.7"), attempt(6, 100, "203.0.113.8"), attempt(7, 2.5, "203.0.113.7")]
    of_rule = {row[0]: row for row in told(found, events, size)}
    assert of_rule["brute"][2:4] == (7, [0, 1, 2, 3, 4, 5, 7])
    assert of_rule["again"][2:4] == (6, [0, 1, 2, 3, 4, 5])
    assert told(found, events, size) == told(found, events, len(events))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("lag", [6.0, 20.0, 60.0])
def test_no_alert_depends_on_where_a_batch_ends(tmp_path: Path, seed: int, lag: float) -> None:
    found = load_rules([lay(tmp_path, PACK)])
    shuffle = random.Random(seed)
    arrived = sorted(arriving(seed, 200), key=lambda item: item[0] + shuffle.uniform(0, lag))
    events = [event for _, event in arrived]
    expected = told(found, events, len(events))
    assert {row[0] for row in expected} & {"again", "tactics", "named", "whose"}
    for size in (1, 7, 60):
        assert told(found, events, size) == expected


def test_two_alerts_that_become_one_hurry_no_other(tmp_path: Path) -> None:
    found = rules(
        tmp_path, login("failed"), BRUTE, seen("any"),
        login("opened", "success", "socterm: {throttle: 1s}\n"),
        over("again", "event_count", "any", "24h", "condition: {gte: 1}"),
    )  # fmt: skip
    tries = [attempt(n, at, "203.0.113.8") for n, at in enumerate((0, 0.1, 0.2, 0.3, 0.4, 0.6))]
    opened = [attempt(6 + n, at, "203.0.113.7", "success") for n, at in enumerate((0.0, 2.0, 1.0))]
    events = [*tries, *opened, attempt(9, 0.5, "203.0.113.8")]
    (again,) = [
        row
        for row in told(found, events, 9)
        if row[0] == "again" and row[1] == (("source.ip", "203.0.113.8"),)
    ]
    assert again[3] == [0, 1, 2, 3, 4, 9]
