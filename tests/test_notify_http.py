"""Webhook and ntfy against a real server: what arrives, and what comes of each way to fail."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from socterm.config import NtfyChannel, WebhookChannel
from socterm.notify.channels import posting
from socterm.notify.channels.base import Answer
from socterm.notify.channels.ntfy import Ntfy
from socterm.notify.channels.webhook import Webhook
from socterm.notify.words import Message
from tests.notify_servers import OK, Receiver, certificate, message

NOW = 1_795_168_800_000_000
HUSH = "correct-horse-battery"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture(autouse=True)
def no_proxy_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment would take tokens along."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")


def webhook(url: str, environ: Mapping[str, str] | None = None, **more: object) -> Webhook:
    settings = WebhookChannel.model_validate({"kind": "webhook", "url": url, **more})
    return Webhook("ops", settings, environ or {"HOME": "/nowhere"})


def sent(channel: Webhook | Ntfy, **more: object) -> Answer:
    return channel.send(message(**more), NOW)


def test_a_webhook_gets_the_text_and_the_facts(receiver: Receiver) -> None:
    assert sent(webhook(receiver.url + "/hook?x=1")) == Answer(True, "HTTP 200 thanks")
    (got,) = receiver.got
    assert got.path == "/hook?x=1"
    assert got.said == {
        "id": message().key, "kind": "alert", "level": "high", "at": "2026-11-20T10:00:00Z",
        "title": "HIGH: Guessed · 203.0.113.9",
        "text": "HIGH: Guessed · 203.0.113.9\nGuessed\nlevel high, 12 events",
        "alert": {"id": 7, "title": "Guessed"},
    }  # fmt: skip
    assert got.key == got.headers["webhook-id"] == message().key
    assert got.headers["content-type"] == "application/json"
    assert "authorization" not in got.headers
    assert "webhook-signature" not in got.headers


@pytest.mark.parametrize(
    ("secret", "key"),
    [(HUSH, HUSH.encode()), ("whsec_" + base64.b64encode(b"raw key").decode(), b"raw key")],
)
def test_a_webhook_is_signed_with_its_key(receiver: Receiver, secret: str, key: bytes) -> None:
    environ = {"HOME": "/nowhere", "SOCTERM_SECRET_SIGN": secret, "SOCTERM_SECRET_TOKEN": "tok"}
    assert sent(webhook(receiver.url, environ, sign_secret="sign", token_secret="token")).good
    (got,) = receiver.got
    stamp = got.headers["webhook-timestamp"]
    assert stamp == str(NOW // 1_000_000)
    signed = f"{got.key}.{stamp}.".encode() + got.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{expected}"
    assert got.headers["authorization"] == "Bearer tok"
    assert HUSH not in str(got)


def test_the_words_of_a_message_stay_the_same_when_it_is_tried_later(receiver: Receiver) -> None:
    channel = webhook(receiver.url)
    channel.send(message(), NOW)
    channel.send(message(), NOW + 600_000_000)
    assert receiver.got[0].body == receiver.got[1].body
    assert receiver.got[0].key == receiver.got[1].key


def test_ntfy_gets_plain_text_and_a_priority(receiver: Receiver) -> None:
    environ = {"HOME": "/nowhere", "SOCTERM_SECRET_TOKEN": "tk_1", "SOCTERM_SECRET_TOPIC": "hidden-topic"}
    settings = NtfyChannel(kind="ntfy", url=receiver.url, topic_secret="topic", token_secret="token")
    assert sent(Ntfy("phone", settings, environ), level="critical").good
    (got,) = receiver.got
    assert got.path == "/"
    assert got.said == {
        "topic": "hidden-topic", "title": "HIGH: Guessed · 203.0.113.9",
        "message": "Guessed\nlevel high, 12 events", "priority": 5, "sequence_id": message().key,
    }  # fmt: skip
    assert got.headers["x-sequence-id"] == got.key == message().key
    assert got.headers["authorization"] == "Bearer tk_1"
    assert all("Guessed" not in value for value in got.headers.values())


@pytest.mark.parametrize(
    ("status", "more", "expected"),
    [
        (500, {}, Answer(False, "HTTP 500 no")),
        (503, {"Retry-After": "90"}, Answer(False, "HTTP 503 no", wait=90_000_000)),
        (
            429,
            {"Retry-After": "Fri, 20 Nov 2026 10:02:00 GMT"},
            Answer(False, "HTTP 429 no", wait=120_000_000),
        ),
        (401, {}, Answer(False, "HTTP 401 no")),
        (404, {}, Answer(False, "HTTP 404 no")),
        (413, {}, Answer(False, "HTTP 413 no", silent=False)),
        (422, {"Retry-After": "never"}, Answer(False, "HTTP 422 no", silent=False)),
    ],
)
def test_a_refusal_says_why_and_when_to_come_again(
    receiver: Receiver, status: int, more: dict[str, str], expected: Answer
) -> None:
    receiver.answers((status, more, b"no"))
    assert sent(webhook(receiver.url)) == expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(receiver: Receiver, status: int) -> None:
    with Receiver() as elsewhere:
        receiver.answers((status, {"Location": elsewhere.url}, b""))
        environ = {"HOME": "/nowhere", "SOCTERM_SECRET_TOKEN": HUSH}
        answer = sent(webhook(receiver.url, environ, token_secret="token"))
        assert answer == Answer(False, f"HTTP {status}: it sends elsewhere, which is not followed")
        assert elsewhere.got == []


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        answer = sent(webhook(f"http://127.0.0.1:{free.getsockname()[1]}"))
    assert answer == Answer(False, "Connection refused")
    assert not sent(webhook("http://nobody.invalid/")).good


def test_a_connection_that_is_cut(receiver: Receiver) -> None:
    receiver.answers(None)
    assert sent(webhook(receiver.url)) == Answer(False, "the connection broke")


def test_a_server_that_says_nothing(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "SILENCE", 0.2)
    over = threading.Event()
    receiver.answer = lambda _request: OK if over.wait(30) else None
    answer = sent(webhook(receiver.url))
    over.set()
    assert answer == Answer(False, "no answer within 0 s")


def test_a_server_whose_answer_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then is no silence; the try ends all the same."""
    monkeypatch.setattr(posting, "DEADLINE", 0.5)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                while not over.wait(0.05):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        answer = sent(webhook(f"http://127.0.0.1:{server.getsockname()[1]}"))
        over.set()
        thread.join()
    assert (answer.good, answer.text[:26]) == (False, "no whole answer within 0 s")


