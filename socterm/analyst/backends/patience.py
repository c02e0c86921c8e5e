"""How long an answer is waited for: until nobody wants it, or its time is over."""

from __future__ import annotations

import time

import msgspec

from socterm.analyst.backend import Wish

_POLL = 0.02


class Patience(msgspec.Struct, frozen=True):
    """Time limits in seconds: of an answer in all, and of the longest silence within it.

    The silence before the first word includes the loading of the model. `pause` is before a second try.
    """

    total: float = 300.0
    silence: float = 120.0
    pause: float = 0.5


USUAL = Patience()


class Limit:
    """A wish to stop that comes true by itself when the time is over; `late` tells the two apart."""

    def __init__(self, cancel: Wish, seconds: float) -> None:
        self._cancel = cancel
        self._end = time.monotonic() + seconds
        self.seconds = seconds

    @property
    def late(self) -> bool:
        """The time is over, and nobody had cancelled before."""
        return not self._cancel.is_set() and self.left <= 0

    @property
    def why(self) -> str:
        """What to say of an answer that was late."""
        return f"took longer than {self.seconds:.0f} s"

    @property
    def left(self) -> float:
        """Seconds left; 0 or less where none are."""
        return self._end - time.monotonic()

    def is_set(self) -> bool:
        """Whether to stop."""
        return self._cancel.is_set() or self.left <= 0

    def sleep(self, seconds: float) -> None:
        """Wait so long, or until it is time to stop."""
        end = time.monotonic() + seconds
        while not self.is_set() and (rest := end - time.monotonic()) > 0:
            time.sleep(min(_POLL, rest))
