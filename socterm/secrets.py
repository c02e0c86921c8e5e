"""Where passwords, tokens and keys come from; the configuration only ever says their names.

Looked for in this order: a credential that systemd handed over (`LoadCredential=`, systemd.exec(5)), a file
of the data folder that nobody else may read, the environment. The environment comes last because every
process of the same user can read it in /proc.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from socterm.config.kinds import SECRET_NAME
from socterm.config.places import data_dir
from socterm.errors import SoctermError, UsageError

LIMIT: Final = 64 << 10
"""Bytes a secret has at most; a key file of a certificate fits in."""

HIDDEN: Final = "[secret]"
"""What is shown in the place of one."""


class Secret:
    """A secret that is handed on: it is never shown by accident, only by `reveal`.

    Neither `repr`, `str`, formatting, pickling nor an exception with it in its arguments tells more than
    that it is one.

    >>> key = Secret("hunter2")
    >>> key, f"{key}", key.reveal()
    ([secret], '[secret]', 'hunter2')
    """

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The secret itself, for the one place that sends or compares it."""
        return self.__value

    def __bool__(self) -> bool:
        return bool(self.__value)

    def __repr__(self) -> str:
        return HIDDEN

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        raise TypeError("a secret is not written down")


def find(name: str, environ: Mapping[str, str]) -> str:
    """The secret of a name, without the newline at the end of its file.

    Raises `UsageError` where the name cannot be one, `SoctermError` where there is no such secret, where it
    is empty, or where its file is one that others may read. No message has any of its text.
    """
    return held(name, environ).reveal()


def held(name: str, environ: Mapping[str, str]) -> Secret:
    """As `find`, wrapped so that it cannot be shown by accident."""
    if not SECRET_NAME.fullmatch(name):
        raise UsageError(
            f"a secret's name is letters, digits, '-', '_' and '.', at most 64, not {_brief(name)}"
        )
    for path, guarded in _files(name, environ):
        text = _read(path, name, guarded=guarded)
        if text is not None:
            return Secret(_filled(text, name, str(path)))
    variable = variable_of(name)
    if variable in environ:
        return Secret(_filled(environ[variable], name, variable))
    raise SoctermError(f"there is no secret {name}: write it to {own_file(name, environ)} (mode 0600)")


def own_file(name: str, environ: Mapping[str, str]) -> Path:
    """Where a person puts a secret of this name."""
    return data_dir(environ) / "secrets" / name


def variable_of(name: str) -> str:
    """The environment variable that is asked last.

    >>> variable_of("mail-password")
    'SOCTERM_SECRET_MAIL_PASSWORD'
    """
    return "SOCTERM_SECRET_" + re.sub(r"[.-]", "_", name).upper()


def _files(name: str, environ: Mapping[str, str]) -> list[tuple[Path, bool]]:
    """The files to look in, and whether their mode is ours to check.

    That of a credential is systemd's: an access list for a dynamic user shows as bits of the group.
    """
    handed = Path(environ.get("CREDENTIALS_DIRECTORY", ""))
    return [*([(handed / name, False)] if handed.is_absolute() else []), (own_file(name, environ), True)]


def _read(path: Path, name: str, *, guarded: bool) -> str | None:
    try:
        # Not blocking: a pipe in the place of the file must not hold up the start.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SoctermError(f"the secret {name}: {path}: {error.strerror}") from None
    try:
        # What was opened is looked at, not what the path may name by now.
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise SoctermError(f"the secret {name}: {path} is no file")
        if guarded and (found.st_mode & 0o077 or found.st_uid not in (os.geteuid(), 0)):
            raise SoctermError(
                f"the secret {name}: others may read {path}: chmod 600 it, and make it your own"
            )
        data = os.read(descriptor, LIMIT + 1)
    finally:
        os.close(descriptor)
    if len(data) > LIMIT:
        raise SoctermError(f"the secret {name}: {path} is larger than {LIMIT >> 10} KiB")
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise SoctermError(f"the secret {name}: {path} is not UTF-8 text") from None


def _filled(text: str, name: str, where: str) -> str:
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise SoctermError(f"the secret {name}: {where} is empty")
    return text


def _brief(name: str) -> str:
    """A name as it may be shown: who puts the secret itself where its name belongs must not see it told."""
    return "that" if name else "nothing"
