"""`socterm llm-doctor` with servers of both dialects: what it finds, says, exits with, and that it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from socterm.analyst.doctor import SHOTS
from socterm.cli import cli

import ollama_stub as stub
from ollama_stub import Handler, OllamaStub, Reply
from openai_stub import CompatibleHandler

DIALECTS = {"ollama": Handler, "openai": CompatibleHandler}


@pytest.fixture(params=list(DIALECTS))
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(dialect: str) -> Iterator[OllamaStub]:
    with stub.serving(DIALECTS[dialect]) as server:
        server.shown["model_info"] = {"llama.context_length": 32768}
        yield server


def right(number: int) -> str:
    kind, user, _ = SHOTS[number]
    return json.dumps({"kind": kind, "user": user, "line": f"E{number + 1}"})


def answers() -> list[Reply]:
    return [stub.answer(right(number)) for number in range(len(SHOTS))]


def doctor(folder: Path, dialect: str, host: str, *more: str, **config: Any) -> Result:
    folder.mkdir(exist_ok=True)
    file = folder / "config.toml"
    values = {"backend": dialect, "host": host, **config}
    file.write_text("[llm]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
    return CliRunner().invoke(cli, ["llm-doctor", *more], env={"SOCTERM_CONFIG": str(file)})


def test_a_healthy_model(dialect: str, server: OllamaStub, tmp_path: Path) -> None:
    server.script = answers()
    server.models.append(stub.tag("nomic-embed-text:latest", details={"family": "nomic-bert"}))
    shown = doctor(tmp_path, dialect, server.url)
    assert shown.exit_code == 0, shown.output
    lines = dict(line.split(None, 1) for line in shown.output.splitlines())
    assert lines["backend"] == f"{dialect}, {server.url}"
    assert lines["reachable"].startswith("yes, in ")
    assert lines["model"].startswith("tiny:latest (")
    assert lines["runs"] == "on this machine"
    assert lines["form"] == "6 of 6 answers valid, 6 at once, 6 right"
    assert lines["speed"].startswith("20.0 tokens/s, ")
    assert lines["embeddings"] == "nomic-embed-text:latest, 2 numbers"
    most = {
        "ollama": "8192 tokens are used, the model takes 32768",
        "openai": "4096 tokens are used, the model takes 4096",
    }
    assert lines["context"] == most[dialect]
    assert server.script == []


def test_for_programs(dialect: str, server: OllamaStub, tmp_path: Path) -> None:
    server.script = answers()
    shown = doctor(tmp_path, dialect, server.url, "--json")
    assert shown.exit_code == 0
    found = json.loads(shown.output)
    assert shown.output.count("\n") == 1
    assert (found["state"], found["model"], found["cloud"], found["usable"]) == (
        "ok",
        "tiny:latest",
        False,
        True,
    )
    assert found["probe"]["valid"] == found["probe"]["right"] == 6
    assert found["findings"] == []
    if dialect == "ollama":
        assert (found["version"], found["capabilities"]) == ("0.33.0", ["completion", "tools"])


def test_without_a_server_it_says_so_and_what_to_do(dialect: str, tmp_path: Path) -> None:
    with stub.serving() as gone:
        url = gone.url
    shown = doctor(tmp_path, dialect, url)
    assert shown.exit_code == 3
    assert f"at {url}: Connection refused" in shown.output
    assert "Start the server, or set llm.host" in shown.output
    found = json.loads(doctor(tmp_path, dialect, url, "--json").output)
    assert (found["reachable"], found["usable"], found["state"]) == (False, False, "unreachable")


def test_without_a_model_wanted(tmp_path: Path) -> None:
    shown = doctor(tmp_path, "none", "")
    assert shown.exit_code == 3
    assert "no model is configured" in shown.output
    assert "answered from rules" in shown.output


def test_a_model_that_is_not_there(dialect: str, server: OllamaStub, tmp_path: Path) -> None:
    shown = doctor(tmp_path, dialect, server.url, "--model", "big")
    assert shown.exit_code == 3
    assert "ollama pull big" in shown.output or "it has: tiny:latest" in shown.output


def test_another_machine_is_refused_and_nothing_is_sent(dialect: str, tmp_path: Path) -> None:
    shown = doctor(tmp_path, dialect, "http://192.0.2.1:11434")
    assert shown.exit_code == 3
    assert "another machine" in shown.output


def test_a_cloud_is_refused_and_flagged_where_it_was_asked_for(
    dialect: str, server: OllamaStub, tmp_path: Path
) -> None:
    server.models = [stub.tag("x", remote_host="https://cloud.example")]
    assert doctor(tmp_path, dialect, server.url, model="x").exit_code == 3
    assert server.requests == []
    server.script = answers()
    shown = doctor(tmp_path, dialect, server.url, model="x", allow_remote=True)
    assert shown.exit_code == 1
    assert "in a cloud: log text leaves this machine" in shown.output
    assert "- the model runs on somebody else's machine" in shown.output


def test_a_model_without_tools_or_room_is_a_finding(tmp_path: Path) -> None:
    with stub.serving() as server:
        server.script = answers()
        server.shown |= {"capabilities": ["completion"], "model_info": {"llama.context_length": 2048}}
        shown = doctor(tmp_path, "ollama", server.url)
    assert shown.exit_code == 1
    assert "- the model cannot use tools" in shown.output
    assert "- the model takes 2048 tokens: set llm.context" in shown.output


def test_a_model_that_misses_the_form_or_the_meaning_is_a_finding(
    dialect: str, server: OllamaStub, tmp_path: Path
) -> None:
    server.script = [*answers()[:4], *[stub.answer("no JSON")] * 3, *answers()[5:]]
    shown = doctor(tmp_path, dialect, server.url)
    assert shown.exit_code == 1
    assert "form          5 of 6 answers valid, 5 at once, 5 right" in shown.output
    assert "- 5 of 6 answers had the form asked for (no valid answer in 3 tries" in shown.output
    server.script = [stub.answer(right(0))] * 6
    shown = doctor(tmp_path, dialect, server.url)
    assert shown.exit_code == 1
    assert "- only 1 of 6 plain log lines were read rightly" in shown.output


def test_a_model_that_never_answers_is_no_model(dialect: str, server: OllamaStub, tmp_path: Path) -> None:
    server.script = [stub.status(500, "out of memory\x1b[2J")] * 9
    shown = doctor(tmp_path, dialect, server.url)
    assert shown.exit_code == 3
    assert "out of memory" in shown.output
    assert "\x1b" not in shown.output
    assert "The model gives no usable answer" in shown.output
    assert len(server.requests) == 2


@pytest.mark.parametrize("fault", [stub.stall(), stub.dribble(" ")], ids=["stall", "dribble"])
def test_it_ends_when_its_time_is_over(
    fault: Reply, dialect: str, server: OllamaStub, tmp_path: Path
) -> None:
    server.script = [answers()[0], fault]
    shown = doctor(tmp_path, dialect, server.url, "--timeout", "1")
    assert shown.exit_code == 1
    assert "form          1 of 6 answers valid" in shown.output
    assert "- not everything was asked within 1 s" in shown.output
    assert server.left.wait(60)


def test_broken_prompts_are_findings(server: OllamaStub, dialect: str, tmp_path: Path) -> None:
    server.script = answers()
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "chat.md").write_text("")
    shown = doctor(tmp_path, dialect, server.url)
    assert shown.exit_code == 1
    assert "chat.md: is empty; ours is used" in shown.output


def test_a_script_can_be_examined(tmp_path: Path) -> None:
    rows = [
        {"form": "Shot", "prompt": f"E{n + 1}: ", "answer": [{"json": json.loads(right(n))}]}
        for n in range(6)
    ]
    (tmp_path / "answers.yml").write_text(json.dumps({"model": "demo", "answers": rows}))
    shown = doctor(tmp_path, "scripted", "", script="answers.yml")
    assert shown.exit_code == 0, shown.output
    assert "6 of 6 answers valid, 6 at once, 6 right" in shown.output


def test_a_script_that_is_missing_is_one_line(tmp_path: Path) -> None:
    shown = doctor(tmp_path, "scripted", "", script="none.yml")
    assert shown.exit_code != 0
    assert "none.yml: cannot be read" in str(shown.exception)
