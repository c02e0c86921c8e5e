"""Read-only SQL: what can be asked, and that nothing else can be done with it."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.errors import QueryCancelledError, SoctermError, StoreError, UsageError
from socterm.store import Store, check, open_store
from socterm.store.doors.sandbox import BYTES, MEMORY, Asked, SqlAnswer, SqlDesk
from socterm.store.doors.sandboxed import answer
from socterm.store.doors.sqlviews import VIEWS
from socterm.store.upkeep.canonical import canonical

from hunting import NOW, SECOND, attempt, store_of
from store_samples import alerted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return store_of(
        tmp_path / "s.db", [attempt(n, NOW + n * SECOND, f"192.0.2.{n % 3}") for n in range(1, 301)]
    )


@pytest.fixture
def store(path: Path) -> Store:
    return open_store(path, readonly=True)


def test_events_are_asked_by_their_columns(store: Store) -> None:
    found = store.sql.ask(
        "SELECT source_ip, count(*) AS n, min(time), max(dataset), min(message) FROM events "
        "WHERE action = 'ssh_login' GROUP BY source_ip ORDER BY source_ip LIMIT 1"
    )
    assert found.columns == ("source_ip", "n", "min(time)", "max(dataset)", "min(message)")
    message = "Failed password for root from 192.0.2.0 port 4022 ssh2"
    assert found.rows == [("192.0.2.0", 100, "2026-11-18T11:06:43Z", "sshd", message)]
    assert not found.more


def test_every_column_of_every_view_can_be_read(tmp_path: Path) -> None:
    alerted(tmp_path / "a.db", 1, 2).close()
    with open_store(tmp_path / "a.db", readonly=True) as store:
        for name, view in VIEWS.items():
            assert store.sql.ask(f"SELECT * FROM {name}").columns == view.names
            assert store.sql.ask(f"SELECT count(*) FROM {name}").rows[0][0] >= 0
        assert store.sql.ask("SELECT id, rule FROM alerts ORDER BY id").rows == [(1, "brute"), (2, "brute")]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH few AS (SELECT id FROM events LIMIT 3) SELECT count(*) FROM few",
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3) SELECT count(*) FROM c",
        'SELECT count(DISTINCT f.key) FROM events, json_each(\'{"a": 1, "b": 2, "c": 3}\') f',
        "SELECT 3 FROM events WHERE socterm_cidr(source_ip, '192.0.2.0/24') LIMIT 1",
        "SELECT row_number() OVER (ORDER BY id) FROM events LIMIT 1 OFFSET 2",
        "VALUES (3)",
    ],
)
def test_what_a_select_may_be(store: Store, sql: str) -> None:
    assert store.sql.ask(sql).rows == [(3,)]


HOSTILE = [
    "ATTACH DATABASE '/etc/passwd' AS z",
    "ATTACH ':memory:' AS z",
    "DETACH main",
    "PRAGMA journal_mode = DELETE",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "SELECT * FROM pragma_table_info('events')",
    "SELECT * FROM pragma_database_list",
    "SELECT load_extension('x')",
    "SELECT load_extension('/tmp/x.so', 'main')",
    "SELECT readfile('/etc/passwd')",
    "SELECT writefile('/tmp/x', 'y')",
    "SELECT fts3_tokenizer('x')",
    "SELECT * FROM main.events",
    "SELECT raw FROM main.events",
    "SELECT rowid FROM main.events",
    "SELECT * FROM kinds",
    "SELECT value FROM meta",
    "SELECT count(*) FROM meta",
    "SELECT count(*) FROM Meta",
    "SELECT count(*) FROM main.meta",
    "SELECT count(*) FROM sqlite_schema",
    "SELECT token FROM lease",
    "SELECT * FROM ui_state",
    "SELECT * FROM views",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM sqlite_schema",
    "SELECT sql FROM sqlite_temp_master",
    "SELECT * FROM events_fts",
    "SELECT * FROM events_fts WHERE events_fts MATCH 'x'",
    "SELECT * FROM events_fts_data",
    "SELECT * FROM event_bytes",
    "SELECT 1 WHERE EXISTS (SELECT token FROM lease)",
    "SELECT (SELECT value FROM meta LIMIT 1)",
    "WITH x AS (SELECT * FROM lease) SELECT 1 FROM x WHERE token != ''",
    "SELECT id FROM events UNION SELECT token FROM lease",
    "INSERT INTO events (id) VALUES (1)",
    "INSERT INTO main.events (id) VALUES (1)",
    "UPDATE events SET user = 'x'",
    "DELETE FROM events",
    "DELETE FROM main.audit",
    "REPLACE INTO meta VALUES ('x', 1)",
    "WITH x AS (SELECT 1) DELETE FROM main.events",
    "DROP TABLE events",
    "DROP VIEW events",
    "CREATE TABLE t (a)",
    "CREATE TEMP TABLE t (a)",
    "CREATE VIEW v AS SELECT 1",
    "CREATE TRIGGER t AFTER INSERT ON main.events BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE t USING fts5 (a)",
    "ALTER TABLE main.events RENAME TO e",
    "VACUUM",
    "VACUUM INTO '/tmp/x.db'",
    "REINDEX",
    "ANALYZE",
    "BEGIN IMMEDIATE",
    "COMMIT",
    "SAVEPOINT x",
    "SELECT 1; DROP TABLE events",
    "SELECT 1; SELECT 2",
    "",
    "  ",
    "-- nothing",
    "SELECT",
    "nonsense",
    "SELECT nope FROM events",
    "SELECT * FROM nope",
    "SELECT ?",
    "SELECT :name",
    "SELECT '\x00",
    "SELECT randomblob(1000000000)",
    "SELECT zeroblob(1000000000)",
    "SELECT printf('%.*c', 1000000000, 'x')",
    "SELECT format('%1000000000d', 1)",
    "SELECT 1 /* ; */; -- \nDROP TABLE events",
    "SELECT 1;\x00DROP TABLE main.events",
    "/**/ATTACH/**/':memory:'/**/AS/**/z",
    "\ufeffPRAGMA query_only=OFF",
    "ＳＥＬＥＣＴ token FROM lease",
    'SELECT * FROM main."lease"',
    "SELECT [token] FROM `lease`",
    "SELECT e.* FROM events e, main.meta m",
    "SELECT 1 FROM events WHERE id IN (SELECT id FROM main.audit)",
    "SELECT (SELECT group_concat(sql) FROM temp.sqlite_master)",
    "SELECT * FROM (SELECT * FROM (SELECT * FROM main.lease))",
    "SELECT 1 FROM events ORDER BY (SELECT token FROM lease)",
    "SELECT max(id) OVER w FROM events WINDOW w AS (ORDER BY (SELECT token FROM lease))",
    # a part of the statement that has the name of a view is no view
    "WITH events AS (SELECT token AS id FROM lease) SELECT id FROM events",
    "WITH alerts AS (SELECT value AS a FROM main.meta) SELECT a FROM alerts",
    "WITH rules(sql) AS (SELECT sql FROM main.sqlite_schema) SELECT sql FROM rules",
    "WITH rules AS (WITH events AS (SELECT * FROM main.ui_state) SELECT * FROM events) SELECT * FROM rules",
    "SELECT * FROM (SELECT value FROM main.meta) AS events",
    "WITH json_each AS (SELECT value FROM main.meta) SELECT value FROM json_each",
    "WITH RECURSIVE alerts(v) AS (SELECT value FROM meta UNION SELECT v FROM alerts) SELECT v FROM alerts",
    "SELECT (WITH minutes AS (SELECT value FROM meta) SELECT value FROM minutes)",
    "SELECT 1 WHERE EXISTS (WITH events AS (SELECT * FROM meta) SELECT * FROM events WHERE value)",
    "SELECT id FROM events EXCEPT SELECT value FROM meta",
    "INSERT INTO main.meta VALUES ('x', 'y') RETURNING *",
    "UPDATE main.alerts SET state = 'closed' RETURNING id",
    "DELETE FROM main.events RETURNING raw",
    "INSERT INTO events_fts (events_fts) VALUES ('delete-all')",
    "INSERT INTO main.events_fts (events_fts, rank) VALUES ('integrity-check', 1)",
    "INSERT INTO main.events_fts (events_fts) VALUES ('rebuild')",
    "SELECT highlight(events_fts, 0, '', '') FROM main.events_fts",
    "SELECT * FROM events_fts_config",
    "CREATE TEMP VIEW alerts AS SELECT token FROM main.lease",
    "CREATE TEMP TRIGGER t INSTEAD OF INSERT ON events BEGIN DELETE FROM main.audit; END",
    "DROP VIEW temp.events",
    "EXPLAIN SELECT token FROM lease",
    "PRAGMA temp_store_directory = '/tmp'",
    "PRAGMA wal_checkpoint(TRUNCATE)",
    "PRAGMA user_version",
    "SELECT * FROM pragma_function_list",
    "SELECT * FROM sqlite_dbpage",
    "SELECT * FROM dbstat",
    "SELECT * FROM bytecode('SELECT 1')",
    "SELECT * FROM json_tree('[1]')",
    "SELECT * FROM generate_series(1, 1000000000)",
    "SELECT sqlite_compileoption_get(1)",
    "SELECT edit('x', 'sh')",
    "SELECT eval('DELETE FROM main.events')",
    "SELECT likelihood(1, 0.5), random(), changes(), last_insert_rowid(), sqlite_source_id()",
    "SELECT json_extract(replace('" + "a" * 5_000 + "', 'a', '['), '$')",
    "SELECT 'x' LIKE '" + "%a" * 800 + "'",
    "ROLLBACK",
    "END",
    "RELEASE x",
    "SELECT " + "(" * 500 + "1" + ")" * 500,
    "SELECT " + "1 + " * 5_000 + "1",
    "SELECT " + " UNION ALL SELECT ".join(["1"] * 100),
    "SELECT '" + "x" * 100_000 + "'",
    "SELECT " + ", ".join(["1"] * 3_000),
]


def asked(path: Path, sql: str, **more: Any) -> SqlAnswer:
    """What the process of its own does, here: for statements that are refused before anything is done."""
    return answer(Asked(os.fsencode(path), sql, **({"rows": 1_000, "seconds": 5.0} | more)))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    return store_of(folder / "s.db", [attempt(n, NOW + n * SECOND, f"192.0.2.{n % 3}") for n in range(1, 31)])


@pytest.mark.parametrize("sql", HOSTILE, ids=lambda sql: sql[:50])
def test_nothing_else_can_be_done(kept: Path, sql: str) -> None:
    before = hashlib.sha256(kept.read_bytes()).digest()
    with pytest.raises(SoctermError) as told:
        asked(kept, sql)
    assert "\n" not in str(told.value)
    assert 10 < len(str(told.value)) < 400
    assert hashlib.sha256(kept.read_bytes()).digest() == before
    assert check(kept) == []


def test_the_store_is_the_same_after_all_of_them_in_their_processes(path: Path) -> None:
    before = list(canonical(path))
    with open_store(path, readonly=True) as store:
        for sql in HOSTILE[::8]:
            with pytest.raises(SoctermError):
                store.sql.ask(sql)
    assert list(canonical(path)) == before


def grown(text: str = "a") -> str:
    """SQL that makes a million of a letter, which no literal could hold."""
    found = f"'{text * 10}'"
    for _ in range(5):
        found = f"replace({found}, '{text}', '{text * 10}')"
    return found


def test_there_are_enough_of_them() -> None:
    everything = {" ".join(sql.lower().split()) for sql in (*HOSTILE, *BOMBS, *HEAVY)}
    assert len(everything) >= 140


BOMBS = [
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c WHERE x < 0",
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT a.x + 1 FROM c a) SELECT x FROM c ORDER BY x DESC",
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION SELECT (x * 7 + 1) % 1000000007 FROM c) SELECT count(*) FROM c",
    "SELECT count(*) FROM events a, events b, events c, events d, events e",
    "SELECT a.raw FROM events a, events b, events c, events d ORDER BY a.raw || d.raw",
    "SELECT sum(a.raw LIKE '%a%b%c%d%e%f%') FROM events a, events b, events c, events d",
    "SELECT count(DISTINCT a.raw || b.raw || c.raw) FROM events a, events b, events c",
    # these are one step of SQLite's machine each: nothing in it would look at the clock
    f"SELECT instr({grown()}, substr({grown()}, 1, 500000) || 'b')",
    f"SELECT length(replace({grown()}, substr({grown()}, 1, 500000) || 'b', 'c'))",
    f"SELECT length(trim({grown()}, substr({grown('b')}, 1, 500000) || 'a'))",
]


@pytest.mark.parametrize("sql", BOMBS, ids=lambda sql: sql[:60])
def test_what_never_ends_is_ended(store: Store, sql: str) -> None:
    with pytest.raises(QueryCancelledError, match="took longer than"):
        store.sql.ask(sql, seconds=0.2)


def times(one: str, many: int, between: str = ", ") -> str:
    """One expression so often; `#` in it is a number that differs."""
    return between.join(one.replace("#", str(n)) for n in range(many))


HEAVY = {
    "a row of many": f"SELECT {times(f'{grown()} || #', 150)}"[:16_000].rpartition(", ")[0],
    "a row of one a thousand times": f"WITH b(x) AS (SELECT {grown()}) SELECT {times('x || #', 190)} FROM b",
    "many at once": (
        f"WITH b(x) AS (SELECT {grown()}) SELECT {times('max(x || #)', 180)} FROM b, events GROUP BY id"
    ),
    "one in another": f"SELECT replace({grown()}, 'a', {grown()})",
    "hex of hex": f"SELECT hex(hex(hex(hex({grown()}))))",
    "concatenated": f"SELECT group_concat({grown()}) FROM events",
    "as JSON": f"SELECT json_group_array(json_array({grown()}, {grown()})) FROM events",
    "keys": f"SELECT json_group_object({grown()} || id, {grown()}) FROM events",
    "parsed": f"SELECT json('[' || replace({grown()}, 'a', '[0],') || '0]')",
    "each of many": (
        f"SELECT max(key || value) FROM json_each('[' || replace({grown()}, 'a', '1,') || '1]'), events"
    ),
    "kept for later": (
        f"WITH RECURSIVE c(n, x) AS (SELECT 1, {grown()} UNION ALL SELECT n + 1, x || n FROM c, events) "
        "SELECT max(n) FROM c"
    ),
    "windows": f"SELECT lag({grown()} || id, 200) OVER (ORDER BY id) FROM events",
}


_ASK = """
import json, resource, sys
from socterm.errors import QueryCancelledError, UsageError
from socterm.store import open_store

