"""Where `socterm scan` writes: files that hold something, closed and full outputs."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest
from socterm.errors import UsageError
from tests.e2e.road import SOCTERM, environment
from tests.scanning import BRUTE, failures, scan

TEXT = failures(0, 8)
pytestmark = pytest.mark.usefixtures("small_pack")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "logs" / "auth.log"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


def run_in_shell(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    line = f"{' '.join(SOCTERM)} {command}"
    return subprocess.run(
        ["sh", "-c", line], env=environment(home), capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("named", ["auth.log", "*.log", "link.log"])
def test_a_log_that_is_named_is_never_written_over(log: Path, named: str) -> None:
    log.with_name("link.log").symlink_to(log)
    result = scan(log.with_name(named), "-o", log)
    assert isinstance(result.exception, UsageError)
    assert "cannot be read and written at once" in str(result.exception)
    assert log.read_text() == TEXT


def test_an_earlier_result_stays_until_there_is_a_new_one(log: Path, tmp_path: Path) -> None:
    found = tmp_path / "found.ndjson"
    found.write_text("earlier\n" * 1000)
    assert isinstance(scan(tmp_path / "none.log", "-o", found).exception, UsageError)
    assert found.read_text() == "earlier\n" * 1000
    assert scan(log, "--json", "-o", found).exit_code == 0
    assert BRUTE in {json.loads(line)["title"] for line in found.read_text().splitlines()}
    assert scan(log, "--json", "-o", found, "--min-level", "critical").exit_code == 0
    assert found.read_text() == ""


def test_the_result_may_lie_in_the_folder_that_is_scanned(log: Path) -> None:
    found = log.with_name("found.log")
    for _ in range(2):
        assert scan(log.parent, "--json", "-o", found).exit_code == 0
        assert {json.loads(line)["events"][0]["file"] for line in found.read_text().splitlines()} == {
            str(log)
        }


def test_findings_do_not_overwrite_the_store(log: Path, tmp_path: Path) -> None:
    store = tmp_path / "case.db"
    assert scan(log, "--db", store).exit_code == 0
    before = store.read_bytes()
    (tmp_path / "other.db").hardlink_to(store)
    for output in (store, tmp_path / "other.db", tmp_path / "logs" / ".." / "case.db"):
        assert isinstance(scan(log, "--db", store, "-o", output).exception, UsageError)
    assert store.read_bytes() == before


def test_a_closed_output_is_told_in_one_line(log: Path, tmp_path: Path) -> None:
    for command in (f"scan -q {log} >&-", f"scan -q {log} >/dev/full", "formats >/dev/full", "formats >&-"):
        done = run_in_shell(command, tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (3, 1), done.stderr
        assert "Bad file descriptor" in done.stderr or "No space left" in done.stderr


def test_closed_streams_are_no_matter_where_nothing_is_said(log: Path, tmp_path: Path) -> None:
    done = run_in_shell(f"scan {log} --json 2>&- <&-", tmp_path)
    assert done.returncode == 0
    assert BRUTE in {json.loads(line)["title"] for line in done.stdout.splitlines()}


def test_a_store_never_stands_in_for_a_closed_stream(log: Path, tmp_path: Path) -> None:
    store = tmp_path / "case.db"
    assert run_in_shell(f"scan {log} -o /dev/null --db {store} <&- >&- 2>&-", tmp_path).returncode == 0
    assert run_in_shell(f"db check --db {store}", tmp_path).returncode == 0
    (row,) = [
        json.loads(line)
        for line in run_in_shell(f"alerts list --db {store} --json", tmp_path).stdout.splitlines()
        if BRUTE in line
    ]
    assert row


@pytest.mark.parametrize("text", ["title: [\n", "title: x\nlogsource: {product: linux}\n", ""])
def test_rules_none_of_which_can_be_used_are_no_good_news(log: Path, tmp_path: Path, text: str) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.yml").write_text(text)
    result = scan(log, "--no-pack", "--rules", rules, "--fail-on", "low")
    assert isinstance(result.exception, UsageError)
    assert str(result.exception).startswith(f"none of {1 if text else 0} rules can be used")
    assert ("a.yml" in str(result.exception)) is bool(text)


def test_refused_rules_are_told_with_where_to_ask(log: Path, tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text("title: [\n")
    result = scan(log, "--rules", tmp_path / "a.yml")
    assert result.exit_code == 0
    assert "1 refused (socterm rules check says why)" in result.stderr
    assert "rules check" not in scan(log).stderr


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t="])
def test_no_cell_of_a_table_for_spreadsheets_is_a_formula(
    tmp_path: Path, sign: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{sign}cmd.log").write_text(TEXT)
    (tmp_path / "r.yml").write_text(
        f"title: {json.dumps(sign + '1+1')}\nlevel: low\nlogsource: {{product: linux}}\n"
        "detection: {k: [sshd], condition: k}\n"
    )
    # The pattern names the file as a shell's would: without a folder before its sign.
    text = scan("--format", "csv", "--no-pack", "--rules", "r.yml", "--", "*.log").stdout
    header, *found = csv.reader(io.StringIO(text))
    assert found
    for row in found:
        cells = dict(zip(header, row, strict=True))
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
        assert cells["title"].endswith("1+1")
        assert cells["events"].lstrip("' ").split()[0].endswith("cmd.log:1")
