"""The data files behind enrichment, as one: what they say now, which changed, what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from socterm.config import INTERNAL, Config
from socterm.enrich.assets import Assets, read_assets
from socterm.enrich.geo import Place, open_mmdb
from socterm.enrich.indicators import Feed, Indicators, read_feed
from socterm.enrich.networks import Networks
from socterm.enrich.watched import Watched

_NO_LISTS = (".", "~")
_NO_LIST_ENDS = ("~", ".tmp", ".part", ".swp", ".bak", ".gz", ".zip")
_MOST_FILES = 1000
"""Files of one folder of lists that are read."""


class DataFiles:
    """Networks, inventory, places and indicators. `look` reads what is new; nothing here ever raises."""

    def __init__(
        self,
        internal: Iterable[str] = INTERNAL,
        assets: Path | None = None,
        databases: Iterable[Path] = (),
        ioc: Iterable[Path] = (),
    ) -> None:
        self.networks = Networks(internal)
        self.assets = Assets()
        self.indicators = Indicators()
        self._assets = None if assets is None else Watched(assets, read_assets)
        self._databases = [Watched(path, open_mmdb) for path in databases]
        self._ioc = tuple(ioc)
        self._feeds: dict[Path, Watched[Feed]] = {}
        self.look()

    @classmethod
    def of(cls, config: Config) -> DataFiles:
        """What a configuration names."""
        geo = config.geo
        paths = [path for path in (geo.city, geo.country, geo.asn) if path is not None]
        return cls(config.networks.internal, config.assets, paths, config.ioc)

    @property
    def files(self) -> bool:
        """Whether there are data files at all."""
        return bool(self._assets or self._databases or self._ioc)

    @property
    def has_assets(self) -> bool:
        """Whether an inventory is in use."""
        return self._assets is not None and self._assets.value is not None

    @property
    def has_indicators(self) -> bool:
        """Whether any list of indicators has an entry."""
        return self.indicators.size > 0

    @property
    def feeds(self) -> dict[str, Feed]:
        """The lists of indicators in use by the names of their files; one read anew is another object."""
        return {str(path): feed.value for path, feed in self._feeds.items() if feed.value is not None}

    def look(self) -> bool:
        """Read what is new or changed; whether anything is."""
        changed = False
        if self._assets is not None and self._assets.look():
            changed = True
            self.assets = self._assets.value or Assets()
        for database in self._databases:
            changed |= database.look()
        if self._look_at_lists():
            changed = True
            feeds = (self._feeds[path].value for path in sorted(self._feeds))
            self.indicators = Indicators(feed for feed in feeds if feed is not None)
        return changed

    def _look_at_lists(self) -> bool:
        """Read the lists that changed; those that left a folder are out of use."""
        paths = {path for named in self._ioc for path in list_files(named)}
        gone = self._feeds.keys() - paths
        for path in gone:
            del self._feeds[path]
        changed = bool(gone)
        for path in sorted(paths):
            feed = self._feeds.get(path)
            if feed is None:
                feed = self._feeds[path] = Watched(path, read_feed)
            changed |= feed.look()
        return changed

    def place_of(self, address: str) -> Place:
        """Where an address is and whose network it is in; the first database that knows wins."""
        found: Place = {}
        for database in self._databases:
            if database.value is not None:
                found = database.value.place_of(address) | found
        return found

    def hints(self) -> tuple[str, ...]:
        """What is to be said about the files, one line each; all that are missing share one."""
        watched: list[Watched[Any]] = [*self._feeds.values(), *self._databases]
        if self._assets is not None:
            watched.insert(0, self._assets)
        found = [one.note for one in watched if one.note]
        missing = [str(one.path) for one in watched if one.missing]
        if missing:
            found.insert(0, f"not there, so nothing is looked up in it: {', '.join(missing)}")
        found += [
            f"{one.path}: {one.value.errors:,} look-ups failed; is the file damaged?"
            for one in self._databases
            if one.value is not None and one.value.errors
        ]
        return tuple(map(_told, found))


def _told(text: str) -> str:
    """Names and contents of files as text that can be written anywhere, in one line."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def list_files(path: Path) -> list[Path]:
    """The files a setting names: itself, or what lies in it but hidden, half-written and packed ones."""
    try:
        with os.scandir(path) as entries:
            found = sorted(
                entry.path
                for entry in entries
                if not entry.name.startswith(_NO_LISTS)
                and not entry.name.endswith(_NO_LIST_ENDS)
                and entry.is_file()
            )
    except OSError:
        return [path]
    return [Path(name) for name in found[:_MOST_FILES]]
