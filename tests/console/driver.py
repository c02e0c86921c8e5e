"""The console without a terminal, driven by keys alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from scene import ACTOR, NOW
from socterm.console.app import SoctermApp
from socterm.store.opening import Store
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.worker import WorkerCancelled


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
        """Press keys; single words are typed letter by letter with `type`."""
        await self.pilot.press(*keys)

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
        await self.pilot.press(*[names.get(char, char) for char in text])

    async def burst(self, text: str) -> None:
        """Keys that come faster than the screen is drawn, as from a fast typist or a paste."""
        for char in text:
            self.app.post_message(events.Key(_character_to_key(char), char))
        await self.pilot.pause()

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
        for _ in range(400):
            if condition():
                await self.pilot.pause()
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
        await self.pilot.pause()

    @property
    def alerts(self) -> list[int]:
        """The ids in the alert list."""
        return list(self.app.triage.alerts.ids)

    @property
    def cursor(self) -> int:
        """The alert under the cursor."""
        return self.app.triage.alerts.cursor


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
