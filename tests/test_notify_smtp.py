"""Mail through a real SMTP server: TLS, login, refusals, and a subject that can begin no header."""

from __future__ import annotations

import base64
import email
import email.policy
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import given
from hypothesis import strategies as st
from socterm.config import SmtpChannel
from socterm.errors import UsageError
from socterm.notify.channels import smtp
from socterm.notify.channels.base import Answer
from socterm.notify.channels.smtp import Smtp
from socterm.notify.words import of_alert
from socterm.store.rows import AlertRow
from tests.notify_servers import certificate, message, notify_config

NOW = 1_795_168_800_000_000
HUSH = "correct-horse-battery"


class Mailbox:
    """Keeps what is sent; refuses some people, and all when told so."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.to: list[list[str]] = []
        self.logins: list[tuple[str, str]] = []
        self.say = ""

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.say:
            return self.say
        content = envelope.content
        assert isinstance(content, bytes)
        self.raw.append(content)
        self.mails.append(email.message_from_bytes(content, policy=email.policy.default))  # type: ignore[arg-type]
        self.to.append(list(envelope.rcpt_tos))
        return "250 taken"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, how: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == HUSH, handled=False)


class AnyPort(Controller):
    """aiosmtpd connects to its port to see that it is up: here to the one it was given by the system."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def serving(box: Mailbox, **more: Any) -> Iterator[int]:
    controller = AnyPort(
        box, hostname="127.0.0.1", port=0, ready_timeout=60, authenticator=box.authenticate, **more
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def channel(port: int, **more: Any) -> Smtp:
    base = {
        "kind": "smtp", "host": "127.0.0.1", "port": port, "security": "none",
        "sender": "socterm@soc.example", "to": ["ann@soc.example"],
    }  # fmt: skip
    environ = {"HOME": "/nowhere", "SOCTERM_SECRET_MAIL": HUSH}
    return Smtp("mail", SmtpChannel.model_validate(base | more), environ)


def test_a_mail_says_what_happened_and_is_one_mail_however_often_it_is_sent() -> None:
    box = Mailbox()
    with serving(box) as port:
        assert channel(port).send(message(), NOW) == Answer(True, "accepted")
        assert channel(port).send(message(), NOW + 600_000_000).good
    first, second = box.mails
    assert first["Subject"] == "[socterm] HIGH: Guessed · 203.0.113.9"
    assert (first["From"], first["To"]) == ("socterm@soc.example", "ann@soc.example")
    assert first["Message-ID"] == second["Message-ID"] == f"<{message().key}@soc.example>"
    assert box.raw[0] == box.raw[1]
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["Date"] == "Fri, 20 Nov 2026 10:00:00 +0000"
    assert first.get_content().splitlines() == ["Guessed", "level high, 12 events"]


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_over_tls_with_a_login(tmp_path: Path, security: str) -> None:
    context, cert = certificate(tmp_path)
    box = Mailbox()
    more: dict[str, Any] = {"require_starttls": True, "tls_context": context, "auth_required": True}
    if security == "tls":
        more = {"ssl_context": context, "auth_require_tls": False, "auth_required": True}
    with serving(box, **more) as port:
        asked = {"security": security, "user": "socterm", "password_secret": "mail"}
        assert channel(port, **asked, ca=str(cert)).send(message(), NOW) == Answer(True, "accepted")
        assert box.logins == [("socterm", HUSH)]
        refused = channel(port, **asked).send(message(), NOW)
        assert refused == Answer(False, "its certificate is not accepted: self-signed certificate")
    assert len(box.mails) == 1
    assert len(box.logins) == 1


def test_a_server_without_starttls_gets_no_password() -> None:
    box = Mailbox()
    with serving(box) as port:
        asked = {"security": "starttls", "user": "socterm", "password_secret": "mail"}
        answer = channel(port, **asked).send(message(), NOW)
    assert answer == Answer(False, "the server does not offer STARTTLS, or no login we know")
    assert (box.logins, box.mails) == ([], [])


def test_a_wrong_password_is_told_without_it(tmp_path: Path) -> None:
    context, cert = certificate(tmp_path)
    box = Mailbox()
    with serving(box, tls_context=context, require_starttls=True, auth_required=True) as port:
        settings = channel(port, security="starttls", user="u", password_secret="mail", ca=str(cert))
        settings._environ = {"HOME": "/nowhere", "SOCTERM_SECRET_MAIL": "wrong-" + HUSH}
        answer = settings.send(message(), NOW)
    assert (answer.good, answer.silent, HUSH in answer.text) == (False, True, False)
    assert answer.text.startswith("535 ")


def test_a_password_that_is_missing_is_said_and_nobody_asked() -> None:
    box = Mailbox()
    with serving(box) as port:
        answer = channel(port, user="u", password_secret="other").send(message(), NOW)
    assert answer.text.startswith("there is no secret other")
    assert box.logins == []


@pytest.mark.parametrize(
    ("say", "expected"),
    [
        ("451 later", Answer(False, "451 later")),
        ("421 too many", Answer(False, "421 too many")),
        ("554 we take it for spam", Answer(False, "554 we take it for spam", silent=False)),
        ("550 5.7.1 words we do not like", Answer(False, "550 5.7.1 words we do not like", silent=False)),
    ],
)
def test_a_refusal_is_told_as_the_server_said_it(say: str, expected: Answer) -> None:
    box = Mailbox()
    box.say = say
    with serving(box) as port:
        assert channel(port).send(message(), NOW) == expected


def test_one_who_gets_it_is_enough_and_the_others_are_counted() -> None:
    box = Mailbox()
    with serving(box) as port:
        both = channel(port, to=["nobody@soc.example", "ann@soc.example"]).send(message(), NOW)
        none = channel(port, to=["nobody@soc.example"]).send(message(), NOW)
    assert both == Answer(True, "accepted, but not for 1 of them")
    assert none == Answer(False, "nobody is accepted")
    assert box.to == [["ann@soc.example"]]


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        answer = channel(free.getsockname()[1]).send(message(), NOW)
    assert answer == Answer(False, "Connection refused")


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        answer = channel(server.getsockname()[1]).send(message(), NOW)
    assert answer == Answer(False, "no answer within 10 s")


HELLO = b"220 hello\r\n"
EXTENDED = b"250-here\r\n250 STARTTLS\r\n"


@contextmanager
def trickling(*answers: bytes, drop: bytes) -> Iterator[int]:
    """A server that answers so, each after something came, and then lets `drop` fall for ever."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                for number, answer in enumerate(answers):
                    if number and not connection.recv(1000):
                        return
                    connection.sendall(answer)
                while drop:
                    connection.sendall(drop)
                while connection.recv(1000):
                    pass

        thread = threading.Thread(target=drip)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


@pytest.mark.parametrize(
    ("security", "answers"),
    [
        ("none", ()), ("none", (HELLO,)),  # before and after the greeting
        ("starttls", (HELLO, EXTENDED, b"220 go\r\n")),  # within the handshake
    ],
)  # fmt: skip
def test_a_server_that_talks_without_end_is_heard_to_a_point(
    security: str, answers: tuple[bytes, ...]
) -> None:
    with trickling(*answers, drop=b"220-more\r\n" if not answers else b"250-more\r\n" * 100) as port:
        answer = channel(port, security=security).send(message(), NOW)
    assert (answer.good, answer.silent) == (False, True)
    assert answer.text in ("Message too long", "the connection broke", "TLS failed: wrong version number")


@pytest.mark.parametrize(
    ("security", "answers", "drop"),
    [
        ("none", (), b""), ("none", (HELLO,), b"2"),
        ("starttls", (HELLO, EXTENDED), b"2"), ("starttls", (HELLO, EXTENDED, b"220 go\r\n"), b"\x16"),
        ("tls", (), b"\x16"),
    ],
)  # fmt: skip
def test_a_server_that_lets_bytes_fall_one_by_one_is_cut_off_at_every_step(
    monkeypatch: pytest.MonkeyPatch, security: str, answers: tuple[bytes, ...], drop: bytes
) -> None:
    """Its silence is never long; all of it together is."""
    monkeypatch.setattr(smtp, "DEADLINE", 0.2)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                for number, answer in enumerate(answers):
                    if number:
                        connection.recv(1000)
                    connection.sendall(answer)
                sent = 0
                while not over.wait(0.05) and sent < 4:  # fewer than make an answer or a record
                    connection.sendall(drop)
                    sent += len(drop)
                over.wait()

        thread = threading.Thread(target=drip)
        thread.start()
        answer = channel(server.getsockname()[1], security=security).send(message(), NOW)
        over.set()
        thread.join()
    assert answer == Answer(False, "no whole answer within 0 s")


def test_a_server_that_repeats_the_login_does_not_have_it_written_down() -> None:
    """`AUTH PLAIN` is the password in base64, and servers quote the line they did not like."""
    given = base64.b64encode(f"\0socterm\0{HUSH}".encode()).decode()
    answers = (HELLO, b"250-here\r\n250 AUTH PLAIN\r\n", f"535 5.7.8 not AUTH PLAIN {given}\r\n".encode())
    with trickling(*answers, drop=b"") as port:
        answer = channel(port, user="socterm", password_secret="mail").send(message(), NOW)
    assert answer.text.startswith("535 5.7.8 not AUTH PLAIN ")
    left, secret, right = answer.text.partition("PLAIN ")[2].partition("[secret]")
    assert secret
    assert given.startswith(left)
    assert given.endswith(right)
    assert (len(left), len(right)) <= (14, 4)  # "socterm" between two NUL, and a letter or two


@given(st.text(min_size=1), st.dictionaries(st.text(max_size=20), st.text(max_size=200), max_size=4))
def test_whatever_names_are_in_it_a_mail_can_be_made(title: str, entity: dict[str, str]) -> None:
    row = AlertRow(
        7, "r", title, "high", "", (), entity, NOW, NOW, 1, 1, False, "", "new", "", "", 0, NOW, NOW
    )
    made = smtp.mail(of_alert(row, key="k" * 32, at=NOW, host="soc1"), channel(25)._settings)
    raw = made.as_bytes()
    read = email.message_from_bytes(raw, policy=email.policy.default)
    assert set(read.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    }  # fmt: skip
    assert all(len(line) <= 998 for line in raw.splitlines())


def test_no_text_begins_a_header() -> None:
    box = Mailbox()
    with serving(box) as port:
        made = message(title="a\r\nBcc: all@soc.example", body="b\r\n.\r\nMAIL FROM:<x@y>\r\n" + "c" * 3000)
        answer = channel(port).send(made, NOW)
        assert answer.good is False  # such a title never leaves `words`; the library refuses it, too
        assert channel(port).send(message(body=made.body), NOW).good
    assert len(box.mails) == 1
    assert box.mails[0]["Bcc"] is None
    assert all(len(line) <= 100 for line in box.raw[0].splitlines())


@pytest.mark.parametrize(
    "bad",
    [
        {"sender": "a@b\nX: y"}, {"to": ["a@b\r\nBcc: c@d"]}, {"to": ["a@b, c@d"]}, {"to": []},
        {"to": ["änn@d.example"]},
        {"host": "mail\r\nQUIT"}, {"user": "u"}, {"password_secret": "p"},
        {"security": "none", "user": "u", "password_secret": "p", "host": "mail.example.org"},
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(bad: dict[str, Any]) -> None:
    base = {"kind": "smtp", "host": "127.0.0.1", "sender": "a@b.example", "to": ["c@d.example"]}
    with pytest.raises(UsageError) as refused:
        notify_config(channels={"mail": base | bad})
    assert "\n" not in str(refused.value)


def test_ports_follow_from_the_security() -> None:
    assert [channel(0, security=kind).port for kind in ("starttls", "tls", "none")] == [587, 465, 25]
