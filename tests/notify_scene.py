"""A store under ingest, a receiver and a clock that a test moves: what tests of the notifier share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from socterm.config import WebhookChannel
from socterm.notify.channels.webhook import Webhook
from socterm.notify.choose import MINUTE, Limits
from socterm.notify.rounds import Round, Terms
from socterm.store import Store, open_store
from socterm.store.ingest.writer import Writer
from tests.notify_servers import Receiver
from tests.store_samples import NOW, batch, episode, login

HOUR = 60 * MINUTE
LIMITS = Limits(each=1, within=HOUR, most=5, digest=5 * MINUTE)
DAY = 24 * HOUR
NO = (500, {}, b"no")


class Scene:
    """A store under ingest and a receiver, with a clock that the test moves."""

    def __init__(
        self, path: Path, receiver: Receiver, limits: Limits = LIMITS, about: str = "alerts"
    ) -> None:
        self.now = NOW
        self.receiver = receiver
        self.writer = Writer.open(path, now=NOW)
        self.store: Store = open_store(path)
        self.limits = limits
        self.about = about
        self.restart()

    def restart(self) -> None:
        channel = Webhook("ops", WebhookChannel(kind="webhook", url=self.receiver.url), {"HOME": "/nowhere"})
        self.terms = Terms(self.about, "medium", DAY, self.limits)
        self.round = Round(self.store, channel, self.terms, clock=lambda: self.now, host="soc1")

    def alert(self, *numbers: int, rule: str = "rule-{}") -> None:
        events = [login(number) for number in numbers]
        self.writer.commit(
            batch(events, [episode(e.id, [e], alert=e.id, rule=rule.format(e.id)) for e in events])
        )

    def turn(self, later: int = 0) -> int:
        self.now += later
        return self.round.turn()

    def told(self) -> list[int]:
        return [request.said["alert"]["id"] for request in self.receiver.got if "alert" in request.said]

    def states(self) -> dict[str, int]:
        with self.store._connections.snapshot() as db:
            return dict(db.execute("SELECT state, count(*) FROM outbox GROUP BY state"))

    def close(self) -> None:
        self.store.close()
        self.writer.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def stage(tmp_path: Path, receiver: Receiver) -> Iterator[Callable[..., Scene]]:
    made: list[Scene] = []

    def make(**more: Any) -> Scene:
        made.append(Scene(tmp_path / "s.db", receiver, **more))
        return made[-1]

    yield make
    for scene in made:
        scene.close()


@pytest.fixture
def scene(stage: Callable[..., Scene]) -> Scene:
    found = stage()
    found.turn()
    return found
