"""From the bytes of a line to the text that is parsed and shown.

Text never holds a NUL or a lone surrogate: terminals and SQLite choke on them. What had to be replaced is
kept as bytes beside the text.
"""

from __future__ import annotations

BOM = "\ufeff"
_ENDS = "\r\n"


def raw_of(line: bytes) -> tuple[str, bytes | None]:
    """The text of one line, and the original bytes where the text cannot give them back.

    >>> raw_of(b"caf\\xc3\\xa9")
    ('café', None)
    >>> raw_of(b"\\x00\\x00caf\\xe9")
    ('caf\\ufffd', b'\\x00\\x00caf\\xe9')
    """
    text = line.decode("utf-8", "replace")
    if "\0" in text:
        return text.replace("\0", ""), line
    if "\ufffd" in text and text.encode() != line:
        return text, line
    return text, None


def texts_of(lines: list[bytes]) -> list[str] | None:
    """All lines of a chunk as text in one go, or None where some line needs `raw_of` and care.

    Only plain ASCII without NUL, CR and inner newlines qualifies: what nearly every log is made of.
    """
    joined = b"\n".join(lines)
    if not joined.isascii() or b"\0" in joined or b"\r" in joined:
        return None
    texts = joined.decode("ascii").split("\n")
    return texts if len(texts) == len(lines) else None


def clean(text: str) -> str:
    """A string that came out of JSON: without NULs, and with U+FFFD for each lone surrogate."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\0", "")


def trimmed(raw: str) -> str:
    """What of a raw line is parsed: no byte order mark before it, no line ending behind it."""
    return raw.removeprefix(BOM).rstrip("\r\n") if raw[-1:] in _ENDS or raw[:1] == BOM else raw
