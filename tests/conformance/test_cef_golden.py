"""Another parser's tests of CEF: header and extension of each record."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from socterm.taxonomy.appliances import CEF_FIELDS
from tests.conformance.scoring import raw, read, records

CORPORA = os.environ.get("SOCTERM_CORPORA")
pytestmark = pytest.mark.skipif(not CORPORA, reason="SOCTERM_CORPORA names no folder of corpora")
ABBREVIATED = {19, 23}
"""Lines with a zone by abbreviation (IST is three zones): the record is found, not its header."""
PATH = Path(CORPORA or ".") / "golden" / "golden_syslog_rfc.jsonl"
RECORDS = (
    [
        record
        for record in records(PATH, "cef")
        if "deviceVendor" in record["expect"] and record["meta"]["lineno"] not in ABBREVIATED
    ]
    if CORPORA
    else []
)
HEADER = {
    "deviceVendor": "observer.vendor",
    "deviceProduct": "observer.product",
    "deviceVersion": "observer.version",
    "deviceEventClassId": "event.code",
    "name": "rule.name",
}
TYPED = {"src", "dst", "dvc", "dvcpid", "spt", "dpt", "outcome", "proto", "app", "fsize"}
"""Keys whose values we refuse or normalise: a placeholder is no address."""


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: str(record["meta"]["lineno"]))
def test_a_record_is_read_as_another_reads_it(record: dict[str, Any]) -> None:
    ours, want = read(raw(record)), record["expect"]
    assert ours["event.dataset"] == "cef"
    for theirs, name in HEADER.items():
        assert ours[name] == want[theirs]
    for key, value in want.items():
        if key in CEF_FIELDS and key not in TYPED:
            assert str(ours[CEF_FIELDS[key]]) == str(value), key
        elif f"cef.{key}" in ours:
            assert str(ours[f"cef.{key}"]) == str(value), key
