"""Dovecot, all generations: logins through IMAP, POP3, Sieve and submission, its checks of passwords,
deliveries.

One failed login is told up to three times: by PAM, by the auth process (`auth_verbose`), and when the
connection
ends (`auth failed, 3 attempts`). It counts once; see `tally`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('mail_login', 'failure', '192.0.2.31')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.pam import pam
from socterm.parsers.formats.tally import pam_told, settled, tally
from socterm.parsers.marks import Fields, mark, number, put_end, put_peer
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_LOGGED_IN = mark("mail_login", "success")
_FAILED = mark("mail_login", "failure")
_TRIED = mark("mail_login")
_LEFT = mark("mail_disconnect")
_ABUSE = mark("mail_abuse")
_DELIVERED = mark("mail_delivered", "success")

_SERVICES = frozenset(
    {
        "auth", "auth-worker", "anvil", "config", "dict", "dovecot-auth", "imap", "imap-hibernate",
        "imap-login",
        "imap-urlauth", "imap-urlauth-login", "indexer", "indexer-worker", "lda", "lmtp", "log",
        "managesieve",
        "managesieve-login", "master", "pop3", "pop3-login", "replicator", "script", "sieve", "stats",
        "submission", "submission-login", "doveadm", "dovecot",
    }
)  # fmt: skip
_SPEAKER = re.compile(r"([a-z][a-z0-9-]{1,20})(?:\(([^()]{0,300})\))?((?:<[^<>]{0,100}>){0,3}): ")
_LEVELS = ("Info: ", "Warning: ", "Error: ", "Fatal: ", "Panic: ", "Debug: ")
_PAIR = re.compile(r"(rip|lip|rport|lport|session)=(<[^<>]*>|[^\s,]*)")
_TRIES = re.compile(r"auth failed, (\d{1,6}) attempts?")
_LEAVING = (
    "Disconnected",
    "Aborted login",
    "Login aborted",
    "Client has quit",
    "Remote closed",
    "Maximum number",
)
_PASSDB = re.compile(
    r"(?:conn \S{1,60} \([^()]{0,60}\): |auth-worker<\d{1,12}>: |Worker \S{1,20}: ){0,3}"
    r"(?:pam|passwd|passwd-file|shadow|sql|ldap|ldapauth|checkpassword|bsdauth|lua|static|imap"
    r"|oauth2|dict|vpopmail)"
    r"\((.*),([\da-fA-F:.]{2,45})(?:,([^,]*))?\): (.*)",
    re.DOTALL,
)
_WRONG = (
    "unknown user", "password mismatch", "invalid credentials", "pam_authenticate() failed",
    "authentication failure",
    "user not found", "no such user", "login failed",
)  # fmt: skip
_AUTH_WHO = re.compile(r"(.*),([\da-fA-F:.]{2,45})(?:,.*)?$", re.DOTALL)
_SAVED = re.compile(
    r"(?:.{0,200}?)msgid=<?([^>\s]{0,250})>?: (?:saved|stored) mail (?:in)?to (?:mailbox )?'?(.{0,100}?)'?$"
)


def _pairs(text: str, f: Fields) -> tuple[str, str]:
    """user=<…>, method=…, rip=…: the answer is (user, address).

    Behind the last `rip=` nothing is the peer's; before it, the peer's name ends with the last bracket.
    """
    before, sep, behind = text.rpartition(", rip=") if ", rip=" in text else text.rpartition("rip=")
    found = dict(_PAIR.findall((sep + behind)[:2048]))
    address = put_peer(f, found.get("rip", ""), found.get("rport", ""))
    put_end(f, "destination", found.get("lip", ""), found.get("lport"))
    user, _, rest = (
        before.removeprefix("user=<").rpartition(">") if before.startswith("user=<") else ("", "", before)
    )
    if user:
        f["user.name"] = user
    if "method=" in rest:
        f["dovecot.method"] = rest.partition("method=")[2].partition(",")[0]
    if found.get("session"):
        f["dovecot.session"] = found["session"].strip("<>")
    return user, address


def _login(text: str, f: Fields, mem: Memory, ts: int, host: str) -> int:
    """What the login services say: Login: … (2.4: Logged in: …), Disconnected (…): …, Aborted login (…): …"""
    head, sep, tail = _halves(text)
    if not sep:
        return mem.times
    if head in ("Login", "Logged in"):
        _, address = _pairs(tail, f)
        f |= _LOGGED_IN
        settled(mem, f"dovecot {host} {address}")
        return mem.times
    if not text.startswith(_LEAVING):
        _pairs(tail, f)
        if text.startswith(("proxy(", "Proxy")):
            return mem.times
        f["event.reason"] = head
        f |= _LEFT
        return mem.times
    _, address = _pairs(tail, f)
    f["event.reason"] = head
    low = head.lower()
    tries = _TRIES.search(low)
    if tries is not None:
        f |= _FAILED
        if not address:
            return mem.times
        key = f"dovecot {host} {address}"
        owed = tally(mem, key, "login", total=int(tries[1]), ts=ts)
        settled(mem, key)
        return owed
    if "auth failed" in low or "(tried to use" in low:
        f |= _FAILED
    else:
        f |= _LEFT
    return mem.times


def _halves(text: str) -> tuple[str, str, str]:
    """(what happened, ": ", pairs): the pairs begin at `user=<`, `method=` or `rip=` behind the last bracket.

    What happened may quote an error with colons in it; the user's name is in the pairs and may hold anything.
    """
    for begin in (": user=<", ": method=", ": rip="):
        head, sep, _ = text.partition(begin)
        if sep:
            return head, sep, text[len(head) + 2 :]
    return text, "", ""


def _checked(text: str, f: Fields, mem: Memory, ts: int, host: str) -> int:
    """What the auth processes say: pam(user,address,<session>): unknown user."""
    found = _PASSDB.match(text)
    if found is None:
        return mem.times
    user, address, _, said = found.groups()
    return _failed(user, address, said, f, mem, ts, host)


def _failed(user: str, address: str, said: str, f: Fields, mem: Memory, ts: int, host: str) -> int:
    value = put_peer(f, address)
    if user:
        f["user.name"] = user
    f["event.reason"] = said.partition(" (given password: ")[0].partition(" (SHA1 of given password: ")[0]
    low = said.lower()
    if any(word in low for word in _WRONG):
        f |= _FAILED
        return tally(mem, f"dovecot {host} {value}", "auth", times=mem.times, ts=ts)
    f |= _TRIED
    return mem.times


def _said(service: str, who: str, text: str, f: Fields, mem: Memory, ts: int, host: str) -> int:
    """One message of one of dovecot's services; `who` is what stood in parentheses behind its name."""
    f["dovecot.service"] = service
    if text.startswith(("pam_", "PAM ")):
        return pam_told(text, f, mem, f"dovecot {host}", _FAILED, ts=ts)
    if service.endswith("-login"):
        return _login(text, f, mem, ts, host)
    if service in ("auth", "auth-worker", "dovecot-auth"):
        peer = _AUTH_WHO.match(who)
        if peer is not None:
            return _failed(peer[1], peer[2], text.partition(": ")[2] or text, f, mem, ts, host)
        return _checked(text, f, mem, ts, host)
    if who and not who.isdecimal():
        user = who.partition(", ")[2] if who.partition(",")[0].isdecimal() else who
        f["user.name"] = user or who
    saved = _SAVED.match(text) if service in ("lmtp", "lda", "deliver") else None
    if saved is not None:
        f["email.message_id"] = saved[1]
        f["dovecot.mailbox"] = saved[2]
        f |= _DELIVERED
    elif text.startswith(("Disconnected", "Connection closed", "Logged out")):
        f["event.reason"] = text.partition(" in=")[0]
        f |= _LEFT
    return mem.times


