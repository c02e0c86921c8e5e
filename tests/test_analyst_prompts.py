"""A person's own prompts stand in place of ours, and a broken one is told in a line and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from socterm.analyst import Analyst, OllamaBackend
from socterm.analyst.prompts import LONGEST, Prompts, names, text
from socterm.config import prompts_dir
from socterm.store import Store

import ollama_stub as stub
from analyst_scene import NOW, attack
from ollama_stub import OllamaStub


@pytest.fixture
def server() -> Iterator[OllamaStub]:
    with stub.serving() as server:
        yield server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    folder = tmp_path / "store"
    folder.mkdir()
    with attack().store(folder) as store:
        yield store


def test_ours_are_used_where_there_are_none(tmp_path: Path) -> None:
    for folder in (None, tmp_path / "none", tmp_path):
        prompts = Prompts(folder)
        assert prompts.warnings == []
        assert [prompts.text(name) for name in names()] == [text(name) for name in names()]


def test_a_persons_own_reaches_the_model(tmp_path: Path, store: Store, server: OllamaStub) -> None:
    (tmp_path / "chat.md").write_text("Answer in rhymes.\n")
    prompts = Prompts(tmp_path)
    analyst = Analyst(store.events, store.triage, OllamaBackend(server.url), now=lambda: NOW, prompts=prompts)
    server.script = [stub.answer("so")]
    list(analyst.ask("who?"))
    assert server.requests[0]["messages"][0] == {"role": "system", "content": "Answer in rhymes."}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b"\xff\xfe", "is not UTF-8"),
        (b"x" * (LONGEST + 1), "is longer than"),
        (b"x" * 10_000_000, "is longer than"),
    ],
)
def test_a_broken_one_is_told_in_one_line_and_ours_is_used(
    content: bytes, says: str, tmp_path: Path, store: Store, server: OllamaStub
) -> None:
    (tmp_path / "chat.md").write_bytes(content)
    prompts = Prompts(tmp_path)
    assert len(prompts.warnings) == 1
    assert says in prompts.warnings[0]
    assert prompts.warnings[0].startswith(str(tmp_path))
    assert prompts.warnings[0].endswith("ours is used")
    assert "\n" not in prompts.warnings[0]
    assert prompts.text("chat") == text("chat")
    analyst = Analyst(store.events, store.triage, OllamaBackend(server.url), now=lambda: NOW, prompts=prompts)
    told = []
    for _ in range(2):
        server.script = [stub.answer("so")]
        told += [piece.text for piece in analyst.ask("who?") if piece.kind == "status"]
    assert [line for line in told if says in line] == prompts.warnings


def test_one_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "chat.md").mkdir()
    assert "cannot be read" in Prompts(tmp_path).warnings[0]


def test_one_that_stands_for_nothing_is_told_with_the_names(tmp_path: Path) -> None:
    (tmp_path / "chta.md").write_text("x")
    (tmp_path / "notes.txt").write_text("not looked at")
    (warning,) = Prompts(tmp_path).warnings
    assert "there is no such prompt" in warning
    assert "chat" in warning


def test_they_lie_beside_the_configuration() -> None:
    assert prompts_dir({"HOME": "/home/ann"}) == Path("/home/ann/.config/socterm/prompts")
    assert prompts_dir({"SOCTERM_CONFIG": "/etc/soc/config.toml"}) == Path("/etc/soc/prompts")
