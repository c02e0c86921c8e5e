"""What an answer costs while it is being given, and in the end: tokens, speed, share of the context, seconds.

A server counts at the end of an answer. Until then, and of one that was stopped, tokens are told from the
pieces that came and from our own measure of the prompt, and marked with `~`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from socterm.analyst.backend import Usage

Clock = Callable[[], float]
"""Seconds that only go forward."""

_OFTEN = 0.25
"""Seconds between two tellings."""


class Meter:
    """Follows the requests of one answer. `num_ctx` is how many tokens a conversation may have."""

    def __init__(self, num_ctx: int, clock: Clock = time.monotonic) -> None:
        self._num_ctx = num_ctx
        self._clock = clock
        self._begun = clock()
        self._prompt = 0
        self._counted = 0
        self._generating = 0.0
        self._pieces = 0
        self._first = 0.0
        self._open = False
        self._sure = True
        self._told = self._begun - _OFTEN

    def asked(self, prompt: int) -> None:
        """A request goes out, with about so many tokens of prompt."""
        self._close()
        self._prompt, self._open = prompt, True

    def heard(self) -> None:
        """A piece of the answer came: as a rule one token."""
        if not self._pieces:
            self._first = self._clock()
        self._pieces += 1

    def counted(self, usage: Usage) -> None:
        """The server's own figures for the request; what it does not say stays a guess."""
        if usage.answer_tokens:
            self._counted += usage.answer_tokens
            self._generating += usage.seconds
            self._pieces = 0
        self._close()
        self._sure = self._sure and bool(usage.prompt_tokens)
        self._prompt = usage.prompt_tokens or self._prompt

    def _close(self) -> None:
        """A request is over; where nobody counted it its pieces stand for its tokens."""
        if self._pieces:
            self._generating += self._clock() - self._first
            self._counted += self._pieces
            self._pieces, self._sure = 0, False
        self._open = False

    def due(self) -> bool:
        """Whether it is time to tell again how it stands."""
        now = self._clock()
        if now - self._told < _OFTEN:
            return False
        self._told = now
        return True

    @property
    def words(self) -> str:
        """`~12 tokens · 18 tok/s · context ~31 %`, as far as that is known."""
        about = "~" if self._open or not self._sure else ""
        tokens = self._counted + self._pieces
        seconds = self._generating + (self._clock() - self._first if self._pieces else 0.0)
        told = []
        if tokens:
            told.append(f"{about}{tokens} token{'s' if tokens != 1 else ''}")
        if tokens > 1 and seconds > 0:
            told.append(f"{tokens / seconds:.0f} tok/s")
        if self._num_ctx and self._prompt:
            told.append(f"context {about}{min(100, 100 * self._prompt // self._num_ctx)} %")
        return " · ".join(told)

    @property
    def closing(self) -> str:
        """The same with the seconds it took, for the closing line."""
        return " · ".join(filter(None, (self.words, f"{self._clock() - self._begun:.1f} s")))
