"""The `key=value` of audit records under ECS names: quotes taken off, hex decoded, numbers as numbers.

Records of one type have the same keys in the same order nearly always. How to take such a record apart is
found out once, the careful way, and kept under its very keys; that is what makes reading fast.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from operator import itemgetter
from typing import NamedTuple

from socterm.parsers.formats.auditd_names import (
    ACCOUNTS,
    ENCODED,
    NAME_OF,
    NAMED,
    NUMBERS,
    OUTCOMES,
    SENDER,
    SURE,
    TEXTS,
)
from socterm.parsers.formats.auditd_values import NOTHING, bare, decoded, number, numbers, untrusted
from socterm.parsers.marks import Fields, mark
from socterm.taxonomy.actions import ACTIONS
from socterm.taxonomy.audit import RECORD_TYPES

_LONGEST = 16_384
"""Characters of a record that are read; the kernel writes no more than 8,970."""
_MOST = 256
"""Fields of one record; what comes after them stays in the raw line alone."""
SHAPES_KEPT = 2048
"""Shapes of records that are kept, of all kinds together; a machine's are some hundreds."""
_KINDS = 512
_LONGEST_KEYS = 2048
"""Characters of a record's keys for its shape to be kept."""
_TYPE = re.compile(r"[A-Z][A-Z0-9_]{1,40}|UNKNOWN\[\d{4}\]|\d{4}", re.ASCII)
_KEY = re.compile(r"\(?[A-Za-z_][\w-]{0,40}", re.ASCII)
_OLD = " (hostname="
"""Old records of user space put the peer in brackets, with commas: `(hostname=?, addr=?, res=success)`."""

Pair = tuple[str, str]


class Shape(NamedTuple):
    """Where the values of a record stand in the list of its words, and what they are called.

    `texts` always have a value, `loose` may say that they have none, `zeros` are capabilities: mostly none.
    """

    numbers: tuple[str, ...]
    numbers_of: Callable[[list[str]], tuple[str, ...]]
    texts: tuple[str, ...]
    texts_of: Callable[[list[str]], tuple[str, ...]]
    texts_at: tuple[int, ...]
    loose: tuple[tuple[str, int], ...]
    zeros: tuple[tuple[str, int], ...]
    quoted: tuple[tuple[str, int], ...]
    outcome: int


class Kind:
    """A type of record: what its action implies, and the shapes it was seen in."""

    __slots__ = ("name", "sent", "shapes", "template")

    def __init__(self, name: str) -> None:
        action = name.lower()
        marked = mark(action) if action in ACTIONS else {"event.action": action}
        self.name = name
        self.template: Fields = {"event.dataset": "auditd", "audit.type": name, **marked}
        self.shapes: dict[tuple[str, ...], Shape] = {}
        self.sent: dict[tuple[str, ...], Shape] = {}


KINDS: dict[str, Kind] = {name: Kind(name) for name in RECORD_TYPES.values()}
KINDS |= {number: KINDS[name] for number, name in RECORD_TYPES.items()}
_OTHERS: dict[str, Kind] = {}
_filled: list[dict[tuple[str, ...], Shape]] = []
"""Where each shape that is kept stands."""


def kind_of(name: str) -> Kind | None:
    """The kind for a type as written: its name, its number, `UNKNOWN[1420]`; None where it is none of these.

    >>> kind_of("1400").name, kind_of("UNKNOWN[1305]").name, kind_of("nonsense")
    ('AVC', 'CONFIG_CHANGE', None)
    """
    known = KINDS.get(name) or _OTHERS.get(name)
    if known is not None:
        return known
    known = KINDS.get(name.removeprefix("UNKNOWN[").removeprefix("AUDIT").rstrip("]"))
    if known is not None:
        return known
    if _TYPE.fullmatch(name) is None:
        return None
    if len(_OTHERS) >= _KINDS:
        _OTHERS.clear()
    _OTHERS[name] = known = Kind(name)
    return known


def pairs_of(body: str) -> tuple[list[str], list[Pair]]:
    """(words before the first pair, pairs) of a record, the careful way: values may hold blanks and `=`.

    >>> pairs_of('op=adding user id=7 exe="/a b"')
    ([], [('op', 'adding user'), ('id', '7'), ('exe', '"/a b"')])
    """
    words: list[str] = []
    found: list[tuple[str, list[str]]] = []
    tokens = body[:_LONGEST].split(" ")
    quoted = False
    for token in tokens:
        if quoted:
            found[-1][1].append(token)
            quoted = not token.endswith(('"', '",'))
            continue
        key, equals, value = token.partition("=")
        if equals and _KEY.fullmatch(key):
            if len(found) == _MOST:
                break
            found.append((key, [value]))
            quoted = value[:1] == '"' and (len(value) == 1 or not value.endswith(('"', '",')))
        elif not found:
            words.append(token)
        elif token.strip("(),:"):
            found[-1][1].append(token)
    pairs = [(key, " ".join(parts)) for key, parts in found]
    if _OLD in body:
        pairs = [
            (key.lstrip("("), value.rstrip(",)") if value[-1:] in ",)" else value) for key, value in pairs
        ]
    return words, pairs


