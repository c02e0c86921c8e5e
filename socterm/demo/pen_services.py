"""What Postfix and Dovecot, PostgreSQL and MySQL, and an application of one's own write about logins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from socterm.demo.model import Log
from socterm.demo.sheet import STAMP, Sheet


def _postgres(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} {moment.tzname() or 'UTC'}"


def _micros(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


MAIL = Log("mail.log")
POSTGRES = Log("postgresql.log", _postgres)
MYSQL = Log("mysql_error.log", _micros)
APP = Log("app.ndjson", _micros)
MAIL_HOST = "mx01"
_LIP = "10.20.0.25"

# Where the application says that somebody is: country, city, latitude, longitude.
PLACES: dict[str, tuple[str, str, float, float]] = {
    "Vienna": ("AT", "Vienna", 48.21, 16.37),
    "Munich": ("DE", "Munich", 48.14, 11.58),
    "Singapore": ("SG", "Singapore", 1.35, 103.82),
    "Pyongyang": ("KP", "Pyongyang", 39.02, 125.75),
}


class MailPen:
    """A mail server: Postfix takes letters, Dovecot opens mailboxes."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._rng = sheet.rng
        sheet.begin(MAIL_HOST, "p", 21300)

    def letter(self, at: float, name: str, address: str, to: str) -> float:
        """A letter from outside, delivered."""
        pid, mark = self._sheet.token("p"), f"{self._rng.getrandbits(40):010X}"
        at = self._say(at, f"postfix/smtpd[{pid}]: connect from {name}[{address}]")
        at = self._say(at + 0.2, f"postfix/smtpd[{pid}]: {mark}: client={name}[{address}]")
        at = self._say(at + 0.1, f"postfix/cleanup[{pid}]: {mark}: message-id=<{mark.lower()}@{name}>")
        size = 2000 + int(self._rng.random() * 90000)
        at = self._say(
            at, f"postfix/qmgr[911]: {mark}: from=<bounce@{name}>, size={size}, nrcpt=1 (queue active)"
        )
        at = self._say(
            at + 0.1,
            f"postfix/lmtp[{pid}]: {mark}: to=<{to}>, relay=mx01[private/dovecot-lmtp], delay=0.6, "
            "delays=0.4/0/0.1/0.1, dsn=2.0.0, status=sent (250 2.0.0 Saved)",
        )
        at = self._say(at, f"postfix/qmgr[911]: {mark}: removed")
        counts = "ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"
        return self._say(at, f"postfix/smtpd[{pid}]: disconnect from {name}[{address}] {counts}")

    def mailbox(self, at: float, user: str, address: str) -> float:
        """IMAP: a mailbox opened, looked into and left."""
        mark, pid = self._mark(), self._sheet.token("p")
        after = self._say(
            at,
            f"dovecot: imap-login: Login: user=<{user}>, method=PLAIN, rip={address}, lip={_LIP}, "
            f"mpid={pid}, TLS, session=<{mark}>",
        )
        numbers = f"in={90 + int(self._rng.random() * 300)} out={900 + int(self._rng.random() * 20000)}"
        self._say(
            at + 1 + 6 * self._rng.random(),
            f"dovecot: imap({user})<{pid}><{mark}>: Disconnected: Logged out {numbers} deleted=0 expunged=0",
        )
        return after

    def imap_refused(self, at: float, user: str, address: str, *, tries: int = 1) -> float:
        """IMAP: wrong passwords on one connection, told when it ends."""
        said = f"Disconnected: Connection closed (auth failed, {tries} attempts in {2 * tries} secs)"
        return self._say(
            at,
            f"dovecot: imap-login: {said}: user=<{user}>, method=PLAIN, rip={address}, lip={_LIP}, TLS, "
            f"session=<{self._mark()}>",
        )

    def submission_refused(self, at: float, user: str, address: str, pid: str) -> float:
        """SMTP: a wrong password at the submission port."""
        return self._say(
            at,
            f"postfix/submission/smtpd[{pid}]: warning: unknown[{address}]: SASL LOGIN authentication "
            f"failed: UGFzc3dvcmQ6, sasl_username={user}",
        )

    def connection(self, at: float, address: str, pid: str, *, refused: int = 0) -> float:
        """SMTP: somebody connects (0), or leaves after so many wrong passwords."""
        said = f"disconnect from unknown[{address}] ehlo=1 auth=0/{refused} quit=1 commands=2/{refused + 2}"
        word = said if refused else f"connect from unknown[{address}]"
        return self._say(at, f"postfix/submission/smtpd[{pid}]: {word}")

    def relay_refused(self, at: float, address: str, to: str) -> float:
        """SMTP: a stranger wants mail passed on to somewhere else."""
        pid = self._sheet.token("p")
        return self._say(
            at,
            f"postfix/smtpd[{pid}]: NOQUEUE: reject: RCPT from unknown[{address}]: 454 4.7.1 <{to}>: "
            f"Relay access denied; from=<test@corp.example> to=<{to}> proto=ESMTP helo=<win-8k2>",
        )

    def _say(self, at: float, text: str) -> float:
        return self._sheet.put(at, MAIL, text, host=MAIL_HOST)

    def _mark(self) -> str:
        return f"{self._rng.getrandbits(48):012X}"


