"""Field-level agreement of our parsers with other people's golden files, record by record."""

from __future__ import annotations

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from socterm.event import Chunk
from socterm.parsers import Decoder, as_ecs

SCORED = (
    "@timestamp", "host.hostname", "process.name", "process.pid", "message", "source.ip", "source.port",
    "destination.ip", "destination.port", "user.name", "user.effective.name", "event.action",
    "event.category", "event.outcome", "url.original", "http.request.method", "http.response.status_code",
    "log.syslog.priority",
)  # fmt: skip
NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000


def records(path: Path, *kinds: str) -> Iterator[dict[str, Any]]:
    """The records of these kinds, all where none is named."""
    for line in path.read_text().splitlines():
        record = json.loads(line)
        if not kinds or record["kind"] in kinds:
            yield record


def raw(record: dict[str, Any]) -> bytes:
    """The bytes of a record's line; what another reads as one record of several lines stays one."""
    return base64.b64decode(record["b64"]) if "b64" in record else record["line"].encode()


def read(line: bytes, **options: Any) -> dict[str, Any]:
    """What we make of one line alone."""
    decoder = Decoder("x", **options)
    return as_ecs(decoder.decode(Chunk("x", 0, [line], {}, NOW, live=False))[0])


def same(field: str, want: Any, got: Any, *, yearless: bool) -> bool:
    """Whether two values say the same: instants to the second, addresses in any spelling,
    lists by any overlap, methods in any case."""
    if field == "@timestamp":
        return _instant(want, yearless=yearless) == _instant(got, yearless=yearless)
    if isinstance(want, list) or isinstance(got, list):
        left = {str(item) for item in (want if isinstance(want, list) else [want])}
        return bool(left & {str(item) for item in (got if isinstance(got, list) else [got])})
    if field.endswith(".ip"):
        return _address(want) == _address(got)
    if field == "http.request.method":
        return str(want).lower() == str(got).lower()
    return str(want).strip() == str(got).strip()


def _address(value: Any) -> str:
    try:
        return str(ip_address(str(value)))
    except ValueError:
        return str(value)


def _instant(value: Any, *, yearless: bool) -> str:
    if isinstance(value, int):  # some fixtures hold milliseconds
        return datetime.fromtimestamp(value // 1000, UTC).isoformat(timespec="seconds")
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return str(value)
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return (moment.replace(year=2000) if yearless else moment).isoformat(timespec="seconds")


class Score:
    """Counts per field: agree, wrong, missing, extra (ours has it, theirs does not); and the differences."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.differences: list[str] = []
        self.records = 0
        self.with_extra = 0

    def add(self, record: dict[str, Any], ours: dict[str, Any], fields: Iterable[str] = SCORED) -> None:
        """Compare one record."""
        self.records += 1
        extra = False
        yearless = bool(record.get("meta", {}).get("year_assumed_by_runner"))
        for field in fields:
            want, got = record["expect"].get(field), ours.get(field)
            if want in (None, "") and got in (None, ""):
                continue
            if want in (None, ""):
                if field == "@timestamp":
                    continue  # theirs leave it to the shipper; every event of ours has one
                verdict = "extra"
                extra = True
            elif got in (None, ""):
                verdict = "missing"
            else:
                verdict = "agree" if same(field, want, got, yearless=yearless) else "wrong"
            self.counts[field][verdict] += 1
            if verdict != "agree":
                line = str(record.get("line", ""))[:200]
                self.differences.append(f"{verdict} {field}: theirs {want!r} ours {got!r}  {line!r}")
        self.with_extra += extra

    def agreement(self, field: str) -> float:
        """Share of their values that ours agree with, 1.0 where they have none."""
        found = self.counts[field]
        theirs = found["agree"] + found["wrong"] + found["missing"]
        return found["agree"] / theirs if theirs else 1.0

    def extra(self) -> float:
        """Share of records with a scored field that theirs lack."""
        return self.with_extra / self.records if self.records else 0.0

    def table(self) -> str:
        """One line a field, for people."""
        rows = [f"{self.records} records, {self.with_extra} with extra fields"]
        for field, found in self.counts.items():
            rows.append(
                f"  {field:28s} agree {found['agree']:5d} wrong {found['wrong']:4d} "
                f"missing {found['missing']:4d} extra {found['extra']:4d} {100 * self.agreement(field):5.1f}"
            )
        return "\n".join(rows)