def dovecot(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for `dovecot`: SERVICE(WHO)<SESSION>: MESSAGE."""
    msg = msg.removeprefix("dovecot: ")
    found = _SPEAKER.match(msg)
    if found is None or found[1] not in _SERVICES:
        return pam(msg, f, mem) if msg.startswith(("pam_", "PAM ")) else mem.times
    return _said(found[1], found[2] or "", _plain(msg[found.end() :]), f, mem, mem.ts, mem.host)


def _plain(text: str) -> str:
    """The message without its level."""
    for level in _LEVELS:
        if text.startswith(level):
            return text[len(level) :]
    return text


def service(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for a service that logs under its own name; `(pid)` behind it comes first."""
    name = str(f.get("process.name", "")).rpartition("/")[2]
    return _said(name, "", _plain(msg), f, mem, mem.ts, mem.host)


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of dovecot's own log file: STAMP SERVICE(WHO)<SESSION>: LEVEL: MESSAGE."""
    words = text[:40].split(" ", 3)
    if text[:1] == "@":
        stamp = words[0]
    elif text[:1].isdecimal():
        stamp = text[:19]
    else:
        stamp = text[:15]
    found = _SPEAKER.match(text, len(stamp) + 1)
    if found is None or found[1] not in _SERVICES:
        return None
    rest = text[found.end() :]
    if not rest.startswith(_LEVELS) and not (text[:1] == "@" and rest.startswith("pam_")):
        return None
    ts = when(reading.clock, stamp)
    if ts is None:
        return None
    memory = reading.memory
    memory.times, memory.family, memory.host, memory.pid, memory.key = 1, "", "", None, ""
    memory.ts = ts
    f["event.dataset"] = "dovecot"
    level = rest.partition(": ")[0]
    if f"{level}: " in _LEVELS:
        f["log.level"] = level.lower()
    who = found[2] or ""
    pid = number(who)
    if pid is not None:
        f["process.pid"] = pid
    f["message"] = message = _plain(rest)
    repeat = _said(found[1], "" if pid is not None else who, message, f, memory, ts, "")
    return ts, logsources_of("dovecot", f.get("event.action", "")), repeat


_DOVECOT = Program(dovecot, "dovecot", wraps=False, varies=True)
_OWN = Program(service, "dovecot", wraps=False, varies=True)
FORMATS = (
    Format(
        name="dovecot",
        title="Dovecot: IMAP, POP3, Sieve and submission logins, auth, LMTP",
        example="Nov 20 10:00:00 mx2 dovecot: imap-login: Disconnected (auth failed, 2 attempts in 9 secs): "
        "user=<ann>, method=PLAIN, rip=192.0.2.31, lip=198.51.100.2, TLS, session=<aBcD>",
        programs={
            "dovecot": _DOVECOT,
            **dict.fromkeys(
                (
                    "imap-login", "pop3-login", "managesieve-login", "submission-login",
                    "auth-worker", "auth",
                    "dovecot-auth",
                ),
                _OWN,
            ),
        },
        line=line,
        begins="@0123456789JFMASOND",
    ),
)  # fmt: skip
