"""What auditd writes of files that are renamed and removed, where a rule watches for that."""

from __future__ import annotations

from socterm.demo.pen_audit import AuditPen, Who, text

_CAPS = "cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"


def rename(pen: AuditPen, at: float, who: Who, exe: str, folder: str, old: str, new: str, pid: int) -> float:
    """rename(2) of a file within `folder`, as a rule with the key "renamed" records it."""
    paths = (
        (0, folder, 1200, "040770", "PARENT"), (1, folder, 1200, "040770", "PARENT"),
        (2, f"{folder}/{old}", 7000 + sum(old.encode()), "0100660", "DELETE"),
        (3, f"{folder}/{new}", 7000 + sum(old.encode()), "0100660", "CREATE"),
    )  # fmt: skip
    return pen.event(at, ("SYSCALL", _call(who, exe, pid, 82, "rename", "renamed", 4)), *_records("/", paths))


def unlink(pen: AuditPen, at: float, who: Who, exe: str, folder: str, name: str, pid: int) -> float:
    """unlink(2) of a file in `folder`."""
    paths = (
        (0, folder, 1200, "040770", "PARENT"),
        (1, f"{folder}/{name}", 7000 + sum(name.encode()), "0100640", "DELETE"),
    )
    return pen.event(at, ("SYSCALL", _call(who, exe, pid, 87, "unlink", "renamed", 2)), *_records("/", paths))


def _call(who: Who, exe: str, pid: int, number: int, name: str, key: str, items: int) -> str:
    comm = exe.rsplit("/", 1)[1][:15]
    ids = " ".join(
        f"{kind}={who.uid}" for kind in ("uid", "gid", "euid", "suid", "fsuid", "egid", "sgid", "fsgid")
    )
    return (
        f"arch=c000003e syscall={number} success=yes exit=0 a0=7ffd1c20 a1=7ffd1d40 a2=0 a3=0 items={items} "
        f"ppid=1 pid={pid} auid={who.auid} {ids} tty={who.tty} ses={who.session} "
        f'comm={text(comm)} exe={text(exe)} subj=unconfined key="{key}"'
        f'\x1dARCH=x86_64 SYSCALL={name} AUID="{who.login}" UID="{who.name}" EUID="{who.name}"'
    )


def _records(cwd: str, paths: tuple[tuple[int, str, int, str, str], ...]) -> list[tuple[str, str]]:
    return [("CWD", f"cwd={text(cwd)}"), *(("PATH", _path(*path)) for path in paths)]


def _path(item: int, name: str, inode: int, mode: str, kind: str) -> str:
    where = f"inode={inode} dev=08:11 mode={mode} ouid=0 ogid=100 rdev=00:00"
    return f"item={item} name={text(name)} {where} nametype={kind} {_CAPS}"
