"""Local by proof: log text reaches this machine's model and nothing else, whatever names and servers say."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from socterm.analyst.backend import BackendError, Message
from socterm.analyst.backends import CompatibleBackend, OllamaBackend
from socterm.analyst.backends.local import place, runs_elsewhere
from socterm.analyst.backends.patience import Patience

import ollama_stub as stub
from ollama_stub import Handler, OllamaStub
from openai_stub import CompatibleHandler

ASK = [Message("user", "secret " * 100)]
SOON = Patience(silence=5, pause=0)
Backends = type[OllamaBackend] | type[CompatibleBackend]


@pytest.fixture(
    params=[(Handler, OllamaBackend), (CompatibleHandler, CompatibleBackend)], ids=["ollama", "openai"]
)
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[OllamaStub, Backends]]:
    handler, backend = request.param
    with stub.serving(handler) as server:
        yield server, backend


def chat(backend: OllamaBackend | CompatibleBackend) -> str:
    return "".join(chunk.text for chunk in backend.chat_stream(ASK, cancel=threading.Event()))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Say what a name means, answer by answer; returns the names that were looked up."""
    real = socket.getaddrinfo
    asked: list[str] = []

    def means(name: str, *answers: list[str]) -> list[str]:
        left = list(answers)

        def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            if host != name:
                return real(host, port, *args, **kwargs)
            asked.append(name)
            found = left.pop(0) if len(left) > 1 else left[0]
            if not found:
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            family = {True: socket.AF_INET6, False: socket.AF_INET}
            return [(family[":" in a], socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return means


@pytest.mark.parametrize(
    "addresses", [["192.0.2.1"], ["127.0.0.1", "192.0.2.1"], ["::1", "2001:db8::1"], ["10.0.0.5"], []]
)
def test_a_name_that_means_another_machine_is_refused(
    addresses: list[str], names: Callable[..., list[str]], pair: tuple[OllamaStub, Backends]
) -> None:
    names("model.home", addresses)
    server, backend = pair
    made = backend(f"http://model.home:{server.server_address[1]}", patience=SOON)
    health = made.health()
    assert health.state == "refused"
    assert "model.home" in health.reason
    assert "llm.allow_remote" in health.reason
    with pytest.raises(BackendError):
        chat(made)
    with pytest.raises(BackendError):
        made.embed(["x"], cancel=threading.Event())
    with pytest.raises(BackendError):
        made.card()
    assert server.requests == server.seen_headers == []


def test_even_localhost_is_looked_at(names: Callable[..., list[str]]) -> None:
    names("localhost", ["192.0.2.1"])
    assert "another machine" in place("http://localhost:11434").refused


def test_a_name_of_this_machine_is_this_machine(
    names: Callable[..., list[str]], pair: tuple[OllamaStub, Backends]
) -> None:
    names("model.home", ["::1", "127.0.0.1"])
    server, backend = pair
    server.script = [stub.answer("here")]
    assert chat(backend(f"http://model.home:{server.server_address[1]}", patience=SOON)) == "here"
    assert server.seen_headers[-1]["Host"].startswith("model.home:")


def test_a_name_cannot_mean_something_else_a_moment_later(
    names: Callable[..., list[str]], pair: tuple[OllamaStub, Backends]
) -> None:
    server, backend = pair
    asked = names("model.home", ["127.0.0.1"], ["192.0.2.1"])
    made = backend(f"http://model.home:{server.server_address[1]}", patience=SOON)
    assert made.health().state == "ok"
    assert asked == ["model.home"]
    assert made.health().state == "refused"


@pytest.mark.parametrize(
    "host",
    [
        "ftp://127.0.0.1",
        "http://",
        "",
        "http://[::1",
        "127.0.0.1:x",
        "http://2130706433:1",
        "//x y",
    ],
)
def test_what_is_no_address_of_this_machine_is_refused(host: str, names: Callable[..., list[str]]) -> None:
    names("2130706433", [])
    assert place(host).refused


def test_asked_for_another_machine_is_taken(names: Callable[..., list[str]]) -> None:
    asked = names("model.home", ["192.0.2.1"])
    assert place("model.home:11434", allow_remote=True).refused == ""
    assert asked == []


def test_redirects_are_not_followed(pair: tuple[OllamaStub, Backends]) -> None:
    server, backend = pair
    with stub.serving(server.RequestHandlerClass) as other:  # type: ignore[arg-type]

        def away(handler: Handler) -> None:
            handler.send_response(307)
            handler.send_header("Location", f"{other.url}{handler.path}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        for allow_remote in (False, True):
            server.script = [away]
            with pytest.raises(BackendError):
                chat(backend(server.url, allow_remote=allow_remote, patience=SOON))
        assert other.requests == other.seen_headers == []


def test_proxies_are_not_used(pair: tuple[OllamaStub, Backends], monkeypatch: pytest.MonkeyPatch) -> None:
    server, backend = pair
    with stub.serving() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        server.script = [stub.answer("direct")]
        assert chat(backend(server.url, patience=SOON)) == "direct"
        assert proxy.requests == proxy.seen_headers == []


def test_models_of_a_cloud_are_refused_unless_asked_for(pair: tuple[OllamaStub, Backends]) -> None:
    server, backend = pair
    server.models = [stub.tag("big-cloud"), stub.tag("x", remote_host="https://cloud.example")]
    for name in ("", "big-cloud", "x"):
        made = backend(server.url, name, patience=SOON)
        assert made.health().state in ("refused", "absent")
        with pytest.raises(BackendError):
            chat(made)
    assert server.requests == []
    assert backend(server.url, "x", allow_remote=True).health().state == "ok"
    assert backend(server.url, "x", allow_remote=True).card().cloud


def test_a_key_is_sent_where_one_is_set_and_nowhere_shown() -> None:
    with stub.serving(CompatibleHandler) as server:
        made = CompatibleBackend(server.url + "/v1/", api_key="s3cret", patience=SOON)
        server.script = [stub.answer("ok")]
        assert chat(made) == "ok"
        assert {headers.get("authorization") for headers in server.seen_headers} == {"Bearer s3cret"}
        assert "s3cret" not in repr(made.card())


@pytest.mark.parametrize(
    ("name", "row", "elsewhere"),
    [
        ("qwen3:4b", {}, False),
        ("gpt-oss:20b", {"owned_by": "library"}, False),
        ("gpt-oss:120b-cloud", {}, True),
        ("m", {"remote_model": "m"}, True),
        ("gpt-5", {"owned_by": "openai"}, True),
        ("openrouter/some/model", {"owned_by": "me"}, True),
        ("openai/gpt-oss-20b", {"owned_by": "organization_owner"}, False),
        ("google/gemma-3-4b", {"owned_by": "organization_owner"}, False),
        ("mistralai/Mistral-7B", {"owned_by": "vllm"}, False),
    ],
)
def test_who_runs_a_model(name: str, row: dict[str, str], elsewhere: bool) -> None:
    assert runs_elsewhere(name, row) is elsewhere


@pytest.mark.parametrize(
    "page",
    [b"[]", b"null", b"7", b'{"models": null, "data": 3}', b'{"models": [7], "data": ["x"]}', b"<html>", b"",
     b"\xff", b"[" * 100_000,
     b'{"models": [{"name": "a\\nb\\u001b[2J"}], "data": [{"id": "a\\nb\\u001b[2J"}]}'],
)  # fmt: skip
def test_whatever_a_server_lists_is_a_state(page: bytes, pair: tuple[OllamaStub, Backends]) -> None:
    server, backend = pair
    server.listing = page
    health = backend(server.url, patience=SOON).health()
    assert health.state in ("unreachable", "absent")
    assert health.reason.isprintable()


def test_a_list_that_never_ends_is_not_waited_for(
    pair: tuple[OllamaStub, Backends], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socterm.analyst.backends.wire.ASIDE_TOTAL", 0.3)
    server, backend = pair
    server.listing = None
    health = backend(server.url, patience=SOON).health()
    assert health.state == "unreachable"
    assert server.left.wait(60)


def test_a_server_that_does_not_keep_to_the_length_is_left(pair: tuple[OllamaStub, Backends]) -> None:
    server, backend = pair
    server.script = [stub.dribble("x" * 500), stub.answer("next")]
    made = backend(server.url, num_predict=50, patience=SOON)
    with pytest.raises(BackendError, match="does not keep to the length"):
        chat(made)
    assert server.left.wait(60)
    assert chat(made) == "next"
