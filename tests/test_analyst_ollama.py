"""The Ollama backend against a real HTTP server that does what servers do, faults included."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from socterm.analyst import NullBackend, OllamaBackend, open_backend
from socterm.analyst.backend import BackendError, Cancelled, Chunk, Message, ToolCall
from socterm.analyst.backends.patience import Patience
from socterm.config import LlmConfig

import ollama_stub as stub
from ollama_stub import MODEL, OllamaStub

ASK = [Message("system", "be short"), Message("user", "hello " * 300)]


@pytest.fixture
def server() -> Iterator[OllamaStub]:
    with stub.serving() as server:
        yield server


def chat(
    backend: OllamaBackend, messages: list[Message] = ASK, cancel: threading.Event | None = None
) -> list[Chunk]:
    return list(backend.chat_stream(messages, cancel=cancel or threading.Event()))


def text(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_normal_answer_streams_and_ends_with_its_cost(server: OllamaStub) -> None:
    server.script = [stub.answer("Hel", "lo.")]
    chunks = chat(OllamaBackend(server.url))
    assert [chunk.text for chunk in chunks[:2]] == ["Hel", "lo."]
    usage = chunks[-1].usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.answer_tokens, usage.seconds) == (452, 10, 0.5)
    assert not usage.truncated
    assert not usage.cut


def test_the_context_size_is_always_sent(server: OllamaStub) -> None:
    server.script = [stub.answer("x"), stub.answer("x")]
    chat(OllamaBackend(server.url, num_ctx=4096))
    backend = OllamaBackend(server.url)
    list(
        backend.chat_stream(
            ASK, tools=[{"type": "function", "function": {"name": "f"}}], cancel=threading.Event()
        )
    )
    assert [request["options"]["num_ctx"] for request in server.requests] == [4096, 8192]
    assert all("format" not in request for request in server.requests)


def test_tool_calls_arrive_and_results_go_back_by_name(server: OllamaStub) -> None:
    server.script = [stub.call("f", {"a": 1}, ("g", {})), stub.answer("done")]
    backend = OllamaBackend(server.url)
    calls = chat(backend)[0].calls
    assert calls == (ToolCall("f", {"a": 1}), ToolCall("g", {}))
    chat(backend, [*ASK, Message("assistant", "", calls), Message("tool", "result", tool_name="f")])
    sent = server.requests[-1]["messages"]
    assert sent[2]["tool_calls"][0]["function"] == {"name": "f", "arguments": {"a": 1}}
    assert sent[3] == {"role": "tool", "content": "result", "tool_name": "f"}


def test_line_breaks_of_other_alphabets_do_not_tear_the_stream(server: OllamaStub) -> None:
    server.script = [stub.answer("user \x85 evil", " and \u2028 more \u2029 é")]
    assert text(chat(OllamaBackend(server.url))) == "user \x85 evil and \u2028 more \u2029 é"


def test_a_cut_prompt_is_noticed(server: OllamaStub) -> None:
    server.script = [stub.answer("x", prompt=100)]
    usage = chat(OllamaBackend(server.url))[-1].usage
    assert usage is not None
    assert usage.truncated


def test_an_answer_at_its_limit_is_noticed(server: OllamaStub) -> None:
    server.script = [stub.answer("x", reason="length")]
    usage = chat(OllamaBackend(server.url))[-1].usage
    assert usage is not None
    assert usage.cut


@pytest.mark.parametrize(
    ("reply", "state", "says"),
    [
        (stub.status(404, "model 'tiny' not found"), "absent", "not found"),
        (stub.status(503, "server busy"), "unreachable", "server busy"),
        (stub.status(500, "out of memory"), "unreachable", "out of memory"),
        (stub.status(302, "elsewhere"), "unreachable", ""),
        (stub.error_after("partial ", error="model runner died"), "unreachable", "runner died"),
        (stub.cut("partial "), "unreachable", ""),
        (stub.raw(b"no json\n"), "unreachable", ""),
        (stub.raw(b'{"message": 5}\n'), "unreachable", ""),
        (stub.raw(b"[1]\n"), "unreachable", ""),
        (stub.raw(b""), "unreachable", "middle of the answer"),
        (stub.raw(b"\xff\xfe\n"), "unreachable", ""),
    ],
)
def test_every_failure_is_one_kind_of_error(
    server: OllamaStub, reply: stub.Reply, state: str, says: str
) -> None:
    server.script = [reply, *([reply] if "busy" in says else []), stub.answer("fine again")]
    backend = OllamaBackend(server.url, patience=Patience(pause=0))
    with pytest.raises(BackendError) as caught:
        chat(backend)
    assert caught.value.health.state == state
    assert says in caught.value.health.reason
    assert "\n" not in caught.value.health.reason
    assert text(chat(backend)) == "fine again"


def test_text_before_a_failure_is_handed_on(server: OllamaStub) -> None:
    server.script = [stub.error_after("partial ", "answer", error="died")]
    stream = OllamaBackend(server.url).chat_stream(ASK, cancel=threading.Event())
    assert next(stream).text + next(stream).text == "partial answer"
    with pytest.raises(BackendError, match="died"):
        next(stream)


@pytest.mark.parametrize("parts", [(), ("some ",)])
def test_a_silent_server_ends_at_the_time_limit(server: OllamaStub, parts: tuple[str, ...]) -> None:
    server.script = [stub.stall(*parts)]
    with pytest.raises(BackendError, match="took too long"):
        chat(OllamaBackend(server.url, patience=Patience(silence=0.2)))
    assert server.left.wait(60)


@pytest.mark.parametrize("parts", [(), ("some ",)])
def test_cancel_closes_the_stream_of_a_silent_server(server: OllamaStub, parts: tuple[str, ...]) -> None:
    server.script = [stub.stall(*parts), stub.answer("next")]
    backend, cancel = OllamaBackend(server.url), threading.Event()
    stream = backend.chat_stream(ASK, cancel=cancel)
    assert [next(stream).text for _ in parts] == list(parts)
    threading.Thread(target=lambda: server.silent.wait(60) and cancel.set()).start()
    with pytest.raises(Cancelled):
        next(stream)
    assert server.left.wait(60)
    assert text(chat(backend)) == "next"


def test_an_abandoned_stream_is_closed_too(server: OllamaStub) -> None:
    server.script = [stub.stall("some ")]
    stream = OllamaBackend(server.url).chat_stream(ASK, cancel=threading.Event())
    assert next(stream).text == "some "
    stream.close()  # type: ignore[attr-defined]
    assert server.left.wait(60)


def test_an_absent_server_is_a_state() -> None:
    backend = OllamaBackend(f"http://127.0.0.1:{free_port()}", "tiny")
    health = backend.health()
    assert (health.state, health.model) == ("unreachable", "tiny")
    assert "no Ollama at http://127.0.0.1" in health.reason
    with pytest.raises(BackendError):
        chat(backend)


def test_a_server_that_goes_away_between_health_and_chat(server: OllamaStub) -> None:
    backend = OllamaBackend(server.url)
    assert backend.health().state == "ok"
    backend.host = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(BackendError) as caught:
        chat(backend)
    assert caught.value.health.state == "unreachable"


def test_models_by_name_by_default_and_absent(server: OllamaStub) -> None:
    server.models = [
        stub.tag("nomic-embed-text:latest", details={"family": "nomic-bert"}),
        stub.tag("qwen3:4b"),
        stub.tag(MODEL),
    ]
    assert OllamaBackend(server.url).health().model == "qwen3:4b"
    assert OllamaBackend(server.url, "tiny").health().model == MODEL
    missing = OllamaBackend(server.url, "big").health()
    assert missing.state == "absent"
    assert "ollama pull big" in missing.reason
    server.models = []
    assert OllamaBackend(server.url).health().state == "absent"


def test_cloud_models_are_refused(server: OllamaStub) -> None:
    server.models = [
        stub.tag("gpt-oss:120b-cloud"),
        stub.tag("x:latest", remote_host="https://ollama.com"),
        stub.tag("y-cloud"),
    ]
    for name in ("gpt-oss:120b-cloud", "x", "y-cloud"):
        health = OllamaBackend(server.url, name).health()
        assert health.state == "refused"
        with pytest.raises(BackendError):
            chat(OllamaBackend(server.url, name))
        assert OllamaBackend(server.url, name, allow_remote=True).health().state == "ok"
    assert OllamaBackend(server.url).health().state == "absent"
    assert server.requests == []


@pytest.mark.parametrize(
    "host",
    [
        "http://192.0.2.1:11434",
        "192.0.2.1:11434",
        "https://ollama.example",
        "http://0.0.0.0:1",
        "http://127.0.0.1.evil.example",
    ],
)
def test_other_machines_are_refused_without_being_contacted(host: str) -> None:
    health = OllamaBackend(host).health()
    assert health.state == "refused"
    assert "llm.allow_remote" in health.reason


@pytest.mark.parametrize("host", ["http://127.0.0.1:x", "http://[::1", "http://localhost:99999"])
def test_nonsense_hosts_are_a_state(host: str) -> None:
    assert OllamaBackend(host).health().state == "refused"


def test_loopback_in_every_spelling_is_this_machine(server: OllamaStub) -> None:
    port = server.server_address[1]
    for host in (f"127.0.0.1:{port}", f"http://localhost:{port}", f"http://127.0.0.1:{port}/"):
        assert OllamaBackend(host).health().state == "ok"


def test_proxies_of_the_environment_are_not_used(server: OllamaStub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    server.script = [stub.answer("direct")]
    backend = OllamaBackend(server.url)
    assert backend.health().state == "ok"
    assert text(chat(backend)) == "direct"


def test_a_configuration_opens_its_backend(server: OllamaStub) -> None:
    backend = open_backend(LlmConfig(host=server.url, model="tiny"))
    assert backend.health().model == MODEL
    assert isinstance(open_backend(LlmConfig(host="")), NullBackend)
    assert open_backend(LlmConfig(host="")).health().state == "absent"


def test_the_client_is_imported_only_when_asked() -> None:
    code = "import sys, socterm.analyst; print(*({'ollama', 'httpx'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
