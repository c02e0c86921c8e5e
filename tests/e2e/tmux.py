"""A tmux of our own, with a shell in it: commands typed, keys pressed, the pane read."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from tests.e2e.road import environment, until

COLUMNS, LINES = 160, 50
_SIZE = ["-x", str(COLUMNS), "-y", str(LINES)]


class Tmux:
    """A server on a socket in `folder`, with one pane; killed with all in it when left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._command = ["tmux", "-f", "/dev/null", "-S", str(folder / "tmux.socket")]

    def __enter__(self) -> Tmux:
        environ = {
            **environment(self._folder),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "PS1": "$ ",
        }
        subprocess.run(
            [*self._command, "new-session", "-d", *_SIZE, "-c", str(self._folder), "sh"],
            check=True, env=environ, capture_output=True,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run([*self._command, "kill-server"], check=False, capture_output=True)

    def do(self, *arguments: str) -> str:
        """One command of tmux; what it prints."""
        done = subprocess.run([*self._command, *arguments], check=True, capture_output=True, text=True)
        return done.stdout.removesuffix("\n")

    def type(self, command: Sequence[object]) -> None:
        """Type a command into the shell; `left with CODE` follows its output."""
        line = shlex.join(map(str, command)) + "; echo left with $?"
        self.do("send-keys", "-l", line)
        self.keys("Enter")

    def keys(self, *names: str) -> None:
        """Press keys by tmux's names."""
        self.do("send-keys", *names)

    def rows(self) -> list[str]:
        """What stands in the pane."""
        return self.do("capture-pane", "-p").splitlines()

    def until(self, holds: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Wait; shows the pane where it was in vain."""
        try:
            until(holds, what, seconds)
        except AssertionError as late:
            raise AssertionError(f"{late}\n" + "\n".join(self.rows())) from None

    def shows(self, *words: str, seconds: float = 60.0) -> None:
        """Wait until every word stands in the pane."""
        self.until(lambda: self.has(*words), f"{words}", seconds)

    def has(self, *words: str) -> bool:
        """Whether every word stands in the pane."""
        rows = self.rows()
        return all(any(word in row for row in rows) for word in words)
