"""Enrichment on the road: `socterm run` and `socterm parse`, restarts between, hints on standard error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.data import write_log

LOGIN = b"2026-11-20T10:00:00+00:00 web1 sshd[7]: Accepted password for alice from 203.0.113.9 port 1 ssh2\n"
SUDO = b"2026-11-20T10:00:09+00:00 web1 sudo:  alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id\n"


def socterm(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """A command, in an environment that configures nothing but what the test's folder holds."""
    names = ("PATH", "PYTHONPATH", "XDG_CACHE_HOME")
    environ = {name: os.environ[name] for name in names if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "socterm", *map(str, arguments)],
        env=environ | {"HOME": str(home), "TZ": "UTC"}, capture_output=True, text=True, check=True,
    )  # fmt: skip


def configure(home: Path, text: str) -> None:
    path = home / ".config" / "socterm" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text)


def run(home: Path, log: Path, store: Path, *options: object) -> str:
    """Read a log to its end; what was said on standard error."""
    done = socterm(home, "run", "--tail", log, "--from-start", "--once", "--db", store, *options)
    return done.stderr


def test_a_login_is_known_after_a_restart(tmp_path: Path) -> None:
    log, store = tmp_path / "auth.log", tmp_path / "x.db"
    log.write_bytes(LOGIN)
    run(tmp_path, log, store)
    with log.open("ab") as file:
        file.write(SUDO)
    run(tmp_path, log, store)
    found = socterm(tmp_path, "search", "session.origin.ip:203.0.113.9", "--json", "--db", store).stdout
    (row,) = map(json.loads, found.splitlines())
    assert row["event.action"] == "sudo_command"
    assert row["session.origin.user"] == "alice"


def test_portions_and_restarts_change_no_event(tmp_path: Path) -> None:
    whole = write_log(tmp_path / "whole.log", 900, 3).read_bytes().splitlines(keepends=True)
    log = tmp_path / "auth.log"
    dumps = []
    for name, parts, batch in (("a", [900], 2000), ("b", [331, 332, 900], 7)):
        for end in parts:
            # Grown in place, with one stamp for all: stamps without a year look at it.
            log.write_bytes(b"".join(whole[:end]))
            os.utime(log, (1_790_000_000, 1_790_000_000))
            run(tmp_path, log, tmp_path / f"{name}.db", "--batch", batch)
        rows = socterm(tmp_path, "db", "canonical", "--db", tmp_path / f"{name}.db").stdout.splitlines()
        dumps.append([row for row in rows if '"fields"' in row])  # alerts settle at the end of each run
        log.unlink()
    assert len(dumps[0]) == 900
    assert sum("session.origin.ip" in row for row in dumps[0]) > 9
    assert dumps[0] == dumps[1]


def test_missing_files_are_said_once_and_stop_nothing(tmp_path: Path) -> None:
    configure(tmp_path, 'assets = "assets.csv"\nioc = ["bad.txt"]\n[geo]\ncity = "city.mmdb"\n')
    log = tmp_path / "auth.log"
    log.write_bytes(LOGIN + SUDO)
    folder = tmp_path / ".config" / "socterm"
    paths = [str(folder / name) for name in ("assets.csv", "bad.txt", "city.mmdb")]
    said = run(tmp_path, log, tmp_path / "x.db")
    assert said.count(f"socterm: not there, so nothing is looked up in it: {', '.join(paths)}\n") == 1
    assert said.count("not there") == 1
    assert "2 lines in this store" in said
    assert run(tmp_path, log, tmp_path / "y.db", "--quiet") == ""


def test_parse_enriches_as_ingest_does(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "socterm"
    configure(tmp_path, 'assets = "assets.csv"\nioc = ["lists"]\n[networks]\ninternal = ["203.0.113.0/24"]\n')
    (folder / "assets.csv").write_text("host,owner\nweb1,Ops\nx,y,z\n")
    (folder / "lists").mkdir()
    (folder / "lists" / "mine.txt").write_text("203.0.113.9\n")
    log = tmp_path / "auth.log"
    log.write_bytes(LOGIN + SUDO)
    done = socterm(tmp_path, "parse", log, "--json")
    login, sudo = map(json.loads, done.stdout.splitlines())
    assert login["source.is_external"] is False
    assert login["threat.feed.name"] == "mine"
    assert login["host.asset.owner"] == sudo["host.asset.owner"] == "Ops"
    assert sudo["session.origin.ip"] == "203.0.113.9"
    assert done.stderr == f"socterm: {folder}/assets.csv: lines not used: line 3: more cells than headings\n"


@pytest.mark.parametrize("setting", ["internal = ['10.0.0.0/40']", "internal = 'mine'"])
def test_a_wrong_network_is_one_line(tmp_path: Path, setting: str) -> None:
    configure(tmp_path, f"[networks]\n{setting}\n")
    with pytest.raises(subprocess.CalledProcessError) as failed:
        socterm(tmp_path, "parse", "-")
    assert failed.value.returncode == 2
    (line,) = failed.value.stderr.splitlines()
    assert "networks.internal: " in line
    assert "is no network, such as 198.51.100.0/24" in line
