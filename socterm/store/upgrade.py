"""A store is copied before it is brought to the present schema: the former socterm can go on with it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from socterm.amounts import shown_size
from socterm.errors import StoreError, StoreFullError
from socterm.store.copying import born, copied, put
from socterm.whole import clear

SPARE: Final = 8 << 20
"""Bytes that must be left on the disk beside the copy: the migrations themselves write as well."""

Say = Callable[[str], None]
"""Called with one line for a person."""


def unsaid(_line: str) -> None:
    """Nobody is there to be told."""


def copy_of(path: Path, schema: str) -> Path:
    """Where a store is kept as it was under a schema: one copy for each, beside it."""
    return path.with_name(f"{path.name}.{schema}.backup")


def keeping(path: Path, say: Say = unsaid) -> Callable[[str, str], None]:
    """What `schema.migrate` is to do first, told the schema there is and the one to come.

    It raises StoreFullError where there is no room and StoreError where no copy can be made: then nothing
    has been changed. A copy that an earlier try left under the same name is replaced.
    """

    def before(schema: str, wanted: str) -> None:
        real = path.resolve()
        target = copy_of(real, schema)
        _refuse_others(real, target)
        clear(target)  # half a copy of a try that was killed may be what takes the room
        _refuse_full(real)
        with copied(real, target) as part:
            size = part.stat().st_size
            put(part, target)
        said = f"{path} is upgraded from schema {schema} to {wanted}"
        say(f"{said}; as it was it is kept in {target} ({shown_size(size)})")

    return before


def _refuse_others(real: Path, target: Path) -> None:
    """StoreError where something else has the copy's name."""
    try:
        known = not target.exists() or born(target) in (0, born(real))
    except StoreError:
        known = False
    if not known:
        raise StoreError(f"{target} is no copy of this store but in the place of one: move it away")


def _refuse_full(real: Path) -> None:
    wal = real.with_name(real.name + "-wal")
    need = real.stat().st_size + (wal.stat().st_size if wal.exists() else 0) + SPARE
    free = shutil.disk_usage(real.parent).free
    if free < need:
        raise StoreFullError(
            f"no room in {real.parent} for the copy that is kept before a store is upgraded: it needs "
            f"{shown_size(need)}, {shown_size(free)} are free; nothing was changed"
        )
