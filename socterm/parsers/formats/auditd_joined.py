"""What the records of one audit event tell each other: who runs what, from where, on which file or peer.

An event is several lines with one id, `SYSCALL` first. Each line stays an event of its own; what the earlier
ones told of the process is kept in the source's memory and carried by the later ones, until PROCTITLE or EOE
ends the event or newer ones push it out. On the way, lines are found to be what other log sources know: a
program run, a file written, a connection made.
"""

from __future__ import annotations

import posixpath
from typing import Any

from socterm.event import LogSource
from socterm.parsers.formats.auditd_fields import KINDS, take
from socterm.parsers.formats.auditd_sockaddr import unpacked
from socterm.parsers.formats.auditd_values import decoded
from socterm.parsers.marks import Fields
from socterm.parsers.memory import Memory
from socterm.taxonomy.logsources import logsources_of
from socterm.taxonomy.syscalls import ARCHITECTURES, SYSCALLS

CARRIED = (
    "process.pid", "process.parent.pid", "process.name", "process.executable", "process.tty", "session.id",
    "user.id", "user.name", "user.audit.id", "user.audit.name", "user.effective.id", "user.effective.name",
)  # fmt: skip
"""What a SYSCALL record tells that later records of its event carry."""

OPEN_EVENTS = 64
"""Events whose later records may still come."""
_ARGUMENTS_SHOWN = 64
_ARGUMENTS_LONGEST = 32_768
"""Characters kept of a command line that is spread over several records."""
_ALONE = " alone"
"""Kept where a program was run without its arguments ever being logged: then SYSCALL itself tells of it."""

_KEY = "audit"
_PATH = KINDS["PATH"]

PLAIN = logsources_of("auditd")
PROCESS = logsources_of("auditd", "process")
_CREATED = logsources_of("auditd", "created")
_DELETED = logsources_of("auditd", "deleted")
_CONNECTION = logsources_of("auditd", "connection")

_RUNS = frozenset({"execve", "execveat"})
_OPENS = {"open": "audit.a1", "openat": "audit.a2"}
"""Where a call has its flags."""
_EMPTIES = frozenset({"creat", "truncate", "ftruncate"})
_WRITE_FLAGS = 0o3 | 0o100 | 0o1000
"""Not read-only, O_CREAT, O_TRUNC."""
_EMPTY_FLAG = 0o1000
"""O_TRUNC: what the file held is gone."""
_RENAMES = frozenset({"rename", "renameat", "renameat2"})
_LISTENS = frozenset({"accept", "accept4", "recvfrom", "recvmsg", "recvmmsg", "getpeername"})
_UNDER_WAY = -115
"""A connect that does not wait answers EINPROGRESS."""

Note = dict[str, Any]
"""What is known of an event: who (carried fields), cwd, run, wrote, emptied, renames, old, call, failed,
argc, args, left."""
Sources = tuple[LogSource, ...]


def syscall(fields: Fields, note: Note) -> Sources:
    """SYSCALL: the first record of an event, on whom and what."""
    name = name_call(fields)
    note["who"] = {name: fields[name] for name in CARRIED if name in fields}
    note["call"] = name
    if fields.get("audit.success") == "no" and fields.get("audit.exit") != _UNDER_WAY:
        note["failed"] = True
    elif name in _RUNS:
        note["run"] = True
    elif name in _RENAMES:
        note["renames"] = True
    elif name in _EMPTIES:
        note["wrote"] = note["emptied"] = True
    elif name in _OPENS:
        _opened(fields.get(_OPENS[name], ""), note)
    return PLAIN


def name_call(fields: Fields) -> str:
    """Put the names of the architecture and of the system call for their numbers."""
    arch: str = fields.get("host.architecture", "")
    arch = fields["host.architecture"] = ARCHITECTURES.get(arch, arch)
    number: str = fields.pop("audit.syscall_number", "")
    name: str = fields.get("audit.syscall") or SYSCALLS.get(arch, {}).get(number, number)
    fields["audit.syscall"] = name
    return name


