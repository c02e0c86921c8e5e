"""Exim's main and reject logs: arrivals (<=), deliveries (=>, ->, **, ==), refusals, failed logins, lost
peers.

A peer stands as `NAME (HELO) [ADDRESS]:port`. Name and HELO are the peer's own words, the address is
exim's; what
follows it (senders, recipients, subjects) is the peer's again, so the first place that has this shape counts.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('mail_login', 'failure', '192.0.2.44')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark, put_end, put_peer
from socterm.parsers.memory import Memory
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import logsources_of

_RECEIVED = mark("mail_received", "success")
_DELIVERED = mark("mail_delivered", "success")
_DEFERRED = mark("mail_deferred")
_BOUNCED = mark("mail_bounced", "failure")
_QUEUED = mark("mail_queued")
_FAILED = mark("mail_login", "failure")
_TRIED = mark("mail_login")
_REJECTED = mark("mail_rejected")
_ABUSE = mark("mail_abuse")
_CONNECT = mark("mail_connect")
_LEFT = mark("mail_disconnect")
_UNRESOLVED = mark("mail_unresolved")

_STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [+-]\d{4})?) ")
_PID = re.compile(r"\[(\d{1,10})\] ")
_ID = re.compile(
    r"([0-9A-Za-z]{6}-[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{6}-[0-9A-Za-z]{11}-[0-9A-Za-z]{4}) "
)
_PEER = re.compile(
    r"(?:([^\s()\[\]]{1,255}) )?(?:\(([^\s]{0,255})\) )?\[([\da-fA-F:.]{2,45})\](?::(\d{1,5}))?(?=[\s:,)]|$)"
)
_AUTH = re.compile(r"([\w.-]{1,60}) authenticator failed for ")
_SET_ID = re.compile(r"\(set_id=(.*)\)", re.DOTALL)
_LOCAL = re.compile(r" I=\[([\da-fA-F:.]{2,45})\](?::(\d{1,5}))?")
_SENDER = re.compile(r" F=(?:<([^>\s]*)>|([^\s<]+))")
_LOGGED_IN = re.compile(r" A=([\w.-]{1,60})(?::(\S{1,255}))?")
_SIZE = re.compile(r" S=(\d{1,12})")
_MESSAGE = re.compile(r" id=(\S{1,255})")
_REFUSED = re.compile(
    r" (?:temporarily )?rejected (?:after )?(RCPT|MAIL|DATA|EHLO|HELO|VRFY|EXPN|ETRN|AUTH|by"
    r"|connection|STARTTLS)\b"
    r"(?: <?([^>\s:]{0,255})>?)?"
)
_ARROWS = {
    "=>": _DELIVERED,
    "->": _DELIVERED,
    "*>": _DELIVERED,
    ">>": _DELIVERED,
    "**": _BOUNCED,
    "==": _DEFERRED,
}
_CALLS = (
    ("SMTP connection from ", _CONNECT),
    ("SMTP call from ", _ABUSE),
    ("no MAIL in SMTP connection from ", _ABUSE),
    ("no MAIL in ESMTP connection from ", _ABUSE),
    ("unexpected disconnection while reading SMTP command from ", _LEFT),
    ("SMTP command timeout on connection from ", _LEFT),
    ("SMTP command timeout on TLS connection from ", _LEFT),
    ("SMTP data timeout (message abandoned) on connection from ", _LEFT),
    ("TLS error on connection from ", _ABUSE),
    ("rejected connection from ", _REJECTED),
    ("refused connection from ", _REJECTED),
    ("rejected EHLO from ", _REJECTED),
    ("rejected HELO from ", _REJECTED),
    ("Connection from ", _REJECTED),
    ("SMTP syntax error in ", _ABUSE),
)
_NAMELESS = ("no host name found for IP address ", "no IP address found for host ")
_OWN_DOINGS = ("Start queue run: pid=", "End queue run: pid=", "exim 4.", "cwd=/var/spool/exim")
_WITHOUT_PEER = (_NAMELESS[0], *_OWN_DOINGS)
"""What exim says without a bracket and without a message id."""


def _peer(text: str, at: int, f: Fields) -> int:
    """Write the peer that stands at this place; the offset behind it, or 0."""
    found = _PEER.match(text, at)
    if found is None:
        return 0
    name, helo, address, port = found.groups()
    put_peer(f, address, port or "")
    if name:
        f["source.domain"] = name
    if helo:
        f["exim.helo"] = helo
    return found.end()


def _host(text: str, f: Fields) -> int:
    """The peer behind the first ` H=` that is one; behind the last quotation mark where exim quotes input."""
    start = 0
    quoted = text.find('" H=')
    if quoted >= 0:
        start = text.rfind('" H=') + 1
    for _ in range(8):
        at = text.find("H=", start)
        if at < 0:
            return 0
        end = _peer(text, at + 2, f) if at == 0 or text[at - 1] == " " else 0
        if end:
            return end
        start = at + 2
    return 0


def _envelope(text: str, f: Fields) -> None:
    """Sender, login and the address of ours in what follows a peer."""
    text = text[:2048]
    ours = _LOCAL.search(text)
    if ours is not None:
        put_end(f, "destination", ours[1], ours[2])
    sender = _SENDER.search(text)
    if sender is not None and (sender[1] or sender[2]):
        f["email.from.address"] = sender[1] or sender[2]
    login = _LOGGED_IN.search(text)
    if login is not None:
        f["exim.authenticator"] = login[1]
        if login[2]:
            f["user.name"] = login[2]


def _authenticator(found: re.Match[str], text: str, f: Fields) -> bool:
    """NAME authenticator failed for [H=]HOST (HELO) [ADDRESS]: 535 … (set_id=USER)."""
    start = found.end()
    end = _peer(text, start + 2 if text.startswith("H=", start) else start, f)
    if not end:
        return False
    f["exim.authenticator"] = found[1]
    said = text[end:].partition(": ")[2]
    user = _SET_ID.search(said[:1024])
    if user is not None:
        f["user.name"] = user[1]
        said = said[: user.start()].rstrip()
    f["event.reason"] = said
    f |= _FAILED if said.startswith("5") else _TRIED
    return True


def _moved(text: str, f: Fields) -> bool:
    """Behind a message id: `<= SENDER H=… P=…`, `=> RCPT R=… T=… H=…`, `Completed`, refusals of a message."""
    arrow, _, rest = text.partition(" ")
    if arrow == "<=":
        sender = rest.partition(" ")[0]
        if sender != "<>":
            f["email.from.address"] = sender
        end = _host(rest, f)
        _envelope(rest[end:], f)
        for name, form in (("email.message_id", _MESSAGE), ("exim.size", _SIZE)):
            value = form.search(rest[end : end + 2048])
            if value is not None:
                f[name] = int(value[1]) if name == "exim.size" else value[1]
        f |= _RECEIVED
        return True
    fields = _ARROWS.get(arrow)
    if fields is not None:
        _delivered(arrow, rest, f)
        f |= fields
        return True
    if text == "Completed" or text.startswith("Completed QT="):
        f |= _QUEUED
        return True
    if not _told(text, f):
        _host(text, f) or _from_host(text, f)
        f |= _QUEUED
    return True


def _from_host(text: str, f: Fields) -> int:
    """(host=NAME [ADDRESS]) as SpamAssassin's plug-in writes it."""
    at = text.find("(host=")
    return _peer(text, at + 6, f) if at >= 0 else 0


