"""Channels through Apprise, to a real server: no icon of the internet, no redirect, no secret in any text."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest
from socterm.config import AppriseChannel
from socterm.errors import SoctermError
from socterm.notify.channels import other
from socterm.notify.channels.base import Answer
from socterm.notify.channels.other import Other, open_service
from tests.e2e.road import until
from tests.notify_servers import Answer as ServerAnswer
from tests.notify_servers import Receiver, Request, message

HUSH = "correct-horse-battery"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def channel(url: str) -> Other:
    environ = {"HOME": "/nowhere", "SOCTERM_SECRET_PUSH": url}
    return Other("push", AppriseChannel(kind="apprise", url_secret="push"), environ)


def test_a_message_goes_through(receiver: Receiver) -> None:
    answer = channel(f"json://ann:{HUSH}@127.0.0.1:{receiver.port}/x").send(message(), 0)
    assert answer == Answer(True, "JSON: sent")
    (got,) = receiver.got
    assert (got.said["title"], got.said["message"]) == (message().title, message().body)
    assert got.said["type"] == "failure"


def test_ntfy_through_it_names_no_icon_of_the_internet(receiver: Receiver) -> None:
    assert channel(f"ntfy://127.0.0.1:{receiver.port}/topic").send(message(), 0).good
    (got,) = receiver.got
    told = str(got.headers) + got.body.decode()
    assert "http" not in told.replace("127.0.0.1", "")
    assert not any("icon" in name for name in got.headers)


def test_it_follows_no_redirect_and_says_nothing_of_its_address(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Receiver() as elsewhere:
        receiver.answers((307, {"Location": elsewhere.url}, b""))
        answer = channel(f"json://ann:{HUSH}@127.0.0.1:{receiver.port}/{HUSH}").send(message(), 0)
        assert elsewhere.got == []
    assert answer == Answer(False, "JSON: not sent")
    assert HUSH not in caplog.text + "".join(capfd.readouterr())


def test_a_name_that_is_markup_is_text_to_who_reads_markup(receiver: Receiver) -> None:
    """Telegram refuses a message with a lone `<` in it; others would show what a name makes them."""
    made = message(body="user.name <b *x*")
    assert channel(f"json://127.0.0.1:{receiver.port}/x?format=html").send(made, 0).good
    assert channel(f"json://127.0.0.1:{receiver.port}/x?format=markdown").send(made, 0).good
    first, second = (request.said["message"] for request in receiver.got)
    assert ("&lt;b" in first, "<" in first) == (True, False)
    assert "\\*x\\*" in second


def test_what_is_too_long_for_a_service_is_cut() -> None:
    assert open_service("discord://123456789012345678/abcdefghijklmnop").overflow_mode == "truncate"
    assert (
        open_service("discord://123456789012345678/abcdefghijklmnop?overflow=split").overflow_mode == "split"
    )


def test_a_service_that_never_ends_is_left_alone(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setattr(other, "DEADLINE", 0.2)
    over, begun = threading.Event(), threading.Event()

    def hang(_request: Request) -> ServerAnswer:
        begun.set()
        assert over.wait(60)
        return (200, {}, b"")

    receiver.answer = hang
    asked = channel(f"json://127.0.0.1:{receiver.port}/x?rto=60")
    assert asked.send(message(), 0) == Answer(False, "no whole answer within 0 s")
    assert begun.wait(60)
    assert asked.send(message(), 0) == Answer(False, "the last try is still under way")
    assert len(receiver.got) == 1
    over.set()
    until(lambda: asked._sending is not None and not asked._sending.is_alive(), "its end")
    monkeypatch.setattr(other, "DEADLINE", 60.0)
    assert asked.send(message(), 0).good


@pytest.mark.parametrize("url", [f"nosuch://{HUSH}", HUSH, f"json://{HUSH}:99999999/", ""])
def test_a_url_that_is_none_is_told_without_it(url: str) -> None:
    answer = channel(url).send(message(), 0)
    assert not answer.good
    assert HUSH not in answer.text


def test_it_is_shown_without_its_password() -> None:
    service = open_service(f"json://ann:{HUSH}@127.0.0.1/x")
    assert HUSH not in service.url(privacy=True)
    assert service.redirects is False


def test_where_it_is_missing_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(other, "find_spec", lambda _name: None)
    with pytest.raises(SoctermError, match=r"pip install 'socterm\[notify\]'") as missing:
        channel("json://127.0.0.1/")
    assert missing.value.exit_code == 3
