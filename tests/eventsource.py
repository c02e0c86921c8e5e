"""Server-sent events as a client reads them (HTML Living Standard, 9.2.6), as far as a service sends them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def events_of(lines: Iterator[str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(kind, mark or "", what) of each event of a stream."""
    found: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            found[name] = value
        elif "data" in found:
            yield found["event"], found.get("id", ""), json.loads(found["data"])
            found = {}
