"""What the query language reads, and how it says where a text went wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.errors import QueryError
from socterm.query import parse, predicate, quote
from socterm.query.parse import MAX_DEPTH, MAX_LENGTH, MAX_TERMS

NOW = 1_800_000_000_000_000
MINUTE = 60_000_000
RAW = "Nov 20 10:42:07 web01 sshd[4242]: Failed password for invalid user Admin from 203.0.113.9 port 51234"
FIELDS = {
    "host.hostname": "web01",
    "user.name": "Admin",
    "source.ip": "203.0.113.9",
    "source.port": 51234,
    "event.outcome": "failure",
    "event.category": ("authentication",),
    "url.path": "/index.php?id=1",
    "process.command_line": r"C:\Windows\cmd.exe",
    "level": "high",
}


def hit(text: str, *, ts: int = NOW, raw: str = RAW, **fields: object) -> bool:
    return predicate(parse(text, now=NOW))(FIELDS | fields, ts, raw)


@pytest.mark.parametrize(
    "text",
    [
        "failed admin",
        "FAILED",
        "fail",
        "fail*d",
        "*ailed",
        '"failed password"',
        '"invalid user admin"',
        "203.0.113.9",
        "sshd[4242]:",
        "10:42:07",
        "user:admin",
        "user.name:ADMIN",
        "user: admin",
        'user.name:"Admin"',
        "user.name:ad*",
        "user.name:*min",
        "user.name:a*i*",
        "user:*",
        "USER.NAME:admin",
        "event.category:authentication",
        "source.port>=1024",
        "source.port<51235",
        "source.port:51234",
        "source.port:[51234 TO 51234]",
        "source.port:[1024 to *]",
        "ip:203.0.113.0/24",
        "ip:203.0.113.9",
        "level>=medium",
        "sev>=med",
        "severity:HIGH",
        "level<=high",
        "level:[medium TO critical]",
        "user.name:(root or admin)",
        "user.name:(ad* and not root)",
        "user.name:root or user.name:admin",
        "user.name:root or (failed and -accepted)",
        "not accepted",
        "-accepted",
        "-user.name:root",
        "not nosuch.field:*",
        "user.name:admin AND NOT (user.name:root OR accepted)",
        r"url.path:/index.php?id=1",
        r"process.command_line:C:\Windows\cmd.exe",
        r"process.command_line:C:\\Windows*",
        "@timestamp>=2027-01-15",
        "@timestamp:2027-01-15",
        "@timestamp:2027",
        "time<2028",
        "@timestamp>now-1m",
        "since:15m",
        "since:2027-01-15T07:59 until:2027-01-15",
        "since:15m until:now",
        "message:failed",
        'raw:"port 51234"',
        "",
        "   ",
        "*",
    ],
)
def test_matches(text: str) -> None:
    assert hit(text)


@pytest.mark.parametrize(
    "text",
    [
        "ailed",
        '"failed pass"',
        '"password failed"',
        "203.0.113.1",
        "fail*zz",
        "failed*port",
        r"fail\*",
        "user:adm",
        "user.name:*mi",
        'user.name:"ad*"',
        "nosuch.field:*",
        "source.port<51234",
        "source.port>51234",
        "source.port:5123",
        "source.port:051234",
        "source.port:[* TO 1024]",
        "ip:10.0.0.0/8",
        "ip:2001:db8::/32",
        "level>high",
        "level<low",
        "user.name:(root or guest)",
        "failed accepted",
        "not failed",
        "-user.name:admin",
        "@timestamp>2027-01-15",
        "@timestamp<2027-01-15",
        "@timestamp:2027-01-14",
        "until:1m",
        "since:2027-01-15T09:00",
    ],
)
def test_does_not_match(text: str) -> None:
    assert not hit(text)


def test_adjacent_terms_bind_closer_than_or() -> None:
    assert hit("accepted nothing or failed admin")
    assert not hit("failed (accepted or nothing)")


def test_a_wildcard_in_a_free_word_stays_inside_the_word() -> None:
    assert hit("x*z", raw="see xyz")
    assert not hit("x*z", raw="x y z")


def test_a_phrase_bears_any_white_space() -> None:
    assert hit('"failed password"', raw="failed \t password")


def test_keywords_are_words_where_a_value_stands() -> None:
    assert hit("user.name:and", **{"user.name": "and"})
    assert hit("user.name:not", **{"user.name": "NOT"})
    assert hit("android notes orbit", raw="android notes orbit")


def test_ipv6_in_any_spelling() -> None:
    assert hit("ip:2001:DB8:0:0::1", **{"source.ip": "2001:db8::1"})
    assert hit("ip:2001:db8::/32", **{"source.ip": "2001:db8:ffff::9"})
    assert hit("ip:10.0.0.0/8", **{"source.ip": "::ffff:10.1.2.3"})
    assert hit("ip:fe80::/10", **{"source.ip": "fe80::1%eth0"})


def test_letters_beyond_ascii_match_in_either_case() -> None:
    assert hit("user.name:émile", **{"user.name": "ÉMILE"})
    assert hit("ÉM", raw="user émile")


def test_a_list_matches_by_any_element() -> None:
    assert hit("tags:b", tags=("a", "B"))
    assert not hit("tags:c", tags=("a", "b"))


def test_message_falls_back_to_the_raw_line() -> None:
    assert hit("message:accepted", message="Accepted key")
    assert not hit("message:failed", message="Accepted key")


def test_relative_times_count_from_now() -> None:
    assert hit("since:15m", ts=NOW - 14 * MINUTE)
    assert not hit("since:15m", ts=NOW - 16 * MINUTE)
    assert hit("@timestamp<=now-1h", ts=NOW - 61 * MINUTE)


def test_zones_are_read_and_utc_is_the_default() -> None:
    utc = parse("@timestamp>=2026-11-20T10:00").tree
    assert utc.low == 1_795_168_800_000_000  # type: ignore[union-attr]
    assert parse("@timestamp>=2026-11-20T12:00+02:00").tree.low == utc.low  # type: ignore[union-attr]
    assert parse('@timestamp>="2026-11-20 10:00Z"').tree.low == utc.low  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "position", "says"),
    [
        ('user:root "abc', 10, "quote"),
        ("(failed root", 12, "parenthesis"),
        ("failed)", 6, "parenthesis"),
        ("()", 1, "parenthesis"),
        ("user:", 5, "missing"),
        ("failed or", 9, "missing"),
        ("not", 3, "missing"),
        ("source.port>=abc", 13, "no order"),
        ("level>=hot", 7, "severity"),
        ("since:soon", 6, "15m"),
        ("since>=15m", 7, "colon"),
        ("@timestamp>=2026-13-40", 12, "time"),
        ("source.port:[1 TO", 17, "range"),
        ("source.port:[1 2]", 15, "range"),
        ("source.port:[a TO 2]", 13, "no order"),
        ("user:(root or", 13, "missing"),
    ],
)
def test_errors_point_at_the_character(text: str, position: int, says: str) -> None:
    with pytest.raises(QueryError, match=says) as caught:
        parse(text)
    assert caught.value.position == position
    assert "\n" not in str(caught.value)


def test_limits_are_errors_too() -> None:
    nested = "(x or y " * (MAX_DEPTH + 1) + ")" * (MAX_DEPTH + 1)
    for text in ("x" * (MAX_LENGTH + 1), "a " * (MAX_TERMS + 1), nested, "not " * 999 + "a"):
        with pytest.raises(QueryError):
            parse(text)
    assert hit("(" * 8000 + "failed" + ")" * 8000)
    parse("a " * MAX_TERMS)


def test_an_empty_query_says_so() -> None:
    assert parse("").is_empty
    assert parse(" \t").is_empty
    assert not parse("x").is_empty
    assert parse("x y").text == "x y"


PIECES = st.sampled_from(
    (
        'user|:|(|)|[|]| TO |"|*|\\|-|not | and | or |>=|<|@timestamp|since:|2026-11-20|15m|10.0.0.0/8|::1'
        f"|level|high|1e999|{'9' * 30}| |\0|\ud800|\x1b[2J"
    ).split("|")
)


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join)))
def test_whatever_is_typed_parses_or_is_a_query_error(text: str) -> None:
    try:
        matched = hit(text)
    except QueryError as error:
        matched = error.position in range(len(text) + 1)  # where it points lies in the text
        assert matched
    assert matched in (True, False)


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30))
def test_a_quoted_value_means_itself(value: str) -> None:
    assert hit(f"user.name:{quote(value)}", **{"user.name": value})
