"""What a rule says of itself: keys, id, dates, status, level, tags, and what a good rule also has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from socterm.alerts.levels import LEVELS
from socterm.sigma.lint.finding import Note, Spot, near
from socterm.sigma.lint.tree import Tree, entries, is_nothing, is_text, items, scalar
from socterm.taxonomy import attack

_KEYS = (
    "title id name related taxonomy status description license author references date modified tags scope "
    "logsource detection fields falsepositives level correlation filter generate custom socterm"
)
KEYS = frozenset(_KEYS.split())
"""Top-level keys of Sigma 2.1 (rules, correlations, filters), and ours."""

STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")
SPACES = ("attack", "car", "cve", "d3fend", "detection", "stp", "tlp", "threat_group", "socterm")
"""Tag namespaces of Sigma 2.1, and those of SigmaHQ and ours."""

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TAG = re.compile(r"[a-z0-9_-]+\.[a-z0-9._-]+")
_OBJECT = re.compile(r"(?:[gs]\d{4}|ds\d{4}|m\d{4}|c\d{4}|ta\d{4})")
"""Groups, software, data sources, mitigations, campaigns, tactics by id."""


def check_head(tree: Tree) -> Iterator[Note]:
    """All checks of this file on one document."""
    yield from _keys(tree)
    yield from _words(tree)
    for name in ("date", "modified"):
        yield from _date(tree, name)
    for node in items(tree.get("tags")):
        if is_text(node):
            yield from _tag(tree.spot(node), scalar(node))
    yield from _lacking(tree)


def _keys(tree: Tree) -> Iterator[Note]:
    for entry in entries(tree.root):
        if entry.key in KEYS:
            continue
        meant = near(entry.key, KEYS)
        said = f"'{entry.key}' is no key of Sigma 2.1{meant}"
        yield Note(tree.spot(entry.key_node), "warning" if meant else "hint", "key", said)


def _words(tree: Tree) -> Iterator[Note]:
    for name, known in (("status", STATUSES), ("level", LEVELS)):
        node = tree.get(name)
        if node is not None and scalar(node) not in known:
            said = f"'{scalar(node)}' is no {name}; it is one of {', '.join(known)}"
            yield Note(tree.spot(node), "error", name, said)
    ident = tree.get("id")
    if ident is not None and not is_nothing(ident) and not _UUID.fullmatch(scalar(ident)):
        yield Note(tree.spot(ident), "error", "id", f"'{scalar(ident)}' is no UUID")


def _date(tree: Tree, name: str) -> Iterator[Note]:
    node = tree.get(name)
    if node is None:
        return
    said = scalar(node)
    if _DATE.fullmatch(said):
        try:
            date.fromisoformat(said)
        except ValueError:
            yield Note(tree.spot(node), "error", "date", f"{name}: there is no day {said}")
        return
    yield Note(tree.spot(node), "warning", "date", f"{name}: '{said}' is not written YYYY-MM-DD")


def _tag(spot: Spot, tag: str) -> Iterator[Note]:
    if not _TAG.fullmatch(tag):
        yield Note(spot, "warning", "tag", f"'{tag}' is no tag; write namespace.name in small letters")
        return
    space, _, name = tag.partition(".")
    if space not in SPACES:
        yield Note(spot, "hint", "tag", f"'{space}' is no known namespace of tags{near(space, SPACES)}")
    if space != "attack" or _OBJECT.fullmatch(name):
        return
    technique = name.upper()
    if technique in attack.RENAMED:
        now = attack.RENAMED[technique]
        said = f"{technique} is {now} ({attack.name_of(now)}) since ATT&CK {attack.VERSION}"
        yield Note(spot, "hint", "tag", said)
    elif attack.tactic_of(tag):
        if name in attack.RENAMED_TACTICS:
            became = " and ".join(attack.RENAMED_TACTICS[name])
            yield Note(spot, "hint", "tag", f"{name} became {became} in ATT&CK {attack.VERSION}")
    elif not attack.known(technique):
        tactics = [tactic.name for tactic in attack.TACTICS]
        yield Note(spot, "warning", "tag", f"ATT&CK has no '{name}'{near(name, tactics)}")


def _lacking(tree: Tree) -> Iterator[Note]:
    top = tree.spot(None)
    base = "filter" in (entry.key for entry in entries(tree.root))
    for name in ("id", "level", "description"):
        node = tree.get(name)
        if (node is None or is_nothing(node)) and not (base and name == "level"):
            yield Note(top, "hint", "lacking", f"it has no {name}")
    if tree.get("falsepositives") is None and tree.text("level") in LEVELS[2:]:
        yield Note(top, "hint", "lacking", "it names no falsepositives: what innocent may look like this?")
    if tree.get("socterm", "tests") is None and not base:
        yield Note(top, "hint", "tests", "it has no tests (socterm.tests)")
