"""What tests of `socterm scan` share: a brute force as lines, and the command called in this process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from socterm.cli import cli

BRUTE = "Brute force: more than 5 failed logins from one address in 2 minutes"
"""A title of our own pack, and of the small one."""

RULES = f"""
title: Failed login
id: 00000000-0000-4000-8000-0000000000f1
name: login_failed
level: informational
logsource: {{category: authentication}}
detection:
  login: {{event.category: authentication, event.outcome: failure}}
  condition: login
---
title: "{BRUTE}"
id: 00000000-0000-4000-8000-0000000000f2
name: brute_force
level: medium
tags: [attack.credential-access, attack.t1110.001]
correlation:
  type: event_count
  rules: [login_failed]
  group-by: [source.ip]
  timespan: 2m
  condition: {{gt: 5}}
"""
"""A pack small enough to be known by heart: a rule that only feeds, and one that counts."""


def failures(
    first: int, last: int, *, minute: int = 0, address: str = "203.0.113.9", host: str = "web01"
) -> str:
    """Failed logins, one a second, from second `first` up to `last`."""
    return "".join(
        f"2026-03-17T10:{minute:02d}:{n:02d}.000000+00:00 {host} sshd[{100 + n}]: "
        f"Failed password for root from {address} port {40000 + n} ssh2\n"
        for n in range(first, last)
    )


def scan(*arguments: object) -> Result:
    """`socterm scan …`, whatever comes of it."""
    return CliRunner().invoke(cli, ["scan", *map(str, arguments)])


def rows(*arguments: object, code: int = 0) -> list[dict[str, Any]]:
    """What it finds, as rows."""
    result = scan(*arguments, "--json")
    assert result.exit_code == code, (result.exception, result.stderr)
    return [json.loads(line) for line in result.stdout.splitlines()]


def brutes(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The alerts of the rule on brute force."""
    return [row for row in found if row["title"] == BRUTE]


def rule_file(folder: Path, name: str, text: str, *, level: str = "high") -> Path:
    """A rule that fires on every line of sshd that holds this text."""
    path = folder / f"{name}.yml"
    path.write_text(
        f"title: {name}\nid: 00000000-0000-4000-8000-{sum(name.encode()):012d}\nstatus: test\n"
        f"level: {level}\nlogsource: {{product: linux}}\n"
        f"detection: {{keys: ['{text}'], condition: keys}}\ntags: [attack.t1110]\n"
    )
    return path
