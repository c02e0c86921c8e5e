"""What a test means for one value: the single definition behind both the SQL functions and live rows.

Letters match in either case. ASCII queries fold ASCII only, as SQLite's NOCASE and LIKE do, so that both
agree to the letter; a query with other letters folds by Unicode.

A *pattern* is text in which `*` stands for any run of characters; `\\*` and `\\\\` are themselves.
In free words `*` stays inside one word, that is between white space.
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable
from typing import Any

Arg = str | int | float
Check = Callable[[Any], bool]

# Letters and digits as FTS5's unicode61 tokenizer sees them: also combining marks and private use.
_IN_WORD = r"[^\W_]"
_ALSO_IN_WORD = "[\u0300-\u036f\ue000-\uf8ff\U000f0000-\U0010ffff]"
_WORD_CHAR = re.compile(f"{_IN_WORD}|{_ALSO_IN_WORD}")
_BEFORE = f"(?<!{_IN_WORD})(?<!{_ALSO_IN_WORD})"
_AFTER = f"(?!{_IN_WORD})(?!{_ALSO_IN_WORD})"
_SPLIT = re.compile(r"\\(.)|(\*)", re.DOTALL)


def escape(literal: str) -> str:
    """A pattern that matches this text only."""
    return literal.replace("\\", "\\\\").replace("*", "\\*")


@functools.lru_cache(maxsize=1024)
def segments(pattern: str) -> tuple[str, ...]:
    r"""The literal stretches between the wildcards of a pattern.

    >>> segments(r"adm*\*x*")
    ('adm', '*x', '')
    """
    out, part, at = [], [], 0
    for found in _SPLIT.finditer(pattern):
        part.append(pattern[at : found.start()])
        at = found.end()
        if found[2]:
            out.append("".join(part))
            part = []
        else:
            part.append(found[1])
    part.append(pattern[at:])
    out.append("".join(part))
    return tuple(out)


def fold_ascii(text: str) -> str:
    """Lower-case A to Z and nothing else."""
    if text.isascii():
        return text.lower()
    return text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


def folder(pattern: str) -> Callable[[str], str]:
    """How text is folded before it is compared with this pattern."""
    return fold_ascii if pattern.isascii() else str.casefold


def as_text(value: Any) -> str:
    """A field's value as a person would type it."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _equal(arg: Arg) -> Check:
    text = str(arg)
    fold = folder(text)
    wanted = fold(text)
    number = canonical_int(text)

    def check(value: Any) -> bool:
        if fold(as_text(value)) == wanted:
            return True
        return isinstance(value, float) and number is not None and value == number

    return check


def canonical_int(text: str) -> int | None:
    """The integer this text is the plain spelling of, else None: "022", "1e3" and what int64 cannot hold."""
    if not re.fullmatch(r"-?[0-9]{1,18}", text) or str(int(text)) != text:
        return None
    return int(text)


def _like(arg: Arg) -> Check:
    fold = folder(str(arg))
    parts = tuple(fold(part) for part in segments(str(arg)))

    def check(value: Any) -> bool:
        return _glob(parts, fold(as_text(value)))

    return check


def _glob(parts: tuple[str, ...], text: str) -> bool:
    """Wildcards over the whole text, in linear time: leftmost finds leave most room for what follows."""
    if len(parts) == 1:
        return text == parts[0]
    first, last = parts[0], parts[-1]
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in parts[1:-1]:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _words(arg: Arg, *, whole: bool) -> Check:
    """A free word stands at the start of a word of the text; a phrase (`whole`) also ends with one."""
    pattern = str(arg)
    fold = folder(pattern)
    parts = [fold(part) for part in segments(pattern)]
    literal = [part for part in parts if part]
    if not literal:
        return lambda _value: True
    head = _start_of(parts)
    tail = re.escape(literal[0]).replace(r"\ ", r"\s+") if whole else re.escape(literal[0])
    end = _AFTER if whole and _WORD_CHAR.match(literal[0][-1]) else ""
    first = re.compile(head + tail + end)
    if len(literal) == 1:
        lead = re.split(r"\s", literal[0], maxsplit=1)[0]

        def check_one(value: Any) -> bool:
            text = fold(as_text(value))
            # Searching for plain text is forty times as fast as letting the pattern look at each character.
            at = text.find(lead)
            while at >= 0:
                if first.match(text, at) is not None:
                    return True
                at = text.find(lead, at + 1)
            return False

        return check_one

    def check_many(value: Any) -> bool:
        text = fold(as_text(value))
        if any(part not in text for part in literal):
            return False
        return any(_in_order(first, literal[1:], chunk) for chunk in text.split())

    return check_many


def _start_of(parts: list[str]) -> str:
    """The word boundary before the first literal, unless a wildcard stands there or it is no letter."""
    return _BEFORE if parts[0] and _WORD_CHAR.match(parts[0][0]) else ""


def _in_order(first: re.Pattern[str], rest: list[str], chunk: str) -> bool:
    found = first.search(chunk)
    if found is None:
        return False
    at = found.end()
    for part in rest:
        where = chunk.find(part, at)
        if where < 0:
            return False
        at = where + len(part)
    return True


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    text = as_text(value)
    return parse_number(text) if len(text) <= 40 else None


def parse_number(text: str) -> int | float | None:
    """A number as people write it (`22`, `-1.5`), else None. What int64 cannot hold becomes a float."""
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text, re.ASCII):
        return None
    if "." not in text and len(text) <= 18:
        return int(text)
    return float(text)


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}


def _compare(op: str, arg: Arg) -> Check:
    order = _ORDER[op]

    def check(value: Any) -> bool:
        number = _number(value)
        return number is not None and order(number, arg)

    return check


@functools.lru_cache(maxsize=256)
def _network(net: str) -> tuple[int, int, int] | None:
    try:
        found = ipaddress.ip_network(net, strict=False)
    except ValueError:
        return None
    return found.version, int(found.network_address), int(found.netmask)


@functools.lru_cache(maxsize=8192)
def _address(text: str) -> tuple[int, int] | None:
    """Version and number; an IPv4 address written inside IPv6 counts as IPv4, a zone (`%eth0`) is ignored."""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if found.version == 6 and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return found.version, int(found)


def in_network(value: Any, net: str) -> bool:
    """True where the value is an address inside the network, v4 or v6.

    >>> in_network("10.1.2.3", "10.0.0.0/8"), in_network("::1", "10.0.0.0/8")
    (True, False)
    """
    network = _network(net)
    if network is None or not isinstance(value, str) or len(value) > 64:
        return False
    address = _address(value)
    return address is not None and address[0] == network[0] and address[1] & network[2] == network[1]


@functools.lru_cache(maxsize=512)
def check_for(op: str, arg: Arg) -> Check:
    """The test of one scalar value; it never raises, whatever the value is."""
    if op == "exists":
        return lambda _value: True
    if op == "eq":
        return _equal(arg)
    if op == "like":
        return _like(arg)
    if op == "cidr":
        return lambda value: in_network(value, str(arg))
    if op in ("word", "phrase"):
        return _words(arg, whole=op == "phrase")
    return _compare(op, arg)


def matches(value: Any, op: str, arg: Arg) -> bool:
    """The test of a field's value: absent is False, a list is True where any element is."""
    if value is None:
        return False
    check = check_for(op, arg)
    if isinstance(value, tuple | list):
        return op == "exists" or any(check(item) for item in value if item is not None)
    return check(value)
