"""What the store keeps for the notifier: what is news, what was told, what is tried when."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from socterm.alerts.model import RuleInfo
from socterm.store import Store, open_store
from socterm.store.connection import connect
from socterm.store.doors import outbox_sums
from socterm.store.doors.outbox import LONGEST
from socterm.store.doors.outbox_rows import Kind, Mark, News
from socterm.store.ingest.writer import Writer
from socterm.store.keeping import told
from socterm.store.keeping.retention import DAY, Terms
from tests.store_samples import NOW, batch, episode, login

MEDIUM = 2


class Scene:
    """A store under ingest, and its outbox as a notifier uses it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writer = Writer.open(path, now=NOW)
        self.store: Store = open_store(path)
        self.outbox = self.store.outbox
        self.mark = Mark(0, 0, 0)

    def alert(self, *numbers: int) -> None:
        for number in numbers:
            events = [login(number * 3 - offset) for offset in (2, 1, 0)]
            self.writer.commit(batch(events, [episode(number, events, alert=number, rule=f"rule-{number}")]))

    def begin(self) -> None:
        self.mark = self.outbox.begin("ops", NOW)

    def news(self, rank: int = MEDIUM, since: int = 0, kinds: tuple[str, ...] = ("alert",)) -> list[News]:
        _, found = self.outbox.news("ops", self.mark, kinds=kinds, rank=rank, since=since)
        return found

    def take(self, queued: list[News], held: list[News] | None = None, now: int = NOW) -> None:
        mark, _ = self.outbox.news("ops", self.mark, kinds=("alert",), rank=MEDIUM, since=0)
        self.outbox.put("ops", mark, queued, held or [], now)

    def close(self, *alerts: int) -> None:
        self.store.triage.decide(alerts, "close", actor="ann", now=NOW, verdict="test")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "s.db")
    yield made
    made.store.close()
    made.writer.close()


def ids(news: list[News]) -> list[int]:
    return [one.about for one in news]


def test_what_is_there_when_a_channel_begins_is_no_news_even_when_it_changes(scene: Scene) -> None:
    scene.alert(1)
    scene.begin()
    scene.alert(2)
    scene.store.triage.decide([1], "acknowledge", actor="ann", now=NOW)
    assert ids(scene.news()) == [2]


def test_what_was_put_is_not_news_again_also_after_a_restart_that_forgot_where_it_was(scene: Scene) -> None:
    scene.begin()
    scene.alert(1, 2)
    scene.take(scene.news())
    scene.mark = Mark(0, 0, 0)
    assert scene.news() == []
    again = scene.outbox.begin("ops", NOW)
    assert again.alert_change > 0
    assert scene.outbox.news("ops", again, kinds=("alert",), rank=0, since=0)[1] == []


def test_what_is_put_twice_is_there_once_as_it_was_first(scene: Scene) -> None:
    """Two notifiers may choose the same for a moment, while one ingest takes over from another."""
    scene.begin()
    scene.alert(1)
    found = scene.news()
    scene.take(found)
    first = scene.outbox.due("ops", NOW)
    assert first is not None
    scene.outbox.claim(first.id, "{}", NOW)
    scene.outbox.sent(first.id, "", NOW)
    scene.take(found)
    assert scene.outbox.due("ops", NOW) is None
    assert scene.outbox.channels()[0].sent == 1


def test_another_channel_has_news_of_its_own(scene: Scene) -> None:
    scene.begin()
    other = scene.outbox.begin("mail", NOW)
    scene.alert(1)
    scene.take(scene.news())
    assert ids(scene.outbox.news("mail", other, kinds=("alert",), rank=0, since=0)[1]) == [1]


def test_too_small_closed_and_old_ones_are_no_news(scene: Scene) -> None:
    scene.begin()
    scene.alert(1, 2, 3)
    scene.close(2)
    assert scene.news(rank=3) == []
    assert ids(scene.news()) == [1, 3]
    assert ids(scene.news(since=NOW + 8_000_000)) == [3]


def test_a_put_off_alert_is_told_when_it_wakes(scene: Scene) -> None:
    scene.begin()
    scene.alert(1)
    scene.store.triage.decide([1], "snooze", actor="ann", now=NOW, until=NOW + 5)
    assert scene.news() == []
    scene.store.snoozes.wake(NOW + 6)
    assert ids(scene.news()) == [1]


