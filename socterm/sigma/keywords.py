r"""The two texts that keywords are searched in: the message of an event, and its raw line as it was meant.

Sigma 2.1, "Keywords search": an entire event is meant. In a line that is a JSON object, backslashes, quotes
and letters are escaped, while rules write `c:\inetpub` and `-role "x"` as they are; so escapes are undone.
"""

from __future__ import annotations

import re

from socterm.event import Event


def keyword_texts(event: Event) -> tuple[str, str]:
    """(message, line); both are one object where an event has no message of its own."""
    line = event.raw
    if escaped(line):
        line = unescaped(line)
    found = event.fields.get("message")
    return (found if isinstance(found, str) else line), line


def escaped(line: str) -> bool:
    """Whether a raw line is searched with its escapes undone."""
    return line[:1] == "{" and "\\" in line


def verbatim(text: str) -> str:
    """The longest stretch of a text that stands in an escaped line as it is, unless letters are `hidden`."""
    return max(_SPECIAL.split(text), key=len)


def hidden(line: str) -> bool:
    r"""Whether ASCII, or what is ASCII in lower case, is written in a form such as `\u0061` there."""
    return "\\u" in line and _HIDDEN.search(line) is not None


def unescaped(text: str) -> str:
    r"""A JSON document with the escapes in its strings undone; it is no JSON any more.

    >>> print(unescaped(r'{"a": "C:\\x \"y\" caf\u00e9"}'))
    {"a": "C:\x "y" café"}
    """
    text = text.replace("\\\\", "\0")  # a raw line has no NULs of its own
    if "\\" in text:
        for written, meant in _ESCAPES:
            text = text.replace(written, meant)
        if "\\u" in text:
            text = _CODES.sub(_decoded, text)
    return text.replace("\0", "\\")


_ESCAPES = (('\\"', '"'), ("\\/", "/"), ("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"))
_SPECIAL = re.compile(r'[^\x20-\x7e]|["\\/]')
HIDING = (*(f"\\u00{digit}" for digit in "01234567"), "\\u0130", "\\u017f", "\\u212a")
"""How the codes of letters begin that are `hidden` in a line, in lower case."""

_HIDDEN = re.compile(r"\\u(?:00[0-7]|0130|017[fF]|212[aA])")
_CODES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")


def _decoded(found: re.Match[str]) -> str:
    """A run of \\uXXXX; half of a surrogate pair alone is U+FFFD."""
    return bytes.fromhex(found[0].replace("\\u", "")).decode("utf-16-be", "replace")
