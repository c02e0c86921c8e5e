"""A configuration file that is named in vain is told by every command, whether it needs it or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from socterm.cli import cli
from tests.rules_cli import called

_GIVEN = {"integer": "1", "choice": "read", "path": "."}
_MORE = {
    "alerts snooze": ("--for", "4h"),
    "ask": ("what did alice do today?",),
    "rules fields": ("--logsource", "linux/sshd"),
    "rules update": ("--rollback",),
}
"""What a command wants beside what it must be given."""

_WORDS = {"analyse": ("1",), "entity": ("user", "alice"), "rules update": ()}


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        elif command is not None and any("--config" in each.opts for each in command.params):
            yield " ".join((*path, name)), command


def _call(name: str, command: click.Command) -> tuple[str, ...]:
    needed = [each for each in command.params if each.required]
    words = [_GIVEN.get(each.type.name, "a") for each in needed if isinstance(each, click.Argument)]
    options = [(each.opts[0], "ingest") for each in needed if isinstance(each, click.Option)]
    return (
        *name.split(),
        *_WORDS.get(name, words),
        *(word for option in options for word in option),
        *_MORE.get(name, ()),
    )


COMMANDS = dict(_commands(cli))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_missing_configuration_is_told(name: str, tmp_path: Path) -> None:
    done = called(*_call(name, COMMANDS[name]), "--config", tmp_path / "none.toml", home=tmp_path)
    assert done.code != 0
    assert f"{tmp_path / 'none.toml'}: no such configuration file" in done.error + done.out
    assert list(tmp_path.iterdir()) == []
