"""The store: rights, health, growth against the room there is; and the rules in force as it knows them."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from socterm.amounts import shown_size
from socterm.errors import SoctermError
from socterm.pipeline.doctor.row import Row, bad, ok, warn
from socterm.sigma.model import RuleSet
from socterm.store.upgrade import SPARE
from socterm.store.upkeep.health import StoreHealth

LEAST: Final = 256 << 20
"""Bytes free on the disk below which something has to be done now."""

SOON, VERY_SOON = 30.0, 3.0
"""Days until the disk is full."""


def rights(path: Path) -> Iterator[Row]:
    """Whether the store and its folder can be written, and whether others can read them."""
    what = "store rights"
    folder = path.parent
    if not path.exists():
        there = next((parent for parent in path.parents if parent.exists()), Path("/"))
        if os.access(there, os.W_OK | os.X_OK):
            yield ok(what, f"{path} is not there yet: socterm run makes it")
        else:
            yield bad(what, f"{path} cannot be made", f"give this user the right to write in {there}")
        return
    if not os.access(path, os.R_OK):
        yield bad(what, f"{path} may not be read", "run as its owner, or name another one with --db")
        return
    if not (os.access(path, os.W_OK) and os.access(folder, os.W_OK)):
        yield warn(
            what, f"{path} may not be written", "it can be looked at; ingest and decisions need its owner"
        )
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        yield warn(what, f"others have rights on {path} (mode {mode:04o})", f"chmod 600 {path}")
    else:
        yield ok(what, f"{path}, mode {mode:04o}")


def state(found: StoreHealth | SoctermError | None) -> Iterator[Row]:
    """Schema, file, who ingests, what was lost. None where there is no store yet."""
    if found is None:
        return
    if isinstance(found, SoctermError):
        yield bad("store", str(found), "socterm db restore puts a copy in its place")
        return
    if found.damage:
        yield bad(
            "store",
            f"damaged: {found.damage}",
            "socterm db check says more, socterm db restore puts a copy there",
        )
    elif not found.checked:
        yield ok("store", f"{shown_size(found.size)}; a whole check takes longer: socterm db check")
    else:
        yield ok("store", f"sound, {shown_size(found.size)}")
    if found.behind:
        yield warn(
            "schema", f"{found.schema}, {found.behind} behind this socterm",
            "the next socterm that opens it upgrades it, and keeps a copy",
        )  # fmt: skip
    else:
        yield ok("schema", found.schema)
    yield ok("ingest", f"{found.ingest} ingests" if found.ingest else "nobody ingests now")
    if found.dropped:
        yield warn(
            "losses",
            f"{found.dropped:,} lines were dropped in all",
            "socterm sources list says where and why",
        )
    else:
        yield ok("losses", "none")


def room(path: Path, found: StoreHealth | SoctermError | None, limit: int) -> Row:
    """Free space against growth; `limit` is retention.max_size in bytes, 0 for none."""
    what = "disk"
    folder = next((parent for parent in path.parents if parent.exists()), Path("/"))
    free = shutil.disk_usage(folder).free
    said = f"{shown_size(free)} free"
    if free < LEAST:
        return bad(what, f"{said} in {folder}", "free some space, or set retention.max_size")
    if isinstance(found, StoreHealth) and found.behind and free < found.size + SPARE:
        said = f"{said} in {folder}, {shown_size(found.size + SPARE)} are needed"
        return bad(what, said, "the store is copied before it is upgraded: free some space")
    if not isinstance(found, StoreHealth) or not found.a_day:
        return ok(what, f"{said}; how much the store grows is not known yet")
    said = f"{said}, {shown_size(found.a_day)} more a day"
    if 0 < limit <= found.size + free:
        return ok(what, f"{said}, kept below {shown_size(limit)}")
    days = free / found.a_day
    if days >= SOON:
        return ok(what, f"{said}: enough for {days:,.0f} days")
    todo = "set retention.older or retention.max_size: docs/retention.md"
    return (bad if days < VERY_SOON else warn)(what, f"{said}: full in {days:.1f} days", todo)


def rules(loaded: RuleSet) -> Iterator[Row]:
    """How many rule documents have which fate, those that are not as they should be first."""
    counts: dict[str, int] = {}
    for fate in loaded.fates:
        counts[fate.fate] = counts.get(fate.fate, 0) + 1
    said = ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items()))
    if not counts.get("active"):
        yield bad("rules", said or "there are none", "nothing can be detected: see socterm rules list")
    else:
        yield ok("rules", said)
    for what, todo in (
        ("refused", "socterm rules check says why"),
        ("disabled", "socterm rules list says why"),
    ):
        named = [fate.title or fate.path for fate in loaded.fates if fate.fate == what]
        if named:
            more = f" and {len(named) - 1:,} more" if len(named) > 1 else ""
            yield warn("rules", f"{what}: {named[0]}{more}", todo)
