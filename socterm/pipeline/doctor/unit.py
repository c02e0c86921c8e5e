"""The service that runs under a configuration: what systemd gives it and a person's own shell does not.

A person looks as the service's user, not as the service: credentials are handed to the service alone, and its
folders are named in its environment. Its unit file says so to everybody.
"""

from __future__ import annotations

import pwd
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from socterm.pipeline.doctor.row import Row, ok, warn

NAME: Final = "socterm.service"

_PATIENCE: Final = 5.0
"""Seconds that systemctl may take."""

_HANDING: Final = frozenset({
    "LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted",
})  # fmt: skip
"""Settings that begin with a credential's name, systemd.exec(5)."""

_FOLDERS: Final = re.compile(r"(?:XDG_|SOCTERM_)[A-Z_]+")
"""Variables of a service that matter to where socterm looks and what it does."""


class Unit(msgspec.Struct, frozen=True):
    """What a unit file says: who runs which command, with which variables and credentials."""

    user: str
    command: str
    environment: Mapping[str, str]
    credentials: frozenset[str]

    def reads(self, config: Path) -> bool:
        """Whether that is the configuration of the service."""
        return str(config) in _words(self.command)


NONE: Final = Unit("", "", {}, frozenset())
"""No such service, or no systemd."""


def understood(text: str) -> Unit:
    """What `systemctl cat` prints: a unit file and what was added to it, in the order in which they count."""
    user = command = ""
    environment: dict[str, str] = {}
    credentials: set[str] = set()
    for key, value in _settings(text):
        if key == "User":
            user = value
        elif key == "ExecStart":
            command = value
        elif key == "Environment":
            environment = environment | _assigned(value) if value else {}
        elif key in _HANDING and value:
            credentials.add(value.partition(":")[0])
        elif key in _HANDING:
            credentials.clear()
    return Unit(user, command, environment, frozenset(credentials))


def found(config: Path, systemctl: str = "systemctl") -> Unit:
    """The service that is run with a configuration file, `NONE` where there is none."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell, nothing of anybody else in it
            [systemctl, "cat", "--no-pager", NAME],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return NONE
    unit = understood(done.stdout.decode("utf-8", "replace"))
    return unit if done.returncode == 0 and unit.reads(config) else NONE


def user(unit: Unit, uid: int) -> Iterator[Row]:
    """Whether who looks has the rights of the service: all else that is said is true of who looks only."""
    if not unit.user:
        return
    try:
        wanted = pwd.getpwnam(unit.user).pw_uid
    except KeyError:
        yield warn("user", f"{NAME} runs as {unit.user}, whom this machine does not know", "systemd-sysusers")
        return
    if uid == wanted:
        yield ok("user", f"{unit.user}, as {NAME}")
    else:
        yield warn(
            "user", f"{NAME} runs as {unit.user}: what follows is true of another user",
            f"sudo -u {unit.user} socterm doctor --config FILE",
        )  # fmt: skip


def _settings(text: str) -> Iterator[tuple[str, str]]:
    """Assignments of [Service]; a backslash at the end of a line goes on with the next one."""
    section = ""
    for line in re.sub(r"\\\n", " ", text).splitlines():
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped
        elif section == "[Service]" and stripped[:1] not in ("", "#", ";"):
            key, is_one, value = stripped.partition("=")
            if is_one:
                yield key.strip(), value.strip()


def _assigned(value: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in _words(value))
    return {name: said for name, is_one, said in pairs if is_one and _FOLDERS.fullmatch(name)}


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return []
