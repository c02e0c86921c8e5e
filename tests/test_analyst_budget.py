"""Prompts are measured before they are sent, the measure learns, and forms have an end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field
from socterm.analyst.backend import Message
from socterm.analyst.backends import OllamaBackend
from socterm.analyst.backends.forms import schema_of
from socterm.analyst.backends.patience import Patience
from socterm.analyst.backends.tokens import PER_TOKEN, Gauge, estimate_tokens

import ollama_stub as stub
from ollama_stub import OllamaStub

LOG = [
    Message("system", "be short"),
    Message("user", "Failed password for root from 203.0.113.9 port 22 " * 60),
]


@pytest.fixture
def server() -> Iterator[OllamaStub]:
    with stub.serving() as server:
        yield server


def ask(backend: OllamaBackend, messages: list[Message] = LOG) -> bool:
    """Whether the answer says that the prompt was cut."""
    usage = list(backend.chat_stream(messages, cancel=threading.Event()))[-1].usage
    assert usage is not None
    return usage.truncated


def test_text_of_other_alphabets_weighs_more() -> None:
    latin, greek = [Message("user", "a" * 300)], [Message("user", "α" * 300)]
    assert estimate_tokens(latin) == 100
    assert estimate_tokens(greek) == 300


def test_tools_weigh_too() -> None:
    tools: list[dict[str, Any]] = [{"type": "function", "function": {"name": "f" * 300}}]
    assert estimate_tokens(LOG, tools) > estimate_tokens(LOG) + 100


def test_the_measure_follows_what_the_server_counts(server: OllamaStub) -> None:
    backend = OllamaBackend(server.url)
    size = sum(len(message.content) for message in LOG)
    before = backend.tokens(LOG)
    for _ in range(5):
        server.script = [stub.answer("x", prompt=size // 2)]
        assert not ask(backend)
    assert backend.tokens(LOG) > before * 1.4
    for _ in range(8):
        server.script = [stub.answer("x", prompt=int(size / 3.8))]
        assert not ask(backend)
    assert backend.tokens(LOG) < before


def test_what_was_cut_teaches_nothing(server: OllamaStub) -> None:
    backend = OllamaBackend(server.url)
    server.script = [stub.answer("x", prompt=210)] * 3
    assert all(ask(backend) for _ in range(3))
    assert backend.gauge.per_token == PER_TOKEN


def test_a_prompt_that_fills_the_context_counts_as_cut(server: OllamaStub) -> None:
    """The server's count says that there was more than we thought: then something may be missing."""
    backend = OllamaBackend(server.url, num_ctx=2048)
    server.script = [stub.answer("x", prompt=2000)]
    assert ask(backend)


@pytest.mark.parametrize("says", ["input length exceeds the context length", "exceed_context_size_error"])
def test_a_server_that_refuses_what_is_too_long_has_cut_it(says: str, server: OllamaStub) -> None:
    server.script = [stub.status(400, says)]
    assert ask(OllamaBackend(server.url, patience=Patience(pause=0)))


@given(st.lists(st.tuples(st.integers(-5, 10**9), st.integers(0, 5000)), max_size=20))
def test_no_count_makes_the_measure_absurd(counts: list[tuple[int, int]]) -> None:
    gauge = Gauge()
    for counted, size in counts:
        gauge.read([Message("user", "x" * size)], (), counted, 8192)
    assert 1.5 <= gauge.per_token <= 4.0


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Inner(_Form):
    name: Annotated[str, Field(max_length=20)]


class Bounded(_Form):
    verdict: Literal["yes", "no"]
    share: int = Field(ge=0, le=100)
    note: Annotated[str, Field(max_length=40)] | None = None
    many: list[Inner] = Field(max_length=3)


class NoLength(_Form):
    text: str


class NoItems(_Form):
    many: list[int]


class Open(BaseModel):
    number: int


class Deep(_Form):
    many: list[NoLength] = Field(max_length=2)


class Huge(_Form):
    text: Annotated[str, Field(max_length=100_000)]


def test_a_bounded_form_has_a_schema() -> None:
    assert schema_of(Bounded)["title"] == "Bounded"


@pytest.mark.parametrize(
    ("form", "where"),
    [
        (NoLength, "NoLength.text (maxLength)"),
        (NoItems, "NoItems.many (maxItems)"),
        (Open, "Open (additionalProperties)"),
        (Deep, "Deep.NoLength.text (maxLength)"),
        (Huge, "Huge.text (maxLength)"),
    ],
)
def test_a_form_without_an_end_is_refused_by_name(form: type[BaseModel], where: str) -> None:
    with pytest.raises(ValueError, match="not bounded") as caught:
        schema_of(form)
    assert where in str(caught.value)
