"""Logs of quiet machines, in which hours pass between two lines, alone and beside busy ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from socterm.pipeline.scan import Scan
from socterm.pipeline.survey import Log, Surveyor
from socterm.sigma.documents import RuleFile
from socterm.sigma.load import load_files
from socterm.sources.finding import Finder
from tests.scanning import failures

START = datetime(2026, 3, 17, 0, 0, tzinfo=UTC)
RULES = load_files(
    [
        RuleFile(
            "own.yml",
            "".join(
                f"title: {name}\nname: {name}\nlogsource: {{product: linux, service: sshd}}\n"
                f"detection: {{a: {{user.name: {name}}}, condition: a}}\n---\n"
                for name in ("ann", "bob")
            )
            + "title: both\nname: both\nlevel: low\n"
            "correlation: {type: temporal, rules: [ann, bob], group-by: [source.ip], timespan: 5m}\n---\n"
            "title: alone\nname: alone\nlevel: low\n"
            "correlation:\n"
            "  {type: temporal, condition: ann and not bob, group-by: [source.ip], timespan: 5m}\n",
        )
    ]
)


def line(at: timedelta, user: str) -> str:
    stamp = (START + at).isoformat(timespec="microseconds")
    return f"{stamp} web01 sshd[9]: Failed password for {user} from 203.0.113.9 port 40000 ssh2\n"


def every(step: timedelta, user: str, count: int, *, start: timedelta = timedelta()) -> list[str]:
    return [line(start + n * step, user) for n in range(count)]


def logs(*paths: Path) -> list[Log]:
    return Surveyor().logs(Finder().files([str(path) for path in paths]))


def alerts(*paths: Path) -> tuple[list[tuple[Any, ...]], int]:
    """The alerts of a scan, and how many events came late."""
    scan = Scan(logs(*paths), RULES, clock=lambda: 0)
    found = [(one.rule, one.count, one.first, one.last) for part in scan.findings() for one in part]
    scan.close()
    return sorted(found), scan.progress.late


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(lines))
    return path


@pytest.mark.parametrize("count", [40, 400])
def test_a_quiet_log_beside_a_busy_one_is_read_in_step_with_it(tmp_path: Path, count: int) -> None:
    quiet = every(timedelta(hours=2), "ann", count)
    busy = every(timedelta(hours=2), "bob", count, start=timedelta(minutes=1))
    busy += every(timedelta(minutes=10), "eve", 12 * count, start=timedelta(minutes=3))
    one = written(tmp_path / "quiet", quiet)
    two = written(tmp_path / "busy", sorted(busy))
    whole = written(tmp_path / "whole", sorted(quiet + busy))
    found, late = alerts(one, two)
    assert [rule for rule, *_ in found] == ["both"] * count
    assert late == 0
    assert (found, late) == alerts(whole)


def test_two_quiet_logs_are_read_in_step(tmp_path: Path) -> None:
    one = written(tmp_path / "one", every(timedelta(hours=2), "ann", 300))
    two = written(tmp_path / "two", every(timedelta(hours=2), "bob", 300, start=timedelta(minutes=1)))
    found, late = alerts(one, two)
    assert [rule for rule, *_ in found] == ["both"] * 300
    assert late == 0


def test_a_quiet_log_begins_with_its_first_line_though_only_its_last_ones_are_close(tmp_path: Path) -> None:
    lines = every(timedelta(hours=2), "ann", 300)
    last = timedelta(hours=2 * 299)
    lines += [line(last + timedelta(minutes=minute), "bob") for minute in range(1, 31)]
    path = written(tmp_path / "quiet", lines)
    (log,) = logs(path)
    assert log.first == int(START.timestamp()) * 1_000_000
    found, late = alerts(path)
    assert [rule for rule, *_ in found] == ["alone"] * 299 + ["both"]
    assert late == 0


def test_records_in_no_order_begin_with_the_earliest_though_hours_pass_between_them(tmp_path: Path) -> None:
    lines = every(timedelta(hours=2), "ann", 20)
    busy = [line(timedelta(hours=100, minutes=n), "bob") for n in range(8)]
    path = written(tmp_path / "newest-first", [*busy[::-1], *lines[::-1]])
    (log,) = logs(path)
    assert log.unsorted
    assert log.first == int(START.timestamp()) * 1_000_000
    assert alerts(path)[1] == 0


@pytest.mark.parametrize("at", [1, 30, 59])
@pytest.mark.parametrize("year", ["2001", "2099"])
def test_a_wrong_stamp_in_a_quiet_log_costs_no_other_line(tmp_path: Path, at: int, year: str) -> None:
    lines = every(timedelta(hours=2), "ann", 60)
    lines.insert(at, lines[at].replace("2026-", f"{year}-"))
    one = written(tmp_path / "quiet", lines)
    two = written(tmp_path / "busy", every(timedelta(minutes=30), "bob", 240, start=timedelta(minutes=1)))
    found, _ = alerts(one, two)
    assert sum(rule == "both" for rule, *_ in found) == 60


def test_a_single_line_far_before_the_others_does_not_make_a_log_begin_there(tmp_path: Path) -> None:
    lines = failures(0, 50).splitlines(keepends=True)
    lines.insert(20, lines[20].replace("2026-", "2001-"))
    (log,) = logs(written(tmp_path / "auth", lines))
    assert log.first == int(datetime(2026, 3, 17, 10, tzinfo=UTC).timestamp()) * 1_000_000
