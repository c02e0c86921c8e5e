"""The same query as SQL and as a live test: one meaning, tried on a real SQLite with full text."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.errors import QueryError
from socterm.query import FUNCTIONS, compile_sql, json_field, parse, predicate
from socterm.taxonomy import COLUMNS

NOW = 1_800_000_000_000_000
Row = tuple[int, str, dict[str, Any]]

COLUMN_SQL = {column.ecs: f"e.{column.name}" for column in COLUMNS} | {
    "@timestamp": "e.ts",
    "level": "e.level",
}


def store(rows: list[Row]) -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    for name, (arguments, function) in FUNCTIONS.items():
        db.create_function(name, arguments, function, deterministic=True)
    promoted = ", ".join(
        f"{column.name} {column.type}" + (" COLLATE NOCASE" if column.type == "TEXT" else "")
        for column in COLUMNS
    )
    db.execute(
        f"CREATE TABLE events (id INTEGER PRIMARY KEY, ts INTEGER, raw, fields TEXT, level TEXT, {promoted})"
    )
    db.execute("CREATE INDEX by_user ON events (user, ts)")
    db.execute(
        "CREATE VIRTUAL TABLE words USING fts5(raw, content='events', content_rowid='id', detail=none)"
    )
    names = ["ts", "raw", "fields", "level", *(column.name for column in COLUMNS)]
    marks = ", ".join("?" for _ in names)
    for ts, raw, fields in rows:
        values = [ts, raw, json.dumps(fields), fields.get("level"), *(fields.get(c.ecs) for c in COLUMNS)]
        db.execute(f"INSERT INTO events ({', '.join(names)}) VALUES ({marks})", values)
    db.execute("INSERT INTO words (rowid, raw) SELECT id, raw FROM events")
    return db


def found(db: sqlite3.Connection, text: str, *, full_text: bool = False) -> list[int]:
    sql = compile_sql(parse(text, now=NOW), COLUMN_SQL, text="e.raw", other=json_field("e.fields"))
    where, params = sql.where, list(sql.params)
    if full_text and sql.match:
        where, params = (
            f"e.id IN (SELECT rowid FROM words WHERE words MATCH ?) AND {where}",
            [sql.match, *params],
        )
    return [row[0] for row in db.execute(f"SELECT id FROM events e WHERE {where} ORDER BY id", params)]


def lived(rows: list[Row], text: str) -> list[int]:
    test = predicate(parse(text, now=NOW))
    return [index for index, (ts, raw, fields) in enumerate(rows, 1) if test(fields, ts, raw)]


def check(rows: list[Row], text: str) -> list[int]:
    """SQL, SQL behind the full text index and the live test must name the same rows."""
    with store(rows) as db:
        plain = found(db, text)
        assert plain == found(db, text, full_text=True), "the full text prefilter lost a row"
    assert plain == lived(rows, text)
    return plain


ROWS: list[Row] = [
    (
        NOW,
        "sshd[1]: Failed password for root from 10.0.0.7 port 22",
        {"user.name": "root", "source.ip": "10.0.0.7"},
    ),
    (NOW - 1, "sshd[2]: Accepted key for Alice", {"user.name": "Alice", "process.pid": 2, "level": "high"}),
    (NOW - 2, "100% sure_thing", {"user.name": "100%", "event.category": ["a", "b"], "process.title": "1e3"}),
    (NOW - 3, "a\\b C:\\x", {"user.name": "a_b", "source.port": 1000, "x": True, "y": 1.5}),
    (NOW - 4, "no fields", {}),
    (
        NOW - 5,
        "odd",
        {"source.port": "text", "user.name": "1e3", "source.ip": "2001:db8::1", "message": "word two"},
    ),
]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("failed", [1]),
        ("fail root", [1]),
        ('"key for alice"', [2]),
        ("user.name:root", [1]),
        ("user.name:ROOT", [1]),
        ("-user.name:root", [2, 3, 4, 5, 6]),
        ("not (user.name:root or process.pid:2)", [3, 4, 5, 6]),
        ("user.name:*", [1, 2, 3, 4, 6]),
        ("-user.name:*", [5]),
        ("user.name:100%", [3]),
        ("user.name:a_*", [4]),
        ("user.name:1e3", [6]),
        ("process.title:1e3", [3]),
        ("source.port:1000", [4]),
        ("source.port:1e3", []),
        ("source.port>=1", [4]),
        ("source.port<5000", [4]),
        ("source.port:text", [6]),
        ("process.pid:[1 TO 3]", [2]),
        ("ip:10.0.0.0/8", [1]),
        ("ip:2001:db8::/32", [6]),
        ("ip:(10.0.0.7 or 2001:db8:0::1)", [1, 6]),
        ("event.category:B", [3]),
        ("event.category:*", [3]),
        ("x:true", [4]),
        ("y>1", [4]),
        ("level>=medium", [2]),
        ("message:two", [6]),
        ("message:sure", [3]),
        ("since:1us", [1, 2]),
        ("@timestamp:2027-01-15", [1, 2, 3, 4, 5, 6]),
        ("", [1, 2, 3, 4, 5, 6]),
        ("100%", [3]),
        ("sure_thing", [3]),
        ("surexthing", []),
        (r"a\\b", [4]),
        ("*assword", [1]),
        ("p*word", [1]),
        ("*", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_finds(text: str, ids: list[int]) -> None:
    assert check(ROWS, text) == ids


@pytest.mark.parametrize(
    "value", ["' OR 1=1 --", '"; DROP TABLE events', "?) OR (1", "%", "_", "a'b", "\\", "*'"]
)
def test_hostile_values_are_only_values(value: str) -> None:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    for text in (f'user.name:"{quoted}"', f'process.title:"{quoted}"', f'"{quoted}"'):
        sql = compile_sql(parse(text), COLUMN_SQL, text="e.raw", other=json_field("e.fields"))
        assert value not in sql.where or value in "?%_\\"
        check([*ROWS, (NOW, f"see {value} here", {"user.name": value, "process.title": value})], text)


def test_an_index_answers_equality_and_prefixes() -> None:
    with store(ROWS) as db:
        sql = compile_sql(parse("user.name:root"), COLUMN_SQL, text="e.raw", other=json_field("e.fields"))
        plan = db.execute(
            f"EXPLAIN QUERY PLAN SELECT id FROM events e WHERE {sql.where}", sql.params
        ).fetchall()
    assert any("by_user" in row[3] for row in plan)


def test_words_narrow_a_search() -> None:
    def match(text: str) -> str:
        return compile_sql(parse(text), {}, text="raw", other=json_field("fields")).match

    assert match("failed root") == '"failed"* AND "root"*'
    assert match('"Failed password"') == '"failed" AND "password"'
    assert match("failed or accepted") == '(("failed"*) OR ("accepted"*))'
    assert match("failed or user.name:x") == ""
    assert match("-failed") == ""
    assert match("203.0.113.77") == '"203" AND "0" AND "113"'
    sql = compile_sql(parse('"Failed password" root'), {}, text="raw", other=json_field("fields"))
    assert sql.words == ("failed", "password")


def test_a_table_without_time_says_so_at_the_place() -> None:
    with pytest.raises(QueryError) as caught:
        compile_sql(parse("x since:5m", now=NOW), {}, text="raw", other=json_field("fields"))
    assert caught.value.position == 8


def test_the_longest_query_runs() -> None:
    check(ROWS, "user.name:(" + " or ".join(f"u{index}" for index in range(499)) + " or root)")
    check(ROWS, "(" * 49 + "not root" + ")" * 49)


# Characters are what SQLite text can hold, without NUL (the store never holds one).
CHARS = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
NEAR = st.sampled_from(list("aAbBkKsS _-.%*\\\"'0123/:\u212a\u017f\u0130é\u0301\ue000ßẞ\u2028\x85\x1c²"))
TEXT = st.text(st.one_of(NEAR, CHARS), max_size=12)
IPS = st.sampled_from(
    ["10.0.0.7", "10.255.0.1", "192.0.2.1", "2001:db8::1", "::ffff:10.0.0.9", "fe80::1%eth0", "x"]
)
NUMBERS = st.one_of(st.integers(-3, 70_000), st.integers(-(2**63), 2**63 - 1))
WORDS = st.sampled_from(
    ["root", "Root", "rooted", "admin", "ADM", "1e3", "022", "22", "a b", "r%t", "r_t", "*", ""]
)
FIELD_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "user.name": st.one_of(WORDS, TEXT),
    "source.ip": IPS,
    "source.port": st.one_of(NUMBERS, WORDS),
    "process.pid": NUMBERS,
    "process.title": st.one_of(
        WORDS, TEXT, st.lists(WORDS, max_size=3), st.booleans(), NUMBERS, st.floats(-9, 9)
    ),
    "message": st.one_of(WORDS, TEXT),
    "level": st.sampled_from(["low", "HIGH", "critical"]),
}
EVENTS = st.lists(
    st.tuples(
        st.integers(NOW - 3, NOW + 3),
        st.one_of(TEXT, st.lists(WORDS, max_size=4).map(" ".join)),
        st.fixed_dictionaries({}, optional=FIELD_VALUES),
    ),
    min_size=1,
    max_size=5,
).map(lambda rows: [(ts, raw, _as_stored(fields)) for ts, raw, fields in rows])


def _as_stored(fields: dict[str, Any]) -> dict[str, Any]:
    """A number column never gets a text that SQLite would turn into a number: parsers write integers."""
    out = dict(fields)
    if isinstance(out.get("source.port"), str) and out["source.port"].strip()[:1].isdigit():
        del out["source.port"]
    return out


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


BARE = st.one_of(WORDS, TEXT).map(
    lambda text: "".join(c for c in text if not c.isspace() and c not in '"()[]') or "x"
)
VALUES = st.one_of(
    BARE, BARE.map(lambda w: w + "*"), BARE.map(lambda w: "*" + w), st.one_of(WORDS, TEXT).map(_quote)
)
LEAVES = st.one_of(
    VALUES,
    st.tuples(st.sampled_from(list(FIELD_VALUES)), VALUES).map(":".join),
    st.tuples(
        st.sampled_from(["source.port", "process.pid", "process.title"]),
        st.sampled_from([">", ">=", "<", "<="]),
        NUMBERS,
    ).map(lambda parts: "".join(map(str, parts))),
    st.sampled_from(
        [
            "ip:10.0.0.0/8",
            "ip:10.0.0.7",
            "ip:::ffff:10.0.0.9",
            "ip:2001:db8::/32",
            "level>=high",
            "since:2us",
            "user.name:*",
            "process.title:*",
            "process.title:true",
            "@timestamp<=now",
            "user.name:(root or adm*)",
            "source.port:[1 TO 99]",
        ]
    ),
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" ".join),
        st.tuples(inner, inner).map(" or ".join),
        inner.map(lambda text: f"not ({text})"),
        inner.map(lambda text: f"-({text})"),
    ),
    max_leaves=5,
)


@settings(max_examples=400)
@given(EVENTS, QUERIES)
def test_sql_and_live_test_agree(rows: list[Row], text: str) -> None:
    try:
        parse(text, now=NOW)
    except QueryError:
        return
    check(rows, text)


@given(st.lists(st.text(NEAR, max_size=8), min_size=1, max_size=6), st.text(NEAR, min_size=1, max_size=4))
def test_the_full_text_prefilter_never_loses_a_hit(raws: list[str], word: str) -> None:
    rows: list[Row] = [(NOW, raw, {}) for raw in raws]
    for text in (_quote(word), "".join(c for c in word if not c.isspace() and c not in '"()') or "x"):
        try:
            parse(text)
        except QueryError:
            continue
        check(rows, text)
