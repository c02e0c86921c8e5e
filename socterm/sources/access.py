"""Why a log cannot be read, in one line that says what to do about it."""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path

from socterm.errors import Trouble

WAITING = "waiting for it to be created"


def as_text(path: Path | str) -> str:
    r"""A path, or what is said about one, as text that can be stored: bytes that are no UTF-8 become `\xff`.

    A file's name may be any bytes (Python hands them over as lone surrogates, PEP 383), and whoever may
    write into a folder that a glob watches can choose them.
    """
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def why_not(path: Path, error: OSError) -> str:
    """One line for a file that could not be opened: missing, forbidden (names the group to join), other."""
    return str(trouble_of(path, error))


def trouble_of(path: Path, error: OSError) -> Trouble:
    """The same as what is wrong and what to do."""
    if isinstance(error, FileNotFoundError):
        return Trouble(WAITING)
    if isinstance(error, PermissionError):
        return Trouble("permission denied", _remedy(path))
    return Trouble(f"cannot read it: {error.strerror or error}")


def _remedy(path: Path) -> str:
    barrier = _barrier(path)
    try:
        info = barrier.stat()
    except OSError:
        return "ask its owner, or run as root"
    group = group_name(info.st_gid)
    needed = stat.S_IXGRP if stat.S_ISDIR(info.st_mode) else stat.S_IRGRP
    if info.st_mode & needed and group != "root":
        return f"join group {group}: sudo usermod -aG {group} $USER, then log in again"
    return f"only {_user_name(info.st_uid)} may read {barrier}: run as that user, or give a group the right"


def _barrier(path: Path) -> Path:
    """The file itself, or the outermost directory that does not let us through to it."""
    for folder in reversed(path.parents):
        if not os.access(folder, os.X_OK, effective_ids=True):
            return folder
    return path


def group_name(gid: int) -> str:
    """A group's name, or its number where it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
