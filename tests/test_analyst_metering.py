"""What an answer costs: told while it streams, guessed until the server counts, never wrong about which."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from socterm.analyst import Analyst, NullBackend, OllamaBackend
from socterm.analyst.backend import Usage
from socterm.analyst.metering import Meter
from socterm.store import Store

import ollama_stub as stub
from analyst_scene import NOW, attack
from ollama_stub import OllamaStub


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self, step: float = 0.0) -> None:
        self.at = 100.0
        self.step = step

    def __call__(self) -> float:
        self.at += self.step
        return self.at


@pytest.fixture
def server() -> Iterator[OllamaStub]:
    with stub.serving() as running:
        yield running


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with attack().store(tmp_path_factory.mktemp("metering")) as opened:
        yield opened


def test_until_the_server_counts_it_is_a_guess_and_says_so() -> None:
    clock = Clock()
    meter = Meter(1000, clock)
    assert meter.closing == "0.0 s"
    meter.asked(310)
    clock.at += 2
    assert meter.words == "context ~31 %"
    meter.heard()
    assert meter.words == "~1 token · context ~31 %"
    clock.at += 1
    for _ in range(9):
        meter.heard()
    assert meter.words == "~10 tokens · 10 tok/s · context ~31 %"
    meter.counted(Usage(prompt_tokens=290, answer_tokens=12, seconds=0.5))
    assert meter.closing == "12 tokens · 24 tok/s · context 29 % · 3.0 s"


def test_what_was_stopped_keeps_its_guess_and_steps_add_up() -> None:
    clock = Clock()
    meter = Meter(1000, clock)
    meter.asked(100)
    meter.heard()
    meter.counted(Usage(prompt_tokens=110, answer_tokens=20, seconds=2.0))
    meter.asked(500)
    for _ in range(5):
        meter.heard()
    clock.at += 3
    assert meter.closing == "~25 tokens · 5 tok/s · context ~50 % · 3.0 s"
    meter.asked(600)  # that answer was withdrawn: what came of it was paid for
    meter.counted(Usage(prompt_tokens=600, answer_tokens=5, seconds=1.0))
    assert meter.words == "~30 tokens · 5 tok/s · context ~60 %"


def test_a_server_that_counts_nothing_leaves_the_guess() -> None:
    meter = Meter(0, Clock())
    meter.asked(5)
    meter.heard()
    meter.counted(Usage())
    assert meter.words == "~1 token"


def test_a_prompt_over_the_context_is_no_more_than_all_of_it() -> None:
    meter = Meter(10, Clock())
    meter.asked(50)
    assert meter.words == "context ~100 %"


def test_it_is_told_now_and_then_and_not_with_every_word() -> None:
    clock = Clock(step=0.1)
    meter = Meter(10, clock)
    assert [meter.due() for _ in range(6)] == [True, False, False, True, False, False]


def test_an_answer_tells_its_cost_while_it_streams(store: Store, server: OllamaStub) -> None:
    server.script = [stub.answer(*("word " for _ in range(20)))]
    backend = OllamaBackend(server.url)
    analyst = Analyst(store.events, store.triage, backend, now=lambda: NOW, clock=Clock(step=0.1))
    pieces = list(analyst.ask("who was it?"))
    told = [(number, piece.text) for number, piece in enumerate(pieces) if piece.kind == "cost"]
    first_word = next(number for number, piece in enumerate(pieces) if piece.kind == "text")
    assert told[0][0] < first_word
    assert told[0][1].startswith("context ~")
    amid = [text for number, text in told if first_word < number < len(pieces) - 1]
    assert len(amid) > 3
    assert all("~" in text and " tok/s · context ~" in text for text in amid[1:-1])
    assert "source: tiny:latest · 10 tokens · 20 tok/s · context " in pieces[-1].text


def test_rules_cost_nothing(store: Store) -> None:
    analyst = Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)
    assert "cost" not in {piece.kind for piece in analyst.ask("summarise the last hour")}
