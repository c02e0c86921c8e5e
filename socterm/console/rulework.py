"""What the Rules screen has done in threads: rules loaded from their files, tested, asked what they cover."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from socterm.console.rulefiles import RuleFiles
from socterm.console.rulereach import Reach, reach
from socterm.pipeline.rulecheck import run_rule_tests
from socterm.store.rows import RuleRow, SourceRow


class RuleTested(NamedTuple):
    """How one test inside a rule went; `problem` is "" where it passed."""

    name: str
    problem: str


def tests_of(files: RuleFiles, rows: Sequence[RuleRow], rule: str) -> list[RuleTested] | None:
    """Run the tests inside a rule, with all it is built on; None where its file is not there any more."""
    rules = files.known(rows)
    if rule not in rules.rules:
        return None
    return [RuleTested(one.test, one.problem) for one in run_rule_tests(rules, {rule})]


def reached(
    files: RuleFiles, rows: Sequence[RuleRow], off: Collection[str], sources: Iterable[SourceRow]
) -> Reach:
    """What the active rules reach by the logs these sources brought; those that are `off` reach nothing."""
    keys = {row.id for row in rows if row.fate == "active"} - set(off)
    lines: Counter[str] = Counter()
    for source in sources:
        lines.update(source.formats)
    return reach(files.known(rows), keys, lines, {row.id: row.hits for row in rows})
