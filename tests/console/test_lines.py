"""Wrapping, columns, times and numbers: pure functions."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from scene import NOW
from socterm.console.lines import cited, line, sp, wrap
from socterm.console.safe import width
from socterm.console.widgets.bars import Part, fitting, sparkline
from socterm.console.words import age, clock, entity_text, number, plural, size, span, stamp


def shown(text: str, cells: int, hang: int = 0) -> list[str]:
    return [
        "".join(part.text for part in row.spans) for row in wrap([line((text, "text"), hang=hang)], cells)
    ]


def test_text_wraps_by_words_and_hangs() -> None:
    assert shown("one two three four", 9) == ["one two ", "three ", "four"]
    assert shown("one two three four five six", 16, hang=4) == ["one two three ", "    four five ", "    six"]


def test_a_long_word_is_broken() -> None:
    assert shown("abcdefghij", 4) == ["abcd", "efgh", "ij"]


def test_a_whole_span_is_not_broken_at_its_spaces() -> None:
    rows = wrap([line(sp("x · "), sp("credential access", whole=True))], 18)
    assert ["".join(part.text for part in row.spans) for row in rows] == ["x · ", "credential access"]


@given(st.lists(st.text(max_size=80), max_size=4), st.integers(1, 60), st.integers(0, 12))
def test_no_row_is_wider_than_the_pane(texts: list[str], cells: int, hang: int) -> None:
    for row in wrap([line((text, "text"), hang=hang) for text in texts], cells):
        assert sum(width(part.text) for part in row.spans) <= max(cells, 2)


def test_citations_are_told_apart() -> None:
    assert [(s.text, s.style) for s in cited("seen [#12] and [E3]")] == [
        ("seen ", "text"), ("[#12]", "cite"), (" and ", "text"), ("[E3]", "cite"),
    ]  # fmt: skip


def test_ages_spans_and_numbers_are_short() -> None:
    second = 1_000_000
    assert [age(NOW, NOW - s * second) for s in (0, 59, 60, 3600, 86400 * 3)] == [
        "0s",
        "59s",
        "1m",
        "1h",
        "3d",
    ]
    assert age(NOW, NOW + 5 * second) == "0s"
    assert age(NOW, NOW + 7300 * second) == "+2h"
    assert [span(s * second) for s in (8, 108, 3600 * 3 + 300, 86400 * 2)] == [
        "8 s",
        "1 m 48 s",
        "3 h 5 m",
        "2 d 0 h",
    ]
    assert [number(n) for n in (0, 812, 9999, 12_400, 3_100_000, 2e9)] == [
        "0",
        "812",
        "9999",
        "12.4k",
        "3.1M",
        "2G",
    ]
    assert [size(n) for n in (0, 82_000_000, 1_200_000_000)] == ["<10 MB", "82 MB", "1.2 GB"]
    assert [plural(n, "alert") for n in (1, 2000)] == ["1 alert", "2,000 alerts"]


def test_times_are_in_the_analysts_zone() -> None:
    assert clock(NOW, UTC) == "10:42:07"
    assert stamp(NOW, timezone(timedelta(hours=2))) == "2025-11-21 12:42:07"
    assert clock(10**30, UTC) == "00:00:00"


def test_entities_read_as_phrases() -> None:
    assert entity_text({"source.ip": "203.0.113.9", "user.name": "root"}) == "203.0.113.9 → root"
    assert entity_text({"user.name": "alice", "host.hostname": "db01"}) == "alice @ db01"
    assert entity_text({"host.hostname": "db01"}) == "db01"
    assert entity_text({"file.path": "/tmp/x"}) == "/tmp/x"
    assert entity_text({}) == ""


def test_a_bar_gives_up_its_last_ranks_first() -> None:
    parts = [Part((sp("stays"),)), Part((sp("first to go"),), 9), Part((sp("later"),), 2)]
    assert [p.rank for p in fitting(parts, 30)] == [0, 9, 2]
    assert [p.rank for p in fitting(parts, 12)] == [0, 2]
    assert [p.rank for p in fitting(parts, 3)] == [0]


def test_a_sparkline_shows_every_value_that_is_not_nothing() -> None:
    assert sparkline([0, 1, 700]) == " ▁█"
