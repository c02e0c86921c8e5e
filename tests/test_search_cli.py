"""`socterm search --like` and `socterm templates`, as a person uses them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from socterm.cli.group import cli

import ollama_stub as stub
from store_samples import event, login, searchable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    door = event(3, process__name="app", message="\x1b[31mred 7 door")
    return searchable(tmp_path / "store.db", [login(1), login(2), door])


def run(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, [*arguments, "--db", str(path)])


def test_search_in_plain_words(path: Path) -> None:
    done = run(path, "search", "--like", "show me failed logins", "-n", "1")
    assert done.exit_code == 0
    assert "Failed password for root" in done.stdout
    assert "(2 like it)" in done.stdout
    assert done.stderr == "source: rules\n"
    row = json.loads(run(path, "search", "--like", "brute force", "-n", "1", "--json").stdout)
    assert (row["event.action"], row["socterm.template"], row["socterm.answered_by"]) == (
        "ssh_login",
        1,
        "rules",
    )
    assert "meaning" in row["socterm.found_by"]


@pytest.mark.parametrize("more", [("root",), ("--count",), ("--oldest",), ("--by", "user.name")])
def test_plain_words_stand_alone(path: Path, more: tuple[str, ...]) -> None:
    done = run(path, "search", "--like", "failed logins", *more)
    assert done.exit_code != 0


def test_templates_are_listed_rarest_first(path: Path) -> None:
    out = run(path, "templates").stdout
    assert out.index("red <num> door") < out.index("ssh_login failure")
    assert out.rstrip().endswith("2 kinds of 3 lines")
    assert "\x1b" not in out
    rows = [
        json.loads(line) for line in run(path, "templates", "--order", "common", "--json").stdout.splitlines()
    ]
    assert [(row["template"], row["lines"], row["how"]) for row in rows] == [(1, 2, "told"), (2, 1, "mined")]
    assert run(path, "templates", "--since", "1d", "--json").stdout == ""


def test_one_template_with_its_lines(path: Path) -> None:
    for arguments in (("1",), ("--event", "2")):
        out = run(path, "templates", *arguments).stdout
        assert [line.split()[0] for line in out.splitlines()[2:]] == ["2", "1"]
    rows = run(path, "search", "socterm.template:1", "--count").stdout
    assert rows.strip() == "2"


@pytest.mark.parametrize("arguments", [("9",), ("--event", "9")])
def test_what_there_is_none_of(path: Path, arguments: tuple[str, ...]) -> None:
    done = run(path, "templates", *arguments)
    assert done.exit_code != 0
    assert "9" in str(done.exception)


def test_how_many_are_listed_of_how_many(path: Path) -> None:
    assert run(path, "templates", "-n", "1").stdout.rstrip().endswith("1 of 2 kinds of 3 lines")
    assert run(path, "templates", "--since", "2099-01-01").stdout.rstrip().endswith("0 of 2 kinds of 3 lines")


def test_lines_without_room_for_their_kind_are_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socterm.templates.book.MOST", 2)
    searchable(path, [event(4, process__name="app", message="one more"), event(5, message="and more")])
    assert "like it" not in run(path, "search", "--like", "and more", "-n", "1").stdout
    out = run(path, "templates").stdout
    assert "all that came when there was no room for one more" in out
    assert "2 kinds of 5 lines\nThere was no room for the kinds of 2 of them" in out


def test_vectors_are_made_when_asked_for(path: Path) -> None:
    with stub.serving(stub.Handler) as server:
        server.models = [stub.tag("embed:1b")]
        config = path.with_name("config.toml")
        config.write_text(f'[llm]\nhost = "{server.url}"\nembed_model = "embed:1b"\n')
        done = run(path, "templates", "--vectors", "--config", str(config))
        assert (done.exit_code, done.stdout) == (0, "2 vectors made of 2 kinds\n")
        asked = run(path, "search", "--like", "failed logins", "--config", str(config))
        assert asked.stderr == "source: rules + embed:1b\n"
        server.models = []
        gone = run(path, "templates", "--vectors", "--config", str(config))
    assert gone.exit_code != 0
    assert "0 vectors made, then no more: no model for embeddings" in str(gone.exception)
