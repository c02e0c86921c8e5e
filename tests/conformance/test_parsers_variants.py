"""The same event under six transport headers decodes to the same event."""

from __future__ import annotations

import importlib.util
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from socterm.event import Chunk
from socterm.parsers import Decoder, as_ecs

CORPORA = Path(os.environ.get("SOCTERM_CORPORA", "/nonexistent"))
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="SOCTERM_CORPORA names no folder")

NOW = int(datetime(2025, 12, 31, 23, tzinfo=UTC).timestamp()) * 1_000_000
FORMS = ("rfc3339", "rfc3164", "rfc5424", "rfc5424_sd", "journald", "docker")


def variants(line: str) -> dict[str, str]:
    if line[16:].partition(" ")[0].endswith(":"):
        return {}  # a line without a host: the generator would take its tag for one
    spec = importlib.util.spec_from_file_location("variants", CORPORA / "variants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, str] = module.variants(line)
    return found


def lines_of(name: str) -> list[str]:
    if name.endswith(".jsonl"):
        with (CORPORA / "golden" / name).open() as file:
            records = map(json.loads, file)
            return [r["line"] for r in records if r["kind"] in ("system.auth", "sshd", "pam-generic")]
    return (CORPORA / "logs" / name).read_text(errors="replace").splitlines()[:1500]


def told(ecs: dict[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in ecs.items() if k.split(".")[0] in ("host", "source", "user", "event")}
    kept.pop("event.original")
    kept["process.name"] = ecs.get("process.name")
    kept["second"] = ecs["@timestamp"][:19]
    return kept


@pytest.mark.parametrize(
    "name", ["golden_elastic.jsonl", "golden_fail2ban.jsonl", "auth_aws_bruteforce.log", "openssh_2k.log"]
)
def test_six_headers_one_event(name: str) -> None:
    made = [(line, found) for line in lines_of(name) if (found := variants(line))]
    assert len(made) > 50

    def decode(lines: list[str]) -> list[dict[str, Any]]:
        chunk = Chunk(name, 0, [line.encode() for line in lines], {}, NOW)
        return [as_ecs(event) for event in Decoder(name).decode(chunk)]

    originals = decode([line for line, _ in made])
    for form in FORMS:
        for plain, ours in zip(originals, decode([found[form] for _, found in made]), strict=True):
            if form == "journald" and "process.pid" not in plain:
                continue  # the generator invents pid 1 for lines without one: state is kept per pid
            assert told(ours) == told(plain), form
            assert "process.pid" not in plain or ours["process.pid"] == plain["process.pid"]