def test_groups_are_of_rule_and_entity(scene: Scene) -> None:
    scene.begin()
    for number, rule in ((1, "a"), (2, "b"), (3, "a")):
        events = [login(number)]
        scene.writer.commit(batch(events, [episode(number, events, alert=number, rule=rule)]))
    first, second, third = (one.group for one in scene.news())
    assert (first == third, first == second, len(first)) == (True, False, 32)


def test_parts_go_with_their_head_unless_that_is_too_small(scene: Scene, tmp_path: Path) -> None:
    scene.begin()
    scene.alert(1, 2)
    with scene.store._connections.writing() as db:
        db.execute("UPDATE alerts SET part_of = 1 WHERE id = 2")
    assert ids(scene.news()) == [1]
    with scene.store._connections.writing() as db:
        db.execute("UPDATE alerts SET rank = 1 WHERE id = 1")
    assert ids(scene.news()) == [2]


def test_incidents_are_told_once_and_again_when_they_grow_graver(scene: Scene) -> None:
    def incident(ident: int, rank: int, change: int) -> None:
        with scene.store._connections.writing() as db:
            db.execute(
                "INSERT INTO incidents (id, state, why, rank, last, created, updated, change) "
                "VALUES (?1, 'open', 'high', ?2, ?3, 0, 0, ?4) "
                "ON CONFLICT (id) DO UPDATE SET rank = ?2, change = ?4",
                (ident, rank, NOW, change),
            )

    incident(1, 3, 1)
    scene.begin()
    incident(2, 3, 2)
    both = ("alert", "incident")
    assert [(one.kind, one.about, one.rank) for one in scene.news(kinds=both)] == [("incident", 2, 3)]
    assert scene.news(kinds=("alert",)) == []
    scene.take(scene.news(kinds=both))
    incident(2, 3, 3)
    assert scene.news(kinds=both) == []
    incident(2, 4, 4)
    incident(1, 4, 5)
    assert [(one.about, one.rank) for one in scene.news(kinds=both)] == [(1, 4), (2, 4)]


def test_a_message_is_claimed_once_and_says_the_same_each_time(scene: Scene) -> None:
    scene.begin()
    scene.alert(1)
    scene.take(scene.news())
    first = scene.outbox.due("ops", NOW)
    assert first is not None
    assert (first.kind, first.about, first.rank, first.payload, first.tellable) == (
        "alert", 1, MEDIUM, None, True,
    )  # fmt: skip
    assert scene.outbox.claim(first.id, '{"said": 1}', NOW)
    assert not scene.outbox.claim(first.id, '{"said": 2}', NOW)
    assert scene.outbox.due("ops", NOW) is None
    scene.outbox.failed(first.id, "no", NOW, wait=10)
    assert scene.outbox.due("ops", NOW + 9) is None
    again = scene.outbox.due("ops", NOW + 10)
    assert again is not None
    assert (again.key, again.payload, again.attempts) == (first.key, '{"said": 1}', 1)


def test_what_was_being_sent_when_all_ended_is_sent_again_under_its_key(scene: Scene) -> None:
    scene.begin()
    scene.alert(1)
    scene.take(scene.news())
    first = scene.outbox.due("ops", NOW)
    assert first is not None
    scene.outbox.claim(first.id, "{}", NOW)
    assert scene.outbox.due("ops", NOW) is None
    scene.begin()
    again = scene.outbox.due("ops", NOW)
    assert again is not None
    assert again.key == first.key
    scene.outbox.sent(again.id, "HTTP 200", NOW)
    scene.begin()
    assert scene.outbox.due("ops", NOW) is None


def test_keys_are_of_their_message_alone(scene: Scene) -> None:
    scene.begin()
    scene.alert(1, 2)
    scene.take(scene.news())
    found = set()
    while (message := scene.outbox.due("ops", NOW)) is not None:
        found.add(message.key)
        scene.outbox.claim(message.id, "{}", NOW)
    assert len(found) == 2
    assert all(len(key) == 32 for key in found)


def test_a_channel_that_does_not_answer_rests_until_it_does(scene: Scene) -> None:
    scene.begin()
    scene.alert(1)
    scene.take(scene.news())
    scene.outbox.failing("ops", NOW, 60)
    scene.outbox.failing("ops", NOW, 100)
    assert scene.outbox.health("ops").fails == 2
    assert scene.outbox.due("ops", NOW + 99) is None
    message = scene.outbox.due("ops", NOW + 100)
    assert message is not None
    scene.outbox.claim(message.id, "{}", NOW + 100)
    scene.outbox.sent(message.id, "", NOW + 100)
    assert scene.outbox.health("ops").fails == 0


