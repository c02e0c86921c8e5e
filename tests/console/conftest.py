from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from scene import Scene, opened
from socterm.store.opening import Store


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path / "soc.db")
    yield scene
    scene.close()


@pytest.fixture
def store(scene: Scene) -> Iterator[Store]:
    yield from opened(scene.path)
