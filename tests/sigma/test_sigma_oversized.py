"""Documents made to be too much: each is refused in a line, and quickly enough that nobody notices."""

from __future__ import annotations

from pathlib import Path

import pytest
from sigma_cases import load

HEAD = "title: Too much\nname: x\nlogsource: {product: linux}\n"


@pytest.mark.parametrize(
    ("detection", "reason"),
    [
        (f"detection:\n  lol: &l [{', '.join(['x'] * 9)}]\n  condition: lol\n", ""),
        (
            f"detection:\n  sel: {{f: [{', '.join(map(str, range(50_001)))}]}}\n  condition: sel\n",
            "50,000 tests",
        ),
        (f"detection:\n  sel: {{f: 1}}\n  condition: {'(' * 500}sel{')' * 500}\n", "deeper than 100"),
        (f"detection:\n  sel: {{f: 1}}\n  condition: {'not ' * 500}sel\n", "deeper than 100"),
        (f"detection:\n  sel: {'{a: ' * 30}1{'}' * 30}\n  condition: sel\n", "deeper than 20"),
        ("detection:\n  sel: &s\n    - a: 1\n    - *s\n  condition: sel\n", "contains itself"),
        ("detection:\n  sel: &s\n    a: *s\n  condition: sel\n", "contains itself"),
        ("detection: &d\n  sel: *d\n  condition: sel\n", "contains itself"),
    ],
    ids=["fine", "values", "brackets", "nots", "maps", "list in itself", "map in itself", "all in itself"],
)
def test_too_much_is_refused(tmp_path: Path, detection: str, reason: str) -> None:
    (fate,) = load(tmp_path, HEAD + detection).fates
    assert fate.fate == ("refused" if reason else "active")
    assert reason in fate.reason


def test_aliases_that_multiply_are_stopped(tmp_path: Path) -> None:
    maps = "  s0: &s0 {f: [a, b, c, d, e, f, g, h, i]}\n" + "".join(
        f"  s{level}: &s{level}\n" + "".join(f"    k{n}: *s{level - 1}\n" for n in range(9))
        for level in range(1, 12)
    )
    (fate,) = load(tmp_path, f"{HEAD}detection:\n{maps}  condition: 1 of s*\n").fates
    assert fate.fate == "refused"
    assert "larger than 4 MiB" in fate.reason


def test_many_selections_are_no_trouble(tmp_path: Path) -> None:
    many = "".join(f"  s{number}: {{f: {number}}}\n" for number in range(2_000))
    (fate,) = load(tmp_path, f"{HEAD}detection:\n{many}  condition: 1 of them\n").fates
    assert fate.fate == "active"


def test_one_selection_named_often_is_no_trouble(tmp_path: Path) -> None:
    often = " or ".join(["(sel and not sel)"] * 2_000)
    (fate,) = load(tmp_path, f"{HEAD}detection:\n  sel: {{f: [1, 2]}}\n  condition: {often}\n").fates
    assert fate.fate == "active"


def test_a_large_selection_named_often_is_refused(tmp_path: Path) -> None:
    often = " or ".join(["not sel"] * 2_000)
    values = ", ".join(map(str, range(1_000)))
    text = f"{HEAD}detection:\n  sel: {{f: [{values}]}}\n  condition: {often}\n"
    assert "50,000 tests" in load(tmp_path, text).fates[0].reason
    several = text.replace(often, f"[{', '.join(['sel'] * 2_000)}]")
    assert "50,000 tests" in load(tmp_path, several).fates[0].reason
