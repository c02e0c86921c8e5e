"""socterm on a real pseudo-terminal: keys in, each byte it writes kept and read strictly."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

import pyte
from tests.e2e.road import environment, until

COLUMNS, LINES = 160, 50


def _log_in(slave: int) -> None:
    """As a shell starts a program; tests that run in the background have SIGINT ignored."""
    os.login_tty(slave)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Screen:
    """A program on a pty and what stands on its screen; killed when left, should it still run."""

    def __init__(self, command: Sequence[object], *, home: Path, columns: int = COLUMNS) -> None:
        self._command = [str(part) for part in command]
        self._home = home
        self._screen = pyte.Screen(columns, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._size = struct.pack("HHHH", LINES, columns, 0, 0)
        self._data = bytearray()
        self._fed = 0

    def __enter__(self) -> Screen:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, self._size)
        self.process = subprocess.Popen(
            self._command, cwd=self._home, preexec_fn=lambda: _log_in(slave),  # noqa: PLW1509
            env={**environment(self._home), "TERM": "xterm-256color", "COLORTERM": "truecolor"},
        )  # fmt: skip
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 1 << 16)
            except OSError:  # the other side is closed
                return
            if not data:
                return
            self._data += data

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    @property
    def written(self) -> bytes:
        """Every byte the program has written so far."""
        return bytes(self._data)

    def rows(self) -> list[str]:
        """The screen as it is now."""
        end = len(self._data)
        new = bytes(self._data[self._fed : end])
        new = new[: len(new) - len(_UNFINISHED.search(new)[0])]  # type: ignore[index] - matches the empty end
        self._fed += len(new)
        self._stream.feed(_UNKNOWN_TO_PYTE.sub(b"", new))
        return list(self._screen.display)

    def until(self, seen: Callable[[list[str]], bool], what: str, seconds: float = 60.0) -> None:
        """Wait for the screen to satisfy `seen`."""

        met = False

        def settled() -> bool:
            nonlocal met  # of one look: the next one may fall into the middle of a repaint
            met = seen(self.rows())
            return met or self.process.poll() is not None

        try:
            until(settled, what, seconds)
            assert met or seen(self.rows()), f"it ended ({self.process.returncode}) before {what}"
        except AssertionError as late:
            raise AssertionError(f"{late}\n" + "\n".join(row.rstrip() for row in self.rows())) from None

    def shows(self, *words: str, seconds: float = 60.0) -> None:
        """Wait until every word stands somewhere on the screen."""
        self.until(lambda rows: all(any(w in row for row in rows) for w in words), f"{words}", seconds)

    def lacks(self, word: str) -> None:
        """Wait until a word is gone from the screen."""
        self.until(lambda rows: not any(word in row for row in rows), f"{word!r} to go")

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def send(self, data: bytes) -> None:
        """What a terminal sends, as it is."""
        os.write(self._master, data)

    def paste(self, text: bytes) -> None:
        """Paste, as terminals do it."""
        os.write(self._master, b"\x1b[200~" + text + b"\x1b[201~")

    def leave(self) -> int:
        """Wait for the program to end by itself; its exit code."""
        until(lambda: self.process.poll() is not None, "the program to end")
        self._reader.join(60)
        code = self.process.returncode
        assert code is not None
        return int(code)


_UNFINISHED = re.compile(rb"(?:\x1b[^a-zA-Z\x1b]*)?\Z")
"""A control sequence whose end has not come yet."""

_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[(?:[<>=][\d;]*u|\?\d+\$p)")
"""Questions about the keyboard and modes, which the emulator would print."""


# -- what may reach a terminal

_CONTROL = re.compile(
    rb"\x1b\[(?P<csi>[0-?]*[ -/]*[@-~])"
    rb"|\x1b\](?P<osc>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    rb"|(?P<other>\x1b.?|[\x00-\x1f\x7f])",
    re.DOTALL,
)

_OUR_CSI = re.compile(
    rb"\?(?:7|25|1000|1003|1004|1006|1015|1049|2004|2026|2048)[hl]"  # modes: screen, mouse, paste, cursor
    rb"|\?20(?:26|48)\$p|>\d+u|<u"  # what the terminal can do
    rb"|\d{1,2};\d{1,3}H"  # to a place on the screen
    rb"|(?:(?:[0-47]|[34]8;2;\d+;\d+;\d+)(?:;|(?=m)))*m"  # bold, dim, italic, underline, reverse, colours
)

_OUR_OSC = re.compile(rb"22;[a-z]*")
"""The shape of the mouse pointer."""


class Reading:
    """A program's output taken apart: the `text`, and every control it should not have sent."""

    def __init__(self, data: bytes) -> None:
        self.foreign: set[bytes] = set()
        self.copied: list[bytes] = []
        text, end = bytearray(), 0
        for found in _CONTROL.finditer(data):
            text += data[end : found.start()] + b"\n"
            end = found.end()
            self._look(found)
        text += data[end:]
        self.text = text.decode("utf-8")  # strictly: what is not UTF-8 fails here

    def _look(self, found: re.Match[bytes]) -> None:
        csi, osc, other = found["csi"], found["osc"], found["other"]
        if osc is not None and osc.startswith(b"52;c;"):
            self.copied.append(osc[5:])
        elif not (
            (csi is not None and _OUR_CSI.fullmatch(csi))
            or (osc is not None and _OUR_OSC.fullmatch(osc))
            or other in {b"\r", b"\n"}
        ):
            self.foreign.add(found[0])

    def unprintable(self) -> set[str]:
        """What moves, hides, turns or covers text: C1, bidi, zero width, private use, piles of marks."""
        bad = {char for char in set(self.text) - {"\n"} if not char.isprintable()}
        return bad | set(re.findall("[\u0300-\u036f]{4,}", self.text))
