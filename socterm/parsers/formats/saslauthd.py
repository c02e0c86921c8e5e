"""saslauthd, which checks passwords for mail and directory servers: it names the user, never the peer.

PAM's line about the same attempt has the same pid and counts with it. The peer is told by the server that
asked.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "user.name")
('mail_login', 'failure', 'ann')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Program
from socterm.parsers.formats.pam import pam
from socterm.parsers.marks import Fields, mark
from socterm.parsers.memory import Memory

_VERDICT = re.compile(
    r":?[\w-]{0,40} {0,40}:? ?auth (?P<how>failure|success)(?: \(cached\))?: \[user=(?P<user>.*)\] "
    r"\[service=(?P<service>[^\[\]]{0,100})\] \[realm=(?P<realm>[^\[\]]{0,255})\]"
    r"(?: \[mech=(?P<mech>[^\[\]]{0,40})\])?(?: \[reason=(?P<reason>.*)\])?$",
    re.DOTALL,
)
"""`do_auth         : ` before it is the function that writes; the user is whatever a client sent."""
_MAIL = frozenset(
    {"smtp", "smtps", "submission", "imap", "imaps", "pop", "pop3", "pop3s", "sieve", "lmtp", "nntp"}
)
_ACTIONS = {
    (True, "failure"): mark("mail_login", "failure"),
    (True, "success"): mark("mail_login", "success"),
    (False, "failure"): mark("service_login", "failure"),
    (False, "success"): mark("service_login", "success"),
}


def saslauthd(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for saslauthd."""
    found = _VERDICT.match(msg) if "auth " in msg else None
    if found is None:
        return pam(msg, f, mem)
    user = found["user"]
    for name, part in (
        ("user.name", "user"),
        ("service.name", "service"),
        ("user.domain", "realm"),
        ("saslauthd.mechanism", "mech"),
        ("event.reason", "reason"),
    ):
        if found[part]:
            f[name] = found[part]
    f |= _ACTIONS[found["service"].lower() in _MAIL, found["how"]]
    if found["how"] == "success":
        mem.process(user).renew()
        return mem.times
    return mem.attempt(user, "saslauthd").count("saslauthd", mem.times)


FORMATS = (
    Format(
        name="saslauthd",
        title="saslauthd (Cyrus SASL)",
        example="Nov 20 10:00:00 mx1 saslauthd[1234]: do_auth         : auth failure: [user=ann] "
        "[service=smtp] [realm=example.org] [mech=pam] [reason=PAM auth error]",
        programs={"saslauthd": Program(saslauthd, "saslauthd", varies=True)},
    ),
)
