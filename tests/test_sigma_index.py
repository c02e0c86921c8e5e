"""How rules are found: what an expression requires, what a rule needs, and that few are asked in vain."""

from __future__ import annotations

import json

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Event
from socterm.sigma import ir, slots
from socterm.sigma.engine import Matcher
from socterm.sigma.index import Index
from socterm.sigma.keywords import keyword_texts
from socterm.sigma.lines import TOGETHER, LineTexts, texts_of
from socterm.sigma.literals import required
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.needs import ANYWHERE, Need, needs_of
from tests.test_sigma_compile import SOURCE, ruleset

# What an expression requires

ATOMS = [
    "a",
    "B",
    "c1",
    r"\.",
    r"\d",
    r"\w",
    ".",
    "[ab]",
    "[^c]",
    r"\\",
    "-",
    r"\s",
    "[]x]",
    r"[\]]",
    "(?i)",
    "^",
    "$",
]
QUANTIFIERS = ["", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "*?", "+?"]
atoms = st.tuples(st.sampled_from(ATOMS), st.sampled_from(QUANTIFIERS)).map(
    lambda it: it[0] if it[0] in ("^", "$", "(?i)") else it[0] + it[1]
)
patterns = st.recursive(
    st.lists(atoms, min_size=1, max_size=4).map("".join),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map("|".join),
        st.tuples(inner, st.sampled_from(["(%s)", "(?:%s)", "(?P<n>%s)"]), st.sampled_from(QUANTIFIERS)).map(
            lambda it: it[1] % it[0] + it[2]
        ),
        st.lists(inner, min_size=2, max_size=3).map("".join),
    ),
    max_leaves=6,
)
texts = st.text(alphabet="abBcC1.-\\ x]", max_size=24)


@settings(max_examples=1_500)
@given(patterns, st.lists(texts, min_size=1, max_size=8), st.sampled_from(["", "i", "ims"]))
def test_what_matches_has_what_is_required(pattern: str, values: list[str], flags: str) -> None:
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile((f"(?{flags})" if flags else "") + pattern, options=options)
    except re2.error:
        return  # a group's name twice
    found = required(ir.Regex(pattern, flags))
    for value in values:
        if compiled.search(value):
            assert not found.texts or any(text in value.lower() for text in found.texts)
            assert len(value) >= found.length


@pytest.mark.parametrize(
    ("pattern", "texts", "length"),
    [
        ("abc", {"abc"}, 3),
        ("ABC", {"abc"}, 3),
        ("abc|xyz1", {"abc", "xyz1"}, 3),
        ("(abc)?", set(), 0),
        ("(?:abc|x)*q-long-one", {"q-long-one"}, 10),
        ("abc+", {"abc"}, 3),
        ("abc*d", {"ab"}, 3),
        ("abc{2,4}", {"abc"}, 4),
        (r"\.exe\s+-enc", {"-enc"}, 9),
        (r"[a-z]{8}\d{2}", set(), 10),
        (r"^\\\\pipe\\", {"\\\\pipe\\"}, 7),
        (r"\bword\b", {"word"}, 4),
        (r"a\x41b", set(), 0),
        (r"\pL", set(), 0),
        (r"\Qa.b\E", set(), 0),
        ("a{x}", set(), 0),
        ("(?i)pass", {"pass"}, 4),
        ("(?i:pass)", set(), 0),
        ("é+word", {"word"}, 5),
        ("|".join(f"word{number}" for number in range(40)), set(), 5),
    ],
)
def test_what_is_read_off_an_expression(pattern: str, texts: set[str], length: int) -> None:
    assert required(ir.Regex(pattern)) == (texts, length)


# What a rule needs


def field(name: str, text: str, place: ir.Place = "contains") -> ir.FieldMatch:
    return ir.FieldMatch((name,), ir.Text(text, place))


def test_of_several_conditions_the_rarest_text_is_the_handle() -> None:
    rule = ir.And(
        (field("process.executable", r"\cmd.exe", "endswith"), field("process.command_line", "-hxxp"))
    )
    needs = needs_of(rule)
    assert needs is not None
    assert needs[1] == {Need(("process.command_line",), "contains", "-hxxp")}


def test_alternatives_need_one_of_all_and_an_open_one_needs_nothing() -> None:
    some = ir.Or((field("a", "one"), field("b", "two")))
    needs = needs_of(some)
    assert needs is not None
    assert {need.text for need in needs[1]} == {"one", "two"}
    assert needs_of(ir.Or((field("a", "one"), ir.Not(field("b", "two"))))) is None


