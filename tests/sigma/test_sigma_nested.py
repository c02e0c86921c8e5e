"""Rules on nested JSON, from the line as logged: dotted names, lists of objects, names with dots in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from sigma_cases import SOURCES, load, matched
from socterm.event import Chunk
from socterm.parsers import Decoder

CASES: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    ("a path", {"req.user.id": 7}, {"req": {"user": {"id": 7}}}, True),
    ("a path as nested maps", {"req": {"user": {"id": 7}}}, {"req": {"user": {"id": 7}}}, True),
    ("a name with a dot in it", {"req.user": "x"}, {"req.user": "x"}, True),
    ("it goes before the path", {"req.user": "x"}, {"req.user": "x", "req": {"user": "y"}}, True),
    ("though it comes behind", {"req.user": "x"}, {"req": {"user": "y"}, "req.user": "x"}, True),
    ("and hides it", {"req.user": "y"}, {"req": {"user": "y"}, "req.user": "x"}, False),
    ("further down, too", {"a.b.c": 1}, {"a": {"b": {"c": 2}, "b.c": 1}}, True),
    ("a path into a list", {"answers.ip": "b"}, {"answers": [{"ip": "a"}, {"ip": "b"}]}, True),
    (
        "a path into lists in lists",
        {"a.b.c": 3},
        {"a": [{"b": [{"c": 1}]}, {"b": [{"c": 2}, {"c": 3}]}]},
        True,
    ),
    ("no element has it", {"answers.ip": "c"}, {"answers": [{"ip": "a"}, {"ip": "b"}]}, False),
    ("all over a list", {"a.b|all": [1, 2]}, {"a": [{"b": 1}, {"b": 2}]}, True),
    ("a list of plain values", {"tags": "two"}, {"tags": ["one", "two"]}, True),
    ("null by nesting", {"req.user": None}, {"req": {"user": None, "x": 1}}, True),
    ("empty by nesting", {"req.user": ""}, {"req": {"user": ""}}, True),
    ("an object is no value", {"req": "*"}, {"req": {"user": "x"}}, False),
    ("a number stays one", {"req.size|gt": 10}, {"req": {"size": 11}}, True),
    ("a boolean stays one", {"req.ok": True}, {"req": {"ok": True}}, True),
    ("blanks and underscores", {"Threat Name": "x"}, {"ThreatName": "x"}, True),
]


@pytest.mark.parametrize(
    ("selection", "logged", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_nested(tmp_path: Path, selection: dict[str, Any], logged: dict[str, Any], expected: bool) -> None:
    rule = {
        "title": "t",
        "name": "t",
        "logsource": {"product": "linux"},
        "detection": {"sel": selection, "condition": "sel"},
    }
    chunk = Chunk("s", 0, [json.dumps(logged).encode()], {}, 0, live=False)
    (event,) = Decoder("s").decode(chunk)
    rules = load(tmp_path, yaml.safe_dump(rule))
    assert bool(matched(rules, msgspec.structs.replace(event, logsources=SOURCES))) is expected
