"""Reports as files: the form by the file's name, and whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from socterm.errors import SoctermError, UsageError
from socterm.reports.document import Document
from socterm.reports.html import html
from socterm.reports.markdown import markdown

FORMS: Final[dict[str, Callable[[Document], str]]] = {"markdown": markdown, "html": html}
ENDINGS: Final = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
"""The form that the end of a file's name says."""


def write(path: Path, text: str, *, replacing: bool = True) -> None:
    """Write a file that is there whole or not at all; only its owner can read a new one.

    One that is replaced keeps its rights. Raises `UsageError` for what is no file or, unless `replacing`, is
    there already, `SoctermError` where it cannot be written.
    """
    try:
        real = path.expanduser().resolve()
        known = real.stat() if real.exists() else None
        if known is not None and not replacing:
            raise UsageError(f"{path} is there already: give another name")
        if known is not None and not stat.S_ISREG(known.st_mode):
            raise UsageError(f"{path} is no file")
        _written(real, text, 0o600 if known is None else stat.S_IMODE(known.st_mode))
    except (OSError, RuntimeError, ValueError) as error:  # the last two: no such user's home, a NUL in a name
        raise SoctermError(f"{path} cannot be written: {getattr(error, 'strerror', None) or error}") from None


def _written(path: Path, text: str, rights: int) -> None:
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".report.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), rights)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
