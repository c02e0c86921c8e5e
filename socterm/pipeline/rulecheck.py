"""The tests inside rule files, run through the real parsers and the real detector.

A rule that fails its own tests loads disabled, with the reason: better silent and listed than wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from socterm.pipeline.replay import replay
from socterm.sigma.load import load_rules
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.testing import Outcome, compare

TEST_NOW = int(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 1_000_000
"""The "now" (µs) of rule tests: stamps without a year fall into 2026."""


def run_rule_tests(rules: RuleSet, keys: Collection[str] | None = None) -> list[Outcome]:
    """Run the tests of all rules, or of those named."""
    outcomes = []
    for rule in rules.rules.values():
        if not rule.tests or (keys is not None and rule.key not in keys):
            continue
        alone = _with_parts(rule, rules)
        for test in rule.tests:
            problem = compare(test, rule.key, replay(test.lines, alone, now=TEST_NOW))
            outcomes.append(Outcome(rule.key, rule.info.title, rule.info.path, test.name, problem))
    return outcomes


def load_checked(paths: Sequence[Path], *, disabled: Collection[str] = ()) -> RuleSet:
    """Load rules and disable those that fail their own tests. Raises RuleError for a missing path."""
    rules = load_rules(paths, disabled=disabled)
    failed = {
        o.rule: f"fails its own test: {o.test}: {o.problem}" for o in run_rule_tests(rules) if o.problem
    }
    if not failed:
        return rules
    rules = load_rules(paths, disabled={*disabled, *failed})
    fates = [msgspec.structs.replace(f, reason=failed.get(f.key, f.reason)) for f in rules.fates]
    return RuleSet(rules.rules, fates)


def _with_parts(rule: Rule, rules: RuleSet) -> RuleSet:
    """The rule, raising alerts, and all it refers to."""
    wanted = {rule.key}
    queue = [rule]
    while queue:
        spec = queue.pop().correlation
        for ref in spec.refs if spec else ():
            if ref not in wanted:
                wanted.add(ref)
                queue.append(rules.rules[ref])
    chosen = {key: r for key, r in rules.rules.items() if key in wanted}
    chosen[rule.key] = msgspec.structs.replace(rule, alerting=True)
    return RuleSet(chosen, [])
