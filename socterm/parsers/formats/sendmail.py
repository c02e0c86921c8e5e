"""Sendmail: refusals by its rulesets, failed and good logins, attacks it notices; messages and their fate.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "process.name")
('mail_rejected', '192.0.2.61', 'sm-mta')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.formats.tally import tally
from socterm.parsers.marks import Fields, mark, put_end, put_peer
from socterm.parsers.memory import Memory

_LOGGED_IN = mark("mail_login", "success")
_FAILED = mark("mail_login", "failure")
_REJECTED = mark("mail_rejected")
_ABUSE = mark("mail_abuse")
_CONNECT = mark("mail_connect")
_LEFT = mark("mail_disconnect")
_RECEIVED = mark("mail_received")
_FATES = {
    "Sent": mark("mail_delivered", "success"),
    "Deferred": mark("mail_deferred"),
    "queued": mark("mail_deferred"),
    "User unknown": mark("mail_bounced", "failure"),
    "Service unavailable": mark("mail_bounced", "failure"),
    "Host unknown": mark("mail_bounced", "failure"),
    "Data format error": mark("mail_bounced", "failure"),
}

_ID = re.compile(r"([0-9A-Za-z]{8,20}|NOQUEUE): ")
_PEER = re.compile(r"(?:([\w.-]{1,255}) )?\[(?:IPv6:)?([\da-fA-F:.]{2,45})\]( \(may be forged\))?")
_RELAY = re.compile(r".*, relay=(?:([\w.@-]{1,255}) ?)?\[(?:IPv6:)?([\da-fA-F:.]{2,45})\]", re.DOTALL)
_ATTACK = re.compile(r": possible SMTP attack: command=([\w/]{1,40}), count=(\d{1,6})")
_AUTH_FAILURE = re.compile(r"AUTH failure \(([^()]{0,60})\): ")
_AUTH_USER = re.compile(r", user=(.*), relay=", re.DOTALL)
_AUTHID = re.compile(r", authid=(.*?), mech=", re.DOTALL)
_RULESET = re.compile(r"(?:[Rr]uleset=)(\w{1,60}), arg1=")
_REJECT = re.compile(r", (?:reject|quarantine|discard)=")
_UNLIKELY = re.compile(r": (EXPN|VRFY|expn|vrfy|ETRN|etrn) .{0,300}\[rejected\]", re.DOTALL)
_TOO_FEW = " did not issue MAIL/EXPN/VRFY/ETRN during connection to "
_NUMBERS = {"size": "sendmail.size", "nrcpts": "sendmail.recipients"}


def _relay(text: str, f: Fields) -> bool:
    """The last `relay=NAME [ADDRESS]` is sendmail's own word: it stands behind what the peer said."""
    found = _RELAY.match(text[:8192])
    if found is None:
        return False
    put_peer(f, found[2])
    if found[1]:
        f["source.domain"] = found[1].rpartition("@")[2]
    return True


def _peer(text: str, at: int, f: Fields) -> int:
    found = _PEER.match(text, at)
    if found is None:
        return 0
    put_peer(f, found[2])
    if found[1]:
        f["source.domain"] = found[1]
    return found.end()


