"""The systemd journal, followed through `journalctl`: one JSON object a record."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from typing import IO, Any

from socterm.event import Chunk
from socterm.sources.base import Clock, Resume, SourceStats, Wake, no_wake
from socterm.sources.lines import LineBuffer, Taken
from socterm.sources.pump import Pump

AUTH_MATCHES = ("SYSLOG_FACILITY=4", "+", "SYSLOG_FACILITY=10")
"""What syslog would have written to auth.log: the facilities auth and authpriv."""

_BACK_OFF = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a journalctl that ended is started again; the last one from then on."""

_GRACE = 2.0
"""Seconds a journalctl has to end, after its last word and after being told to."""

_BLOCKS_A_READ = 64

_CURSOR = re.compile(rb'"__CURSOR"\s*:\s*"([^"\\]+)"')
"""Quotes inside a message are escaped in JSON, so no log text can pass for this."""

_DENIED = ("insufficient permissions", "not seeing messages from other users")
_REMEDY = (
    "permission denied: join group systemd-journal: sudo usermod -aG systemd-journal $USER, then log in again"
)


class JournalSource:
    """Records of the journal as JSON lines, resumed by cursor.

    `matches` restricts it (journalctl's own syntax), `arguments` go to journalctl as they are
    (`--file PATH`, `--directory PATH`). A journalctl that ends is started again behind the last
    record handed over, with growing pauses; the note says so. A record beyond the size limit may
    lose its cursor with its end: the bookmark then is the cursor before it and how many to skip.
    `once` reads what there is, from the start unless `lines` are asked for, and is done.

    A journalctl that follows shows this boot alone: what is behind is read by one that does not, to its end,
    and followed from there. What was written between our end and the machine's is not lost so.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        resume: Resume = None,
        name: str = "journal",
        matches: Sequence[str] = (),
        arguments: Sequence[str] = (),
        from_start: bool = False,
        lines: int | None = None,
        once: bool = False,
        journalctl: str = "journalctl",
        note: str = "",
    ) -> None:
        self.name = name
        self._clock = clock
        self._position, bookmark = resume or (0, {})
        self._cursor = str(bookmark.get("cursor", ""))
        self._skip = int(bookmark.get("skip", 0))
        self.live = not once
        self._program = journalctl
        self._arguments = ["-o", "json", "--all", *arguments]
        self._matches = matches
        self._whole = from_start or (once and lines is None)
        self._lines = lines or 0
        self._since = 0 if self._whole or lines else int(bookmark.get("since", 0))
        self._behind = self.live and (self._whole or bool(self._cursor) or bool(self._since))
        self._note = note
        self._buffer = LineBuffer()
        self._wake: Wake = no_wake
        self._child: subprocess.Popen[bytes] | None = None
        self._pump: Pump | None = None
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
        self._timer: threading.Timer | None = None
        self._due = False
        self._to_pass = 0
        self._repeated = ""
        self._restarts = 0
        self._failures = 0
        self._stopping = False
        self._closed = False
        self._drops = {"oversized": 0, "not a record": 0}

    def start(self, wake: Wake) -> None:
        """Start journalctl behind the bookmark, or at the end of the journal."""
        self._wake = wake
        if not self._lines:
            self._begin()
        self._launch()

    def read(self, limit: int) -> Chunk | None:
        """The next records; starts journalctl again when it has ended and its pause is over."""
        if self._due:
            self._due = False
            self._timer = None
            self._launch()
        while self._pump is not None:
            for _ in range(_BLOCKS_A_READ):
                if self._buffer.ready >= limit or not (block := self._pump.take()):
                    break
                self._buffer.feed(block)
            taken = self._buffer.take(limit)
            if taken is None:
                self._look_after_child()
                return None
            if chunk := self._chunk(taken):
                return chunk
        return None

    def bookmark(self) -> dict[str, Any] | None:
        """From when on it is read where no record came yet; None where that goes without saying."""
        return {"since": self._since} if self._since and not self._cursor else None

    @property
    def done(self) -> bool:
        """True after `close`, after a `stop` or with `once` when all was read, and without a journalctl."""
        return self._closed

    def stats(self) -> SourceStats:
        """Records waiting are not known; the note tells of restarts and missing rights."""
        return SourceStats(
            drops={reason: count for reason, count in self._drops.items() if count}, note=self._say()
        )

    def stop(self) -> None:
        """End journalctl; what it has written already can still be read, then the source is done."""
        self._stopping = True
        self._kill()
        if self._pump is None:
            self.close()

    def close(self) -> None:
        """End journalctl and the thread that reads from it."""
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._due = False
        self._kill()
        self._end_pump()
        self._complaints.close()

    def _launch(self) -> None:
        follow = ["-f"] if self.live and not self._behind else []
        self._to_pass, self._repeated = self._skip, self._cursor
        self._complaints.seek(0)
        self._complaints.truncate()
        try:
            self._child = subprocess.Popen(  # noqa: S603 - no shell; the cursor is an argument of its own
                [self._program, *follow, *self._arguments, *self._where(), *self._matches],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
            )
        except OSError as error:
            self._note = f"cannot start {self._program}: {error.strerror}; this system may have no journal"
            self._closed = True
            return
        assert self._child.stdout is not None  # noqa: S101 - for the type checker
        self._begin()
        self._pump = Pump(self._child.stdout.fileno(), self._wake, f"socterm-{self.name}")
        self._pump.start()

    def _begin(self) -> None:
        """From now on nothing is missed, when this one ends before its first record or we do."""
        if self.live and not (self._cursor or self._whole or self._since):
            self._since = self._clock()

    def _where(self) -> list[str]:
        if self._cursor:
            return ["--no-tail", "--after-cursor", self._cursor]
        if self._since:
            return ["--no-tail", "--since", f"@{self._since / 1e6:.6f}"]
        return ["--no-tail"] if self._whole else ["-n", str(self._lines)]

    def _look_after_child(self) -> None:
        """Everything that came is handed over: see whether journalctl has ended."""
        if self._pump is None or not self._pump.ended or self._child is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(_GRACE)  # its exit code says whether that was its end or an accident
        self._kill()
        self._end_pump()
        self._buffer.clear()  # a record cut off by the end comes again, whole
        if self._stopping or not self.live:
            self._note = self._say_why() or self._note
            self.close()
            return
        if self._behind and self._child.returncode == 0:
            self._behind = False
            self._launch()
            return
        pause = _BACK_OFF[min(self._failures, len(_BACK_OFF) - 1)]
        self._failures += 1
        self._restarts += 1
        self._timer = threading.Timer(pause, self._restart)
        self._timer.daemon = True
        self._timer.start()

    def _chunk(self, taken: Taken) -> Chunk | None:
        lines: list[bytes] = []
        notes: dict[int, dict[str, Any]] = {}
        for index, line in enumerate(taken.lines):
            if not line.startswith(b"{"):
                self._drops["not a record"] += 1
            elif not self._seen(line):
                if index in taken.notes:
                    notes[len(lines)] = taken.notes[index]
                lines.append(line)
        if not lines:
            return None
        self._failures = 0
        self._move_cursor(lines)
        self._drops["oversized"] += len(notes)
        first = self._position
        self._position += len(lines)
        bookmark: dict[str, Any] = {"cursor": self._cursor}
        if self._skip:
            bookmark["skip"] = self._skip
        return Chunk(
            source=self.name,
            first=first,
            lines=lines,
            bookmark=bookmark,
            now=self._clock(),
            live=self.live,
            notes=notes,
        )

    def _seen(self, line: bytes) -> bool:
        """Whether a record just after a start was handed over before."""
        if self._to_pass:
            self._to_pass -= 1
            return True
        if self._repeated:
            repeated, self._repeated = self._repeated, ""
            return _cursor(line) == repeated
        return False

    def _move_cursor(self, lines: list[bytes]) -> None:
        for back, line in enumerate(reversed(lines)):
            if cursor := _cursor(line):
                self._cursor, self._skip = cursor, back
                return
        self._skip += len(lines)

    def _say(self) -> str:
        if self._child is None or self._closed:
            return self._note
        said = os.pread(self._complaints.fileno(), 4096, 0).decode("utf-8", "replace")
        if any(phrase in said for phrase in _DENIED):
            return _REMEDY
        if self._restarts:
            reason = said.strip().splitlines()[-1] if said.strip() else f"exit code {self._child.returncode}"
            return f"journalctl ended ({reason}); started again {self._restarts} times"
        return self._note

    def _say_why(self) -> str:
        """Why a journalctl that was to read once ended without reading, "" where it did read."""
        if self.live or self._child is None or not self._child.returncode:
            return ""
        said = os.pread(self._complaints.fileno(), 4096, 0).decode("utf-8", "replace").strip()
        return said.splitlines()[-1] if said else f"journalctl ended with exit code {self._child.returncode}"

    def _kill(self) -> None:
        if self._child is None or self._child.poll() is not None:
            return
        self._child.terminate()
        try:
            self._child.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _end_pump(self) -> None:
        if self._pump is not None:
            self._pump.close()
            self._pump = None
        if self._child is not None and self._child.stdout is not None:
            self._child.stdout.close()

    def _restart(self) -> None:
        self._due = True
        self._wake()


def _cursor(line: bytes) -> str:
    found = _CURSOR.search(line)
    return found[1].decode("ascii", "replace") if found else ""
