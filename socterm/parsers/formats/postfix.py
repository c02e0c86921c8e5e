"""Postfix: who connects, who is refused and why, failed and good logins; what becomes of a message.

A peer stands as `NAME[ADDRESS]`; the name is what its own reverse DNS says, the address is postfix's.
Lines of
the queue are in `postfix_queue`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('mail_login', 'failure', '192.0.2.25')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.postfix_queue import client_of, queue
from socterm.parsers.marks import Fields, mark, number, put_peer
from socterm.parsers.memory import Memory

_CONNECT = mark("mail_connect")
_DISCONNECT = mark("mail_disconnect")
_ABUSE = mark("mail_abuse")
_REJECTED = mark("mail_rejected")
_FAILED = mark("mail_login", "failure")
_TRIED = mark("mail_login")
_UNRESOLVED = mark("mail_unresolved")

_PEER = re.compile(r"([\w.-]*)\[([\da-fA-F:.]+)\](?::(\d{1,5}))?(?=[\s:;,]|$)")
_QUEUED = re.compile(r"([0-9A-F]{5,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,24}|NOQUEUE): ")
"""Short ids are hexadecimal, long ones have no vowels."""
_SASL = re.compile(r"SASL ([\w-]{1,40}) authentication (failed|failure|aborted): ?(.*)", re.DOTALL)
_USER = re.compile(r", sasl_username=(.+)$", re.DOTALL)
_NO_VERDICT = ("Connection lost to authentication server", "Invalid authentication mechanism")
"""Reasons that say nothing about the password: nobody was asked."""
_VERDICT = re.compile(
    r"(reject|reject_warning|milter-reject|milter-hold|milter-discard|proxy-reject|hold"
    r"|discard|redirect|filter"
    r"|warn|warning|info|prepend|replace|bcc): (.{1,120}?) from ",
    re.DOTALL,
)
_CODE = re.compile(r"(\d{3})(?: (\d\.\d{1,3}\.\d{1,3}))? ?(.*)", re.DOTALL)
_ENVELOPE = re.compile(
    r"; from=<([^>]*)>(?:,? to=<([^>]*)>)?(?:,? proto=(\w+))?(?:,? helo=<([^>]*)>)?|; proto="
    r"(\w+)(?:,? helo=<([^>]*)>)?"
)
_COUNTS = re.compile(r" auth=(\d{1,6})(?:/(\d{1,6}))?(?= |$)")
_UNRESOLVED_FORM = re.compile(
    r"hostname (\S{1,255}) does not resolve to address ([\da-fA-F:.]*[\da-fA-F])|"
    r"([\da-fA-F:.]+): (?:hostname|address) "
)
_SCREENED = re.compile(
    r"(CONNECT|PREGREET|HANGUP|DISCONNECT|COMMAND TIME LIMIT|COMMAND COUNT LIMIT|COMMAND LENGTH LIMIT"
    r"|COMMAND PIPELINING|BARE NEWLINE|NON-SMTP COMMAND|PASS NEW|PASS OLD|WHITELISTED|ALLOWLISTED|BLACKLISTED"
    r"|DENYLISTED|WHITELIST VETO|ALLOWLIST VETO|DNSBL rank \d{1,6} for)(?: .{0,60}?)?(?: from)? "
    r"\[([\da-fA-F:.]+)\]:(\d{1,5})(?=[\s:]|$)"
)
_SCREENED_AS = {
    "CONNECT": _CONNECT, "DISCONNECT": _DISCONNECT, "PASS NEW": _CONNECT, "PASS OLD": _CONNECT,
    "WHITELISTED": _CONNECT, "ALLOWLISTED": _CONNECT, "BLACKLISTED": _REJECTED, "DENYLISTED": _REJECTED,
}  # fmt: skip
_BROKEN_OFF = ("lost connection after ", "timeout after ")
_BROKEN_RULES = ("too many errors after ", "improper command pipelining after ")
_LIMITED = re.compile(r"[\w ]{1,60} (?:rate|concurrency|count) limit exceeded: \d{1,10} from ")


def _peer(msg: str, at: int, f: Fields) -> int:
    """Write the peer that stands at this place; the offset behind it, 0 where none does."""
    found = _PEER.match(msg, at)
    if found is None:
        return 0
    name, address, port = found.groups()
    put_peer(f, address, port or "")
    if name and name != "unknown":
        f["source.domain"] = name
    return found.end()


def postfix(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for all of postfix's programs."""
    first = msg.partition(" ")[0]
    handler = _WORDS.get(first)
    if handler is not None:
        return handler(msg, f, mem)
    found = _QUEUED.match(msg)
    if found is not None:
        return _queued(found[1], msg[found.end() :], f, mem)
    screened = _SCREENED.match(msg)
    if screened is not None:
        what = screened[1]
        put_peer(f, screened[2], screened[3])
        f |= _SCREENED_AS.get(what, _ABUSE)
        if f["event.action"] in ("mail_abuse", "mail_rejected"):
            f["event.reason"] = what
    return mem.times


def _connect(msg: str, f: Fields, mem: Memory) -> int:
    """connect from NAME[ADDRESS]; connect to … is postfix's own client."""
    if msg.startswith("connect from ") and _peer(msg, 13, f):
        f |= _CONNECT
    return mem.times


def _disconnect(msg: str, f: Fields, mem: Memory) -> int:
    """disconnect from NAME[ADDRESS] ehlo=1 auth=0/1 quit=1 commands=2/3: auth=good/all."""
    end = _peer(msg, 16, f) if msg.startswith("disconnect from ") else 0
    if end:
        f |= _DISCONNECT
        counts = _COUNTS.search(msg, end)
        if counts is not None:
            good = int(counts[1])
            f["postfix.auth.good"], f["postfix.auth.tried"] = good, int(counts[2] or good)
    return mem.times


