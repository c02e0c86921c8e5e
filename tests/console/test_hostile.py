"""Log text is hostile: whatever a line, a name, a note or a model's answer holds, it is only ever shown."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from driver import console, driven
from scene import ACTOR, NOW, FakeIngest, Scene
from socterm.analyst import Explanation, Health, Part, Piece
from socterm.console.screens.triage import TriageScreen
from socterm.pipeline.status import SourceStatus
from socterm.store.doors.analyses import Trace
from socterm.store.doors.conversations import ConversationRow, TurnRow
from socterm.store.opening import Store

CORPUS = {
    "title": "A\x1b]0;OWNED\x07B",
    "clipboard": "A\x1b]52;c;ZXZpbA==\x07B",
    "colour": "A\x1b[31;7;43mRED",
    "cursor": "A\x1b[7;77HMOVED",
    "c1": "A\x9b31;7mC1\x85next",
    "overwrite": "AAAA\rOVER\x08\x08",
    "bidi": "abc\u202egnp.exe\u202c\u2066x\u2069",
    "zero width": "a\u200bb\u2060c\ufeffd\u00ade",
    "nul": "a\x00b",
    "markup": "[bold]MK[/bold] tail",
    "closing markup": "sshd[1]: bad [/foo] x [a= x=[/] y \\[",
    "click": "[@click=app.quit]click me[/]",
    "a megabyte": "x" * 1_000_000,
    "surrogate": "bad\udc80byte",
    "zalgo": "z" + "\u0301" * 90 + "end ก" + "\u0e49" * 60,
    "tabs": "a\tb\t\tc",
    "lines": "one\ntwo\u2028three\u2029four",
    "emoji": "👩‍👩‍👧‍👦 🇩🇪 ❤️ 👍🏽",
    "wide": "漢字かな交じり文" * 9,
    "tags": "a\U000e0041\U000e0042b\ue000\uf8ff",
    "keys": "eeeeEEdtqqq\x1bq",
}


class Parrot:
    """An analyst that says whatever it is told to say."""

    def __init__(self, text: str) -> None:
        self.said = text

    def health(self) -> Health:
        return Health("ok", self.said[:40])

    def forget(self) -> None:
        """There is nothing to forget."""

    def resume(self, conversation: int = 0) -> Sequence[TurnRow]:
        return ()

    def conversations(self) -> Sequence[ConversationRow]:
        return ()

    def explain(self, alert_id: int) -> Explanation:
        return Explanation((Part(self.said, self.said),), (1,), self.said[:40])

    def analyse(self, about: str, actor: str, cancel: threading.Event | None = None) -> Iterator[Trace]:
        return iter(())

    def ask(
        self, question: str, alert_id: int | None = None, cancel: threading.Event | None = None
    ) -> Iterator[Piece]:
        for kind in ("tool", "text", "status", "citation", "done"):
            yield Piece(kind, self.said, (1,), self.said)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", CORPUS)
async def test_hostile_text_is_only_shown(scene: Scene, store: Store, name: str) -> None:
    """One hostile text in every place text can stand; every pane, tab, dialogue and filter is looked at."""
    bad = CORPUS[name]
    stored = bad.replace("\x00", "")
    fields = {
        "user.name": stored,
        "host.hostname": stored,
        "process.name": stored,
        "event.action": stored,
        stored[:50] or "x": stored,
    }
    events = scene.lines([(stored, stored, stored, fields)] * 3)
    alert = scene.alert("brute", {"user.name": stored, "source.ip": stored}, events)
    store.triage.decide([alert], "note", actor=stored[:200] or "x", now=NOW, text=stored + "!")
    source = SourceStatus(bad[:300], 1, 1, 0, 0, {}, bad[:300], False)
    ingest = FakeIngest(sources=(source,), error=bad[:300], mode=bad[:300])
    app = console(store, analyst=Parrot(bad), ingest=ingest, note=bad[:500])
    async with driven(app, (120, 36)) as d:
        looked = 0

        async def look() -> None:
            nonlocal looked
            await d.settled()
            for row in d.rows():
                assert row.isprintable(), ascii(row)
            looked += 1

        await look()
        for keys in (
            ["i"], ["2"], ["h"], ["h"], ["h"], ["h"], ["j", "j", "y"], ["3", "k", "enter"], ["l", "l"], ["y"],
            ["escape", "escape", "1", "m"], ["escape", "d"], ["escape", "x", "O", "T"], ["question_mark"],
            ["escape", "ctrl+p"], ["escape", "c"],
        ):  # fmt: skip
            await d.press(*keys)
            await look()
        await d.type("why")
        await d.press("enter")
        await d.until(lambda: not d.app.triage.chat.answering)
        await look()
        await d.press("escape")
        d.app.triage.filter_bar("alerts").open(bad)
        await look()
        assert isinstance(d.app.screen, TriageScreen)
        assert d.app.guard.replaced == 0
        assert looked == 19
        assert not d.app._exit
        assert "\x1b" not in d.app.clipboard
        assert "\n" not in d.app.clipboard
    row = store.triage.alert(alert)
    assert row is not None
    assert row.state == "new"
    assert [r.verb for r in store.triage.history(alert)] == ["note"]


async def test_what_is_pasted_into_a_line_is_cleaned(scene: Scene, store: Store) -> None:
    from textual.events import Paste

    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("m")
        await d.sees("Note ·")
        d.app.screen.focused.post_message(Paste("a\x1b]52;c;eA==\x07\u202eb"))  # type: ignore[union-attr]
        await d.sees("a␛]52;c;eA==␇<U+202E>b")
        await d.press("enter")
        await d.sees("1 alert noted")
    assert [(r.actor, r.note) for r in store.triage.history(alert)] == [(ACTOR, "a␛]52;c;eA==␇<U+202E>b")]


def test_the_guard_is_the_last_filter(scene: Scene, store: Store) -> None:
    app = console(store)
    assert app.get_line_filters()[-1] is app.guard
