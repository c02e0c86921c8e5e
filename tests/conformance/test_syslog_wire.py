"""Other people's tests of syslog on the wire: headers of RFC 3164 and 5424, and framing of RFC 6587.

Where we decide otherwise, the record stands here by the place it comes from, with the reason.
"""

from __future__ import annotations

import base64
import json
import os
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from socterm.event import Chunk
from socterm.parsers import Decoder, as_ecs
from socterm.sources.framing import Framer, Mode

CORPORA = os.environ.get("SOCTERM_CORPORA")
pytestmark = pytest.mark.skipif(not CORPORA, reason="SOCTERM_CORPORA names no folder of corpora")

NOT_OURS = "a setting of that daemon which socterm has not: lines without hosts, hosts by a pattern"
KEPT_NAME = "broken further on: theirs gives up the whole line, ours keeps the header that it could read"
TAG = "a first word without a colon is a program only if it is one that socterm knows"
LENIENT = "harmless and seen in the wild: read, not refused"
PLAIN = "a line that claims no format is plain text, not an error"

FIELDS = ("log.syslog.priority", "process.name", "message", "host.hostname", "process.pid")
NOW = 1_795_168_800


def _records(name: str) -> list[dict[str, Any]]:
    if not CORPORA:
        return []
    return [json.loads(line) for line in (Path(CORPORA) / "golden" / name).read_text().splitlines()]


def _place(record: dict[str, Any]) -> str:
    meta = record["meta"]
    return f"{record['source']}:{Path(meta['path']).name}:{meta['lineno']}"


