"""SIGHUP: the configuration is read anew, and what of it can change under a running ingest does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from socterm.cli.saying import ERROR, INFO, WARNING, say
from socterm.cli.wiring import configure, named_rules, terms_of
from socterm.config import Config
from socterm.config.model import keys
from socterm.enrich.data import DataFiles
from socterm.enrich.valuelists import ValueLists
from socterm.errors import SoctermError
from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.sdnotify import Manager
from socterm.pipeline.supervision import in_words

RENEWED: Final = frozenset({
    ("rules",), ("assets",), ("ioc",), ("networks", "internal"), ("geo", "city"), ("geo", "country"),
    ("geo", "asn"), ("retention", "older"), ("retention", "max_size"), ("retention", "closed"),
})  # fmt: skip
"""Settings that a running ingest takes. Of `lists` it takes files of names it knows."""


class Renewal:
    """Called in the thread of signals; the ingest thread takes the result between two batches.

    A configuration that cannot stand is told, and all goes on as before.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        config: Config,
        options: Mapping[str, Any],
        manager: Manager,
        *,
        quiet: bool = False,
    ) -> None:
        self._pipeline = pipeline
        self._config = config
        self._options = options
        self._manager = manager
        self._quiet = quiet

    def __call__(self) -> None:
        """Read everything, then have it taken."""
        self._manager.reloading()
        try:
            config = configure(self._options)
            apply = self._prepared(config)
        except SoctermError as error:
            say(f"the configuration stays as it was: {error}", ERROR)
            self._manager.status(f"the configuration stays as it was: {error}")
            self._manager.ready()
            return

        def take() -> None:
            apply()
            self._manager.status(in_words(self._pipeline.refresh()))
            self._manager.ready()

        before, self._config = self._config, told_of(self._config, config)
        if not self._quiet:
            tell(before, config)
        self._pipeline.between(take)

    def _prepared(self, config: Config) -> Callable[[], None]:
        """Data files are read here, so that the ingest does not wait for them."""
        pipeline, named = self._pipeline, named_rules(config)
        data, lists, terms = DataFiles.of(config), ValueLists.of(config), terms_of(config)

        def apply() -> None:
            pipeline.enricher.use(data)
            pipeline.lists.take(lists)
            if pipeline.retention is not None:
                pipeline.retention.use(terms)
            if pipeline.watch is not None:
                pipeline.watch.follow(named)

        return apply


def tell(before: Config, now: Config) -> None:
    """One line on what was taken, and one on what waits for a restart."""
    changed = [key for key in keys() if _value(before, key) != _value(now, key)]
    taken: list[str] = []
    waiting: list[str] = []
    for key in changed:
        (taken if _taken(before, now, key) else waiting).append(".".join(key))
    say(f"configuration read anew: {', '.join(taken) or 'nothing'} changed, data files are as on disk", INFO)
    if waiting:
        say(f"changed, and in force after a restart: {', '.join(waiting)}", WARNING)


def told_of(before: Config, now: Config) -> Config:
    """The configuration in force: what waits for a restart is told again at the next signal."""
    taken = {key for key in keys() if _taken(before, now, key)}
    merged: dict[str, Any] = {}
    for name in Config.model_fields:
        if (name,) in taken:
            merged[name] = getattr(now, name)
            continue
        inner = {key[1]: _value(now, key) for key in taken if len(key) > 1 and key[0] == name}
        merged[name] = getattr(before, name).model_copy(update=inner) if inner else getattr(before, name)
    return before.model_copy(update=merged)


def _taken(before: Config, now: Config, key: tuple[str, ...]) -> bool:
    return key in RENEWED or (key == ("lists",) and before.lists.keys() == now.lists.keys())


def _value(config: Config, key: tuple[str, ...]) -> Any:
    found: Any = config
    for name in key:
        found = getattr(found, name)
    return found
