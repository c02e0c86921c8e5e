"""What `socterm scan` can be pointed at, and what it makes of what it cannot read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import tarfile
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from socterm.sources.finding import Finder
from tests.e2e.road import socterm
from tests.evtx_writer import event, write_evtx
from tests.scanning import brutes, failures, rows, rule_file, scan
from tests.test_sources_open import as_nobody

LINES = failures(0, 8)
WHOLE = (8, "2026-03-17T10:00:00.000000Z", "2026-03-17T10:00:07.000000Z")
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zst": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small_pack: Path) -> None:
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("TZ", "UTC")


def brute(*arguments: object) -> dict[str, Any]:
    (row,) = brutes(rows(*arguments))
    return row


def told(row: dict[str, Any]) -> tuple[int, str, str]:
    return row["count"], row["first"], row["last"]


def records(first: int, last: int) -> list[dict[str, Any]]:
    """Failed logins of Windows, flat."""
    return [
        {"EventID": 4625, "Channel": "Security", "Provider_Name": "Microsoft-Windows-Security-Auditing",
         "SystemTime": f"2026-03-17T10:00:{n:02d}Z", "TargetUserName": f"u{n}", "Computer": "dc1"}
        for n in range(first, last)
    ]  # fmt: skip


@pytest.fixture
def number(tmp_path: Path) -> list[object]:
    """Options under which every record is a signal."""
    path = tmp_path / "logon.yml"
    path.write_text(
        "title: failed logon\nid: 00000000-0000-4000-8000-000000000002\nlevel: low\n"
        "logsource: {product: windows, service: security}\n"
        "detection: {one: {EventID: 4625}, condition: one}\n"
    )
    return ["--no-pack", "--rules", path, "--signals"]


@pytest.mark.parametrize("kind", PACKERS)
def test_packed_files_are_read_whatever_they_are_called(tmp_path: Path, kind: str) -> None:
    for name in (f"auth.log.{kind}", "evidence"):
        path = tmp_path / name
        path.write_bytes(PACKERS[kind](LINES.encode()))
        row = brute(path)
        assert told(row) == WHOLE
        assert row["events"][0] == {"file": str(path), "line": 1}


def test_a_folder_is_read_to_its_depths_and_what_is_no_log_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "auth.log").write_text(failures(0, 4))
    (folder / "a" / "strange name").write_bytes(gzip.compress(failures(4, 8).encode()))
    (folder / "core").write_bytes(bytes(range(256)) * 20)
    (folder / "nothing.log").touch()
    (folder / "dangling").symlink_to("gone")
    (folder / "again.log").symlink_to("a/b/auth.log")
    os.mkfifo(folder / "pipe")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(folder / "core")
    (folder / "old.tgz").write_bytes(archive.getvalue())
    (folder / "half.gz").write_bytes(gzip.compress(failures(8, 20).encode())[:60])
    (folder / "wide.txt").write_bytes("hello".encode("utf-16"))
    result = scan(folder, "--format", "json")
    document = json.loads(result.stdout)
    assert told(brutes(document["alerts"])[0]) == WHOLE
    assert {Path(one["file"]).name: one["reason"] for one in document["summary"]["skipped"]} == {
        "core": "binary content",
        "dangling": "a link that leads nowhere",
        "again.log": f"the same file as {folder / 'a' / 'b' / 'auth.log'}",
        "pipe": "not a regular file",
        "old.tgz": "a tar archive: unpack it first",
        "wide.txt": "text in UTF-16: convert it first, for example with iconv -f UTF-16 -t UTF-8",
    }
    assert [Path(one["file"]).name for one in document["summary"]["damaged"]] == ["half.gz"]
    assert document["summary"]["files"] == 4
    for name in ("core", "pipe", "old.tgz"):
        assert f"socterm: skipped: {folder / name}: " in result.stderr
    assert "4 read, 6 skipped" in result.stderr


def test_what_may_not_be_read_is_told() -> None:
    with tempfile.TemporaryDirectory(prefix="socterm-access-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for part in ("locked/auth.log", "mine.log", "auth.log"):
            (folder / part).parent.mkdir(exist_ok=True)
            (folder / part).write_text(LINES)
        (folder / "mine.log").chmod(0)
        (folder / "locked").chmod(0)
        with as_nobody():
            finder = Finder()
            assert [file.path.name for file in finder.files([name])] == ["auth.log"]
        assert [one.path for one in finder.skipped] == [f"{name}/locked", f"{name}/mine.log"]
        assert all(one.reason.startswith("permission denied: ") for one in finder.skipped)
        (folder / "locked").chmod(0o755)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_rotated_log_is_one_log_in_its_order(tmp_path: Path, order: tuple[int, ...]) -> None:
    (tmp_path / "auth.log").write_text(failures(5, 8))
    (tmp_path / "auth.log.1").write_text(failures(2, 5))
    (tmp_path / "auth.log.2.gz").write_bytes(gzip.compress(failures(0, 2).encode()))
    names = ["auth.log", "auth.log.1", "auth.log.2.gz"]
    row = brute(*(tmp_path / names[n] for n in order))
    assert told(row) == WHOLE
    assert [(Path(one["file"]).name, one["line"]) for one in row["events"]] == [
        ("auth.log.2.gz", 1), ("auth.log.2.gz", 2), ("auth.log.1", 1), ("auth.log.1", 2), ("auth.log.1", 3),
        ("auth.log", 1), ("auth.log", 2), ("auth.log", 3),
    ]  # fmt: skip


def test_what_a_decoder_knows_goes_on_through_rotation(tmp_path: Path) -> None:
    """PAM's line about a failure that sshd reported before the rotation is not a second failure."""
    both = failures(0, 1)
    pam = (
        "2026-03-17T10:00:00.000000+00:00 web01 sshd[100]: pam_unix(sshd:auth): authentication failure; "
        "logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.9  user=root\n"
    )
    (tmp_path / "auth.log.1").write_text(both)
    (tmp_path / "auth.log").write_text(pam + failures(1, 6))
    assert brute(tmp_path)["count"] == 6


