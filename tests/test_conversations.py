"""Conversations with the analyst: what is kept of them, by whom, without secrets, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from socterm.analyst import Analyst, Desks, NullBackend, Piece, Talks
from socterm.analyst.backends.scripted import Script, ScriptedBackend
from socterm.store import Store, open_store
from socterm.store.doors.conversations import TurnRow
from socterm.store.ingest.writer import Writer
from socterm.store.keeping.retention import DAY, Terms
from socterm.store.keeping.talks import AT_ONCE

from analyst_scene import ATTACKER, BRUTE_ALERT, NOW, attack

ANSWERS = {
    "model": "tiny",
    "answers": [
        {
            "when": "who was it",
            "answer": [
                {
                    "use": [
                        {"tool": "search_events", "arguments": {"query": f"source.ip:{ATTACKER}", "limit": 1}}
                    ]
                },
                {"say": "It was alice [#31], password=hunter2, see [#4000]."},
            ],
        },
        {"when": "sure", "prompt": "It was alice", "answer": [{"say": "Yes [#31]."}]},
        {"when": "fall over", "answer": [{"say": "Half an answer", "fail": "died"}]},
    ],
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with attack().store(tmp_path) as store:
        yield store


def analyst(store: Store, *, model: bool = False, actor: str = "ann") -> Analyst:
    backend = ScriptedBackend(Script.model_validate(ANSWERS)) if model else NullBackend()
    return Analyst(
        store.events, store.triage, backend, now=lambda: NOW, desks=Desks.of(store),
        talks=Talks(store.conversations, actor),
    )  # fmt: skip


def turns(store: Store, conversation: int) -> list[TurnRow]:
    found = store.conversations.get(conversation)
    assert found is not None
    return found[1]


def said(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces if piece.kind == "text")


def test_a_secret_of_the_question_is_not_kept_with_the_answer_that_repeats_it(store: Store) -> None:
    """Where an answer says which words it made no use of, nothing shows them for a secret any more."""
    asked = analyst(store)
    shown = said(list(asked.ask("why did mysql --password hunter2x and token=hunter3x fail today?")))
    assert "hunter3x" in shown, "who asked knows it"
    kept = repr(turns(store, asked.talks.current))
    assert "hunter2x" not in kept
    assert "hunter3x" not in kept
    assert "[redacted]" in kept


def test_a_models_answer_is_kept_with_its_tools_citations_and_name(store: Store) -> None:
    asked = analyst(store, model=True)
    list(asked.ask("who was it? token=abcdefgh", BRUTE_ALERT))
    (turn,) = turns(store, asked.talks.current)
    assert turn.question == "who was it? token=[redacted]"
    assert turn.answer == "It was alice [#31], password=[redacted] see [#4000 unverified]."
    assert (turn.source, turn.alert, turn.at, turn.whole, turn.number) == ("tiny", BRUTE_ALERT, NOW, True, 1)
    assert turn.label.startswith("source: tiny · ")
    assert turn.calls == (f"search_events query=source.ip:{ATTACKER} limit=1",)
    assert turn.events == (31,)
    assert "unverified: no tool returned #4000" in turn.remarks


def test_an_answer_of_rules_says_so(store: Store) -> None:
    asked = analyst(store)
    list(asked.ask("what did alice do today?"))
    (turn,) = turns(store, asked.talks.current)
    assert (turn.source, turn.label) == ("rules", "source: rules")
    assert 32 in turn.events
    assert turn.calls


def test_a_model_that_fails_in_the_middle_leaves_its_part_marked(store: Store) -> None:
    asked = analyst(store, model=True)
    list(asked.ask("fall over"))
    (turn,) = turns(store, asked.talks.current)
    assert (turn.answer, turn.whole, turn.source) == ("Half an answer", False, "tiny")
    assert turn.label.startswith("cut off: tiny: died")


def test_a_stopped_answer_is_kept_as_such(store: Store) -> None:
    asked, cancel = analyst(store, model=True), threading.Event()
    for piece in asked.ask("fall over", cancel=cancel):
        if piece.kind == "text":
            cancel.set()
    (turn,) = turns(store, asked.talks.current)
    assert not turn.whole
    assert turn.label.startswith("stopped · source: tiny")
    assert "Half an answer".startswith(turn.answer)


def test_an_answer_nobody_reads_to_its_end_is_kept_once_as_cut_off(store: Store) -> None:
    asked = analyst(store)
    stream = asked.ask("what did alice do today?")
    for piece in stream:
        if piece.kind == "text":
            break
    stream.close()  # type: ignore[attr-defined]
    (turn,) = turns(store, asked.talks.current)
    assert not turn.whole
    assert turn.label.startswith("cut off")
    assert "alice, today" in turn.answer


def test_a_restart_takes_the_last_conversation_up_again(store: Store) -> None:
    before = analyst(store)
    list(before.ask("what did alice do today?"))
    before.forget()
    list(before.ask("what did bob do today?"))
    list(analyst(store, actor="eve").ask("open alerts"))
    after = analyst(store)
    assert [turn.question for turn in after.resume()] == ["what did bob do today?"]
    assert "bob, yesterday" in said(list(after.ask("and yesterday?")))
    assert [turn.number for turn in turns(store, after.talks.current)] == [1, 2]


def test_a_model_knows_what_was_said_before_the_restart(store: Store) -> None:
    list(analyst(store, model=True).ask("who was it?"))
    after = analyst(store, model=True)
    after.resume()
    assert said(list(after.ask("sure?"))) == "Yes [#31]."


def test_conversations_are_listed_latest_first_and_each_person_sees_their_own(store: Store) -> None:
    ann, eve = analyst(store), analyst(store, actor="eve")
    list(ann.ask("what did alice do today?"))
    list(ann.ask("and yesterday?"))
    list(eve.ask("open alerts"))
    ann.forget()
    list(ann.ask("top addresses"))
    assert [(row.title, row.turns) for row in ann.conversations()] == [
        ("top addresses", 1), ("what did alice do today?", 2),
    ]  # fmt: skip
    assert [row.actor for row in store.conversations.listed()] == ["ann", "eve", "ann"]
    assert ann.resume(ann.conversations()[1].id)[1].question == "and yesterday?"
    assert ann.resume(999) == ()
    assert ann.talks.current == 0


def test_where_nothing_can_be_written_the_answer_still_comes_and_says_it_is_not_kept(tmp_path: Path) -> None:
    attack().store(tmp_path).close()
    with open_store(tmp_path / "soc.db", readonly=True) as store:
        pieces = list(analyst(store).ask("open alerts"))
        assert "3 open alerts" in said(pieces)
        assert any("this answer is not kept: " in piece.text for piece in pieces if piece.kind == "status")
        assert pieces[-1].text == "source: rules"


def test_without_a_door_nothing_is_kept_and_nothing_said_of_it(store: Store) -> None:
    bare = Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)
    assert {piece.kind for piece in bare.ask("open alerts")} == {"tool", "text", "done"}
    assert store.conversations.listed() == []
    assert (bare.conversations(), bare.resume()) == ([], ())


def test_hostile_text_is_kept_as_text(store: Store) -> None:
    turn = TurnRow("'); DROP TABLE turns; --\ud800", "\x1b[31m\u202e", "rules", NOW)
    conversation = store.conversations.add(turn, actor="a'b")
    (kept,) = turns(store, conversation)
    assert kept.question == "'); DROP TABLE turns; --\ufffd"
    assert kept.answer == turn.answer


def test_a_number_is_never_given_out_twice(store: Store) -> None:
    turn = TurnRow("q", "a", "rules", NOW)
    first = store.conversations.add(turn, actor="ann")
    assert store.conversations.add(turn, actor="ann", conversation=first) == first
    assert store.conversations.add(turn, actor="ann", conversation=99) == first + 1


def test_retention_deletes_conversations_as_old_as_events_may_be(tmp_path: Path) -> None:
    path = tmp_path / "soc.db"
    attack().store(tmp_path).close()
    with open_store(path) as store:
        for _ in range(AT_ONCE + 1):
            store.conversations.add(TurnRow("old", "a", "rules", NOW - 31 * DAY), actor="ann")
        lasting = store.conversations.add(
            TurnRow("begun long ago", "a", "rules", NOW - 31 * DAY), actor="ann"
        )
        store.conversations.add(
            TurnRow("and now", "a", "rules", NOW - DAY), actor="ann", conversation=lasting
        )
    writer = Writer.open(path, now=NOW)
    try:
        for terms, left in ((Terms(max_size=1 << 30), AT_ONCE + 2), (Terms(older=30 * DAY), 1)):
            keeper = writer.retention(terms)
            while keeper.step(NOW):
                pass
            with open_store(path) as store:
                assert len(store.conversations.listed(limit=1000)) == left
    finally:
        writer.close()
    with open_store(path) as store:
        assert [turn.question for turn in turns(store, lasting)] == ["begun long ago", "and now"]
