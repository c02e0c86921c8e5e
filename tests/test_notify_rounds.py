"""From alerts in a store to requests at a real server: limits, digests, failures, what is told no more."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from socterm.alerts.model import RuleInfo
from socterm.errors import StoreBusyError
from socterm.notify.channels.base import Answer
from socterm.notify.choose import MINUTE, Limits
from socterm.notify.notifier import trouble
from socterm.notify.retry import DEAD, SECOND
from socterm.notify.rounds import Round
from socterm.notify.words import Message
from tests.notify_scene import DAY, HOUR, NO, Scene, receiver, scene, stage
from tests.notify_servers import OK
from tests.store_samples import batch, episode, login

__all__ = ["receiver", "scene", "stage"]


def test_an_alert_is_told_once(scene: Scene) -> None:
    scene.alert(1)
    assert scene.turn() == 1
    assert scene.turn(DAY // 2) == 0
    scene.restart()
    assert scene.turn() == 0
    (got,) = scene.receiver.got
    assert got.said["title"] == "MEDIUM: rule-1 · 203.0.113.9"
    assert got.said["alert"]["rule"] == "rule-1"
    assert got.said["alert"]["host"] == "soc1"


def test_what_was_there_before_is_not_told(stage: Callable[..., Scene]) -> None:
    scene = stage()
    scene.alert(1)
    scene.turn()
    scene.alert(2)
    scene.turn()
    assert scene.told() == [2]


def test_a_growing_alert_is_told_once(scene: Scene) -> None:
    first, second = login(1), login(2)
    scene.writer.commit(batch([first], [episode(1, [first], alert=1)]))
    scene.turn()
    scene.writer.commit(batch([second], [episode(1, [first, second], new=[second], alert=1)]))
    scene.turn(HOUR)
    assert scene.told() == [1]


def test_a_storm_is_the_cap_and_one_digest(scene: Scene) -> None:
    for portion in range(12):  # 996 alerts within 60 seconds
        scene.alert(*range(portion * 83 + 1, portion * 83 + 84))
        scene.turn(5 * SECOND)
    scene.turn(5 * MINUTE)
    scene.turn(HOUR)
    assert len(scene.told()) == 5
    assert len(scene.receiver.got) == 6
    digest = scene.receiver.got[-1].said
    assert digest["kind"] == "digest"
    assert digest["digest"]["alerts"] == 991
    assert sorted(scene.told() + digest["digest"]["ids"]) == list(range(1, 997))
    assert scene.states() == {"sent": 6, "summed": 991}


def test_one_group_is_told_once_an_hour_and_then_again(scene: Scene) -> None:
    scene.alert(1, 2, 3, rule="same")
    scene.turn()
    scene.turn(5 * MINUTE)
    assert scene.told() == [1]
    assert scene.receiver.got[-1].said["title"] == "2 more alerts: 2 medium"
    scene.alert(4, rule="same")
    scene.turn(54 * MINUTE)
    assert scene.told() == [1]
    scene.alert(5, rule="same")
    scene.turn(2 * MINUTE)
    assert scene.told() == [1, 5]


def test_the_cap_opens_again_a_minute_later(scene: Scene) -> None:
    scene.alert(*range(1, 8))
    scene.turn()
    scene.alert(8)
    scene.turn(59 * SECOND)
    assert scene.told() == [1, 2, 3, 4, 5]
    scene.alert(9)
    scene.turn(2 * SECOND)
    assert scene.told() == [1, 2, 3, 4, 5, 9]


def test_the_cap_holds_over_a_restart(scene: Scene) -> None:
    scene.alert(*range(1, 6))
    scene.turn()
    scene.restart()
    scene.alert(6)
    scene.turn(SECOND)
    assert scene.told() == [1, 2, 3, 4, 5]


def test_digests_come_apart_from_each_other(scene: Scene) -> None:
    number = 0
    for _ in range(40):  # twenty minutes of storm
        scene.alert(*range(number + 1, number + 11), rule="same")
        number += 10
        scene.turn(30 * SECOND)
    kinds = [request.said["kind"] for request in scene.receiver.got]
    assert kinds.count("alert") == 1
    assert kinds.count("digest") in (3, 4)


def test_a_closed_alert_is_not_told_alone_or_in_a_digest(scene: Scene) -> None:
    def close(*ids: int) -> None:
        scene.store.triage.decide(ids, "close", actor="ann", now=scene.now, verdict="test")

    scene.receiver.answers(NO)
    scene.alert(*range(1, 10))
    scene.turn()
    close(1, 2, 3, 7, 8)
    scene.receiver.answers((200, {}, b""))
    scene.receiver.got.clear()
    scene.turn(5 * MINUTE)
    assert scene.told() == [4, 5]
    assert scene.receiver.got[-1].said["digest"]["ids"] == [6, 9]
    assert scene.states() == {"sent": 3, "summed": 2, "moot": 5}


def test_a_digest_of_nothing_is_not_sent(scene: Scene) -> None:
    scene.alert(1, 2, rule="same")
    scene.turn()
    scene.store.triage.decide([2], "close", actor="ann", now=scene.now, verdict="test")
    scene.turn(5 * MINUTE)
    assert len(scene.receiver.got) == 1


def test_a_server_that_is_down_gets_it_later_under_the_same_key_in_the_same_words(scene: Scene) -> None:
    scene.receiver.answers(NO)
    scene.alert(1)
    for _ in range(8):
        scene.turn(SECOND)
    assert len(scene.receiver.got) == 2  # at once, and five seconds later
    grown = login(2)
    scene.writer.commit(batch([grown], [episode(1, [login(1), grown], new=[grown], alert=1, rule="rule-1")]))
    scene.receiver.answers((200, {}, b""))
    scene.turn(MINUTE)
    assert len({(request.key, request.body) for request in scene.receiver.got}) == 1
    assert scene.states() == {"sent": 1}
    scene.turn(HOUR)
    assert len(scene.receiver.got) == 3


def test_a_server_that_is_down_is_asked_ever_less_and_by_one_message_at_a_time(scene: Scene) -> None:
    scene.receiver.answers(NO)
    scene.alert(*range(1, 6))
    for _ in range(600):
        scene.turn(SECOND)
    assert 5 <= len(scene.receiver.got) <= 9
    assert [scene.told().count(alert) for alert in range(1, 6)] == [3, 3, len(scene.told()) - 6, 0, 0]
    assert trouble(scene.store, "ops", scene.now) == (
        "notify: ops does not take messages (HTTP 500 no), they wait: see socterm notify status"
    )
    scene.receiver.answers((200, {}, b""))
    scene.turn(HOUR)
    assert trouble(scene.store, "ops", scene.now) == ""
    assert sorted(scene.told()[-5:]) == [1, 2, 3, 4, 5]


def test_however_long_it_is_down_it_is_asked_by_one_message_at_a_time(scene: Scene) -> None:
    """Also when each was tried so often that it could be at fault itself."""
    scene.receiver.answers(NO)
    scene.alert(*range(1, 6))
    for tries in range(1, 20):
        scene.turn(HOUR)
        assert len(scene.receiver.got) == tries
    assert min(scene.told().count(alert) for alert in range(1, 6)) >= 3


def test_what_a_server_asks_for_is_waited(scene: Scene) -> None:
    scene.receiver.answers((429, {"Retry-After": "100"}, b""), (200, {}, b""))
    scene.alert(1)
    scene.turn()
    scene.turn(99 * SECOND)
    assert len(scene.receiver.got) == 1
    scene.turn(2 * SECOND)
    assert scene.states() == {"sent": 1}


def test_a_message_that_is_refused_holds_up_no_other(scene: Scene) -> None:
    scene.receiver.answer = lambda request: (
        (422, {}, b"no") if request.said["alert"]["id"] == 1 else (200, {}, b"")
    )
    scene.alert(1, 2)
    scene.turn()
    scene.alert(3)
    scene.turn(SECOND)
    assert scene.told() == [1, 2, 3]
    assert scene.states() == {"failed": 1, "sent": 2}
    for _ in range(60):
        scene.turn(SECOND)
    assert scene.told().count(1) <= 5


def test_a_message_that_something_on_the_way_chokes_on_holds_up_no_other(scene: Scene) -> None:
    """A filter before the receiver refuses words of an attacker's choice with a status that says nothing."""
    word = "<script>"
    scene.receiver.answer = lambda request: (403, {}, b"") if word in request.body.decode() else OK
    event = login(1)
    scene.writer.commit(
        batch([event], [episode(1, [event], alert=1, rule="a", entity=(("user.name", word),))])
    )
    scene.turn()
    for number in range(2, 5):
        scene.alert(number)
    for _ in range(20):
        scene.turn(3 * SECOND)
    assert scene.told()[3:] == [2, 3, 4, 1]  # after three tries the others go, and then it is at fault
    for _ in range(100):
        scene.turn(3 * SECOND)
    assert scene.states() == {"sent": 4}
    last = scene.receiver.got[-1].said
    assert (last["title"], last["alert"]["id"], "entity" in last["alert"]) == ("MEDIUM: alert 1", 1, False)
    assert {request.key for request in scene.receiver.got if request.said["alert"]["id"] == 1} == {last["id"]}
    assert word not in str(last)
    tries = len(scene.receiver.got)
    scene.turn(HOUR)
    assert len(scene.receiver.got) == tries