def test_a_clock_that_was_set_back_stops_nothing(scene: Scene) -> None:
    scene.begin()
    scene.alert(1)
    scene.take(scene.news())
    scene.outbox.failing("ops", NOW, 60)
    assert scene.outbox.due("ops", NOW - 1) is None
    assert scene.outbox.due("ops", NOW - 2 * LONGEST) is not None


def test_what_is_closed_meanwhile_is_said_to_be(scene: Scene) -> None:
    scene.begin()
    scene.alert(1)
    scene.take(scene.news())
    scene.close(1)
    message = scene.outbox.due("ops", NOW)
    assert message is not None
    assert not message.tellable
    scene.outbox.moot(message.id, "closed", NOW)
    assert scene.outbox.due("ops", NOW) is None


def test_limits_count_what_waits_and_what_was_sent_of_late(scene: Scene) -> None:
    scene.begin()
    scene.alert(1, 2, 3)
    one, two, three = scene.news()
    scene.take([one, two], [three])
    told = scene.outbox.told("ops", NOW + 1, minute=60, within=1000)
    assert (told.minute, dict(told.groups)) == (2, {one.group: 1, two.group: 1})
    assert (told.held_since, told.digest, told.summing) == (NOW, 0, False)
    message = scene.outbox.due("ops", NOW)
    assert message is not None
    scene.outbox.claim(message.id, "{}", NOW)
    scene.outbox.sent(message.id, "", NOW)
    assert scene.outbox.told("ops", NOW + 59, minute=60, within=1000).minute == 2
    later = scene.outbox.told("ops", NOW + 60, minute=60, within=1000)
    assert (later.minute, len(later.groups)) == (1, 2)
    assert len(scene.outbox.told("ops", NOW + 1000, minute=60, within=1000).groups) == 1


def test_a_digest_takes_what_was_held(scene: Scene) -> None:
    scene.begin()
    scene.alert(1, 2)
    scene.take([], scene.news())
    scene.close(2)
    scene.outbox.put_digest("ops", NOW)
    assert scene.outbox.told("ops", NOW, minute=60, within=60).summing
    held = scene.outbox.summary("ops", NOW, most=10)
    assert held.kinds == [Kind(2, "alert", 1, "rule-1", '{"source.ip":"203.0.113.9"}', 1)]
    assert (held.levels, held.others, held.ids) == ({2: 1}, 0, [1])
    digest = scene.outbox.due("ops", NOW)
    assert digest is not None
    assert (digest.kind, digest.tellable) == ("digest", True)
    scene.alert(3)
    scene.take([], scene.news())
    assert scene.outbox.claim(digest.id, "{}", NOW, sums=held.last)
    assert scene.outbox.summary("ops", NOW, most=10).ids == [3]
    scene.outbox.sent(digest.id, "", NOW)
    told = scene.outbox.told("ops", NOW, minute=60, within=60)
    assert (told.minute, told.held_since, told.digest, told.summing) == (0, NOW, NOW, False)
    assert scene.outbox.channels()[0].summed == 1


def test_a_digest_counts_kinds_and_names_the_gravest(scene: Scene) -> None:
    scene.begin()
    levels = {"a": "high", "b": "medium", "c": "critical", "d": "medium"}
    scene.writer.save_rules(
        [], {key: RuleInfo(key, key.upper(), level, "", ()) for key, level in levels.items()}
    )
    for number, rule in enumerate("abcbabd", 1):
        events = [login(number)]
        scene.writer.commit(batch(events, [episode(number, events, alert=number, rule=rule)]))
    scene.take([], scene.news())
    held = scene.outbox.summary("ops", NOW, most=3)
    assert [(kind.title, kind.count, kind.about) for kind in held.kinds] == [
        ("C", 1, 3), ("A", 2, 1), ("B", 3, 2),
    ]  # fmt: skip
    assert (held.levels, held.others) == ({4: 1, 3: 2, 2: 4}, 1)
    assert held.ids == [3, 1, 5, 2, 4, 6, 7]


def test_a_storm_is_more_than_one_digest_only_where_one_would_hold_up_ingest(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_sums, "_LAST", outbox_sums._LAST.replace(str(outbox_sums.MOST - 1), "1"))
    scene.begin()
    scene.alert(1, 2, 3, 4, 5)
    scene.take([], scene.news())
    scene.close(1, 2)
    monkeypatch.setattr("socterm.store.doors.outbox.PAGE", 1)
    told = []
    for _ in range(3):
        held = scene.outbox.summary("ops", NOW, most=10)
        told.append(held.ids)
        scene.outbox.put_digest("ops", NOW)
        digest = scene.outbox.due("ops", NOW)
        assert digest is not None
        scene.outbox.claim(digest.id, "{}", NOW, sums=held.last)
        scene.outbox.sent(digest.id, "", NOW)
    assert told == [[3, 4], [5], []]


