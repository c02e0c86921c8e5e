"""How deep a YAML text is nested, told before libyaml goes down there: some depth ends the process."""

from __future__ import annotations

import re
from typing import Final

import yaml

DEEPEST: Final = 100
"""Levels of lists and maps in a rule file; SigmaHQ's deepest has eight."""

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
