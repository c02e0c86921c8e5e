"""Every story there is: a module of this package with `STORIES` adds to them by being there."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from socterm.demo.model import Story

DEFAULT = "story_auth"
"""What is played when none is named: the long one, with a bit of everything."""


@cache
def stories() -> dict[str, Story]:
    """Name → story, the default first, then by name."""
    found: dict[str, Story] = {}
    for module in iter_modules(__path__):
        for story in getattr(import_module(f"{__name__}.{module.name}"), "STORIES", ()):
            if story.name in found:
                raise ValueError(f"two stories are called {story.name}")
            found[story.name] = story
    return dict(sorted(found.items(), key=lambda item: (item[0] != DEFAULT, item[0])))
