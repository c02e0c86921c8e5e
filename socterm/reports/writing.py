"""Reports as files: the form by the file's name, and whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from socterm.reports.document import Document
from socterm.reports.html import html
from socterm.reports.markdown import markdown
from socterm.whole import written

FORMS: Final[dict[str, Callable[[Document], str]]] = {"markdown": markdown, "html": html}
ENDINGS: Final = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
"""The form that the end of a file's name says."""


def write(path: Path, text: str, *, replacing: bool = True) -> None:
    """Write a file that is there whole or not at all; only its owner can read a new one.

    One that is replaced keeps its rights. Raises `UsageError` for a folder, a store or, unless `replacing`,
    what is there already, `SoctermError` where it cannot be written.
    """
    with written(path, replacing=replacing) as out:
        out.write(text)
