"""Spans and sizes as people write them, and how far something is on a terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.amounts import shown_size, shown_span, size, span
from socterm.config import LEAST_SIZE, load_config
from socterm.errors import UsageError

DAY = 86_400_000_000


@pytest.mark.parametrize(
    ("text", "length"),
    [("30d", 30 * DAY), ("12H", DAY // 2), (" 8 w ", 56 * DAY), ("90m", DAY // 16), ("", 0)],
)
def test_a_span(text: str, length: int) -> None:
    assert span(text) == length


@pytest.mark.parametrize("text", ["0d", "d", "30", "-3d", "3 months", "1.5d", "９d", "30d30d"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(ValueError, match="no span of time, such as 30d"):
        span(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("5G", 5 << 30), ("800m", 800 << 20), ("1.5GiB", 3 << 29), ("2 TB", 2 << 40), ("100", 100), ("", 0)],
)
def test_a_size(text: str, count: int) -> None:
    assert size(text) == count


@pytest.mark.parametrize("text", ["G", "-5G", "5X", "5 G B", "1,5G", "٥G"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="no size, such as 800M"):
        size(text)


@given(st.integers(1, 10_000), st.sampled_from("mhdw"))
def test_a_shown_span_reads_back(number: int, unit: str) -> None:
    length = span(f"{number}{unit}")
    assert span(shown_span(length)) == length


@given(st.integers(0, 1 << 50))
def test_a_shown_size_is_near(count: int) -> None:
    assert abs(size(shown_size(count)) - count) <= max(1, count) * 0.06


def test_terms_in_the_configuration_are_checked() -> None:
    home = {"HOME": "/nowhere"}
    assert load_config(environ=home | {"SOCTERM_RETENTION_OLDER": "2w"}).retention.older == "2w"
    with pytest.raises(UsageError, match=r"SOCTERM_RETENTION_OLDER: retention\.older: is no span of time"):
        load_config(environ=home | {"SOCTERM_RETENTION_OLDER": "soon"})
    with pytest.raises(UsageError, match="less than a store needs"):
        load_config(environ=home | {"SOCTERM_RETENTION_MAX_SIZE": str(LEAST_SIZE - 1)})


def test_a_line_says_how_far_it_is_and_goes_away() -> None:
    code = (
        "from socterm.cli import doing; doing.PATIENCE = doing.EVERY = 0\n"
        "with doing.Doing('copying') as told: told(1, 4); told(2, 4)"
    )
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    subprocess.run([sys.executable, "-c", code], stderr=theirs, env=environ, check=True)
    os.close(theirs)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "copying" in said
    assert "50%" in said
    assert said.endswith("\x1b[2K")
