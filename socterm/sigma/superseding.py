"""`socterm.supersedes`: from the names in rules to the keys of all rules that one's alerts stand above."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from socterm.alerts.levels import rank_of
from socterm.alerts.superseding import closure
from socterm.sigma.entity import WHOM
from socterm.sigma.model import Rule

Called = Callable[[str], str | None]
"""The key of a rule by its id or name as written; None where there is none."""


def with_superseded(rules: dict[str, Rule], called: Called) -> dict[str, Rule]:
    """The rules, each with the keys of all that it supersedes and how far that reaches.

    Names that no rule has, a rule's own and those of a circle count for nothing: `mistakes` tells of them.
    """
    found = closure(_direct(rules, called))
    return {key: _completed(rule, found[key]) if found.get(key) else rule for key, rule in rules.items()}


def mistakes(rule: Rule, rules: dict[str, Rule]) -> Iterator[tuple[str, str]]:
    """(name as written, what is wrong with it) of what a rule cannot supersede."""
    keys = _keys(rules)
    for name in rule.supersedes:
        key = keys.get(name.lower())
        if key is None:
            yield name, f"it supersedes '{name}', and no rule of that id or name is loaded"
        elif key == rule.key:
            yield name, f"it supersedes itself, '{name}': that counts for nothing"
        elif key not in rule.info.supersedes:
            yield name, f"it and '{name}' supersede each other: neither's alerts stand above the other's"
        elif rank_of(rules[key].info.level) > rank_of(rule.info.level):
            yield name, f"it supersedes '{name}', whose alerts are graver: they would be hidden under its own"


def strangers(rule: Rule, rules: dict[str, Rule]) -> Iterator[tuple[str, str]]:
    """(name as written, why) of what it supersedes in vain: their alerts are never about the same thing."""
    keys = _keys(rules)
    mine = _fields(rule)
    for name in rule.supersedes:
        other = rules.get(keys.get(name.lower(), ""))
        theirs = _fields(other) if other is not None else ()
        if mine and theirs and not set(mine) & set(theirs):
            about = f"its alerts are about {', '.join(mine)}, those of '{name}' about {', '.join(theirs)}"
            yield name, f"{about}: with no field in common none becomes part of the other"


def _keys(rules: dict[str, Rule]) -> dict[str, str]:
    """Id or name, in lower case → the key of the rule that has it."""
    return {text.lower(): key for key, one in rules.items() for text in (key, one.name) if text}


def _fields(rule: Rule) -> tuple[str, ...]:
    """What a rule's alerts are about, () where that is not known before they are there."""
    fields = rule.entity or (rule.correlation.group_by if rule.correlation is not None else ())
    if WHOM in fields or not fields:
        return ()
    return (*fields, rule.info.sole) if rule.info.sole else fields


def _direct(rules: dict[str, Rule], called: Called) -> dict[str, list[str]]:
    return {
        rule.key: [key for name in rule.supersedes if (key := called(name)) is not None]
        for rule in rules.values()
        if rule.supersedes
    }


def _completed(rule: Rule, keys: tuple[str, ...]) -> Rule:
    span = rule.correlation.span if rule.correlation is not None else 0
    info = msgspec.structs.replace(rule.info, supersedes=keys, reach=max(rule.throttle, span))
    return msgspec.structs.replace(rule, info=info)
