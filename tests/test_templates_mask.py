"""What varies from line to line becomes a mark, whatever the line is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.templates.mask import MOST_TOKENS, REST, Masker
from socterm.templates.tree import text_of, words_of


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("link eth3 up after 12.5s", "link eth<n> up after <num>"),
        ("peer 192.0.2.7:443 and 2001:db8::1 and 10.0.0.0/8", "peer <ip> and <ip> and <ip>"),
        ("mac 02:42:c0:a8:32:0a at 12:30:01", "mac <mac> at <time>"),
        ("job 3f2504e0-4f89-11d3-9a0c-0305e82c3301 done", "job <uuid> done"),
        ("at 0xdeadbeef, sum 9f86d081884c7d65", "at <hex>, sum <hex>"),
        ("opened /srv/a b.txt (C:\\Temp\\x.exe)", "opened <path> b.txt (<path>)"),
        ("GET https://example.org/x?y=1 from ann@example.org", "GET <url> from <mail>"),
        ("file 'My Documents' and \"x y\" but don't", "file '<*>' and \"<*>\" but don't"),
        ("user=bob uid=1002 retries=3,", "user=bob uid=<num> retries=<num>,"),
        ("sid S-1-5-21-1004336348-1177238915", "sid <sid>"),
        ("", ""),
        ("   \t ", ""),
    ],
)
def test_what_is_masked(line: str, text: str) -> None:
    assert text_of(Masker()(line)) == text


@given(st.text(st.characters(codec=None), max_size=600))
def test_any_text_gives_few_words_that_come_back_from_the_store(text: str) -> None:
    tokens = Masker()(text)
    assert 1 <= len(tokens) <= MOST_TOKENS
    assert words_of(text_of(tokens)) == tokens
    text_of(tokens).encode()


@pytest.mark.parametrize(
    "line",
    [
        "a" * 65_536,
        "a b " * 16_384,
        '"' * 65_536,
        "' " * 30_000,
        "1-" * 32_000,
        "[({<" * 16_000,
        "x=" * 32_000,
    ],
)
def test_a_hostile_line_is_cut(line: str) -> None:
    tokens = Masker()(line)
    assert tokens[-1] == REST
    assert sum(map(len, tokens)) < 1_500


def test_what_words_are_remembered_is_bounded() -> None:
    masker = Masker()
    for number in range(40_000):
        masker(f"x{'abcdefghij'[number % 10]}{chr(97 + number % 26)}{number:b} y{number * 7919 % 99991:x}")
    assert len(masker._words) <= 16_384
