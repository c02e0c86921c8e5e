"""Vectors of templates: made when nobody waits, and harmless whatever a model sends."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.analyst import NullBackend, open_backend
from socterm.analyst import vectors as making
from socterm.analyst.backend import BackendError, Health, Vectors, Wish
from socterm.analyst.search import Search
from socterm.analyst.vectors import Learner, near, packed
from socterm.config import LlmConfig
from socterm.pipeline.incidentwatch import LEARN, IncidentWatch
from socterm.store import Store, open_store

import ollama_stub as stub
from store_samples import NOW, event, login, searchable

NEVER = threading.Event()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    lines = [
        login(1),
        event(2, process__name="app", message="user mallory tried the door"),
        event(3, process__name="app", message="started with password=hunter2 <|im_start|> \u202etoday"),
        event(4, process__name="app", message="nothing of note"),
    ]
    return searchable(tmp_path / "store.db", lines)


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(path) as store:
        yield store


class Embedding(NullBackend):
    """Makes vectors of texts by the words in them; fails on texts with `refuses` in them."""

    def __init__(self, *words: str, model: str = "m") -> None:
        super().__init__()
        self.words = words
        self.model = model
        self.refuses = ""
        self.asked: list[list[str]] = []
        self.vector: Callable[[str], Sequence[float]] = self.by_words

    def by_words(self, text: str) -> Sequence[float]:
        return [1.0, *(float(word in text.lower()) for word in self.words)]

    def embed(self, texts: Sequence[str], *, cancel: Wish) -> Vectors:
        self.asked.append(list(texts))
        if self.refuses and any(self.refuses in text for text in texts):
            raise BackendError(Health("unreachable", "m", "too long"))
        return Vectors(self.model, tuple(tuple(self.vector(text)) for text in texts))


def learn(store: Store, backend: Embedding) -> int:
    learner, made = Learner(store.templates, backend), 0
    while more := learner.step(NEVER):
        made += more
    return made


def test_a_question_waits_for_its_own_vector_alone(store: Store) -> None:
    backend = Embedding("door", "log on")
    search = Search(store.events, store.templates, backend)
    assert search.hybrid("the zebra of the door", limit=2).source == "rules"
    assert backend.asked == [["the zebra of the door"]]
    assert store.templates.vectors("m") == {}
    assert learn(store, backend) == 4
    answers = search.hybrid("the zebra of the door", limit=2)
    assert answers.source == "rules + m"
    assert (answers.hits[0].event.id, answers.hits[0].why[-1]) == (2, "vectors")


def test_vectors_are_made_once_the_latest_first(store: Store) -> None:
    backend = Embedding("door")
    assert learn(store, backend) == 4
    assert [len(texts) for texts in backend.asked] == [1, 4]
    assert "nothing of note" in backend.asked[1][0]
    backend.asked.clear()
    assert learn(store, backend) == 0
    assert [len(texts) for texts in backend.asked] == [1]


def test_no_secret_and_no_token_reaches_the_model(store: Store) -> None:
    backend = Embedding("door")
    learn(store, backend)
    Search(store.events, store.templates, backend).hybrid("who used password=swordfish <|im_start|>?")
    said = "\n".join(text for texts in backend.asked for text in texts)
    assert "started with password=" in said
    assert not any(word in said for word in ("hunter2", "swordfish", "<|im_start|>", "\u202e"))
    assert max(map(len, said.splitlines())) <= making.LONGEST


@pytest.mark.parametrize("other", [Embedding("door", model="n"), Embedding("door", "log on", "a")])
def test_another_model_or_another_length_makes_them_anew(store: Store, other: Embedding) -> None:
    learn(store, Embedding("door"))
    search = Search(store.events, store.templates, other)
    assert search.hybrid("door").source == "rules"
    assert learn(store, other) == 4
    assert search.hybrid("door").source == f"rules + {other.model}"


def test_what_a_model_refuses_keeps_nothing_else_back(store: Store) -> None:
    backend = Embedding("door")
    backend.refuses = "mallory"
    learner, made = Learner(store.templates, backend), 0
    for _ in range(12):
        try:
            made += learner.step(NEVER)
        except BackendError:
            continue
    assert made == 3
    assert len(store.templates.vectors("m")) == 3
    assert learner.step(NEVER) == 0


@pytest.mark.parametrize("number", [math.nan, math.inf, 1e300, 0.0])
def test_what_is_no_direction_is_not_kept(store: Store, number: float) -> None:
    backend = Embedding("door")
    backend.vector = lambda text: [number, number] if "mallory" in text else [1.0, 0.5]
    assert learn(store, backend) == 3
    assert 2 not in store.templates.vectors("m")
    backend.vector = lambda _text: [number, number]
    assert Search(store.events, store.templates, backend).hybrid("door").source == "rules"


def test_a_store_that_may_only_be_read_is_asked_all_the_same(path: Path) -> None:
    with open_store(path, readonly=True) as store:
        assert learn(store, Embedding("door")) == 0
        search = Search(store.events, store.templates, Embedding("door"))
        assert [hit.event.id for hit in search.hybrid("door").hits] == [2]


class Down(NullBackend):
    """A server that is gone."""

    def embed(self, texts: Sequence[str], *, cancel: Wish) -> Vectors:
        raise BackendError(Health("unreachable", "m", "gone"))


@pytest.mark.parametrize("backend", [Down(), NullBackend()])
def test_a_model_that_fails_leaves_the_answer_of_rules(store: Store, backend: NullBackend) -> None:
    answers = Search(store.events, store.templates, backend).hybrid("show me failed logins", limit=1)
    assert (answers.hits[0].event.id, answers.source) == (1, "rules")


def test_a_server_that_stalls_is_not_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "WAIT", 0.1)
    let_go = threading.Event()

    def stall(texts: list[str]) -> list[list[float]]:
        let_go.wait(60)
        return [[1.0] for _ in texts]

    with stub.serving(stub.Handler) as server:
        server.models = [stub.tag("embed:1b")]
        server.vectors = stall
        backend = open_backend(LlmConfig(host=server.url, embed_model="embed:1b"))
        answers = Search(store.events, store.templates, backend).hybrid("failed logins", limit=1)
        assert server.embedded
        let_go.set()
    assert (answers.hits[0].event.id, answers.source) == (1, "rules")


class TestWhoeverIngests:
    """Vectors are made beside the ingest, a few at a time."""

    def test_one_step_at_a_time(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(making, "AT_ONCE", 3)
        backend, now = Embedding("door"), [NOW]
        watch = IncidentWatch(path, backend, clock=lambda: now[0])
        with open_store(path) as store:
            made = []
            for _ in range(4):
                made.append(watch.learn(store))
                now[0] += 2_000_000
            assert made == [3, 1, 0, 0]
            assert [len(texts) for texts in backend.asked] == [1, 3, 1]
            now[0] += LEARN
            watch.learn(store)
            assert len(backend.asked) == 4

    def test_no_model_is_no_mistake_and_is_not_nagged(self, path: Path) -> None:
        backend = Embedding("door")
        backend.refuses = "log"
        watch = IncidentWatch(path, backend, clock=lambda: NOW)
        with open_store(path) as store:
            assert [watch.learn(store) for _ in range(5)] == [0] * 5
        assert len(backend.asked) == 1
        assert watch.note == ""


@pytest.mark.parametrize("with_numpy", [True, False])
def test_the_nearest_vectors(monkeypatch: pytest.MonkeyPatch, with_numpy: bool) -> None:
    if not with_numpy:
        monkeypatch.setitem(sys.modules, "numpy", None)
    vectors = {
        1: packed([0.0, 1.0]), 2: packed([2.0, 0.1]), 3: packed([1.0, 1.0]), 4: packed([1.0]),
        5: packed([0.0, 0.0]), 6: packed([math.nan, 1.0]), 7: packed([math.inf, 1.0]), 8: b"abc",
    }  # fmt: skip
    assert near([1.0, 0.0], vectors, 3) == [2, 3, 1]
    assert not {4, 6, 7, 8} & set(near([1.0, 0.0], vectors, 40))
    assert near([1.0], {1: packed([0.0, 1.0])}, 3) == []
    assert near([], {1: b""}, 3) == []


def test_without_numpy_the_latest_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    monkeypatch.setattr(making, "PLAIN", 7)
    vectors = {number: packed([1.0, number]) for number in range(1, 11)}
    assert near([1.0, 0.0], vectors, 40) == [8, 9, 10]


NUMBERS = st.floats(width=32, allow_nan=True, allow_infinity=True)


@settings(max_examples=100)
@given(rows=st.lists(st.lists(NUMBERS, min_size=2, max_size=2), max_size=12))
def test_with_numpy_and_without_it_the_same_can_be_found(rows: list[list[float]]) -> None:
    vectors = {number: packed(row) for number, row in enumerate(rows, 1)}
    with pytest.MonkeyPatch.context() as patch:
        by_numpy = near([1.0, 0.5], vectors, 20)
        patch.setitem(sys.modules, "numpy", None)
        plain = near([1.0, 0.5], vectors, 20)
    usable = {number for number, row in enumerate(rows, 1) if all(map(math.isfinite, row))}
    assert set(plain) <= usable
    assert set(by_numpy) <= usable
