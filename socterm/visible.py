"""Text of logs where people read it: what would act on a display, turn or hide it, is made visible."""

from __future__ import annotations

import re

_MARKUP = re.compile(r"([\\`*_\[\]<>#~&$!@^]|:(?=//)|(?<=\w)\.(?=[^\W\d])|(?<=[^\W\d])\.(?=\d))")
"""What means something within a line of Markdown: markup, and what is made a link without any."""


def visible(text: str) -> str:
    """Printable text that still says what was there.

    C0 controls become control pictures (␛ ␀ ␊), a tab a space; C1, direction, zero-width, surrogate and
    private-use characters `<U+202E>`.

    >>> visible("a\\x1b]0;owned\\x07")
    'a␛]0;owned␇'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def unmarked(text: str) -> str:
    """Text on one line that Markdown (CommonMark with tables) shows as it is, outside of code.

    >>> print(unmarked("a *b* [c](http://d) | <e>"))
    a \\*b\\* \\[c\\](http\\://d) &#124; \\<e\\>
    >>> print(unmarked("www.example.com 192.0.2.7"))
    www\\.example\\.com 192.0.2.7
    """
    return _MARKUP.sub(r"\\\1", visible(text)).replace("|", "&#124;")


def _shown(char: str) -> str:
    code = ord(char)
    if code < 0x20:
        return " " if char == "\t" else chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return char if char.isprintable() else f"<U+{code:04X}>"
