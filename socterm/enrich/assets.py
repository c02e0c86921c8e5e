"""Whose machine it is: an inventory in a CSV file, by host name, address or network."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from socterm.enrich.prefixes import Address, Prefixes, network_of
from socterm.enrich.watched import DataError, text_lines

Asset = dict[str, str]
"""`asset.name`, `asset.owner`, `asset.role`, `asset.criticality`: those that are filled in."""

_LIMIT = 64 << 20
_HEADINGS = {
    "name": "name",
    "host": "name",
    "hostname": "name",
    "ip": "address",
    "cidr": "address",
    "address": "address",
    "network": "address",
    "owner": "owner",
    "role": "role",
    "criticality": "criticality",
}
"""Column heading → what it is; any others, such as `note`, are for people."""

_TOLD = 3


class Assets:
    """The inventory. The narrowest network that holds an address counts."""

    def __init__(self) -> None:
        self._names: dict[str, Asset] = {}
        self._short: dict[str, Asset | None] = {}
        self._networks: Prefixes[Asset] = Prefixes()

    def of_host(self, host: str) -> Asset:
        """What is known of a host, with or without its domain, whatever the case; empty where nothing is."""
        name = host.lower().rstrip(".")
        found = self._names.get(name)
        if found is None:
            # One of both says more than the other: web1 and web1.example.org are the same, if it is certain.
            short, dot, _ = name.partition(".")
            found = self._names.get(short) if dot else self._short.get(name)
        return found or {}

    def of_address(self, address: Address) -> Asset:
        """What is known of an address; empty where nothing is."""
        return next(self._networks.around(address), {})

    def add(self, row: dict[str, str]) -> None:
        """Take in a row of the file. Raises ValueError, in some words, for one that cannot be used."""
        name, address = row.get("name", "").lower().rstrip("."), row.get("address", "")
        network = network_of(address) if address else None
        if address and network is None:
            raise ValueError(f"no address or network: {address[:40]!r}")
        if not name and network is None:
            raise ValueError("neither a name nor an address")
        asset = {f"asset.{key}": row[key] for key in ("name", "owner", "role", "criticality") if row.get(key)}
        self._networks[network] = asset
        if not name:
            return
        self._names[name] = asset
        short, dot, _ = name.partition(".")
        if dot:
            self._short[short] = None if short in self._short else asset


def read_assets(path: Path) -> tuple[Assets, str]:
    """The inventory in a file, and which of its lines could not be used.

    Raises `DataError` for a file without the headings it needs, OSError for one that cannot be read.
    """
    assets = Assets()
    columns: list[str] | None = None
    wrong: list[str] = []
    for number, row in _rows(text_lines(path, _LIMIT)):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if columns is None:
            columns = _columns(cells)
            continue
        try:
            assets.add(_record(columns, cells))
        except ValueError as error:
            wrong.append(f"line {number}: {error}")
    if columns is None:
        raise DataError("has no line of headings")
    return assets, _remark(path, wrong)


def _rows(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of their last line. A quotation mark nobody closes costs its own line only."""
    separator = max(",;\t", key=next(filter(str.strip, lines), "").count)
    rows = csv.reader(lines, delimiter=separator, strict=True)
    try:
        found = [(rows.line_num, row) for row in rows]
    except csv.Error:
        found = [
            (number, [cell.strip('" ') for cell in line.split(separator)])
            for number, line in enumerate(lines, 1)
        ]
    yield from found


def _columns(cells: list[str]) -> list[str]:
    found = [_HEADINGS.get(cell.lower(), "") for cell in cells]
    if "name" not in found and "address" not in found:
        raise DataError("its first line names neither a column host (or name) nor ip (or cidr)")
    return found


def _record(columns: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) > len(columns):
        raise ValueError("more cells than headings")
    return {key: cell for key, cell in zip(columns, cells, strict=False) if key}


def _remark(path: Path, wrong: list[str]) -> str:
    if not wrong:
        return ""
    more = f"; {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else ""
    return f"{path}: lines not used: {'; '.join(wrong[:_TOLD])}{more}"
