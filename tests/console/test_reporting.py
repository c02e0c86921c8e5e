"""Writing a report from the console."""

from __future__ import annotations

from pathlib import Path

import pytest
from driver import console, driven
from scene import Scene
from socterm.store.opening import Store
from story import busy


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names without a folder are of this one."""
    monkeypatch.chdir(tmp_path)


async def test_shift_r_and_enter_write_the_hand_over(scene: Scene, store: Store, tmp_path: Path) -> None:
    (alert,) = scene.simple(["brute"])
    async with driven(console(store)) as d:
        await d.press("R")
        await d.sees("Hand-over of 8 hours", ".html or .md by its ending", "shift-2025112", ".html")
        await d.press("enter")
        await d.sees("the report is in shift-2025")
    (page,) = tmp_path.glob("shift-*.html")
    text = page.read_text()
    assert text.startswith("<!doctype html>")
    assert f'id="alert-{alert}"' in text


async def test_the_name_says_the_form_and_what_is_there_stays(
    scene: Scene, store: Store, tmp_path: Path
) -> None:
    scene.simple(["brute"])
    (tmp_path / "old.md").write_text("mine")
    async with driven(console(store)) as d:
        for name, told in (
            ("old.md", "is there already: give another name"),
            ("x.txt", "a file for a report ends in .html or .md"),
            ("none/x.md", "cannot be written"),
            ("new.md", "the report is in new.md"),
        ):
            await d.press("R", "ctrl+u")
            await d.type(name)
            await d.press("enter")
            await d.sees(told)
    assert (tmp_path / "old.md").read_text() == "mine"
    assert (tmp_path / "new.md").read_text().startswith("# Shift hand-over, ")
    assert {path.name for path in tmp_path.iterdir()} >= {"old.md", "new.md"}
    assert not list(tmp_path.glob("x.*"))


async def test_escape_writes_nothing(scene: Scene, store: Store, tmp_path: Path) -> None:
    scene.simple(["brute"])
    before = set(tmp_path.iterdir())
    async with driven(console(store)) as d:
        await d.press("R", "escape")
        await d.press("R", "escape")
    assert {path.suffix for path in set(tmp_path.iterdir()) - before} <= {".db", ".db-wal", ".db-shm"}


async def test_shift_r_on_an_incident_writes_the_report_on_it(
    scene: Scene, store: Store, tmp_path: Path
) -> None:
    busy(scene)
    (first, *_) = store.incidents.all()
    async with driven(console(store), size=(160, 50)) as d:
        await d.press("comma", "i")
        await d.sees(first.title, "Timeline")
        await d.press("R")
        await d.sees(f"Incident {first.id}", f"incident-{first.id}-2025112")
        await d.press("enter")
        await d.sees(f"the report is in incident-{first.id}-")
    (page,) = tmp_path.glob(f"incident-{first.id}-*.html")
    assert f'id="incident-{first.id}"' in page.read_text()
