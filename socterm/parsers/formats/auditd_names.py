"""What the keys of audit records are called here, and how their values are written: tables only."""

from __future__ import annotations

NUMBERS = {
    "pid": "process.pid",
    "ppid": "process.parent.pid",
    "uid": "user.id",
    "auid": "user.audit.id",
    "euid": "user.effective.id",
    "suid": "user.saved.id",
    "fsuid": "user.filesystem.id",
    "gid": "user.group.id",
    "egid": "user.effective.group.id",
    "sgid": "user.saved.group.id",
    "fsgid": "user.filesystem.group.id",
    "id": "user.id",
    "ouid": "file.uid",
    "ogid": "file.gid",
    "sport": "source.port",
    "dport": "destination.port",
    "exit": "audit.exit",
    "items": "audit.items",
    "item": "audit.item",
    "argc": "audit.argc",
    "permissive": "audit.permissive",
    "sig": "audit.sig",
}
TEXTS = {
    "arch": "host.architecture",
    "syscall": "audit.syscall_number",
    "tty": "process.tty",
    "terminal": "process.tty",
    "unit": "service.name",
    "ses": "session.id",
    "grp": "group.name",
    "inode": "file.inode",
    "mode": "file.mode",
}
ENCODED = {
    "acct": "user.name",
    "cmd": "process.command_line",
    "comm": "process.name",
    "cwd": "process.working_directory",
    "exe": "process.executable",
    "proctitle": "process.title",
    "path": "file.path",
    **{
        name: f"audit.{name}"
        for name in (
            "data", "dir", "file", "info", "key", "name", "new_group", "ocomm", "profile", "root_dir", "sw",
            "target", "watch",
        )
    },
}  # fmt: skip
"""Keys whose value stands in quotes, or bare as hex where it holds what quotes cannot."""

NAMED = {
    "UID": "user.name",
    "AUID": "user.audit.name",
    "EUID": "user.effective.name",
    "SUID": "user.saved.name",
    "FSUID": "user.filesystem.name",
    "GID": "user.group.name",
    "EGID": "user.effective.group.name",
    "SGID": "user.saved.group.name",
    "FSGID": "user.filesystem.group.name",
    "ID": "user.name",
    "OUID": "file.owner",
    "OGID": "file.group",
    "SYSCALL": "audit.syscall",
    "ARCH": "host.architecture",
}
"""Keys auditd adds behind 0x1d when it enriches: the names of the numbers before it."""

SENDER = {"uid": "process.user.id", "UID": "process.user.name"}
"""In a message of user space that names an account, uid is that of the program that sent it."""
ACCOUNTS = frozenset({"acct", "id"})

OUTCOMES = {
    "success": "success", "yes": "success", "1": "success",
    "failed": "failure", "no": "failure", "0": "failure", "fail": "failure",
}  # fmt: skip

NAME_OF = {"file.uid": "file.owner", "file.gid": "file.group", "audit.exit": "audit.exit"}
"""What a name is called that stands where a number is usual; `….id` becomes `….name`."""

SURE = frozenset({"a0", "a1", "a2", "a3", "arch", "syscall", "success", "dev", "mode", "nametype", "inode"})
"""Keys that always have a value."""
