"""The command line as a person uses it: real processes, real stores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.road import SOCTERM, environment, running, socterm, until

FAILURES = "".join(
    f"2026-03-17T10:00:{n:02d}.000000+00:00 web01 sshd[{100 + n}]: "
    f"Failed password for root from 203.0.113.9 port {40000 + n} ssh2\n"
    for n in range(8)
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one brute force in it."""
    log = tmp_path / "auth.log"
    log.write_text(FAILURES)
    db = tmp_path / "soc.db"
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=tmp_path)
    return db


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_line_in_a_log_becomes_a_counted_alert(store: Path, tmp_path: Path) -> None:
    alerts = lines(socterm("alerts", "list", "--json", "--db", store, home=tmp_path))
    brute = next(a for a in alerts if a["entity"] == {"source.ip": "203.0.113.9"})
    assert brute["count"] == 8
    assert brute["first"] == "2026-03-17T10:00:00.000000Z"


def test_search_finds_events_by_word_and_field(store: Path, tmp_path: Path) -> None:
    found = lines(socterm("search", "root", "source.port:40003", "--json", "--db", store, home=tmp_path))
    assert [row["source.port"] for row in found] == [40003]
    assert socterm("search", "failed", "--count", "--db", store, home=tmp_path).strip() == "8"
    by = lines(socterm("search", "--by", "user.name", "--json", "--db", store, home=tmp_path))
    assert by == [{"value": "root", "count": 8}]


