"""Values without quotes: what is a number, and what YAML would only take for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from socterm.event import Event
from socterm.sigma.engine import Matcher
from socterm.sigma.load import load_rules


@pytest.mark.parametrize("written", ["12:30", "1:2:3.5", "0x17", "007", "0b11", "1_000", "1_0.5", "9" * 5000])
def test_what_yaml_takes_for_another_number_is_its_text(tmp_path: Path, written: str) -> None:
    """All but decimal numbers: 12:30 would be 750, and no log says so."""
    path = tmp_path / "rules.yml"
    path.write_text(
        "title: t\nname: t\nlogsource: {product: linux}\n"
        f"detection:\n  s:\n    a: {written}\n  condition: s\n"
    )
    rules = load_rules([path])
    assert [fate.fate for fate in rules.fates] == ["active"]
    source = (("linux", "", ""),)
    matcher = Matcher(rules)
    assert matcher.match(Event(0, "s", 0, "x", {"a": written}, logsources=source)) == ("t",)
    for other in (750, 3723.5, 23, 7, 3, 1000, 10.5):
        assert matcher.match(Event(0, "s", 0, "x", {"a": other}, logsources=source)) == ()


@pytest.mark.parametrize(("written", "meant"), [("22", 22), ("-3", -3), ("+4", 4), ("0", 0), ("1.50", 1.5)])
def test_decimal_numbers_are_numbers(tmp_path: Path, written: str, meant: float) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(
        "title: t\nname: t\nlogsource: {product: linux}\n"
        f"detection:\n  s: {{a|gte: {written}, a|lte: {written}}}\n  condition: s\n"
    )
    (rule,) = load_rules([path]).rules.values()
    assert Matcher(load_rules([path])).match(
        Event(0, "s", 0, "x", {"a": meant}, logsources=(("linux", "", ""),))
    ) == (rule.key,)
