"""Whatever a writer, logrotate and a crash do in whatever order: each line once, in order."""

from __future__ import annotations

import gzip
import lzma
import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from socterm.sources.file import FileSource

NOW = 1_790_000_000_000_000
PACK = {".gz": gzip.compress, ".xz": lzma.compress}


class Follow(RuleBasedStateMachine):
    """A log, its writer and rotator on one side; a source that is stopped at any time on the other.

    The follower's copy of truth is what it was handed: `seen` must always be a prefix of `written`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="socterm-exact-")
        self.log = Path(self.folder.name) / "auth.log"
        self.written: list[bytes] = []
        self.seen: list[bytes] = []
        self.partial = b""
        self.stored: tuple[int, dict[str, Any]] | None = None
        self.source: FileSource | None = None
        self.old_writer: Path | None = None
        self.rotated = 0

    @initialize(dated=st.booleans(), width=st.sampled_from([0, 20, 3000]))
    def choose(self, dated: bool, width: int) -> None:
        self.dated = dated
        self.width = width
        self.append(1)
        self.up()
        self.read(1, 1)

    def up(self) -> None:
        self.source = FileSource(self.log, clock=lambda: NOW, resume=self.stored, from_start=True)

    def down(self) -> None:
        assert self.source is not None
        self.source.close()
        self.source = None

    def put(self, data: bytes, path: Path | None = None) -> None:
        with (path or self.log).open("ab") as log:
            log.write(data)

    def line(self) -> bytes:
        return b"%d %s" % (len(self.written), b"." * self.width)

    # -- the writer

    @precondition(lambda self: self.old_writer is None)
    @rule(count=st.integers(1, 5))
    def append(self, count: int) -> None:
        for _ in range(count):
            line = self.line()
            self.put(line[len(self.partial) :] + b"\n")
            self.partial = b""
            self.written.append(line)

    @precondition(lambda self: self.old_writer is None and not self.partial)
    @rule()
    def append_half(self) -> None:
        line = self.line()
        self.partial = line[: line.index(b" ") + 1 + self.width // 2]
        self.put(self.partial)

    @precondition(lambda self: self.old_writer is not None)
    @rule(count=st.integers(1, 5))
    def append_to_the_old_file(self, count: int) -> None:
        for _ in range(count):
            line = self.line()
            self.put(line[len(self.partial) :] + b"\n", self.old_writer)
            self.partial = b""
            self.written.append(line)

    @precondition(lambda self: self.old_writer is not None)
    @rule()
    def reopen(self) -> None:
        self.finish_partial(self.old_writer)
        self.old_writer = None

    def finish_partial(self, path: Path | None) -> None:
        """A daemon ends its line before it reopens."""
        if self.partial:
            line = self.line()
            self.put(line[len(self.partial) :] + b"\n", path)
            self.partial = b""
            self.written.append(line)

    # -- the rotator

    def slot(self) -> Path:
        """Where the log goes now; older numbered ones move up first."""
        if self.dated:
            self.rotated += 1
            return self.log.with_name(f"auth.log-{20260101 + self.rotated}")
        for number in range(self.rotated, 0, -1):
            for ext in ("", *PACK):
                old = self.log.with_name(f"auth.log.{number}{ext}")
                if old.exists():
                    old.rename(self.log.with_name(f"auth.log.{number + 1}{ext}"))
        self.rotated += 1
        return self.log.with_name("auth.log.1")

    @precondition(lambda self: self.old_writer is None and self.log.exists())
    @rule(create=st.booleans(), ready=st.booleans())
    def rename(self, create: bool, ready: bool) -> None:
        """Logrotate `create`: rename, new file, and later or at once the HUP."""
        if ready:
            self.finish_partial(self.log)
        old = self.log.rename(self.slot())
        if create or not ready:
            self.log.touch()
        self.old_writer = None if ready else old

    @precondition(lambda self: self.old_writer is None and self.log.exists())
    @rule(after=st.integers(0, 40))
    def copytruncate(self, after: int) -> None:
        self.finish_partial(self.log)
        copy = self.slot()
        copy.write_bytes(self.log.read_bytes())
        os.truncate(self.log, 0)
        for _ in range(after):
            self.append(1)

    @rule(ext=st.sampled_from(sorted(PACK)), pick=st.integers(0, 9))
    def compress(self, ext: str, pick: int) -> None:
        plain = [
            path
            for path in sorted(self.log.parent.iterdir())
            if path not in (self.log, self.old_writer) and path.suffix not in PACK
        ]
        if plain:
            path = plain[pick % len(plain)]
            info = path.stat()
            packed = path.with_name(path.name + ext)
            packed.write_bytes(PACK[ext](path.read_bytes()))
            os.utime(packed, ns=(info.st_atime_ns, info.st_mtime_ns))
            path.unlink()

    # -- the follower

    @precondition(lambda self: self.source is not None)
    @rule(limit=st.integers(1, 12), times=st.integers(1, 6))
    def read(self, limit: int, times: int) -> None:
        assert self.source is not None
        for _ in range(times):
            chunk = self.source.read(limit)
            if chunk is None:
                break
            assert chunk.first == len(self.seen)
            assert 0 < len(chunk.lines) <= limit
            self.seen += chunk.lines
            self.stored = (len(self.seen), chunk.bookmark)

    @precondition(lambda self: self.source is not None)
    @rule()
    def crash(self) -> None:
        self.down()

    @precondition(lambda self: self.source is None)
    @rule()
    def restart(self) -> None:
        self.up()

    @invariant()
    def nothing_doubled_and_nothing_skipped(self) -> None:
        assert self.seen == self.written[: len(self.seen)]

    def teardown(self) -> None:
        if hasattr(self, "dated"):
            if self.source is None:
                self.up()
            self.finish_partial(self.old_writer or self.log)
            self.old_writer = None
            self.append(1)
            self.read(7, 10_000)
            assert self.seen == self.written
            self.down()
        self.folder.cleanup()


FollowTest = Follow.TestCase
FollowTest.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
