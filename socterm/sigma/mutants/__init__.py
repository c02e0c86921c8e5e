"""What a rule's tests have to notice: the rule with one part of it broken, a mutant for each part.

Pure: a document as YAML gives it goes in, changed copies come out. Whether its tests notice is
`socterm.pipeline.rulemutants`' to find out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from socterm.sigma.mutants.changing import Mutant
from socterm.sigma.mutants.correlation import correlation_mutants
from socterm.sigma.mutants.detection import detection_mutants
from socterm.sigma.mutants.memory import memory_mutants

__all__ = ["Mutant", "mutants_of"]


def mutants_of(data: dict[str, Any]) -> Iterator[Mutant]:
    """A rule's document with one part broken, part after part; the document itself is left as it is.

    >>> rule = {"detection": {"sel": {"a": [1, 2]}, "condition": "sel"}}
    >>> [mutant.what for mutant in mutants_of(rule)]
    ['sel: always true', 'sel: never true', 'sel.a: without 1', 'sel.a: without 2']
    """
    yield from detection_mutants(data)
    yield from correlation_mutants(data)
    yield from memory_mutants(data)
