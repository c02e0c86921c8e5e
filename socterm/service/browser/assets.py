"""The terminal in the page: script, style and fonts of textual-serve, and nothing else of it.

They are served only as the very bytes that were looked at. What that package brings of a server has no login
and no check of origins, starts a shell, and is not used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

from socterm.errors import SoctermError


class Asset(NamedTuple):
    """A file for the browser."""

    kind: str
    body: bytes


_FILES: Final = (
    ("terminal.js", "static/js/textual.js", "text/javascript; charset=utf-8",
     "c1e7f29ed0facdd331181d6262f92acfc1cf908569d9e013c16038142a23a470"),
    ("terminal.css", "static/css/xterm.css", "text/css; charset=utf-8",
     "0ea0e3c9dbc16c3b7736c1c60abb8ff843e9aa9d5adaa8b573dd6bebcf02cac5"),
    ("mono.ttf", "static/fonts/RobotoMono-VariableFont_wght.ttf", "font/ttf",
     "173a14a0d6085072cb655a381aae7949612c0d76c1e7de780288b74939363fdb"),
    ("mono-italic.ttf", "static/fonts/RobotoMono-Italic-VariableFont_wght.ttf", "font/ttf",
     "c4050696226e9068f288af6d03cc473b3fd642fd5dd53316a0ee030fe366bbc9"),
)  # fmt: skip
"""Our name, where it lies in textual-serve 1.1.3, its type and the SHA-256 of its bytes."""

INSTALL: Final = "pip install 'socterm[browser]'"
_OWN: Final = (
    ("page.css", "text/css; charset=utf-8"),
    ("page.js", "text/javascript; charset=utf-8"),
    ("enter.js", "text/javascript; charset=utf-8"),
)


def assets() -> Mapping[str, Asset]:
    """All files the pages name. Raises SoctermError where they are missing or others than were looked at."""
    try:
        import websockets  # noqa: F401, PLC0415 - without it the server knows no web sockets

        root = resources.files("textual_serve")
        found = {name: Asset(kind, (root / place).read_bytes()) for name, place, kind, _ in _FILES}
    except (ModuleNotFoundError, FileNotFoundError):
        raise SoctermError(f"the browser view needs another package: {INSTALL}") from None
    for name, place, _, digest in _FILES:
        if hashlib.sha256(found[name].body).hexdigest() != digest:
            raise SoctermError(f"textual-serve's {place} is not as it was looked at: {INSTALL}")
    here = Path(__file__)
    return found | {name: Asset(kind, here.with_name(name).read_bytes()) for name, kind in _OWN}