def take(kind: Kind, body: str, fields: Fields, *, sender: bool = False) -> None:
    """Put the values of a record into the fields. `sender`: it is a message of user space.

    The short way and the careful one mean the same: words stand in turn as `key=` and value, and neither a
    blank nor a `=` nor a quote is anywhere else.
    """
    body = body[:_LONGEST]
    parts = body.replace("=", "= ").split(" ")
    keys = tuple(parts[::2])
    shapes = kind.sent if sender else kind.shapes
    shape = shapes.get(keys)
    if shape is not None and len(parts) == 2 * len(keys) and body.count("=") == len(keys):
        before = fields.copy()
        if _fill(shape, parts, body.count('"'), fields):
            return
        fields.clear()
        fields.update(before)
    _, pairs = pairs_of(body)
    careful = [part for key, value in pairs for part in (f"{key}=", value)]
    own = _shape(tuple(key for key, _ in pairs), sender=sender)
    if shape is None and careful == parts:
        _keep(shapes, keys, own)
    _fill_carefully(own, careful, fields)


def _keep(shapes: dict[tuple[str, ...], Shape], keys: tuple[str, ...], own: Shape) -> None:
    """Know the shape of the next record with these keys; a pure memo."""
    if sum(map(len, keys)) > _LONGEST_KEYS:
        return
    if len(_filled) >= SHAPES_KEPT:
        for other in _filled:
            other.clear()
        _filled.clear()
    shapes[keys] = own
    _filled.append(shapes)


def _fill(shape: Shape, parts: list[str], quotes: int, fields: Fields) -> bool:
    """The short way; False where a value is not what it should be. `quotes` are those of the whole record."""
    fields.update(zip(shape.texts, shape.texts_of(parts)))  # noqa: B905 - made together: of one length
    try:
        fields.update(zip(shape.numbers, map(numbers.__getitem__, shape.numbers_of(parts))))  # noqa: B905
        for name, at in shape.loose:
            text, marks = bare[parts[at]]
            quotes -= marks
            if text is not None:
                fields[name] = text
        for name, at in shape.quoted:
            text, marks = untrusted[parts[at]]
            quotes -= marks
            if text is not None:
                fields[name] = text
    except ValueError:
        return False
    for name, at in shape.zeros:
        if parts[at] != "0":
            _not_zero(name, parts[at], fields)
    if shape.outcome:
        outcome = OUTCOMES.get(parts[shape.outcome])
        if outcome is not None:
            fields["event.outcome"] = outcome
    return not quotes


def _not_zero(name: str, value: str, fields: Fields) -> None:
    if value.strip("0") and value not in NOTHING:
        fields[name] = value


def _fill_carefully(shape: Shape, parts: list[str], fields: Fields) -> None:
    """The same for values of whatever kind: a name where a number is usual, quotes where none are."""
    for name, at in zip(shape.texts, shape.texts_at, strict=True):
        fields[name] = parts[at]
    for name, value in zip(shape.numbers, shape.numbers_of(parts), strict=True):
        text = value.strip('"').removeprefix("unknown(").rstrip(")")
        try:
            fields[name] = number(text)
        except ValueError:
            if text not in NOTHING:
                fields[NAME_OF.get(name) or f"{name.removesuffix('.id')}.name"] = text
    for name, at in shape.loose:
        value = parts[at]
        value = value[1:-1] if value[:1] == '"' == value[-1:] and len(value) > 1 else value
        if value not in NOTHING:
            fields[name] = value
    for name, at in shape.quoted:
        value = decoded(parts[at])
        if value not in NOTHING:
            fields[name] = value
    for name, at in shape.zeros:
        _not_zero(name, parts[at], fields)
    outcome = OUTCOMES.get(parts[shape.outcome]) if shape.outcome else None
    if outcome is not None:
        fields["event.outcome"] = outcome


def _shape(keys: tuple[str, ...], *, sender: bool) -> Shape:
    """Where and under which name each key's value goes; of two that would share a name the first one has it:
    what the kernel vouches for stands before what a program says."""
    aliases = SENDER if sender and not ACCOUNTS.isdisjoint(keys) else {}
    numbers: dict[str, int] = {}
    texts: dict[str, int] = {}
    loose: dict[str, int] = {}
    zeros: dict[str, int] = {}
    quoted: dict[str, int] = {}
    outcome = 0
    for at, key in enumerate(keys):
        place = 2 * at + 1
        if key in ("res", "result"):
            outcome = outcome or place
        elif key in NUMBERS:
            numbers.setdefault(aliases.get(key, NUMBERS[key]), place)
        elif key in ENCODED:
            quoted.setdefault(ENCODED[key], place)
        elif key in NAMED:
            name = aliases.get(key, NAMED[key])
            if not (name in quoted or name in texts):
                loose.setdefault(name, place)
        elif key[:4] == "cap_":
            zeros.setdefault(f"audit.{key}", place)
        else:
            group = texts if key in SURE else loose
            group.setdefault(TEXTS.get(key) or f"audit.{key.replace('-', '_').lower()}", place)
    return Shape(
        tuple(numbers), _getter(tuple(numbers.values())), tuple(texts), _getter(tuple(texts.values())),
        tuple(texts.values()), tuple(loose.items()), tuple(zeros.items()), tuple(quoted.items()), outcome,
    )  # fmt: skip


def _getter(places: tuple[int, ...]) -> Callable[[list[str]], tuple[str, ...]]:
    """An itemgetter that always gives a tuple."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda parts: tuple(parts[place] for place in places)


def keys_apart(fields: Fields) -> None:
    """Several keys of one record are told apart by a control character."""
    key = fields.get("audit.key", "")
    if "\x01" in key:
        fields["audit.key"] = tuple(key.split("\x01"))
