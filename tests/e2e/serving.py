"""`socterm serve` as a process of its own, which tests ask, end and kill."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e.road import SOCTERM, environment


class Serving:
    """The process, at a free port of the loopback, on `s.db` in a folder; killed at the end of the block."""

    def __init__(self, home: Path, *words: object) -> None:
        self.process = subprocess.Popen(
            [*SOCTERM, "serve", "--listen", "127.0.0.1:0", "--db", str(home / "s.db"), *map(str, words)],
            env=environment(home), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stderr is not None
        said = ""
        while not (found := re.search(r"serving (http://127\.0\.0\.1:(\d+))", said)):
            said = self.process.stderr.readline()
            assert said, f"it ended: {self.process.wait()}"
        self.url, self.port = found[1], int(found[2])

    def end(self, how: signal.Signals) -> int:
        """Send a signal and wait; its exit code."""
        self.process.send_signal(how)
        self.process.communicate(timeout=60)
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
