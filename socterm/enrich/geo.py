"""Where an address is and whose network it is in: MaxMind DB files, and what events bring along."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from socterm.enrich.watched import DataError

Place = dict[str, Any]
"""`geo.country_iso_code`, `geo.country_name`, `geo.city_name`, `geo.location.lat`, `geo.location.lon`,
`as.number`, `as.organization.name`: those that are known."""

_HELD = 32 << 20
"""Bytes up to which a file is held in memory; of a larger one, parts are read as they are needed."""


class Database:
    """An open .mmdb file.

    It is never mapped into memory: whoever overwrites a mapped file in place kills the process.
    """

    def __init__(self, path: Path) -> None:
        try:
            from maxminddb import MODE_FILE, MODE_MEMORY, open_database  # noqa: PLC0415 - an extra
        except ImportError:
            raise DataError("needs the extra geo: pip install 'socterm[geo]'") from None
        mode = MODE_MEMORY if path.stat().st_size <= _HELD else MODE_FILE
        self.errors = 0
        try:
            self._get: Callable[[str], Any] = open_database(str(path), mode).get
            self._get("192.0.2.1")
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - a file of any content, read by foreign code
            raise DataError(f"is no MaxMind database: {' '.join(str(error).split())[:80]}") from None

    def place_of(self, address: str) -> Place:
        """What the file says of an address; nothing where it says nothing, or is broken (`errors`)."""
        try:
            return place_in(self._get(address))
        except ValueError:  # an IPv6 address and a file that has none
            return {}
        except Exception:  # noqa: BLE001 - as above: a damaged spot must not stop ingest
            self.errors += 1
            return {}


def open_mmdb(path: Path) -> tuple[Database, str]:
    """A database, and nothing to remark on it. Raises `DataError` or OSError where it is none."""
    return Database(path), ""


def place_in(record: Any) -> Place:
    """The fields of one record of a city, country or ASN database (GeoIP2, GeoLite2, DB-IP, IPinfo).

    >>> place_in({"country": {"iso_code": "DE", "names": {"en": "Germany"}}, "autonomous_system_number": 5})
    {'geo.country_iso_code': 'DE', 'geo.country_name': 'Germany', 'as.number': 5}
    """
    if not isinstance(record, Mapping):
        return {}
    found: Place = {}
    for name, kind, *paths in _PATHS:
        for path in paths:
            value: Any = record
            for step in path.split("/"):
                value = value.get(step) if isinstance(value, Mapping) else None
            value = kind(value)
            if value is not None:
                found[name] = value
                break
    return found


def text(value: Any) -> str | None:
    """A name of sane length; None for what is none, or says that nobody knows."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= 200 or value.strip().lower() in _NOWHERE:
        return None
    return value.strip()


def country_code(value: Any) -> str | None:
    """An ISO 3166 code of two letters, in capitals.

    >>> country_code("de"), country_code("T1"), country_code("ZZ")
    ('DE', None, None)
    """
    if not isinstance(value, str) or len(value) != 2 or not (value.isascii() and value.isalpha()):
        return None
    code = value.upper()
    return None if code in {"XX", "ZZ"} else code


def degrees(value: Any) -> float | None:
    """A latitude or longitude, from a number or its text."""
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        number = float(value) if isinstance(value, str | int | float) else None
    except (ValueError, OverflowError):
        return None
    return number if number is not None and not isinstance(value, bool) and -180 <= number <= 180 else None


def as_number(value: Any) -> int | None:
    """The number of an autonomous system, from 3320, "3320" or "AS3320"."""
    if isinstance(value, str):
        digits = value[2:] if value[:2].upper() == "AS" else value
        value = int(digits) if digits.isdecimal() and len(digits) <= 10 else None
    return value if type(value) is int and 0 < value < 1 << 32 else None


_NOWHERE = frozenset({"", "-", "unknown", "reserved", "private", "none", "null", "n/a"})
_PATHS: tuple[tuple[Any, ...], ...] = (
    (
        "geo.country_iso_code",
        country_code,
        "country/iso_code",
        "country_code",
        "country",
        "registered_country/iso_code",
    ),
    ("geo.country_name", text, "country/names/en", "country_name", "registered_country/names/en"),
    ("geo.city_name", text, "city/names/en", "city"),
    ("geo.location.lat", degrees, "location/latitude", "latitude"),
    ("geo.location.lon", degrees, "location/longitude", "longitude"),
    ("as.number", as_number, "autonomous_system_number", "asn"),
    ("as.organization.name", text, "autonomous_system_organization", "as_name"),
)
"""(field, what makes it, where records have it: the first that is there)"""
