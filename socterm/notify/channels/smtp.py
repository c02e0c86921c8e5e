"""A mail through a server, over TLS unless it is told otherwise.

`Message-ID` is made of the message's key and the same in each try: many mail stores keep one of two alike.
"""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from socterm.config import SmtpChannel
from socterm.errors import SoctermError
from socterm.notify.channels.base import DEADLINE, SILENCE, Answer, told
from socterm.notify.channels.posting import trust, why
from socterm.notify.channels.smtp_line import TooLateError, mail_server
from socterm.notify.words import Message
from socterm.secrets import Secret, held

PORTS: Final[Mapping[str, int]] = {"starttls": 587, "tls": 465, "none": 25}
"""Where a server listens unless the configuration says otherwise (RFC 6409, RFC 8314, RFC 5321)."""

_OF_ONE: Final = range(552, 555)
"""Refusals that can be about the one message: its size, its recipients' quota (RFC 5321, 4.2.3)."""


class Smtp:
    """Mails each message."""

    def __init__(self, name: str, settings: SmtpChannel, environ: Mapping[str, str]) -> None:
        self.name = name
        self.port = settings.port or PORTS[settings.security]
        self._settings = settings
        self._environ = environ

    def send(self, message: Message, now: int) -> Answer:  # noqa: ARG002 - all are asked alike
        """Mail it to everybody; good where one of them gets it, and the answer says who does not."""
        secrets: list[Secret] = []
        try:
            if self._settings.password_secret:
                secrets.append(held(self._settings.password_secret, self._environ))
            refused = self._mailed(message, secrets)
        except SoctermError as error:
            return Answer(False, str(error))
        except TooLateError:
            return Answer(False, f"no whole answer within {DEADLINE:.0f} s")
        except smtplib.SMTPRecipientsRefused as error:
            full = all(code in _OF_ONE for code, _ in error.recipients.values())
            return Answer(False, "nobody is accepted", silent=not full)
        except smtplib.SMTPResponseException as error:
            return _refused(error, secrets)
        except smtplib.SMTPNotSupportedError:
            return Answer(False, "the server does not offer STARTTLS, or no login we know")
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Answer(False, told(why(error), secrets))
        return Answer(True, "accepted" + (f", but not for {refused} of them" if refused else ""))

    def _mailed(self, message: Message, secrets: list[Secret]) -> int:
        """How many of those it is for do not get it. Raises as the library does, and TooLateError."""
        asked = self._settings
        context = trust(asked.ca) if asked.security != "none" else None
        with mail_server(
            asked.host, self.port, silence=SILENCE, deadline=DEADLINE,
            **({"direct": context} if asked.security == "tls" else {"starttls": context}),
        ) as server:  # fmt: skip
            if secrets:
                server.login(asked.user, secrets[0].reveal())
            return len(server.send_message(mail(message, asked)))


def _refused(error: smtplib.SMTPResponseException, secrets: list[Secret]) -> Answer:
    """A server that has read a mail and does not want it, or one as large, has something against this one."""
    text = _text(error.smtp_error)
    read = isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
    size = isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code in _OF_ONE
    return Answer(False, told(f"{error.smtp_code} {text}", secrets), silent=not (read or size))


def mail(message: Message, asked: SmtpChannel) -> EmailMessage:
    """A message as mail. The library refuses line ends in headers; our text has none."""
    made = EmailMessage(policy=SMTP)
    made["From"] = asked.sender
    made["To"] = ", ".join(asked.to)
    made["Subject"] = f"[socterm] {message.title}"
    made["Date"] = format_datetime(datetime.fromtimestamp(message.at // 1_000_000, UTC))
    made["Message-ID"] = f"<{message.key}@{asked.sender.rpartition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(message.body + "\n", cte="quoted-printable")
    return made


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
