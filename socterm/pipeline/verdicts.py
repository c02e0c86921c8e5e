"""How the tests inside rules went, kept on disk: a start runs only those of rules that are new or changed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final

import msgspec

import socterm
from socterm.assets import rules_dir
from socterm.sigma.kept import KeptFile, engine_of
from socterm.sigma.model import Rule

NAME: Final = "verdicts.msgpack"
LIMIT: Final = 50_000
"""Verdicts remembered: those of this start, then those of others."""


class _Content(msgspec.Struct):
    engine: bytes
    verdicts: dict[bytes, str]


class KeptVerdicts:
    """Verdicts by what a rule and its parts are made of. All of socterm had a hand in a test: where any of it
    changes, all tests are run again. Nothing here raises for what is on disk.
    """

    def __init__(self, folder: Path) -> None:
        self._file = KeptFile(folder / NAME)
        self._known = self._read()
        self._used: dict[bytes, str] = {}

    def get(self, rule: Rule, parts: Sequence[Rule]) -> str | None:
        """What the rule failed in with these very parts, "" for nothing; None where it is not known."""
        key = _key(rule, parts)
        found = self._used.get(key, self._known.get(key))
        if found is not None:
            self._used[key] = found
        return found

    def put(self, rule: Rule, parts: Sequence[Rule], problem: str) -> None:
        """Remember it."""
        self._used[_key(rule, parts)] = problem

    def save(self) -> None:
        """Write what is not on disk yet. A disk that refuses is no matter."""
        if self._used.keys() <= self._known.keys():
            return
        verdicts = dict(islice({**self._used, **self._known}.items(), LIMIT))
        if self._file.write(msgspec.msgpack.encode(_Content(_engine(), verdicts))):
            self._known = verdicts

    def _read(self) -> dict[bytes, str]:
        try:
            found = msgspec.msgpack.decode(self._file.read(), type=_Content)
        except (msgspec.MsgspecError, ValueError):
            return {}
        return found.verdicts if found.engine == _engine() else {}


def _key(rule: Rule, parts: Sequence[Rule]) -> bytes:
    """Of the rule and its parts the texts they were made of, in order, and which of them raise alerts."""
    made_of = [(part.key, part.digest, part.alerting) for part in parts]
    return sha256(msgspec.msgpack.encode((rule.key, rule.digest, made_of))).digest()


@cache
def _engine() -> bytes:
    return engine_of(*(Path(folder) for folder in socterm.__path__)) + str(rules_dir()).encode()
