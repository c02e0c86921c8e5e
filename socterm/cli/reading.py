"""Opening a store to read it or to decide, and the options such commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from socterm.cli.saying import say
from socterm.cli.settings import clock, configure
from socterm.config import Config
from socterm.errors import SoctermError, StoreFullError, UsageError
from socterm.query import Query, parse
from socterm.query.times import duration, interval
from socterm.store import Store, open_store
from socterm.store.opening import make_readable

MOST: Final = (1 << 63) - 1
"""The greatest number that the store can hold."""


class Number(click.types.IntParamType):
    """The number of an alert, incident or exception, as it was told."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """A number that the store can look up."""
        found: int = super().convert(value, param, ctx)
        if not -MOST <= found <= MOST:
            self.fail(f"{value} is greater than any number there is", param, ctx)
        return found


NUMBER: Final = Number()


def store_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--db` and `--config`."""
    function = click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE", help="Configuration file."
    )(function)
    return click.option(
        "--db", type=click.Path(path_type=Path), metavar="FILE", help="The store (one SQLite file)."
    )(function)


@contextmanager
def opened(
    db: Path | None, config: Path | None, *, readonly: bool | None = True
) -> Iterator[tuple[Store, Config]]:
    """The store named or configured; with `readonly` None for writing too where that is possible.

    Raises `SoctermError` where there is none.
    """
    settings = configure({"db": db, "config": config})
    _refuse_missing(settings.db)
    if readonly is None:
        readonly = not (os.access(settings.db, os.W_OK) and os.access(settings.db.resolve().parent, os.W_OK))
        try:
            store = open_store(settings.db, readonly=readonly, say=say)
        except StoreFullError:
            store = open_store(settings.db, readonly=True)
    else:
        store = open_store(settings.db, readonly=readonly, say=say)
    try:
        yield store, settings
    finally:
        store.close()


def store_path(db: Path | None, config: Path | None) -> Path:
    """Where the store named or configured lies, of the present schema.

    Raises `SoctermError` where there is none.
    """
    path = store_file(db, config)
    make_readable(path, say)
    return path


def store_file(db: Path | None, config: Path | None) -> Path:
    """Where the store named or configured lies, whatever it is. Raises `SoctermError` where nothing is."""
    path = configure({"db": db, "config": config}).db
    _refuse_missing(path)
    return path


def _refuse_missing(path: Path) -> None:
    if not path.exists():
        raise SoctermError(f"{path}: no store there yet; socterm or socterm run makes it")


def query_of(words: tuple[str, ...]) -> Query:
    """The query of a command's arguments, relative times read from now."""
    return parse(" ".join(words), now=clock())


def moment(option: str, text: str, now: int) -> tuple[int, int]:
    """[from, to) in µs of a time as people write it: a day, minute or second, or how long ago.

    Raises `UsageError` that names the option for what is no time.
    """
    back = duration(text)
    found = (now - back, now - back + 1) if back is not None else interval(text, now)
    if found is None:
        raise UsageError(f"{option}: {text!r} is no time, such as 2026-11-20, 2026-11-20T10:00 or 7d")
    return found