def test_numbered_files_that_are_no_rotation_are_told_apart_by_their_times(tmp_path: Path) -> None:
    """host.1 is no older part of host.2: its lines are not before those of the other."""
    (tmp_path / "host.1").write_text(failures(0, 4))
    (tmp_path / "host.2").write_text(failures(4, 8))
    assert told(brute(tmp_path)) == WHOLE


def test_a_file_being_packed_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "auth.log.1").write_text(LINES)
    (tmp_path / "auth.log.1.gz").write_bytes(gzip.compress(LINES.encode())[:-12])
    document = json.loads(scan(tmp_path, "--format", "json").stdout)
    assert told(brutes(document["alerts"])[0]) == WHOLE
    assert [one["reason"] for one in document["summary"]["skipped"]] == [
        "the packed copy of a file that is read"
    ]


def test_globs(tmp_path: Path) -> None:
    (tmp_path / "one.log").write_text(failures(0, 4))
    (tmp_path / "two.log").write_text(failures(4, 8))
    (tmp_path / "three.txt").write_text(failures(8, 12))
    assert told(brute(f"{tmp_path}/*.log")) == WHOLE
    assert brute(f"{tmp_path}/*.log", tmp_path / "one.log", tmp_path)["count"] == 12


@pytest.mark.parametrize("form", ["ndjson", "array", "wrapped", "pretty", "packed"])
def test_json_in_every_form(tmp_path: Path, number: list[object], form: str) -> None:
    made = records(0, 5)
    text = {
        "ndjson": "".join(json.dumps(one) + "\n" for one in made),
        "array": json.dumps(made),
        "wrapped": json.dumps({"Records": made}),
        "pretty": json.dumps(made, indent=2),
        "packed": json.dumps(made),
    }[form]
    path = tmp_path / "events"
    path.write_bytes(gzip.compress(text.encode()) if form == "packed" else text.encode())
    found = rows(path, *number)
    assert [row["events"] for row in found] == [[{"file": str(path), "line": n}] for n in range(1, 6)]
    assert [row["first"][17:19] for row in found] == ["00", "01", "02", "03", "04"]


@pytest.mark.parametrize("form", ["lines", "array"])
def test_an_export_that_begins_with_the_newest_is_put_in_order(
    tmp_path: Path, number: list[object], form: str
) -> None:
    """Windows of time are as if it had been written in order, and nothing counts as late."""
    made = [
        {
            **one,
            "SystemTime": one["SystemTime"].replace("T10:00", f"T{hour}:{minute:02d}"),
            "TargetUserName": "u",
        }
        for hour in (10, 14)
        for minute in range(20)
        for one in records(0, 30)
    ]
    rule = tmp_path / "many.yml"
    rule.write_text(
        (tmp_path / "logon.yml").read_text() + "name: logon\n---\ntitle: many\n"
        "id: 00000000-0000-4000-8000-000000000003\nlevel: high\ncorrelation:\n  type: event_count\n"
        "  rules: [logon]\n  group-by: [TargetUserName]\n  timespan: 30s\n  condition: {gte: 25}\n"
    )
    found = []
    for name, items in (("newest first", made[::-1]), ("in order", made)):
        text = json.dumps(items) if form == "array" else "".join(json.dumps(one) + "\n" for one in items)
        (tmp_path / name).write_text(text)
        result = scan(tmp_path / name, "--rules", rule, "--no-pack", "--json")
        assert "late" not in result.stderr
        alerts = [json.loads(line) for line in result.stdout.splitlines()]
        found.append([(row["rule"], row["count"], row["first"], row["last"]) for row in alerts])
    assert found[0] == found[1]
    assert [count for _, count, _, _ in found[0]] == [600, 600]


