"""Explain and chat: labelled, cited, cancellable, and whole without a model."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

from driver import console, driven
from scene import LOG, NOW, Scene
from socterm.analyst import Analyst, Explanation, Health, NullBackend, Part, Piece, Talks
from socterm.console.actions import ACTIONS
from socterm.store.doors.analyses import Trace
from socterm.store.doors.conversations import ConversationRow, TurnRow
from socterm.store.opening import Store
from story import busy


def rules_analyst(store: Store) -> Analyst:
    return Analyst(store.events, store.triage, NullBackend(), now=lambda: NOW)


class Streaming:
    """A model that talks until it is stopped."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def health(self) -> Health:
        return Health("ok", "tiny:1b")

    def forget(self) -> None:
        """There is nothing to forget."""

    def resume(self, conversation: int = 0) -> Sequence[TurnRow]:
        return ()

    def conversations(self) -> Sequence[ConversationRow]:
        return ()

    def explain(self, alert_id: int) -> Explanation:
        return Explanation((Part("Why", "said the model"),), (), "tiny:1b")

    def analyse(self, about: str, actor: str, cancel: threading.Event | None = None) -> Iterator[Trace]:
        return iter(())

    def ask(
        self, question: str, alert_id: int | None = None, cancel: threading.Event | None = None
    ) -> Iterator[Piece]:
        assert cancel is not None
        yield Piece("tool", "search_events user.name:root")
        yield Piece("text", "never said")
        yield Piece("retract")
        yield Piece("text", "First words. ")
        cancel.wait(20)
        yield Piece("text", "Last words.")
        yield Piece("done", "stopped · source: tiny:1b")
        self.stopped.set()


async def test_i_explains_without_a_model(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store, analyst=rules_analyst(store))) as d:
        await d.press("i")
        await d.sees("source: rules", "203.0.113.9", "[#")
        await d.sees("no model · answers from rules")


async def test_enter_on_a_citation_opens_the_event(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store, analyst=rules_analyst(store))) as d:
        await d.press("i")
        await d.sees("source: rules")
        await d.press("2", "j")
        cited = d.app.triage.detail.current
        assert cited is not None
        await d.press("enter")
        await d.sees(f"Event [#{cited.event}]", "@timestamp", f"{LOG}:")


async def test_a_question_is_answered_from_rules(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store, analyst=rules_analyst(store))) as d:
        await d.press("c")
        await d.type("why did this fire")
        await d.press("enter")
        await d.sees("you  why did this fire")
        await d.until(lambda: not d.app.triage.chat.answering)
        turn = d.app.triage.chat.turns[0]
        assert turn.events
        assert turn.note == "source: rules"
        await d.press("up")
        await d.until(lambda: d.app.focused.value == "why did this fire")  # type: ignore[union-attr]
        await d.press("escape")
        assert d.app.state.focus == "alerts"