def test_a_wrong_query_points_at_the_character(store: Path, tmp_path: Path) -> None:
    done = run("search", "user.name:(root", "--db", store, home=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1


def test_decisions_survive_and_can_be_undone(store: Path, tmp_path: Path) -> None:
    first = lines(socterm("alerts", "list", "--json", "--db", store, home=tmp_path))[0]["id"]
    socterm("alerts", "close", first, "--verdict", "false_positive", "--db", store, home=tmp_path)
    shown = lines(socterm("alerts", "show", first, "--json", "--db", store, home=tmp_path))[0]
    assert (shown["state"], shown["verdict"]) == ("closed", "false_positive")
    socterm("alerts", "undo", "--db", store, home=tmp_path)
    shown = lines(socterm("alerts", "show", first, "--json", "--db", store, home=tmp_path))[0]
    assert shown["state"] == "new"
    assert next(entry["verb"] for entry in shown["history"]) == "close"


def test_an_alert_says_how_to_check_it(store: Path, tmp_path: Path) -> None:
    first = lines(socterm("alerts", "list", "--json", "--db", store, home=tmp_path))[0]["id"]
    steps = lines(socterm("alerts", "show", first, "--json", "--db", store, home=tmp_path))[0]["check"]
    assert steps[0].startswith("Did any attempt succeed?")
    assert f"check  1 {steps[0]}" in socterm("alerts", "show", first, "--db", store, home=tmp_path)


def test_an_illegal_decision_is_one_line(store: Path, tmp_path: Path) -> None:
    done = run("alerts", "reopen", "1", "--db", store, home=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    missing = run("alerts", "ack", "999", "--db", store, home=tmp_path)
    assert missing.returncode == 2
    assert b"no alert 999" in missing.stderr


def test_notes_are_kept(store: Path, tmp_path: Path) -> None:
    socterm("alerts", "note", 1, "asked the admin", "--db", store, home=tmp_path)
    shown = lines(socterm("alerts", "show", 1, "--json", "--db", store, home=tmp_path))[0]
    assert shown["notes"] == 1
    assert shown["history"][-1]["note"] == "asked the admin"


def test_check_and_canonical(store: Path, tmp_path: Path) -> None:
    assert lines(socterm("db", "check", "--json", "--db", store, home=tmp_path))[0]["ok"] is True
    again = tmp_path / "again.db"
    log = tmp_path / "auth.log"
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--batch", 1, "--db", again, home=tmp_path)
    one = socterm("db", "canonical", "--db", store, home=tmp_path)
    assert one == socterm("db", "canonical", "--db", again, home=tmp_path)
    assert len(one.splitlines()) > 8


def test_a_second_run_reads_nothing_twice(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", store, home=tmp_path)
    assert socterm("search", "--count", "--db", store, home=tmp_path).strip() == "8"


def test_what_is_written_while_it_is_down_is_read_at_the_next_start(tmp_path: Path) -> None:
    """Also where the first run began at the end of a file and saw no line at all."""
    log = tmp_path / "quiet.log"
    log.write_text(FAILURES)
    db = tmp_path / "soc.db"
    with running("--tail", log, "--db", db, home=tmp_path):
        until(lambda: b"quiet.log" in sources(db), "the source on record")
    with log.open("a") as out:
        out.write(FAILURES.replace("10:00", "11:00"))
    socterm("run", "--tail", log, "--once", "-q", "--db", db, home=tmp_path)
    assert socterm("search", "--count", "--db", db, home=tmp_path).strip() == "8"


def sources(db: Path) -> bytes:
    return run("sources", "list", "--json", "--db", db, home=db.parent).stdout


def test_parse_gives_one_object_a_line(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_text(FAILURES.splitlines()[0] + "\n\nno header at all\n")
    found = lines(socterm("parse", log, "--json", "--now", "2026-03-17T12:00:00", home=tmp_path))
    assert [row["event.original"] for row in found] == log.read_text().splitlines()
    assert found[0]["@timestamp"] == "2026-03-17T10:00:00.000000Z"
    assert (found[0]["source.ip"], found[0]["source.port"]) == ("203.0.113.9", 40000)
    assert all(row["event.kind"] in ("event", "pipeline_error") for row in found)


def test_parse_reads_standard_input(tmp_path: Path) -> None:
    out = socterm("parse", "-", "--json", home=tmp_path, stdin=FAILURES.encode())
    assert len(lines(out)) == 8


def test_run_reads_standard_input(tmp_path: Path) -> None:
    db = tmp_path / "piped.db"
    socterm("run", "--stdin", "--once", "-q", "--db", db, home=tmp_path, stdin=FAILURES.encode())
    assert socterm("search", "--count", "--db", db, home=tmp_path).strip() == "8"


def test_without_a_terminal_the_console_names_run(tmp_path: Path) -> None:
    done = run("--tail", tmp_path / "x.log", home=tmp_path)
    assert done.returncode == 2
    assert b"socterm run" in done.stderr


def test_a_missing_store_is_one_line(tmp_path: Path) -> None:
    done = run("alerts", "list", "--db", tmp_path / "none.db", home=tmp_path)
    assert done.returncode == 3
    assert len(done.stderr.strip().splitlines()) == 1


def test_help_imports_none_of_the_heavy_ones() -> None:
    code = (
        "import sys; from socterm.cli import cli; "
        "cli.main(['--help'], standalone_mode=False); "
        "print([m for m in ('textual', 'sigma', 'ollama') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stderr.strip() == b"[]"


ASKING = (
    "alerts", "analyse", "ask", "db", "entity", "exceptions", "hunt", "incidents", "metrics", "notify",
    "report", "search", "sources", "templates", "tls", "tokens", "users",
)  # fmt: skip
"""Commands that ask a store or decide; what some of them do besides imports what that needs."""


def test_asking_a_store_waits_for_neither_parsers_nor_rules() -> None:
    """They are typed all day, and more than half of their start was what only an ingest needs."""
    code = (
        "import sys; from socterm.cli import cli\n"
        f"found = {{name: cli.get_command(None, name) and set(sys.modules) for name in {ASKING}}}\n"
        "heavy = ('socterm.parsers.decoder', 'socterm.pipeline.detect', 'socterm.sigma.load', 'yaml')\n"
        "print([(name, one) for name, there in found.items() for one in heavy if one in there])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"


def test_every_rule_has_a_fate_and_passes_its_tests(tmp_path: Path) -> None:
    fates = lines(socterm("rules", "list", "--json", home=tmp_path))
    assert {row["fate"] for row in fates} <= {"active", "base"}
    assert "0 failed" in socterm("rules", "test", home=tmp_path)


def test_a_rule_that_fails_its_own_test_is_disabled(tmp_path: Path) -> None:
    rule = tmp_path / "wrong.yml"
    rule.write_text(
        "title: never\nid: 5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a11\nlogsource: {product: linux, service: sshd}\n"
        "detection: {sel: {event.action: nothing}, condition: sel}\nlevel: low\n"
        "socterm: {tests: [{name: one, lines: 'Mar 17 10:00:00 h sshd[1]: Connection closed', alerts: 1}]}\n"
    )
    fates = lines(socterm("rules", "list", "--json", "--rules", rule, home=tmp_path))
    mine = next(row for row in fates if row["title"] == "never")
    assert mine["fate"] == "disabled"
    assert "expected 1" in mine["reason"]
    done = run("rules", "test", "--rules", rule, home=tmp_path)
    assert done.returncode == 1


def test_two_ingesters_on_one_store(store: Path, tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    with running("--tail", log, "--db", store, home=tmp_path) as first:
        until(lambda: lease(store) != b"", "the lease")
        done = run("run", "--tail", log, "--once", "--db", store, home=tmp_path)
        assert done.returncode == 3
        assert str(first.pid).encode() in done.stderr


def lease(db: Path) -> bytes:
    import sqlite3

    with sqlite3.connect(db) as found:
        row = found.execute("SELECT * FROM lease").fetchone()
    return repr(row).encode() if row else b""


def run(*arguments: object, home: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*SOCTERM, *map(str, arguments)], env=environment(home), stdin=subprocess.DEVNULL,
        capture_output=True, check=False,
    )  # fmt: skip


def test_hostile_text_is_cleaned_before_it_reaches_a_terminal(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_bytes(
        b"2026-03-17T10:00:00Z h sshd[1]: \x1b]52;c;cm0gLXJmIH4=\x07 \xc2\x9b31m \xe2\x80\xae evil\n"
    )
    db = tmp_path / "soc.db"
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--db", db, home=tmp_path)
    out = socterm("search", "evil", "--db", db, home=tmp_path)
    assert "\x1b" not in out
    assert "\x9b" not in out
    assert "\u202e" not in out
    assert os.linesep.join(out.splitlines()).count("evil") == 1


def test_once_ends_where_there_is_an_end_and_says_so_where_there_is_none(tmp_path: Path) -> None:
    missing = run(
        "run", "--journal-file", tmp_path / "none.journal", "--once", "--db", tmp_path / "j.db", home=tmp_path
    )
    assert b"none.journal" in missing.stderr
    listener = run("run", "--syslog", "udp://127.0.0.1:0", "--once", "--db", tmp_path / "u.db", home=tmp_path)
    assert listener.returncode == 2
    assert b"leave out --once" in listener.stderr


def test_an_option_before_the_command_is_refused_not_dropped(store: Path, tmp_path: Path) -> None:
    done = run("--db", store, "alerts", "close", "1", home=tmp_path)
    assert done.returncode == 2
    assert b"behind the command" in done.stderr


def test_what_may_not_be_read_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    good = tmp_path / "good.log"
    good.write_text(FAILURES)
    db = tmp_path / "some.db"
    long = "/" + "x" * 300 + "/a.log"
    done = run("run", "--tail", long, "--tail", good, "--from-start", "--once", "--db", db, home=tmp_path)
    assert done.returncode == 0
    assert b"xxx" in done.stderr
    assert socterm("search", "--count", "--db", db, home=tmp_path).strip() == "8"
    alone = run("run", "--tail", long, "--once", "--db", tmp_path / "none.db", home=tmp_path)
    assert alone.returncode == 3


def test_a_field_name_is_no_sql(store: Path, tmp_path: Path) -> None:
    done = run("search", "--by", "user.name' or 1", "--db", store, home=tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_every_failure_is_one_line(store: Path, tmp_path: Path) -> None:
    for arguments in (("alerts", "show", "9" * 20), ("search", "--by", "a b"), ("alerts", "nothing")):
        done = run(*arguments, *(("--db", store) if arguments[-1] != "nothing" else ()), home=tmp_path)
        assert done.returncode in (2, 3), arguments
        assert len(done.stderr.splitlines()) == 1, done.stderr


def test_messages_are_cleaned_too(tmp_path: Path) -> None:
    done = run("run", "--tail", "ev\x1b[31mil/nope.log", "--once", "--db", tmp_path / "x.db", home=tmp_path)
    assert done.returncode != 0
    assert b"\x1b" not in done.stderr


def test_standard_input_ends_the_run(tmp_path: Path) -> None:
    db = tmp_path / "piped.db"
    socterm("run", "-", "-q", "--db", db, home=tmp_path, stdin=FAILURES.encode())
    assert len(alerts_of(db, tmp_path)) > 0


def alerts_of(db: Path, home: Path) -> list[dict]:
    return lines(socterm("alerts", "list", "--json", "--db", db, home=home))


def test_a_reader_that_leaves_is_no_failure(store: Path, tmp_path: Path) -> None:
    command = f"{' '.join(SOCTERM)} db canonical --db {store} | head -1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], env=environment(tmp_path), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")


def test_parse_cuts_endless_lines_and_reads_packed_files(tmp_path: Path) -> None:
    import gzip

    packed = tmp_path / "without-a-suffix"
    packed.write_bytes(gzip.compress(FAILURES.encode() + b"x" * (3 << 20) + b"\n"))
    found = lines(socterm("parse", packed, "--json", home=tmp_path))
    assert len(found) == 9
    assert found[-1]["socterm.cut"] == 3 << 20
    assert len(found[-1]["event.original"]) == 1 << 20


@pytest.mark.parametrize("batch", [1, 7, 13, 2000])
def test_two_alerts_that_a_late_line_joins_are_one(tmp_path: Path, batch: int) -> None:
    """Both become alerts and meet in one batch, or in many: the same store."""
    seconds = [0, 1, 2, 3, 4, 5, 606, 606.5, 607, 607.5, 608, 608.5, 604]
    log = tmp_path / "late.log"
    log.write_text("".join(failure(second) for second in seconds))
    db = tmp_path / "late.db"
    socterm("run", "--tail", log, "--from-start", "--once", "-q", "--batch", batch, "--db", db, home=tmp_path)
    rows = [json.loads(row) for row in socterm("db", "canonical", "--db", db, home=tmp_path).splitlines()]
    brute = [row for row in rows if row.get("entity") == {"source.ip": "203.0.113.9"} and row["count"] == 13]
    assert brute
    assert "ok" in socterm("db", "check", "--db", db, home=tmp_path)


def failure(second: float) -> str:
    minute, rest = divmod(second, 60)
    return (
        f"2026-03-17T10:{int(minute):02d}:{rest:09.6f}+00:00 web01 sshd[{1000 + int(second * 2)}]: "
        f"Failed password for root from 203.0.113.9 port {40000 + int(second * 2)} ssh2\n"
    )


def test_a_clock_that_falls_back_gives_the_same_alerts_at_any_batch_size(tmp_path: Path) -> None:
    """A log that begins again days earlier: what was settled does not depend on where a batch ended."""
    once = [failure(second) for second in range(0, 3500, 70)] + [failure(s) for s in range(3500, 3590, 10)]
    later = [line.replace("2026-03-17", "2026-03-20") for line in once]
    log = tmp_path / "again.log"
    log.write_text("".join((once + later) * 25))
    dumps = set()
    for batch in (1000, 37, 700):
        db = tmp_path / f"b{batch}.db"
        socterm(
            "run", "--tail", log, "--from-start", "--once", "-q", "--batch", batch, "--db", db, home=tmp_path
        )
        dumps.add(socterm("db", "canonical", "--db", db, home=tmp_path))
    assert len(dumps) == 1


@pytest.mark.parametrize(
    ("path", "said"),
    [("nowhere.log", "no such file"), (".", "a directory; name the files in it")],
)
def test_parse_says_what_is_wrong_with_its_file(path: str, said: str, tmp_path: Path) -> None:
    done = run("parse", tmp_path / path, home=tmp_path)
    assert done.returncode == 2
    assert done.stderr.decode().strip().endswith(f": {said}")


def test_a_file_name_of_any_bytes_is_read_beside_the_others(tmp_path: Path) -> None:
    """Whoever may write into a watched folder chooses names: ingest of everything must not end there."""
    (tmp_path / "plain.log").write_text(FAILURES)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.log")).write_text(FAILURES)
    db = tmp_path / "soc.db"
    socterm("run", "--tail", tmp_path / "*.log", "--from-start", "--once", "--db", db, home=tmp_path)
    rows = lines(socterm("sources", "list", "--json", "--db", db, home=tmp_path))
    assert {row["name"]: row["lines"] for row in rows} == {
        f"file:{tmp_path}/plain.log": 8,
        rf"file:{tmp_path}/\xff\xfe.log": 8,
    }
