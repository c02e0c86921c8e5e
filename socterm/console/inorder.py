"""What is typed is done in the order it was typed, however fast it comes."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key
from textual.widgets import Input

ROUNDS: Final = 10
"""Rounds after a key at most: what still goes on then is not the key's doing."""

LOST: Final = 0.1
"""Seconds between two looks whether what is waited for is lost, as long as keys wait."""


class InOrder:
    """Hands keys and pasted text on one at a time, each when all is done that the one before it led to.

    Textual hands a key to what has the focus when the key is read. A terminal, a slow line or a browser may
    bring `:sources⏎` in one piece: the line that `:` opens is not there yet, and the keys would go to a list.

    A key that no widget takes comes back to the application, which does what it is bound to. Where that
    changed the screen or the focus, or a line was typed into, a *word* follows it through the same queues,
    from the widget up to the application, and again until a round changes nothing. Threads are not waited
    for.
    """

    def __init__(self, app: App[None], hand: Callable[[Event], Awaitable[None]]) -> None:
        self._app = app
        self._hand = hand
        self._waiting: deque[Event] = deque()
        self._under_way: Event | None = None
        self._path: deque[DOMNode] = deque()
        self._at: DOMNode = app
        self._word = 0
        self._rounds = 0
        self._seen: object = None
        self._watched = False

    async def take(self, event: Event) -> None:
        """Hand it on now, or when its turn comes; called by the application alone."""
        self._waiting.append(event)
        if self._under_way is None:
            await self._next()
        elif not self._watched:
            self._watched = True
            self._app.set_timer(LOST, self._look)

    def back(self, event: Event) -> None:
        """A key has come up to the application, which has done what it is bound to."""
        if event is self._under_way and self._at is self._app:
            self._app.call_later(self._arrived, self._word)  # behind a change of focus that it led to

    async def _next(self) -> None:
        self._under_way = None
        if not self._waiting or not self._app.screen_stack:
            return
        event = self._under_way = self._waiting.popleft()
        self._rounds, self._seen = 0, self._now()
        into = self._app.focused
        self._at = self._app
        if isinstance(event, Key) and not isinstance(into, Input):
            await self._hand(event)
        else:  # what a line takes does not come back
            self._begin_round()
            await self._hand(event)
            self._climb(self._word)

    def _now(self) -> object:
        return self._app.screen_stack, self._app.focused

    def _begin_round(self) -> None:
        self._at = self._app.focused or self._app.screen
        self._path = deque(self._at.ancestors_with_self)

    def _climb(self, word: int) -> None:
        """One queue further; a word that was thought lost and comes all the same is of no matter."""
        if word != self._word:
            return
        self._word += 1
        while self._path:
            self._at = self._path.popleft()
            if self._at.call_later(self._climb if self._path else self._arrived, self._word):
                return
        self._under_way = None  # the application takes no more words: it ends

    async def _arrived(self, word: int) -> None:
        """At the application: once more if there was something new, else it is the next one's turn."""
        if word != self._word:
            return
        self._word += 1
        if not self._app.screen_stack:
            self._under_way = None
            return
        now = self._now()
        again = now != self._seen or (not self._rounds and self._more_may_come())
        self._seen = now
        self._rounds += 1
        if again and self._rounds < ROUNDS:
            self._begin_round()
            self._climb(self._word)
        else:
            await self._next()

    def _more_may_come(self) -> bool:
        """Whether a line was typed into, or something waits that is not the same key, held down."""
        if isinstance(self._app.focused, Input):
            return True
        this, waits = self._under_way, self._waiting[0] if self._waiting else None
        return waits is not None and not (
            isinstance(this, Key) and isinstance(waits, Key) and this.key == waits.key
        )

    def _look(self) -> None:
        """A widget that is removed takes what is in its queue with it: then the way goes on above it."""
        self._watched = False
        if self._under_way is None:
            return
        if self._at is self._app:  # a key that did not come back: whoever took it, a word finds the way
            self._begin_round()
            self._climb(self._word)
        elif not (self._at.is_attached and self._at.is_running):
            self._climb(self._word)
        self._watched = True
        self._app.set_timer(LOST, self._look)
