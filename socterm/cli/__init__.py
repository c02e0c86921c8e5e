"""The command line: one file a command family, each imported only when it is called."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper

from socterm.cli.group import cli
from socterm.errors import SoctermError

__all__ = ["cli", "main"]


def main() -> None:
    """Run `socterm`; mistakes become one line on stderr and an exit code (2 usage, 3 could not run)."""
    import click

    from socterm.cli.saying import ERROR, say

    _replace_closed_streams()
    _show_what_cannot_be_encoded()
    try:
        with cli.make_context("socterm", sys.argv[1:]) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except BrokenPipeError:
        # The reader (head, less) has gone: nobody is left to tell, and nothing may be flushed to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 0
    except (SoctermError, click.ClickException) as error:
        text = error.format_message() if isinstance(error, click.ClickException) else str(error)
        if type(error).__name__ == "NoArgsIsHelpError":
            click.echo(text, err=True)  # a family called without a command: click hands over its help
        else:
            say(text, ERROR)
        code = error.exit_code
    except Exception as error:
        # The last net: one line for people; the whole story for whoever asks for it.
        if os.environ.get("SOCTERM_DEBUG"):
            raise
        said = " ".join(str(error).split())
        say(f"{type(error).__name__}: {said[:300]} (SOCTERM_DEBUG=1 shows where)", ERROR)
        code = SoctermError.exit_code
    sys.exit(_all_written(code if isinstance(code, int) else 0))


def _replace_closed_streams() -> None:
    """Something stands at 0, 1 and 2 (cron and daemons may have closed them), or a store would.

    What is written to a closed standard output fails, as it should; what is said on a closed stderr is lost.
    """
    for name, mode in (("stdin", os.O_WRONLY), ("stdout", os.O_RDONLY), ("stderr", os.O_RDWR)):
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, mode)
            setattr(sys, name, os.fdopen(descriptor, "r" if name == "stdin" else "w", closefd=False))


def _all_written(code: int) -> int:
    """The exit code, once standard output has taken everything; what it cannot take is not tried again."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code if isinstance(error, BrokenPipeError) else code or SoctermError.exit_code
    return code


def _show_what_cannot_be_encoded() -> None:
    """Names and log text may have what a terminal's encoding has not: it is told as \\x…, no failure."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
