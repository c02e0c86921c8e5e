"""`socterm hunt` by query and SQL: counts, groups, times, views; and exports that are safe where they go."""

from __future__ import annotations

import csv
import io
import json
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from socterm.cli.hearing import heard
from socterm.cli.output import clean
from socterm.errors import UsageError
from socterm.pipeline.export import Exporter
from socterm.pipeline.hunt import Hits, hunt
from socterm.query import parse
from socterm.store import open_store
from socterm.store.doors.hunts import View

from hunting import DAY, FAILED, MANY, NOW, SECOND, attempt, store_of
from rules_cli import Done, called

EVIL = "=cmd|' /C calc'!A0 | [x](http://evil.example) <b> \x1b[31m `y` www.evil.example"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    events = [attempt(n, NOW + n * SECOND, f"192.0.2.{n % 4}") for n in range(1, 101)]
    events += [attempt(n, NOW + 2 * DAY + n * SECOND, "198.51.100.9", EVIL) for n in range(101, 104)]
    return store_of(tmp_path / "s.db", events)


def ask(path: Path, *arguments: object) -> Done:
    return called("hunt", *arguments, "--db", path, home=path.parent)


def test_hits_are_shown_newest_first(path: Path) -> None:
    done = ask(path, "source.ip:192.0.2.1", "-n", "3")
    assert [line.split()[0] for line in done.lines] == ["97", "93", "89"]
    assert "25 hits from 2026-11-18T11:06:41Z to 2026-11-18T11:08:17Z" in done.error
    (first, *_) = ask(path, "198.51.100.9", "--json").records
    assert (first["id"], first["source.ip"], first["user.name"]) == (103, "198.51.100.9", EVIL)


def test_values_are_counted_commonest_first(path: Path) -> None:
    done = ask(path, "failed", "--by", "ip", "--json")
    assert done.records[:2] == [{"value": "192.0.2.0", "count": 25}, {"value": "192.0.2.1", "count": 25}]
    assert done.records[-1] == {"value": "198.51.100.9", "count": 3}
    assert "103  failure" in ask(path, "--by", "event.outcome").out
    assert "of other values" in ask(path, "--by", "source.ip", "-n", "1").out
    (category,) = ask(path, "--by", "event.category", "--json").records
    assert category == {"value": "authentication", "count": 103}


def test_hits_over_time(path: Path) -> None:
    rows = ask(path, "198.51.100.9 or ip:192.0.2.2", "--histogram", "--json").records
    assert len(rows) == 24
    assert (rows[0]["count"], rows[-1]["count"], sum(row["count"] for row in rows)) == (25, 3, 28)
    assert rows[0]["start"] == "2026-11-18T11:06:00.000000Z"
    assert "▇" in ask(path, "--histogram").out


def test_a_histogram_has_every_hit_once() -> None:
    hits = Hits(0)
    hits.minutes.update({10: 3, 11: 1, 500: 2})
    for buckets in (1, 2, 7, 1000):
        found = hits.histogram(buckets)
        assert len(found) <= buckets
        assert sum(bucket.events for bucket in found) == 6
    assert hits.histogram(2, start=10 * 60 * SECOND, end=12 * 60 * SECOND)[1].events == 1
    assert Hits(0).histogram(9) == []


def test_times_narrow_it_down(path: Path) -> None:
    assert "3 hits" in ask(path, "failed", "--since", "2026-11-20").error
    assert "100 hits" in ask(path, "--until", "2026-11-18").error
    assert "0 hits" in ask(path, "--since", "2026-11-21").error


def test_it_goes_on_and_can_be_stopped(tmp_path: Path) -> None:
    path = store_of(tmp_path / "s.db", [attempt(n, NOW + n * SECOND, "192.0.2.7") for n in range(1, 9_001)])
    heard: list[tuple[int, int]] = []
    with open_store(path, readonly=True) as store:
        stretch = store.history.stretch()
        query = parse("192.0.2.7", now=NOW)
        hits = hunt(
            store.history, query, stretch, stop=lambda: len(heard) == 1,
            tell=lambda at: heard.append((at.done, at.count)),
        )  # fmt: skip
        assert not hits.complete
        assert heard == [(hits.done, hits.count)]
        assert 0 < hits.count < 9_000
        assert hits.ids[0] == 9_000
        whole = hunt(store.history, query, stretch)
    assert (whole.complete, whole.count, whole.done, list(whole.ids)) == (
        True, 9_000, 9_000, list(range(9_000, 0, -1)),
    )  # fmt: skip


