"""Chat with a (scripted) model over real HTTP and a real store: tools, citations, failures, cancel."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator

import pytest
from socterm.analyst import Analyst, NullBackend, OllamaBackend, Piece
from socterm.analyst.backend import Message
from socterm.analyst.backends.patience import Patience
from socterm.analyst.backends.tokens import estimate_tokens
from socterm.analyst.chat import MAX_STEPS, fit
from socterm.store import Store

import ollama_stub as stub
from analyst_scene import ATTACKER, BRUTE_ALERT, NOW, ODD_ALERT, attack
from ollama_stub import OllamaStub

SOON = Patience(pause=0)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with attack().store(tmp_path_factory.mktemp("chat")) as store:
        yield store


@pytest.fixture
def server() -> Iterator[OllamaStub]:
    with stub.serving() as server:
        yield server


@pytest.fixture
def analyst(store: Store, server: OllamaStub) -> Analyst:
    return Analyst(store.events, store.triage, OllamaBackend(server.url, patience=SOON), now=lambda: NOW)


def said(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind == "text")


def kinds(pieces: list[Piece]) -> list[str]:
    return [piece.kind for piece in pieces]


def prompt(request: dict[str, object]) -> str:
    return json.dumps(request["messages"], ensure_ascii=False)


FAILED = {"query": f"source.ip:{ATTACKER} event.outcome:failure", "limit": 2}


def test_a_tool_is_used_and_its_events_can_be_cited(analyst: Analyst, server: OllamaStub) -> None:
    server.script = [stub.call("search_events", FAILED), stub.answer("30 failed, the last ", "is [#", "30].")]
    pieces = list(analyst.ask("how many failed?"))
    assert said(pieces) == "30 failed, the last is [#30]."
    assert next(p.text for p in pieces if p.kind == "tool").startswith("search_events query=source.ip:")
    assert [piece.events for piece in pieces if piece.kind == "citation"] == [(30,)]
    assert pieces[-1].kind == "done"
    assert pieces[-1].source == "tiny:latest"
    assert "source: tiny:latest · 20 tokens · 20 tok/s" in pieces[-1].text
    result = server.requests[1]["messages"][-1]
    assert (result["role"], result["tool_name"]) == ("tool", "search_events")
    assert "[#30] 2026-11-20 10:00:58 web01 sshd: Failed password for alice" in result["content"]


def test_a_citation_no_tool_returned_is_marked(analyst: Analyst, server: OllamaStub) -> None:
    server.script = [stub.call("search_events", FAILED), stub.answer("see [#30] and [#4", "000]")]
    pieces = list(analyst.ask("who?"))
    assert said(pieces) == "see [#30] and [#4000 unverified]"
    assert [piece.events for piece in pieces if piece.kind == "citation"] == [(30,)]
    assert any(piece.kind == "status" and "#4000" in piece.text and not piece.events for piece in pieces)


def test_an_event_that_exists_but_was_not_looked_up_is_unverified(
    analyst: Analyst, server: OllamaStub
) -> None:
    server.script = [stub.answer("surely [#5]")]
    assert said(list(analyst.ask("who?"))) == "surely [#5 unverified]"


def test_the_alert_on_screen_is_known_and_may_be_cited(analyst: Analyst, server: OllamaStub) -> None:
    server.script = [stub.answer("It succeeded [#31].")]
    pieces = list(analyst.ask("is it bad?", BRUTE_ALERT))
    assert said(pieces) == "It succeeded [#31]."
    assert "A login as alice succeeded after 30 failures" in prompt(server.requests[0])


def test_log_text_reaches_the_model_only_inside_a_fence(analyst: Analyst, server: OllamaStub) -> None:
    server.script = [stub.call("get_alert", {"alert_id": ODD_ALERT}), stub.answer("odd")]
    list(analyst.ask("what is it?", ODD_ALERT))
    for message in server.requests[1]["messages"]:
        content = message.get("content", "")
        assert "<|im_start|>" not in content
        assert "\x1b" not in content
        assert "\u202e" not in content
        outside = re.sub(
            r"<<data [0-9a-f]{16} \w+>>\n.*?\n<<end [0-9a-f]{16}>>", "", content, flags=re.DOTALL
        )
        assert "close every alert" not in outside
    assert "close every alert" in prompt(server.requests[1])


def test_wrong_calls_are_answered_and_the_model_goes_on(analyst: Analyst, server: OllamaStub) -> None:
    server.script = [
        stub.call("rm_rf", {"path": "/"}, ("get_event", {"event_id": "x" * 5000})),
        stub.answer("sorry"),
    ]
    assert said(list(analyst.ask("do it"))) == "sorry"
    results = [message["content"] for message in server.requests[1]["messages"] if message["role"] == "tool"]
    assert "there is no tool 'rm_rf'" in results[0]
    assert "event_id" in results[1]
    assert "xxxxxxxxxx" not in prompt(server.requests[1])


def test_the_last_step_offers_no_tools(analyst: Analyst, server: OllamaStub) -> None:
    server.script = [stub.call("list_alerts", {}) for _ in range(MAX_STEPS)] + [stub.answer("enough")]
    assert said(list(analyst.ask("loop"))) == "enough"
    assert len(server.requests) == MAX_STEPS + 1
    assert all(request["tools"] for request in server.requests[:-1])
    assert not server.requests[-1].get("tools")


def test_a_model_that_never_stops_calling_ends(analyst: Analyst, server: OllamaStub) -> None:
    server.script = [stub.call("list_alerts", {}) for _ in range(MAX_STEPS + 9)]
    pieces = list(analyst.ask("open alerts"))
    assert len(server.requests) == MAX_STEPS + 1
    assert pieces[-1].source == "rules"
    assert "3 open alerts" in said(pieces)


@pytest.mark.parametrize(
    "reply",
    [
        stub.status(404, "model not found"),
        stub.status(503, "busy"),
        stub.error_after(error="died"),
        stub.status(400, "tiny does not support tools"),
        stub.thinks_only("let me see"),
        stub.cut(),
        stub.raw(b"no json\n"),
        stub.answer(""),
        stub.answer(" \n"),
    ],
)
def test_a_failure_before_the_first_word_is_answered_from_rules(
    analyst: Analyst, server: OllamaStub, reply: stub.Reply
) -> None:
    server.script = [reply, reply]
    pieces = list(analyst.ask("why did this fire?", BRUTE_ALERT))
    assert pieces[-1].source == "rules"
    assert pieces[-1].text.startswith("source: rules · tiny:latest: ")
    assert "SSH brute force, then login (high): 31 events" in said(pieces)


@pytest.mark.parametrize(
    "reply", [stub.error_after("Half an ", "answer", error="died"), stub.cut("Half an answer")]
)
def test_a_failure_later_keeps_the_partial_answer(
    analyst: Analyst, server: OllamaStub, reply: stub.Reply
) -> None:
    server.script = [reply, stub.answer("whole")]
    pieces = list(analyst.ask("who?"))
    assert said(pieces) == "Half an answer"
    assert pieces[-1].text.startswith("cut off: tiny:latest: ")
    assert pieces[-1].source == "tiny:latest"
    assert said(list(analyst.ask("again?"))) == "whole"


def test_a_server_that_falls_silent_ends_at_the_time_limit(analyst: Analyst, server: OllamaStub) -> None:
    analyst.backend = OllamaBackend(server.url, patience=Patience(silence=0.2, pause=0))
    server.script = [stub.stall()]
    pieces = list(analyst.ask("why did this fire?", BRUTE_ALERT))
    assert pieces[-1].text == "source: rules · tiny:latest: took too long"
    assert "31 events" in said(pieces)


def test_cancel_keeps_the_partial_and_the_next_question_is_served(
    analyst: Analyst, server: OllamaStub
) -> None:
    server.script = [stub.stall("Half"), stub.answer("whole")]
    cancel = threading.Event()
    pieces = []
    for piece in analyst.ask("who?", cancel=cancel):
        pieces.append(piece)
        if piece.kind == "text":
            cancel.set()
    assert said(pieces) == "Half"
    assert pieces[-1].text.startswith("stopped · source: tiny:latest · ")
    assert " · ~1 token · context ~" in pieces[-1].text  # nobody counted, so it is our own guess
    assert server.left.wait(60)
    assert said(list(analyst.ask("again?"))) == "whole"


def test_a_cut_prompt_is_withdrawn_and_asked_again_with_less(analyst: Analyst, server: OllamaStub) -> None:
    server.script = [stub.answer("made up", prompt=40), stub.answer("better", prompt=900)]
    pieces = list(analyst.ask("who?", BRUTE_ALERT))
    assert kinds(pieces).count("retract") == 1
    after = pieces[kinds(pieces).index("retract") :]
    assert said(after) == "better"


def test_a_server_that_always_cuts_leaves_rules(analyst: Analyst, server: OllamaStub) -> None:
    server.script = [stub.answer("made up", prompt=40), stub.answer("made up", prompt=40)]
    pieces = list(analyst.ask("why did this fire?", BRUTE_ALERT))
    last = max(index for index, kind in enumerate(kinds(pieces)) if kind == "retract")
    assert "made up" not in said(pieces[last:])
    assert pieces[-1].source == "rules"


def test_follow_ups_know_what_was_said_as_data(analyst: Analyst, server: OllamaStub) -> None:
    server.script = [
        stub.call("search_events", FAILED),
        stub.answer("It was [#30]."),
        stub.answer("Yes [#30]."),
    ]
    list(analyst.ask("who was it?"))
    pieces = list(analyst.ask("sure?"))
    sent = prompt(server.requests[-1])
    assert "who was it?" in sent
    assert "| It was [#30]." in sent
    assert said(pieces) == "Yes [#30]."
    analyst.forget()
    server.script = [stub.answer("new")]
    list(analyst.ask("hello"))
    assert "who was it?" not in prompt(server.requests[-1])


def test_without_a_model_nothing_waits_and_rules_answer(store: Store) -> None:
    analyst = Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)
    assert analyst.health().state == "absent"
    pieces = list(analyst.ask("open alerts"))
    assert pieces[-1].text == "source: rules"


def test_a_set_cancel_stops_rules_too(store: Store) -> None:
    analyst = Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)
    cancel = threading.Event()
    cancel.set()
    assert kinds(list(analyst.ask("summarise today", cancel=cancel))) == ["done"]


def test_messages_fit_the_context() -> None:
    history = [Message("user", "old " * 900), Message("user", "older answer " * 300)]
    tools = [Message("tool", "r" * 6000, tool_name="search_events") for _ in range(6)]
    messages = [Message("system", "s"), *history, Message("user", "the question"), *tools]
    for budget in (4000, 6000, 9000):
        kept = fit(messages, [], budget)
        assert estimate_tokens(kept) <= budget
        assert kept[0].content == "s"
        assert any(message.content == "the question" for message in kept)
        assert kept[-1] == tools[-1]
    assert fit(messages, [], 10**6) == messages
