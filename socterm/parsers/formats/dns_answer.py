"""A DNS message as it went over the wire (RFC 1035, 4.1), in base64: its code, addresses and names."""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

_CODES = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED", 6: "YXDOMAIN",
    7: "YXRRSET", 8: "NXRRSET", 9: "NOTAUTH", 10: "NOTZONE",
}  # fmt: skip
_HEADER = 12
_LONGEST = 90_000
"""Characters of base64 that a message has at most (64 KiB)."""
_MOST = 100
_A, _CNAME, _AAAA = 1, 5, 28
_POINTER = 0xC0


class Answer(NamedTuple):
    """What an answer says: its code, addresses and names in order, the addresses again."""

    code: str
    data: tuple[str, ...]
    addresses: tuple[str, ...]


def answer_of(text: str) -> Answer | None:
    """The answer in a text of base64; None where there is none. A message cut short says what it has.

    >>> answer_of("AACBgwABAAAAAAAAB2V4YW1wbGUDb3JnAAABAAE=").code
    'NXDOMAIN'
    """
    if not text or len(text) > _LONGEST:
        return None
    try:
        message = binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return None
    if len(message) < _HEADER:
        return None
    data: list[str] = []
    addresses: list[str] = []
    try:
        for kind, record, at in _records(message):
            if kind == _A and len(record) == 4:
                addresses.append(str(IPv4Address(record)))
                data.append(addresses[-1])
            elif kind == _AAAA and len(record) == 16:
                addresses.append(str(IPv6Address(record)))
                data.append(addresses[-1])
            elif kind == _CNAME:
                data.append(_name(message, at)[0])
    except IndexError:
        pass  # cut short, or no message after all: what was read so far stays
    code = message[3] & 15
    return Answer(_CODES.get(code, str(code)), tuple(data), tuple(addresses))


def _records(message: bytes) -> Iterator[tuple[int, bytes, int]]:
    """(type, data, where the data begins) of the records in the answer section."""
    at = _HEADER
    for _ in range(min(_number(message, 4), _MOST)):
        at = _name(message, at)[1] + 4
    for _ in range(min(_number(message, 6), _MOST)):
        at = _name(message, at)[1]
        kind, size = _number(message, at), _number(message, at + 8)
        at += 10
        yield kind, message[at : at + size], at
        at += size


def _number(message: bytes, at: int) -> int:
    return message[at] << 8 | message[at + 1]


def _name(message: bytes, at: int) -> tuple[str, int]:
    """A name and where what follows it begins. Each pointer leads to before all it has been led to so far, so
    that none goes in circles."""
    labels: list[str] = []
    end, before = 0, at
    while size := message[at]:
        if size >= _POINTER:
            target = (size & 63) << 8 | message[at + 1]
            end = end or at + 2
            if target >= before:
                break
            at = before = target
            continue
        labels.append(message[at + 1 : at + 1 + size].decode("ascii", "replace"))
        at += 1 + size
    return ".".join(labels).replace("\0", "") or ".", end or at + 1
