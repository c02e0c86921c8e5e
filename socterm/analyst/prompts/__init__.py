"""The prompts, as files: `text(name)` reads one."""

from __future__ import annotations

import functools
from importlib import resources


@functools.cache
def text(name: str) -> str:
    """A prompt by its name, without the `.md`."""
    return resources.files(__name__).joinpath(f"{name}.md").read_text("utf-8").strip()
