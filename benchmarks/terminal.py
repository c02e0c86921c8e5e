"""The console on a real pseudo-terminal, seen through a terminal emulator."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import pyte

COLUMNS, LINES = 160, 50


class Terminal:
    """A program on a pty; `text` is what stands on its screen now. Ends the program when left."""

    def __init__(self, command: Sequence[str | Path], environ: dict[str, str] | None = None) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self.started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **(environ or {})})
            os.execvp(str(command[0]), [str(part) for part in command])
        size = struct.pack("HHHH", LINES, COLUMNS, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)
            self.wait()
        os.close(self._fd)

    @property
    def text(self) -> list[str]:
        """The rows of the screen."""
        return list(self._screen.display)

    def look(self, seconds: float) -> bool:
        """Take in what the program wrote, waiting at most that long; False once it has ended."""
        data = self._read(seconds)
        if data:
            self._stream.feed(data)
        return data != b""

    def drain(self, seconds: float) -> bool:
        """Take what the program writes in that time and show none of it; False once it has ended.

        The emulator is Python and needs more of the processor than a terminal does: it would be measured too.
        """
        limit = time.perf_counter() + seconds
        while (left := limit - time.perf_counter()) > 0:
            if self._read(left) == b"":
                return False
        return True

    def _read(self, seconds: float) -> bytes | None:
        """What was written; None for nothing in that time, empty at the end."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready:
            return None
        try:
            return os.read(self._fd, 1 << 16)
        except OSError:
            return b""

    def until(self, seen: Callable[[list[str]], bool], seconds: float = 60.0) -> float:
        """Look until the screen satisfies `seen`; the moment it did. `RuntimeError` after `seconds`."""
        limit = time.perf_counter() + seconds
        while not seen(self.text):
            if not self.look(0.05) or time.perf_counter() > limit:
                raise RuntimeError("the console never showed it:\n" + "\n".join(self.text))
        return time.perf_counter()

    def until_written(self, text: str, seconds: float = 10.0) -> float:
        """Take what the program writes until this text is among it; the moment. Nothing of it is shown."""
        wanted, tail = text.encode(), b""
        limit = time.perf_counter() + seconds
        while time.perf_counter() < limit:
            data = self._read(0.05)
            if data == b"":
                break
            tail = tail[-len(wanted) :] + (data or b"")
            if wanted in tail:
                return time.perf_counter()
        raise RuntimeError(f"the console never wrote {text!r}")

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._fd, keys.encode())

    def wait(self, seconds: float = 30.0) -> int:
        """Let it end; its exit code. Killed when it takes longer than that."""
        limit = time.perf_counter() + seconds
        while self.look(0.5):
            if time.perf_counter() > limit:
                os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)


def mentions(*words: str) -> Callable[[list[str]], bool]:
    """Whether one row of the screen has all the words, whatever their case."""
    low = [word.lower() for word in words]
    return lambda rows: any(all(word in row.lower() for word in low) for row in rows)
