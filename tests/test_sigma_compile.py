"""The compiled, indexed form gives the plain evaluator's answers on any tree and any event."""

from __future__ import annotations

import pickle
from datetime import UTC

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.alerts.model import RuleInfo
from socterm.event import Event
from socterm.sigma import ir, rest
from socterm.sigma.compile import SPECIAL_SOURCE, compiled
from socterm.sigma.engine import Matcher
from socterm.sigma.evaluate import evaluate
from socterm.sigma.fields import SPECIAL
from socterm.sigma.index import Index
from socterm.sigma.model import Rule, RuleSet
from socterm.sigma.needs import needs_of

SOURCE = ("linux", "", "sshd")
NAMES = (
    "event.action",
    "event.outcome",
    "event.category",
    "user.name",
    "a",
    "B",
    "message",
    "event.original",
    "event.kind",
    "@timestamp",
)
WORDS = (
    "",
    "a",
    "A",
    "ab",
    "ba",
    "bab",
    "event",
    "1",
    "1.5",
    "10.0.0.1",
    "é",
    "İ",
    "ß",
    "x\ny",
    "true",
    "2023-11-14T22:13:20Z",
)

words = st.sampled_from(WORDS)
names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True).map(tuple)
scalars = st.one_of(words, st.integers(-2, 20), st.booleans(), st.sampled_from([1.0, 1.5]), st.none())
fields = st.dictionaries(
    st.sampled_from(NAMES[:7]), st.one_of(scalars, st.lists(scalars, max_size=3).map(tuple)), max_size=6
)
places = st.sampled_from(["equals", "contains", "startswith", "endswith"])
relations = st.sampled_from(["eq", "gt", "gte", "lt", "lte"])


def _lower(cased: bool, word: str) -> str:
    return word if cased else word.lower()


texts = st.builds(lambda w, p, c: ir.Text(_lower(c, w), p, c), words, places, st.booleans())
segments = st.lists(st.one_of(st.none(), words.filter(bool)), max_size=2)
globs = st.builds(
    lambda parts, c: ir.Glob(
        tuple(tuple(None if x is None else _lower(c, x) for x in part) for part in parts), c
    ),
    st.lists(segments, min_size=1, max_size=4),
    st.booleans(),
)
regexes = st.sampled_from(
    [
        ir.Regex("a"),
        ir.Regex("^A", "i"),
        ir.Regex("^$"),
        ir.Regex("[ab]+b"),
        ir.Regex("S", "i"),
        ir.Regex("x.y", "s"),
    ]
)
value_tests = st.one_of(texts, globs, regexes)
tests = st.one_of(
    value_tests,
    st.just(ir.Null()),
    st.just(ir.Exists()),
    st.just(ir.Cidr("10.0.0.0/8")),
    st.builds(ir.Compare, relations, st.sampled_from([1, 1.5, 10])),
    st.builds(ir.Moment, st.sampled_from(["hour", "day", "week"]), relations, st.integers(0, 23)),
    st.builds(ir.Reference, names, places, st.booleans()),
    st.builds(ir.Dated, st.sampled_from(["minute", "year"]), relations, st.sampled_from([13, 2023])),
)
leaves = st.one_of(st.builds(ir.FieldMatch, names, tests), st.builds(ir.Keyword, value_tests))
nodes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(ir.Not, inner),
        st.builds(lambda parts: ir.And(tuple(parts)), st.lists(inner, min_size=1, max_size=4)),
        st.builds(lambda parts: ir.Or(tuple(parts)), st.lists(inner, min_size=1, max_size=10)),
    ),
    max_leaves=12,
)
events = st.builds(
    lambda found, raw, ts: Event(ts, "s", 0, raw, found, logsources=(SOURCE,)),
    fields,
    words,
    st.integers(0, 2 * 10**15),
)


def ruleset(trees: list[ir.Node]) -> RuleSet:
    made = {}
    for number, tree in enumerate(trees):
        key = f"r{number}"
        info = RuleInfo(key, key, "low", "", ())
        made[key] = Rule(key, info, key, ("linux", "", ""), alerting=True, throttle=1, detection=tree)
    return RuleSet(made, [])