def _delivered(arrow: str, rest: str, f: Fields) -> None:
    f["email.to.address"] = rest.partition(" ")[0].removesuffix(":")
    found: Fields = {}
    _host(rest, found)
    for name, value in found.items():
        if name.startswith("source."):
            f[f"destination.{name[7:]}"] = value
    if arrow in ("**", "=="):
        f["event.reason"] = rest.partition(": ")[2]


def _told(text: str, f: Fields) -> bool:
    """Everything about a peer that is no arrival and no delivery; false for what is not exim's."""
    auth = _AUTH.match(text)
    if auth is not None:
        return _authenticator(auth, text, f)
    for beginning, fields in _CALLS:
        if text.startswith(beginning):
            return _call(beginning, fields, text, f)
    if text.startswith(_NAMELESS):
        return _nameless(text, f)
    if text.startswith("SMTP protocol "):
        if _host(text, f):
            _envelope(text[-1024:], f)
            f["event.reason"] = text.partition(' in "')[0].partition(" (")[0].partition(":")[0]
            f |= _ABUSE
        return True
    if text.startswith(("H=", "U=", "F=")) or " H=" in text[:300]:
        return _refused(text, f)
    return False


def _call(beginning: str, fields: Fields, text: str, f: Fields) -> bool:
    end = _peer(text, len(beginning), f)
    if not end:
        return text.startswith(("SMTP ", "no MAIL", "TLS error"))
    rest = text[end:]
    _envelope(rest, f)
    if "dropped" in rest[:200] or "closed by DROP" in rest or " rejected" in rest[:200]:
        f["event.reason"] = rest[:300].partition("dropped: ")[2] or rest[:300].strip()
        f |= _ABUSE
    else:
        if fields is not _CONNECT:
            f["event.reason"] = beginning.rpartition(" from ")[0]
        f |= _LEFT if fields is _CONNECT and (" closed" in rest or " lost" in rest) else fields
    return True


