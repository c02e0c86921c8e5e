"""Counters as Prometheus reads them."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from tests.service_scene import Scene

LINE = re.compile(r'socterm_[a-z_]+\{([a-z]+="(?:[^"\\\n]|\\["\\n])*"(,|(?=\})))*\} -?[0-9.e+-]+')


async def test_counters_are_those_of_the_store_and_every_line_is_one(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "a.db")
    hostile = '/var/"log"\\\n\x1b[31m'
    with sqlite3.connect(scene.store.path) as db:
        db.execute("UPDATE sources SET drops = ?, decoded = 7", ('{"cut": 4}',))
        db.execute("INSERT INTO sources (name, lines) VALUES (?, 5)", (hostile,))
    async with scene.client() as client:
        response = await client.get("/metrics", headers=scene.bearer("read"))
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = response.text.splitlines()
    told = [line for line in lines if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in told), told
    assert {
        'socterm_events_total{source="/var/log/auth.log"} 9',
        'socterm_parse_failures_total{source="/var/log/auth.log"} 2',
        'socterm_dropped_total{source="/var/log/auth.log",reason="cut"} 4',
        'socterm_alerts_open{level="high"} 0',
    } <= set(told)
    assert "\x1b" not in response.text
    assert sum(line.startswith("# TYPE") for line in lines) == 7
    assert not re.search(r"203\.0\.113|root", response.text)
    scene.store.close()
