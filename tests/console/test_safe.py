"""The display border: what comes out of it can be drawn, and nothing is drawn that did not pass it."""

from __future__ import annotations

import ast
import unicodedata
from pathlib import Path

import pytest
import socterm.console
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from socterm.console.safe import MAX_MARKS, ControlGuard, SafeText, content, cut, fit, join, safe_text, width
from textual.color import Color

ROOM = Path(socterm.console.__file__).parent

CASES = {
    "a\x1b]0;owned\x07b": "a␛]0;owned␇b",
    "a\x1b]52;c;ZXZpbA==\x07": "a␛]52;c;ZXZpbA==␇",
    "\x1b[31mred": "␛[31mred",
    "a\x9b31mb": "a<U+009B>31mb",
    "abc\u202egnp.exe": "abc<U+202E>gnp.exe",
    "a\u200bb": "a<U+200B>b",
    "a\x00b": "a␀b",
    "one\ntwo": "one↵two",
    "a\tb": "a    b",
    "bad\udc80byte": "bad<U+DC80>byte",
    "z" + "\u0301" * 60 + "!": "z" + "\u0301" * MAX_MARKS + "!",
    "ก" + "\u0e49" * 40: "ก" + "\u0e49" * MAX_MARKS,
    "\ue000": "<U+E000>",
    "a\u2028b": "a<U+2028>b",
    "\u3164x": "<U+3164>x",
    "a\u00a0b": "a b",
    "\U000e0041": "<U+E0041>",
    "漢字 😀 café": "漢字 😀 café",
    "[/foo] [@click=app.quit]x[/]": "[/foo] [@click=app.quit]x[/]",
}


@pytest.mark.parametrize(("text", "shown"), CASES.items())
def test_hostile_text_is_shown_as_what_it_is(text: str, shown: str) -> None:
    assert safe_text(text) == shown


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_whatever_comes_in_what_goes_out_is_printable(text: str) -> None:
    out = safe_text(text)
    assert isinstance(out, SafeText)
    assert out.isprintable()
    assert not {unicodedata.category(char) for char in out} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert safe_text(str(out)) == out


@given(st.text(alphabet=st.characters(exclude_categories=())), st.integers(0, 40))
def test_a_column_has_exactly_its_width(text: str, cells: int) -> None:
    shown = fit(text, cells)
    assert cell_len(shown) == cells
    assert width(cut(safe_text(text), cells)) <= cells


def test_long_text_is_cut_and_says_so() -> None:
    shown = safe_text("x" * 1_000_000)
    assert len(shown) < 5000
    assert shown.endswith("…(+995904)")


def test_joining_and_styling_clean_as_well() -> None:
    assert join(["a\x1b", "b"], "\n") == "a␛↵b"
    made = content([("[bold]x[/bold]\x07", "bold")])
    assert made.plain == "[bold]x[/bold]␇"


def test_the_guard_stops_what_slipped_through() -> None:
    guard = ControlGuard()
    dirty = [Segment("ok"), Segment("a\x1b]52;c;eA==\x07b")]
    out = guard.apply(dirty, Color(0, 0, 0))
    assert guard.replaced == 1
    assert all(segment.text.isprintable() for segment in out)
    clean = [Segment("fine")]
    assert guard.apply(clean, Color(0, 0, 0)) is clean


FORBIDDEN = {
    "Static", "Label", "Button", "Log", "RichLog", "DataTable", "OptionList", "Option", "ListView",
    "Markdown", "Tree", "Select", "SelectionList", "TextArea", "Checkbox", "TabPane", "Collapsible",
    "Digits", "Link", "Input", "Text", "Content", "Segment", "notify", "add_row", "add_column",
    "write_line", "from_markup", "from_ansi", "copy_to_clipboard",
}  # fmt: skip
ATTRIBUTES = {"border_title", "border_subtitle", "tooltip", "sub_title", "loading"}


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


@pytest.mark.parametrize("path", sorted(ROOM.rglob("*.py")), ids=lambda path: path.name)
def test_only_the_border_makes_what_is_drawn(path: Path) -> None:
    """Widgets that read markup, segments, contents, notices and the clipboard belong to safe.py alone."""
    if path.name == "safe.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            literal = all(isinstance(arg, ast.Constant) for arg in node.args) and bool(node.args)
            name, where = _called(node), f"{path.name}:{node.lineno}"
            assert name not in FORBIDDEN or literal, f"{where}: {name}"
            assert name != "SafeText" or path.name == "lines.py", where
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                name = getattr(target, "attr", "")
                assert name not in ATTRIBUTES, f"{path.name}:{node.lineno}: {name}"
