"""Rule files that have been understood before: one file on disk, so that a start does not read YAML again.

It holds values, never code: what is read from it is decoded into the types of `resolve.Draft`, and rules are
compiled anew. It is only an aid. Whatever is odd about it (another engine, another owner, a bit that flipped)
makes it empty, and the rules are read the long way.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

from socterm import sigma, taxonomy
from socterm.sigma.documents import RuleFile
from socterm.sigma.kept import KeptFile, engine_of
from socterm.sigma.placeholders import Lists
from socterm.sigma.resolve import Draft

NAME: Final = "rules.msgpack"
FILES_LIMIT: Final = 20_000
"""Rule files remembered: those of this start, then those of others."""


class _Content(msgspec.Struct):
    """The file behind its checksum: which engine made it, and the drafts of each rule file by its text."""

    engine: bytes
    files: dict[bytes, msgspec.Raw]


class RuleCache:
    """The drafts of rule files by their text, in a folder that belongs to this user alone.

    Nothing here raises for what is on disk. `save` writes what is new, and what was known as far as there is
    room.
    """

    def __init__(self, folder: Path) -> None:
        self._file = KeptFile(folder / NAME)
        self._known = self._read()
        self._used: dict[bytes, msgspec.Raw] = {}

    def get(self, file: RuleFile, placeholders: Lists) -> list[Draft] | None:
        """The drafts of a file with this very text, without their place; None where it has not been met."""
        key = _key(file, placeholders)
        found = self._used.get(key, self._known.get(key))
        if found is None:
            return None
        try:
            drafts = _DECODER.decode(found)
        except (msgspec.MsgspecError, ValueError):
            return None
        self._used[key] = found
        return drafts

    def put(self, file: RuleFile, placeholders: Lists, drafts: Sequence[Draft]) -> None:
        """Remember the drafts of a file."""
        try:
            self._used[_key(file, placeholders)] = msgspec.Raw(_ENCODER.encode(drafts))
        except (TypeError, ValueError, OverflowError):  # a number no format holds: read anew each time
            return

    def save(self) -> None:
        """Write what is not on disk yet. A disk that refuses is no matter."""
        if self._used.keys() <= self._known.keys():
            return
        files = dict(islice({**self._used, **self._known, **self._used}.items(), FILES_LIMIT))
        if self._file.write(_ENCODER.encode(_Content(engine(), files))):
            self._known = files

    def _read(self) -> dict[bytes, msgspec.Raw]:
        try:
            found = _CONTENT.decode(self._file.read())
        except (msgspec.MsgspecError, ValueError):
            return {}
        return found.files if found.engine == engine() else {}


def _key(file: RuleFile, placeholders: Lists) -> bytes:
    """The text, and the lists where it may ask for one."""
    digest = sha256(file.text.encode("utf-8", "surrogatepass"))
    if "%" in file.text and placeholders:
        lists = sorted((name, list(found)) for name, found in placeholders.items())
        digest.update(msgspec.json.encode(lists))
    return digest.digest()


@cache
def engine() -> bytes:
    """What a draft depends on besides its text: the rooms that make it, and the versions."""
    return engine_of(*(Path(folder) for room in (sigma, taxonomy) for folder in room.__path__))


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(list[Draft])
_CONTENT: Final = msgspec.msgpack.Decoder(_Content)
