"""One ingest at a time: the lease, its takeover, and what kill -9 leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from socterm.errors import LeaseHeldError
from socterm.store import canonical, check, lease
from socterm.store.connection import connect
from socterm.store.ingest.writer import Writer

from store_samples import NOW, batch, login

SECOND = 1_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


def child(path: Path, body: str) -> subprocess.Popen[str]:
    """A process that opens the store as `writer`, says so, and runs `body`."""
    code = textwrap.dedent(
        """
        import sys
        sys.path.insert(0, {tests!r})
        from socterm.store.ingest.batch import Batch
        from socterm.store.ingest.writer import Writer
        from store_samples import NOW, batch, episode, login
        writer = Writer.open({path!r}, now=NOW)
        print("ready", flush=True)
        {body}
        """
    ).format(tests=str(Path(__file__).parent), path=str(path), body=body)
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_second_ingester_is_told_who_holds_the_file(path: Path) -> None:
    with child(path, "sys.stdin.read()") as holder:
        with pytest.raises(LeaseHeldError, match=rf"process {holder.pid} on .* since 4 s ago") as caught:
            Writer.open(path, now=NOW + 4 * SECOND)
        assert "\n" not in str(caught.value)
        holder.kill()


def test_a_dead_process_loses_the_lease_at_once(path: Path) -> None:
    with child(path, "sys.stdin.read()") as holder:
        holder.kill()
        holder.wait()
    Writer.open(path, now=NOW).close()


def test_a_pid_that_was_given_to_another_process_is_dead(path: Path) -> None:
    Writer.open(path, now=NOW)
    connect(path).execute("UPDATE lease SET start = '1'")
    Writer.open(path, now=NOW).close()


def test_a_process_of_another_machine_is_given_ten_seconds(path: Path) -> None:
    first = Writer.open(path, now=NOW)
    connect(path).execute("UPDATE lease SET boot = 'elsewhere', host = 'db02'")
    with pytest.raises(LeaseHeldError, match="on db02"):
        Writer.open(path, now=NOW + 10 * SECOND)
    first.heartbeat(NOW + 5 * SECOND)
    with pytest.raises(LeaseHeldError):
        Writer.open(path, now=NOW + 15 * SECOND)
    Writer.open(path, now=NOW + 15 * SECOND + 1).close()


def test_a_heartbeat_of_the_future_does_not_hold_the_file_for_ever(path: Path) -> None:
    Writer.open(path, now=NOW + 3600 * SECOND)
    Writer.open(path, now=NOW).close()


def test_a_writer_that_lost_the_lease_cannot_commit(path: Path) -> None:
    slow = Writer.open(path, now=NOW)
    slow.commit(batch([login(1)]))
    fast = Writer.open(path, now=NOW + 11 * SECOND)
    for attempt in (lambda: slow.commit(batch([login(2)])), lambda: slow.heartbeat(NOW)):
        with pytest.raises(LeaseHeldError, match="took over"):
            attempt()
    assert fast.next_event_id == 2
    fast.commit(batch([login(2)]))
    slow.close()
    fast.heartbeat(NOW + 12 * SECOND)
    fast.close()
    assert check(path) == []


def test_closing_gives_the_lease_back(path: Path) -> None:
    Writer.open(path, now=NOW).close()
    with child(path, "writer.close()") as second:
        assert second.wait() == 0


def test_a_process_knows_itself_and_that_it_lives() -> None:
    me = lease.this_process()
    assert me.pid == os.getpid()
    assert not lease.is_dead(me)
    assert lease.is_dead(lease.Holder(me.boot, 2**22 + 1, me.start, me.host))
    assert not lease.is_dead(lease.Holder("another boot", 2**22 + 1, "", me.host)), "nobody can know that"


@pytest.mark.parametrize("lines", [1, 30, 90])
def test_kill_9_leaves_the_last_commit_and_ingest_goes_on_from_there(tmp_path: Path, lines: int) -> None:
    """Killed somewhere in a run of commits, and again; the end is that of an uninterrupted run."""
    path = tmp_path / "killed.db"
    body = "exec(open({!r}).read())".format(str(tmp_path / "work.py"))
    (tmp_path / "work.py").write_text(WORK)
    for _ in range(3):
        with child(path, body) as process:
            assert process.stdout is not None
            for _ in range(lines):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
        assert check(path) == []
    with child(path, body) as process:
        process.communicate()
    with child(tmp_path / "whole.db", body) as process:
        process.communicate()
    assert check(path) == []
    assert list(canonical(path)) == list(canonical(tmp_path / "whole.db"))


WORK = """
state = writer.load_state()
seen = [login(h.event) for e in state.episodes for h in e.hits]
for number in range(writer.next_event_id, 200):
    one = login(number)
    seen.append(one)
    alert = 1 if len(seen) >= 5 else 0
    writer.commit(batch([one], [episode(1, seen, new=[one], alert=alert)]))
    if number % 9 == 0:
        writer.feed_fts(5)
    print(number, flush=True)
writer.close()
"""
