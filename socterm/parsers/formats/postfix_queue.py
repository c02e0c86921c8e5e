"""Messages in postfix's queue: the client they came from, sender, message id, and each recipient's fate.

What the first lines of a message tell (client, login, sender) is kept under its queue id, and stands on the
lines about its delivery too, until the message leaves the queue.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.memory import Memory

_RECEIVED = mark("mail_received")
_LOGGED_IN = mark("mail_login", "success")
_QUEUED = mark("mail_queued")
_FATES = {
    "sent": mark("mail_delivered", "success"),
    "deliverable": mark("mail_delivered", "success"),
    "deferred": mark("mail_deferred"),
    "bounced": mark("mail_bounced", "failure"),
    "expired": mark("mail_bounced", "failure"),
    "undeliverable": mark("mail_bounced", "failure"),
}
_SASL = re.compile(r", sasl_method=([\w-]{1,40})")
_USER = re.compile(r", sasl_username=([^,]+)")
_FROM = re.compile(r"from=<([^>]*)>(?:, size=(\d{1,15}))?(?:, nrcpt=(\d{1,7}))?(?:, status=(\w+))?")
_TO = re.compile(r"to=<([^>]*)>(?:, orig_to=<([^>]*)>)?(?:, relay=([^\s,]+))?")
_STATUS = re.compile(
    r", delay=([\d.]{1,20}).{0,200}?, dsn=(\d\.\d{1,3}\.\d{1,3}), status=(\w+) ?(.*)", re.DOTALL
)
_OLD_STATUS = re.compile(r", status=(\w+) ?(.*)", re.DOTALL)
_RELAY = re.compile(r"([\w.-]+)\[([\da-fA-F:.]+|[^\]]*)\](?::(\d{1,5}))?$")
_KEPT = ("source.ip", "source.domain", "user.name", "email.from.address", "email.message_id")
"""What is kept of a message for its later lines."""


def _note(mem: Memory, key: str) -> str:
    return f"postfix {mem.host} {key}"


def _learn(mem: Memory, key: str, f: Fields) -> None:
    name = _note(mem, key)
    known = mem.recall(name) or {}
    mem.keep(name, known | {field: f[field] for field in _KEPT if field in f})


def client_of(rest: str, key: str, f: Fields, mem: Memory, peer: Callable[[str, int, Fields], int]) -> None:
    """client=NAME[ADDRESS][, sasl_method=PLAIN, sasl_username=USER]: a message begins; with a name, a login
    has succeeded."""
    end = peer(rest, 7, f)
    method = _SASL.match(rest, end) if end else None
    user = _USER.match(rest, method.end()) if method is not None else None
    if method is not None and user is not None:
        f["postfix.sasl_method"], f["user.name"] = method[1], user[1]
        f |= _LOGGED_IN
    else:
        f |= _RECEIVED
    if key and end:
        _learn(mem, key, f)


def queue(key: str, rest: str, f: Fields, mem: Memory) -> None:
    """What follows a queue id: from=…, to=…, message-id=…, uid=…, removed."""
    word = rest.partition("=")[0]
    reader = _WORDS.get(word)
    if reader is not None:
        reader(key, rest, f, mem)
    elif rest == "removed":
        known = mem.recall(_note(mem, key))
        if known is not None:
            mem.keep(_note(mem, key), {})
        f |= _QUEUED


def _from(key: str, rest: str, f: Fields, mem: Memory) -> None:
    found = _FROM.match(rest)
    if found is None:
        return
    if found[1]:
        f["email.from.address"] = found[1]
    if found[2]:
        f["postfix.size"] = int(found[2])
    if found[3]:
        f["postfix.recipients"] = int(found[3])
    known = mem.recall(_note(mem, key)) or {}
    _learn(mem, key, f)
    for name, value in known.items():
        f.setdefault(name, value)
    f |= _FATES.get(found[4] or "", _QUEUED)


def _to(key: str, rest: str, f: Fields, mem: Memory) -> None:
    found = _TO.match(rest)
    if found is None:
        return
    f["email.to.address"] = found[1]
    if found[2]:
        f["postfix.original_recipient"] = found[2]
    relay = _RELAY.match(found[3]) if found[3] else None
    if relay is not None:
        put_end(f, "destination", relay[2], relay[3])
        f["destination.domain"] = relay[1]
    elif found[3] and found[3] != "none":
        f["postfix.relay"] = found[3]
    status = _STATUS.match(rest, found.end()) or _STATUS.search(rest, found.end(), found.end() + 2048)
    if status is not None:
        f["postfix.delay"] = float(status[1]) if status[1].count(".") < 2 and status[1] != "." else 0.0
        f["postfix.status_code"] = status[2]
        fate, said = status[3], status[4]
    else:
        old = _OLD_STATUS.search(rest, found.end())
        fate, said = (old[1], old[2]) if old is not None else ("", "")
    if said:
        f["event.reason"] = said.removeprefix("(").removesuffix(")")
    for name, value in (mem.recall(_note(mem, key)) or {}).items():
        f.setdefault(name, value)
    f |= _FATES.get(fate, _QUEUED)


def _message_id(key: str, rest: str, f: Fields, mem: Memory) -> None:
    found = rest.partition("=")[2]
    f["email.message_id"] = found.removeprefix("<").removesuffix(">")
    f |= _QUEUED
    _learn(mem, key, f)


def _uid(key: str, rest: str, f: Fields, mem: Memory) -> None:
    """uid=1000 from=<ann>: handed in on the machine itself."""
    uid, _, sender = rest[4:].partition(" from=<")
    whole = number(uid)
    if whole is not None:
        f["user.id"] = whole
    if sender:
        f["email.from.address"] = sender.removesuffix(">")
    f |= _RECEIVED
    _learn(mem, key, f)


_WORDS: dict[str, Callable[[str, str, Fields, Memory], None]] = {
    "from": _from,
    "to": _to,
    "message-id": _message_id,
    "resent-message-id": _message_id,
    "uid": _uid,
}
