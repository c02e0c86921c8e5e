"""Lists of values that rules look fields up in: any texts, addresses, networks, names with all below them.

How many entries a list holds does not matter: a text costs one step, an address one per prefix length in use,
a name one per label where the list has such entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from socterm.config import Config
from socterm.enrich.data import list_files
from socterm.enrich.domains import LONGEST, plain_name
from socterm.enrich.indicators import Feed, read_feed
from socterm.enrich.prefixes import Prefixes, address_of, network_of
from socterm.enrich.watched import DataError, Watched, text_lines

_LIMIT = 512 << 20


class ValueList:
    """The entries of one list. Upper and lower case are the same.

    >>> found = ValueList(["198.51.100.0/24", "Mimikatz.exe", "*.example.com"])
    >>> [value in found for value in ("198.51.100.7", "mimikatz.EXE", "a.example.com", "example.com", "x")]
    [True, True, True, False, False]
    """

    def __init__(self, entries: Iterable[str] = ()) -> None:
        self._texts: set[str] = set()
        self._below: set[str] = set()
        self._networks: Prefixes[bool] = Prefixes()
        self._size = 0
        for entry in entries:
            self.add(entry)

    def __len__(self) -> int:
        return self._size

    def add(self, entry: str) -> None:
        """Take in one entry: a network, `*.` and a domain for all below it, or any text."""
        text = entry.strip().lower()
        network = network_of(text)
        if network is not None:
            self._networks[network] = True
        elif text.startswith("*.") and len(text) > 2:
            self._below.add(text[2:])
        elif text:
            self._texts.add(text)
        else:
            return
        self._size += 1

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, str):
            return False
        text = value.lower()
        if text in self._texts or any(self._networks.around(address_of(value))):
            return True
        return bool(self._below) and any(name in self._below for name in _above(text))


class _FeedList:
    """A list of indicators as a list of values: a domain stands for all below it."""

    def __init__(self, feed: Feed) -> None:
        self._networks: Prefixes[bool] = Prefixes()
        for network in feed.networks:
            self._networks[network] = True
        self._feed = feed

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, str):
            return False
        text, domains = plain_name(value), self._feed.domains
        if text in self._feed.hashes or text in domains:
            return True
        return any(self._networks.around(address_of(value))) or any(name in domains for name in _above(text))


def _above(name: str) -> Iterator[str]:
    """The domains above a name."""
    if len(name) > LONGEST:
        return
    while "." in name:
        name = name.partition(".")[2]
        yield name


Values = ValueList | _FeedList


class _Named:
    """A list by its name: stays the same while its file is read anew."""

    def __init__(self, file: Watched[Values]) -> None:
        self.file = file

    def __contains__(self, value: object) -> bool:
        return self.file.value is not None and value in self.file.value


class ValueLists(Mapping[str, _Named]):
    """All configured lists by name; only those in `use` are read. Nothing here ever raises.

    `files` are those of the section `[lists]`; `feeds` the lists of indicators, each called after its file.
    """

    def __init__(self, files: Mapping[str, Path] | None = None, feeds: Iterable[Path] = ()) -> None:
        self._lists = {path.stem: _Named(Watched(path, _read_feed)) for path in feeds}
        self._lists |= {name: _Named(Watched(path, _read)) for name, path in (files or {}).items()}
        self._used: list[tuple[str, _Named]] = []

    @classmethod
    def of(cls, config: Config) -> ValueLists:
        """What a configuration names. A folder of lists of indicators is looked into once."""
        return cls(config.lists, [path for named in config.ioc for path in list_files(named)])

    def use(self, names: Iterable[str]) -> None:
        """These are the lists that rules ask for."""
        self._used = [(name, self._lists[name]) for name in sorted(set(names)) if name in self._lists]
        self.look()

    def take(self, other: ValueLists) -> None:
        """Go on with the files of other lists, also of new names; names they lack keep their files."""
        for name, one in other.items():
            self._lists.setdefault(name, one).file = one.file
        self.look()

    def __getitem__(self, name: str) -> _Named:
        return self._lists[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def look(self) -> None:
        """Read the lists in use that changed."""
        for _, one in self._used:
            one.file.look()

    @property
    def hints(self) -> tuple[str, ...]:
        """What a person should know of the files now, one line each."""
        said = []
        for name, one in self._used:
            if one.file.missing:
                said.append(f"the list {name} is empty: there is no {one.file.path}")
            elif one.file.note:
                said.append(one.file.note)
        return tuple("".join(char if char.isprintable() else "\ufffd" for char in text) for text in said)


def _read(path: Path) -> tuple[Values, str]:
    """A text file with an entry a line, blanks inside belong to it; what begins with # is a comment."""
    found = ValueList(line for line in text_lines(path, _LIMIT) if not line.lstrip().startswith("#"))
    if not len(found):
        raise DataError("holds no entry")
    return found, ""


def _read_feed(path: Path) -> tuple[Values, str]:
    feed, note = read_feed(path)
    return _FeedList(feed), note
