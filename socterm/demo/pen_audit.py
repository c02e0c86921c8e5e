"""What auditd writes (log_format=ENRICHED, name_format=HOSTNAME); an event's records share a serial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from socterm.demo.cast import Host
from socterm.demo.model import Log
from socterm.demo.sheet import STAMP, Sheet
from socterm.demo.stamps import epoch_ms

AUDIT = Log("audit.log", epoch_ms)
"""/var/log/audit/audit.log."""

UNSET = 4294967295
"""auid and ses of what no login led to: daemons and their children."""


class Who(NamedTuple):
    """On whose behalf a process runs: the account it has, and the login it came from."""

    name: str
    uid: int
    login: str = "unset"
    auid: int = UNSET
    session: int = UNSET
    tty: str = "(none)"


class AuditPen:
    """Writes audit events of one host. Times are seconds; a method returns the time after its last line."""

    def __init__(self, sheet: Sheet, host: Host) -> None:
        self._sheet = sheet
        self._host = host

    def event(self, at: float, *records: tuple[str, str]) -> float:
        """One event of (type, fields) records."""
        self._sheet.begin(self._host.name, "a", 5410)
        self._sheet.begin(self._host.name, "p", 20400)
        serial = self._sheet.token("a")
        head = f"node={self._host.name} type="
        lines = [f"{head}{kind} msg=audit({STAMP}:{serial}): {fields}" for kind, fields in records]
        return self._sheet.put(at, AUDIT, "\n".join(lines), host=self._host.name)

    def run(
        self,
        at: float,
        who: Who,
        exe: str,
        argv: Sequence[str],
        *,
        cwd: str = "/",
        parent: str = "",
        pid: str = "",
        script: bool = False,
    ) -> float:
        """A program that is run, as the usual rule on execve (key "exec") records it."""
        comm = exe.rsplit("/", 1)[1][:15]
        ids = " ".join(
            f"{kind}={who.uid}" for kind in ("uid", "gid", "euid", "suid", "fsuid", "egid", "sgid", "fsgid")
        )
        names = " ".join(f'{kind}="{who.name}"' for kind in ("UID", "GID", "EUID", "SUID", "FSUID"))
        call = (
            f"arch=c000003e syscall=59 success=yes exit=0 a0=55d0c0a81c10 a1=55d0c0a81d60 a2=55d0c0a7f9c0 "
            f"a3=8 items=2 ppid={parent or self._sheet.token('p')} pid={pid or self._sheet.token('p')} "
            f'auid={who.auid} {ids} tty={who.tty} ses={who.session} comm="{comm}" exe="{exe}" '
            f'subj=unconfined key="exec"\x1dARCH=x86_64 SYSCALL=execve AUID="{who.login}" {names}'
        )
        words = " ".join(f"a{number}={text(word)}" for number, word in enumerate(argv))
        title = "\0".join(argv).encode().hex().upper()
        first = argv[0] if script else exe
        return self.event(
            at,
            ("SYSCALL", call),
            ("EXECVE", f"argc={len(argv)} {words}"),
            ("CWD", f"cwd={text(cwd)}"),
            (
                "PATH",
                f'item=0 name={text(first)} {_INODE} nametype=NORMAL {_CAPS}\x1dOUID="root" OGID="root"',
            ),
            ("PROCTITLE", f"proctitle={title}"),
        )

    def cron_session(self, at: float, who: Who, *, lasts: float) -> float:
        """PAM's records around a job of cron."""
        pid = self._sheet.token("p")
        for kind, op in (("USER_ACCT", "accounting"), ("CRED_ACQ", "setcred")):
            at = self.event(at, (kind, _pam(pid, Who("root", 0), op, who.name, "/usr/sbin/cron")))
        login = (
            f"pid={pid} uid=0 subj=unconfined old-auid={UNSET} auid={who.auid} tty=(none) old-ses={UNSET} "
        )
        at = self.event(
            at, ("LOGIN", f'{login}ses={who.session} res=1\x1dUID="root" OLD-AUID="unset" AUID="{who.login}"')
        )
        at = self.event(at, ("USER_START", _pam(pid, who, "session_open", who.name, "/usr/sbin/cron")))
        at += lasts
        at = self.event(at, ("CRED_DISP", _pam(pid, who, "setcred", who.name, "/usr/sbin/cron")))
        return self.event(at, ("USER_END", _pam(pid, who, "session_close", who.name, "/usr/sbin/cron")))

    def service(self, at: float, kind: str, unit: str) -> float:
        """systemd starts or stops a unit: SERVICE_START, SERVICE_STOP."""
        process = 'comm="systemd" exe="/usr/lib/systemd/systemd"'
        said = f"unit={unit} {process} hostname=? addr=? terminal=? res=success"
        fields = (
            f'pid=1 uid=0 auid={UNSET} ses={UNSET} subj=unconfined msg=\'{said}\'\x1dUID="root" AUID="unset"'
        )
        return self.event(at, (kind, fields))


_INODE = "inode=1441 dev=08:01 mode=0100755 ouid=0 ogid=0 rdev=00:00"
_CAPS = "cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0"


def text(word: str) -> str:
    """A value as the kernel writes it: quoted, or in hexadecimal where it has blanks, quotes or worse.

    >>> text("-c"), text("id; ls")
    ('"-c"', '69643B206C73')
    """
    plain = word.isascii() and all("!" <= letter <= "~" and letter != '"' for letter in word)
    return f'"{word}"' if plain else word.encode().hex().upper()


def _pam(pid: str, who: Who, op: str, account: str, exe: str) -> str:
    where = f'exe="{exe}" hostname=? addr=? terminal=cron res=success'
    said = f'op=PAM:{op} grantors=pam_permit acct="{account}" {where}'
    return (
        f"pid={pid} uid=0 auid={who.auid} ses={who.session} subj=unconfined "
        f'msg=\'{said}\'\x1dUID="root" AUID="{who.login}"'
    )