def test_a_digest_that_is_refused_for_a_name_goes_without_it_and_keeps_no_later_one(scene: Scene) -> None:
    scene.receiver.answer = lambda request: (422, {}, b"") if "evil" in request.body.decode() else OK
    events = [login(number) for number in range(1, 8)]
    scene.writer.commit(
        batch(events, [episode(e.id, [e], alert=e.id, entity=(("user.name", "evil"),)) for e in events])
    )
    for _ in range(30):
        scene.turn(30 * SECOND)
    scene.alert(8, 9, rule="same")
    for _ in range(30):
        scene.turn(30 * SECOND)
    digests = [one.said for one in scene.receiver.got if one.said["kind"] == "digest"]
    assert [one["title"] for one in digests] == ["6 more alerts: 6 medium"] * 4 + ["1 more alert: 1 medium"]
    assert digests[3]["digest"]["ids"] == [2, 3, 4, 5, 6, 7]
    assert "evil" not in str(digests[3])
    assert scene.states() == {"sent": 4, "summed": 7}


def test_one_that_cannot_be_put_together_holds_up_no_other(scene: Scene) -> None:
    class Stumbling:
        name = "ops"

        def send(self, message: Message, now: int) -> Answer:
            if message.facts["id"] == 1:
                raise IndexError("within a library")
            return Answer(True, "")

    scene.round = Round(scene.store, Stumbling(), scene.terms, clock=lambda: scene.now, host="soc1")
    scene.alert(1, 2)
    scene.turn()
    assert scene.states() == {"failed": 1, "sent": 1}
    scene.turn(HOUR)
    assert scene.store.outbox.channels()[0].note == "it could not be put together: IndexError"


