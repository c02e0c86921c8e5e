"""The command line: one file a command family, each imported only when it is called."""

from __future__ import annotations

import sys

from socterm.cli.group import cli
from socterm.errors import SoctermError

__all__ = ["cli", "main"]


def main() -> None:
    """Run `socterm`; user mistakes become one line on stderr and an exit code (2 usage, 3 could not run)."""
    import click

    try:
        code = cli.main(standalone_mode=False)
    except SoctermError as error:
        click.echo(f"socterm: {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except BrokenPipeError:
        # The reader (head, less) has gone: nobody is left to tell.
        sys.stderr.close()
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
