"""Killed at any point, and started again: a real server has been told all there is, and nothing twice."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from socterm.notify.choose import MINUTE
from socterm.store import open_store
from socterm.store.ingest.writer import Writer
from tests.notify_servers import Receiver
from tests.store_samples import NOW, batch, episode, login

ROOT = Path(__file__).resolve().parent.parent
ALERTS = range(1, 9)
MOMENTS = (NOW, NOW + 6 * MINUTE, NOW + 12 * MINUTE)


class Host:
    """The process whose children are killed."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.notify_host"],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, path: Path, url: str, point: int, *moments: int) -> int:
        """The exit status of a child."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{path} {url} {point} {' '.join(map(str, moments))}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=60)


@pytest.fixture
def host() -> Iterator[Host]:
    made = Host()
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store whose channel is on, and that has eight alerts nobody was told of."""
    path = tmp_path / "s.db"
    writer = Writer.open(path, now=NOW)
    with open_store(path) as opened:
        opened.outbox.begin("ops", NOW)
    events = [login(number) for number in ALERTS]
    writer.commit(batch(events, [episode(e.id, [e], alert=e.id, rule=f"rule-{e.id}") for e in events]))
    writer.close()
    return path


def told(receiver: Receiver) -> list[int]:
    """The alerts that somebody who tells repetitions by their keys was told of, by themselves or in sums."""
    seen: dict[str, list[int]] = {}
    for request in receiver.got:
        said = request.said
        ids = said["digest"]["ids"] if "digest" in said else [said["alert"]["id"]]
        assert seen.setdefault(request.key, ids) == ids
    return sorted(ident for ids in seen.values() for ident in ids)


def test_killed_at_each_point_nothing_is_lost_or_doubled(host: Host, store: Path, tmp_path: Path) -> None:
    point, twice = 0, 0
    while True:
        point += 1
        path = tmp_path / f"{point}.db"
        shutil.copy(store, path)
        with Receiver() as receiver:
            status = host.run(path, receiver.url, point, *MOMENTS)
            if status == 0:
                break
            assert status == -signal.SIGKILL
            assert host.run(path, receiver.url, 0, *MOMENTS, MOMENTS[-1] + 6 * MINUTE) == 0
            assert told(receiver) == list(ALERTS), f"killed at point {point}"
            tries = Counter(receiver.keys)
            assert len(tries) == 4, f"killed at point {point}"  # the cap, and one digest
            assert max(tries.values()) <= 2
            twice += len(receiver.got) - len(tries)
        path.unlink()
    assert point == 21
    # Only where it is killed between the answer and the note of it is one sent again.
    assert twice == 4


def test_killed_again_and_again_it_gets_to_the_end(host: Host, store: Path) -> None:
    with Receiver() as receiver:
        kills = 0
        for point in range(2, 40):
            if host.run(store, receiver.url, point, MOMENTS[0] + kills * 1_000_000) == 0:
                break
            kills += 1
        assert host.run(store, receiver.url, 0, MOMENTS[2], MOMENTS[2] + 6 * MINUTE) == 0
        assert kills == 5
        assert told(receiver) == list(ALERTS)
        assert len(set(receiver.keys)) == 4
