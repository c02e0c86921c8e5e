"""What a Sigma rule means here, one case a line of docs/sigma.md: evaluated plainly and compiled alike."""

from __future__ import annotations

from datetime import UTC, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any

import pytest
import yaml
from socterm.event import Event
from socterm.sigma.engine import Matcher
from socterm.sigma.evaluate import evaluate
from socterm.sigma.load import load_rules

SOURCE = ("linux", "process_creation", "sudo")
NOON = 1_700_000_000_000_000  # 2023-11-14 22:13:20 UTC, a Tuesday in ISO week 46


def matches(
    tmp_path: Path,
    detection: dict[str, Any],
    fields: dict[str, Any],
    *,
    raw: str = "the raw line",
    ts: int = NOON,
    tz: tzinfo = UTC,
) -> bool:
    """Whether a rule with this detection matches an event with these fields, by every way there is."""
    rule = {
        "title": "t",
        "name": "t",
        "logsource": {"product": "linux", "category": "process_creation"},
        "detection": {"condition": "sel", **detection},
    }
    path = tmp_path / "rule.yml"
    path.write_text(yaml.safe_dump(rule))
    rules = load_rules([path])
    assert [fate.fate for fate in rules.fates] == ["active"], rules.fates
    event = Event(ts, "s", 0, raw, fields, logsources=(SOURCE,))
    compiled = list(Matcher(rules, tz=tz).match(event)) == ["t"]
    assert evaluate(rules.rules["t"].detection, event, tz) == compiled
    return compiled


