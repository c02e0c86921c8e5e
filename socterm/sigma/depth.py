"""How deep a YAML text is nested, and how large its aliases make it: told before anything goes down there.

Some depth ends the process, in libyaml already. Ten lines of aliases of aliases stand for a billion values:
they cost nothing until somebody walks over them, be it for an error message.
"""

from __future__ import annotations

import re
from typing import Final

import yaml

DEEPEST: Final = 100
"""Levels of lists and maps in a rule file; SigmaHQ's deepest has eight."""

LARGEST: Final = 4 * 1024 * 1024
"""Characters of a document with its aliases written out."""

_RUN = re.compile(rf"(?:[-?:][ \t]+){{{DEEPEST}}}")
_INDENTED = re.compile(rf"^[ ]{{{DEEPEST}}}", re.MULTILINE)


def too_deep(text: str) -> bool:
    """Whether lists and maps stand in each other more than `DEEPEST` deep. False for what is no YAML.

    >>> too_deep("a: [[1]]"), too_deep("a: " + "[" * 101)
    (False, True)
    """
    if text.count("[") + text.count("{") <= DEEPEST and not _RUN.search(text) and not _INDENTED.search(text):
        return False
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > DEEPEST:
                    return True
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
    except yaml.YAMLError:
        return False
    return False


def overgrown(root: yaml.Node) -> str:
    """What is wrong with a document's aliases, in one line; "" where nothing is.

    >>> overgrown(yaml.compose("a: &a [x]\\nb: *a")), overgrown(yaml.compose("a: &a [*a]"))
    ('', 'a value contains itself (an alias inside its own anchor)')
    """
    sizes: dict[int, tuple[int, int]] = {}
    try:
        size, depth = _measured(root, sizes)
    except _ItselfError:
        return "a value contains itself (an alias inside its own anchor)"
    if depth > DEEPEST:
        return f"with its aliases written out, lists and maps stand in each other more than {DEEPEST} deep"
    if size > LARGEST:
        return f"with its aliases written out it is larger than {LARGEST >> 20} MiB"
    return ""


class _ItselfError(Exception):
    """A node is below itself."""


def _measured(node: yaml.Node, sizes: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """(characters, depth) of a node; each is looked at once, so that it takes no longer than the text is."""
    if isinstance(node, yaml.ScalarNode):
        return len(node.value) + 1, 0
    if id(node) in sizes:
        if sizes[id(node)] == _OPEN:
            raise _ItselfError
        return sizes[id(node)]
    sizes[id(node)] = _OPEN
    parts = (
        node.value if isinstance(node, yaml.SequenceNode) else [part for pair in node.value for part in pair]
    )
    found = [_measured(part, sizes) for part in parts]
    size, depth = sum(size for size, _ in found) + 1, max((depth for _, depth in found), default=0) + 1
    sizes[id(node)] = size, depth
    return size, depth


_OPEN = (-1, -1)