def _broken(msg: str, f: Fields, mem: Memory) -> int:
    """lost connection after AUTH from …, timeout after …, too many errors after …, improper command
    pipelining after … from …: …: the command may hold what the peer sent, its address stands behind."""
    for beginnings, fields in ((_BROKEN_OFF, _DISCONNECT), (_BROKEN_RULES, _ABUSE)):
        for beginning in beginnings:
            if not msg.startswith(beginning):
                continue
            command, sep, _ = msg[len(beginning) :].partition(" from ")
            if sep and _peer(msg, len(beginning) + len(command) + 6, f):
                f["event.reason"] = beginning + command
                f |= fields
            return mem.times
    return mem.times


def _tls(msg: str, f: Fields, mem: Memory) -> int:
    """SSL_accept error from NAME[ADDRESS]: -1; Anonymous TLS connection established from NAME[ADDRESS]: …"""
    before, sep, _ = msg.partition(" from ")
    if sep and len(before) < 80 and _peer(msg, len(before) + 6, f) and before.startswith("SSL_accept"):
        f["event.reason"] = before
        f |= _ABUSE
    return mem.times


def _warning(msg: str, f: Fields, mem: Memory) -> int:
    """warning: NAME[ADDRESS]: SASL … authentication failed: …; limits exceeded; names that do not fit."""
    rest = msg.partition(": ")[2]
    end = _peer(rest, 0, f)
    if end:
        sasl = _SASL.match(rest, end + 2)
        return mem.times if sasl is None else _sasl(sasl, f, mem)
    limited = _LIMITED.match(rest)
    if limited is not None:
        if _peer(rest, limited.end(), f):
            f["event.reason"] = rest[: limited.end()].partition(":")[0]
            f |= _ABUSE
        return mem.times
    if rest.startswith("non-SMTP command from ") and _peer(rest, 22, f):
        f["event.reason"] = "non-SMTP command"
        f |= _ABUSE
        return mem.times
    unresolved = _UNRESOLVED_FORM.match(rest)
    if unresolved is not None:
        put_peer(f, unresolved[2] or unresolved[3])
        f |= _UNRESOLVED
    return mem.times


def _sasl(found: re.Match[str], f: Fields, mem: Memory) -> int:
    method, how, reason = found.groups()
    user = _USER.search(reason[-600:])
    if user is not None:
        f["user.name"] = user[1]
        reason = reason[: -len(user[0])]
    f["postfix.sasl_method"] = method
    if reason:
        f["event.reason"] = reason
    f |= _TRIED if how == "aborted" or reason.startswith(_NO_VERDICT) else _FAILED
    return mem.times


def _queued(key: str, rest: str, f: Fields, mem: Memory) -> int:
    """ID: …, or NOQUEUE: … for a message that got no id."""
    known = key != "NOQUEUE"
    if known:
        f["email.local_id"] = key
    verdict = _VERDICT.match(rest)
    if verdict is not None:
        return _rejected(verdict, rest, f, mem)
    handler = _WORDS.get(rest.partition(" ")[0])
    if handler is not None:
        return handler(rest, f, mem)
    if rest.startswith("client="):
        client_of(rest, key if known else "", f, mem, _peer)
    elif known:
        queue(key, rest, f, mem)
    return mem.times


def _rejected(verdict: re.Match[str], rest: str, f: Fields, mem: Memory) -> int:
    """reject: RCPT from NAME[ADDRESS]: 554 5.7.1 <…>: WHY; from=<…> to=<…> proto=ESMTP helo=<…>"""
    end = _peer(rest, verdict.end(), f)
    if not end:
        return mem.times
    f["postfix.verdict"], f["postfix.command"] = verdict[1], verdict[2]
    said = rest[end:].removeprefix(":").lstrip(" ")
    envelope = _ENVELOPE.search(said[:4096])
    code = _CODE.match(said if envelope is None else said[: envelope.start()])
    if code is not None:
        f["postfix.reply_code"] = number(code[1])
        if code[2]:
            f["postfix.status_code"] = code[2]
        if code[3]:
            f["event.reason"] = code[3]
    if envelope is not None:
        sender, to, proto, helo, other_proto, other_helo = envelope.groups()
        for name, value in (
            ("email.from.address", sender),
            ("email.to.address", to),
            ("postfix.protocol", proto or other_proto),
            ("postfix.helo", helo or other_helo),
        ):
            if value:
                f[name] = value
    f |= _REJECTED
    return mem.times


_WORDS = {
    "connect": _connect,
    "disconnect": _disconnect,
    "lost": _broken,
    "timeout": _broken,
    "too": _broken,
    "improper": _broken,
    "warning:": _warning,
    "SSL_accept": _tls,
    "Anonymous": _tls,
    "Trusted": _tls,
    "Untrusted": _tls,
    "Verified": _tls,
}
"""First word of a message, or of what follows a queue id, → what reads it."""

_POSTFIX = Program(postfix, "postfix", wraps=False, varies=True)
FORMATS = (
    Format(
        name="postfix",
        title="Postfix: smtpd, postscreen, cleanup, qmgr, delivery agents",
        example="Nov 20 10:00:00 mx1 postfix/smtpd[4101]: warning: unknown[192.0.2.25]: "
        "SASL LOGIN authentication failed: authentication failure, sasl_username=info",
        programs={"postfix": _POSTFIX, "postfix/*": _POSTFIX, "postfix-*": _POSTFIX},
    ),
)