def sendmail(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for sendmail, sm-mta and its other names."""
    if msg.startswith(("pam_", "PAM ")):
        return pam(msg, f, mem)
    key = ""
    found = _ID.match(msg)
    if found is not None:
        key = "" if found[1] == "NOQUEUE" else found[1]
        if key:
            f["email.local_id"] = key
        msg = msg[found.end() :]
    handler = _WORDS.get(msg.partition(" ")[0].partition("=")[0])
    if handler is not None:
        return handler(msg, key, f, mem)
    end = _peer(msg, 0, f)
    return _from_peer(msg, end, key, f, mem) if end else mem.times


def _from_peer(msg: str, end: int, key: str, f: Fields, mem: Memory) -> int:
    """PEER: possible SMTP attack …; PEER: EXPN root [rejected]; PEER did not issue MAIL …"""
    attack = _ATTACK.match(msg, end)
    if attack is not None:
        f["event.reason"] = f"possible SMTP attack: {attack[1]}"
        if attack[1] != "AUTH":
            f |= _ABUSE
            return mem.times
        f |= _FAILED
        return tally(mem, f"sendmail {mem.host} {key}", "attack", total=int(attack[2]))
    unlikely = _UNLIKELY.match(msg, end)
    if unlikely is not None:
        f["event.reason"] = f"{unlikely[1].upper()} rejected"
        f |= _REJECTED
    elif msg.startswith(_TOO_FEW, end):
        f["event.reason"] = "did not issue MAIL/EXPN/VRFY/ETRN"
        f |= _ABUSE
    return mem.times


def _auth(msg: str, key: str, f: Fields, mem: Memory) -> int:
    """AUTH failure (LOGIN): …, user=USER, relay=PEER; AUTH=server, relay=PEER, authid=USER, mech=PLAIN."""
    failure = _AUTH_FAILURE.match(msg)
    if failure is not None:
        f["sendmail.mechanism"] = failure[1]
        user = _AUTH_USER.search(msg[:2048])
        if user is not None:
            f["user.name"] = user[1]
        f["event.reason"] = msg[failure.end() :].partition(", user=")[0].partition(", relay=")[0]
        _relay(msg, f)
        f |= _FAILED
        return tally(mem, f"sendmail {mem.host} {key}", "auth", times=mem.times) if key else mem.times
    if msg.startswith("AUTH=server") and _relay(msg, f):
        user = _AUTHID.search(msg[:2048])
        if user is not None:
            f["user.name"] = user[1]
        f |= _LOGGED_IN
    return mem.times


def _ruleset(msg: str, key: str, f: Fields, mem: Memory) -> int:  # noqa: ARG001 - one signature for the table
    """ruleset=check_rcpt, arg1=<…>, relay=PEER, reject=550 5.7.1 <…>... WHY."""
    found = _RULESET.match(msg)
    reject = _REJECT.search(msg[:8192])
    if found is None or reject is None:
        return mem.times
    f["sendmail.ruleset"] = found[1]
    argument = msg[found.end() :].partition(", ")[0]
    if argument.startswith("<"):
        f["email.to.address" if "rcpt" in found[1] else "email.from.address"] = argument.strip("<>")
    f["event.reason"] = msg[reject.end() :]
    _relay(msg[: reject.start()], f)
    f |= _REJECTED
    return mem.times


def _rejecting(msg: str, key: str, f: Fields, mem: Memory) -> int:  # noqa: ARG001 - see above
    """rejecting commands from PEER due to pre-greeting traffic; rejecting connections on daemon …"""
    before, sep, _ = msg.partition(" from ")
    at = len(before) + 6
    if sep and _peer(msg, at + (msg[at : at + 1] == " "), f):
        f["event.reason"] = msg.rpartition(" due to ")[2]
        f |= _ABUSE
    return mem.times


def _lost(msg: str, key: str, f: Fields, mem: Memory) -> int:  # noqa: ARG001 - see above
    """lost input channel from PEER to MTA after rcpt; collect: premature EOM …; timeout waiting for input."""
    _, sep, behind = msg.partition(" from ")
    if sep and _peer(behind, 0, f):
        f["event.reason"] = msg.partition(" from ")[0]
        f |= _LEFT
    return mem.times


def _connect(msg: str, key: str, f: Fields, mem: Memory) -> int:  # noqa: ARG001 - see above
    """connect from PEER."""
    if _peer(msg, 13, f):
        f |= _CONNECT
    return mem.times


def _from(msg: str, key: str, f: Fields, mem: Memory) -> int:
    """from=<A>, size=1, class=0, nrcpts=1, msgid=<…>, proto=ESMTP, daemon=MTA, relay=PEER."""
    sender, _, rest = msg[5:].partition(", ")
    if sender.strip("<>"):
        f["email.from.address"] = sender.strip("<>")
    for part in rest[:4096].split(", "):
        name, _, value = part.partition("=")
        if name in _NUMBERS and value.isdecimal() and len(value) < 16:
            f[_NUMBERS[name]] = int(value)
        elif name == "msgid":
            f["email.message_id"] = value.strip("<>")
    _relay(f", {rest}", f)
    if key:
        kept: Fields = {name: f[name] for name in ("source.ip", "email.from.address") if name in f}
        mem.keep(f"sendmail message {mem.host} {key}", kept)
    f |= _RECEIVED
    return mem.times


def _to(msg: str, key: str, f: Fields, mem: Memory) -> int:
    """to=<B>, delay=…, mailer=esmtp, relay=HOST [ADDRESS], dsn=2.0.0, stat=Sent (…)."""
    to, _, rest = msg[3:].partition(", ")
    f["email.to.address"] = to.strip("<>")
    before, sep, stat = rest.partition("stat=")
    found = _RELAY.match(f", {before}"[:8192])
    if found is not None:
        put_end(f, "destination", found[2])
        if found[1]:
            f["destination.domain"] = found[1].rstrip(".")
    if key:
        for name, value in (mem.recall(f"sendmail message {mem.host} {key}") or {}).items():
            f.setdefault(name, value)
    if sep:
        f["event.reason"] = stat
        for beginning, fields in _FATES.items():
            if stat.startswith(beginning):
                f |= fields
                break
    return mem.times


_WORDS = {
    "AUTH": _auth,
    "ruleset": _ruleset,
    "Ruleset": _ruleset,
    "rejecting": _rejecting,
    "lost": _lost,
    "timeout": _lost,
    "connect": _connect,
    "from": _from,
    "to": _to,
}
_SENDMAIL = Program(sendmail, "sendmail", wraps=False, varies=True)
FORMATS = (
    Format(
        name="sendmail",
        title="Sendmail",
        example="Nov 20 10:00:00 mx4 sm-mta[5133]: 5AKA00x1005133: ruleset=check_rcpt, "
        "arg1=<bob@example.net>, "
        "relay=host.example.org [192.0.2.61], reject=550 5.7.1 <bob@example.net>... Relaying denied",
        programs=dict.fromkeys(
            ("sendmail", "sm-mta", "sm-msp-queue", "sm-acceptingconnections", "sm-client", "sm-que", "sm-cm"),
            _SENDMAIL,
        ),
    ),
)
