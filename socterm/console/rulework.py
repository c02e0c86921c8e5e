"""What the Rules screen has done in threads: rules loaded from their files, tested, asked what they cover."""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from socterm.config import cache_dir
from socterm.pipeline.rulecheck import run_rule_tests
from socterm.sigma.cache import RuleCache
from socterm.sigma.coverage import coverage
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleSet
from socterm.store.rows import RuleRow


class RuleTested(NamedTuple):
    """How one test inside a rule went; `problem` is "" where it passed."""

    name: str
    problem: str


class TacticCovered(NamedTuple):
    """How many of a tactic's techniques have a rule, of how many, and how many rules those are."""

    title: str
    techniques: int
    known: int
    rules: int


def _load(rows: Sequence[RuleRow]) -> RuleSet:
    """The rules from the files that the store names, as far as they are still there."""
    paths = [path for path in dict.fromkeys(Path(row.path) for row in rows) if path.is_file()]
    return load_rules(paths, cache=RuleCache(cache_dir(os.environ)))


def tests_of(rows: Sequence[RuleRow], rule: str) -> list[RuleTested] | None:
    """Run the tests inside a rule, with all it is built on; None where its file is not there any more."""
    rules = _load(rows)
    if rule not in rules.rules:
        return None
    return [RuleTested(one.test, one.problem) for one in run_rule_tests(rules, {rule})]


def covered(rows: Sequence[RuleRow], off: Collection[str]) -> list[TacticCovered]:
    """The tactics of ATT&CK with what the active rules cover of each; those that are `off` cover nothing."""
    rules = _load(rows)
    keys = {row.id for row in rows if row.fate == "active"} - set(off)
    found = coverage([rule.info for rule in rules.rules.values() if rule.key in keys], "19")
    return [TacticCovered(one.title, len(one.techniques), one.known, one.rules) for one in found.tactics]
