"""The frame of the benchmarks: its figures say what they should; how high they are is no test's business."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import pytest
from benchmarks.data import story_lines, write_log
from benchmarks.frame import Figure, Setting, table
from benchmarks.measure import count_lines, percentile, run


@pytest.mark.parametrize(
    ("value", "bar", "more", "verdict"),
    [
        (10.0, 9.0, True, "ok"),
        (9.0, 9.0, True, "ok"),
        (8.9, 9.0, True, "MISSED"),
        (8.9, 9.0, False, "ok"),
        (9.1, 9.0, False, "MISSED"),
        (9.1, None, True, ""),
        (None, 9.0, True, "not measured"),
    ],
)
def test_a_figure_is_judged_by_its_bar(
    value: float | None, bar: float | None, more: bool, verdict: str
) -> None:
    assert Figure("x", value, "s", bar, more).verdict == verdict


def test_the_table_is_markdown_with_equal_columns() -> None:
    rows = table(
        [("a", Figure("rate", 123456.0, "events/s", 60_000)), ("b", Figure("lag", None, "ms", 30, False))]
    )
    assert len({len(row) for row in rows.splitlines()}) == 1
    assert "| 123,456 |" in rows
    assert "≤ 30" in rows


def test_the_log_is_as_long_as_asked_and_the_same_every_time(tmp_path: Path) -> None:
    one = write_log(tmp_path / "one.log", 2500, 7)
    assert count_lines(one) == 2500
    assert one.read_bytes() == write_log(tmp_path / "two.log", 2500, 7).read_bytes()
    stamps = [line.split(" ", 1)[0] for line in islice(story_lines(7), 2500)]
    assert stamps == sorted(stamps)
    assert Setting(tmp_path, 10, 7, file=one).log(99) == one


def test_a_child_is_measured_and_a_failing_one_is_an_error() -> None:
    cost = run([sys.executable, "-c", "x = bytearray(60_000_000); print(sum(range(3_000_000)))"])
    assert cost.out.strip() == str(sum(range(3_000_000)))
    assert cost.cpu > 0
    assert cost.rss > 50
    with pytest.raises(RuntimeError, match="ended with 3: gone"):
        run([sys.executable, "-c", "print('gone'); raise SystemExit(3)"])


def test_percentiles_are_values_that_occurred() -> None:
    assert percentile([4, 1, 3, 2], 0.5) == 2
    assert percentile([5], 0.99) == 5
    assert percentile(list(range(1, 101)), 0.99) == 99