@settings(max_examples=400)
@given(nodes, events)
def test_compiled_equals_evaluated(node: ir.Node, event: Event) -> None:
    assert compiled(node, UTC)(event, {}) is evaluate(node, event, UTC)


@settings(max_examples=200)
@given(st.lists(nodes, max_size=5), st.lists(events, min_size=1, max_size=4))
def test_matcher_equals_evaluated_for_many_rules_and_events(trees: list[ir.Node], seen: list[Event]) -> None:
    matcher = Matcher(ruleset(trees))
    for event in [*seen, *seen]:  # the second round meets remembered answers
        expected = [f"r{number}" for number, tree in enumerate(trees) if evaluate(tree, event, UTC)]
        assert list(matcher.match(event)) == expected


@settings(max_examples=400)
@given(nodes, events)
def test_the_index_proposes_every_tree_an_event_satisfies(node: ir.Node, event: Event) -> None:
    index = Index([(0, node, needs_of(node))], lambda _, asked: evaluate(node, asked, UTC))
    for _ in range(2):  # the second time the value is known
        found = index.candidates(event)
        if evaluate(node, event, UTC):
            assert index.always == [0] or found in ({0}, {~0})
        else:
            assert ~0 not in found


@given(nodes)
def test_a_tree_survives_pickle_and_msgpack(node: ir.Node) -> None:
    assert pickle.loads(pickle.dumps(node)) == node
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(node), type=ir.Node) == node


def test_equal_keys_of_different_kind_are_not_confused() -> None:
    tree = ir.FieldMatch(("event.action",), ir.Text("true"))
    matcher = Matcher(ruleset([tree]))
    for value, expected in (
        (True, ["r0"]),
        (1, []),
        (1.0, []),
        (True, ["r0"]),
        ((1,), []),
        ((True,), ["r0"]),
    ):
        event = Event(0, "s", 0, "", {"event.action": value}, logsources=(SOURCE,))
        assert list(matcher.match(event)) == expected


def test_a_list_in_place_of_a_tuple_is_read_all_the_same() -> None:
    matcher = Matcher(ruleset([ir.FieldMatch(("event.category",), ir.Text("iam"))]))
    event = Event(0, "s", 0, "", {"event.category": ["process", "iam"]}, logsources=(SOURCE,))
    assert list(matcher.match(event)) == ["r0"]


@pytest.mark.parametrize(
    ("test", "value", "expected"),
    [
        (ir.Regex("secret", "i"), "ſecret", True),  # RE2 takes the long s for an s, `lower` does not
        (ir.Regex("secret", "i"), "Secret", True),
        (ir.Regex("abcdefgh"), "abcdefgh", True),
        (ir.Regex("[a-h]{9}"), "abcdefgh", False),
        (ir.Text("b"), ("a\0b", "x"), False),
        (ir.Text("a\0b"), ("a\0b", "x"), True),
        (ir.Text("a\1b"), ("a\0b", "x"), False),
        (ir.Text("a", "contains"), (), False),
        (ir.Regex("evil"), ("x", "an evil one"), True),
        (ir.Regex("evil"), ("x", "an EVIL one"), False),
        (ir.Regex("secret", "i"), ("x", "ſecret"), True),
    ],
)
def test_the_edges_of_short_cuts(test: ir.Test, value: object, expected: bool) -> None:
    node = ir.FieldMatch(("a",), test)
    event = Event(0, "s", 0, "", {"a": value}, logsources=(SOURCE,))
    assert compiled(node, UTC)(event, {}) is evaluate(node, event, UTC) is expected
    assert bool(Matcher(ruleset([node])).match(event)) is expected


@pytest.mark.parametrize("name", ["tm", "tr", "cm", "cr", "t0", "lines"])
def test_a_field_may_be_called_like_what_is_kept_of_the_line(name: str) -> None:
    field = ir.FieldMatch((name,), ir.Text("abc", "contains"))
    node = ir.And((field, ir.Keyword(ir.Text("needle", "contains"))))
    event = Event(0, "s", 0, "x", {name: "abc", "message": "a Needle"})
    assert evaluate(node, event, UTC)
    assert compiled(node, UTC)(event, {})
    other = Event(0, "s", 0, "x", {name: "needle", "message": "abc"})
    assert not compiled(node, UTC)(other, {})


