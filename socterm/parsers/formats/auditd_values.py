"""Values of audit records: numbers, text in quotes, text as hex. What was read once is known by its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

NOTHING = frozenset({"", "?", "(null)", "(none)", "unset", "(unset)", "4294967295"})
"""What stands for no value; the number is a session never set: -1 without its sign."""
_VALUES = 8192
_LONG = 200
"""How many values are remembered, and how long one may be."""
_HUGE = 10**17
"""No number of a record is as large; the one below 0 is an error's."""
_HEX = frozenset("0123456789ABCDEF")


def decoded(value: str) -> str:
    """An untrusted string as the kernel writes it: in quotes, or as hex; a NUL in it becomes a blank.

    >>> decoded('"/bin/ls"'), decoded("6C73002D6C"), decoded("(null)")
    ('/bin/ls', 'ls -l', '')
    """
    if value[:1] == '"':
        return value[1:-1] if value[-1:] == '"' and len(value) > 1 else value[1:]
    if value in NOTHING:
        return ""
    if len(value) % 2 or not _HEX.issuperset(value):
        return value
    return bytes.fromhex(value).rstrip(b"\0").replace(b"\0", b" ").decode("utf-8", "replace")


def number(text: str) -> int:
    """A whole number of sane size; ValueError for any other text."""
    if not text.removeprefix("-").isdecimal() or len(text) > 300 or int(text) >= _HUGE:
        raise ValueError(text[:20])
    return int(text)


def _in_quotes(text: str) -> str | None:
    """What stands in quotes, None without them; ValueError where they are not closed."""
    if text[:1] != '"':
        return None
    if text[-1] != '"' or len(text) == 1:
        raise ValueError(text[:20])
    return text[1:-1]


class _Known(dict[str, Any]):
    """A pure memo of reading values: those of one machine's records are the same again and again."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> Any:
        found = self._read(text)
        if len(self) >= _VALUES:
            self.clear()
        if len(text) < _LONG:
            self[text] = found
        return found


def _read_bare(text: str) -> tuple[str | None, int]:
    """A trusted value, None for none, and how many quotes it stood in."""
    inner = _in_quotes(text)
    value = text if inner is None else inner
    return None if value in NOTHING else value, 0 if inner is None else 2


def _read_untrusted(text: str) -> tuple[str | None, int]:
    inner = _in_quotes(text)
    value = decoded(text) if inner is None else inner
    return None if value in NOTHING else value, 0 if inner is None else 2


numbers = _Known(number)
bare = _Known(_read_bare)
untrusted = _Known(_read_untrusted)