def test_an_endless_answer_is_read_to_a_point(receiver: Receiver) -> None:
    receiver.answers((200, {}, b"\x1b]0;owned\x07" + b"A" * 5_000_000))
    answer = sent(webhook(receiver.url))
    assert answer.good
    assert len(answer.text) == 200
    assert answer.text.isprintable()


def test_an_answer_that_breaks_off_after_its_status_is_one(receiver: Receiver) -> None:
    """Else a message that has arrived would be sent again."""
    receiver.answers((200, {"Content-Length": "100"}, b"tha"))
    assert sent(webhook(receiver.url)) == Answer(True, "HTTP 200 tha")


def test_an_answer_that_dawdles_after_its_status_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(posting, "TEXT", 0.1)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def dawdle() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\nwait")
                over.wait(30)

        thread = threading.Thread(target=dawdle)
        thread.start()
        answer = sent(webhook(f"http://127.0.0.1:{server.getsockname()[1]}"))
        over.set()
        thread.join()
    assert answer == Answer(True, "HTTP 202 wait")


def test_a_certificate_nobody_vouches_for_is_refused_unless_it_is_named(tmp_path: Path) -> None:
    context, cert = certificate(tmp_path)
    with Receiver(tls=context) as receiver:
        answer = sent(webhook(receiver.url))
        assert answer == Answer(False, "its certificate is not accepted: self-signed certificate")
        assert receiver.got == []
        assert sent(webhook(receiver.url, ca=str(cert))).good


def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    context, cert = certificate(tmp_path, "other.example")
    with Receiver(tls=context) as receiver:
        answer = sent(webhook(receiver.url, ca=str(cert)))
        assert not answer.good
        assert answer.text.startswith("its certificate is not accepted: ")
        assert receiver.got == []


def test_https_spoken_to_one_who_does_not(receiver: Receiver) -> None:
    answer = sent(webhook(receiver.url.replace("http:", "https:")))
    assert answer == Answer(False, "TLS failed: wrong version number")


def test_a_file_of_certificates_that_is_none_is_said(receiver: Receiver, tmp_path: Path) -> None:
    url = receiver.url.replace("http:", "https:")
    missing = sent(webhook(url, ca=str(tmp_path / "none.pem")))
    (tmp_path / "empty.pem").touch()
    empty = sent(webhook(url, ca=str(tmp_path / "empty.pem")))
    assert (missing.text, empty.good) == ("No such file or directory", False)
    assert receiver.got == []


def test_a_secret_that_is_missing_is_said_and_nothing_sent(receiver: Receiver) -> None:
    answer = sent(webhook(receiver.url, token_secret="token"))
    assert (answer.good, answer.silent) == (False, True)
    assert answer.text.startswith("there is no secret token: write it to ")
    assert receiver.got == []


def test_what_the_server_tells_of_our_secrets_is_not_kept(receiver: Receiver) -> None:
    environ = {
        "HOME": "/nowhere", "SOCTERM_SECRET_TOKEN": HUSH, "SOCTERM_SECRET_SIGN": "signing-key-1",
        "SOCTERM_SECRET_URL": receiver.url + "/services/T0/B0/xyz",
    }  # fmt: skip
    channel = Webhook(
        "ops",
        WebhookChannel(kind="webhook", url_secret="url", token_secret="token", sign_secret="sign"),
        environ,
    )
    said = f"bad token {HUSH}, key signing-key-1, at {receiver.url}/services/T0/B0/xyz, services"
    receiver.answers((403, {}, said.encode()))
    answer = sent(channel)
    assert answer.text == "HTTP 403 bad token [secret], key [secret], at [secret], [secret]"
    assert receiver.got[0].path == "/services/T0/B0/xyz"


@pytest.mark.parametrize("token", ["two\r\nX-Evil: 1", "ünicode", "nul\0"])
def test_a_token_that_is_no_header_is_not_sent(receiver: Receiver, token: str) -> None:
    environ = {"HOME": "/nowhere", "SOCTERM_SECRET_TOKEN": token}
    answer = sent(webhook(receiver.url, environ, token_secret="token"))
    assert not answer.good
    assert token not in answer.text
    assert not any("x-evil" in request.headers for request in receiver.got)


def test_hostile_text_stays_within_its_json(receiver: Receiver) -> None:
    nasty = Message("k" * 32, "alert", 'a"},{"b', "x\ny", "high", NOW, {"entity": {"\u2028": '"'}})
    assert webhook(receiver.url).send(nasty, NOW).good
    assert json.loads(receiver.got[0].body)["title"] == 'a"},{"b'


def test_tls_of_a_server_is_checked_by_default() -> None:
    context = posting.trust(None)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