@pytest.mark.parametrize("answer", [OK, NO, (422, {}, b"")])
def test_what_came_of_a_try_is_on_record_though_the_store_was_locked_just_then(
    scene: Scene, tmp_path: Path, answer: Any
) -> None:
    """A message is not left as being sent until the next start, when it would be sent again, or never."""
    other = sqlite3.connect(tmp_path / "s.db", isolation_level=None, check_same_thread=False)
    with scene.store._connections.decider() as db:
        db.execute("PRAGMA busy_timeout=20")

    def lock(_request: object) -> Any:
        other.execute("BEGIN IMMEDIATE")
        return answer

    scene.receiver.answer = lock
    scene.alert(1)
    with pytest.raises(StoreBusyError):
        scene.turn()
    with pytest.raises(StoreBusyError):
        scene.turn(SECOND)
    other.execute("ROLLBACK")
    other.close()
    scene.receiver.answers(OK)
    scene.turn(SECOND)
    assert scene.states() == {"sent" if answer is OK else "failed": 1}
    assert len(scene.receiver.got) == 1
    scene.turn(MINUTE)
    assert scene.states() == {"sent": 1}
    assert len(scene.receiver.got) == (1 if answer is OK else 2)


@pytest.mark.parametrize("held", [False, True])
def test_an_alert_put_off_before_its_turn_came_is_told_when_it_wakes(scene: Scene, held: bool) -> None:
    if held:  # for the digest, as one of two
        scene.alert(1, rule="same")
        scene.turn()
        scene.alert(2, rule="same")
    else:
        scene.receiver.answers(NO)
        scene.alert(2)
    scene.turn()
    scene.store.triage.decide([2], "snooze", actor="ann", now=scene.now, until=scene.now + HOUR)
    scene.receiver.answers(OK)
    scene.turn(6 * MINUTE)
    assert scene.states() in ({"sent": 1, "moot": 2}, {"moot": 1})
    scene.receiver.got.clear()
    scene.turn(HOUR)
    scene.store.snoozes.wake(scene.now)
    scene.turn(SECOND)
    scene.turn(6 * MINUTE)
    assert scene.told() == [2]
    scene.turn(HOUR)
    assert len(scene.receiver.got) == 1