# (what it shows, detection's selection, event fields, expected)
CASES: list[tuple[str, Any, dict[str, Any], bool]] = [
    ("whole value", {"user.name": "root"}, {"user.name": "root"}, True),
    ("not a part of the value", {"user.name": "root"}, {"user.name": "chroot"}, False),
    ("case does not count", {"user.name": "RooT"}, {"user.name": "rOOt"}, True),
    ("absent field", {"user.name": "root"}, {}, False),
    ("map is AND", {"a.b": "1", "a.c": "2"}, {"a.b": "1"}, False),
    ("list of values is OR", {"a.b": ["1", "2"]}, {"a.b": "2"}, True),
    ("list of maps is OR", [{"a.b": "1"}, {"a.c": "2"}], {"a.c": "2"}, True),
    ("star", {"a.b": "ab*yz"}, {"a.b": "ab-middle-YZ"}, True),
    ("star needs both ends", {"a.b": "ab*yz"}, {"a.b": "ab-middle-yzz"}, False),
    ("ends must not overlap", {"a.b": "aba*aba"}, {"a.b": "ababa"}, False),
    ("two stars in order", {"a.b": "a*b*c"}, {"a.b": "a..b..c"}, True),
    ("two stars out of order", {"a.b": "a*c*b"}, {"a.b": "a..b..c"}, False),
    ("question mark is one character", {"a.b": "a?c"}, {"a.b": "abc"}, True),
    ("question mark is not none", {"a.b": "a?c"}, {"a.b": "ac"}, False),
    ("question mark beside star", {"a.b": "*x?z*"}, {"a.b": "11xxyz22"}, True),
    ("wildcards cross line ends", {"a.b": "a*?c"}, {"a.b": "a\n\nc"}, True),
    ("star alone is any value", {"a.b": "*"}, {"a.b": ""}, True),
    ("star alone needs the field", {"a.b": "*"}, {}, False),
    ("escaped star", {"a.b": r"a\*c"}, {"a.b": "a*c"}, True),
    ("escaped star is no wildcard", {"a.b": r"a\*c"}, {"a.b": "abc"}, False),
    ("escaped question mark", {"a.b": r"a\?"}, {"a.b": "a?"}, True),
    ("escaped backslash before star", {"a.b": r"C:\\*"}, {"a.b": "C:\\Users"}, True),
    ("plain backslash stays", {"a.b": r"C:\Users"}, {"a.b": r"c:\users"}, True),
    ("empty text is present", {"a.b": ""}, {"a.b": ""}, True),
    ("empty text is not absence", {"a.b": ""}, {}, False),
    ("null is absence", {"a.b": None}, {}, True),
    ("null is JSON null", {"a.b": None}, {"a.b": None}, True),
    ("null is not empty text", {"a.b": None}, {"a.b": ""}, False),
    ("empty list counts as absent", {"a.b": None}, {"a.b": ()}, True),
    ("number equals its text", {"a.b": 22}, {"a.b": "22"}, True),
    ("text equals the number", {"a.b": "22"}, {"a.b": 22}, True),
    ("whole float is an integer", {"a.b": 22}, {"a.b": 22.0}, True),
    ("number is not a prefix", {"a.b": 22}, {"a.b": 2222}, False),
    ("boolean equals its text", {"a.b": True}, {"a.b": "TRUE"}, True),
    ("text equals the boolean", {"a.b": "false"}, {"a.b": False}, True),
    ("a boolean is no number", {"a.b": 1}, {"a.b": True}, False),
    ("list field: any element", {"a.b": "two"}, {"a.b": ("one", "two")}, True),
    ("list field: numbers too", {"a.b": 2}, {"a.b": (1, 2)}, True),
    ("all over a list field", {"a.b|contains|all": ["on", "wo"]}, {"a.b": ("one", "two")}, True),
    ("all needs each", {"a.b|contains|all": ["on", "xx"]}, {"a.b": ("one", "two")}, False),
    ("contains", {"a.b|contains": "idd"}, {"a.b": "miDDle"}, True),
    ("contains with a wildcard inside", {"a.b|contains": "i*e"}, {"a.b": "a middle x"}, True),
    ("startswith", {"a.b|startswith": "mid"}, {"a.b": "Middle"}, True),
    ("startswith not elsewhere", {"a.b|startswith": "idd"}, {"a.b": "middle"}, False),
    ("endswith", {"a.b|endswith": ["x", "dle"]}, {"a.b": "midDLE"}, True),
    ("cased", {"a.b|cased": "Root"}, {"a.b": "Root"}, True),
    ("cased differs", {"a.b|cased": "Root"}, {"a.b": "root"}, False),
    ("cased contains", {"a.b|contains|cased": "Ro"}, {"a.b": "xRox"}, True),
    ("cased with wildcard", {"a.b|cased": "R*t?"}, {"a.b": "roots"}, False),
    ("re searches", {"a.b|re": r"o{2}"}, {"a.b": "root"}, True),
    ("re minds case", {"a.b|re": r"O{2}"}, {"a.b": "root"}, False),
    ("re|i", {"a.b|re|i": r"O{2}"}, {"a.b": "root"}, True),
    ("re|m", {"a.b|re|m": r"^two$"}, {"a.b": "one\ntwo\nthree"}, True),
    ("re without m", {"a.b|re": r"^two$"}, {"a.b": "one\ntwo\nthree"}, False),
    ("re|s", {"a.b|re|s": r"one.two"}, {"a.b": "one\ntwo"}, True),
    ("re without s", {"a.b|re": r"one.two"}, {"a.b": "one\ntwo"}, False),
    ("re on a number", {"a.b|re": r"^2\d$"}, {"a.b": 22}, True),
    ("re on a broken character", {"a.b|re": r"a"}, {"a.b": "a\ud800"}, True),
    ("cidr", {"a.b|cidr": "10.0.0.0/8"}, {"a.b": "10.1.2.3"}, True),
    ("cidr outside", {"a.b|cidr": "10.0.0.0/8"}, {"a.b": "11.1.2.3"}, False),
    ("cidr v6", {"a.b|cidr": "2001:db8::/32"}, {"a.b": "2001:db8:1::5"}, True),
    ("cidr sees v4 in v6", {"a.b|cidr": "10.0.0.0/8"}, {"a.b": "::ffff:10.1.2.3"}, True),
    ("cidr on a name", {"a.b|cidr": "10.0.0.0/8"}, {"a.b": "10.evil.example"}, False),
    ("base64", {"a.b|base64|contains": "foobar"}, {"a.b": "x Zm9vYmFy x"}, True),
    ("base64offset", {"a.b|base64offset|contains": "foobar"}, {"a.b": "eGZvb2Jhcg=="}, True),
    ("wide", {"a.b|wide|base64offset|contains": "ping"}, {"a.b": "cABpAG4AZwA="}, True),
    ("utf16le is wide", {"a.b|utf16le|base64offset|contains": "ping"}, {"a.b": "cABpAG4AZwA="}, True),
    ("utf16be", {"a.b|utf16be|base64offset|contains": "ping"}, {"a.b": "AHAAaQBuAGc="}, True),
    ("windash", {"a.b|windash|contains": " -enc "}, {"a.b": "run /enc now"}, True),
    ("windash all", {"a.b|contains|all|windash": [" -a ", " -b "]}, {"a.b": "x /a –b –b "}, True),
    ("exists true", {"a.b|exists": True}, {"a.b": ""}, True),
    ("exists true, absent", {"a.b|exists": True}, {}, False),
    ("exists false", {"a.b|exists": False}, {}, True),
    ("exists false, present", {"a.b|exists": False}, {"a.b": "x"}, False),
    ("fieldref", {"a.b|fieldref": "a.c"}, {"a.b": "Bob", "a.c": "bob"}, True),
    ("fieldref of absent fields", {"a.b|fieldref": "a.c"}, {}, False),
    ("fieldref startswith", {"a.b|fieldref|startswith": "a.c"}, {"a.b": "bobby", "a.c": "bob"}, True),
    ("fieldref endswith", {"a.b|fieldref|endswith": "a.c"}, {"a.b": "a bob", "a.c": "bob"}, True),
    ("fieldref contains", {"a.b|fieldref|contains": "a.c"}, {"a.b": "a bob b", "a.c": "bob"}, True),
    ("fieldref over lists", {"a.b|fieldref": "a.c"}, {"a.b": ("x", "y"), "a.c": ("y", "z")}, True),
    ("gt", {"a.b|gt": 10}, {"a.b": 11}, True),
    ("gt on text", {"a.b|gt": 10}, {"a.b": "11"}, True),
    ("gt equal", {"a.b|gt": 10}, {"a.b": 10}, False),
    ("gte", {"a.b|gte": 10}, {"a.b": "10"}, True),
    ("lt", {"a.b|lt": 10}, {"a.b": 9.5}, True),
    ("lte", {"a.b|lte": 10}, {"a.b": "10.0"}, True),
    ("lt on a word", {"a.b|lt": 10}, {"a.b": "nan"}, False),
    ("lt on an absent field", {"a.b|lt": 10}, {}, False),
    ("lt on a list", {"a.b|lt": 10}, {"a.b": (12, 8)}, True),
    ("neq", {"a.b|neq": "x"}, {"a.b": "y"}, True),
    ("neq equal", {"a.b|neq": "x"}, {"a.b": "X"}, False),
    ("neq of an absent field", {"a.b|neq": "x"}, {}, True),
    ("hour", {"@timestamp|hour": 22}, {}, True),
    ("hour by its alias", {"timestamp|hour": [3, 22]}, {}, True),
    ("hour range", {"@timestamp|hour|gte": 22}, {}, True),
    ("minute", {"@timestamp|minute": 13}, {}, True),
    ("day", {"@timestamp|day": 14}, {}, True),
    ("week", {"@timestamp|week": 46}, {}, True),
    ("month", {"@timestamp|month": 11}, {}, True),
    ("year", {"@timestamp|year": 2022}, {}, False),
    ("timestamp as text", {"@timestamp|startswith": "2023-11-14T22:13:20.000000"}, {}, True),
    ("raw line as a field", {"event.original|contains": "RAW"}, {}, True),
    ("message falls back to the raw line", {"message": "the raw line"}, {}, True),
    ("kind", {"event.kind": "event"}, {}, True),
    ("alias of the log source", {"CommandLine|contains": "nc"}, {"process.command_line": "nc -l"}, True),
    ("general alias", {"host.name": "web1"}, {"host.hostname": "web1"}, True),
    ("alias before the literal key", {"Image": "a"}, {"process.executable": "a", "Image": "b"}, True),
    ("the producer's literal key", {"Image": "b"}, {"Image": "b"}, True),
    ("blanks and underscores dropped", {"Threat Name": "x"}, {"ThreatName": "x"}, True),
    ("keyword in the message", ["segfault"], {"message": "a SegFault b"}, True),
    ("keyword in the raw line only", ["raw line"], {"message": "other"}, True),
    ("keyword nowhere", ["segfault"], {"message": "other"}, False),
    ("keyword with a wildcard", ["seg*t at ?"], {"message": "x segfault at 7 y"}, True),
    ("keywords all", {"|all": ["a b", "c d"]}, {"message": "a b c d"}, True),
    ("keywords all, one missing", {"|all": ["a b", "x"]}, {"message": "a b c d"}, False),
    ("keyword regex", {"|re": r"fault\b"}, {"message": "segfault!"}, True),
    ("keyword number", [404], {"message": "status 404"}, True),
]