PARTS = st.sampled_from([
    "failed", "192.0.2.1", '"password for root"', "user:root", "ip:192.0.2.0/31", "port", "not user:root",
    "event.outcome:failure", "since:2026-11-18", "until:2026-11-19", "evil*", "ip:198.51.100.9", "pid:*",
])  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(PARTS, min_size=1, max_size=4), st.sampled_from([" and ", " or "]))
def test_a_hunt_finds_what_a_search_finds(path: Path, parts: list[str], joint: str) -> None:
    query = parse(joint.join(parts), now=NOW)
    with open_store(path, readonly=True) as store:
        wanted = store.events.ids(query)
        hits = hunt(store.history, query, store.history.stretch(), by="user.name")
        counted = dict(store.events.count_by("user.name", query, limit=100))
    assert list(hits.ids) == wanted
    assert (hits.count, sum(hits.minutes.values())) == (len(wanted), len(wanted))
    assert hits.groups == counted


def test_the_first_interrupt_asks_to_end_and_the_next_ends() -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored
    try:
        with heard() as stop:
            assert not stop()
            signal.raise_signal(signal.SIGINT)
            assert stop()
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_mistakes_point_at_the_character(path: Path) -> None:
    done = ask(path, "user:root and (ip:192.0.2.1")
    assert done.code == 2
    assert "a parenthesis is not closed" in done.error
    assert "ip:192.0.2.1»" in done.error
    assert "user:root and »" in ask(path, "user:root and )").error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a", "--sql", "SELECT 1"), "one at a time"),
        (("--rule", "x", "--sql", "SELECT 1"), "one at a time"),
        (("--save", "x"), "nothing to save"),
        (("--view", "nope"), "no view is saved as 'nope'"),
        (("--forget", "nope"), "no view is saved as 'nope'"),
        (("--rule", "x", "--by", "ip"), "goes with a query"),
        (("--since", "never"), "is no time"),
        (("--sql", "DROP TABLE events"), "only one SELECT over the views"),
        (("x", "--save", " "), "a view needs a name"),
        (("x", "--export", "csv", "--output", "/nowhere/at/all.csv"), "cannot be written"),
    ],
)
def test_mistakes_are_one_line(path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = ask(path, *arguments)
    assert done.code in (2, 3)
    assert said in done.error
    assert "\n" not in done.error.strip()


def test_sql(path: Path) -> None:
    sql = "SELECT source_ip, count(*) AS n FROM events GROUP BY 1 ORDER BY n, 1"
    assert ask(path, "--sql", sql, "--json").records[0] == {"source_ip": "198.51.100.9", "n": 3}
    shown = ask(path, "--sql", "SELECT user FROM events ORDER BY id DESC", "-n", "1")
    assert "\x1b" not in shown.out
    assert "the first 1 rows" in shown.error
    assert "events: one row per log line" in ask(path, "--tables").out


def test_a_view_is_saved_used_and_forgotten(path: Path) -> None:
    ask(path, "failed", "--since", "2026-11-20", "--by", "source.ip", "--save", "Odd logins", "-n", "9")
    ask(path, "--sql", "SELECT count(*) AS n FROM events", "--save", "how many")
    listed = ask(path, "--views", "--json").records
    assert [(row["name"], row["kind"], row["since"], row["field"]) for row in listed] == [
        ("how many", "sql", "", ""),
        ("Odd logins", "events", "2026-11-20", "source.ip"),
    ]
    assert "failed" in ask(path, "--views").out
    assert ask(path, "--view", "ODD LOGINS", "--json").records == [{"value": "198.51.100.9", "count": 3}]
    again = ask(path, "--view", "odd logins", "--since", "2026-11-01", "--by", "event.outcome", "--json")
    assert again.records == [{"value": "failure", "count": 103}]
    assert ask(path, "--view", "how many", "--json").records == [{"n": 103}]
    assert "brings its own query" in ask(path, "more", "--view", "how many").error
    assert ask(path, "--forget", "how many").code == 0
    assert "no view is saved" in ask(path, "--view", "how many").error


def test_views_survive_and_replace_each_other(path: Path) -> None:
    with open_store(path) as store:
        store.hunts.save_view(View("a  b\n", "events", "x", ("user.name",)), actor="ann", now=NOW)
        store.hunts.save_view(View("A B", "alerts", "y"), actor="bob", now=NOW + 1)
        with pytest.raises(UsageError, match="a view is of one of"):
            store.hunts.save_view(View("c", "odd", "y"), actor="bob", now=NOW)
    with open_store(path, readonly=True) as store:
        (view,) = store.hunts.views()
        assert (view.name, view.query, view.actor, view.saved) == ("A B", "y", "bob", NOW + 1)
        assert store.hunts.views("events") == []


def test_a_rule_is_hunted_for(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "rules.yml").write_text(FAILED + "---" + MANY, encoding="utf-8")
    (told,) = ask(path, "--rule", folder / "rules.yml", "--json").records
    assert (told["alerts"], told["hits"]) == (4, 100)
    rule = ("--rule", folder / "rules.yml")
    (told,) = ask(path, "ip:192.0.2.1", *rule, "--since", "2026-11-18", "--json").records
    assert [one["entity"] for one in told["would_be"]] == [{"source.ip": "192.0.2.1"}]
    row = next(csv.DictReader(ask(path, *rule, "--export", "csv").out.splitlines()))
    assert (row["entity"], row["count"]) == ("source.ip=192.0.2.1", "25")


# -- exports -----------------------------------------------------------------------------


def test_every_hit_is_exported_oldest_first(path: Path) -> None:
    rows = ask(path, "ip:192.0.2.3", "--export", "ndjson").records
    assert [row["id"] for row in rows] == list(range(3, 101, 4))
    assert rows[0]["event.original"].startswith("sshd[1]: Failed password")
    assert rows[0]["event.category"] == ["authentication"]
    few = ask(path, "ip:192.0.2.3", "--export", "csv", "--columns", "id, user.name,@timestamp").out
    assert few.splitlines()[:2] == ["id,user.name,@timestamp", "3,root,2026-11-18T11:06:43.000000Z"]


def test_an_export_to_a_file_is_whole_or_not_there(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    done = ask(path, "ip:192.0.2.3", "--export", "csv", "--output", target)
    assert done.out == ""
    assert "25 hits written" in done.error
    assert len(target.read_text(encoding="utf-8").splitlines()) == 26
    assert [entry.name for entry in tmp_path.iterdir() if "part" in entry.name] == []


def test_hostile_text_in_each_form(path: Path) -> None:
    query = ("198.51.100.9", "--columns", "user.name")
    (_, row, *_) = csv.reader(ask(path, *query, "--export", "csv").out.splitlines())
    assert row[0].startswith("'=cmd")
    assert "\x1b" not in row[0]
    markdown = ask(path, *query, "--export", "md").out.splitlines()
    assert len(markdown) == 5
    assert markdown[2].replace(r"\|", "").count("|") == 2
    for harmful in ("http://", "<b>", "[x](", "www.evil", "\x1b"):
        assert harmful not in markdown[2], harmful
    assert ask(path, *query, "--export", "ndjson").records[0] == {"user.name": EVIL}


VALUES = st.text(max_size=40) | st.sampled_from(
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r\n=1",
        "＝1",
        "a\nb",
        "a|b",
        "\\|",
        "![x](y)",
        "<script>",
        "`|`",
    ]
)


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_any_text_stays_in_its_cell(values: list[str]) -> None:
    columns = [f"c{n}" for n in range(len(values))]
    row: dict[str, Any] = dict(zip(columns, values, strict=True))
    sheet = Exporter("csv", columns, clean)
    (_, cells) = csv.reader(io.StringIO(sheet.head() + sheet.rows([row]), newline=""))
    assert len(cells) == len(values)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert all(cell.isprintable() for cell in cells)
    maker = Exporter("md", columns, clean)
    page = maker.rows([row])
    found = MarkdownIt("gfm-like").parse(maker.head() + page)
    inner = [part.type for token in found for part in token.children or ()]
    assert set(inner) <= {"text", "text_special"}
    assert sum(token.type == "td_open" for token in found) == len(values)
    assert page.count("\n") == 1
    bare = page.replace("\\\\", "").replace("\\|", "")
    assert bare.count("|") == len(values) + 1
    assert "<" not in page.replace("\\<", "")
    line = Exporter("ndjson", (), clean).rows([row])
    assert line.isascii()
    assert (line.count("\n"), json.loads(line)) == (1, row)


def test_numbers_are_numbers(path: Path) -> None:
    assert Exporter("csv", ["a"], clean).rows([{"a": -5}]) == "-5\r\n"
    assert Exporter("csv", ["a"], clean).rows([{"a": "-5"}]) == "'-5\r\n"
    with pytest.raises(UsageError, match="no form to export to"):
        Exporter("xls", ["a"], clean)
