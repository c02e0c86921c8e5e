"""One channel's work: put on record what is to be told, and send what is due.

Everything that a kill must not forget is in the store before the next step: what was chosen, before it is
sent; that it is being sent, before the first byte. A kill between the receiver's taking a message and our
noting that leaves this one to be sent again, under the same key and in the same words.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

import msgspec

from socterm.alerts.levels import rank_of
from socterm.notify import words
from socterm.notify.channels.base import Answer, Channel
from socterm.notify.choose import MINUTE, Limits, choose, digest_due
from socterm.notify.retry import DEAD, wait_after
from socterm.notify.words import Message
from socterm.store import Store
from socterm.store.doors.outbox_rows import TURNS, Mark, Outgoing, Told

KINDS: Final = {"alerts": ("alert",), "incidents": ("incident",), "all": ("alert", "incident")}


class Terms(msgspec.Struct, frozen=True):
    """What a channel is told of: kinds (a key of `KINDS`), the least level, and nothing `older` (µs; 0 for
    however old)."""

    about: str
    level: str
    older: int
    limits: Limits


class Round:
    """Carries messages of one store to one channel, for one thread."""

    def __init__(
        self, store: Store, channel: Channel, terms: Terms, *, clock: Callable[[], int], host: str
    ) -> None:
        self._store = store
        self._outbox = store.outbox
        self._channel = channel
        self._terms = terms
        self._clock = clock
        self._host = host
        self._mark: Mark | None = None
        self._open: tuple[Outgoing, Answer] | None = None

    def turn(self, stop: threading.Event | None = None) -> int:
        """Choose from what is new, then send what is due until something fails; how many were sent."""
        sent = self._close() or 0
        self.choose()
        while not (stop is not None and stop.is_set()):
            good = self.send_one()
            if good is None:
                break
            sent += good
        return sent

    # -- choosing ------------------------------------------------------------------------

    def choose(self) -> None:
        """Put on record what is to be told of what changed."""
        now, name = self._clock(), self._channel.name
        if self._mark is None:
            self._mark = self._outbox.begin(name, now)
        terms = self._terms
        mark, news = self._outbox.news(
            name, self._mark, kinds=KINDS[terms.about], rank=rank_of(terms.level),
            since=now - terms.older if terms.older else 0,
        )  # fmt: skip
        if news:
            told = self._told(now)
            queued, held = choose(news, told, terms.limits)
            self._outbox.put(name, mark, queued, held, now)
        self._mark = mark
        self._outbox.give_up(name, now - DEAD, now)
        if digest_due(self._told(now), terms.limits, now):
            self._outbox.put_digest(name, now)

    def _told(self, now: int) -> Told:
        return self._outbox.told(self._channel.name, now, minute=MINUTE, within=self._terms.limits.within)

    # -- sending -------------------------------------------------------------------------

    def send_one(self) -> int | None:
        """Try the oldest message that is due: 1 if it is sent, 0 if not, None where nothing is due."""
        now = self._clock()
        outgoing = self._outbox.due(self._channel.name, now)
        if outgoing is None:
            return None
        message, sums = self._message(outgoing, now)
        if message is None:
            return 0
        if not self._outbox.claim(outgoing.id, _written(message), now, sums=sums):
            return 0
        if outgoing.refused and outgoing.attempts >= TURNS:
            message = words.without_names(message)
        self._open = outgoing, self._tried(message, now)
        return self._close()

    def _close(self) -> int | None:
        """Put on record what came of the last try; as `send_one`.

        Done later where the store is busy or full just now: else the message would stay as being sent.
        """
        if self._open is None:
            return 0
        outgoing, answer = self._open
        now = self._clock()
        found: int | None = 0
        if answer.good:
            self._outbox.sent(outgoing.id, answer.text, now)
            found = 1
        else:
            fails = self._outbox.health(self._channel.name).fails
            # What fails time and again while others get through is refused for itself, whatever is answered.
            own = not answer.silent or (outgoing.attempts >= TURNS and not fails)
            wait = wait_after((outgoing.attempts if own else fails) + 1, answer.wait)
            self._outbox.failed(outgoing.id, answer.text, now, wait=wait if own else 0)
            if not own:
                self._outbox.failing(self._channel.name, now, wait)
                found = None
        self._open = None
        return found

    def _tried(self, message: Message, now: int) -> Answer:
        try:
            return self._channel.send(message, now)
        except Exception as error:  # noqa: BLE001 - one message that a library stumbles over holds up no other
            return Answer(False, f"it could not be put together: {type(error).__name__}", silent=False)

    def _message(self, outgoing: Outgoing, now: int) -> tuple[Message | None, int]:
        """What to send, and up to which entry it sums up; None where there is nothing to tell any more."""
        if not outgoing.tellable:
            self._outbox.moot(outgoing.id, "closed, or part of another, before it was told", now)
            return None, 0
        if outgoing.payload is not None:
            return _read(outgoing.payload), 0
        if outgoing.kind == "digest":
            return self._digest(outgoing, now)
        return self._worded(outgoing, now), 0

    def _digest(self, outgoing: Outgoing, now: int) -> tuple[Message | None, int]:
        held = self._outbox.summary(self._channel.name, now, most=words.LINES)
        if not held.levels:
            self._outbox.moot(outgoing.id, "nothing left to sum up", now)
            return None, 0
        return words.of_many(held, key=outgoing.key, at=now, host=self._host), held.last

    def _worded(self, outgoing: Outgoing, now: int) -> Message | None:
        made: dict[str, Any] = {"key": outgoing.key, "at": now, "host": self._host}
        if outgoing.kind == "incident":
            row = self._store.incidents.get(outgoing.about)
            message = words.of_incident(row, **made) if row else None
        else:
            alert = self._store.triage.alert(outgoing.about)
            incident = self._store.incidents.of_alert(outgoing.about)
            message = words.of_alert(alert, incident=incident, **made) if alert else None
        if message is None:
            self._outbox.moot(outgoing.id, "it is not there any more", now)
        return message


def _written(message: Message) -> str:
    return msgspec.json.encode(message).decode()


def _read(payload: str) -> Message:
    return msgspec.json.decode(payload, type=Message)
