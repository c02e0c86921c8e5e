"""JSON as the store keeps it: fast for what is clean, and still exact for hostile text.

Log text can carry lone surrogates and numbers beyond 64 bits, which neither UTF-8 columns nor the fast
encoder take; such values are written as ASCII escapes by the standard library.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


def to_json(value: Any) -> str:
    """Compact JSON text that SQLite can store.

    >>> to_json({"user.name": "root"})
    '{"user.name":"root"}'
    """
    return to_json_bytes(value).decode()


def to_json_bytes(value: Any) -> bytes:
    """The same for a BLOB column."""
    try:
        return _encoder.encode(value)
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def from_json(text: str) -> Any:
    """The inverse of `to_json`; tuples come back as lists."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return json.loads(text)


def is_clean(text: str) -> bool:
    """True where the text can be stored as it is: no lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def clean(text: str) -> str:
    """The text with U+FFFD for lone surrogates.

    >>> clean("a\\udcffb")
    'a\\ufffdb'
    """
    return text if is_clean(text) else "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in text)


def pack_name(name: str) -> str | bytes:
    """A source name as stored: text, or bytes where a file name is not UTF-8."""
    return name if is_clean(name) else name.encode("utf-8", "surrogatepass")


def unpack_name(stored: str | bytes) -> str:
    """The inverse of `pack_name`."""
    return stored if isinstance(stored, str) else stored.decode("utf-8", "surrogatepass")
