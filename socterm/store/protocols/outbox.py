"""The door of the notifier: what is told on which channel, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from socterm.store.doors.outbox_rows import ChannelRow, Health, Mark, News, Outgoing, Summary, Told


class Outbox(Protocol):
    """What is told of alerts and incidents, on which channel, and what became of it."""

    def begin(self, channel: str, now: int, *, hurry: bool = False) -> Mark:
        """From where on a channel is told; what is there when it is begun first is no news."""

    def keep_only(self, names: Collection[str], now: int) -> int:
        """Forget channels that are switched off; how many."""

    def news(
        self, channel: str, mark: Mark, *, kinds: Collection[str], rank: int, since: int
    ) -> tuple[Mark, list[News]]:
        """(the mark to go on from, what changed beyond `mark` and is to be told), gravest first."""

    def told(self, channel: str, now: int, *, minute: int, within: int) -> Told:
        """What counts against the limits of a channel: spans in µs."""

    def put(self, channel: str, mark: Mark, queued: Sequence[News], held: Sequence[News], now: int) -> None:
        """Put on record what is to be told and what waits for a digest, and how far news were looked at."""

    def put_digest(self, channel: str, now: int) -> None:
        """Have a digest sent of what is held back."""

    def due(self, channel: str, now: int) -> Outgoing | None:
        """The oldest message that is to be tried now."""

    def summary(self, channel: str, now: int, *, most: int) -> Summary:
        """What a digest of now has to sum up, with `most` kinds of it."""

    def claim(self, message: int, payload: str, now: int, *, sums: int = 0) -> bool:
        """Mark a message as being sent, before it is; False where it is no longer to be."""

    def sent(self, message: int, note: str, now: int) -> None:
        """The receiver has it."""

    def failed(self, message: int, note: str, now: int, *, wait: int) -> None:
        """It was not sent and is tried again, in `wait` µs at the earliest."""

    def failing(self, channel: str, now: int, wait: int) -> None:
        """Send nothing on a channel for `wait` µs: it does not answer."""

    def health(self, channel: str) -> Health:
        """How a channel does."""

    def moot(self, message: int, note: str, now: int) -> None:
        """Nobody needs to be told any more."""

    def give_up(self, channel: str, before: int, now: int) -> int:
        """Send no more what was to be told before a moment (µs); how many messages."""

    def channels(self) -> list[ChannelRow]:
        """Every channel that was ever told something, or is to be."""
