"""A YAML document as nodes that know where they stand: line and character of every key and value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import yaml

from socterm.sigma.depth import too_deep
from socterm.sigma.documents import RuleFile, cut
from socterm.sigma.lint.finding import Spot

VISITED_MOST = 200_000
"""Nodes looked at in one document. Aliases can make a small file endless; a rule never gets here."""


class Entry(NamedTuple):
    """A key of a map with its value."""

    key: str
    key_node: yaml.Node
    value: yaml.Node


class Tree:
    """One document. `first` is the file's line (from 1) that its text begins on."""

    def __init__(self, root: yaml.MappingNode, first: int) -> None:
        self.root = root
        self._first = first

    def spot(self, node: yaml.Node | None) -> Spot:
        """Where a node begins; the document's beginning for None."""
        mark = (node or self.root).start_mark
        return Spot(self._first + mark.line, mark.column + 1)

    def get(self, *path: str) -> yaml.Node | None:
        """The value under a path of keys, or None."""
        node: yaml.Node | None = self.root
        for name in path:
            node = next((entry.value for entry in entries(node) if entry.key == name), None)
        return node

    def text(self, *path: str) -> str:
        """The value under a path as written; "" where there is none or it is no scalar."""
        return scalar(self.get(*path))

    def find(self, wanted: str, *path: str) -> yaml.Node | None:
        """The first key or value below a path that is a text, or else contains it."""
        nodes = [node for node in walk(self.get(*path) if path else self.root) if scalar(node)]
        exact = next((node for node in nodes if scalar(node) == wanted), None)
        return exact or next((node for node in nodes if wanted in scalar(node)), None)


def trees(file: RuleFile) -> list[tuple[int, Tree]]:
    """(number, tree) of the documents of a file that are maps; the others have been reported by the loader.

    Numbers are those of `documents.read_documents`.
    """
    found = []
    number = 0
    for first, part in cut(file.text):
        if too_deep(part):
            number += 1
            continue
        try:
            root = yaml.compose(part, Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, ValueError, RecursionError):
            number += 1
            continue
        if root is None or is_nothing(root):
            continue
        if isinstance(root, yaml.MappingNode):
            found.append((number, Tree(root, first)))
        number += 1
    return found


def entries(node: yaml.Node | None) -> list[Entry]:
    """The keys of a map in the order written; [] for anything else."""
    if not isinstance(node, yaml.MappingNode):
        return []
    return [Entry(scalar(key), key, value) for key, value in node.value]


def items(node: yaml.Node | None) -> list[yaml.Node]:
    """The elements of a list; a single value is a list of one, nothing is []."""
    if node is None:
        return []
    return list(node.value) if isinstance(node, yaml.SequenceNode) else [node]


def scalar(node: yaml.Node | None) -> str:
    """What a scalar says, as written; "" for maps, lists and nothing."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def is_text(node: yaml.Node) -> bool:
    """Whether YAML takes a scalar as text and not as a number, a date, yes or nothing."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:str"


def is_nothing(node: yaml.Node) -> bool:
    """Whether YAML takes a value as null."""
    return isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def walk(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """All nodes below and with this one, in the order written; at most `VISITED_MOST`."""
    queue = [node] if node is not None else []
    for _ in range(VISITED_MOST):
        if not queue:
            return
        here = queue.pop()
        yield here
        if isinstance(here, yaml.SequenceNode):
            queue.extend(reversed(here.value))
        elif isinstance(here, yaml.MappingNode):
            queue.extend(part for pair in reversed(here.value) for part in reversed(pair))
