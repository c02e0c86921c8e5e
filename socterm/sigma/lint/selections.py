"""What a rule's selections ask for: modifiers, fields, wildcards and regular expressions, one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml

from socterm.event import LogSource
from socterm.sigma.lint.conditions import NOT_SELECTIONS, section_of
from socterm.sigma.lint.finding import Note, near
from socterm.sigma.lint.tree import VISITED_MOST, Entry, Tree, entries, is_text, items, scalar
from socterm.taxonomy.logsources import known_logsources, serves
from socterm.taxonomy.yields import closed, is_known, names_for

_MODIFIERS = (
    "contains startswith endswith all re i m s cidr base64 base64offset wide utf16 utf16le utf16be windash "
    "cased exists expand fieldref gt gte lt lte neq minute hour day week month year"
)
MODIFIERS = frozenset(_MODIFIERS.split())
"""Sigma 2.1, Appendix "Modifiers"."""

LONG_REGEX = 1_000
"""Characters of a regular expression beyond which nobody can read it, and engines grow large automata."""

_PLACED = frozenset({"contains", "startswith", "endswith"})
_BYTES = frozenset({"base64", "base64offset", "wide", "utf16", "utf16le", "utf16be", "re", "cidr", "expand"})
_ESCAPED_STAR = re.compile(r"(?<!\\)\\\*")
_PATH = re.compile(r"[A-Za-z]:\\|\\[A-Za-z%]")


class Asked(NamedTuple):
    """One key of a selection: a field (or "" for keywords) with modifiers, and its values."""

    field: str
    modifiers: tuple[str, ...]
    key_node: yaml.Node
    values: tuple[yaml.Node, ...]


def check_logsource(tree: Tree) -> Iterator[Note]:
    """A log source that nothing here writes, with the nearest one there is."""
    node = tree.get("logsource")
    wanted = logsource(tree)
    known = known_logsources()
    if node is None or not any(wanted) or any(serves(wanted, source) for source in known):
        return
    said = "/".join(part or "*" for part in wanted)
    hint = ""
    for place, part in enumerate(("product", "category", "service")):
        values = {source[place] for source in known if source[place]}
        if wanted[place] and wanted[place] not in values:
            hint = near(wanted[place], values)
            node = tree.get("logsource", part)
            break
    yield Note(tree.spot(node), "warning", "logsource", f"nothing here writes the log source {said}{hint}")


def logsource(tree: Tree) -> LogSource:
    """The log source of a document, lower case."""
    product, category, service = (
        tree.text("logsource", part).lower() for part in ("product", "category", "service")
    )
    return product, category, service


def check_selections(tree: Tree) -> Iterator[Note]:
    """All checks of this file on one document."""
    source = logsource(tree)
    served = any(serves(source, known) for known in known_logsources())
    told: set[str] = set()
    for asked in _all_asked(tree):
        yield from _modifiers(tree, asked)
        if asked.field and served and asked.field not in told:
            told.add(asked.field)
            yield from _field(tree, asked, source)
        for value in asked.values:
            if is_text(value):
                yield from _regex(tree, value) if "re" in asked.modifiers else _wildcards(tree, asked, value)


def _all_asked(tree: Tree) -> Iterator[Asked]:
    section = section_of(tree)
    for entry in entries(tree.get(section)):
        if entry.key in NOT_SELECTIONS[section]:
            continue
        queue = [entry.value]
        for _ in range(VISITED_MOST):
            if not queue:
                break
            node = queue.pop()
            if isinstance(node, yaml.SequenceNode):
                queue.extend(reversed(node.value))
            elif isinstance(node, yaml.MappingNode):
                yield from map(_asked, entries(node))
            elif isinstance(node, yaml.ScalarNode):
                yield Asked("", (), node, (node,))


def _asked(entry: Entry) -> Asked:
    field, *modifiers = entry.key.split("|")
    return Asked(field, tuple(modifiers), entry.key_node, tuple(items(entry.value)))


def _modifiers(tree: Tree, asked: Asked) -> Iterator[Note]:
    for name in asked.modifiers:
        if name not in MODIFIERS:
            said = f"'{name}' is no modifier{near(name, MODIFIERS)}"
            yield Note(tree.spot(asked.key_node), "error", "modifier", said)
    if "all" in asked.modifiers and len(asked.values) == 1 and asked.field:
        yield Note(tree.spot(asked.key_node), "hint", "all", "|all says nothing about a single value")


def _field(tree: Tree, asked: Asked, source: LogSource) -> Iterator[Note]:
    if is_known(asked.field, source):
        return
    kind = closed(source)
    meant = near(asked.field, names_for(source), 0.85)
    where = "/".join(part or "*" for part in source)
    if kind == "closed":
        said = f"nothing yields '{asked.field}' in events of {where}{meant}"
        yield Note(tree.spot(asked.key_node), "warning", "field", said)
    elif kind == "mixed" or meant:
        said = f"'{asked.field}' is in no event of {where} we know; only a producer's own data could have it"
        yield Note(tree.spot(asked.key_node), "hint", "field", said + meant)


def _wildcards(tree: Tree, asked: Asked, node: yaml.Node) -> Iterator[Note]:
    value = scalar(node)
    placed = _PLACED.intersection(asked.modifiers)
    if not value and placed:
        said = f"|{min(placed)} with an empty text is true of every value"
        yield Note(tree.spot(node), "warning", "empty", said)
    if _BYTES.intersection(asked.modifiers):
        return
    if _ESCAPED_STAR.search(value) and _PATH.search(value):
        said = "'\\*' is a star, not a backslash and anything; write '\\\\*' for that"
        yield Note(tree.spot(node), "warning", "wildcard", said)
    if not placed or value.strip("*") == "":
        return
    if value.startswith("*") and placed & {"contains", "endswith"}:
        yield Note(
            tree.spot(node), "hint", "star", f"the star at the beginning adds nothing to |{min(placed)}"
        )
    elif value.startswith("*"):
        said = "a star at the beginning makes |startswith a |contains"
        yield Note(tree.spot(node), "warning", "wildcard", said)
    if _ends_in_star(value) and placed & {"contains", "startswith"}:
        yield Note(tree.spot(node), "hint", "star", f"the star at the end adds nothing to |{min(placed)}")
    elif _ends_in_star(value):
        yield Note(tree.spot(node), "warning", "wildcard", "a star at the end makes |endswith a |contains")


def _ends_in_star(value: str) -> bool:
    before = value[:-1]
    return value.endswith("*") and (len(before) - len(before.rstrip("\\"))) % 2 == 0


def _regex(tree: Tree, node: yaml.Node) -> Iterator[Note]:
    value = scalar(node)
    if len(value) > LONG_REGEX:
        said = f"a regular expression of {len(value):,} characters; split it, or use a list of values"
        yield Note(tree.spot(node), "warning", "regex", said)
    if value.startswith((".*", "^.*")) or value.endswith((".*", ".*$")):
        yield Note(
            tree.spot(node), "hint", "regex", "'.*' at the beginning or end of an expression adds nothing"
        )
