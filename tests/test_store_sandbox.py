"""Read-only SQL: what can be asked, and that nothing else can be done with it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from socterm.errors import QueryCancelledError, SoctermError, UsageError
from socterm.store import Store, check, open_store
from socterm.store.doors.sandbox import SqlDesk
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
    "SELECT replace(replace(replace(hex(raw), '6', hex(raw)), '6', hex(raw)), '6', hex(raw)) FROM events",
    "SELECT group_concat(a.raw || b.raw || c.raw) FROM events a, events b, events c",
    "SELECT " + "(" * 500 + "1" + ")" * 500,
    "SELECT " + "1 + " * 5_000 + "1",
    "SELECT " + " UNION ALL SELECT ".join(["1"] * 100),
    "SELECT '" + "x" * 100_000 + "'",
    "SELECT " + ", ".join(["1"] * 3_000),
]


@pytest.mark.parametrize("sql", HOSTILE, ids=lambda sql: sql[:50])
def test_nothing_else_can_be_done(path: Path, sql: str) -> None:
    before = list(canonical(path))
    with open_store(path, readonly=True) as store, pytest.raises(SoctermError) as told:
        store.sql.ask(sql, seconds=5.0)
    assert "\n" not in str(told.value)
    assert 10 < len(str(told.value)) < 400
    assert list(canonical(path)) == before
    assert check(path) == []


BOMBS = [
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c",
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c WHERE x < 0",
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT a.x + 1 FROM c a) SELECT x FROM c ORDER BY x DESC",
    "SELECT count(*) FROM events a, events b, events c, events d, events e",
    "SELECT a.raw FROM events a, events b, events c, events d ORDER BY a.raw || d.raw",
    "SELECT sum(a.raw LIKE '%a%b%c%d%e%f%') FROM events a, events b, events c, events d",
]


@pytest.mark.parametrize("sql", BOMBS)
def test_what_never_ends_is_ended(store: Store, sql: str) -> None:
    with pytest.raises(QueryCancelledError, match="took longer than"):
        store.sql.ask(sql, seconds=0.2)


def test_a_question_can_be_stopped(store: Store) -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 3

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


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from([*WORDS.split(), "\x00"]) | st.text(max_size=3), max_size=12).map(" ".join))
def test_any_text_gives_rows_or_one_line(store: Store, sql: str) -> None:
    try:
        said = str(store.sql.ask(sql, seconds=5.0).columns)
    except SoctermError as error:
        said = str(error)
    assert "\n" not in said


def test_other_connections_are_as_free_as_before(path: Path) -> None:
    with open_store(path, readonly=True) as store:
        assert isinstance(store.sql, SqlDesk)
        store.sql.ask("SELECT 1")
        assert store.events.newest_id() == 300
    assert sqlite3.connect(path).execute("SELECT count(*) FROM meta").fetchone()[0] > 0
