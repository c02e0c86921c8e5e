"""Several logs as one stream: in order of time, the same for any order and cut of the files, and bounded."""

from __future__ import annotations

import json
import random
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.assets import rules_dir
from socterm.event import Event
from socterm.pipeline import merge
from socterm.pipeline.scan import Scan
from socterm.pipeline.survey import Log, Surveyor
from socterm.sigma.documents import RuleFile
from socterm.sigma.load import load_files, load_rules
from socterm.sigma.model import RuleSet
from socterm.sources.finding import Finder
from tests.scanning import failures

OWN = """
title: Failed login
name: failed
level: informational
logsource: {product: linux, service: sshd}
detection: {one: {event.action: ssh_login, event.outcome: failure}, condition: one}
---
title: Many failed logins of one address
name: many
level: medium
correlation:
  type: event_count
  rules: [failed]
  group-by: [source.ip]
  timespan: 2m
  condition: {gt: 5}
"""
Alert = tuple[str, Any, int, int, int]


@cache
def own() -> RuleSet:
    """One rule that counts, for what holds whatever the rules are."""
    return load_files([RuleFile("own.yml", OWN)])


@cache
def pack() -> RuleSet:
    """All our rules: each kind has its own way to depend on the order of events."""
    return load_rules([rules_dir()])


def found(paths: list[Path], rules: RuleSet) -> tuple[list[Alert], Scan]:
    """The alerts of a scan, without their places."""
    scan = make(paths, rules)
    alerts = [
        (one.rule, one.entity, one.count, one.first, one.last) for part in scan.findings() for one in part
    ]
    scan.close()
    return sorted(alerts), scan


def logs(paths: list[Path]) -> list[Log]:
    return Surveyor().logs(Finder().files([str(path) for path in paths]))


def make(paths: list[Path], rules: RuleSet | None = None) -> Scan:
    return Scan(logs(paths), rules or own(), clock=lambda: 0)


def stream(paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Event]]:
    """The events in the order in which detection gets them."""
    seen: list[tuple[str, Event]] = []
    scan = make(paths)
    feed = scan._detector.feed

    def noting(source: str, events: list[Event]) -> None:
        seen.extend((Path(source).name, event) for event in events)
        feed(source, events)

    monkeypatch.setattr(scan._detector, "feed", noting)
    for _ in scan.findings():
        pass
    scan.close()
    return seen


def story() -> list[str]:
    """Six attackers, their lines mixed, over three hours with a quiet hour and some exact ties."""
    lines = []
    for n in range(6):
        for minute in (0, 20 + n, 50):
            lines += failures(0, 20, minute=minute, address=f"203.0.113.{n}").splitlines()
    later = [line.replace("T10:", "T14:") for line in lines]
    return sorted(lines + later, key=lambda line: line[:32])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_lines_dealt_out_to_files_in_any_way_find_the_same(tmp_path: Path, data: st.DataObject) -> None:
    lines = story()
    seed = data.draw(st.integers(0, 2**32))
    files = data.draw(st.integers(1, 9))
    deal = random.Random(seed)
    folder = tmp_path / f"{seed}-{files}"
    folder.mkdir(exist_ok=True)
    parts: list[list[str]] = [[] for _ in range(files)]
    for line in lines:
        parts[deal.randrange(files)].append(line)
    paths = []
    for n, part in enumerate(parts):
        path = folder / f"{n}-auth"
        path.write_text("".join(line + "\n" for line in part))
        paths.append(path)
    deal.shuffle(paths)
    whole = tmp_path / "whole"
    whole.write_text("".join(line + "\n" for line in lines))
    alerts, scan = found(paths, pack())
    assert alerts == found([whole], pack())[0]
    assert alerts
    assert scan.progress.late == 0
    assert scan.progress.events == len(lines)


