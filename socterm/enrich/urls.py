"""What a percent-encoded URL says, also where it was encoded so that nobody should read it."""

from __future__ import annotations

import re

ROUNDS = 3
LONGEST = 8192
"""Characters that are decoded; the rest of a longer URL is cut from what is decoded."""

_BYTES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_UTF16 = re.compile(r"(?:%[uU][0-9A-Fa-f]{4})+")
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_OVERLONG = re.compile(
    rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f][\x80-\xbf]|\xf0[\x80-\x8f][\x80-\xbf]{2}"
    rb"|\xf8[\x80-\x87][\x80-\xbf]{3}|\xfc[\x80-\x83][\x80-\xbf]{4}"
)


_LOWER = {0: "%00"} | {0xDC00 + byte: f"%{byte:02x}" for byte in range(0x80, 0x100)}
_UPPER = {0: "%00"} | {0xDC00 + byte: f"%{byte:02X}" for byte in range(0x80, 0x100)}


def decoded(url: str) -> str:
    """The URL without its encoding: up to three rounds of %XX and %uXXXX, `+` as a blank in the query.

    Overlong UTF-8 becomes the character it stands for (`%c0%ae` is a dot). What is no UTF-8, a lone surrogate
    and NUL stay as they are written.

    >>> decoded("/a%252e%252e%c0%af?q=1+2%2B3"), decoded("/%ff%00%zz")
    ('/a../?q=1 2+3', '/%ff%00%zz')
    """
    if "%" not in url and "+" not in url:
        return url[:LONGEST]
    path, mark, query = url[:LONGEST].partition("?")
    text = path + mark + query.replace("+", " ")
    for _ in range(ROUNDS):
        if "%" not in text:
            break
        before = text
        text = _UTF16.sub(_wide, _BYTES.sub(_narrow, text))
        if text == before:
            break
    return text


def _narrow(found: re.Match[str]) -> str:
    """A run of %XX as UTF-8, overlong forms too; bytes that are none stay as they are written."""
    written = found[0]
    data = bytes.fromhex(written.replace("%", ""))
    text = _OVERLONG.sub(_shortest, data).decode("utf-8", "surrogateescape")
    return text.translate(_UPPER if written.isupper() else _LOWER)


def _shortest(found: re.Match[bytes]) -> bytes:
    first, *rest = found[0]
    bits = first & (0xFF >> (len(rest) + 2))
    for byte in rest:
        bits = bits << 6 | byte & 0x3F
    return chr(bits).encode("utf-8", "surrogatepass")


def _wide(found: re.Match[str]) -> str:
    """A run of %uXXXX as UTF-16, so that pairs find each other; halves without one stay as they were."""
    digits = found[0].lower().replace("%u", "")
    text = bytes.fromhex(digits).decode("utf-16-be", "surrogatepass")
    return _UNFIT.sub(lambda odd: f"%u{ord(odd[0]):04x}", text)