def _opened(flags: str, note: Note) -> None:
    """What a file was opened for: numbers as the kernel writes them, names as search tools do."""
    try:
        bits = int(flags, 16)
        wrote, emptied = bits & _WRITE_FLAGS, bits & _EMPTY_FLAG
    except ValueError:
        wrote, emptied = any(name in flags for name in _WRITE_NAMES), "O_TRUNC" in flags
    if wrote:
        note["wrote"] = True
    if emptied:
        note["emptied"] = True


_WRITE_NAMES = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC")


def execve(body: str, fields: Fields, note: Note) -> Sources:
    """EXECVE: the arguments, each in quotes or as hex; long ones in pieces, many over several records.

    The record that completes them has them all; those before show what they hold themselves.
    """
    left: dict[str, int] = note.pop("left", {})
    told = _arguments(body, fields, note, left)
    kept: dict[str, str] = note.pop("args", {})
    args = {**kept, **{number: kept.get(number, "") + text for number, text in told.items()}}
    length = sum(map(len, args.values()))
    missing = len(args) < note.get("argc", 0) or any(rest > 0 for rest in left.values())
    if missing and length < _ARGUMENTS_LONGEST:
        note["args"], note["left"] = args, left
        _shown(told, fields)
        return PLAIN
    _shown(args, fields)
    return ran(note)


def _arguments(body: str, fields: Fields, note: Note, left: dict[str, int]) -> dict[str, str]:
    """What one record says of the arguments, by number; `left`: how much of those in pieces is missing."""
    found: dict[str, list[str]] = {}
    last: list[str] = []
    for token in body[: 2 * _ARGUMENTS_LONGEST].partition("\x1d")[0].split(" "):
        key, equals, value = token.partition("=")
        if key == "argc" and value.isdecimal() and len(value) < 10:
            note["argc"] = fields["audit.argc"] = int(value)
        elif equals and key[:1] == "a":
            number, _, piece = key[1:].partition("[")
            if number.endswith("_len") and value.isdecimal() and len(value) < 10:
                left[number[:-4]] = int(value)
            elif number.isdecimal() and len(number) < 7 and (not piece or piece[:-1].isdecimal()):
                if not piece:
                    found[number] = []
                last = found.setdefault(number, [])
                last.append(decoded(value))
                if piece and number in left:
                    left[number] -= len(value.strip('"'))
        elif last and not equals and token:
            last.append(f" {token}")
    return {number: "".join(parts) for number, parts in found.items()}


def _shown(args: dict[str, str], fields: Fields) -> None:
    for number, text in args.items():
        if int(number) < _ARGUMENTS_SHOWN:
            fields[f"audit.a{number}"] = text
    fields["message"] = fields["process.command_line"] = _line_of(args)
    if "process.executable" not in fields and args.get("0", "").startswith("/"):
        fields["process.executable"] = args["0"]


def _line_of(args: dict[str, str]) -> str:
    return " ".join(args[number] for number in sorted(args, key=int))


def ran(note: Note) -> Sources:
    """A program was run, and no record before told of it."""
    if note.get("failed") or note.get("told"):
        return PLAIN
    note["told"] = True
    return PROCESS


def proctitle(body: str, fields: Fields, note: Note) -> Sources:
    """PROCTITLE: the command line, as the process shows it; it tells of a run where EXECVE did not."""
    title = decoded(body.partition("\x1d")[0].removeprefix("proctitle=").strip())
    fields["process.title"] = fields["message"] = title
    if not note.get("run") or note.get("told"):
        return PLAIN
    line = _line_of(note.get("args", {}))
    fields["process.command_line"] = line if len(line) > len(title) else title
    return ran(note)


def cwd(body: str, fields: Fields, note: Note) -> Sources:
    """CWD: where the process stood."""
    fields["process.working_directory"] = note["cwd"] = decoded(
        body.partition("\x1d")[0].removeprefix("cwd=")
    )
    return PLAIN


