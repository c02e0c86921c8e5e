"""The hash chain of the audit trail: each row seals all rows before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

START = "0" * 64
"""What the first row's hash is chained to."""

SEALED = ("id", "at", "actor", "alert", "verb", "before", "after", "note", "undoes", "bulk")
"""The columns under the seal, in this order; `about` follows where it says something."""


def seal(previous: str, row: Mapping[str, Any]) -> str:
    """SHA-256 (hex) over the previous row's hash and this row in canonical JSON.

    >>> row = dict.fromkeys(SEALED, 0)
    >>> seal(START, row) == seal(START, dict(row)) != seal(START, {**row, "verb": 1})
    True
    """
    values = [row[name] for name in SEALED]
    if about := row.get("about"):  # rows from before there was such a column keep their hash
        values.append(about)
    canonical = json.dumps(values, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{previous}\n{canonical}".encode()).hexdigest()


_canonical = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode
"""As `json.dumps` with these arguments, which makes an encoder for each call."""


def alert_key(rule: str, entity: object, first: object) -> str:
    """The id a settled alert has on every machine: a hash of rule, entity and first base event's key."""
    return hashlib.sha256(_canonical([rule, entity, first]).encode()).hexdigest()[:32]
