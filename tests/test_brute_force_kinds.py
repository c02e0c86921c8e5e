"""SSH guessed at in every pace and from many sides: which rule says so first, and where nobody does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from socterm.assets import rules_dir
from socterm.pipeline.forms import forms_of
from socterm.pipeline.scan import Scan
from socterm.pipeline.survey import Surveyor
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet
from socterm.sources.finding import Finder

START = datetime(2026, 3, 9, tzinfo=UTC)
NOW = 1_795_000_000_000_000
PEER = "203.0.113.9"

Try = tuple[int, str, str]
"""Seconds after the beginning, peer, user."""


@cache
def _rules() -> RuleSet:
    return load_rules([rules_dir()])


def paced(pause: int, times: int, user: str = "root") -> list[Try]:
    """One address, as often, so many seconds between two attempts."""
    return [(pause * number, PEER, user) for number in range(times)]


def crowd(size: int, pause: int, *, one_user: bool = False) -> list[Try]:
    """As many addresses, one attempt each."""
    return [
        (pause * number, f"198.51.100.{number + 1}", "alice" if one_user else f"user{number}")
        for number in range(size)
    ]


def lines(tries: list[Try], *, unknown: bool) -> Iterator[str]:
    for number, (second, peer, user) in enumerate(tries):
        stamp = (START + timedelta(seconds=second)).isoformat()
        name = f"invalid user {user}" if unknown else user
        place = f"{peer} port {30000 + number}"
        yield f"{stamp} web1 sshd[{4000 + number}]: Failed password for {name} from {place} ssh2"


def named(path: Path) -> set[str]:
    """The rules that raise an alert on a log."""
    surveyor = Surveyor(tz=UTC, forms=forms_of(()))
    scan = Scan(surveyor.logs(Finder([]).files([str(path)])), _rules(), clock=lambda: NOW, tz=UTC)
    found = {_rules().rules[one.rule].name for batch in scan.findings() for one in batch}
    scan.close()
    assert not scan.trouble
    return found


FAST, STEADY, SLOW, CREEPING = (
    "brute_force",
    "steady_brute_force",
    "slow_brute_force",
    "very_slow_brute_force",
)


@pytest.mark.parametrize(
    ("tries", "wanted"),
    [
        pytest.param(paced(1, 6), {FAST, "brute_force_user"}, id="six in six seconds"),
        pytest.param(paced(1, 5), set(), id="five in five seconds"),
        pytest.param(paced(23, 6), {FAST, "brute_force_user"}, id="one every 23 seconds"),
        pytest.param(paced(24, 10), {STEADY}, id="one every 24 seconds"),
        pytest.param(paced(199, 10), {STEADY}, id="one every 3 minutes"),
        pytest.param(paced(200, 19), set(), id="one every 3 minutes 20, for an hour"),
        pytest.param(paced(200, 20), {SLOW}, id="one every 3 minutes 20, longer"),
        pytest.param(paced(75 * 60, 20), {SLOW}, id="one every 75 minutes"),
        pytest.param(paced(77 * 60, 29), set(), id="one every 77 minutes, for a day and a half"),
        pytest.param(paced(77 * 60, 30), {CREEPING}, id="one every 77 minutes, longer"),
        pytest.param(paced(5 * 3600, 30), {CREEPING}, id="one every 5 hours"),
        pytest.param(paced(6 * 3600, 60), set(), id="one every 6 hours"),
        pytest.param(
            crowd(10, 190, one_user=True), {"distributed_brute_force"}, id="one user, ten addresses in 30 min"
        ),
        pytest.param(crowd(30, 60), {"distributed_spraying"}, id="30 users, 30 addresses in 30 min"),
        pytest.param(crowd(60, 120), set(), id="an address every two minutes, a user each"),
    ],
)  # fmt: skip
def test_who_guesses_at_users_that_are_there(tries: list[Try], wanted: set[str], tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text("".join(f"{line}\n" for line in lines(tries, unknown=False)))
    assert named(log) == wanted


@pytest.mark.parametrize(
    ("tries", "wanted"),
    [
        pytest.param(
            [(11 * 3600 * number, PEER, name) for number, name in enumerate(("test", "git", "oracle"))],
            {"user_enumeration"},
            id="three names, one every 11 hours",
        ),
        pytest.param(
            [(13 * 3600 * number, PEER, name) for number, name in enumerate(("test", "git", "oracle"))],
            set(),
            id="three names, one every 13 hours",
        ),
        pytest.param(
            [(100 * number, PEER, f"user{number}") for number in range(6)],
            {"user_enumeration", "password_spraying"},
            id="six names in ten minutes",
        ),
        pytest.param(paced(3600, 5, "oracle"), set(), id="one name, five times in five hours"),
    ],
)
def test_who_guesses_at_names(tries: list[Try], wanted: set[str], tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text("".join(f"{line}\n" for line in lines(tries, unknown=True)))
    assert named(log) == wanted
