"""The forms in which lists of indicators come: one a line, hosts files, CSV with all kinds of headings."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator

_COMMENTS = ("#", ";", "//")
_BEHIND = re.compile(r"\s*[#;].*")
_NOWHERE = "0.0.0.0"  # noqa: S104 - what hosts files point at
_SINKS = frozenset({_NOWHERE, "127.0.0.1", "::", "::1"})
_THIS_MACHINE = frozenset({
    "localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost", "ip6-loopback", _NOWHERE,
})  # fmt: skip
_HEADINGS = frozenset({
    "indicator", "indicators", "ioc", "ioc_value", "value", "ip", "ip_address", "ipaddress", "src_ip",
    "dst_ip", "dstip", "srcip", "address", "cidr", "network", "netblock", "domain", "host", "hostname",
    "fqdn", "hash", "md5", "md5_hash", "sha1", "sha1_hash", "sha256", "sha256_hash", "file_hash",
})  # fmt: skip
"""Headings of columns that hold indicators, in lower case."""


def entries_of(lines: list[str], is_entry: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    """(number of the line, what should be an indicator); comments and blank lines are passed over.

    A CSV without headings gives its first column that `is_entry` knows in the first line.

    >>> list(entries_of(["# bad ones", "192.0.2.7  # why", "0.0.0.0 evil.example"], bool))
    [(2, '192.0.2.7'), (3, 'evil.example')]
    >>> list(entries_of(["id,domain", "1,evil.example"], bool))
    [(2, 'evil.example')]
    """
    start = next((n for n, line in enumerate(lines) if not _is_comment(line)), len(lines))
    if start == len(lines):
        return
    separator, columns, first = _layout(lines, start, is_entry)
    for number, line in enumerate(lines[first:], first + 1):
        if _is_comment(line):
            continue
        if columns:
            cells = _cells(line, separator)
            yield from ((number, cells[at]) for at in columns if at < len(cells) and cells[at])
        else:
            entry = _plain(line)
            if entry:
                yield number, entry


def _is_comment(line: str) -> bool:
    text = line.strip()
    return not text or text.startswith(_COMMENTS)


def _plain(line: str) -> str:
    """The indicator of a line of a simple list; behind it stand remarks, counts or a file's name."""
    words = _BEHIND.sub("", line).split(None, 2)
    if len(words) > 1 and words[0] in _SINKS:
        return "" if words[1].lower() in _THIS_MACHINE else words[1]
    return words[0]


def _layout(lines: list[str], start: int, is_entry: Callable[[str], bool]) -> tuple[str, list[int], int]:
    """(separator, columns with indicators or none for a simple list, index of the first line of data)."""
    for separator in ",;\t":
        cells = _cells(lines[start], separator)
        found = _headed(cells)
        if found:
            return separator, found if len(cells) > 1 else [], start + 1
        # Some feeds comment their headings out.
        found = _headed(_cells(lines[start - 1].lstrip("#; "), separator)) if start else []
        if found and len(cells) > 1:
            return separator, found, start
    cells = _cells(lines[start], ",")
    known = [at for at, cell in enumerate(cells) if is_entry(cell)]
    return ",", known[:1] if len(cells) > 1 else [], start


def _headed(cells: list[str]) -> list[int]:
    return [at for at, cell in enumerate(cells) if cell.lower() in _HEADINGS]


def _cells(line: str, separator: str) -> list[str]:
    """The cells of one line; none goes on in the next line, so that a stray quotation mark ends with it."""
    if '"' in line:
        try:
            cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
        except csv.Error:
            cells = line.split(separator)
    else:
        cells = line.split(separator)
    return [cell.strip() for cell in cells]