def differences(record: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """(theirs, ours) for what does not agree."""
    meta, want = record["meta"], record["expect"]
    line = base64.b64decode(record["b64"]) if "b64" in record else record["line"].encode()
    tz: tzinfo = ZoneInfo("Europe/Budapest") if "MET" in (meta.get("tz") or "") else UTC
    now = (meta.get("now") or NOW) * 1_000_000
    event = Decoder("x", tz=tz).decode(Chunk("x", 0, [line], {}, now, live=False))[0]
    ours = as_ecs(event)
    found: dict[str, tuple[Any, Any]] = {}
    for field in FIELDS:
        if field in want and str(want[field] or "").strip() != str(ours.get(field, "")).strip():
            found[field] = (want[field], ours.get(field))
    if "epoch" in want and abs(want["epoch"] - event.ts / 1e6) > 0.002:
        found["epoch"] = (want["epoch"], event.ts / 1e6)
    if bool(want.get("malformed")) != (event.kind == "pipeline_error"):
        found["malformed"] = (bool(want.get("malformed")), event.kind)
    return found


def _other_mode(record: dict[str, Any]) -> bool:
    flags = record["meta"].get("flags")
    hostless = bool(flags) and "EXPECT_HOSTNAME" not in flags and record["kind"] == "syslog3164"
    return hostless or bool(record["meta"].get("bad_hostname_re"))


_NAME = {"process.name"}
_TAGGED = {"process.name", "message"}
EXCEPTIONS: dict[str, tuple[str, set[str]]] = {
    "syslog-ng:test_msgparse.c:245": (KEPT_NAME, _NAME),
    "syslog-ng:test_msgparse.c:696": (KEPT_NAME, _NAME),
    "syslog-ng:test_msgparse.c:885": (KEPT_NAME, _NAME),
    "syslog-ng:test_msgparse.c:1003": (KEPT_NAME, _NAME),
    "syslog-ng:test_msgparse.c:394": ("without a stamp the time of reading counts", {"epoch"}),
    "syslog-ng:test_msgparse.c:450": (NOT_OURS, {"process.name", "message", "host.hostname"}),
    "syslog-ng:test_msgparse.c:580": ("no year: the latest not in the future; theirs is ahead", {"epoch"}),
    "syslog-ng:test_msgparse.c:930": (LENIENT, {"process.name", "malformed"}),
    "syslog-ng:test_msgparse.c:945": ("names longer than the RFC's 48 characters are not cut", _NAME),
    "syslog-ng:test_msgparse.c:959": ("a PROCID that is no number is log.syslog.procid", {"process.pid"}),
    "syslog-ng:test_msgparse.c:987": (LENIENT, {"process.name", "malformed"}),
    "syslog-ng:test_msgparse.c:1188": (PLAIN, {"log.syslog.priority", *_TAGGED}),
    "rsyslog:parsertest-parse1.sh:1": ("a Cisco message id is the event's code, not a program", _NAME),
    "rsyslog:parsertest-parse1.sh:2": ("the module of an old tag is no part of the program's name", _NAME),
    "rsyslog:parsertest-parse1.sh:3": ("the module of an old tag is no part of the program's name", _NAME),
    "rsyslog:parsertest-parse1.sh:5": (TAG, _TAGGED),
    "rsyslog:parsertest-parse1.sh:11": (TAG, _TAGGED),
    "rsyslog:parsertest-parse1.sh:12": (TAG, _TAGGED),
    "rsyslog:parsertest-parse1.sh:13": (TAG, {"log.syslog.priority", *_TAGGED}),
    "rsyslog:parsertest-parse1.sh:21": ("a year behind the time is a year, not a host", {"host.hostname"}),
    "rsyslog:parsertest-parse1.sh:22": (TAG, _TAGGED),
    "rsyslog:parsertest-parse1.sh:27": (TAG, _TAGGED),
    "rsyslog:parsertest-parse_8bit_escape.sh:1": (TAG, _TAGGED),
    "jc:syslog-3164.out:2": (PLAIN, {"malformed"}),
    "jc:syslog-3164.out:35": (PLAIN, {"malformed"}),
    "jc:syslog-5424.out:9": (PLAIN, {"malformed"}),
    "jc:syslog-5424.out:10": ("an ISO stamp without version and PRI is a plain syslog header", {"message"}),
    "jc:cef.out:21": (PLAIN, {"malformed"}),
}  # fmt: skip
"""Where the record stands → (why we decide otherwise, the fields that may differ)."""


@pytest.mark.parametrize("record", _records("golden_syslog_rfc.jsonl"), ids=_place)
def test_headers_are_read_as_others_read_them(record: dict[str, Any]) -> None:
    found = differences(record)
    if _other_mode(record):
        assert set(found) <= {"process.name", "message", "host.hostname", "process.pid"}, NOT_OURS
        return
    _, allowed = EXCEPTIONS.get(_place(record), ("", set()))
    assert set(found) == allowed, found


MODES: dict[str, Mode] = {
    "octet-counted": "auto",
    "lf": "auto",
    "lf-only": "lines",
    "lf-multiline": "records",
}


AS_LINES = {"syslog-ng:test-framed-server.c:85"}
"""A digit without a number and a blank counts no octets: theirs was told to count, ours sees a line."""


@pytest.mark.parametrize("record", _records("golden_framing.jsonl"), ids=_place)
def test_frames_are_cut_as_others_cut_them(record: dict[str, Any]) -> None:
    meta, want = record["meta"], record["expect"]
    if _place(record) in AS_LINES:
        want = {"frames_b64": record["in_b64"], "error": False}
    blocks = [base64.b64decode(block) for block in record["in_b64"]]
    trims = "trimming" in meta["note"]
    for pieces in (blocks, [bytes([byte]) for byte in b"".join(blocks)]):
        limits = {"limit": meta["max_size"]} if meta["max_size"] else {}
        framer = Framer(MODES[meta["mode"]], trim=trims, **limits)
        frames = [frame for piece in pieces for frame in framer.feed(piece)]
        frames += framer.finish()
        assert frames == [base64.b64decode(frame) for frame in want["frames_b64"]]
        assert bool(framer.error) == want["error"]
