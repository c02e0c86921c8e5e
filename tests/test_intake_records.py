"""Bodies into records: each judged by itself, kept as it was sent, and none can blow anything up."""

from __future__ import annotations

import gzip
import json
import os
import tracemalloc
import zlib
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from socterm.service.intake.body import MEMBERS, unpacked
from socterm.service.intake.records import (
    FORMS,
    MOST,
    TooManyError,
    Verdict,
    from_json,
    from_lines,
    from_text,
)
from socterm.service.problems import RequestError
from socterm.sources.base import LINE_LIMIT

from intake_scene import bomb

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(), JSON, max_size=4), max_size=6)


def values(verdict: Verdict) -> list[Any]:
    assert verdict.rejected == 0
    return [json.loads(line) for line in verdict.lines]


@given(OBJECTS, st.sampled_from([None, 1, 4]))
def test_an_array_gives_its_objects_however_it_is_laid_out(objects: list[Any], indent: int | None) -> None:
    for ascii_only in (True, False):
        body = json.dumps(objects, indent=indent, ensure_ascii=ascii_only)
        verdict = from_json(body.encode("utf-8", "surrogatepass"))
        assert values(verdict) == objects
        assert not any(b"\n" in line for line in verdict.lines)


@given(OBJECTS)
def test_lines_of_json_are_kept_as_they_were_sent(objects: list[Any]) -> None:
    lines = [json.dumps(one).encode() for one in objects]
    assert from_lines(b"\n".join(lines)).lines == lines
    assert from_json(b"\r\n".join(lines) + b"\r\n").lines == lines