@pytest.mark.parametrize(
    ("selection", "fields", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_selection(tmp_path: Path, selection: Any, fields: dict[str, Any], expected: bool) -> None:
    assert matches(tmp_path, {"sel": selection}, fields) is expected


CONDITIONS: list[tuple[str, Any, dict[str, Any], bool]] = [
    ("and not", "one and not two", {"a": "1"}, True),
    ("and not, both", "one and not two", {"a": "1", "b": "2"}, False),
    ("parentheses", "(one or two) and not (one and two)", {"b": "2"}, True),
    ("1 of pattern", "1 of t*", {"b": "2"}, True),
    ("all of pattern", "all of t*", {"b": "2"}, False),
    ("1 of them", "1 of them", {"c": "3"}, True),
    ("underscore is outside them", "1 of them", {"d": "4"}, False),
    ("underscore by name", "one or _four", {"d": "4"}, True),
    ("all of them leaves underscore out", "all of them", {"a": "1", "b": "2", "c": "3"}, True),
    ("list of conditions is OR", ["one and two", "three"], {"c": "3"}, True),
]


@pytest.mark.parametrize(
    ("condition", "fields", "expected"),
    [case[1:] for case in CONDITIONS],
    ids=[case[0] for case in CONDITIONS],
)
def test_condition(tmp_path: Path, condition: Any, fields: dict[str, Any], expected: bool) -> None:
    detection = {
        "one": {"a": 1},
        "two": {"b": 2},
        "three": {"c": 3},
        "_four": {"d": 4},
        "condition": condition,
    }
    assert matches(tmp_path, detection, fields) is expected


def test_hour_is_asked_in_the_zone_given(tmp_path: Path) -> None:
    selection = {"sel": {"@timestamp|hour": 0}}
    assert not matches(tmp_path, selection, {}, tz=UTC)
    assert matches(tmp_path, selection, {}, tz=timezone(timedelta(hours=2)))


def test_a_time_beyond_the_calendar_matches_no_hour(tmp_path: Path) -> None:
    far = 10**18
    assert not matches(tmp_path, {"sel": {"@timestamp|hour|gte": 0}}, {}, ts=far)
    assert not matches(tmp_path, {"sel": {"@timestamp": "*"}}, {}, ts=far)


@pytest.mark.parametrize(
    ("logsource", "expected"),
    [
        ({"product": "linux"}, True),
        ({"service": "sshd"}, True),
        ({"product": "linux", "service": "auth"}, True),
        ({"product": "Linux", "service": "SSHD"}, True),
        ({"category": "process_creation"}, True),
        ({"category": "process_creation", "service": "sshd"}, False),
        ({"product": "windows", "service": "sshd"}, False),
    ],
)
def test_rules_see_only_their_log_source(tmp_path: Path, logsource: dict[str, str], expected: bool) -> None:
    rule = {"title": "t", "name": "t", "logsource": logsource, "detection": {"s": {"a": 1}, "condition": "s"}}
    (tmp_path / "r.yml").write_text(yaml.safe_dump(rule))
    matcher = Matcher(load_rules([tmp_path]))
    sources = (("linux", "", "sshd"), ("linux", "", "auth"), ("linux", "process_creation", ""))
    assert bool(matcher.match(Event(0, "s", 0, "", {"a": 1}, logsources=sources))) is expected


def test_an_event_without_log_source_matches_nothing(tmp_path: Path) -> None:
    rule = {
        "title": "t",
        "name": "t",
        "logsource": {"product": "linux"},
        "detection": {"s": {"a": 1}, "condition": "s"},
    }
    (tmp_path / "r.yml").write_text(yaml.safe_dump(rule))
    assert not Matcher(load_rules([tmp_path])).match(Event(0, "s", 0, "", {"a": 1}))


def test_a_large_expression_sees_fewer_characters_and_a_small_one_sees_65536(tmp_path: Path) -> None:
    large = {"sel": {"a.b|re": r"(?:.{0,50}){0,15}z"}}
    assert matches(tmp_path, large, {"a.b": "x" * 1_000 + "z"})
    assert not matches(tmp_path, large, {"a.b": "x" * 60_000 + "z"})
    small = {"sel": {"a.b|re": r"x+z"}}
    assert matches(tmp_path, small, {"a.b": "x" * 65_535 + "z"})
    assert not matches(tmp_path, small, {"a.b": "x" * 65_536 + "z"})
