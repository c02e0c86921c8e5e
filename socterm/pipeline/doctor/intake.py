"""Where lines come from: whether logs can be read and ports can be had."""

from __future__ import annotations

import contextlib
import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from socterm.config import ListenConfig
from socterm.errors import SoctermError
from socterm.pipeline.doctor.row import Row, bad, ok, warn
from socterm.sources.access import trouble_of
from socterm.sources.address import Address, CannotListenError, bind, parse_address
from socterm.sources.machine import has_journalctl, this_machines_logs
from socterm.sources.opening import STAND_INS
from socterm.sources.tls import lifetimes, server_context

_MOST: Final = 200
"""Files of one pattern that are looked at."""

_TABLES: Final = {"udp": ("udp", "udp6"), "tcp": ("tcp", "tcp6"), "tls": ("tcp", "tcp6")}


def logs(tail: Sequence[str], *, journal: bool) -> Iterator[Row]:
    """A row for each file, pattern or journal that is to be followed."""
    if not tail and not journal:
        yield from _machine()
        return
    for spec in tail:
        yield from _file(spec)
    if journal and not has_journalctl():
        yield bad("journal", "journalctl is not installed", "install systemd, or leave journal out")
    elif journal:
        trouble = _journal_trouble()
        if trouble:
            yield bad("journal", trouble, "see docs/sources.md")
        else:
            yield ok("journal", "can be followed")


def _journal_trouble() -> str:
    """Why the journal cannot be followed, "" where it can: what is said of a machine without log files."""
    _, reasons = this_machines_logs(Path("/nonexistent"))
    return reasons[0].removeprefix("journal: ") if reasons else ""


def _machine() -> Iterator[Row]:
    specs, reasons = this_machines_logs()
    for reason in reasons:
        yield warn("log", reason, "docs/sources.md says what can be read, and how")
    if specs:
        yield ok("log", f"none is configured; this machine's are {', '.join(specs)}")
    else:
        yield warn("log", "none is configured, and this machine has none to read", "set tail, or journal")


def _file(spec: str) -> Iterator[Row]:
    path = Path(spec).expanduser()
    found = _matches(path)
    if not found and glob.has_magic(spec):
        yield warn("log", f"{spec}: no file matches now", "those that come are read from their first line on")
    elif not found and path in STAND_INS and has_journalctl():
        trouble = _journal_trouble()
        if trouble:
            yield warn("log", f"{spec} is not there, and the journal: {trouble}", "name a log that is there")
        else:
            yield ok("log", f"{spec} is not there: the journal is followed in its place")
    elif not found:
        yield warn("log", f"{spec} is not there yet", "it is read once it is; see whether the name is right")
    closed = [(one, error) for one in found if (error := _closed(one)) is not None]
    for one, error in closed[:3]:
        said, todo = trouble_of(one, error)
        yield bad("log", f"{one}: {said}", todo or "see why the system does not give it")
    if len(closed) > 3:
        yield bad("log", f"{spec}: {len(closed) - 3} more files cannot be read", "as above")
    if found and not closed:
        yield ok("log", f"{spec} can be read" + (f", {len(found)} files" if len(found) > 1 else ""))


def _matches(path: Path) -> list[Path]:
    try:
        path.lstat()
    except FileNotFoundError:
        if not glob.has_magic(str(path)):
            return []
        return [Path(name) for name in sorted(glob.glob(str(path)))[:_MOST]]  # noqa: PTH207 - absolute
    except OSError:
        pass  # forbidden: opening it says why
    return [path]


def _closed(path: Path) -> OSError | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return error
    os.close(descriptor)
    return None


def listeners(
    specs: Sequence[str], ingest: str, listen: ListenConfig | None = None, now: int = 0
) -> Iterator[Row]:
    """Whether each port is free, or who has it, and whether what TLS needs is there and lasts.

    `ingest` is who ingests now ("process 7 on web01"), `now` the time (µs), 0 where it is not to be asked.
    """
    if any(spec.startswith("tls:") for spec in specs):
        yield from _certificates(listen or ListenConfig(), now)
    for spec in specs:
        try:
            address = parse_address(spec)
        except SoctermError:
            # What is wrong may be a password in it: the address is not repeated.
            yield bad(
                "listener", "an address of syslog is none", "write udp://, tcp:// or tls://ADDRESS:PORT"
            )
            continue
        yield _listener(address, ingest)


