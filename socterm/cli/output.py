"""How the command line prints: tables for people, JSON for programs, hostile text cleaned for both."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from socterm.visible import visible

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


def stamp(ts: int) -> str:
    """µs as ISO 8601 with six digits and Z; "" for 0."""
    if not ts:
        return ""
    seconds, micros = divmod(ts, 1_000_000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return str(ts)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{micros:06d}Z"


def second(ts: int) -> str:
    """µs as ISO 8601 to the second, with Z, for what people read; "" for 0."""
    said = stamp(ts)
    return f"{said[:19]}Z" if said.endswith("Z") else said


def put_json(value: Any) -> None:
    """One JSON object on one line. Control characters of log text are escaped by JSON itself."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    said = json.dumps(value, ensure_ascii=not _utf8(), default=_plain)
    try:
        said.encode()
    except UnicodeEncodeError:  # bytes of a file name that are no text
        said = json.dumps(value, default=_plain)
    sys.stdout.write(said + "\n")


def _utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8" and not sys.stdout.isatty()


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    return str(value)


clean = visible
"""Text that may go to a terminal: control, direction and invisible characters are made visible."""


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns padded to their widest cell; the last one runs free."""
    lines = [[clean(str(cell)) for cell in row] for row in rows]
    widths = [max([len(name), *(len(line[n]) for line in lines)]) for n, name in enumerate(header)]
    for line in [list(header), *lines]:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())
