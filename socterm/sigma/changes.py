"""What a reload changed: which rules go on as they were, and which begin anew.

A rule goes on, with its windows and episodes, where all that decides what it matches and counts is the
same: its own terms and, for a correlation, those of every rule it refers to. Title, level, tags, description
and tests may change. A rule whose terms changed begins anew, and what it had under way settles as it is.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from socterm.alerts.model import RuleInfo
from socterm.sigma.learning.terms import shape_of
from socterm.sigma.model import Rule, RuleSet

_BESIDE: dict[str, Any] = {
    name: value
    for name, value in {
        "info": RuleInfo("", "", "", "", ()),
        "name": "",
        "alerting": False,
        "tests": (),
        "risk": 0,
        "digest": "",
        "filters": (),
        "unfiltered": None,
    }.items()
    if name in Rule.__struct_fields__
}
"""What may change without touching a rule's windows."""


class Changes(NamedTuple):
    """Numbers of rules, for the line that tells of a reload; a new title alone is a change too.

    `refused` are documents refused now that were not before.
    """

    added: int = 0
    changed: int = 0
    removed: int = 0
    refused: int = 0

    def __str__(self) -> str:
        said = [f"{number} {name}" for name, number in zip(self._fields, self, strict=True) if number]
        return ", ".join(said) or "nothing changed"


def going_on(before: RuleSet, after: RuleSet) -> frozenset[str]:
    """Keys of the rules in both sets whose terms are the same."""
    same: set[str] = set()
    for key, rule in after.rules.items():  # what a rule refers to stands before it
        old = before.rules.get(key)
        if old is None or not _alike(old, rule):
            continue
        if rule.correlation is None or same.issuperset(rule.correlation.refs):
            same.add(key)
    return frozenset(same)


def tuned(before: RuleSet, after: RuleSet) -> frozenset[str]:
    """Keys of the rules that remember of which only the settings of that changed, as far as they may.

    What waits to be judged by them waits on.
    """
    found: set[str] = set()
    for key, rule in after.rules.items():
        old = before.rules.get(key)
        if old is None or rule.learning is None or old.learning is None:
            continue
        if shape_of(old.learning) == shape_of(rule.learning):
            same = msgspec.structs.replace(rule, learning=old.learning)
            if _terms(old) == _terms(same):
                found.add(key)
    return frozenset(found)


def changes(before: RuleSet, after: RuleSet) -> Changes:
    """What a person would call added, changed and removed."""
    old, new = before.rules, after.rules
    return Changes(
        added=len(new.keys() - old.keys()),
        changed=sum(1 for key, rule in new.items() if key in old and _said(rule) != _said(old[key])),
        removed=len(old.keys() - new.keys()),
        refused=len(_refused(after) - _refused(before)),
    )


def _refused(rules: RuleSet) -> set[str]:
    return {fate.key for fate in rules.fates if fate.fate == "refused"}


def _alike(old: Rule, new: Rule) -> bool:
    """Documents that are the same to the letter need no closer look: there may be thousands."""
    return old is new or bool(new.digest and old.digest == new.digest) or _terms(old) == _terms(new)


def _terms(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, **_BESIDE)


def _said(rule: Rule) -> Rule:
    """The rule as written: whether it alerts may be others' doing, and where it stands is nobody's."""
    return msgspec.structs.replace(rule, info=msgspec.structs.replace(rule.info, path=""), alerting=False)
