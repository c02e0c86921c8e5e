"""What ingest says of the data files of enrichment reaches whoever looks, once."""

from __future__ import annotations

from driver import console, driven
from scene import FakeIngest, Scene
from socterm.store.opening import Store


async def test_a_hint_is_shown_once_and_cleaned(scene: Scene, store: Store) -> None:
    scene.simple(["brute"])
    hint = "not there, so nothing is looked up in it: /srv/\x1b[31mcity.mmdb"
    ingest = FakeIngest(hints=(hint,))
    async with driven(console(store, ingest=ingest)) as d:
        await d.sees("nothing is looked up")
        shown = [str(note.message) for note in d.app._notifications]
        for _ in range(3):
            d.app.triage.slow_tick()
            await d.settled()
        assert [str(note.message) for note in d.app._notifications] == shown
        assert len(shown) == 1
        assert "\x1b" not in shown[0]