def test_a_storm_is_looked_at_in_portions_that_part_no_batch(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socterm.store.doors.outbox.PAGE", 4)
    scene.begin()
    for number in range(3):
        events = [login(number * 3 + offset) for offset in (1, 2, 3)]
        scene.writer.commit(batch(events, [episode(e.id, [e], alert=e.id) for e in events]))
    found = []
    for _ in range(3):
        scene.mark, news = scene.outbox.news("ops", scene.mark, kinds=("alert",), rank=MEDIUM, since=0)
        found.append(ids(news))
    assert found == [[1, 2, 3, 4, 5, 6], [7, 8, 9], []]


def test_a_channel_that_was_off_is_told_what_comes_when_it_is_on_again(scene: Scene) -> None:
    scene.begin()
    scene.alert(1)
    scene.take(scene.news())
    assert scene.outbox.keep_only(["mail"], NOW) == 1
    assert scene.outbox.keep_only(["mail"], NOW) == 0
    scene.alert(2)
    scene.begin()
    scene.alert(3)
    assert ids(scene.news()) == [3]
    assert scene.outbox.due("ops", NOW) is None


def test_what_is_too_old_is_given_up_and_stays_visible(scene: Scene) -> None:
    scene.begin()
    scene.alert(1)
    scene.take(scene.news())
    message = scene.outbox.due("ops", NOW)
    assert message is not None
    scene.outbox.claim(message.id, "{}", NOW)
    scene.outbox.failed(message.id, "HTTP 500", NOW + 1, wait=5)
    assert scene.outbox.give_up("ops", NOW - 1, NOW + 9) == 0
    assert scene.outbox.give_up("ops", NOW, NOW + 9) == 1
    row = scene.outbox.channels()[0]
    assert (row.name, row.dead, row.last_dead, row.waiting, row.note) == ("ops", 1, NOW + 9, 0, "HTTP 500")


def words(scene: Scene) -> dict[int, str | None]:
    db = connect(scene.path, readonly=True)
    found = dict(db.execute("SELECT about, payload FROM outbox"))
    db.close()
    return found


@pytest.mark.parametrize(
    "terms", [Terms(older=30 * DAY), Terms(max_size=1 << 40, closed=30 * DAY)], ids=["older", "closed"]
)
def test_the_words_of_what_was_told_go_by_age_and_what_was_told_is_no_news(
    scene: Scene, terms: Terms
) -> None:
    scene.begin()
    scene.alert(1, 2, 3)
    scene.take(scene.news())
    for message in (1, 2, 3):
        scene.outbox.claim(message, f"words {message}", NOW)
    scene.outbox.sent(1, "200", NOW)
    scene.outbox.failed(2, "500", NOW, wait=60_000_000)
    scene.outbox.sent(3, "200", NOW + 20 * DAY)

    def keep(now: int) -> None:
        keeper = scene.writer.retention(terms)
        while keeper.step(now):
            pass

    keep(NOW + 30 * DAY)
    assert words(scene) == {1: "words 1", 2: "words 2", 3: "words 3"}
    keep(NOW + 31 * DAY)
    assert words(scene) == {1: None, 2: "words 2", 3: "words 3"}
    assert scene.outbox.channels()[0].sent == 2
    scene.mark = Mark(0, 0, 0)
    assert scene.news() == []


def test_without_terms_words_stay(scene: Scene) -> None:
    scene.begin()
    scene.alert(1)
    scene.take(scene.news())
    scene.outbox.claim(1, "words", NOW)
    scene.outbox.sent(1, "200", NOW)
    for terms in (Terms(), Terms(max_size=1 << 40, closed=0)):
        keeper = scene.writer.retention(terms)
        while keeper.step(NOW + 900 * DAY):
            pass
    assert words(scene) == {1: "words"}


def test_more_words_than_one_step_takes_go_step_by_step(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "AT_ONCE", 2)
    scene.begin()
    scene.alert(1, 2, 3, 4, 5)
    scene.take(scene.news())
    for message in range(1, 6):
        scene.outbox.claim(message, "words", NOW)
        scene.outbox.sent(message, "200", NOW)
    keeper = scene.writer.retention(Terms(older=30 * DAY))
    while keeper.step(NOW + 31 * DAY):
        pass
    assert set(words(scene).values()) == {None}
