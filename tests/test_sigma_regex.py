"""Which regular expressions are run: those that take linear time; the others are refused with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleFate

RULE = """
title: one
logsource: {product: linux}
detection:
  s: {message|re: '%s'}
  condition: s
"""
BACKTRACKING = [r"(?<!x)a", r"a(?=b)", r"a(?!b)", r"(a)\1", r"(?P<n>a)(?P=n)", r"a++", r"(?>a)b"]


def fate(tmp_path: Path, pattern: str) -> RuleFate:
    (tmp_path / "rule.yml").write_text(RULE % pattern)
    return load_rules([tmp_path]).fates[0]


@pytest.mark.parametrize("pattern", BACKTRACKING)
def test_an_expression_that_may_take_more_than_linear_time_is_refused_and_told_the_way_out(
    tmp_path: Path, pattern: str
) -> None:
    found = fate(tmp_path, pattern)
    assert (found.fate, "after `not`" in found.reason) == ("refused", True)


def test_an_expression_of_too_many_instructions_is_refused(tmp_path: Path) -> None:
    found = fate(tmp_path, "(?:.{0,100}){0,10}(?:.{0,100}){0,10}(?:.{0,99}){0,9}")
    assert (found.fate, "too large" in found.reason) == ("refused", True)


def test_a_plain_one_is_run(tmp_path: Path) -> None:
    assert fate(tmp_path, r"\w+\s+(?:a|b){2}").fate == "active"