def test_evtx(tmp_path: Path, number: list[object]) -> None:
    made = [
        event(4625, {"TargetUserName": f"u{n}", "IpAddress": "203.0.113.9"}, stamp=f"2026-03-17T10:00:0{n}Z")
        for n in range(3)
    ]
    write_evtx(tmp_path / "Security.evtx", made)
    (tmp_path / "packed").write_bytes(gzip.compress((tmp_path / "Security.evtx").read_bytes()))
    for name in ("Security.evtx", "packed"):
        found = rows(tmp_path / name, *number)
        assert [row["events"][0]["line"] for row in found] == [1, 2, 3]
        assert [row["first"] for row in found] == [f"2026-03-17T10:00:0{n}.000000Z" for n in range(3)]


@pytest.mark.parametrize("kind", ["plain", *PACKERS])
def test_standard_input(tmp_path: Path, kind: str) -> None:
    data = LINES.encode() if kind == "plain" else PACKERS[kind](LINES.encode())
    text = socterm("scan", "-", "--json", "-q", home=tmp_path, stdin=data)
    (row,) = brutes([json.loads(line) for line in text.splitlines()])
    assert told(row) == WHOLE
    assert row["events"][0] == {"file": "stdin", "line": 1}


def test_standard_input_is_merged_with_files(tmp_path: Path) -> None:
    log = tmp_path / "auth.log"
    log.write_text(failures(0, 8).replace(":01.", ":02."))
    log.write_text("".join(failures(n, n + 1) for n in range(0, 8, 2)))
    data = "".join(failures(n, n + 1) for n in range(1, 8, 2)).encode()
    text = socterm("scan", "-", log, "--json", "-q", home=tmp_path, stdin=data)
    (row,) = brutes([json.loads(line) for line in text.splitlines()])
    assert told(row) == WHOLE
    assert [one["file"] for one in row["events"]] == [str(log), "stdin"] * 4


def test_a_document_on_standard_input(tmp_path: Path, number: list[object]) -> None:
    data = json.dumps(records(0, 3), indent=1).encode()
    text = socterm("scan", "-", "--json", "-q", *number, home=tmp_path, stdin=data)
    assert [json.loads(line)["events"][0]["line"] for line in text.splitlines()] == [1, 2, 3]


def test_binary_standard_input_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nothing to scan: stdin: binary content"):
        socterm("scan", "-", home=tmp_path, stdin=bytes(range(256)) * 40)


def test_a_named_pipe_is_read_as_a_shell_hands_it_over(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text(LINES))
    writer.start()
    text = socterm("scan", pipe, "--json", "-q", home=tmp_path)
    writer.join()
    assert told(brutes([json.loads(line) for line in text.splitlines()])[0]) == WHOLE


def test_where_nothing_can_be_read_it_says_why(tmp_path: Path) -> None:
    (tmp_path / "core").write_bytes(bytes(range(256)) * 20)
    for path, why in ((tmp_path, "binary content"), (tmp_path / "none", "no file in it")):
        (tmp_path / "none").mkdir(exist_ok=True)
        result = scan(path)
        assert getattr(result.exception, "exit_code", None) == 3
        assert why in str(result.exception)


def test_an_empty_log_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "auth.log").touch()
    result = scan(tmp_path / "auth.log")
    assert result.exit_code == 0
    assert result.stdout == "No alerts.\n"


def test_it_does_not_read_what_it_writes(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text(LINES)
    out = tmp_path / "found.csv"
    for _ in range(2):
        scan(tmp_path, "--format", "csv", "-o", out)
        first = out.read_text()
    assert "found.csv" not in first
    assert f"{tmp_path}/auth.log:1" in first


def test_lines_nobody_knows_are_counted(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("what is this\nand this\n" + LINES)
    assert "events  10 (2 undecoded)" in scan(tmp_path / "x.log").stderr
    rule = rule_file(tmp_path, "keyword", "what is this")
    assert len(rows(tmp_path / "x.log", "--rules", rule, "--no-pack")) == 1
