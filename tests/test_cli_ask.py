"""`socterm ask`: answers on a terminal, in a pipe and as JSON, exit codes, and what was asked before."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from socterm.cli import cli
from socterm.errors import UsageError
from socterm.store import open_store

from analyst_scene import ATTACKER, attack

SCRIPT = """
model: tiny
pace: {pace}
answers:
  - when: who was it
    answer:
      - use: [{{tool: count_by, arguments: {{field: user.name}}}}]
      - say: It was alice.
  - when: fall over
    answer: [{{say: Half an answer, fail: died}}]
  - when: talk
    answer: [{{say: "one two three four five six seven eight nine ten eleven twelve thirteen"}}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    attack().store(tmp_path).close()
    (tmp_path / "answers.yml").write_text(SCRIPT.format(pace=0), encoding="utf-8")
    (tmp_path / "config.toml").write_text(
        'db = "soc.db"\nactor = "ann"\n[llm]\nbackend = "scripted"\nscript = "answers.yml"\n',
        encoding="utf-8",
    )
    return tmp_path


def ask(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["ask", *arguments, "--config", str(folder / "config.toml")])


def answer(folder: Path, *arguments: str) -> dict[str, Any]:
    found = ask(folder, *arguments, "--json")
    assert len(found.output.splitlines()) == 1
    value: dict[str, Any] = json.loads(found.output)
    return value


def test_without_a_model_rules_answer_and_say_so(folder: Path) -> None:
    found = ask(folder, "--no-model", "failed", "logins", "by", "user")
    assert found.exit_code == 0
    assert "     20  root" in found.output
    assert found.output.splitlines()[-1] == "source: rules"


def test_a_models_answer_ends_with_its_name(folder: Path) -> None:
    found = ask(folder, "who was it?")
    assert found.exit_code == 0
    assert found.output.startswith("It was alice.\nsource: tiny · ")


def test_an_answer_that_was_cut_off_has_an_exit_code_of_its_own(folder: Path) -> None:
    found = ask(folder, "fall over")
    assert found.exit_code == 3
    assert found.output.startswith("Half an answer\ncut off: tiny: died · source: tiny")
    assert answer(folder, "fall over")["whole"] is False


def test_json_is_one_object_with_all_of_it(folder: Path) -> None:
    found = answer(folder, "who was it?")
    assert (found["answer"], found["source"], found["whole"]) == ("It was alice.", "tiny", True)
    assert found["calls"] == ["count_by field=user.name"]
    rules = answer(folder, "why did this fire?", "--alert", "1", "--no-model")
    assert (rules["source"], rules["alert"]) == ("rules", 1)
    assert 31 in rules["events"]


def test_the_alert_named_is_the_one_meant(folder: Path) -> None:
    assert (
        f"{ATTACKER}, in all"
        in ask(folder, "--no-model", "--alert", "1", "who else did this IP touch?").output
    )
    assert "there is no alert 99" in str(ask(folder, "--alert", "99", "why?").exception)


def test_questions_go_on_from_the_last_conversation_only_when_asked_to(folder: Path) -> None:
    first = answer(folder, "--no-model", "what did bob do today?")
    apart = answer(folder, "--no-model", "and yesterday?")
    assert "there is none" in apart["answer"]
    assert apart["conversation"] != first["conversation"]
    answer(folder, "--no-model", "what did bob do today?")
    assert answer(folder, "--no-model", "-c", "and yesterday?")["answer"].startswith("bob")


def test_what_goes_on_is_about_the_same_alert(folder: Path) -> None:
    ask(folder, "--no-model", "--alert", "1", "who else did this IP touch?")
    found = answer(folder, "--no-model", "-c", "only successful ones")
    assert found["alert"] == 1
    assert f"{ATTACKER}, in all that is stored, only successful events: 1 event." in found["answer"]


def test_what_was_asked_is_listed_and_shown(folder: Path) -> None:
    ask(folder, "who was it?")
    ask(folder, "-c", "fall over")
    (listed,) = ask(folder, "--list").output.splitlines()
    assert listed.split()[0] == "1"
    assert listed.endswith("  2  ann  who was it?")
    shown = ask(folder, "--show", "1").output
    assert "ann: who was it?\n  · count_by field=user.name\n  It was alice.\n  source: tiny" in shown
    assert "cut off: tiny: died" in shown
    turns = [json.loads(line) for line in ask(folder, "--show", "1", "--json").output.splitlines()]
    assert [(turn["question"], turn["whole"]) for turn in turns] == [
        ("who was it?", True),
        ("fall over", False),
    ]
    assert json.loads(ask(folder, "--list", "--json").output)["title"] == "who was it?"


@pytest.mark.parametrize("arguments", [(), ("--list", "why?"), ("--list", "--show", "1"), ("--show", "7")])
def test_what_cannot_be_meant_is_wrong_usage(folder: Path, arguments: tuple[str, ...]) -> None:
    assert isinstance(ask(folder, *arguments).exception, UsageError)


def test_hostile_lines_reach_no_terminal(folder: Path) -> None:
    found = ask(folder, "--no-model", "find", "source.ip:198.51.100.7")
    assert "\x1b" not in found.output
    assert "␛" in found.output or "<U+001B>" in found.output


def test_a_terminal_is_streamed_to_and_ctrl_c_keeps_what_came(folder: Path) -> None:
    (folder / "answers.yml").write_text(SCRIPT.format(pace=0.5), encoding="utf-8")
    main, side = pty.openpty()
    command = [sys.executable, "-m", "socterm", "ask", "talk", "--config", str(folder / "config.toml")]
    process = subprocess.Popen(command, stdout=side, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
    os.close(side)
    seen = b""
    while b"two" not in seen:  # it stands there before the answer is whole
        seen += os.read(main, 1000)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    while True:
        try:
            some = os.read(main, 1000)
        except OSError:  # the other end is closed
            break
        if not some:
            break
        seen += some
    os.close(main)
    assert process.stderr is not None
    process.stderr.close()
    lines = seen.decode().splitlines()
    assert lines[0].startswith("one two")
    assert "thirteen" not in lines[0]
    assert lines[-1].startswith("stopped · source: tiny")
    with open_store(folder / "soc.db") as store:
        kept = store.conversations.get(1)
        assert kept is not None
        assert not kept[1][0].whole
        assert kept[1][0].answer == lines[0].strip()
