"""A mail through a server, over TLS unless it is told otherwise.

`Message-ID` is made of the message's key and the same in each try: many mail stores keep one of two alike.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from socterm.config import SmtpChannel
from socterm.errors import SoctermError
from socterm.notify.channels.base import DEADLINE, SILENCE, Answer, told
from socterm.notify.channels.posting import trust, why
from socterm.notify.words import Message
from socterm.secrets import Secret, held

PORTS: Final[Mapping[str, int]] = {"starttls": 587, "tls": 465, "none": 25}
"""Where a server listens unless the configuration says otherwise (RFC 6409, RFC 8314, RFC 5321)."""


class Smtp:
    """Mails each message."""

    def __init__(self, name: str, settings: SmtpChannel, environ: Mapping[str, str]) -> None:
        self.name = name
        self.port = settings.port or PORTS[settings.security]
        self._settings = settings
        self._environ = environ

    def send(self, message: Message, now: int) -> Answer:  # noqa: ARG002 - all are asked alike
        """Mail it to everybody; good where one of them gets it, and the answer says who does not."""
        asked = self._settings
        secrets: list[Secret] = []
        try:
            if asked.password_secret:
                secrets.append(held(asked.password_secret, self._environ))
            with _deadline(self._connected()) as server:
                if secrets:
                    server.login(asked.user, secrets[0].reveal())
                refused = server.send_message(mail(message, asked))
        except SoctermError as error:
            return Answer(False, str(error))
        except smtplib.SMTPRecipientsRefused as error:
            return self._refused([code for code, _ in error.recipients.values()], "nobody is accepted")
        except smtplib.SMTPResponseException as error:
            text = _text(error.smtp_error)
            return self._refused([error.smtp_code], told(f"{error.smtp_code} {text}", secrets))
        except smtplib.SMTPNotSupportedError:
            return Answer(False, "the server does not offer STARTTLS, or no login we know")
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Answer(False, told(why(error), secrets))
        return Answer(True, "accepted" + (f", but not for {len(refused)} of them" if refused else ""))

    @staticmethod
    def _refused(codes: list[int], text: str) -> Answer:
        """A refusal of 552 to 554 (RFC 5321, 4.2.3) can be about the one message."""
        return Answer(False, text, silent=not all(552 <= code <= 554 for code in codes))

    def _connected(self) -> smtplib.SMTP:
        asked = self._settings
        context = trust(asked.ca) if asked.security != "none" else None
        name = socket.gethostname() or "localhost"
        if asked.security == "tls":
            return smtplib.SMTP_SSL(
                asked.host, self.port, local_hostname=name, timeout=SILENCE, context=context
            )
        server = smtplib.SMTP(asked.host, self.port, local_hostname=name, timeout=SILENCE)
        if context is not None:
            try:
                server.starttls(context=context)
            except BaseException:
                server.close()
                raise
        return server


@contextlib.contextmanager
def _deadline(server: smtplib.SMTP) -> Iterator[smtplib.SMTP]:
    """Cut a server off that answers, but never ends to."""

    def cut() -> None:
        with contextlib.suppress(OSError):  # it is closed already
            if server.sock is not None:
                server.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(DEADLINE, cut)
    timer.daemon = True
    timer.start()
    try:
        yield server
        with contextlib.suppress(smtplib.SMTPException, OSError):  # the mail is accepted by now
            server.quit()
    finally:
        timer.cancel()
        server.close()


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
