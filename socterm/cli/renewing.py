"""SIGHUP: the configuration is read anew, and what of it can change under a running service does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Protocol

from socterm.cli.saying import ERROR, INFO, WARNING, say
from socterm.cli.settings import configure
from socterm.cli.wiring import named_rules, placeholders, rule_reader, terms_of
from socterm.config import Config
from socterm.config.model import keys
from socterm.enrich.data import DataFiles
from socterm.enrich.valuelists import ValueLists
from socterm.errors import SoctermError
from socterm.notify.notifier import Notifier
from socterm.pipeline.ingest import Pipeline
from socterm.pipeline.sdnotify import Manager
from socterm.pipeline.status import IngestStatus
from socterm.pipeline.supervision import in_words

Key = tuple[str, ...]


class Part(Protocol):
    """What goes on under a new configuration."""

    def takes(self, before: Config, now: Config, key: Key) -> bool:
        """Whether it can do so with what has become of this setting."""

    def prepared(self, config: Config) -> Callable[[], None]:
        """Read what there is to read; the result has it taken.

        Raises SoctermError for what cannot stand: then nothing is taken by anybody.
        """


class Renewal:
    """Called in the thread of signals. A configuration that cannot stand is told; all goes on as before.

    `parts` take what is new one after the other; `at_last` does something when all have taken it. `sections`
    are those that are of any concern here, () for all.
    """

    def __init__(
        self,
        config: Config,
        options: Mapping[str, Any],
        manager: Manager,
        parts: Sequence[Part],
        *,
        status: Callable[[], IngestStatus],
        at_last: Callable[[Callable[[], None]], None] = lambda work: work(),
        sections: Collection[str] = (),
        quiet: bool = False,
    ) -> None:
        self._config = config
        self._options = options
        self._manager = manager
        self._parts = parts
        self._status = status
        self._at_last = at_last
        self._sections = sections
        self._quiet = quiet

    def __call__(self) -> None:
        """Read everything, then have it taken."""
        self._manager.reloading()
        try:
            config = configure(self._options)
            takes = [part.prepared(config) for part in self._parts]
        except SoctermError as error:
            self._refuse(str(error))
            return
        except Exception as error:  # noqa: BLE001 - this thread hears SIGTERM, too: it must not end by a path
            self._refuse(f"{type(error).__name__}: {error}")
            return
        changed = {
            key: any(part.takes(self._config, config, key) for part in self._parts)
            for key in keys()
            if _value(self._config, key) != _value(config, key)
            and (not self._sections or key[0] in self._sections)
        }
        if not self._quiet:
            tell(changed)
        self._config = in_force(self._config, config, [key for key, taken in changed.items() if taken])
        for take in takes:
            take()
        self._at_last(self._over)

    def _refuse(self, why: str) -> None:
        text = f"the configuration stays as it was: {' '.join(why.split())}"
        say(text, ERROR)
        self._manager.status(text)
        self._manager.ready()

    def _over(self) -> None:
        self._manager.status(in_words(self._status()))
        self._manager.ready()


def tell(changed: Mapping[Key, bool]) -> None:
    """One line on what was taken, and one on what waits for a restart."""
    taken = [".".join(key) for key, at_once in changed.items() if at_once]
    waiting = [".".join(key) for key, at_once in changed.items() if not at_once]
    say(f"configuration read anew: {', '.join(taken) or 'nothing'} changed, data files are as on disk", INFO)
    if waiting:
        say(f"changed, and in force after a restart: {', '.join(waiting)}", WARNING)


def in_force(before: Config, now: Config, taken: Collection[Key]) -> Config:
    """The configuration in force: what waits for a restart is told again at the next signal."""
    merged: dict[str, Any] = {}
    for name in Config.model_fields:
        if (name,) in taken:
            merged[name] = getattr(now, name)
            continue
        inner = {key[1]: _value(now, key) for key in taken if len(key) > 1 and key[0] == name}
        merged[name] = getattr(before, name).model_copy(update=inner) if inner else getattr(before, name)
    return before.model_copy(update=merged)


def _value(config: Config, key: Key) -> Any:
    found: Any = config
    for name in key:
        found = getattr(found, name)
    return found


class IngestPart:
    """Rules and data of a running ingest. Its thread takes them between two batches."""

    RENEWED: Final = frozenset({
        ("rules",), ("placeholders",), ("assets",), ("ioc",), ("networks", "internal"), ("geo", "city"),
        ("geo", "country"), ("geo", "asn"), ("retention", "older"), ("retention", "max_size"),
        ("retention", "closed"),
    })  # fmt: skip
    """Settings it takes; of `lists` all but that one is taken away."""

    def __init__(self, pipeline: Pipeline, config: Config) -> None:
        self._pipeline = pipeline
        self._read = (placeholders(config), list(ValueLists.of(config)))

    def takes(self, before: Config, now: Config, key: Key) -> bool:
        """As `Part` says."""
        return key in self.RENEWED or (key == ("lists",) and before.lists.keys() <= now.lists.keys())

    def prepared(self, config: Config) -> Callable[[], None]:
        """Data files are read here, so that the ingest does not wait for them."""
        pipeline, named = self._pipeline, named_rules(config)
        data, lists, terms = DataFiles.of(config), ValueLists.of(config), terms_of(config)
        read = (placeholders(config), list(dict.fromkeys((*self._read[1], *lists))))
        load = rule_reader(*read) if read != self._read else None

        def apply() -> None:
            pipeline.enricher.use(data)
            pipeline.lists.take(lists)
            if pipeline.retention is not None:
                pipeline.retention.use(terms)
            if pipeline.watch is not None:
                pipeline.watch.follow(named, load)

        def take() -> None:
            self._read = read
            pipeline.between(apply)

        return take


class NotifyPart:
    """Where alerts are told, and how often."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier

    def takes(self, before: Config, now: Config, key: Key) -> bool:
        """As `Part` says."""
        return key[0] == "notify"

    def prepared(self, config: Config) -> Callable[[], None]:
        """As `Part` says."""
        return self._notifier.renewed(config.notify)
