"""The command line: one file a command family, each imported only when it is called."""

from __future__ import annotations

import os
import sys
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING, Final

from socterm.cli.group import cli
from socterm.cli.saying import ERROR, say
from socterm.errors import SoctermError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

__all__ = ["cli", "main"]

_OUTPUT: Final = "standard output"


def main() -> None:
    """Run `socterm`; mistakes become one line on stderr and an exit code (2 usage, 3 could not run)."""
    import click

    _replace_closed_streams()
    _name_standard_output()
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
        code = SoctermError.exit_code
        if isinstance(error, OSError) and error.filename == _OUTPUT:
            say(_lost(error), ERROR)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing more is tried
        else:
            said = " ".join(str(error).split())
            say(f"{type(error).__name__}: {said[:300]} (SOCTERM_DEBUG=1 shows where)", ERROR)
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
    """The exit code, once standard output has taken everything; what it does not take is told, and lost."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return code
        say(_lost(error), ERROR)
        return code or SoctermError.exit_code
    return code


def _lost(error: OSError) -> str:
    return f"{_OUTPUT}: {error.strerror}: what is written there is not complete"


class _Output(FileIO):
    """Standard output whose errors say whose they are: a full disk may be that of any file."""

    def write(self, data: Buffer, /) -> int:
        """Write what there is room for."""
        try:
            return super().write(data)
        except OSError as error:
            error.filename = _OUTPUT
            raise


def _name_standard_output() -> None:
    """Have its errors told from others', whether it is buffered or not (`PYTHONUNBUFFERED`).

    Where something else stands in its place, that stays.
    """
    plain = sys.stdout
    if not isinstance(plain, TextIOWrapper) or not isinstance(plain.buffer, BufferedWriter | FileIO):
        return
    if plain.fileno() != 1:
        return
    raw = _Output(1, "wb", closefd=False)
    sys.stdout = TextIOWrapper(
        BufferedWriter(raw) if isinstance(plain.buffer, BufferedWriter) else raw,
        encoding=plain.encoding,
        errors=plain.errors,
        line_buffering=plain.line_buffering,
        write_through=plain.write_through,
    )


def _show_what_cannot_be_encoded() -> None:
    """Names and log text may have what a terminal's encoding has not: it is told as \\x…, no failure."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
