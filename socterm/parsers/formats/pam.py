"""Linux-PAM, whatever the service: verdicts on logins, sessions, changed passwords, locked accounts.

Where sshd tells of its failures itself, PAM's line comes first and would count the attempt before anybody
knows how it ended (another module may still accept the password). Such a line waits: it carries the user and
the address only as `related.*` and no outcome; sshd's next line stands for the attempt, or the connection's
end, or PAM's summary. Where sshd is silent, PAM's lines count at once.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "user.name")
('pam_login', 'failure', 'ann')
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from socterm.parsers.addresses import peer_of
from socterm.parsers.format import Format, Program
from socterm.parsers.marks import Fields, mark, put_peer, relate
from socterm.parsers.memory import Memory, Seen

_FAILURE = {
    "sshd": mark("ssh_login", "failure"),
    "su": mark("su", "failure"),
    "sudo": mark("sudo_failed", "failure"),
}
"""Which action a failed PAM authentication is, by service family."""

_OTHER_FAILURE = mark("pam_login", "failure")
_SUCCESS = mark("pam_login", "success")
_NOTED = mark("pam_login")
_OPENED = mark("session_opened")
_CLOSED = mark("session_closed")
_CHANGED = mark("password_changed", "success")
_NOT_CHANGED = mark("password_changed", "failure")
_LOCKED = mark("user_locked", "failure")  # the outcome is that of the login it answers

_ASKED_BY_OTHERS = frozenset({"sudo", "sudo-rs", "su", "su-l", "su-rs"})
"""Programs whose own lines name the user who asks; PAM's user may be the one asked for."""

_HEAD = re.compile(r"\[?\(?(pam_\w+)\)?\]?(?:\(([^:()]*)(?::([^()]*))?\))?\]?:?$")
_TEXT_SESSION = re.compile(
    r"session (opened|closed) for user (.*?)(?:\((?:uid=)?(\d{1,10})\))?"
    r"(?: by (.*?)\((?:uid=)?(\d{1,10})\))?$",
    re.DOTALL,
)
_KEPT = 4096
_heads: dict[str, tuple[str, str, str]] = {}
"""A pure memo: the same prefix always means the same."""

_MORE = re.compile(r"(?:PAM )?(\d{1,6}) more authentication failures?;")
_UID = re.compile(r" uid=(\d{1,10}) ")
_TTY = re.compile(r" tty=(\S+) ")
_QUOTED = re.compile(r"(?:user|for) [\"'\[]([^\"'\]]+)[\"'\]]")
_CHECKED = re.compile(r"password check failed for user \((.*)\)", re.DOTALL)
_LOCK = re.compile(r"Consecutive login failures for user (.+?) account (?:temporarily )?locked", re.DOTALL)
_TALLY = re.compile(r"user (.+?) \(\d+\) (?:has )?(?:tally|been locked)", re.DOTALL)
_PASSWORD_FOR = re.compile(r"password (?:changed|updated) for (.+)$", re.DOTALL)