with open_store(sys.argv[1], readonly=True) as store:
    before, said = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, ""
    try:
        rows = store.sql.ask(sys.stdin.read(), seconds=2.0).rows
        size = sum(len(str(value)) for row in rows for value in row)
    except (UsageError, QueryCancelledError) as error:
        size, said = 0, str(error)
    here = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps([size, said, here, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


@pytest.mark.parametrize("name", HEAVY)
def test_what_needs_much_memory_is_refused_or_ended(path: Path, name: str) -> None:
    """Asked by a process of its own: the system counts the memory of all children that one ever had."""
    done = subprocess.run(
        [sys.executable, "-c", _ASK, str(path)],
        input=HEAVY[name], capture_output=True, check=True, timeout=60, text=True,
    )  # fmt: skip
    size, said, here, there = json.loads(done.stdout)
    assert not said or "ask for less" in said
    assert size <= BYTES
    assert here < 100 << 10, "KiB, here"
    assert there < (MEMORY >> 10) * 1.3, "KiB, there"


def test_the_process_is_held_by_the_system(path: Path) -> None:
    sql = f"WITH RECURSIVE c(n, x) AS (SELECT 1, {grown()} UNION ALL SELECT n + 1, x || n FROM c) SELECT n "
    said = []
    for memory, disk in ((40 << 20, 1 << 30), (1 << 30, 4 << 20)):
        made = Asked(os.fsencode(path), sql + "FROM c ORDER BY x", 10, 60.0, memory, disk)
        done = subprocess.run(
            [sys.executable, "-c", "from socterm.store.doors.sandboxed import main; main()"],
            input=msgspec.msgpack.encode(made), capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        said.append(done.stdout.decode("utf-8", "replace"))
    assert "too much memory" in said[0] or not said[0].strip()
    assert "too much room for temporary files" in said[1]


def test_one_odd_line_does_not_keep_others_from_being_asked(tmp_path: Path) -> None:
    """A line as long as lines get, of bytes that are no UTF-8, or of control characters."""
    events = [attempt(1, NOW, "192.0.2.1")]
    for odd in ("\ufffd" * 1_048_000, "\x01" * 1_048_000, "\\" * 1_048_000):
        event = attempt(len(events) + 1, NOW + len(events) * SECOND, "192.0.2.2")
        fields = {**event.fields, "message": odd, "user_agent.original": odd}
        events.append(msgspec.structs.replace(event, raw=odd, fields=fields))
    path = store_of(tmp_path / "odd.db", events)
    with open_store(path, readonly=True) as store:
        for column in ("raw", "message", "fields"):
            found = store.sql.ask(
                f"SELECT id, length({column}) FROM events WHERE {column} LIKE '%%' ORDER BY id"
            )
            assert [row[0] for row in found.rows] == [2, 3, 4] if column == "fields" else [1, 2, 3, 4]
        assert store.sql.ask("SELECT id FROM events WHERE raw LIKE '%192.0.2.1 %'").rows == [(1,)]


def test_characters_that_are_none_are_told_in_one_line(store: Store) -> None:
    with pytest.raises(UsageError, match="lone surrogates"):
        store.sql.ask("SELECT '\ud800'")


def test_a_process_that_cannot_begin_is_told_in_one_line(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(StoreError, match="SQL cannot be asked: the process for it ended"):
        store.sql.ask("SELECT 1")


def test_ten_questions_at_once(store: Store) -> None:
    with ThreadPoolExecutor(10) as pool:
        found = list(pool.map(lambda n: store.sql.ask(f"SELECT {n}").rows, range(10)))
    assert found == [[(n,)] for n in range(10)]


def test_a_question_can_be_stopped(store: Store) -> None:
    looked: list[int] = []

    def stop() -> bool:
        looked.append(1)
        return len(looked) > 3

    with pytest.raises(QueryCancelledError, match="the query was stopped"):
        store.sql.ask(BOMBS[0], seconds=60.0, stop=stop)


def test_rows_and_sizes_are_bounded(store: Store) -> None:
    few = store.sql.ask("SELECT id FROM events ORDER BY id", rows=10)
    assert ([row[0] for row in few.rows], few.more) == (list(range(1, 11)), True)
    exact = store.sql.ask("SELECT id FROM events", rows=300)
    assert (len(exact.rows), exact.more) == (300, False)
    wide = store.sql.ask("SELECT replace(hex(a.raw), '6', a.raw) FROM events a, events b", rows=1_000_000)
    assert wide.more
    assert sum(len(row[0]) for row in wide.rows) < 40 << 20


def test_a_mistake_names_what_is_wrong(store: Store) -> None:
    with pytest.raises(UsageError, match="no such column: nope"):
        store.sql.ask("SELECT nope FROM events")
    with pytest.raises(UsageError, match="only one SELECT over the views events, alerts"):
        store.sql.ask("DROP TABLE alerts")
    with pytest.raises(UsageError, match="not the function load_extension"):
        store.sql.ask("SELECT load_extension('x')")


WORDS = """SELECT FROM events alerts meta lease main.audit * ( ) , ; WHERE = 1 'x' UNION DELETE INSERT INTO
VALUES ATTACH PRAGMA WITH AS x count(*) ORDER BY LIMIT token value -- /* " ["""


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.sampled_from([*WORDS.split(), "\x00"]) | st.text(max_size=3), max_size=12).map(" ".join))
def test_any_text_gives_rows_or_one_line(kept: Path, sql: str) -> None:
    try:
        said = str(asked(kept, sql).columns)
    except SoctermError as error:
        said = str(error)
    assert "\n" not in said


def test_other_connections_are_as_free_as_before(path: Path) -> None:
    with open_store(path, readonly=True) as store:
        assert isinstance(store.sql, SqlDesk)
        store.sql.ask("SELECT 1")
        assert store.events.newest_id() == 300
    assert sqlite3.connect(path).execute("SELECT count(*) FROM meta").fetchone()[0] > 0
