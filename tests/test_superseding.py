"""Which alerts are part of others: a function of the alerts, whatever order they came in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.alerts.superseding import Extent, closure, covers, entity_of, parts
from socterm.sigma.load import load_rules

from rules_cli import rules

MINUTE = 60_000_000
IP = ("source.ip", "203.0.113.9")
USER = ("user.name", "ann")


def alert(
    ident: int,
    rule: str,
    first: int = 0,
    last: int = 10,
    *,
    entity: Sequence[tuple[str, str]] = (IP,),
    over: Sequence[str] = (),
    rank: int = 2,
    reach: int = 10,
) -> Extent:
    """An alert; times and reach in minutes."""
    return Extent(
        ident, rule, entity_of(entity), first * MINUTE, last * MINUTE, rank, tuple(over), reach * MINUTE
    )


def heads(*alerts: Extent) -> dict[int, int]:
    return {ident: head for ident, (_, head) in parts(alerts).items()}


def test_an_alert_of_a_superseded_rule_on_the_same_entity_is_part_of_the_stronger_one() -> None:
    assert heads(alert(1, "weak"), alert(2, "strong", over=["weak"])) == {1: 2}


def test_of_another_entity_it_is_not() -> None:
    other = alert(1, "weak", entity=[("source.ip", "192.0.2.1")])
    assert heads(other, alert(2, "strong", over=["weak"])) == {}


@pytest.mark.parametrize(
    ("below", "above", "found"),
    [
        ([IP], [IP, USER], True),
        ([IP, USER], [IP], True),
        ([IP, ("user.name", "bob")], [IP, USER], False),
        ([IP], [USER], False),
        ([], [IP], False),
        ([("host.hostname", "web1"), IP], [IP, USER], True),
    ],
)
def test_entities_agree_where_they_say_the_same_of_all_that_both_name(
    below: list[tuple[str, str]], above: list[tuple[str, str]], *, found: bool
) -> None:
    weak, strong = alert(1, "weak", entity=below), alert(2, "strong", entity=above, over=["weak"])
    assert covers(strong, weak) is found
    assert heads(weak, strong) == ({1: 2} if found else {})


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [(30, 40, True), (31, 40, False), (-20, -10, True), (-20, -11, False), (5, 6, True)],
)
def test_times_overlap_or_come_within_the_reach_of_the_one_above(
    first: int, last: int, *, found: bool
) -> None:
    weak, strong = alert(1, "weak", first, last), alert(2, "strong", 0, 20, over=["weak"])
    assert heads(weak, strong) == ({1: 2} if found else {})


def test_of_several_the_gravest_counts_then_the_earliest() -> None:
    weak = alert(1, "weak", 10, 20)
    late, early = alert(2, "strong", 12, 13, over=["weak"]), alert(3, "strong", 8, 9, over=["weak"])
    grave = alert(4, "grave", 19, 30, over=["weak"], rank=3)
    assert heads(weak, late, early) == {1: 3}
    assert heads(weak, late, early, grave) == {1: 4}


def test_a_chain_ends_at_the_top_also_where_the_topmost_is_of_another_entity() -> None:
    weak = alert(1, "weak")
    middle = alert(2, "middle", over=["weak"], entity=[IP, USER])
    strong = alert(3, "strong", over=["middle", "weak"], entity=[USER], rank=4)
    assert heads(weak, middle, strong) == {1: 3, 2: 3}
    assert parts([weak, middle, strong])[1] == (2, 3)


def test_alerts_that_stand_above_each_other_since_rules_changed_have_one_top() -> None:
    one, two = alert(1, "a", over=["b"]), alert(2, "b", over=["a"], rank=3)
    assert heads(one, two, alert(3, "c")) == {1: 2, 2: 0}


def test_a_rule_supersedes_what_the_rules_it_supersedes_do() -> None:
    assert closure({"a": ["b"], "b": ["c"]}) == {"a": ("b", "c"), "b": ("c",)}


def test_of_a_circle_none_stands_above_another() -> None:
    assert closure({"a": ["b", "d"], "b": ["c"], "c": ["a"], "e": ["e"]}) == {
        "a": ("d",), "b": ("d",), "c": ("d",), "e": (),
    }  # fmt: skip


RULES = ("a", "b", "c", "d")
OVER = {"a": ("b", "c", "d"), "b": ("c", "d"), "c": ("d",), "d": ()}
FIELDS = ("source.ip", "user.name", "host.hostname", "url.path", "process.name", "destination.ip")

entities = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(["x", "y"]), max_size=6)
times = st.integers(0, 20)


@st.composite
def some_alerts(draw: st.DrawFn) -> list[Extent]:
    """Alerts on few entities, close in time; some keep an older version of what their rule supersedes."""
    found = []
    for ident in range(1, draw(st.integers(2, 25))):
        rule, first = draw(st.sampled_from(RULES)), draw(times)
        over = OVER[rule] if draw(st.integers(0, 9)) else draw(st.sampled_from(list(OVER.values())))
        entity = draw(st.sampled_from([{FIELDS[0]: "x"}, {FIELDS[0]: "x", FIELDS[1]: "y"}]) | entities)
        last, rank, reach = first + draw(times), draw(st.integers(0, 4)), draw(st.sampled_from([0, 2]))
        over = [key for key in over if key != rule]
        found.append(
            alert(ident, rule, first, last, entity=[*entity.items()], over=over, rank=rank, reach=reach)
        )
    return found


@settings(max_examples=150)
@given(some_alerts())
def test_what_is_directly_above_is_the_first_in_order_of_all_that_can_be(alerts: list[Extent]) -> None:
    """The way through places and shelves finds what trying all finds."""
    found = parts(alerts)
    for below in alerts:
        able = [above for above in alerts if covers(above, below)]
        first = min(able, key=lambda one: one.order).id if able else None
        assert (found[below.id][0] if below.id in found else None) == first


@settings(max_examples=100)
@given(some_alerts(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing(alerts: list[Extent], chance: object) -> None:
    again = list(alerts)
    chance.shuffle(again)  # type: ignore[attr-defined]
    assert parts(again) == parts(alerts)


@settings(max_examples=100)
@given(some_alerts())
def test_every_chain_ends_at_an_alert_that_is_part_of_none(alerts: list[Extent]) -> None:
    found = parts(alerts)
    for _, head in found.values():
        assert head == 0 or found.get(head, (0, 0))[1] == 0


# -- from rule files ----------------------------------------------------------------------------------------

RULE = """\
title: {name}
name: {name}
level: medium
logsource: {{product: linux, service: sshd}}
detection: {{s: {{event.action: {name}}}, condition: s}}
socterm: {{{socterm}}}
"""


def rules_of(folder: Path, **supersedes: str) -> Path:
    documents = [
        RULE.format(name=name, socterm=f"supersedes: [{told}]" if told else "risk: 10")
        for name, told in supersedes.items()
    ]
    path = folder / "rules.yml"
    path.write_text("---\n".join(documents))
    return path


def test_names_become_the_keys_of_all_rules_below(tmp_path: Path) -> None:
    found = load_rules([rules_of(tmp_path, c="", b="c, nobody", a="B")]).rules
    assert found["a"].info.supersedes == ("b", "c")
    assert found["b"].info.supersedes == ("c",)
    assert (found["a"].info.reach, found["c"].info.reach) == (600_000_000, 0)


def test_the_check_warns_of_names_nobody_has_of_oneself_and_of_circles(tmp_path: Path) -> None:
    path = rules_of(tmp_path, a="b, nobody", b="a", c="c, a")
    found = rules("check", path, home=tmp_path)
    assert found.code == 0
    assert "it supersedes 'nobody', and no rule of that id or name is loaded" in found.out
    assert "it supersedes itself, 'c'" in found.out
    assert found.out.count("supersede each other") == 2
    assert "0 errors, 4 warnings" in found.out


def test_the_check_tells_of_rules_that_hide_graver_ones_or_never_meet(tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    low = RULE.format(name="low", socterm="supersedes: [grave, other], entity: [source.ip]")
    grave = RULE.format(name="grave", socterm="entity: [source.ip]").replace("medium", "high")
    other = RULE.format(name="other", socterm="entity: [user.name]")
    path.write_text("---\n".join([low, grave, other]))
    found = rules("check", path, "--hints", home=tmp_path)
    assert "warning: it supersedes 'grave', whose alerts are graver" in found.out
    assert "hint: its alerts are about source.ip, those of 'other' about user.name" in found.out
