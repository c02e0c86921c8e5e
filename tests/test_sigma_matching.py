"""What no table of tests/sigma/cases can say of a rule: odd times, odd characters, lines made to stall it."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

import pytest
import yaml
from socterm.event import Event
from socterm.sigma.engine import Matcher
from socterm.sigma.evaluate import evaluate
from socterm.sigma.load import load_rules

SOURCE = ("linux", "process_creation", "sudo")
NOON = 1_700_000_000_000_000  # 2023-11-14 22:13:20 UTC, a Tuesday in ISO week 46


def matches(
    tmp_path: Path,
    detection: dict[str, Any],
    fields: dict[str, Any],
    *,
    raw: str = "the raw line",
    ts: int = NOON,
    tz: tzinfo = UTC,
) -> bool:
    """Whether a rule with this detection matches an event with these fields, by every way there is."""
    rule = {
        "title": "t",
        "name": "t",
        "logsource": {"product": "linux", "category": "process_creation"},
        "detection": {"condition": "sel", **detection},
    }
    path = tmp_path / "rule.yml"
    path.write_text(yaml.safe_dump(rule))
    rules = load_rules([path])
    assert [fate.fate for fate in rules.fates] == ["active"], rules.fates
    event = Event(ts, "s", 0, raw, fields, logsources=(SOURCE,))
    compiled = list(Matcher(rules, tz=tz).match(event)) == ["t"]
    assert evaluate(rules.rules["t"].detection, event, tz) == compiled
    return compiled


def test_hour_is_asked_in_the_zone_given(tmp_path: Path) -> None:
    selection = {"sel": {"@timestamp|hour": 0}}
    assert not matches(tmp_path, selection, {}, tz=UTC)
    assert matches(tmp_path, selection, {}, tz=timezone(timedelta(hours=2)))


def test_a_time_beyond_the_calendar_matches_no_hour(tmp_path: Path) -> None:
    far = 10**18
    assert not matches(tmp_path, {"sel": {"@timestamp|hour|gte": 0}}, {}, ts=far)
    assert not matches(tmp_path, {"sel": {"@timestamp": "*"}}, {}, ts=far)


@pytest.mark.parametrize(
    ("logsource", "expected"),
    [
        ({"product": "linux"}, True),
        ({"service": "sshd"}, True),
        ({"product": "linux", "service": "auth"}, True),
        ({"product": "Linux", "service": "SSHD"}, True),
        ({"category": "process_creation"}, True),
        ({"category": "process_creation", "service": "sshd"}, False),
        ({"product": "windows", "service": "sshd"}, False),
    ],
)
def test_rules_see_only_their_log_source(tmp_path: Path, logsource: dict[str, str], expected: bool) -> None:
    rule = {"title": "t", "name": "t", "logsource": logsource, "detection": {"s": {"a": 1}, "condition": "s"}}
    (tmp_path / "r.yml").write_text(yaml.safe_dump(rule))
    matcher = Matcher(load_rules([tmp_path]))
    sources = (("linux", "", "sshd"), ("linux", "", "auth"), ("linux", "process_creation", ""))
    assert bool(matcher.match(Event(0, "s", 0, "", {"a": 1}, logsources=sources))) is expected


def test_an_event_without_log_source_matches_nothing(tmp_path: Path) -> None:
    rule = {
        "title": "t",
        "name": "t",
        "logsource": {"product": "linux"},
        "detection": {"s": {"a": 1}, "condition": "s"},
    }
    (tmp_path / "r.yml").write_text(yaml.safe_dump(rule))
    assert not Matcher(load_rules([tmp_path])).match(Event(0, "s", 0, "", {"a": 1}))


def test_a_large_expression_sees_fewer_characters_and_a_small_one_sees_65536(tmp_path: Path) -> None:
    large = {"sel": {"a.b|re": r"(?:.{0,50}){0,15}z"}}
    assert matches(tmp_path, large, {"a.b": "x" * 1_000 + "z"})
    assert not matches(tmp_path, large, {"a.b": "x" * 60_000 + "z"})
    small = {"sel": {"a.b|re": r"x+z"}}
    assert matches(tmp_path, small, {"a.b": "x" * 65_535 + "z"})
    assert not matches(tmp_path, small, {"a.b": "x" * 65_536 + "z"})


def test_a_broken_character_is_no_obstacle(tmp_path: Path) -> None:
    assert matches(tmp_path, {"sel": {"a.b|re": "a"}}, {"a.b": "a\ud800"})
    assert matches(tmp_path, {"sel": {"a.b|contains": "a"}}, {"a.b": "a\ud800"})