@given(OBJECTS, st.sampled_from([b"{", b'{"a":tru}', b"7", b"nil", b'{"a":"\xff"}', b'"x', b'{"a":1}}']))
def test_one_bad_line_is_named_and_the_others_are_kept(objects: list[Any], bad: bytes) -> None:
    lines = [json.dumps(one).encode() for one in objects]
    lines.insert(len(lines) // 2, bad)
    verdict = from_lines(b"\n".join(lines))
    assert len(verdict.lines) == len(objects)
    assert [index for index, _ in verdict.errors] == [len(objects) // 2]


@pytest.mark.parametrize(
    ("body", "lines", "errors"),
    [
        (b'[{"a":1},{"b":tru},{"c":3}]', [b'{"a":1}', b'{"c":3}'], [1]),
        (b'[{"a":"},["},{"b":"\xff"},"x"]', [b'{"a":"},["}', b"x"], [1]),
        (b'[{"a":1},{"b":2}', [b'{"a":1}', b'{"b":2}'], []),
        (b'[{"a":1},{"b":', [b'{"a":1}'], [1]),
        (b'[{"a":1},,{"b":2}]', [b'{"a":1}', b'{"b":2}'], [1]),
        (b'[{"a":1}]x', [b'{"a":1}'], [1]),
        (b"[1,null,true,[]]", [], [0, 1, 2, 3]),
        (b"[]", [], []),
        (b'["\\"],[",{"a":01}]', [b'"],['], [1]),
        (b'{"a":1}', [b'{"a":1}'], []),
        (b'\xef\xbb\xbf {"a":\n 1.10,\n "b c": "d e"}\n', [b'{"a":1.10,"b c":"d e"}'], []),
        (b'"Nov 21 web01 sshd[7]: x"', [b"Nov 21 web01 sshd[7]: x"], []),
        (b'{"a":"\\ud800"}', [b'{"a":"\\ud800"}'], []),
        (b'{"n":123456789012345678901234567890}', [b'{"n":123456789012345678901234567890}'], []),
        (b"plain text", [], [0]),
        (b" \n ", [], []),
    ],
)
def test_what_is_called_json(body: bytes, lines: list[bytes], errors: list[int]) -> None:
    verdict = from_json(body)
    assert verdict.lines == lines
    assert [index for index, _ in verdict.errors] == errors


def test_a_record_too_deep_is_named_in_an_array_as_in_lines() -> None:
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    for verdict in (
        from_json(b'[{"a":1},' + deep[:-50_000] + b"]"),
        from_json(b'[{"a":1},' + deep + b',{"b":2}]'),
        from_lines(b'{"a":1}\n' + deep + b'\n{"b":2}'),
    ):
        assert verdict.lines[0] == b'{"a":1}'
        assert verdict.errors[0][0] == 1
    some = b'{"a":' + b"[" * 990 + b"]" * 990 + b"}"
    verdict = from_json(b'[{"a":1},' + some + b',{"b":tru},{"c":3}]')
    assert verdict.lines[0] == b'{"a":1}'
    assert verdict.lines[-1] == b'{"c":3}'


def test_text_is_lines_whatever_they_say_and_blank_ones_are_none() -> None:
    verdict = from_text(b'one\r\n\n{"a":\n\xff\xfe\n \t\r\n<38>two')
    assert verdict.lines == [b"one", b'{"a":', b"\xff\xfe", b"<38>two"]


def test_text_is_kept_with_the_blanks_it_begins_and_ends_with() -> None:
    assert from_text(b"\tat Main.java:7\n  two \t\nthree ").lines == [
        b"\tat Main.java:7",
        b"  two \t",
        b"three ",
    ]


def test_a_line_too_long_is_rejected() -> None:
    verdict = from_text(b"a\n" + b"x" * (LINE_LIMIT + 1) + b"\n" + b"y" * LINE_LIMIT)
    assert [len(line) for line in verdict.lines] == [1, LINE_LIMIT]
    assert verdict.errors == [(1, "longer than 1 MiB")]


BIG = 2 << 20
"""Bytes of bodies that would take twenty times their size as objects of Python."""


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * (BIG // 2) + b"1]",
        b"[" + b"[]," * (BIG // 3) + b"tru]",
        b'{"a":[' + b"{}," * (BIG // 3) + b"1]}",
        b'{"a":\n[' + b"{} ," * (BIG // 4) + b"1]}",
        b'{"a":"' + b"x" * BIG + b'"}',
    ],
    ids=lambda body: body[:9].decode(),
)
def test_what_is_too_much_is_refused_before_it_is_taken_apart(body: bytes) -> None:
    tracemalloc.start()
    try:
        verdict = from_json(body)
        assert (verdict.lines, verdict.errors) == ([], [(0, "longer than 1 MiB")])
    except TooManyError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 3 * len(body)


def test_a_record_over_many_lines_is_as_long_as_what_is_left_of_it() -> None:
    assert len(from_json(b'{"a":' + b"\n" * BIG + b'"x"}').lines) == 1
    value = b"x" * (LINE_LIMIT - len(b'{"a":""}'))
    assert [len(line) for line in from_json(b'{"a":\n "' + value + b'"}').lines] == [LINE_LIMIT]
    assert from_json(b'{"a":\n "' + value + b'x"}').errors == [(0, "longer than 1 MiB")]


@pytest.mark.parametrize(
    "body", [b'{"a":1}\n' * (MOST + 1), b"x\n" * (MOST + 1), b"\n" * (MOST * 20), b'{"a":1}\n7\n' * MOST]
)
def test_more_than_ten_thousand_records_are_refused(body: bytes) -> None:
    with pytest.raises(TooManyError, match="more than 10000"):
        from_lines(body)


def test_an_array_of_too_many_is_refused_also_where_it_is_broken() -> None:
    for body in (b"[" + b"{}," * MOST + b"{}]", b"[" + b"{}," * MOST * 3):
        with pytest.raises(TooManyError):
            from_json(body)


def test_a_broken_array_is_not_looked_at_without_end() -> None:
    verdict = from_json(b'[{"a":1},' + b"[" + b"{}," * 2_000_000 + b'tru],{"b":2}]')
    assert verdict.lines == [b'{"a":1}']
    assert [index for index, _ in verdict.errors] == [1]


def test_the_first_hundred_errors_are_told_and_all_are_counted() -> None:
    verdict = from_lines(b"x\n" * 250)
    assert (verdict.rejected, len(verdict.errors), verdict.errors[-1][0]) == (250, 100, 99)


@given(st.binary(max_size=300), st.sampled_from(sorted(FORMS)))
def test_hostile_bytes_are_judged(body: bytes, form: str) -> None:
    verdict = FORMS[form](body)
    assert verdict.rejected >= len(verdict.errors)
    assert all("\n" not in reason and len(reason) < 200 for _, reason in verdict.errors)


@given(st.text(alphabet='[]{},:"\\ \n1a', max_size=60))
def test_what_looks_like_json_is_judged_and_what_is_json_loses_nothing(body: str) -> None:
    verdict = from_json(f"[{body}]".encode())
    try:
        elements = json.loads(f"[{body}]")
    except ValueError:
        return
    taken = [element for element in elements if isinstance(element, dict | str)]
    assert (len(verdict.lines), verdict.rejected) == (len(taken), len(elements) - len(taken))


@given(st.lists(JSON, max_size=5))
def test_told_apart_by_brackets_the_elements_are_the_same(elements: list[Any]) -> None:
    whole = json.dumps(elements)
    broken = whole[:-1] + (", " if elements else "") + "tru]"
    assert from_json(broken.encode()).lines == from_json(whole.encode()).lines


# -- content codings

TEXT = b'{"a":1}\n' * 5_000


def name(value: Any) -> str | None:
    """Packed bodies by their size: gzip writes the time into them, so two processes have other bytes."""
    return f"{len(value)} bytes" if isinstance(value, bytes) else None


def raw_deflate(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", gzip.compress(TEXT)),
        ("gzip", gzip.compress(TEXT[:9]) + gzip.compress(TEXT[9:])),
        ("deflate", zlib.compress(TEXT)),
        ("gzip", gzip.compress(b"") * 9 + gzip.compress(TEXT) + gzip.compress(b"")),
        ("deflate", raw_deflate(TEXT)),
        ("zstd", zstandard.compress(TEXT)),
        ("zstd", zstandard.compress(TEXT[:9]) + zstandard.compress(TEXT[9:])),
        ("zstd", zstandard.compress(b"") * 9 + zstandard.compress(TEXT)),
    ],
    ids=name,
)
def test_what_was_packed_comes_out_as_it_was(coding: str, packed: bytes) -> None:
    assert unpacked(packed, coding, len(TEXT)) == TEXT
    if coding not in ("", "identity"):
        with pytest.raises(RequestError) as refused:
            unpacked(packed, coding, len(TEXT) - 1)
        assert refused.value.status == 413


@pytest.mark.parametrize("size", [21 << 20, 100 << 20])
def test_a_bomb_is_noticed_at_the_limit(size: int) -> None:
    with pytest.raises(RequestError) as refused:
        unpacked(bomb(size), "gzip", 20 << 20)
    assert refused.value.status == 413


@pytest.mark.parametrize(
    ("coding", "packed", "status"),
    [
        ("gzip", b"not packed", 400),
        ("gzip", gzip.compress(TEXT)[:-9], 400),
        ("gzip", gzip.compress(TEXT) + b"rest", 400),
        ("deflate", b"\xff\xff", 400),
        ("deflate", zlib.compress(TEXT)[:-9], 400),
        ("gzip", gzip.compress(b"") * (MEMBERS + 1), 400),
        ("deflate", zlib.compress(TEXT) + b"rest", 400),
        ("zstd", b"not packed", 400),
        ("zstd", zstandard.compress(os.urandom(300_000))[:200_000], 400),
        ("zstd", zstandard.compress(TEXT)[:-1], 400),
        ("zstd", zstandard.compress(TEXT) + b"rest", 400),
        ("zstd", zstandard.compress(b"") * (MEMBERS + 1), 400),
        ("br", b"", 415),
        ("gzip, gzip", b"", 415),
    ],
    ids=name,
)
def test_what_cannot_be_unpacked_is_told(coding: str, packed: bytes, status: int) -> None:
    with pytest.raises(RequestError) as refused:
        unpacked(packed, coding, 20 << 20)
    assert refused.value.status == status


EVENTS = [b'{"id":"1","timestamp":1795168800000,"message":"a"}', b'{ "id":"2","logStream":"own"}', b"{}"]
BUNDLES = {
    "CloudTrail": (b'{"Records":[{"a": 1.10},{"b":"\\u00e9"}]}', [b'{"a": 1.10}', b'{"b":"\\u00e9"}']),
    "Azure": (b' { "records" : [ {"a":1} , {"a":2}\t] } ', [b'{"a":1}', b'{"a":2}']),
    "Graph": (b'{"@odata.context":"c","@odata.nextLink":"n","value":[{"a":1}]}', [b'{"a":1}']),
    "CloudWatch": (
        b'{"messageType":"DATA_MESSAGE","owner":"1","logGroup":"g","logStream":"s","subscriptionFilters":["f"],'
        b'"logEvents":[' + b",".join(EVENTS) + b"]}",
        [
            b'{"owner":"1","logGroup":"g","logStream":"s",' + EVENTS[0][1:],
            b'{"owner":"1","logGroup":"g",' + EVENTS[1][2:],
            b'{"owner":"1","logGroup":"g","logStream":"s"}',
        ],
    ),
}


@pytest.mark.parametrize("who", BUNDLES)
def test_an_object_that_carries_several_records_is_as_many(who: str) -> None:
    body, lines = BUNDLES[who]
    assert from_json(body).lines == lines
    assert from_lines(body + b'\n{"z":1}').lines == [*lines, b'{"z":1}']
    assert from_json(b"[" + body + b',{"z":1}]').lines == [*lines, b'{"z":1}']


@pytest.mark.parametrize(
    "body",
    [
        b'{"records":[{"a":1}],"msg":"fetched"}',
        b'{"Records":[{"a":1},2]}',
        b'{"Records":[]}',
        b'{"Records":{"a":1}}',
        b'{"value":[{"a":1}]}',
        b'{"messageType":"CONTROL_MESSAGE","logEvents":[{"a":1}]}',
        b'{"a":{"Records":[{"a":1}]}}',
        b'{"records":[' + b",".join([b"{}"] * (MOST + 1)) + b"]}",
    ],
)
def test_an_object_with_a_list_is_one_record_where_nobody_hands_records_on_so(body: bytes) -> None:
    assert from_json(body).lines == [body]


def test_a_document_longer_than_a_line_is_its_records_and_each_is_judged() -> None:
    long = (
        b'{"Records":[{"a":"'
        + b"x" * LINE_LIMIT
        + b'"},'
        + b",".join([b'{"b":"%b"}' % (b"y" * 900)] * 999)
        + b"]}"
    )
    verdict = from_json(long)
    assert len(verdict.lines) == 999
    assert verdict.errors == [(0, "longer than 1 MiB")]


def test_records_in_objects_count_towards_what_a_request_may_have() -> None:
    body = b'{"records":[' + b",".join([b"{}"] * 6000) + b"]}"
    with pytest.raises(TooManyError):
        from_lines(body + b"\n" + body)
