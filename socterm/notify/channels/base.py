"""What a channel is, and what comes of a try."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

import msgspec

from socterm.notify.words import Message
from socterm.secrets import HIDDEN, Secret
from socterm.visible import visible

SAID: Final = 200
"""Characters of an answer that are kept."""

SILENCE: Final = 10.0
"""Seconds that a receiver may be silent."""

DEADLINE: Final = 20.0
"""Seconds that one try takes at most, however slowly bytes trickle in."""


class Answer(msgspec.Struct, frozen=True):
    """What came of a try: whether the receiver has the message, and what it (or the machine) said.

    `wait` (µs) is what it asked for before the next. `silent`: the channel as a whole does not take messages
    now, so that others would fare no better; else the fault may be this message's.
    """

    good: bool
    text: str
    wait: int = 0
    silent: bool = True


class Channel(Protocol):
    """Sends messages; never raises for what the network or a receiver does."""

    name: str

    def send(self, message: Message, now: int) -> Answer:
        """Try once, at `now` (µs); takes at most about `DEADLINE`."""


def told(text: str, secrets: Iterable[Secret] = ()) -> str:
    """What somebody answered, as it may be kept and shown: short, without effects, without our secrets."""
    for secret in sorted((one.reveal() for one in secrets if one), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    shown = visible(" ".join(text.split()))
    return shown if len(shown) <= SAID else shown[: SAID - 1] + "…"
