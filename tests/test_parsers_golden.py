"""Every log under tests/logs has its events beside it: what `parse --json` says of each line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from socterm.event import Chunk
from socterm.parsers import Decoder, as_ecs

LOGS = Path(__file__).parent / "logs"
NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000
PAIRS = sorted(path for path in LOGS.glob("*/*.log") if path.with_suffix(".expected.jsonl").exists())


def decoded(path: Path) -> list[dict[str, object]]:
    lines = path.read_bytes().split(b"\n")[:-1]
    chunk = Chunk(path.name, 0, lines, {}, NOW, live=False)
    return [as_ecs(event) for event in Decoder(path.name).decode(chunk)]


@pytest.mark.parametrize("path", PAIRS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_lines_become_the_events_beside_them(path: Path) -> None:
    expected = [json.loads(line) for line in path.with_suffix(".expected.jsonl").read_text().splitlines()]
    found = decoded(path)
    for got, want in zip(found, expected, strict=True):
        assert json.loads(json.dumps(got)) == want


def test_every_parser_of_this_room_has_a_golden_pair() -> None:
    rooms = {path.parent.name for path in PAIRS}
    assert rooms >= {"sshd", "pam", "sudo", "su", "accounts", "cron", "systemd", "headers"}