def test_what_must_only_be_there_is_a_need_too() -> None:
    for test in (
        ir.Exists(),
        ir.Cidr("10.0.0.0/8"),
        ir.Compare("gt", 3),
        ir.Reference(("b",)),
        ir.Regex(r"\d+"),
    ):
        assert needs_of(ir.FieldMatch(("a",), test)) == (0.5, {Need(("a",), "has", "")})
    assert needs_of(ir.Not(ir.FieldMatch(("a",), ir.Null()))) == (0.5, {Need(("a",), "has", "")})


def many_rules(count: int) -> RuleSet:
    """Rules as they are: a common program, and something of their own in the command line."""
    trees: list[ir.Node] = [
        ir.And(
            (
                field("process.executable", r"\powershell.exe", "endswith"),
                ir.Or(
                    (
                        field("process.command_line", f"-evil{n:04}"),
                        field("process.command_line", f"/bad{n:04}"),
                    )
                ),
            )
        )
        for n in range(count)
    ]
    return ruleset(trees)


def test_of_a_thousand_rules_an_event_asks_those_it_could_match() -> None:
    rules = many_rules(1_000)
    index = Index(
        [(n, rule.detection, needs_of(rule.detection)) for n, rule in enumerate(rules.rules.values())],
        lambda place, event: False,
    )
    fields = {"process.executable": r"C:\x\powershell.exe", "process.command_line": "-enc aa -EVIL0007 /x"}
    assert index.always == []
    assert index.candidates(Event(0, "s", 0, "", fields)) == {7}
    assert index.candidates(Event(0, "s", 0, "", {**fields, "process.command_line": "-enc"})) == set()


def test_a_field_that_finds_one_rule_only_is_not_looked_at_where_another_will_do() -> None:
    rules = [*many_rules(10).rules.values()]
    odd = ir.And((field("odd.field", "rare-value", "equals"), field("process.command_line", "rare-switch")))
    index = Index(
        [
            *((n, rule.detection, needs_of(rule.detection)) for n, rule in enumerate(rules)),
            (10, odd, (0.0001, frozenset({Need(("odd.field",), "equals", "rare-value")}))),
        ],
        lambda place, event: False,
    )
    assert index.candidates(Event(0, "s", 0, "", {"odd.field": "rare-value"})) == set()
    assert index.candidates(Event(0, "s", 0, "", {"process.command_line": "x rare-switch"})) == {10}


# One field's values


def test_a_rule_on_one_field_is_asked_once_a_value() -> None:
    asked: list[object] = []

    def matches(place: int, event: Event) -> bool:
        asked.append((place, event.fields["a"]))
        return event.fields["a"] == "xx-yes"

    trees = [field("a", "xx"), ir.And((field("a", "xx"), field("b", "yy")))]
    index = Index([(n, tree, needs_of(tree)) for n, tree in enumerate(trees)], matches)
    for _ in range(3):
        assert index.candidates(Event(0, "s", 0, "", {"a": "xx-yes"})) in ({~0, 1}, {~0})
        assert index.candidates(Event(0, "s", 0, "", {"a": "xx-no"})) in (set(), {1})
    assert asked == [(0, "xx-yes"), (0, "xx-no")]


def test_values_without_end_do_not_grow_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "MEMO_LIMIT", 50)
    slot = slots.Slot([(Need(("a",), "contains", "x1"), 0), (Need(("a",), "equals", "7"), 1)])
    for number in range(500):
        assert slot.find(f"x{number}") == ((0,) if str(number).startswith("1") else ())
        assert slot.find(number) == ((1,) if number == 7 else ())
        assert len(slot.memo) <= 50


def test_long_values_are_not_remembered() -> None:
    slot = slots.Slot([(Need(("a",), "contains", "end"), 0)])
    assert slot.find("x" * 10_000 + "end") == (0,)
    assert slot.memo == {}


def test_numbers_and_truths_that_are_one_key_are_told_apart() -> None:
    slot = slots.Slot([(Need(("a",), "equals", "1"), 0), (Need(("a",), "equals", "true"), 1)])
    assert [slot.find(value) for value in (1, True, 1.0, 1, True)] == [(0,), (1,), (0,), (0,), (1,)]


@pytest.mark.parametrize(
    ("text", "value"), [("σ", "ΑΣ"), ("ΑΣ".lower(), "ΑΣ"), ("s", "ſ"), ("k", "\u212a"), ("i̇", "İ")]
)
def test_letters_that_are_lower_cased_by_their_place_are_found(text: str, value: str) -> None:
    slot = slots.Slot([(Need(("a",), "contains", text + "x"), 0)])
    assert slot.find(value + "X") == (0,)


# Lines of a batch


def line(raw: str, message: object = None) -> Event:
    return Event(0, "s", 0, raw, {} if message is None else {"message": message}, logsources=(SOURCE,))


def anywhere(*texts: str) -> LineTexts:
    return LineTexts(Need(ANYWHERE, "contains", text) for text in texts)


