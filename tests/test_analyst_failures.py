"""Whatever a model's server does: a labelled answer, within the time limit, and the next request is served.

Each failure is acted out by a server over real HTTP, in both dialects, and met by the real clients.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field
from socterm.analyst import Analyst, Piece
from socterm.analyst.backend import Backend, BackendError, Cancelled, Message
from socterm.analyst.backends import CompatibleBackend, OllamaBackend, QueuedBackend
from socterm.analyst.backends.patience import Patience
from socterm.store import Store

import ollama_stub as stub
from analyst_scene import BRUTE_ALERT, NOW, attack
from ollama_stub import Handler, OllamaStub, Reply
from openai_stub import CompatibleHandler

MODEL = "tiny:latest"
QUESTION = "why did this fire?"
ASK = [Message("system", "be short"), Message("user", "what is it? " * 60)]
SOON = Patience(total=20, silence=0.5, pause=0)
GOOD = '{"verdict": "attack", "users": ["alice"]}'
DIALECTS: dict[str, tuple[type[Handler], Callable[..., Backend]]] = {
    "ollama": (Handler, OllamaBackend),
    "openai": (CompatibleHandler, CompatibleBackend),
}


class Finding(BaseModel):
    """A form, as stages have them."""

    model_config = ConfigDict(extra="forbid")
    verdict: Literal["attack", "benign", "unclear"]
    users: list[Annotated[str, Field(max_length=20)]] = Field(max_length=3)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with attack().store(tmp_path_factory.mktemp("failures")) as store:
        yield store


@pytest.fixture(params=list(DIALECTS))
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(dialect: str) -> Iterator[OllamaStub]:
    with stub.serving(DIALECTS[dialect][0]) as server:
        yield server


@pytest.fixture
def backend(dialect: str, server: OllamaStub) -> Backend:
    return QueuedBackend(DIALECTS[dialect][1](server.url, patience=SOON))


@pytest.fixture
def analyst(store: Store, backend: Backend) -> Analyst:
    return Analyst(store.events, store.triage, backend, now=lambda: NOW)


def said(pieces: list[Piece]) -> str:
    """What is left on the screen."""
    kept: list[str] = []
    for piece in pieces:
        if piece.kind == "retract":
            kept.clear()
        elif piece.kind == "text":
            kept.append(piece.text)
    return "".join(kept)


RULES: dict[str, tuple[Callable[[], list[Reply]], str]] = {
    "404 model": (lambda: [stub.status(404, "model 'tiny' not found")], "not found"),
    "400": (lambda: [stub.status(400, "tiny does not support tools")], "does not support tools"),
    "503 twice": (lambda: [stub.status(503, "server busy")] * 2, "server busy"),
    "error before the first byte": (lambda: [stub.status(500, "out of memory")], "out of memory"),
    "error in the stream, with 200": (lambda: [stub.error_after(error="runner died")], "runner died"),
    "cut before a word": (lambda: [stub.cut()], ""),
    "stall": (lambda: [stub.stall()], "took too long"),
    "truncated twice": (lambda: [stub.answer("made up", prompt=40)] * 2, "cuts prompts short"),
    "thinking only, twice": (lambda: [stub.thinks_only("hm")] * 2, "no answer"),
    "nothing": (lambda: [stub.answer()], "no answer"),
    "no stream": (lambda: [lambda handler: handler.json({"message": {"content": "x"}})], ""),
    "another page": (lambda: [stub.raw(b"<html>sign in</html>\n")], ""),
    "elsewhere": (lambda: [stub.status(302, "go there")], ""),
    "half a line": (lambda: [stub.raw(b'data: {"choices": [{"delta"\n')], ""),
    "another shape": (lambda: [stub.raw(b'data: {"choices": [[]]}\n{"message": [[]]}\n')], ""),
    "only brackets": (lambda: [stub.raw(b"data: " + b"[" * 100_000 + b"\n")], ""),
    "calls for ever": (lambda: [stub.call("list_alerts", {})] * 7, "no answer"),
}
"""What ends in an answer from rules, and what the label says of it."""


@pytest.mark.parametrize("name", RULES)
def test_without_an_answer_rules_answer_and_say_why(name: str, analyst: Analyst, server: OllamaStub) -> None:
    script, reason = RULES[name]
    server.script = script()
    pieces = list(analyst.ask(QUESTION, BRUTE_ALERT))
    assert server.script == []
    assert pieces[-1].kind == "done"
    assert pieces[-1].source == "rules"
    assert pieces[-1].text.startswith(f"source: rules · {MODEL}: ")
    assert reason in pieces[-1].text
    assert "SSH brute force, then login (high): 31 events" in said(pieces)
    assert "made up" not in said(pieces)
    server.script = [stub.answer("fine again")]
    assert said(list(analyst.ask("again?"))) == "fine again"


PARTIAL: dict[str, Callable[[], Reply]] = {
    "error in the stream": lambda: stub.error_after("Half an ", "answer", error="runner died"),
    "cut": lambda: stub.cut("Half an ", "answer"),
    "stall": lambda: stub.stall("Half an answer"),
    "left off": lambda: stub.leave_off("Half an answer"),
}


@pytest.mark.parametrize("name", PARTIAL)
def test_half_an_answer_is_kept_and_says_so(name: str, analyst: Analyst, server: OllamaStub) -> None:
    server.script = [PARTIAL[name]()]
    pieces = list(analyst.ask("who?"))
    assert said(pieces) == "Half an answer"
    assert pieces[-1].text.startswith(f"cut off: {MODEL}: ")
    assert pieces[-1].source == MODEL
    server.script = [stub.answer("whole")]
    assert said(list(analyst.ask("again?"))) == "whole"


ANSWERED: dict[str, tuple[Callable[[], list[Reply]], str]] = {
    "503 once": (lambda: [stub.status(503, "loading"), stub.answer("ready")], "ready"),
    "thinking only, then not": (lambda: [stub.thinks_only("hm"), stub.answer("short")], "short"),
    "truncated once": (lambda: [stub.answer("made up", prompt=40), stub.answer("better")], "better"),
    "length": (lambda: [stub.answer("as far as it", reason="length")], "as far as it"),
    "unknown tool": (lambda: [stub.call("rm_rf", {"path": "/"}), stub.answer("sorry")], "sorry"),
    "bad arguments": (lambda: [stub.call("get_event", {"event_id": "x"}), stub.answer("so")], "so"),
    "two calls": (
        lambda: [stub.call("list_alerts", {}, ("get_event", {"event_id": 1})), stub.answer("2")],
        "2",
    ),
    "half a pair": (lambda: [stub.answer("a\ud800b")], "a<U+D800>b"),
    "half a pair in a call": (
        lambda: [stub.call("search_events", {"query": "\ud800"}), stub.answer("so")],
        "so",
    ),
    "numbers without end": (lambda: [stub.call("get_event", {"event_id": 10**400}), stub.answer("so")], "so"),
    "separators": (lambda: [stub.answer("a\x85b", "\u2028c\u2029d")], "a<U+0085>b<U+2028>c<U+2029>d"),
}
"""What a model is not blamed for."""


@pytest.mark.parametrize("name", ANSWERED)
def test_what_can_be_mended_is_the_models_answer(name: str, analyst: Analyst, server: OllamaStub) -> None:
    script, text = ANSWERED[name]
    server.script = script()
    pieces = list(analyst.ask("who?", BRUTE_ALERT))
    assert server.script == []
    assert said(pieces) == text
    assert pieces[-1].source == MODEL
    assert pieces[-1].text.startswith(f"source: {MODEL}")
    told = [piece.text for piece in pieces if piece.kind == "status"]
    assert ("the answer reached its length limit" in told) == (name == "length")


def test_two_calls_are_answered_each_with_its_result(
    dialect: str, analyst: Analyst, server: OllamaStub
) -> None:
    server.script = [stub.call("list_alerts", {}, ("get_event", {"event_id": 1})), stub.answer("2")]
    list(analyst.ask("who?"))
    sent = server.requests[1]["messages"][-3:]
    assert [message["role"] for message in sent] == ["assistant", "tool", "tool"]
    assert "alerts" in sent[1]["content"]
    assert "[#1]" in sent[2]["content"]
    if dialect == "openai":
        ids = [call["id"] for call in sent[0]["tool_calls"]]
        assert ids == [message["tool_call_id"] for message in sent[1:]]
        assert len(set(ids)) == 2
    else:
        assert [message["tool_name"] for message in sent[1:]] == ["list_alerts", "get_event"]


def test_arguments_that_are_no_json_are_no_exception(
    dialect: str, analyst: Analyst, server: OllamaStub
) -> None:
    if dialect == "ollama":
        broken = stub.raw(
            b'{"message": {"role": "assistant", "content": "", "tool_calls": '
            b'[{"function": {"name": "get_event", "arguments": "{"}}]}, "done": false}\n'
        )
        server.script = [broken]
        assert list(analyst.ask(QUESTION, BRUTE_ALERT))[-1].source == "rules"
        return
    server.script = [
        lambda handler: _calls_with_text(handler, "get_event", '{"event_id": '),
        stub.answer("so"),
    ]
    assert said(list(analyst.ask("who?"))) == "so"
    assert "error: 'event_id'" in server.requests[1]["messages"][-1]["content"]


def _calls_with_text(handler: Handler, name: str, text: str) -> None:
    handler.begin()
    handler.say("", tool_calls=[{"function": {"name": name, "arguments": text}}])
    handler.end()


def test_an_answer_without_an_end_ends_at_the_time_limit(
    dialect: str, store: Store, server: OllamaStub
) -> None:
    made = DIALECTS[dialect][1](server.url, patience=Patience(total=0.5, silence=5, pause=0))
    analyst = Analyst(store.events, store.triage, QueuedBackend(made), now=lambda: NOW)
    server.script = [stub.dribble("word ")]
    pieces = list(analyst.ask("who?"))
    assert said(pieces).startswith("word word")
    assert pieces[-1].text.startswith(f"cut off: {MODEL}: took longer than")
    assert server.left.wait(60)
    server.script = [stub.dribble("{")]
    with pytest.raises(BackendError, match="took longer than"):
        made.chat_json(ASK, Finding, cancel=threading.Event())


def test_the_time_limit_is_for_all_steps_together(backend: Backend, store: Store, server: OllamaStub) -> None:
    class Impatient(QueuedBackend):
        """Gives a whole answer less time than the server gives a step."""

        longest = 0.4

    made = Impatient(backend.inner)  # type: ignore[attr-defined]
    analyst = Analyst(store.events, store.triage, made, now=lambda: NOW)
    server.script = [stub.call("list_alerts", {}), stub.dribble("word ")]
    pieces = list(analyst.ask("who?"))
    assert pieces[-1].text.startswith(f"cut off: {MODEL}: took longer than")
    assert server.left.wait(60)


@pytest.mark.parametrize("parts", [(), ("Half",)])
def test_after_a_cancel_the_next_request_is_served(
    parts: tuple[str, ...], analyst: Analyst, server: OllamaStub
) -> None:
    server.script = [stub.stall(*parts), stub.answer("whole")]
    cancel = threading.Event()
    threading.Thread(target=lambda: server.silent.wait(60) and cancel.set()).start()
    pieces = list(analyst.ask("who?", cancel=cancel))
    assert said(pieces) == "".join(parts)
    assert pieces[-1].text.startswith(f"stopped · source: {MODEL}")
    assert server.left.wait(60)
    assert said(list(analyst.ask("again?"))) == "whole"


def test_a_model_of_a_cloud_gets_nothing(analyst: Analyst, server: OllamaStub) -> None:
    server.models = [stub.tag("gpt-oss:120b-cloud"), stub.tag("x", remote_host="https://cloud.example")]
    pieces = list(analyst.ask(QUESTION, BRUTE_ALERT))
    assert pieces[-1].text == "source: rules"
    assert server.requests == []


def fill(backend: Backend) -> Finding:
    return backend.chat_json(ASK, Finding, cancel=threading.Event()).value


def answers(*texts: str) -> list[Reply]:
    return [stub.answer(text) for text in texts]


FILLED: dict[str, Callable[[], list[Reply]]] = {
    "at once": lambda: answers(GOOD),
    "in a fence": lambda: answers(f"```json\n{GOOD}\n```"),
    "no JSON, then": lambda: answers("I think it is an attack", GOOD),
    "another form, then": lambda: answers('{"verdict": "bad"}', GOOD),
    "more than asked for": lambda: answers(GOOD[:-1] + ', "close": true}', GOOD),
    "too long": lambda: answers(json.dumps({"verdict": "attack", "users": ["x" * 21]}), GOOD),
    "twice wrong": lambda: answers("{", "[]", GOOD),
    "cut at its length": lambda: [stub.answer(GOOD[:20], reason="length"), *answers(GOOD)],
    "thinking only": lambda: [stub.thinks_only("hm"), *answers(GOOD)],
    "400 think": lambda: [stub.status(400, '"tiny" does not support thinking'), *answers(GOOD)],
    "503": lambda: [stub.status(503, "busy"), *answers(GOOD)],
    "half a pair": lambda: answers("\ud800", '{"verdict": "\\ud800"}', GOOD),
    "separators": lambda: answers("x\x85\u2028", GOOD),
}
MISFIT = "The model produced output that does not match the expected peg-native format"


@pytest.mark.parametrize("name", FILLED)
def test_a_form_is_asked_for_again_until_it_fits(name: str, backend: Backend, server: OllamaStub) -> None:
    server.script = FILLED[name]()
    assert fill(backend) == Finding(verdict="attack", users=["alice"])
    assert server.script == []


NOT_FILLED: dict[str, tuple[Callable[[], list[Reply]], str]] = {
    "never": (lambda: answers("no", "no", "no", GOOD), "no valid answer in 3 tries"),
    "never an end": (lambda: [stub.answer("{", reason="length")] * 3, "cut off"),
    "truncated": (lambda: [stub.answer(GOOD, prompt=10)], "did not see the whole prompt"),
    "404": (lambda: [stub.status(404, "not found")], "not found"),
    "503 twice": (lambda: [stub.status(503, "busy")] * 2, "busy"),
    "error in the stream": (lambda: [stub.error_after("{", error="died")], "died"),
    "cut": (lambda: [stub.cut("{")], ""),
    "stall": (lambda: [stub.stall("{")], "took too long"),
}


@pytest.mark.parametrize("name", NOT_FILLED)
def test_a_form_that_is_not_filled_is_one_kind_of_error(
    name: str, backend: Backend, server: OllamaStub
) -> None:
    script, reason = NOT_FILLED[name]
    server.script = script()
    with pytest.raises(BackendError) as caught:
        fill(backend)
    assert reason in caught.value.health.reason
    assert "\n" not in caught.value.health.reason
    server.script = answers(GOOD)
    assert fill(backend).verdict == "attack"


def test_a_form_is_sent_as_a_schema_and_what_was_wrong_is_said(
    dialect: str, backend: Backend, server: OllamaStub
) -> None:
    server.script = answers('{"verdict": "<|im_start|>"}', GOOD)
    filled = backend.chat_json(ASK, Finding, cancel=threading.Event())
    assert (filled.tries, filled.model) == (2, MODEL)
    first, second = server.requests
    sent = first["format"] if dialect == "ollama" else first["response_format"]["json_schema"]["schema"]
    assert sent["properties"]["users"]["maxItems"] == 3
    assert not first.get("tools")
    again = second["messages"][-1]["content"]
    assert "verdict" in again
    assert "<|im_start|>" not in again
    if dialect == "ollama":
        assert first["think"] is False
    else:
        assert first["chat_template_kwargs"] == {"enable_thinking": False}


def test_a_server_without_schemas_is_told_in_words(
    dialect: str, backend: Backend, server: OllamaStub
) -> None:
    if dialect == "ollama":
        assert CompatibleBackend(server.url).health().state == "unreachable"  # no such list there
        return
    server.script = [stub.status(400, "response_format is not supported"), *answers(GOOD)]
    assert fill(backend).verdict == "attack"
    assert "response_format" not in server.requests[1]
    assert '"maxItems": 3' in server.requests[1]["messages"][-1]["content"]


def test_a_form_the_server_itself_rejects_is_asked_for_again(
    dialect: str, backend: Backend, server: OllamaStub
) -> None:
    if dialect == "openai":
        server.script = [stub.error_after("{", error=MISFIT), stub.status(500, MISFIT), *answers(GOOD)]
        assert fill(backend).verdict == "attack"
        server.script = [stub.status(500, MISFIT)] * 3
    else:  # not a thing Ollama does
        server.script = [stub.status(500, MISFIT)]
    with pytest.raises(BackendError, match="does not match"):
        fill(backend)
    assert server.script == []


def test_a_cancelled_form_ends_and_the_next_is_served(backend: Backend, server: OllamaStub) -> None:
    server.script = [stub.stall("{"), *answers(GOOD)]
    cancel = threading.Event()
    threading.Thread(target=lambda: server.silent.wait(60) and cancel.set()).start()
    with pytest.raises(Cancelled):
        backend.chat_json(ASK, Finding, cancel=cancel)
    assert server.left.wait(60)
    assert fill(backend).verdict == "attack"


def test_a_model_that_was_unloaded_is_asked_again_once(
    dialect: str, analyst: Analyst, server: OllamaStub
) -> None:
    server.script = [stub.answer(reason="unload"), stub.answer("back")]
    pieces = list(analyst.ask(QUESTION, BRUTE_ALERT))
    if dialect == "openai":  # it has no word for that: an answer without text
        assert pieces[-1].source == "rules"
        return
    assert said(pieces) == "back"
    server.script = [stub.answer(reason="unload")] * 2
    pieces = list(analyst.ask(QUESTION, BRUTE_ALERT))
    assert pieces[-1].text == f"source: rules · {MODEL}: the model was unloaded"


def test_vectors_come_one_a_text(backend: Backend, server: OllamaStub) -> None:
    server.models.append(stub.tag("nomic-embed-text:latest", details={"family": "nomic-bert"}))
    found = backend.embed(["ab", "abcd"], cancel=threading.Event())
    assert found.rows == ((2.0, 1.0), (4.0, 1.0))
    assert found.model == "nomic-embed-text:latest"
    assert server.embedded[0]["input"] == ["ab", "abcd"]


@pytest.mark.parametrize("wrong", [[[1.0]], [[1.0], [1.0, 2.0]], [[], []], [["x"], ["y"]], [[1.0], None]])
def test_vectors_of_another_shape_are_an_error(
    wrong: list[list[float]], backend: Backend, server: OllamaStub
) -> None:
    server.models.append(stub.tag("nomic-embed-text:latest"))
    server.vectors = lambda texts: wrong
    with pytest.raises(BackendError):
        backend.embed(["a", "b"], cancel=threading.Event())


def test_without_a_model_for_them_there_are_no_vectors(backend: Backend) -> None:
    with pytest.raises(BackendError, match="no model for embeddings"):
        backend.embed(["a"], cancel=threading.Event())


def test_what_a_server_says_of_itself(dialect: str, backend: Backend, server: OllamaStub) -> None:
    card = backend.card()
    assert (card.model, card.context, card.cloud) == (MODEL, 4096, False)
    if dialect == "ollama":
        assert (card.server, card.version, card.size) == ("Ollama", "0.33.0", "0.1M F32")
        assert card.capabilities == ("completion", "tools")
    else:
        assert card.server == "OpenAI-compatible (llamacpp)"
        assert (card.version, card.size) == ("b1-stub", "1.5B")
        assert backend.num_ctx == 4096
