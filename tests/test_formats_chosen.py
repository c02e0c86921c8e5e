"""--format: the user knows better than we do what a source is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from socterm.cli import cli
from socterm.errors import UsageError
from socterm.parsers.registry import FORMATS
from socterm.pipeline.forms import Form, form_for, forms_of
from tests.e2e.road import socterm

BARE = "Failed password for root from 192.0.2.7 port 4022 ssh2"


def test_the_last_choice_that_fits_counts() -> None:
    forms = forms_of(["cef", "/srv/*.log=keyvalue", "udp:*=leef"])
    assert form_for(forms, "file:/srv/a.log") == "keyvalue"
    assert form_for(forms, "udp://127.0.0.1:5514") == "leef"
    assert form_for(forms, "stdin") == "cef"
    assert form_for((), "stdin") == ""


def test_a_pattern_may_hold_an_equals_sign() -> None:
    assert forms_of(["/srv/a=b.log=cef"]) == (Form("/srv/a=b.log", "cef"),)


@pytest.mark.parametrize("value", ["shsd", "*.log=shsd"])
def test_an_unknown_name_is_a_mistake_with_a_hint(value: str) -> None:
    with pytest.raises(UsageError, match=r"no format is called 'shsd'; did you mean sshd\?"):
        forms_of([value])


def test_ingest_reads_only_the_sources_named_as_that_format(tmp_path: Path) -> None:
    one, two, db = tmp_path / "one.log", tmp_path / "two.log", tmp_path / "s.db"
    for path in (one, two):
        path.write_text(BARE + "\n")
    socterm(
        "run",
        "--once",
        "-q",
        "--db",
        db,
        "--tail",
        one,
        "--tail",
        two,
        "--format",
        f"{one}=sshd",
        home=tmp_path,
    )
    rows = [
        json.loads(line)
        for line in socterm("sources", "list", "--json", "--db", db, home=tmp_path).splitlines()
    ]
    assert {Path(row["name"]).name: row["formats"] for row in rows} == {"one.log": {"sshd": 1}, "two.log": {}}


def test_parse_reads_as_the_format_named(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(BARE + "\n")
    result = CliRunner().invoke(cli, ["parse", str(tmp_path / "a.log"), "--json", "--format", "sshd"])
    assert json.loads(result.output)["source.ip"] == "192.0.2.7"


def test_a_mistake_is_told_before_anything_is_opened(tmp_path: Path) -> None:
    log, db = tmp_path / "a.log", tmp_path / "s.db"
    log.write_text("x\n")
    result = CliRunner().invoke(cli, ["run", "--tail", str(log), "--db", str(db), "--format", "shsd"])
    assert "did you mean sshd?" in str(result.exception)
    assert not db.exists()


def test_all_formats_are_listed_with_their_names() -> None:
    text = CliRunner().invoke(cli, ["formats"]).output
    assert all(made.title in text for made in FORMATS.values())
    rows = [json.loads(line) for line in CliRunner().invoke(cli, ["formats", "--json"]).output.splitlines()]
    assert {row["name"] for row in rows} == set(FORMATS)
