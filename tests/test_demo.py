"""The story is the same every time, its truth points at the right lines, and its counts hold."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from socterm.assets import sample_logs_dir
from socterm.demo import DEFAULT, Step, paced, render, stories, write_samples
from socterm.demo.__main__ import main
from socterm.demo.samples import shown

STORY = stories()[DEFAULT]
ALERTS, QUIET, STEPS = STORY.alerts, STORY.quiet, STORY.steps
LOG, TRUTH = "story_auth.log", "story_auth.truth.yml"

ADDRESS = re.compile(r"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:2001:db8|fd20):[0-9a-f:]+)(?![\w.])")
DOCUMENTATION = [
    ipaddress.ip_network(net)
    for net in (
        "10.20.0.0/16",
        "fd20::/16",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "198.18.0.0/15",
        "2001:db8::/32",
    )
]
# A text each line of a step must have one of, so that a range off by one is noticed.
MARKS: dict[str, tuple[str, ...]] = {
    "benign_mistype": (
        "bob",
        "10.20.1.24",
        "session opened for user bob",
        "pam_env",
        "Session 44",
        "session 44",
    ),
    "scanner": ("198.51.100.23", "kex_exchange_identification", "Protocol major"),
    "spraying": ("198.51.100.77", "check pass", "sshd-session"),
    "enumeration": ("198.51.100.140", "check pass; user unknown"),
    "brute_force": ("203.0.113.66", "check pass; user unknown", "ignoring max retries"),
    "privilege": ("alice", "root"),
    "persistence": ("svc-update",),
    "distributed": ("198.51.100.2",),
}


def _truth() -> dict[str, Any]:
    loaded = yaml.safe_load((sample_logs_dir() / TRUTH).read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def _numbers(lines: dict[str, str]) -> list[int]:
    text = lines[LOG]
    found: list[int] = []
    for part in text.split(", "):
        low, _, high = part.partition("-")
        found.extend(range(int(low), int(high or low) + 1))
    return found


def test_the_committed_files_are_what_the_script_makes(tmp_path: Path) -> None:
    for name in (path.name for path in write_samples(tmp_path, [DEFAULT])):
        assert (tmp_path / name).read_bytes() == (sample_logs_dir() / name).read_bytes(), (
            "run python -m socterm.demo samples"
        )


def test_every_line_belongs_to_exactly_one_step() -> None:
    truth = _truth()
    lines = (sample_logs_dir() / LOG).read_text(encoding="utf-8").splitlines()
    counted = Counter(number for step in truth["steps"] for number in _numbers(step["lines"]))
    assert counted == Counter(range(1, len(lines) + 1))
    assert truth["files"] == {LOG: len(lines)}


def test_the_ranges_point_at_the_right_lines() -> None:
    lines = (sample_logs_dir() / LOG).read_text(encoding="utf-8").splitlines()
    steps = {step["label"]: _numbers(step["lines"]) for step in _truth()["steps"]}
    for label, marks in MARKS.items():
        for number in steps[label]:
            assert any(mark in lines[number - 1] for mark in marks), (
                f"{label}: line {number}: {lines[number - 1]}"
            )
    for address in ("198.51.100.23", "198.51.100.77", "198.51.100.140"):
        owners = {
            label for label, numbers in steps.items() if any(f" {address} " in lines[n - 1] for n in numbers)
        }
        assert len(owners) == 1, f"{address} in {owners}"


def test_each_alert_names_steps_that_hold_its_entity() -> None:
    steps = list(render())
    for expected in ALERTS:
        text = "\n".join(step.line for step in steps if step.label in expected.steps)
        assert set(expected.steps) <= set(STEPS)
        assert all(value in text for value in expected.entity.values()), expected
    said = {(entry.rule, tuple(entry.entity.items())) for entry in ALERTS}
    assert not said & {(entry.rule, tuple(entry.entity.items())) for entry in QUIET}


@pytest.mark.parametrize("seed", [2026, 1, 77])
def test_the_counts_follow_from_the_lines_whatever_the_seed(seed: int) -> None:
    """The truth about failures, recounted with one regular expression and nothing of the parsers."""
    failed = re.compile(r"Failed password for (?:invalid user )?(?P<user>.*) from (?P<ip>\S+) port \d+ ssh2$")
    found = [(step, match) for step in render(seed) if (match := failed.search(step.line))]
    per_address = Counter(match["ip"] for _, match in found)
    per_user: dict[str, set[str]] = {}
    for _, match in found:
        per_user.setdefault(match["user"], set()).add(match["ip"])
    for expected in ALERTS:
        if expected.rule in {"brute_force", "slow_brute_force", "password_spraying"}:
            assert per_address[expected.entity["source.ip"]] == expected.events
    assert {user for user, addresses in per_user.items() if len(addresses) >= 10} == {"carol"}
    loud = {"203.0.113.66", "198.51.100.140"}
    for address in per_address.keys() - loud:
        times = [step.at_seconds for step, match in found if match["ip"] == address]
        assert all(sum(low <= at <= low + 120 for at in times) <= 5 for low in times), address


def test_only_private_and_documentation_addresses_occur() -> None:
    for step in render():
        for text in ADDRESS.findall(step.line):
            address = ipaddress.ip_address(text)
            assert any(address in net for net in DOCUMENTATION), step.line


def test_lines_come_in_order_with_the_stamps_of_the_start() -> None:
    start = datetime(2027, 12, 31, 23, 50, 7, 5, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    steps = list(render(3, start))
    stamps = [datetime.fromisoformat(step.line.split(" ", 1)[0]) for step in steps]
    assert stamps == sorted(set(stamps))
    assert stamps == [start + timedelta(microseconds=round(step.at_seconds * 1e6)) for step in steps]
    assert all(step.line[26:32] == "+05:30" for step in steps)
    assert 1150 <= steps[-1].at_seconds <= 1300


def test_process_numbers_rise_and_one_connection_keeps_its_own() -> None:
    first_seen: dict[str, list[int]] = {"web01": [], "db01": []}
    for step in render():
        match = re.match(r"\S+ (web01|db01) (?:sshd|sshd-session|CRON)\[(\d+)\]: ", step.line)
        if match and int(match[2]) not in first_seen[match[1]]:
            first_seen[match[1]].append(int(match[2]))
    for numbers in first_seen.values():
        assert numbers == sorted(numbers)
    assert "\0" not in "".join(step.line for step in render())


def test_another_seed_is_another_morning_with_the_same_attack() -> None:
    one, other = list(render(1)), list(render(2))
    assert [s.line for s in one] != [s.line for s in other]
    attack = set(STEPS) - {"noise", "internet"}
    assert Counter(s.label for s in one if s.label in attack) == Counter(
        s.label for s in other if s.label in attack
    )
    assert list(render(1)) == one


def test_a_start_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        next(render(1, datetime(2026, 1, 1)))  # noqa: DTZ001


def test_pacing_gives_the_waits_between_lines() -> None:
    steps = [Step("a", 5.0, "x"), Step("b", 7.0, "y"), Step("c", 7.5, "y")]
    assert [cue.delay for cue in paced(steps)] == [0.0, 2.0, 0.5]
    assert [cue.delay for cue in paced(steps, 10)] == [0.0, 0.2, 0.05]
    assert [tuple(cue) for cue in paced(steps, 0)] == [
        (0.0, "a", "x", ""),
        (0.0, "b", "y", ""),
        (0.0, "c", "y", ""),
    ]
    with pytest.raises(ValueError, match="negative"):
        list(paced(steps, -1))
    total = sum(cue.delay for cue in paced(render(), 60))
    assert total == pytest.approx((list(render())[-1].at_seconds - next(render()).at_seconds) / 60)


def test_ranges_are_short() -> None:
    assert shown([]) == ""
    assert shown([[4, 4]]) == "4"
    assert shown([[1, 3], [7, 7], [9, 10]]) == "1-3, 7, 9-10"


def test_the_script_writes_the_samples(tmp_path: Path) -> None:
    written = CliRunner().invoke(main, ["samples", DEFAULT, "--to", str(tmp_path)])
    assert written.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {LOG, TRUTH, "README.md"}
    unknown = CliRunner().invoke(main, ["samples", "nothing", "--to", str(tmp_path)])
    assert unknown.exit_code == 2
    assert "no story is called nothing" in unknown.output
