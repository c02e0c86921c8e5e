"""What a channel is, and what comes of a try."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Final, Protocol
from urllib.parse import quote

import msgspec

from socterm.notify.words import Message
from socterm.secrets import HIDDEN, Secret
from socterm.visible import visible

SAID: Final = 200
"""Characters of an answer that are kept."""

_SHORT: Final = 4
"""Letters of base64 that say something by themselves."""

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


def _forms(secret: str) -> Iterator[str]:
    """A secret as somebody may repeat it: as it is, in an address, and within base64, as in `AUTH PLAIN`."""
    yield secret
    yield quote(secret, safe="")
    data = secret.encode()
    for before in range(3):  # how far into a group of three bytes it begins
        text = base64.b64encode(b"\0" * before + data).decode()
        whole = text[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]
        if len(whole) >= _SHORT:
            yield whole


def told(text: str, secrets: Iterable[Secret] = ()) -> str:
    """What somebody answered, as it may be kept and shown: short, without effects, without our secrets."""
    forms = {form for one in secrets if one for form in _forms(one.reveal())}
    for secret in sorted(forms, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    shown = visible(" ".join(text.split()))
    return shown if len(shown) <= SAID else shown[: SAID - 1] + "…"