def _nameless(text: str, f: Fields) -> bool:
    """no host name found for IP address A; no IP address found for host H (during SMTP connection from …)."""
    if text.startswith(_NAMELESS[0]):
        put_peer(f, text[len(_NAMELESS[0]) :].partition(" ")[0])
    else:
        at = text.rfind("(during SMTP connection from ")
        if at < 0:
            return False
        _peer(text, at + 29, f)
    f |= _UNRESOLVED
    return True


def _refused(text: str, f: Fields) -> bool:
    """H=… F=<…> rejected RCPT <…>: WHY; H=… sender verify fail for <…>: WHY; H=… dropped by 'connect' ACL."""
    end = _host(text, f)
    if not end:
        return False
    _envelope(text, f)
    rest = text[end:]
    refused = _REFUSED.search(rest[:4096])
    if refused is not None:
        f["exim.command"] = refused[1]
        if refused[1] == "RCPT" and refused[2]:
            f["email.to.address"] = refused[2]
        f["event.reason"] = rest[refused.end() :].partition(": ")[2] or rest[refused.start() :].strip()
    else:
        f["event.reason"] = rest.strip(" :")
    f |= _REJECTED
    return True


def _read(text: str, f: Fields) -> bool:
    """One message: [PID] [ID] and what is told; false for what is not exim's."""
    pid = _PID.match(text)
    if pid is not None:
        f.setdefault("process.pid", int(pid[1]))
        text = text[pid.end() :]
    message = _ID.match(text)
    if message is not None:
        f["email.local_id"] = message[1]
        return _moved(text[message.end() :], f)
    return _told(text, f) or text.startswith(_OWN_DOINGS)


def exim(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for exim behind a syslog header, with or without its own stamp."""
    if msg.startswith(("pam_", "PAM ")):
        return pam(msg, f, mem)
    stamp = _STAMP.match(msg)
    _read(msg if stamp is None else msg[stamp.end() :], f)
    return mem.times


def line(text: str, f: Fields, reading: Reading) -> Found | None:
    """Reader of mainlog and rejectlog."""
    stamp = _STAMP.match(text)
    if stamp is None or len(text) > 16_384:
        return None
    rest = text[stamp.end() :]
    if "[" not in rest and "-" not in rest[:7] and not rest.startswith(_WITHOUT_PEER):
        return None
    found: Fields = {"event.dataset": "exim", "message": rest}
    if not _read(rest, found):
        return None
    ts = when(reading.clock, stamp[1])
    if ts is None:
        return None
    f |= found
    return ts, logsources_of("exim", f.get("event.action", "")), 1


_EXIM = Program(exim, "exim", wraps=False, varies=True)
FORMATS = (
    Format(
        name="exim",
        title="Exim: main log and reject log",
        example="2026-11-20 10:00:00 plain_login authenticator failed for (User) [192.0.2.44]:41556: "
        "535 Incorrect authentication data (set_id=info)",
        programs={"exim": _EXIM, "exim4": _EXIM},
        line=line,
        begins="0123456789",
    ),
)
