"""What a new set of rules changes: by id, not by file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from socterm.sigma.documents import read_documents, read_file, rule_files
from socterm.sigma.model import RuleFate, RuleSet


class Changed(msgspec.Struct, frozen=True):
    """One rule that is not as it was. `kind`: added, removed, changed, refused (and was not before)."""

    kind: str
    key: str
    title: str
    level: str
    reason: str = ""


def changes(old: tuple[RuleSet, Path] | None, new: tuple[RuleSet, Path]) -> list[Changed]:
    """Added, changed, removed, newly refused, in that order, each by title."""
    fates = _fates(new)
    texts = _texts(new)
    before = _fates(old) if old is not None else {}
    was = _texts(old) if old is not None else {}
    found = [
        *_said("added", [fates[key] for key in fates.keys() - before.keys()]),
        *_said("changed", [fates[key] for key in fates.keys() & before.keys() if texts[key] != was[key]]),
        *_said("removed", [before[key] for key in before.keys() - fates.keys()]),
    ]
    refused = [f for key, f in fates.items() if f.fate == "refused" and _ran(before.get(key))]
    return found + list(_said("refused", refused))


def _ran(before: RuleFate | None) -> bool:
    return before is None or before.fate != "refused"


def _said(kind: str, fates: Collection[RuleFate]) -> Iterator[Changed]:
    for f in sorted(fates, key=lambda f: (f.title.lower(), f.key)):
        yield Changed(kind, f.key, f.title, f.level, f.reason if kind == "refused" else "")


def _place(path: str, folder: Path) -> str:
    return Path(path).relative_to(folder).as_posix() if Path(path).is_relative_to(folder) else path


def _key(f: RuleFate, folder: Path) -> str:
    """What a document is known by in both sets: its id, else where it stands."""
    return _place(f.key, folder) if f.key.startswith(str(folder)) else f.key


def _fates(loaded: tuple[RuleSet, Path]) -> dict[str, RuleFate]:
    rules, folder = loaded
    found: dict[str, RuleFate] = {}
    for f in rules.fates:
        found.setdefault(_key(f, folder), f)
    return found


def _texts(loaded: tuple[RuleSet, Path]) -> dict[str, str]:
    """Key → digest of the document's text."""
    rules, folder = loaded
    by_place = {(f.path, f.line): _key(f, folder) for f in rules.fates}
    found: dict[str, str] = {}
    for file in rule_files([folder]):
        for document in read_documents(read_file(file)):
            key = by_place.get((document.path, document.line))
            if key is not None:
                found.setdefault(key, document.digest or document.problem)
    return dict.fromkeys(by_place.values(), "") | found