def test_while_a_server_is_down_no_more_than_the_cap_waits_for_it(scene: Scene) -> None:
    scene.receiver.answers(None)
    for number in range(1, 201):
        scene.alert(number)
        scene.turn(10 * SECOND)
    scene.receiver.got.clear()
    scene.receiver.answers((200, {}, b""))
    scene.turn(HOUR)
    assert len(scene.receiver.got) == 6
    assert len(scene.told()) == 5
    assert scene.receiver.got[-1].said["digest"]["alerts"] == 195


def test_after_a_day_it_is_given_up_and_said(scene: Scene) -> None:
    scene.receiver.answers(NO)
    scene.alert(1)
    scene.turn()
    scene.turn(DEAD - 2 * SECOND)
    assert scene.states() == {"failed": 1}
    scene.turn(3 * SECOND)
    assert scene.states() == {"dead": 1}
    asked = len(scene.receiver.got)
    scene.receiver.answers((200, {}, b""))
    scene.turn(HOUR)
    assert len(scene.receiver.got) == asked
    assert "messages were given up after a day" in trouble(scene.store, "ops", scene.now)
    (row,) = scene.store.outbox.channels()
    assert (row.dead, row.waiting, row.note) == (1, 0, "HTTP 500 no")


def test_what_happened_long_ago_is_no_news(scene: Scene) -> None:
    scene.alert(1)
    scene.turn(2 * DAY)
    assert scene.receiver.got == []


def test_incidents_are_told_and_told_again_when_they_grow_graver(stage: Callable[..., Scene]) -> None:
    scene = stage(about="incidents", limits=Limits(2, HOUR, 5, 5 * MINUTE))
    scene.turn()
    infos = {rule: RuleInfo(rule, rule, level, "", ()) for rule, level in (("a", "high"), ("b", "critical"))}
    scene.writer.save_rules([], infos)
    scene.alert(1, rule="a")
    scene.turn()
    scene.alert(2, rule="b")
    scene.turn()
    found = [
        (one.said["kind"], one.said["level"], one.said["incident"]["alerts"]) for one in scene.receiver.got
    ]
    assert found == [("incident", "high", 1), ("incident", "critical", 2)]
    assert scene.receiver.got[0].key != scene.receiver.got[1].key


def test_hostile_names_arrive_harmless(scene: Scene) -> None:
    event = login(1)
    nasty = (("user.name", "\x1b]0;x\x07\r\nSubject: y\u202e https://evil.example"),)
    scene.writer.commit(batch([event], [episode(1, [event], alert=1, entity=nasty)]))
    scene.turn()
    said = scene.receiver.got[0].said
    assert said["title"] == "MEDIUM: brute · ␛]0;x␇␍␊Subject: y<U+202E> https[:]//evil.example"
    assert said["alert"]["entity"]["user.name"] in said["text"]
