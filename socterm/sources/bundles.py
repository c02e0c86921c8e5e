"""One line of JSON that carries several records, as exporters of clouds hand them on: taken apart.

| who | what |
|---|---|
| CloudTrail, Azure's event hubs and storage | `{"Records": […]}`, `{"records": […]}` |
| CloudWatch Logs subscriptions | `{"messageType": "DATA_MESSAGE", "logGroup": …, "logEvents": […]}` |
| Microsoft Graph | `{"@odata.context": …, "value": […]}` |

A record keeps its text; the log group and its like, which CloudWatch tells only once, stand at its beginning.
An object with more to say than that, or whose list holds anything but objects, or nothing, is one record as
any other: applications, too, have lists that are called `records`.
"""

from __future__ import annotations

import codecs
import functools
from collections.abc import Callable
from itertools import takewhile
from typing import Any, Final

import msgspec

from socterm.sources.lines import Taken

BLANK: Final = b" \t\r\n"
"""What may stand around JSON (RFC 8259, 2)."""
MOST: Final = 10_000
"""Records of one line; of a longer list nothing is taken apart."""

_LISTS: Final = (b'"Records"', b'"records"', b'"logEvents"', b'"value"')
_GRAPH = "@odata."
_WATCHED = ("owner", "logGroup", "logStream")
"""What CloudWatch tells of all records at once."""
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


@functools.cache
def elements(most: int) -> Callable[[bytes], msgspec.Struct]:
    """How an array is taken apart: into so many elements and no more, for millions may fit into a text.

    A list would hold all of them; a struct passes over what it has no field for.
    """
    fields = [(f"at{index}", msgspec.Raw, msgspec.Raw()) for index in range(most + 1)]
    return msgspec.json.Decoder(msgspec.defstruct("Elements", fields, array_like=True)).decode


def parts_of(record: bytes, most: int = MOST) -> list[bytes]:
    r"""The records of an object or an array; none where it is one itself, or broken, or carries too many.

    >>> parts_of(b'{"Records":[{"a": 1.10},{"b":2}]}'), parts_of(b'{"Records":[1]}'), parts_of(b'{"a":[{}]}')
    ([b'{"a": 1.10}', b'{"b":2}'], [], [])
    """
    try:
        if record.startswith(b"["):
            return _objects(record, most)
        if not any(name in record for name in _LISTS):
            return []
        members = _members(record)
        name = _list_of(members)
        found = _objects(bytes(members[name]), most) if name else []
        if name != "logEvents":
            return found
        told = [(key, b'"%b":%b' % (key.encode(), bytes(members[key]))) for key in _WATCHED if key in members]
        return [_with(one, told) for one in found]
    except (msgspec.MsgspecError, RecursionError):
        return []


def unbundled(taken: Taken) -> tuple[list[bytes], dict[int, dict[str, Any]]]:
    """Lines with each record that one carries as a line of its own, and their notes where they now belong.

    What a line carries is never parted: a bookmark behind the line holds for all of it.
    """
    lines: list[bytes] = []
    notes: dict[int, dict[str, Any]] = {}
    for index, line in enumerate(taken.lines):
        if index in taken.notes:
            notes[len(lines)] = taken.notes[index]
        lines += parts_of(line.removeprefix(codecs.BOM_UTF8).strip(BLANK)) or [line]
    return lines, notes


def _objects(array: bytes, most: int) -> list[bytes]:
    """The elements of an array, none where not all are objects."""
    if not array.startswith(b"["):
        return []
    found = [bytes(one) for one in takewhile(bool, msgspec.structs.astuple(elements(most)(array)))]
    return found if len(found) <= most and all(one.startswith(b"{") for one in found) else []


def _list_of(members: dict[str, msgspec.Raw]) -> str:
    """The name of the list of records, "" where the object is no such thing."""
    if bytes(members.get("messageType", b"")) == b'"DATA_MESSAGE"' and "logEvents" in members:
        return "logEvents"
    names = [name for name in members if not name.startswith(_GRAPH)]
    wanted = ("Records", "records") if len(members) == 1 else ("value",)
    return names[0] if len(names) == 1 and names[0] in wanted else ""


def _with(record: bytes, told: list[tuple[str, bytes]]) -> bytes:
    """A record and what was told of it elsewhere, unless it says that itself."""
    own = _members(record)
    said = b",".join(text for key, text in told if key not in own)
    if not said:
        return record
    return b"{" + said + (b"," if own else b"") + record[1:].lstrip()