async def test_escape_stops_the_answer_and_keeps_what_came(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    model = Streaming()
    async with driven(console(store, analyst=model)) as d:
        await d.sees("tiny:1b ✓")
        await d.press("c")
        await d.type("talk")
        await d.press("enter")
        await d.sees("First words.")
        assert "never said" not in d.text()
        await d.press("escape")
        await d.until(model.stopped.is_set)
        await d.sees("First words. Last words.", "stopped · source: tiny:1b")
        assert not d.app.triage.chat.answering


class Told(Streaming):
    """A model that has to tell things beside its answer, and is long about it."""

    def __init__(self, lines: int) -> None:
        super().__init__()
        self.lines = lines
        self.more = threading.Event()

    def ask(
        self, question: str, alert_id: int | None = None, cancel: threading.Event | None = None
    ) -> Iterator[Piece]:
        yield Piece("status", "asking tiny:1b", source="tiny:1b")
        yield Piece("status", "your chat.md is empty: ours is used")
        yield Piece("cost", "context ~30 %")
        for number in range(self.lines):
            yield Piece("text", f"line {number}\n")
        yield Piece("cost", "~12 tokens · 18 tok/s · context ~30 %")
        self.more.wait(20)
        yield Piece("text", "and one more")
        yield Piece("status", "unverified: no tool returned #4000")
        yield Piece("status", "this answer is not kept: the disk is full")
        yield Piece("done", "source: tiny:1b · 12 tokens")


async def test_what_was_told_beside_an_answer_stays_when_it_ends(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    model = Told(1)
    model.more.set()
    async with driven(console(store, analyst=model)) as d:
        await d.press("c")
        await d.type("talk")
        await d.press("enter")
        await d.sees(
            "! your chat.md is empty: ours is used",
            "! unverified: no tool returned #4000",
            "! this answer is not kept: the disk is full",
            "source: tiny:1b · 12 tokens",
        )
        assert "asking tiny:1b" not in d.text()


async def test_what_was_told_beside_an_answer_is_kept_with_it(scene: Scene, store: Store) -> None:
    busy(scene)
    turn = TurnRow("who?", "mallory", "tiny:1b", NOW, "source: tiny:1b", remarks=("unverified: #4000",))
    store.conversations.add(turn, actor="ann")
    async with driven(console(store, analyst=talking(store))) as d:
        await d.sees("mallory", "! unverified: #4000", "source: tiny:1b")


async def test_while_an_answer_streams_the_border_tells_what_it_costs(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    model, now = Told(2), [NOW]
    app = console(store, analyst=model)
    app.triage.chat.clock = lambda: now[0]
    async with driven(app) as d:
        await d.press("c")
        await d.type("talk")
        await d.press("enter")
        await d.sees("line 1", "─ ~12 tokens · 18 tok/s · context ~30 % · 0 s")
        now[0] += 61_000_000
        await d.sees("─ ~12 tokens · 18 tok/s · context ~30 % · 61 s")  # though nothing comes
        model.more.set()
        await d.until(lambda: not d.app.triage.chat.answering)
        await d.until(lambda: "61 s" not in d.text() and "tok/s" not in d.text())


async def test_esc_that_comes_a_moment_too_late_does_not_leave_the_line(scene: Scene, store: Store) -> None:
    """What is typed next is still a question, and not keys that close alerts."""
    (alert,) = scene.simple(["brute"])
    model, now = Told(1), [NOW]
    model.more.set()
    app = console(store, analyst=model)
    app.triage.chat.clock = lambda: now[0]
    async with driven(app) as d:
        await d.press("c")
        await d.type("talk")
        await d.press("enter")
        await d.until(lambda: bool(d.app.triage.chat.turns) and not d.app.triage.chat.answering)
        await d.press("escape")
        await d.sees("the answer had ended; Esc again leaves the chat")
        await d.type("e")
        assert d.app.focused.value == "e"  # type: ignore[union-attr]
        assert [row.id for row in store.triage.alerts()] == [alert]
        await d.press("escape")
        assert d.app.state.focus == "alerts"
        await d.press("c", "ctrl+u", "enter")
        await d.type("again")
        await d.press("enter")
        await d.until(lambda: len(d.app.triage.chat.turns) == 2 and not d.app.triage.chat.answering)
        now[0] += 5_000_000
        await d.press("escape")
        assert d.app.state.focus == "alerts"


async def test_who_has_scrolled_is_left_there_while_more_comes(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    model = Told(60)
    async with driven(console(store, analyst=model)) as d:
        await d.press("c")
        await d.type("talk")
        await d.press("enter")
        await d.sees("you  talk", "line 3")
        await d.press("pagedown")
        there = d.app.triage.chat.log_view.scroll_offset.y
        model.more.set()
        await d.until(lambda: not d.app.triage.chat.answering)
        await d.until(lambda: d.app.triage.chat._drawing is None)
        assert d.app.triage.chat.log_view.scroll_offset.y == there > 0
        await d.press("pageup")
        await d.sees("you  talk")
        await d.type("again")
        await d.press("enter")
        await d.until(lambda: len(d.app.triage.chat.turns) == 2)
        await d.sees("you  again")


def talking(store: Store) -> Analyst:
    """From rules, as somebody whose conversations are kept."""
    backend = NullBackend()
    return Analyst(
        store.events, store.triage, backend, now=lambda: NOW, talks=Talks(store.conversations, "ann")
    )


async def test_a_restart_shows_the_last_conversation_and_goes_on_with_it(scene: Scene, store: Store) -> None:
    busy(scene)
    list(talking(store).ask("what did bob do today?"))
    async with driven(console(store, analyst=talking(store))) as d:
        await d.sees("you  what did bob do today?")
        await d.press("c", "up")
        await d.until(lambda: d.app.focused.value == "what did bob do today?")  # type: ignore[union-attr]
        await d.press("ctrl+u")
        await d.type("and yesterday")
        await d.press("enter")
        await d.until(lambda: len(d.app.triage.chat.turns) == 2 and not d.app.triage.chat.answering)
        assert d.app.triage.chat.turns[1].text.startswith("bob")
        assert "yesterday" in d.app.triage.chat.turns[1].text
    (row,) = store.conversations.listed()
    assert row.turns == 2


async def test_a_new_conversation_and_one_of_before(scene: Scene, store: Store) -> None:
    busy(scene)
    list(talking(store).ask("what did bob do today?"))
    async with driven(console(store, analyst=talking(store))) as d:
        await d.sees("you  what did bob do today?")
        await d.press("c", "ctrl+n")
        await d.sees("a new conversation", "no model · answers from rules. Press c to ask.")
        await d.type("open alerts")
        await d.press("enter")
        await d.until(lambda: len(d.app.triage.chat.turns) == 1 and not d.app.triage.chat.answering)
        await d.press("ctrl+o")
        await d.sees("Conversations", "open alerts", "what did bob do today?", "1 asked")
        await d.press("j", "enter")
        await d.sees("you  what did bob do today?")
        assert [turn.question for turn in d.app.triage.chat.turns] == ["what did bob do today?"]
    assert [row.title for row in store.conversations.listed()] == ["open alerts", "what did bob do today?"]


async def test_while_an_answer_comes_the_conversation_stays(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store, analyst=Streaming())) as d:
        await d.press("c")
        await d.type("talk")
        await d.press("enter")
        await d.sees("First words.")
        await d.press("ctrl+n")
        await d.sees("an answer is being written; Esc stops it", "First words.")
        await d.press("escape")
        await d.until(lambda: not d.app.triage.chat.answering)


async def test_the_list_answers_keys_while_an_answer_streams(scene: Scene, store: Store) -> None:
    first, second = scene.simple(["brute", "brute"])
    async with driven(console(store, analyst=Streaming())) as d:
        await d.press("c")
        await d.type("talk")
        await d.press("enter")
        await d.sees("First words.")
        await d.press("tab", "e")
        await d.until(lambda: [row.id for row in store.triage.alerts()] == [second])
        await d.press("escape")
        await d.until(lambda: not d.app.triage.chat.answering)
    assert first != second


async def test_without_an_analyst_its_keys_do_nothing_and_are_not_offered(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("i", "c")
        await d.settled()
        assert d.app.focused is d.app.triage.alerts
        assert "i explain" not in d.text()
        needing = {a.id for a in ACTIONS if a.needs == "analyst"}
        assert (
            not {entry.binding.id for entry in d.app.screen.active_bindings.values() if entry.enabled}
            & needing
        )


async def test_copy_takes_what_the_cursor_is_on(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store)) as d:
        await d.press("y")
        assert d.app.clipboard.startswith("critical SSH login after brute force 203.0.113.9 → root ×41")
        await d.press("2", "j", "y")
        assert d.app.clipboard == "203.0.113.9"
        await d.press("3", "k")
        await d.settled()
        await d.press("y")
        event = store.events.get([d.app.triage.stream.cursor])[0]
        assert d.app.clipboard == event.raw


async def test_j_and_k_with_shift_scroll_the_detail_from_the_list(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store), (100, 30)) as d:
        cursor = d.cursor
        await d.press("J", "J")
        assert d.app.triage.detail.scroll_offset.y == 6
        await d.press("K")
        assert d.app.triage.detail.scroll_offset.y == 3
        assert d.cursor == cursor


async def test_the_detail_shows_fields_and_raw_of_the_alerts_events(scene: Scene, store: Store) -> None:
    busy(scene)
    async with driven(console(store)) as d:
        await d.press("enter", "l")
        await d.sees("Event [#", "source.port", "40990")
        await d.press("l")
        await d.sees("▸ web01 sshd[")
        await d.press("j", "j", "enter")
        await d.sees("40934")
        await d.press("G", "g", "ctrl+d", "ctrl+u", "pagedown", "pageup", "k")
        assert d.app.state.tab == "fields"
