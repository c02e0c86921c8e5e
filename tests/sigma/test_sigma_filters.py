"""Filter documents: whom they reach, what they take away, what becomes of those that reach nobody."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from sigma_cases import event_of, load, matched
from socterm.sigma.cache import RuleCache
from socterm.sigma.filters import suppressed_by
from socterm.sigma.load import load_rules
from socterm.sigma.model import RuleFate, RuleSet

ONE = """\
title: One
id: 11111111-1111-4111-8111-111111111111
name: one
logsource: {product: linux, category: process_creation}
detection: {sel: {CommandLine|contains: nc}, condition: sel}
"""
TWO = """\
title: Two
name: two
logsource: {product: linux}
detection: {sel: {a: 1}, other: {b: 2}, condition: [sel, other]}
"""
ELSEWHERE = """\
title: Elsewhere
name: elsewhere
logsource: {product: windows, category: process_creation}
detection: {sel: {CommandLine|contains: nc}, condition: sel}
"""
COUNTING = """\
title: Counting
name: counting
correlation: {type: event_count, rules: [one], group-by: [user], timespan: 5m, condition: {gte: 3}}
"""


def filter_of(rules: str = "[one]", **said: str) -> str:
    """A filter that excludes `User: backup`, or what `said` says instead."""
    parts = {
        "title": "Backups",
        "name": "backups",
        "logsource": "{product: linux}",
        "selection": "{User: backup}",
        "condition": "not selection",
        **said,
    }
    head = "".join(f"{key}: {parts[key]}\n" for key in ("title", "name", "logsource") if parts[key])
    body = "".join(f"  {key}: {parts[key]}\n" for key in parts if key not in ("title", "name", "logsource"))
    return f"{head}filter:\n  rules: {rules}\n{body}"


def loaded(folder: Path, *documents: str, **options: Any) -> RuleSet:
    path = folder / "rules.yml"
    path.write_text("\n---\n".join(documents))
    return load_rules([path], **options)


def fate(rules: RuleSet, title: str = "Backups") -> RuleFate:
    return next(found for found in rules.fates if found.title == title)


NC = {"process.command_line": "nc -l"}
BY_BACKUP = {**NC, "user.name": "backup"}


def hits(rules: RuleSet, fields: dict[str, Any]) -> set[str]:
    return matched(rules, event_of(fields))


def test_what_a_filter_excludes_no_longer_matches(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, filter_of())
    assert hits(rules, NC) == {"11111111-1111-4111-8111-111111111111"}
    assert hits(rules, {**NC, "user.name": "bob"})
    assert not hits(rules, BY_BACKUP)
    assert (fate(rules).fate, fate(rules).reason) == ("filter", "for 1 rule")
    assert fate(rules, "One").fate == "active"


@pytest.mark.parametrize(
    "refs", ["[one]", "one", "[11111111-1111-4111-8111-111111111111]", "[ONE]", "any", "[any]"]
)
def test_rules_are_named_by_id_or_name_or_all(tmp_path: Path, refs: str) -> None:
    assert not hits(loaded(tmp_path, filter_of(refs), ONE), BY_BACKUP)


def test_a_filter_touches_no_other_rule(tmp_path: Path) -> None:
    other = ONE.replace("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")
    other = other.replace("name: one", "name: other").replace("title: One", "title: Other")
    rules = loaded(tmp_path, ONE, other, filter_of())
    assert hits(rules, BY_BACKUP) == {"22222222-2222-4222-8222-222222222222"}
    alone = loaded(tmp_path, other)
    assert (
        rules.rules["22222222-2222-4222-8222-222222222222"]
        == alone.rules["22222222-2222-4222-8222-222222222222"]
    )


def test_any_reaches_the_rules_of_its_log_source_only(tmp_path: Path) -> None:
    broad = filter_of(
        "any", logsource="{product: linux, category: process_creation}", selection="{a|exists: true}"
    )
    rules = loaded(tmp_path, ONE, TWO, ELSEWHERE, broad)
    assert fate(rules).reason == "for 1 rule"
    # TWO is for all of linux: wider than the filter's log source, hence out of its reach.
    assert hits(rules, {**NC, "a": 1}) == {"two"}


def test_a_filter_for_a_product_reaches_its_categories(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, TWO, ELSEWHERE, filter_of("any"))
    assert fate(rules).reason == "for 2 rules"
    assert rules.rules["elsewhere"].filters == ()


def test_a_filter_for_a_category_reaches_every_product(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, ELSEWHERE, filter_of("any", logsource="{category: process_creation}"))
    assert fate(rules).reason == "for 2 rules"
    assert all(len(rule.filters) == 1 for rule in rules.rules.values())


def test_fields_are_found_as_the_rule_finds_them(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, TWO, filter_of("any", selection="{Image: /srv}"))
    assert not hits(rules, {**NC, "process.executable": "/srv"})
    assert hits(rules, {"a": 1, "process.executable": "/srv"}) == {"two"}
    assert not hits(rules, {"a": 1, "Image": "/srv"})


def test_a_list_of_conditions_is_filtered_as_a_whole(tmp_path: Path) -> None:
    rules = loaded(tmp_path, TWO, filter_of("[two]"))
    assert hits(rules, {"a": 1}) == hits(rules, {"b": 2}) == {"two"}
    assert not hits(rules, {"a": 1, "User": "backup"})
    assert not hits(rules, {"b": 2, "User": "backup"})


def test_the_condition_counts_as_written(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, filter_of(condition="selection"))
    assert hits(rules, BY_BACKUP)
    assert not hits(rules, NC)
    assert fate(rules).reason == "for 1 rule; without `not` they match only what it selects"


def test_several_selections_and_a_pattern(tmp_path: Path) -> None:
    several = filter_of(selection="{User: backup}", sel_b="{a: 1}", condition="not 1 of sel*")
    rules = loaded(tmp_path, ONE, several)
    assert not hits(rules, BY_BACKUP)
    assert not hits(rules, {**NC, "a": 1})
    assert hits(rules, NC)


def test_names_of_selections_do_not_mix_with_the_rules_own(tmp_path: Path) -> None:
    rules = loaded(tmp_path, TWO, filter_of("[two]", sel="{a: 9}", condition="not 1 of them"))
    assert hits(rules, {"a": 1}) == {"two"}
    assert not hits(rules, {"a": 1, "User": "backup"})


def test_several_filters_each_take_their_part(tmp_path: Path) -> None:
    second = filter_of(name="tests", title="Tests", selection="{a: 1}")
    rules = loaded(tmp_path, ONE, filter_of(), second)
    assert hits(rules, NC)
    assert not hits(rules, BY_BACKUP)
    assert not hits(rules, {**NC, "a": 1})


def test_keywords_and_parts_of_the_time_in_a_filter(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, filter_of(selection="[maintenance]"))
    assert not hits(rules, {**NC, "=raw": "in MAINTENANCE now"})
    rules = loaded(tmp_path, ONE, filter_of(selection="{'@timestamp|hour': 22}"))
    assert not hits(rules, NC)
    assert hits(rules, {**NC, "=time": "2023-11-14T12:00:00+00:00"})
    rules = loaded(tmp_path, ONE, filter_of(selection="{created|hour: 22, a|fieldref: b}"))
    assert not hits(rules, {**NC, "created": "2020-01-01T22:00:00Z", "a": 1, "b": 1})


def test_placeholders_in_a_filter(tmp_path: Path) -> None:
    said = filter_of(selection="{User|expand: '%service_accounts%'}")
    rules = loaded(tmp_path, ONE, said, placeholders={"service_accounts": ["backup", "svc_*"]})
    assert not hits(rules, {**NC, "user.name": "SVC_x"})
    assert hits(rules, NC)
    refused = loaded(tmp_path, ONE, said)
    assert fate(refused).fate == "refused"
    assert "%service_accounts%" in fate(refused).reason
    assert hits(refused, BY_BACKUP)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (filter_of("[nobody]"), "filters no rule: no rule 'nobody' is loaded"),
        (filter_of("[counting]"), "'counting' is a correlation; filter the rules it refers to"),
        (filter_of("[elsewhere]"), "'elsewhere' is of another log source, windows/process_creation/*"),
        (filter_of("[backups]"), "'backups' is a filter"),
        (filter_of("[broken]"), "'broken' is refused"),
        (filter_of("any", logsource="{product: macos}"), "none is of the log source macos/*/*"),
        (filter_of("[]"), "rules is empty"),
        (filter_of("[1, 2]"), "ids or names"),
        (filter_of("{a: 1}"), "ids or names"),
        (filter_of(condition="not other"), "'other' is none of its selections: selection"),
        (filter_of(condition="[not selection]"), "one condition"),
        (filter_of(selection="{User|nonsense: x}"), "Unknown modifier"),
        (filter_of(logsource=""), "logsource"),
        (filter_of(title=""), "title"),
        ("title: Backups\nlogsource: {product: linux}\nfilter: [a]\n", "must be a map"),
        (
            "title: Backups\nlogsource: {product: linux}\nfilter: {sel: {a: 1}, condition: sel}\n",
            "it has no rules",
        ),
        (filter_of() + "detection: {sel: {a: 1}, condition: sel}\n", "a document for each"),
    ],
)
def test_a_filter_that_cannot_work_says_why_and_takes_nothing_with_it(
    tmp_path: Path, said: str, reason: str
) -> None:
    broken = "title: Broken\nname: broken\nlogsource: {product: linux}\ndetection: {sel: {a: 1}}\n"
    rules = loaded(tmp_path, ONE, COUNTING, ELSEWHERE, broken, said)
    last = rules.fates[-1]
    assert (last.fate, "\n" in last.reason) == ("refused", False)
    assert reason in last.reason
    assert hits(rules, BY_BACKUP) == {"11111111-1111-4111-8111-111111111111"}


def test_one_wrong_name_among_good_ones_is_told(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, TWO, filter_of("[one, gone, two, one]"))
    assert fate(rules).fate == "filter"
    assert fate(rules).reason == "for 2 rules; no rule 'gone' is loaded"
    assert not hits(rules, BY_BACKUP)


def test_a_filter_that_is_switched_off_filters_nothing(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, filter_of(), disabled={"backups"})
    assert (fate(rules).fate, fate(rules).reason) == ("disabled", "switched off")
    assert hits(rules, BY_BACKUP)


def test_a_second_filter_of_the_same_name_is_refused_and_filters_nothing(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, filter_of(), filter_of(selection="{a: 1}"))
    assert [found.fate for found in rules.fates] == ["active", "filter", "refused"]
    assert hits(rules, {**NC, "a": 1})


def test_a_filter_without_id_and_name(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, filter_of(name=""))
    assert fate(rules).fate == "filter"
    assert not hits(rules, BY_BACKUP)


def test_a_correlation_may_not_refer_to_a_filter_and_counts_what_the_filter_left(tmp_path: Path) -> None:
    rules = loaded(tmp_path, ONE, COUNTING, filter_of())
    assert [found.fate for found in rules.fates] == ["base", "active", "filter"]
    assert not hits(rules, BY_BACKUP)
    rules = loaded(tmp_path, ONE, COUNTING.replace("[one]", "[backups]"), filter_of())
    assert "'backups', which is a filter" in fate(rules, "Counting").reason


def test_who_kept_an_event_from_a_rule_is_told(tmp_path: Path) -> None:
    second = filter_of(name="tests", title="Tests", selection="{a: 1}")
    rules = loaded(tmp_path, ONE, TWO, filter_of(), second)
    rule = rules.rules["11111111-1111-4111-8111-111111111111"]
    assert suppressed_by(rule, event_of(BY_BACKUP), UTC) == "backups"
    assert suppressed_by(rule, event_of({**NC, "a": 1}), UTC) == "tests"
    assert suppressed_by(rule, event_of({**BY_BACKUP, "a": 1}), UTC) == "backups"
    assert suppressed_by(rule, event_of(NC), UTC) is None
    assert (
        suppressed_by(rule, event_of({"user.name": "backup"}), UTC) is None
    )  # the rule did not match anyway
    assert suppressed_by(rules.rules["two"], event_of({"a": 1}), UTC) is None


def test_a_digest_tells_what_a_rule_was_made_of(tmp_path: Path) -> None:
    def digests(*documents: str, **options: Any) -> dict[str, str]:
        found = loaded(tmp_path, *documents, **options).rules.values()
        return {rule.name: rule.digest for rule in found}

    plain = digests(ONE, TWO, COUNTING)
    assert all(len(digest) == 64 for digest in plain.values())
    assert len(set(plain.values())) == 3
    assert digests("# a comment\n---\n" + TWO, ONE, COUNTING) == plain  # place and order do not count
    filtered = digests(ONE, TWO, COUNTING, filter_of())
    assert filtered["two"] == plain["two"]
    assert filtered["one"] != plain["one"]
    assert filtered["counting"] != plain["counting"]  # what it counts has changed
    assert digests(ONE, TWO, COUNTING, filter_of(selection="{User: bob}"))["one"] != filtered["one"]
    assert digests(ONE, TWO, COUNTING, filter_of(), disabled={"backups"}) == plain
    expand = ONE.replace("CommandLine|contains: nc", "User|expand: '%admins%'")
    first = digests(expand, placeholders={"admins": ["root"], "other": ["x"]})
    assert first == digests(expand, placeholders={"admins": ["root"], "other": ["y"]})
    assert first != digests(expand, placeholders={"admins": ["root", "alice"]})
    assert first != digests(expand, placeholders={"admins": ["roo", "t"]})


def test_filters_out_of_the_cache_filter_alike(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o700)
    expected = loaded(tmp_path, ONE, TWO, filter_of())
    for _ in range(3):  # read, from memory, from disk
        cache = RuleCache(tmp_path / "cache")
        for _ in range(2):
            rules = loaded(tmp_path, ONE, TWO, filter_of(), cache=cache)
            assert rules == expected
        cache.save()


def test_a_filter_changes_no_fate_of_the_rules_it_filters(tmp_path: Path) -> None:
    rules = load(tmp_path, "\n---\n".join([ONE, filter_of()]))
    assert rules.rules["11111111-1111-4111-8111-111111111111"].alerting
