"""What scan reports of episodes: joined, dropped and very long ones, and files that vanish."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.alerts.model import EpisodeChange, Hit, RuleInfo
from socterm.pipeline import merge
from socterm.pipeline.findings import COMPACT, Finding, Findings
from socterm.pipeline.scan import Scan
from socterm.pipeline.survey import Surveyor
from socterm.sigma.model import Rule, RuleSet
from socterm.sources.finding import Finder
from socterm.sources.whole import WholeLog

INFO = RuleInfo("r", "A rule", "low", "", ())
RULES = RuleSet({"r": Rule("r", INFO, "", ("", "", ""), alerting=True, throttle=0)}, [])


def findings() -> Findings:
    return Findings(RULES, lambda source, position: (source, position + 1))


def hits(first: int, last: int, source: str = "a") -> list[Hit]:
    return [Hit(n, source, n, n, 1) for n in range(first, last)]


def change(number: int, found: list[Hit], *, merged_into: int = 0, settled: bool = False) -> EpisodeChange:
    first, last = (found[0].ts, "a", 0), (found[-1].ts, "a", 0)
    return EpisodeChange(
        number, "r", (), first, last, len(found), 1, 0, found, alert=number, settled=settled,
        merged_into=merged_into,
    )  # fmt: skip


def lines(found: list[Finding]) -> list[list[int]]:
    return [[line for _, line in one.events] for one in found]


def test_the_lines_of_an_episode_that_was_joined_to_another_are_kept() -> None:
    made = findings()
    assert made.take([change(1, hits(0, 3)), change(2, hits(5, 7))]) == []
    assert made.take([change(2, hits(3, 5), merged_into=1)]) == []
    assert lines(made.take([change(1, hits(7, 8), settled=True)])) == [[1, 2, 3, 4, 5, 6, 7, 8]]
    assert made.rest() == []
    assert dict(made.levels) == {"low": 1}


def test_the_lines_of_a_very_long_episode_that_was_joined_are_kept() -> None:
    made = findings()
    made.take([change(1, hits(0, 3)), change(2, hits(5, COMPACT + 9))])
    made.take([change(2, hits(3, 5), merged_into=1)])
    (found,) = made.take([change(1, hits(0, 1), settled=True)])
    assert lines([found]) == [list(range(1, COMPACT + 10))]


def test_the_lines_of_a_very_long_episode_are_kept_and_each_is_told_once() -> None:
    made = findings()
    many = [*hits(0, COMPACT), *hits(0, 5, "b")]
    made.take([change(1, many)])
    made.take([change(1, hits(COMPACT - 2, 2 * COMPACT))])
    (found,) = made.take([change(1, hits(0, 1), settled=True)])
    assert [place for place in found.events if place[0] == "b"] == [("b", n) for n in range(1, 6)]
    assert [n for name, n in found.events if name == "a"] == list(range(1, 2 * COMPACT + 1))


def test_no_more_text_is_put_in_order_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(
            '[{"@timestamp": "2026-03-09T10:01:00Z"}, {"@timestamp": "2026-03-09T10:00:00Z"}]'
        )
    logs = Surveyor().logs(Finder().files([str(tmp_path)]))
    assert all(log.unsorted for log in logs)
    for room, ordered in ((merge.SORTING, 2), (merge._text_of(logs[0]), 1), (0, 0)):
        monkeypatch.setattr(merge, "SORTING", room)
        scan = Scan(logs, RULES, clock=lambda: 0)
        assert sum({feed.name: feed.put_in_order for feed, _ in scan._merge}.values()) == ordered
        scan.close()


def test_a_file_that_is_gone_when_its_turn_comes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_text("x\n")
    (file,) = Finder().files([str(path)])
    path.unlink()
    log = WholeLog("a", (file,), clock=lambda: 0)
    assert log.read(10) is None
    assert [(note.path, note.reason) for note in log.notes] == [(str(path), "gone before its turn came")]
