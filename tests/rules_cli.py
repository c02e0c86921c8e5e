"""Calling `socterm …` in this process, as the command line does: output, error line and exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner
from socterm.cli import cli
from socterm.errors import SoctermError


class Done(NamedTuple):
    code: int
    out: str
    error: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


def rules(*arguments: object, home: Path, stdin: str | None = None) -> Done:
    """`socterm rules ARGUMENTS` with nothing of this machine's user in it."""
    return called("rules", *arguments, home=home, stdin=stdin)


def called(*arguments: object, home: Path, stdin: str | None = None) -> Done:
    """`socterm ARGUMENTS` with nothing of this machine's user in it."""
    variables = {
        "HOME": str(home),
        "XDG_DATA_HOME": "",
        "XDG_CONFIG_HOME": "",
        "SOCTERM_CONFIG": "",
        "TZ": "UTC",
    }
    found = CliRunner().invoke(cli, [*map(str, arguments)], env=variables, input=stdin)
    if isinstance(found.exception, SoctermError):
        return Done(found.exception.exit_code, found.stdout, str(found.exception))
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return Done(found.exit_code, found.stdout, found.stderr)


RULE = """\
title: A shell for {n}
id: 5c0a7d52-6c5b-4a52-9f0a-6e5d3e6b2a{n:02d}
status: test
description: Somebody runs a shell.
date: 2026-03-01
tags: [attack.execution, attack.t1059.004]
logsource: {{product: linux, service: sudo}}
detection:
  selection:
    process.command_line|contains: /bin/sh{n}
  condition: selection
falsepositives: [administrators]
level: medium
"""


def rule(n: int = 1, **parts: str) -> str:
    """A sound rule; `parts` replace top-level keys by YAML text, "" takes one away."""
    blocks: dict[str, str] = {}
    key = ""
    for line in RULE.format(n=n).splitlines():
        if line.startswith(" "):
            blocks[key] += line + "\n"
        else:
            key = line.partition(":")[0]
            blocks[key] = line + "\n"
    for key, text in parts.items():
        blocks[key] = f"{key}: {text.rstrip()}\n" if text else ""
    return "".join(blocks.values())
