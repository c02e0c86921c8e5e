"""The console without a terminal, driven by keys alone."""

from __future__ import annotations

import asyncio
import time
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from scene import ACTOR, NOW
from socterm.console.app import SoctermApp
from socterm.store.opening import Store
from textual import events
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.worker import WorkerCancelled

PATIENCE = 60.0
"""Seconds until what never comes is told: far more than anything takes, as machines can be busy."""

LONGEST = 1.0
"""Seconds a key's effects are waited for; what takes longer, a test waits for by name."""

A_LOOK = 0.1
IDLE = 0.001
"""Seconds of a look at a thread, and how much of the processor it may use in them if it only waits."""


def console(store: Store, **options: Any) -> SoctermApp:
    """The console on a store, at a fixed time in a fixed zone."""
    return SoctermApp(
        store,
        options.pop("analyst", None),
        options.pop("ingest", None),
        actor=options.pop("actor", ACTOR),
        clock=lambda: NOW,
        tz=UTC,
        **options,
    )


class Driver:
    """Presses keys and looks at the screen, as a person would."""

    def __init__(self, app: SoctermApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        """Press keys, each when all is done that the one before led to; words are typed with `type`."""
        for key in keys:
            event = key_event(key)
            event.set_sender(self.app)
            self.app.post_message(event)
            await self.quiet()
            await self.app.animator.wait_until_complete()
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until nothing is under way: messages handled, threads at their end, the screen laid out.

        A pilot waits until the process uses little of the processor, which takes long and says less. A thread
        that waits itself, as a test may make it, is not waited for; nor, as with a pilot, is an app longer
        than a second that is never done because its timers outrun a busy machine.
        """
        last = time.monotonic() + LONGEST
        while not (self.app._exit or self.app._exception):
            if self._queued() and time.monotonic() < last:
                await asyncio.sleep(0)
                continue
            await self.pilot._wait_for_screen()
            self.app.screen._on_timer_update()
            for _ in range(3):  # a thread's end takes the loop's rounds to become a message
                await asyncio.sleep(0)
            if time.monotonic() >= last or not (
                self._queued() or self._undrawn() or await self._threads_end(last)
            ):
                return

    def _queued(self) -> bool:
        """Whether a message waits to be handled."""
        return any(
            node._message_queue.qsize() or node._pending_message or node._next_callbacks
            for node in (self.app, *self.app._registry)
            if node.is_running
        )

    def _undrawn(self) -> bool:
        """Whether something waits for the next drawing."""
        screen = self.app.screen
        return bool(screen._layout_required or screen._dirty_widgets or screen._callbacks)

    async def _threads_end(self, last: float) -> bool:
        """Wait for the threads there are; whether there was one that came to its end."""
        while running := [worker._task for worker in self.app.workers if worker._task]:
            if time.monotonic() >= last:
                break
            used = time.process_time()
            ended, _ = await asyncio.wait(running, timeout=A_LOOK, return_when=asyncio.FIRST_COMPLETED)
            if ended:
                return True
            if time.process_time() - used < IDLE:
                break
        return False

    async def type(self, text: str) -> None:
        """Type a text."""
        names = {
            " ": "space",
            "/": "slash",
            ":": "colon",
            ".": "full_stop",
            "(": "left_parenthesis",
            "-": "minus",
            "_": "underscore",
            "*": "asterisk",
            "=": "equals_sign",
            '"': "quotation_mark",
        }
        await self.press(*[names.get(char, char) for char in text])

    async def burst(self, text: str) -> None:
        """Keys that come faster than the screen is drawn, as from a fast typist or a paste."""
        for char in text:
            self.app.post_message(events.Key(_character_to_key(char), char))
        await self.quiet()

    def rows(self) -> list[str]:
        """What stands on the screen, line by line."""
        return [
            "".join(segment.text for segment in line) for line in self.app.screen._compositor.render_strips()
        ]

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(self.rows())

    async def until(self, condition: Callable[[], Any], what: str = "") -> None:
        """Wait until something holds, by letting the app work."""
        last = time.monotonic() + PATIENCE
        while time.monotonic() < last:
            if condition():
                await self.quiet()
                return
            await self.pilot.pause(0.01)
        raise AssertionError(f"never came: {what or condition}\n{self.text()}")

    async def sees(self, *texts: str) -> None:
        """Wait until all these texts are on the screen."""
        await self.until(lambda: all(text in self.text() for text in texts), f"on screen: {texts}")

    async def settled(self) -> None:
        """Wait until nothing is being read any more."""
        while True:
            try:
                await self.app.workers.wait_for_complete()
            except WorkerCancelled:  # a newer read of the same kind took its place: wait for that
                continue
            break
        await self.quiet()

    @property
    def alerts(self) -> list[int]:
        """The ids in the alert list."""
        return list(self.app.triage.alerts.ids)

    @property
    def cursor(self) -> int:
        """The alert under the cursor."""
        return self.app.triage.alerts.cursor


def key_event(key: str) -> events.Key:
    """A key by its name as it comes from a terminal, the way a pilot makes it."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    char: str | None
    try:
        char = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        char = key if len(key) == 1 else None
    return events.Key(key, char)


@asynccontextmanager
async def driven(
    app: SoctermApp, size: tuple[int, int] = (160, 50), place: str = "triage"
) -> AsyncIterator[Driver]:
    """The console running without a terminal; `place` is the screen it was left on."""
    async with app.run_test(size=size, notifications=True) as pilot:
        driver = Driver(app, pilot)
        if place != "triage":
            await driver.until(lambda: getattr(app.screen, "PLACE", "") == place, f"the screen {place}")
            await driver.settled()
            yield driver
            return
        await driver.until(lambda: isinstance(app.screen, type(app.triage)), "the Triage screen")
        await driver.until(lambda: app.triage._change >= 0, "the first read")
        await driver.settled()
        yield driver
