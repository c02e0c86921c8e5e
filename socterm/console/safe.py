"""The display border: the only way text gets from the store, a model or a person onto the screen.

Textual hands escape sequences through to the terminal and reads `[…]` as markup, so one log line could
write the clipboard, move the cursor or end the console. Everything shown passes `safe_text`, and
everything drawn is made here out of `SafeText`; a test on the syntax tree keeps other files from building
segments, contents or notices of their own. `ControlGuard` is the backstop should one slip through.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.content import Content
from textual.events import Paste
from textual.filter import LineFilter
from textual.widget import Widget
from textual.widgets import Input

LIMIT = 4096
"""Characters shown of one text; the rest is counted, not drawn."""

SMALL = 80
"""Columns below which a screen shows one pane."""

MAX_MARKS = 3
"""Combining marks kept on one letter; more of them would pile up over neighbouring lines."""

_PICTURES: dict[int, str] = {code: chr(0x2400 + code) for code in range(32)}
_PICTURES |= {0x09: "    ", 0x0A: "↵", 0x7F: "␡"}

_INVISIBLE = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_HIDDEN = frozenset(_INVISIBLE) | {chr(code) for code in range(0xFE00, 0xFE10)}
"""What Unicode counts as letters, signs or marks although nothing is to be seen of them."""


class SafeText(str):
    """Text that may be drawn: printable, nothing invisible, no turns. Made by `safe_text` only."""

    __slots__ = ()


@lru_cache(4096)
def _shown(char: str) -> tuple[str, bool]:
    """(what stands for a character on screen, whether it is a combining mark)."""
    category = unicodedata.category(char)
    if char in _HIDDEN:
        return f"<U+{ord(char):04X}>", False
    if category in {"Mn", "Me"}:
        return char, True
    if char.isprintable():
        return char, False
    if category == "Zs":
        return " ", False
    return f"<U+{ord(char):04X}>", False


def _clean_unicode(text: str) -> str:
    out: list[str] = []
    marks = 0
    for char in text:
        shown, is_mark = _shown(char)
        marks = marks + 1 if is_mark else 0
        if marks <= MAX_MARKS:
            out.append(shown)
    return "".join(out)


def safe_text(value: object, limit: int = LIMIT) -> SafeText:
    """Any text, made harmless for a terminal and still readable as what it was.

    C0 controls become control pictures (␛ ␀ ↵), a tab four spaces, C1, bidi, zero-width, surrogate and
    private-use characters `<U+202E>`; of combining marks three stay. Beyond `limit` characters it says how
    many are missing. Costs well under a microsecond for a clean ASCII line.

    >>> safe_text("a\\x1b]0;owned\\x07")
    'a␛]0;owned␇'
    """
    if isinstance(value, SafeText):
        return value
    text = value if isinstance(value, str) else str(value)
    if len(text) > limit:
        text = f"{text[:limit]}…(+{len(text) - limit})"
    if text.isascii():
        return SafeText(text if text.isprintable() else text.translate(_PICTURES))
    return SafeText(_clean_unicode(text.translate(_PICTURES)))


def join(parts: Iterable[object], between: str = "") -> SafeText:
    """Several texts as one."""
    return SafeText(safe_text(between).join(safe_text(part) for part in parts))


def width(text: SafeText) -> int:
    """How many terminal cells a text takes; East Asian wide characters and emoji take two."""
    return cell_len(text)


def cut(text: SafeText, cells: int) -> SafeText:
    """At most `cells` cells of a text, ending in … where something was left out."""
    if cells <= 0:
        return SafeText()
    if cell_len(text) <= cells:
        return text
    return SafeText(set_cell_size(text, cells - 1).rstrip() + "…")


def fit(value: object, cells: int, *, right: bool = False) -> SafeText:
    """Exactly `cells` cells: cut with …, or padded (left of it with `right`)."""
    text = cut(safe_text(value), cells)
    gap = " " * max(0, cells - cell_len(text))
    return SafeText(gap + text if right else text + gap)


def seg(value: object, style: Style | None = None) -> Segment:
    """One piece of a drawn line. The only place in the console that makes a segment."""
    return Segment(safe_text(value), style)


def content(parts: Sequence[tuple[object, str]]) -> Content:
    """Styled text for titles and lists, never read as markup: (text, style) pairs."""
    return Content.assemble(*[(safe_text(text), style) for text, style in parts])


def set_titles(widget: Widget, title: Sequence[tuple[object, str]], subtitle: object = "") -> None:
    """Write a pane's border title and subtitle; both are cleaned and never read as markup."""
    widget.border_title = content(title)
    widget.border_subtitle = content([(subtitle, "")])


def say(
    app: App[Any], message: object, severity: Literal["information", "warning", "error"] = "information"
) -> None:
    """Show a short notice in the corner.

    On a small screen it takes no more than the footer and the border above it: two rows, one notice at once.
    """
    text = safe_text(message, 300)
    if app.size.width < SMALL:
        app.clear_notifications()
        text = cut(text, 2 * app.size.width - 12)
    app.notify(text, severity=severity, markup=False, timeout=4)


def copy(app: App[Any], value: object) -> None:
    """Put text on the terminal's clipboard (OSC 52), cleaned and on one line."""
    app.copy_to_clipboard(safe_text(value, 65_536).rstrip())


def announce(app: App[Any], text: object, *, desktop: bool) -> None:
    """Ring the terminal's bell, or have the desktop show a text (OSC 9), cleaned and short."""
    if desktop and app._driver is not None:
        said = safe_text(text, 200).replace(";", ",")  # OSC 9;4 would be a progress bar
        app._driver.write(f"\x1b]9;{said}\x07")
    else:
        app.bell()


class SafeInput(Input):
    """A text field whose value cannot hold control characters, wherever it was pasted from."""

    def replace(self, text: str, start: int, end: int) -> None:
        """Every way of typing and pasting ends here: the text is cleaned."""
        super().replace(safe_text(text), start, end)

    def _on_paste(self, event: Paste) -> None:
        """All lines as one, and as much as there is room for; Textual takes the first line, or nothing."""
        event.prevent_default()
        event.stop()
        lines = [part for part in event.text.splitlines() if part.strip()]
        text = safe_text(" ".join(lines), len(event.text))
        most, selected = self.max_length or LIMIT, self.selection
        room = max(0, most - len(self.value) + abs(selected.end - selected.start))
        self.replace(SafeText(text[:room]), *sorted(selected))
        if len(text) > room:
            say(self.app, f"a line takes {most:,} characters: {len(text) - room:,} were left out", "warning")


class ControlGuard(LineFilter):
    """The last look at every drawn line: what is not printable is replaced before the terminal sees it.

    Nothing should ever be left for it to do; `replaced` counts when there was.
    """

    def __init__(self) -> None:
        super().__init__()
        self.replaced = 0

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002
        """The same segments, printable."""
        if all(segment.text.isprintable() for segment in segments):
            return segments
        return [self._guard(segment) for segment in segments]

    def _guard(self, segment: Segment) -> Segment:
        text = segment.text
        if text.isprintable():
            return segment
        self.replaced += 1
        cells = cell_len(text)
        cleaned = safe_text(text)
        return Segment(set_cell_size(cleaned, cells) if cells else "", segment.style)