def test_events_come_in_order_of_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never is one handed over that is older than another before it by more than the lateness bound."""
    for n in range(4):
        text = "".join(failures(0, 60, minute=minute, address=f"203.0.113.{n}") for minute in range(n, 60, 3))
        (tmp_path / f"log{n}").write_text(text)
    events = stream([tmp_path], monkeypatch)
    assert len(events) == (20 + 20 + 20 + 19) * 60
    high = 0
    for _, event in events:
        assert event.ts >= high - 5_000_000
        high = max(high, event.ts)
    assert {name for name, _ in events[:300]} >= {"log0", "log1", "log2"}


def test_a_wrong_stamp_in_one_file_holds_nothing_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = failures(0, 40).splitlines()
    lines.insert(3, lines[3].replace("2026-", "2099-"))
    lines.insert(20, lines[20].replace("2026-", "2001-"))
    (tmp_path / "one").write_text("".join(line + "\n" for line in lines[::2]))
    (tmp_path / "two").write_text("".join(line + "\n" for line in lines[1::2]))
    events = stream([tmp_path], monkeypatch)
    seconds = [event.ts // 1_000_000 % 100_000 for _, event in events if event.raw.startswith("2026")]
    assert not [(n, one, two) for n, (one, two) in enumerate(pairwise(seconds)) if two < one - 5]
    counts = [count for _, _, count, _, _ in found([tmp_path], own())[0]]
    assert max(counts) >= 40


def test_more_logs_than_may_be_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = story()
    for n in range(40):
        part = lines[n::40]
        (tmp_path / f"log-of-{n}").write_text("".join(line + "\n" for line in part))
    wide = found([tmp_path], pack())[0]
    monkeypatch.setattr(merge, "OPEN", 3)
    narrow, scan = found([tmp_path], pack())
    assert narrow == wide
    assert scan.progress.late == 0


def test_what_is_held_ahead_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "AHEAD", 4_000)
    for n in range(8):
        with (tmp_path / f"log{n}").open("w") as out:
            for minute in range(60):
                out.write(failures(0, 60, minute=minute, address=f"203.0.113.{n}"))
    scan = make([tmp_path])
    held = 0
    for _ in scan.findings():
        held = max(held, sum(len(feed.events) for feed in scan._merge.open.values()))
    assert 0 < held <= 12_000
    assert scan.progress.events == 8 * 3_600


def test_logs_that_are_over_leave_no_clock_behind(tmp_path: Path) -> None:
    for n in range(30):
        (tmp_path / f"log{n}").write_text(failures(0, 5, minute=n))
    scan = make([tmp_path])
    for _ in scan.findings():
        pass
    assert set(scan._detector.watermark.clocks) == {merge.Merge.ENDED}


def test_findings_come_out_while_reading_goes_on(tmp_path: Path) -> None:
    """An alert is given out once its episode can grow no more, not at the end."""
    with (tmp_path / "auth.log").open("w") as out:
        out.write(failures(0, 10))
        for hour in range(11, 20):
            for minute in range(60):
                text = failures(0, 60, minute=minute, address="10.0.0.1").replace("Failed", "Accepted")
                out.write(text.replace("T10:", f"T{hour}:"))
    parts = list(make([tmp_path / "auth.log"]).findings())
    first = next(n for n, part in enumerate(parts) if part)
    assert first < len(parts) / 2


def test_a_scan_that_is_stopped_gives_what_it_saw(tmp_path: Path) -> None:
    with (tmp_path / "auth.log").open("w") as out:
        for minute in range(60):
            out.write(failures(0, 60, minute=minute))
    scan = make([tmp_path / "auth.log"])
    parts = scan.findings()
    next(parts)
    rest = scan.rest()
    scan.close()
    assert {one.count for one in rest} == {scan.progress.events}
    assert scan.progress.files == 0


def test_alerts_with_very_much_evidence_keep_every_line(tmp_path: Path) -> None:
    with (tmp_path / "auth.log").open("w") as out:
        for minute in range(60):
            for _ in range(3):
                out.write(failures(0, 60, minute=minute))
    alerts = [one for part in make([tmp_path / "auth.log"]).findings() for one in part]
    biggest = max(alerts, key=lambda one: one.count)
    lines = [line for _, line in biggest.events]
    assert biggest.count == len(lines) == 10_800
    assert sorted(lines) == list(range(1, 10_801))


def test_a_row_says_where_each_line_is_in_a_chain(tmp_path: Path) -> None:
    (tmp_path / "auth.log.1").write_text(failures(0, 4))
    (tmp_path / "auth.log").write_text(failures(4, 8))
    (log,) = logs([tmp_path])
    assert [file.path.name for file in log.files] == ["auth.log.1", "auth.log"]
    assert log.name == f"file:{tmp_path}/auth.log"
    assert json.dumps(log.first)