def test_an_expression_with_a_nul_is_found_in_a_list() -> None:
    node = ir.FieldMatch(("f",), ir.Regex("ab\0cd"))
    event = Event(0, "s", 0, "x", {"f": ("x", "ab\0cd")})
    assert evaluate(node, event, UTC)
    assert compiled(node, UTC)(event, {})


def test_a_tree_too_deep_for_pythons_compiler_still_matches() -> None:
    node: ir.Node = ir.FieldMatch(("a",), ir.Text("x"))
    for _ in range(300):
        node = ir.Not(node)
    event = Event(0, "s", 0, "", {"a": "x"}, logsources=(SOURCE,))
    assert compiled(node, UTC)(event, {}) is evaluate(node, event, UTC) is True


def test_many_foreign_actions_do_not_grow_the_memory_without_bound() -> None:
    matcher = Matcher(ruleset([ir.FieldMatch(("event.action",), ir.Text("a1"))]))
    for number in range(6_000):
        event = Event(0, "s", 0, "", {"event.action": f"a{number}"}, logsources=(SOURCE,))
        assert bool(matcher.match(event)) is (number == 1)


def _asked(matcher: Matcher, fields: dict[str, object]) -> list[str]:
    return list(matcher.match(Event(0, "s", 0, "", fields, logsources=(SOURCE,))))


def _two_fields() -> Matcher:
    """Rules that each look at two fields: no single value decides them."""
    one = ir.And((ir.FieldMatch(("a",), ir.Text("true")), ir.FieldMatch(("b",), ir.Exists())))
    two = ir.And((ir.FieldMatch(("a",), ir.Text("1")), ir.FieldMatch(("b",), ir.Exists())))
    return Matcher(ruleset([one, two]))


@pytest.mark.parametrize(
    "values", [(True, 1, 1.0, "1", "true", True), (1, True, 1.0), ((True,), (1,), (1.0,)), ([1], [True], "1")]
)
def test_values_that_are_one_key_are_not_confused(values: tuple[object, ...]) -> None:
    matcher = _two_fields()
    for value in (*values, *values):
        first = value[0] if isinstance(value, tuple | list) else value
        expected = ["r0"] if first is True or first == "true" else ["r1"]
        assert _asked(matcher, {"a": value, "b": "x"}) == expected
        assert _asked(matcher, {"a": value}) == []


@pytest.mark.parametrize("there", ["", "x", 0, False, ("x",), ["x"], {"x": 1}])
def test_a_field_that_only_has_to_be_there_is_told_from_none(there: object) -> None:
    matcher = _two_fields()
    for _ in range(2):
        assert _asked(matcher, {"a": "1", "b": there}) == ["r1"]
        for missing in (None, (), [], (None,), [None]):
            assert _asked(matcher, {"a": "1", "b": missing}) == []


def test_answers_are_remembered_until_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "MEMO_LIMIT", 50)
    answers = rest.Answers()
    for number in range(500):
        answers.keep((1, f"x{number}"), (), ())
        assert (1, f"x{number}") in answers.known
        assert len(answers.known) <= 50
    answers.keep((1, "x" * 2_000), (), ())
    assert (1, "x" * 2_000) not in answers.known


def test_values_that_never_come_again_are_looked_up_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "PATIENCE", 5)
    kept: list[object] = []
    keep = rest.Answers.keep
    monkeypatch.setattr(
        rest.Answers, "keep", lambda self, *args: (kept.append(args[0]), keep(self, *args))[0]
    )
    matcher = _two_fields()
    for number in range(50):
        assert _asked(matcher, {"a": "1", "b": "x", "c": "y"}) == ["r1"]
        assert _asked(matcher, {"a": f"1{number}", "b": "x"}) == []
    assert len(kept) == 51  # half of them had been there before
    for number in range(50):
        assert _asked(matcher, {"a": f"2{number}", "b": "x"}) == []
    assert len(kept) < 60
    assert _asked(matcher, {"a": "1", "b": "x"}) == ["r1"]


def test_the_two_tables_of_special_names_agree() -> None:
    assert SPECIAL_SOURCE.keys() == SPECIAL