def test_lines_are_told_apart() -> None:
    found = anywhere("evil", "worse").found
    assert found(
        [line("no"), line("some EVIL one"), line(""), line("worse evil"), line("evi"), line("l")]
    ) == {1, 3}


def test_a_message_that_stands_otherwise_in_its_line_is_looked_at_too() -> None:
    found = anywhere("evil").found
    assert found([line("raw", "an evil message"), line("raw evil"), line("x a message", "a message")]) == {
        0,
        1,
    }
    assert found([line("evil", 7), line("raw", ("evil",)), line("raw", "evil")]) == {0, 2}


def test_beyond_ascii_each_line_keeps_its_number() -> None:
    found = anywhere("evil", "böse").found
    assert found([line("İİİİ"), line("BÖSE"), line("x"), line("İ evil")]) == {1, 3}


def test_a_letter_that_is_lower_cased_by_its_place_is_found_in_a_line() -> None:
    assert anywhere("ΑΣ".lower()).found([line("ΑΣ"), line("Α")]) == {0}


def test_a_batch_longer_than_what_is_searched_at_once() -> None:
    lines = [line("evil" if number % 37 == 0 else "good") for number in range(3 * TOGETHER + 5)]
    assert anywhere("evil").found(lines) == set(range(0, len(lines), 37))


@settings(max_examples=300)
@given(
    st.lists(st.text(alphabet="abcİß\x02", min_size=1, max_size=3), min_size=1, max_size=4),
    st.lists(st.text(alphabet="aAbBcİß\x02\x03", max_size=8), max_size=8),
)
def test_what_is_found_in_a_batch_is_what_is_found_line_by_line(wanted: list[str], raws: list[str]) -> None:
    needs = needs_of(ir.Or(tuple(ir.Keyword(ir.Text(text.lower(), "contains")) for text in wanted)))
    texts = texts_of(needs)
    if not texts:  # one holds what stands between lines
        assert any("\x02" in text for text in wanted)
        return
    found = LineTexts(texts).found([line(raw) for raw in raws])
    assert found == {n for n, raw in enumerate(raws) if any(text.lower() in raw.lower() for text in wanted)}


_TEXT = st.text(alphabet='aKkSsi\\"/\n\té\u212aİſ😀u06b', max_size=6)


@settings(max_examples=400)
@given(
    st.lists(_TEXT.filter(bool), min_size=1, max_size=4),
    st.lists(
        st.tuples(_TEXT, st.none() | _TEXT, st.booleans(), st.sampled_from(["", "\\u0041", "\\", "\\u0"])),
        max_size=6,
    ),
)
def test_no_line_of_json_that_has_a_text_is_missed(
    wanted: list[str], written: list[tuple[str, str | None, bool, str]]
) -> None:
    events = [
        line(json.dumps({"a": value, "m": message}, ensure_ascii=ascii_only) + broken, message)
        for value, message, ascii_only, broken in written
    ]
    found = anywhere(*(text.lower() for text in wanted)).found(events)
    for number, event in enumerate(events):
        if any(text.lower() in told.lower() for text in wanted for told in keyword_texts(event)):
            assert number in found


def test_a_letter_hidden_in_json_is_found() -> None:
    found = anywhere("mimikatz").found
    hidden = ['{"a": "\\u006dimikatz"}', '{"a": "mimi\\u212aatz"}', '{"a": "MIMI\\u212Aatz"}']
    assert found([line(raw) for raw in (*hidden, '{"a": "mimi\\u00e9katz"}')]) == {0, 1, 2}
    events = [line(raw) for raw in hidden]
    rules = ruleset([ir.Keyword(ir.Text("mimikatz", "contains"))])
    assert Matcher(rules).match_all(events) == [("r0",)] * 3


def test_a_text_of_which_escapes_leave_nothing_is_looked_for_in_every_escaped_line() -> None:
    assert anywhere('\\"').found([line('{"a": "\\\\\\""}'), line("{}"), line('\\"')]) >= {0, 2}


def test_a_rule_with_a_keyword_or_a_field_is_found_by_either() -> None:
    tree = ir.Or((ir.Keyword(ir.Text("evil", "contains")), field("a", "bad")))
    matcher = Matcher(ruleset([tree]))
    events = [line("evil"), line("good"), Event(0, "s", 0, "x", {"a": "a bad one"}, logsources=(SOURCE,))]
    assert [bool(keys) for keys in matcher.match_all(events)] == [True, False, True]


def test_keyword_rules_of_other_log_sources_are_not_asked() -> None:
    rules = ruleset([ir.Keyword(ir.Text("evil", "contains"))])
    other = Event(0, "s", 0, "evil", {}, logsources=(("windows", "", "system"),))
    assert Matcher(rules).match_all([other, line("evil")]) == [(), ("r0",)]
    assert isinstance(next(iter(rules.rules.values())), Rule)