class PostgresPen:
    """PostgreSQL with log_connections and `%m [%p] %u@%d %r ` before each line."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._rng = sheet.rng
        sheet.begin("", "p", 30200)

    def login(self, at: float, user: str, address: str) -> float:
        """A connection is authorized."""
        secured = "SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)"
        said = f"LOG:  connection authorized: user={user} database=shop {secured}"
        return self._say(at, user, address, said)

    def refused(self, at: float, user: str, address: str) -> float:
        """A wrong password, or a name nobody has: PostgreSQL says the same."""
        return self._say(at, user, address, f'FATAL:  password authentication failed for user "{user}"')

    def statement(self, at: float, user: str, address: str, text: str) -> float:
        """A statement, as log_statement writes it."""
        return self._say(at, user, address, f"LOG:  statement: {text}")

    def checkpoint(self, at: float) -> float:
        """What the server does by itself."""
        line = f"{STAMP} [611] LOG:  checkpoint starting: time"
        return self._sheet.put(at, POSTGRES, line)

    def _say(self, at: float, user: str, address: str, text: str) -> float:
        port = 32768 + int(self._rng.random() * 28000)
        where = f"[{self._sheet.token('p')}] {user}@shop {address}({port})"
        return self._sheet.put(at, POSTGRES, f"{STAMP} {where} {text}")


class MysqlPen:
    """MySQL's error log with log_error_verbosity 3."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        sheet.begin("", "t", 4100)

    def refused(self, at: float, user: str, address: str) -> float:
        """A wrong password."""
        said = f"Access denied for user '{user}'@'{address}' (using password: YES)"
        return self._say(at, "[Note] [MY-010926] [Server]", said)

    def lost(self, at: float, user: str, database: str, address: str) -> float:
        """A client that left without saying so, as pools do."""
        number = self._sheet.token("t")
        said = f"Aborted connection {number} to db: '{database}' user: '{user}' host: '{address}'"
        why = "(Got timeout reading communication packets)"
        return self._say(at, "[Note] [MY-010914] [Server]", f"{said} {why}.", number)

    def _say(self, at: float, head: str, said: str, number: str = "") -> float:
        return self._sheet.put(at, MYSQL, f"{STAMP} {number or self._sheet.token('t')} {head} {said}")


class AppPen:
    """An application that logs in JSON under ECS names, and knows where its users are."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet

    def login(self, at: float, user: str, address: str, *, place: str = "", refused: bool = False) -> float:
        """Somebody logs in, or is refused; `place` is one of `PLACES`."""
        said = f"login of {user} {'refused' if refused else 'accepted'}"
        event = {
            "kind": "event", "category": ["authentication"], "type": ["start"], "action": "login",
            "outcome": "failure" if refused else "success", "dataset": "portal.audit",
        }  # fmt: skip
        source: dict[str, object] = {"ip": address}
        if place:
            country, city, latitude, longitude = PLACES[place]
            source["geo"] = {
                "country_iso_code": country, "city_name": city,
                "location": {"lat": latitude, "lon": longitude},
            }  # fmt: skip
        return self._say(at, user, said, event, source)

    def page(self, at: float, user: str, address: str) -> float:
        """Somebody looks at something."""
        event = {
            "kind": "event",
            "category": ["web"],
            "type": ["access"],
            "action": "page",
            "dataset": "portal.audit",
        }
        return self._say(at, user, f"{user} reads the list of orders", event, {"ip": address})

    def reset(self, at: float, user: str, address: str) -> float:
        """Somebody asks for a new password."""
        event = {"kind": "event", "category": ["iam"], "type": ["user", "change"], "action": "password-reset",
                 "outcome": "success", "dataset": "portal.audit"}  # fmt: skip
        return self._say(at, user, f"{user} set a new password", event, {"ip": address})

    def _say(
        self, at: float, user: str, said: str, event: Mapping[str, object], source: Mapping[str, object]
    ) -> float:
        fields = {
            "@timestamp": STAMP, "ecs": {"version": "8.11.0"}, "log": {"level": "info", "logger": "portal"},
            "message": said, "service": {"name": "portal"}, "event": event, "user": {"name": user},
            "source": source,
        }  # fmt: skip
        return self._sheet.put(at, APP, json.dumps(fields, separators=(",", ":")))
