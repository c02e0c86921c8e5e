"""What is asked in plain words is found however lines say it, without a model."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.analyst.search import Search
from socterm.analyst.toolparts import Desks
from socterm.analyst.tools import Toolbox
from socterm.store import Store, open_store
from socterm.store.ingest.writer import Writer
from socterm.templates import asking, ranking
from socterm.templates.asking import ask
from socterm.templates.index import Index
from socterm.templates.ranking import phrases, ranked

from retrieval_score import scores, table
from store_samples import NOW, event, login, searchable

WANTED = 0.8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    lines = [
        login(1),
        event(2, event__action="logon-failed", event__outcome="failure", event__code=4625,
              event__dataset="windows.security", message="An account failed to log on."),
        login(3, outcome="success"),
        event(4, event__action="audit-log-cleared", event__code=1102, event__dataset="windows.security",
              message="The audit log was cleared."),
        event(5, process__name="app", message="user mallory tried the door"),
        event(6, event__action="user_created", event__outcome="success", message="new user: name=eve"),
        event(7, process__name="app", message="nothing of note"),
    ]  # fmt: skip
    return searchable(tmp_path / "store.db", lines)


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with open_store(path) as store:
        yield store


def found(store: Store, question: str, limit: int = 3) -> list[int]:
    return [hit.event.id for hit in Search(store.events, store.templates).hybrid(question, limit=limit).hits]


def test_failed_logins_are_found_on_every_system(store: Store) -> None:
    assert set(found(store, "show me failed logins", 2)) == {1, 2}


@pytest.mark.parametrize(
    ("question", "event"),
    [
        ("brute force", 1), ("somebody wiped the event log", 4), ("was a backdoor account created?", 6),
        ("what did mallory do", 5), ("who got in", 3), ("4625", 2), ("event ID 1102", 4),
    ],
)  # fmt: skip
def test_questions(store: Store, question: str, event: int) -> None:
    assert event in found(store, question, 2)


def test_one_of_each_kind_comes_before_the_second_of_any(path: Path) -> None:
    with open_store(searchable(path, [login(number) for number in range(8, 30)])) as store:
        assert set(found(store, "failed logins", 2)) == {29, 2}
        assert len(found(store, "failed logins", 6)) == 6


def test_nothing_is_made_up(store: Store) -> None:
    assert found(store, "") == []
    assert found(store, "quarterly revenue of the zebra department") == []
    answers = Search(store.events, store.templates).hybrid("failed logins")
    assert answers.source == "rules"
    assert all(hit.why for hit in answers.hits)


def test_an_event_without_a_template_is_found_by_its_words(path: Path) -> None:
    writer = Writer.open(path, now=NOW)
    writer._db.execute("UPDATE kinds SET template = NULL")
    writer._db.execute("DELETE FROM templates")
    writer._db.commit()
    writer.close()
    with open_store(path) as store:
        (hit,) = Search(store.events, store.templates).hybrid("port 4005").hits
        assert (hit.event.id, hit.template, hit.why) == (5, None, ("words",))


def test_the_evaluations_questions(tmp_path: Path) -> None:
    """At least four fifths have a right line among the first five, with the vocabulary alone."""
    told = list(scores(tmp_path / "questions.db"))
    sys.stdout.write(f"\n{table(told)}\n")
    assert len(told) >= 30
    assert sum(1 for one in told if one.place) >= WANTED * len(told)


@pytest.fixture
def no_vocabulary(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing means the same as anything else."""
    for name in ("ACCESS", "ATTACKS"):
        monkeypatch.setattr(asking, name, ())
    for module in (asking, ranking):
        monkeypatch.setattr(module, "EQUIVALENTS", {})
    caches = (asking.vocabulary, asking._concepts)
    for cache in caches:
        cache.cache_clear()
    yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.usefixtures("no_vocabulary")
def test_words_alone_do_not_answer_the_evaluations_questions(tmp_path: Path) -> None:
    told = list(scores(tmp_path / "questions.db"))
    assert sum(1 for one in told if one.place) < WANTED * len(told)


@settings(max_examples=100)
@given(st.text(st.characters(codec=None), max_size=1_500))
def test_any_question_can_be_asked(question: str) -> None:
    asked = ask(question)
    ranked(asked, Index([]))
    assert all(word.isalnum() and word.isascii() for words, _ in phrases(asked) for word in words)
    assert len(asked.words) <= 24


def test_lines_without_room_for_their_kind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socterm.templates.book.MOST", 7)
    line = event(8, process__name="app", message="carol painted the fence with a brush")
    line.raw = str(line.fields["message"])
    with open_store(searchable(path, [line])) as store:
        search = Search(store.events, store.templates)
        (hit, *_) = search.hybrid("carol painted").hits
        assert (hit.event.id, hit.template, hit.why) == (8, None, ("words",))
        tools = Toolbox(store.events, store.triage, lambda: NOW, Desks.of(store))
        assert "template 8, 1 line: there was no room" in tools.run("template_stats", {"order": "new"}).text


def test_the_tools(store: Store) -> None:
    tools = Toolbox(store.events, store.triage, lambda: NOW, Desks.of(store))
    result = tools.run("semantic_search", {"question": "cleared logs", "limit": 1})
    assert result.event_ids == (4,)
    assert "[#4]" in result.text
    wrong: list[dict[str, Any]] = [
        {},
        {"question": ""},
        {"question": "x", "limit": 0},
        {"question": "x" * 1_001},
    ]
    assert all(tools.run("semantic_search", arguments).error for arguments in wrong)
    rare = tools.run("template_stats", {"limit": 7})
    assert "1 line, " in rare.text
    assert set(rare.event_ids) == {1, 2, 3, 4, 5, 6, 7}
    assert tools.run("template_stats", {"order": "x"}).error
    assert "no tool" in Toolbox(store.events, store.triage, lambda: NOW).run("semantic_search", {}).error
