"""Dropbear, the small SSH server of routers and initramfs: the same actions as OpenSSH's.

A user's name stands in quotation marks and may hold any; the peer is at the end, or first behind `from <`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('ssh_login', 'failure', '192.0.2.146')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.formats.peers import put_end_of
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory

_LOGGED_IN = mark("ssh_login", "success")
_FAILED = mark("ssh_login", "failure")
_CONNECT = mark("ssh_connect")
_LEFT = mark("ssh_disconnect")
_CLOSED = mark("ssh_preauth_close")

_AGAIN = re.compile(r"\[\d{1,10}\] (?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )?")
"""What dropbear writes with -E and a supervisor hands to syslog with a head of its own."""
_BAD = re.compile(
    r"(?:[Bb]ad (?:password|PAM password|hostbased|pubkey)|Too-long password) attempt for '(.*)' from "
    r"(\S{3,80})$",
    re.DOTALL,
)
_FORGED = re.compile(
    r"[Pp]ubkey auth bad signature for '(.*)' with (?:\S{1,40} )?key \S{1,200} from (\S{3,80})$", re.DOTALL
)
_REJECTED = re.compile(
    r"(?:[Uu]ser '(.*)' has (blank password|invalid shell), rejected|User account '(.*)' is (locked)"
    r"|(root) (login rejected))$",
    re.DOTALL,
)
"""Without the peer, which the line about the connection names."""
_BLANK = re.compile(r"Auth succeeded with blank password for '(.*)' from (\S{3,80})$", re.DOTALL)
_NOBODY = re.compile(
    r"[Ll]ogin attempt (?:for nonexistent user|with wrong user .{0,300})(?: '(.*)')? from (\S{3,80})$",
    re.DOTALL,
)
_GOOD = re.compile(
    r"(\w{1,10}(?:/\w{1,10})?|PAM password|Password) auth succeeded for '(.*)'(?: with "
    r"(?:\S{1,40} )?key (.{1,200}?))? from (\S{3,80})$",
    re.DOTALL,
)
_PUBKEY = re.compile(
    r"Pubkey auth succeeded for '(.*)' with (?:\S{1,40} )?(?:key )?(.{1,200}?) from (\S{3,80})$", re.DOTALL
)
_CHILD = re.compile(r"Child connection from (\S{3,80})$")
_EXIT_FROM = re.compile(
    r"Exit before auth from <(\S{3,80})>: (?:\(user '(.{0,300})', (\d{1,6}) fails?\): )?(.*)$", re.DOTALL
)
_EXIT = re.compile(
    r"Exit before auth(?: \(user '(.{0,300})', (\d{1,6}) fails?\))?: (.{0,300}?)(?: - user"
    r" '.{0,300}' from (\S{3,80}))?$",
    re.DOTALL,
)
_EXIT_USER = re.compile(r"Exit \((.{0,300})\)(?: from <(\S{3,80})>)?: (.*)$", re.DOTALL)


def dropbear(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for dropbear."""
    again = _AGAIN.match(msg)
    if again is not None:
        msg = msg[again.end() :]
    for form in (_BAD, _NOBODY):
        wrong = form.match(msg)
        if wrong is not None:
            return _failed(wrong[1] or "", wrong[2], form is _NOBODY, f, mem)
    forged = _FORGED.match(msg)
    if forged is not None:
        return _failed(forged[1], forged[2], False, f, mem, "publickey")
    rejected = _REJECTED.match(msg)
    if rejected is not None:
        return _rejected(rejected, f, mem)
    pubkey = _PUBKEY.match(msg)
    if pubkey is not None:
        return _logged_in(pubkey[1], pubkey[3], "publickey", f, mem)
    good = _GOOD.match(msg)
    if good is not None:
        return _logged_in(good[2], good[4], good[1].lower().replace("pam password", "password"), f, mem)
    blank = _BLANK.match(msg)
    if blank is not None:
        return _logged_in(blank[1], blank[2], "none", f, mem)
    child = _CHILD.match(msg)
    if child is not None:
        put_end_of(f, child[1])
        seen = mem.process()
        seen.meet(str(f.get("source.ip", "")), "", int(f.get("source.port", 0)))
        f |= _CONNECT
        return mem.times
    if msg.startswith("Exit before auth"):
        return _gave_up(msg, f, mem)
    gone = _EXIT_USER.match(msg)
    if gone is not None:
        f["user.name"], f["event.reason"] = gone[1], gone[3]
        put_end_of(f, gone[2] or "")
        f |= _LEFT
        return mem.times
    return pam(msg, f, mem)


def _rejected(found: re.Match[str], f: Fields, mem: Memory) -> int:
    """An account that nobody may log in to so, whatever the password."""
    f["user.name"] = found[1] or found[3] or found[5]
    f["event.reason"] = found[2] or found[4] or found[6]
    f |= _FAILED
    seen = mem.process()
    if seen.ip:
        f["source.ip"] = seen.ip
        if seen.port:
            f["source.port"] = seen.port
    seen.user = f["user.name"]
    return seen.count("dropbear", mem.times)


def _failed(user: str, peer: str, nobody: bool, f: Fields, mem: Memory, method: str = "password") -> int:
    value = put_end_of(f, peer)
    if user:
        f["user.name"] = user
    if nobody:
        f["ssh.invalid_user"] = True
    else:
        f["ssh.method"] = method
    f |= _FAILED
    seen = mem.process(value)
    if user:
        seen.user = user
    return seen.count("dropbear", mem.times)


def _logged_in(user: str, peer: str, method: str, f: Fields, mem: Memory) -> int:
    value = put_end_of(f, peer)
    f["user.name"], f["ssh.method"] = user, method
    f |= _LOGGED_IN
    mem.process(value).renew()
    return mem.times


def _gave_up(msg: str, f: Fields, mem: Memory) -> int:
    """Exit before auth …(user 'x', 10 fails): Max auth tries reached …: the sum of what was told before."""
    found = _EXIT_FROM.match(msg)
    if found is not None:
        peer, user, fails, reason = found.groups()
    else:
        other = _EXIT.match(msg)
        if other is None:
            return mem.times
        user, fails, reason, peer = other.groups()
    value = put_end_of(f, peer or "")
    f["event.reason"] = reason.partition(" - user '")[0]
    if user:
        f["user.name"] = user
    too_many = f["event.reason"].startswith("Max auth tries reached")
    if not (too_many or (fails and int(fails))):
        f |= _CLOSED
        return mem.times
    seen = mem.process(value)
    if not value and seen.ip:
        f["source.ip"] = seen.ip
    seen.at_least("exit", int(fails or 1))
    f |= _FAILED
    return seen.settle()


FORMATS = (
    Format(
        name="dropbear",
        title="Dropbear SSH server",
        example="Nov 20 10:00:00 router1 dropbear[4109]: Bad password attempt for 'root' from "
        "192.0.2.146:60588",
        programs={"dropbear": Program(dropbear, "dropbear", wraps=False, varies=True)},
    ),
)