def _certificates(listen: ListenConfig, now: int) -> Iterator[Row]:
    try:
        server_context(listen, "tls")
    except SoctermError as error:
        yield bad("certificate", str(error), "socterm tls init makes them")
        return
    yield ok("certificate", f"{listen.cert} and its key can be used")
    yield from lasting("listen", listen.cert, listen.client_ca, now)


def lasting(section: str, cert: Path | None, client_ca: Path | None, now: int) -> Iterator[Row]:
    """Until when the certificates of a section's settings are valid; nothing for those unreadable."""
    for setting, life in lifetimes(cert, client_ca).items():
        name = f"{section}.{setting}"
        if not now or (trouble := life.trouble(now)) is None:
            yield ok("certificate", f"{name} is valid until {life.last_day}")
            continue
        verdict = warn if life.valid(now) else bad
        yield verdict("certificate", f"{name} {trouble.said}", trouble.todo)


def service(listen: str, ingest: str) -> Row:
    """The port that `socterm serve` answers at; one that is taken is no trouble to who does not use it."""
    row = _listener(parse_address(f"tcp://{listen}"), ingest, asked=f"socterm serve at {listen}")
    return row if row.verdict == "ok" else warn(row.what, row.said, row.todo)


def _listener(address: Address, ingest: str, asked: str = "") -> Row:
    where = asked or address.url
    holders = who_listens(address)
    ours = re.match(r"process (\d+) on ", ingest)
    pid = int(ours[1]) if ours else 0
    if pid in dict(holders) or (pid and not holders and same_user_listens(address, pid)):
        return ok("listener", f"{where}: our own ingest listens")
    try:
        for bound in bind(address):
            bound.close()
    except CannotListenError as error:
        who = ", ".join(f"{name} ({pid})" for pid, name in holders)
        if who:
            return bad("listener", f"{where}: {who} has the port", "stop that one, or choose another port")
        said, todo = error.trouble
        return bad("listener", f"{where}: {said}", todo or "choose an address of this machine")
    return ok("listener", f"{where}: the port is free")


def who_listens(address: Address, proc: Path = Path("/proc")) -> list[tuple[int, str]]:
    """The processes that have a port, as far as we may see: (pid, name), by their descriptors."""
    inodes = {inode for inode, _ in _listening(address, proc)}
    return sorted(_owners(inodes, proc)) if inodes else []


def same_user_listens(address: Address, pid: int, proc: Path = Path("/proc")) -> bool:
    """Whether the user of a process has the port.

    A service in a user name space of its own (PrivateUsers=) shows its descriptors to root alone.
    """
    try:
        owner = (proc / str(pid)).stat().st_uid
    except OSError:
        return False
    return owner in {uid for _, uid in _listening(address, proc)}


def _listening(address: Address, proc: Path) -> Iterator[tuple[str, int]]:
    """(inode, user) of the sockets that have a port, proc_net_tcp and its like."""
    for table in _TABLES[address.scheme]:
        with contextlib.suppress(OSError):
            for row in (proc / "net" / table).read_text().splitlines()[1:]:
                cells = row.split()
                listening = table.startswith("udp") or cells[3] == "0A"
                if listening and int(cells[1].rpartition(":")[2], 16) == address.port:
                    yield cells[9], int(cells[7])


def _owners(inodes: set[str], proc: Path) -> Iterator[tuple[int, str]]:
    for folder in proc.iterdir():
        if not folder.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            for descriptor in (folder / "fd").iterdir():
                with contextlib.suppress(OSError):
                    found = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
                    if found and found[1] in inodes:
                        yield int(folder.name), (folder / "comm").read_text(errors="replace").strip()
                        break
