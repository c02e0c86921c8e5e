"""The notifier beside an ingest: a thread a channel, and what a configuration that changes does to it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from socterm.config import NotifyConfig
from socterm.notify.notifier import Notifier, forget
from tests.e2e.road import until
from tests.notify_scene import HOUR, NO, Scene, receiver, scene, stage
from tests.notify_servers import OK, notify_config
from tests.store_samples import NOW

__all__ = ["receiver", "scene", "stage"]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socterm.notify.notifier.LOOK", 0.01)


def told_on(scene: Scene, *names: str, **more: Any) -> NotifyConfig:
    """Webhooks of these names at the scene's receiver."""
    channels = {name: {"kind": "webhook", "url": f"{scene.receiver.url}/{name}"} | more for name in names}
    return notify_config(channels=channels, level="medium", older="")


def held(scene: Scene, answer: Any) -> tuple[threading.Event, threading.Event]:
    """(a request has come, it is answered): the scene's receiver waits in between."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(_request: Any) -> Any:
        inside.set()
        assert go_on.wait(60)
        return answer

    scene.receiver.answer = slow
    return inside, go_on


@pytest.fixture
def beside(scene: Scene, tmp_path: Path) -> Any:
    made: list[Notifier] = []

    def start(*names: str, path: Path = tmp_path / "s.db", **more: Any) -> Notifier:
        clock = lambda: scene.now  # noqa: E731
        made.append(
            Notifier(path, told_on(scene, *names, **more), {"HOME": "/nowhere"}, clock=clock, host="soc1")
        )
        made[-1].start()
        return made[-1]

    yield start
    for one in made:
        one.close()


def threads(name: str) -> list[threading.Thread]:
    """Those that tell a channel."""
    return [thread for thread in threading.enumerate() if thread.name == f"notify-{name}"]


def told(scene: Scene) -> list[tuple[str, int]]:
    """(channel, alert) of each message, in order."""
    found = [(one.path[1:], one.said["alert"]["id"]) for one in scene.receiver.got if "alert" in one.said]
    return sorted(found)


def test_each_channel_is_told(scene: Scene, beside: Callable[..., Notifier]) -> None:
    scene.alert(1)
    working = beside("a", "b")
    scene.alert(2)
    until(lambda: told(scene) == [("a", 2), ("b", 2)], "both")
    working.close()
    assert working.note == ""


def test_a_channel_that_is_taken_out_is_forgotten(stage: Callable[..., Scene], tmp_path: Path) -> None:
    scene = stage()
    scene.receiver.answers(NO)
    scene.turn()
    scene.alert(1)
    scene.turn()
    forget(tmp_path / "s.db", scene.now)
    scene.alert(2)
    scene.receiver.answers((200, {}, b""))
    scene.restart()
    scene.turn()
    scene.alert(3)
    scene.turn(HOUR)
    assert scene.told() == [1, 3]


def test_a_store_that_cannot_be_opened_is_said_and_opened_when_it_can(
    scene: Scene, beside: Callable[..., Notifier], tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    other.write_text("no store")
    working = beside("a", path=other)
    until(lambda: "a is not told of alerts" in working.note, "what is wrong")
    other.unlink()
    until(lambda: working.note == "", "a new store in its place")


# -- a configuration that changes -----------------------------------------------------------


def test_what_is_new_is_told_from_then_on_and_what_is_gone_no_more(
    scene: Scene, beside: Callable[..., Notifier]
) -> None:
    working = beside()
    scene.alert(1)
    working.renewed(told_on(scene, "a"))()
    scene.alert(2)
    until(lambda: told(scene) == [("a", 2)], "the first")
    working.renewed(told_on(scene, "b"))()
    scene.alert(3)
    until(lambda: told(scene) == [("a", 2), ("b", 3)], "the second")
    working.renewed(notify_config(on=False))()
    until(lambda: not threads("b"), "its end")
    scene.alert(4)
    working.renewed(told_on(scene, "a", "b"))()
    scene.alert(5)
    until(lambda: len(told(scene)) == 4, "both")
    assert told(scene) == [("a", 2), ("a", 5), ("b", 3), ("b", 5)]
    assert working.note == ""


def test_a_channel_that_stays_as_it_is_is_not_disturbed(
    scene: Scene, beside: Callable[..., Notifier]
) -> None:
    working = beside("a")
    before = threads("a")
    working.renewed(told_on(scene, "a", "b"))()
    assert threads("a") == before


def test_what_is_in_flight_when_a_channel_changes_is_sent_once(
    scene: Scene, beside: Callable[..., Notifier]
) -> None:
    """The old settings' last message is not taken for one that was cut off, and sent again by the new."""
    inside, go_on = held(scene, OK)
    working = beside("a")
    scene.alert(1)
    assert inside.wait(60)
    working.renewed(told_on(scene, "a", level="low"))()
    scene.alert(2)
    go_on.set()
    until(lambda: ("a", 2) in told(scene), "the next")
    assert told(scene) == [("a", 1), ("a", 2)]
    until(lambda: scene.states() == {"sent": 2}, "both on record")


def test_what_is_in_flight_when_a_channel_goes_is_on_record_as_it_was(
    scene: Scene, beside: Callable[..., Notifier]
) -> None:
    inside, go_on = held(scene, NO)
    working = beside("a")
    scene.alert(1, 2)
    assert inside.wait(60)
    working.renewed(notify_config(channels={}))()
    go_on.set()
    until(lambda: scene.states() == {"moot": 2}, "nothing waits")
    until(lambda: [row.fails for row in scene.store.outbox.channels()] == [0], "the channel is forgotten")


def test_what_was_mended_is_tried_at_once(scene: Scene, beside: Callable[..., Notifier]) -> None:
    scene.receiver.answers(NO)
    working = beside("a")
    scene.alert(1)
    until(lambda: "does not take messages" in working.note, "the trouble")
    scene.receiver.answers(OK)
    working.renewed(told_on(scene, "a", level="low"))()
    until(lambda: scene.states() == {"sent": 1}, "it is sent while the clock stands still")
    until(lambda: working.note == "", "all well")


def test_after_the_end_nothing_begins(scene: Scene, beside: Callable[..., Notifier]) -> None:
    working = beside()
    working.close()
    working.renewed(told_on(scene, "late"))()
    assert not threads("late")
    assert scene.now == NOW
