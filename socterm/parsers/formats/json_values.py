"""JSON values that have an ECS field of their own: put there if they fit, else kept under their own name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.flat import put
from socterm.parsers.marks import Fields
from socterm.taxonomy.json_names import ADDRESSES, LEVELS, NUMBERS, TEXTS, WORDS

Put = Callable[[Fields, str, str, Any], None]
"""Puts a value where it belongs: (fields, ECS name, the producer's name, value)."""


def put_address(f: Fields, target: str, name: str, value: Any) -> None:
    """An address in its one spelling; a list is taken for its first one."""
    first = value[0] if value.__class__ is list and value else value
    side, found = known_peers.get(first) or peer_of(first) if first.__class__ is str else ("", "")
    if side == "source.ip" and target not in f:
        f[target] = found
        if first is value:
            return
    put(f, name if name != target else f"{target[:-2]}address", value)


def _put_number(f: Fields, target: str, name: str, value: Any) -> None:
    largest = NUMBERS[name.lower()][1]
    whole = int(value) if value.__class__ is str and value.isdecimal() and len(value) < 14 else value
    if whole.__class__ is int and 0 <= whole <= largest and target not in f:
        f[target] = whole
    else:
        put(f, name if name != target else f"{target}_text", value)


def put_text(f: Fields, target: str, name: str, value: Any) -> None:
    """A text; a number only where it is an id."""
    if value.__class__ is str and value and target not in f:
        f[target] = value
    elif value.__class__ is int and name in ("user_id", "userid", "userId"):
        f[target] = str(value)
    else:
        put(f, name, value)


def _put_word(f: Fields, target: str, name: str, value: Any) -> None:
    if value.__class__ is str and value in WORDS[name.lower()][1] and target not in f:
        f[target] = value.lower() if target == "network.transport" else value
    else:
        put(f, name if name != target else f"{target}_text", value)


def _put_level(f: Fields, target: str, name: str, value: Any) -> None:
    if value.__class__ is str and value and target not in f:
        f[target] = value.lower()
    else:
        put(f, name, value)


def put_other(f: Fields, target: str, _: str, value: Any) -> None:
    """Any value under a name of our choosing."""
    put(f, target, value)


def special_of(name: str) -> tuple[str, Put] | None:
    """The ECS name of a name in lower case and what puts a value there; None for the producer's own names."""
    if name in LEVELS:
        return "log.level", _put_level
    if name in ADDRESSES:
        return ADDRESSES[name], put_address
    if name in NUMBERS:
        return NUMBERS[name][0], _put_number
    if name in TEXTS:
        return TEXTS[name], put_text
    if name in WORDS:
        return WORDS[name][0], _put_word
    return None


_TYPED_ADDRESSES = ("source.ip", "destination.ip")
_TYPED_NUMBERS = (
    "source.port", "destination.port", "process.pid", "http.response.status_code",
)  # fmt: skip


def typed(f: Fields) -> None:
    """Look once more at fields that came under their ECS names: an address field holds nothing but one."""
    for name in _TYPED_ADDRESSES:
        value = f.get(name)
        if value is None:
            continue
        if value.__class__ is not str or (known_peers.get(value) or peer_of(value)) != ("source.ip", value):
            del f[name]
            put_address(f, name, name, list(value) if value.__class__ is tuple else value)
    for name in _TYPED_NUMBERS:
        value = f.get(name)
        if value is not None and not (value.__class__ is int and 0 <= value <= NUMBERS[name][1]):
            del f[name]
            _put_number(f, name, name, list(value) if value.__class__ is tuple else value)
    if "host.hostname" not in f and f.get("host.name").__class__ is str:
        f["host.hostname"] = f["host.name"]
