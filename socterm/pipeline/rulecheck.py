"""The tests inside rule files, run through the real parsers and the real detector.

A rule that fails its own tests loads disabled, with the reason: better silent and listed than wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from socterm.assets import rules_dir
from socterm.enrich.valuelists import ValueList
from socterm.event import LogSource
from socterm.pipeline.replay import Replayed, replay
from socterm.sigma.alertrules import looking, on_logs, over_alerts
from socterm.sigma.load import Cache, load_rules
from socterm.sigma.model import Rule, RuleSet, RuleTest
from socterm.sigma.placeholders import Lists
from socterm.sigma.testing import Outcome, compare

TEST_NOW = int(datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 1_000_000
"""The "now" (µs) of rule tests: stamps without a year fall into 2026."""


def run_rule_tests(rules: RuleSet, keys: Collection[str] | None = None) -> list[Outcome]:
    """Run the tests of all rules, or of those named."""
    return list(each_rule_test(rules, keys))


def each_rule_test(rules: RuleSet, keys: Collection[str] | None = None) -> Iterator[Outcome]:
    """The same one by one, for those whom the first that fails is enough."""
    for rule in rules.rules.values():
        if not rule.tests or (keys is not None and rule.key not in keys):
            continue
        alone = with_seen(rule, rules)
        for test in rule.tests:
            sources = _logsources(rule, rules) if test.events else ()
            problem = compare(test, rule.key, _run(test, alone, sources))
            yield Outcome(rule.key, rule.info.title, rule.info.path, test.name, problem)


def _run(test: RuleTest, rules: RuleSet, logsources: Sequence[LogSource]) -> list[Replayed]:
    """Lines are read as they are; events are taken to be of the log sources that the rules ask for."""
    return replay(
        test.lines or test.events,
        rules,
        now=TEST_NOW,
        logsources=logsources,
        lists={name: ValueList(values) for name, values in test.lists.items()},
    )


def _logsources(rule: Rule, rules: RuleSet) -> list[LogSource]:
    keys = (rule.key, *sorted(_below(rule, rules, _Looks(rules, everyone=False))))
    found = [rules.rules[key].logsource for key in keys if rules.rules[key].detection is not None]
    return list(dict.fromkeys(source for source in found if not over_alerts(source)))


class Checked(NamedTuple):
    """Loaded rules, those that fail their own tests disabled; `failed` says of these, by key, how."""

    rules: RuleSet
    failed: dict[str, str]


class Kept(Protocol):
    """What remembers from one start to the next how tests went: `socterm.pipeline.verdicts.KeptVerdicts`."""

    def get(self, rule: Rule, parts: Sequence[Rule]) -> str | None:
        """What the rule failed in with these very parts, "" for nothing; None where it is not known."""

    def put(self, rule: Rule, parts: Sequence[Rule], problem: str) -> None:
        """Remember it."""


class Verdicts:
    """How the tests inside rules went, remembered for as long as a rule and its parts stay as they are."""

    def __init__(self, kept: Kept | None = None) -> None:
        self._known: dict[str, tuple[list[Rule], str]] = {}
        self._kept = kept

    def failures(self, rules: RuleSet) -> dict[str, str]:
        """Key of each rule that fails a test of its own → in what."""
        parts = {
            rule.key: list(with_seen(rule, rules).rules.values())
            for rule in rules.rules.values()
            if rule.tests
        }
        known: dict[str, str] = {}
        for key, made_of in parts.items():
            before, problem = self._known.get(key, (None, ""))
            if before == made_of:
                known[key] = problem
            elif self._kept is not None and (found := self._kept.get(rules.rules[key], made_of)) is not None:
                known[key] = found
        asked = parts.keys() - known.keys()
        problems: dict[str, str] = {}
        for outcome in run_rule_tests(rules, asked) if asked else ():
            if outcome.problem:
                problems[outcome.rule] = f"fails its own test: {outcome.test}: {outcome.problem}"
        for key in asked:
            known[key] = problems.get(key, "")
            if self._kept is not None:
                self._kept.put(rules.rules[key], parts[key], known[key])
        self._known = {key: (parts[key], known[key]) for key in parts}
        return {key: known[key] for key in parts if known[key]}


def check_loaded(
    load: Callable[[Collection[str]], RuleSet], *, disabled: Collection[str] = (), verdicts: Verdicts
) -> Checked:
    """What `load` makes, called with the rules to disable; once more where some fail their own tests."""
    rules = load(disabled)
    failed = verdicts.failures(rules)
    if not failed:
        return Checked(rules, failed)
    rules = load({*disabled, *failed})
    fates = [msgspec.structs.replace(f, reason=failed.get(f.key, f.reason)) for f in rules.fates]
    return Checked(RuleSet(rules.rules, fates), failed)


def load_checked(
    paths: Sequence[Path],
    *,
    disabled: Collection[str] = (),
    cache: Cache | None = None,
    placeholders: Lists | None = None,
    lists: Collection[str] | None = None,
    kept: Kept | None = None,
) -> RuleSet:
    """Load rules and disable those that fail their own tests. Raises RuleError for a missing path.

    `lists` are the names `socterm.lookup` may use; without them any name will do. `kept` knows how tests went
    that need not be run again.
    """
    return check_loaded(
        lambda off: load_rules(
            paths, disabled=off, cache=cache, placeholders=placeholders or {}, lists=lists
        ),
        disabled=disabled,
        verdicts=Verdicts(kept),
    ).rules


def with_parts(rule: Rule, rules: RuleSet) -> RuleSet:
    """The rule, raising alerts, and all it refers to."""
    return _chosen(rule, rules, {rule.key, *_below(rule, rules, lambda _key: ())})


def with_seen(rule: Rule, rules: RuleSet) -> RuleSet:
    """The same, and all rules whose alerts these look at: for one that names none, every rule on logs.

    A rule of our own that names none is tested beside our own alone: whoever adds rules adds alerts.
    """
    beside = rules
    if _ours(rule):
        beside = RuleSet({key: r for key, r in rules.rules.items() if _ours(r)}, [])
    return _chosen(rule, rules, {rule.key, *_below(rule, rules, _Looks(rules, everyone=True, beside=beside))})


def _ours(rule: Rule) -> bool:
    return _travels_along(rule.info.path)


@lru_cache(maxsize=16_384)
def _travels_along(path: str) -> bool:
    """Asked of every rule for each: the file system is not."""
    return Path(path).is_relative_to(rules_dir())


def _chosen(rule: Rule, rules: RuleSet, keys: Collection[str]) -> RuleSet:
    chosen = {key: r for key, r in rules.rules.items() if key in keys}
    chosen[rule.key] = msgspec.structs.replace(rule, alerting=True)
    return RuleSet(chosen, [])


def _below(rule: Rule, rules: RuleSet, looks: Callable[[str], Collection[str]]) -> set[str]:
    """Keys of what a rule refers to, through others too, and of what `looks` says of each."""
    found: set[str] = set()
    queue = [rule]
    while queue:
        one = queue.pop()
        refs = one.correlation.refs if one.correlation else ()
        for key in (*refs, *(looks(one.key) if over_alerts(one.logsource) else ())):
            if key not in found:
                found.add(key)
                queue.append(rules.rules[key])
    return found


class _Looks:
    """Whose alerts a rule over alerts looks at; where it names none, with `everyone`, those of `beside`."""

    def __init__(self, rules: RuleSet, *, everyone: bool, beside: RuleSet | None = None) -> None:
        self._rules = rules
        self._everyone = everyone
        self._beside = rules if beside is None else beside

    def __call__(self, key: str) -> Collection[str]:
        named = self._named[key]
        return (self._on_logs if self._everyone else ()) if named is None else named

    @cached_property
    def _named(self) -> dict[str, frozenset[str] | None]:
        return looking(self._rules)

    @cached_property
    def _on_logs(self) -> list[str]:
        return [key for key, rule in on_logs(self._beside).rules.items() if rule.alerting]