def pam(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for lines PAM writes on behalf of any service."""
    first, blank, text = msg.partition(" ")
    head = (_heads.get(first) or _head(first)) if blank else None
    module, step = "pam_unix", ""
    if head is None:
        text = msg
    else:
        module, service, step = head
        f["pam.module"] = module
        if service:
            f["pam.service"] = service
    family = mem.family
    if text[:8] == "session ":
        return _session(text, f, mem, family)
    if text.startswith("authentication failure"):
        return _failure(text, f, mem, family, module, mem.times, waits=True)
    more = _MORE.match(text) if first == "PAM" or text[:1].isdecimal() else None
    if more is not None:
        return _failure(text, f, mem, family, "pam_unix", int(more[1]) * mem.times, waits=False)
    return _other(text, f, mem, step)


def _head(first: str) -> tuple[str, str, str] | None:
    """(module, service, step) of `pam_unix(sshd:auth):`, kept: there are few of them."""
    found = _HEAD.match(first) if len(first) < 200 else None
    if found is None:
        return None
    if len(_heads) >= _KEPT:
        _heads.clear()
    _heads[first] = head = (found[1], found[2] or "", found[3] or "")
    return head


def chkpwd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for unix_chkpwd, pam_unix's helper: an echo of the failure PAM itself reports."""
    found = _CHECKED.match(msg)
    if found is None:
        return mem.times
    f["user.name"] = found[1]
    f |= _OTHER_FAILURE
    return 0


def _session(text: str, f: Fields, mem: Memory, family: str) -> int:
    """session opened for user USER(uid=N) by USER(uid=N); session closed for user USER.

    Beside a command's own line from sudo, which names both users, sudo's session only has the effective one.
    """
    found = _TEXT_SESSION.match(text)
    if found is None:
        return mem.times
    user, by = found[2], found[4] or ""
    if family == "sudo":
        f["user.effective.name"] = user
        relate(f, user=by)
    elif family == "su":
        f["user.effective.name"] = user
        if by:
            f["user.name"] = by
    else:
        f["user.name"] = user
        if found[3]:
            f["user.id"] = int(found[3])
    f |= _OPENED if found[1] == "opened" else _CLOSED
    return mem.times


def _details(text: str) -> tuple[str, str, str]:
    """(user, remote user, remote host) of `…; logname= uid=0 euid=0 tty=ssh ruser=R rhost=H  user=U`.

    U and R are typed by the peer and may hold ` rhost=`: an empty R leaves only U to lie, at the end; else
    the last rhost is PAM's own.
    """
    after = text.partition(" ruser=")[2]
    if not after:
        after = " rhost=" + text.partition(" rhost=")[2]
    if after.startswith(" rhost="):
        ruser, rest = "", after[7:]
    else:
        ruser, _, rest = after.rpartition(" rhost=")
        ruser = ruser or after.partition(" ")[0]
    host, _, tail = rest.partition(" ")
    user = tail.strip().removesuffix(" [preauth]").removeprefix("[preauth]")
    return user[5:] if user.startswith("user=") else "", ruser, host


class _Told(NamedTuple):
    """What PAM says of a failed login: the user (or the remote one), the peer, and both as `related.*`."""

    user: str
    ruser: str
    rhost: str
    peer: str
    value: str
    noted: Fields


_told: dict[str, _Told] = {}
"""A pure memo: an attacker's failures read the same, one like the other."""


def _tell(text: str) -> _Told:
    user, ruser, rhost = _details(text)
    peer, value = peer_of(rhost)
    noted: Fields = {}
    relate(noted, user=user or ruser, ip=value if peer == "source.ip" else "")
    told = _Told(user, ruser, rhost, peer, value, noted | _NOTED)
    if len(text) < 300:
        if len(_told) >= _KEPT:
            _told.clear()
        _told[text] = told
    return told


def _failure(text: str, f: Fields, mem: Memory, family: str, channel: str, times: int, *, waits: bool) -> int:
    """authentication failure; … (which may wait for sshd's word), and N more authentication failures; …."""
    user, ruser, rhost, name, value, noted = _told.get(text) or _tell(text)
    if family == "su":
        return _su_failure(text, f, mem, user, ruser, channel, times)
    user = user or ruser
    seen = mem.process((value or user) if family == "sshd" else user)
    if name == "source.ip":
        if seen.ip != value:
            seen.meet(value, "", 0)
    elif name:
        seen.meet("", value, 0)
    seen.tell(channel, times)
    if user:
        seen.user = user
    if family == "sshd" and (seen.top == seen.counted or (waits and mem.may_wait())):
        f |= noted
        return 0
    _attribute(f, seen, rhost)
    if family != "sshd":
        tty = _TTY.search(text)
        if tty is not None:
            f["process.tty"] = tty[1]
    f.update(_FAILURE.get(family, _OTHER_FAILURE))
    return seen.settle()


def _attribute(f: Fields, seen: Seen, rhost: str) -> None:
    """The user and the peer of a failure, from the line or from what the process is known for."""
    if not put_peer(f, rhost) and seen.ip:
        f["source.ip"] = seen.ip
        if seen.port:
            f["source.port"] = seen.port
    if seen.user:
        f["user.name"] = seen.user


def _su_failure(text: str, f: Fields, mem: Memory, user: str, ruser: str, channel: str, times: int) -> int:
    """su asks for the target's password: PAM's user is the target, its remote user the one who asks."""
    seen = mem.process(f"su {ruser}")
    seen.tell(channel, times)
    if ruser:
        f["user.name"] = ruser
    if user:
        f["user.effective.name"] = user
    tty = _TTY.search(text)
    if tty is not None:
        f["process.tty"] = tty[1]
    f.update(_FAILURE["su"])
    return seen.settle()


def _other(text: str, f: Fields, mem: Memory, step: str) -> int:
    """What is neither a session nor a failed login: passwords, locks, module chatter."""
    read = _OTHERS.get(text.partition(" ")[0])
    if (read is None or not read(text, f, step)) and step == "auth":
        named = _QUOTED.search(text)
        if named is not None:
            relate(f, user=named[1])
        f |= _NOTED
    return mem.times


def _password(text: str, f: Fields, step: str) -> bool:
    """password changed for USER; new password not acceptable."""
    changed = _PASSWORD_FOR.match(text)
    if changed is not None:
        f["user.name"] = f["user.target.name"] = changed[1]
        f |= _CHANGED
    elif text.startswith("new password not acceptable"):
        f |= _NOT_CHANGED
    return step != "auth"


def _user(text: str, f: Fields, step: str) -> bool:
    """user "USER" does not exist in /etc/passwd; user USER (N) tally M, deny K."""
    tally = _TALLY.match(text)
    if tally is not None:
        f["user.name"] = tally[1]
        f |= _LOCKED
        return True
    if step != "chauthtok" or "does not exist" not in text:
        return False
    named = _QUOTED.match(text)
    if named is not None:
        f["user.name"] = named[1]
    f |= _NOT_CHANGED
    return True


def _locked(text: str, f: Fields, step: str) -> bool:  # noqa: ARG001 - one signature for the table
    """Consecutive login failures for user USER account temporarily locked."""
    lock = _LOCK.match(text)
    if lock is not None:
        f["user.name"] = lock[1]
        f |= _LOCKED
    return lock is not None


def _success(text: str, f: Fields, step: str) -> bool:  # noqa: ARG001 - one signature for the table
    """authentication success; …: sshd tells of its logins itself."""
    user, ruser, rhost = _details(text)
    put_peer(f, rhost)
    relate(f, user=user or ruser)
    if "sshd" in f.get("process.name", ""):
        f |= _NOTED
        return True
    if f.get("process.name") not in _ASKED_BY_OTHERS and (user or ruser):
        f["user.name"] = user or ruser
    f |= _SUCCESS
    return True


_OTHERS: dict[str, Callable[[str, Fields, str], bool]] = {
    "password": _password,
    "new": _password,
    "user": _user,
    "Consecutive": _locked,
    "authentication": _success,
}
"""First word → what reads the line: (text, fields, PAM step) → whether it was understood."""


_PAM = Program(pam, "pam")
FORMATS = (
    Format(
        name="pam",
        title="PAM, whichever program speaks for it",
        example="Nov 20 10:00:00 web1 gdm-password][8]: pam_unix(gdm-password:auth): authentication failure; "
        "logname= uid=0 euid=0 tty=/dev/tty1 ruser= rhost=  user=ann",
        programs={
            "unix_chkpwd": Program(chkpwd, "pam"),
            **dict.fromkeys(("gdm-password", "gdm"), _PAM),
        },
    ),
)
