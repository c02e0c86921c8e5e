"""The process that draws one person's console, and how it is started, told and ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from socterm.service.browser.packets import DATA, META, PacketError, Packets, packet, told

PASSED: Final = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    "SOCTERM_CONFIG",
)  # fmt: skip
"""What of this environment the child gets: where things are. The rest may hold keys and tokens."""

WIDTH: Final = (20, 400)
HEIGHT: Final = (8, 200)
"""Cells a terminal has at least and at most, whatever a browser says."""

ENDING: Final = 3.0
"""Seconds the console has to end by itself."""

READ: Final = 64 << 10


def environment(environ: Mapping[str, str], width: int, height: int, stamp: str) -> dict[str, str]:
    """That of the child; `stamp` is that of the login it is for."""
    width, height = clamped(width, height)
    return {name: environ[name] for name in PASSED if name in environ} | {
        "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "PYTHONUTF8": "1",
        "SOCTERM_LOGIN": stamp,
        "COLUMNS": str(width),
        "ROWS": str(height),
    }


def clamped(width: int, height: int) -> tuple[int, int]:
    """A size that a terminal can have."""
    return min(max(width, WIDTH[0]), WIDTH[1]), min(max(height, HEIGHT[0]), HEIGHT[1])


def command(db: Path, actor: str, role: str, config: Path | None = None) -> list[str]:
    """How the console of one person is started; nothing of it goes through a shell.

    Nor is anything imported from the folder that the service happens to stand in (`-P`).
    """
    named = [] if config is None else ["--config", str(config)]
    return [
        sys.executable, "-P", "-m", "socterm.cli.window", "--db", str(db), f"--actor={actor}", "--role", role,
        "--parent", str(os.getpid()), *named,
    ]  # fmt: skip


class Child:
    """One console, drawn for a browser. `trouble` is what it said on its standard error, at most a line."""

    def __init__(self, argv: list[str], environ: dict[str, str]) -> None:
        self._argv = argv
        self._environ = environ
        self._process: asyncio.subprocess.Process | None = None
        self._errors: asyncio.Task[str] | None = None
        self._read_by_somebody = False
        self.trouble = ""

    async def start(self) -> None:
        """Start it, in a session of its own, so that no signal of a terminal reaches it."""
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._argv, stdin=pipe, stdout=pipe, stderr=pipe, env=self._environ, start_new_session=True
        )
        self._errors = asyncio.create_task(self._complaint())

    async def screens(self) -> AsyncIterator[bytes]:
        """What it draws, as it comes, until it ends."""
        if self._process is None or self._process.stdout is None:
            raise RuntimeError("the console was not started")
        packets = Packets()
        while block := await self._read(self._process.stdout):
            try:
                found = packets.feed(block)
            except PacketError as error:
                self.trouble = str(error)
                return
            for kind, payload in found:
                if kind == DATA:
                    yield payload
                elif kind == META and b'"exit"' in payload:
                    return

    async def keys(self, text: str) -> None:
        """What was typed, as a terminal would send it."""
        await self._write(packet(DATA, text.encode()))

    async def resize(self, width: int, height: int) -> None:
        """The terminal has another size now."""
        width, height = clamped(width, height)
        await self._write(told("resize", width=width, height=height))

    async def focus(self, *, has: bool) -> None:
        """Whether its window is the one in front."""
        await self._write(told("focus" if has else "blur"))

    async def close(self) -> None:
        """End it: asked, then told, then killed."""
        process = self._process
        if process is None:
            return
        rest = asyncio.create_task(self._drain())
        for step in (self._quit, process.terminate, process.kill):
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    step()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(process.wait(), ENDING)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(rest, ENDING)
        if self._errors is not None:
            self.trouble = self.trouble or await self._errors

    async def _read(self, stream: asyncio.StreamReader) -> bytes:
        self._read_by_somebody = True
        try:
            return await stream.read(READ)
        finally:
            self._read_by_somebody = False

    async def _drain(self) -> None:
        """Take what it still draws, for nobody: who waits to be read does not end, nor does its pipe."""
        stream = self._process.stdout if self._process is not None else None
        while stream is not None and not self._read_by_somebody and await self._read(stream):
            pass

    def _quit(self) -> None:
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            with contextlib.suppress(ConnectionError):
                process.stdin.write(told("quit"))
                process.stdin.close()

    async def _write(self, block: bytes) -> None:
        """A child that has ended takes nothing; whoever reads its screens notices."""
        process = self._process
        if process is not None and process.stdin is not None and not process.stdin.is_closing():
            with contextlib.suppress(ConnectionError):
                process.stdin.write(block)
                await process.stdin.drain()

    async def _complaint(self) -> str:
        """The last line of its standard error, which is read to its end so that it never fills."""
        last = b""
        if self._process is not None and self._process.stderr is not None:
            while block := await self._process.stderr.read(READ):
                last = (last + block)[-2000:]
        return last.decode(errors="replace").strip().rpartition("\n")[2][:200]