def path(body: str, fields: Fields, note: Note) -> Sources:
    """PATH: a file the call was about, and what became of it; `audit.emptied` where all it held is gone.

    A file that was renamed tells under its new name what it was called before.
    """
    take(_PATH, body.replace("\x1d", " ") if "\x1d" in body else body, fields)
    name = fields.pop("audit.name", "")
    if name:
        fields["file.path"] = absolute(name, note.get("cwd", ""))
    mode = fields.get("file.mode", "")
    if mode.isdecimal() and len(mode) > 4:
        fields["file.type"] = _FILE_TYPES.get(mode[:-4], "file")
        fields["file.mode"] = mode[-4:]
    happened = fields.get("audit.nametype")
    if not name or note.get("failed"):
        return PLAIN
    if happened == "CREATE":
        fields["event.type"] = ("creation",)
        if "old" in note:
            fields["file.Ext.original.path"] = note["old"]
        return _CREATED
    if happened == "DELETE":
        fields["event.type"] = ("deletion",)
        if "renames" in note:
            note["old"] = fields["file.path"]
        return _DELETED
    if happened == "NORMAL" and note.get("wrote"):
        fields["event.type"] = ("change",)
        if note.get("emptied"):
            fields["audit.emptied"] = True
        return _CREATED
    return PLAIN


_FILE_TYPES = {
    f"{zero}{digits}": kind
    for zero in ("", "0")
    for digits, kind in {
        "4": "dir", "12": "symlink", "2": "device", "6": "device", "1": "fifo", "14": "socket",
    }.items()
}  # fmt: skip
"""The upper digits of a mode (octal) → ECS file.type."""
_NOTHING: Note = {}


def absolute(name: str, base: str) -> str:
    """A path as it is from the root, where that can be told.

    >>> absolute("../etc/./passwd", "/home"), absolute("/var//run/", ""), absolute("x", "")
    ('/etc/passwd', '/var/run/', 'x')
    """
    if name[0] != "/":
        if base[:1] != "/":
            return name
        name = f"{base}/{name}"
    if "//" in name or "/." in name:
        slash = "/" if name[-1] == "/" else ""
        name = posixpath.normpath(name)
        name = (name[1:] if name[:2] == "//" else name) + (slash if name != "/" else "")
    return name


def sockaddr(body: str, fields: Fields, note: Note) -> Sources:
    """SOCKADDR: the peer of a connection, or the address that was bound."""
    packed, _, _ = body.partition("\x1d")[0].partition(" ")
    family, address, port = unpacked(packed.removeprefix("saddr="))
    call = note.get("call", "")
    if family:
        fields["audit.socket.family"] = family
    if family == "unix":
        if address:
            fields["audit.socket.path"] = address
        return PLAIN
    if not address:
        return PLAIN
    fields["network.type"] = family
    side = "source" if call in _LISTENS else "server" if call == "bind" else "destination"
    fields[f"{side}.ip"], fields[f"{side}.port"] = address, port
    if call != "connect" or note.get("failed"):
        return PLAIN
    fields["network.direction"] = "egress"
    fields["network.initiated"] = True
    return _CONNECTION


def note_of(mem: Memory, ident: str) -> Note:
    """What is known of an event, to be added to; an empty note if this is its first record."""
    notes = mem.recall(_KEY) or {}
    note: Note | None = notes.get(ident)
    if note is None:
        if len(notes) >= OPEN_EVENTS:
            gone: Note = notes.pop(next(iter(notes)))
            if gone.get("run") and not gone.get("told"):
                notes[_ALONE] = {"told": True}
        note = notes[ident] = {}
    mem.keep(_KEY, notes)
    return note


def known(mem: Memory, ident: str) -> Note:
    """What is known of an event, only to be looked at."""
    notes = mem.recall(_KEY)
    return _NOTHING if notes is None else notes.get(ident, _NOTHING)


def done(mem: Memory, ident: str) -> Note:
    """What is known of an event, which is over: it is forgotten."""
    notes = mem.recall(_KEY)
    if notes is None or ident not in notes:
        return {}
    note: Note = notes.pop(ident)
    mem.keep(_KEY, notes)
    return note


def speaks_alone(mem: Memory, note: Note) -> bool:
    """Whether a SYSCALL that ran a program has to tell of it itself: this log holds no arguments."""
    return bool(note.get("run")) and _ALONE in (mem.recall(_KEY) or ())


def has_arguments(mem: Memory) -> None:
    """EXECVE or PROCTITLE told of a run: from now on they do, as far as runs before are not waited for."""
    notes = mem.recall(_KEY)
    if notes is not None and notes.pop(_ALONE, None):
        for note in notes.values():
            note["told"] = True
        mem.keep(_KEY, notes)
