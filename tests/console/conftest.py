from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from scene import Scene, opened
from socterm.store.opening import Store
from textual.widgets import Input


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path / "soc.db")
    yield scene
    scene.close()


@pytest.fixture
def store(scene: Scene) -> Iterator[Store]:
    yield from opened(scene.path)


@pytest.fixture(autouse=True)
def _steady_cursor(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cursor of a text field does not blink: a picture would be of one half second or the other."""
    monkeypatch.setattr(Input.cursor_blink, "_default", False)
