"""What tests of `socterm generate` share: the command called in this process."""

from __future__ import annotations

from click.testing import CliRunner, Result
from socterm.cli import cli

STORY = "brute_force_success"
TWO_LOGS = "reverse_shell"


def generate(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["generate", *map(str, arguments)])


def lines(*arguments: object) -> list[str]:
    result = generate(*arguments)
    assert result.exit_code == 0, result.stderr or result.exception
    return result.stdout.split("\n")[:-1]  # auditd has \x1d inside lines


def refused(*arguments: object) -> str:
    """The one line that says what is wrong."""
    result = generate(*arguments)
    assert result.exit_code != 0
    assert result.exception is not None
    said = str(result.exception)
    if isinstance(result.exception, SystemExit):
        said = result.stderr
    assert "\n" not in said.strip()
    return said
