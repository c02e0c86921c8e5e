"""What a terminal sends: keys, and text that is pasted, which stays text whatever stands in it."""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from textual._xterm_parser import BRACKETED_PASTE_END as END
from textual._xterm_parser import BRACKETED_PASTE_START as START
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers._byte_stream import ByteStream
from textual.drivers.linux_driver import LinuxDriver
from textual.drivers.web_driver import WebDriver, _ExitInput
from textual.message import Message

LOOKS: Final = 0.1
"""Seconds between two looks whether the console ends, or whether an Esc was one."""

READ: Final = 4096

ON_SCREEN: Final = "\x1b[?1049h\x1b[?25l"
"""To the screen of its own, without a cursor (xterm)."""


class PasteParser(XTermParser):
    """Reads what a terminal sends, and takes nothing in a pasted text for a key.

    Textual reads on for an escape sequence within a paste and hands what is none of its own to the console
    as keys, so that a log line pasted with its colours closes alerts. Many terminals take ESC out of what
    they paste; tmux and screens of browsers do not. Here ESC becomes ␛ before Textual sees it, and the end
    of a paste is waited for in one piece, however it was cut into reads.
    """

    def __init__(self, debug: bool = False) -> None:
        self._pasting = False
        self._begun = ""
        super().__init__(debug)

    def feed(self, data: str) -> Iterable[Message]:
        """What a read brought; "" is the end of all."""
        if data:
            data = self._plain(data)
            if not data:
                return ()
        return super().feed(data)

    def _plain(self, data: str) -> str:
        sent = 0 if self._pasting else len(self._begun)  # an Esc outside waits for nothing
        data = self._begun + data
        out: list[str] = []
        while True:
            mark = END if self._pasting else START
            text, found, data = data.partition(mark)
            self._begun = "" if found else _begun(text, mark)
            if self._pasting:
                text = text.removesuffix(self._begun).replace("\x1b", "␛")
            out.append(text)
            if not found:
                return "".join(out)[sent:]
            out.append(mark)
            self._pasting = not self._pasting


def _begun(text: str, mark: str) -> str:
    """As much of a mark as a text ends with.

    >>> _begun("abc\\x1b[20", "\\x1b[201~")
    '\\x1b[20'
    """
    return next((mark[:size] for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), "")


def _decoder() -> Callable[[bytes], str]:
    """Bytes that are no UTF-8, as of a terminal that writes Latin-1, end nothing: they are a `\ufffd`."""
    return getincrementaldecoder("utf-8")("replace").decode


class Terminal(LinuxDriver):
    """A terminal of this machine."""

    def run_input_thread(self) -> None:
        """Hand on what is typed until the console ends, or its terminal: then the console ends with it."""
        parser, decode = PasteParser(self._debug), _decoder()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                for _ in selector.select(LOOKS):
                    typed = self._read()
                    if not typed:
                        self._in_loop(self._app.exit)
                        return
                    text = decode(typed)
                    for message in parser.feed(text) if text else ():
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)

    def _read(self) -> bytes:
        """What was typed; nothing is the end of a terminal, which some systems tell by an error."""
        try:
            return os.read(self.fileno, READ)
        except OSError:
            return b""

    def _sigcont_application(self, *_: object) -> None:
        """Go on where it was suspended; else only draw anew what a shell may have drawn over.

        A terminal that is closed sends SIGCONT behind SIGHUP. Textual then starts its threads a second time:
        nobody ends the first ones, and the process waits for them for ever.
        """
        if self._must_signal_resume:
            super()._sigcont_application()
        else:
            self._in_loop(self._draw_anew)

    def _draw_anew(self) -> None:
        if not self._app._exit and self._writer_thread is not None:
            self.write(ON_SCREEN)
            self._enable_mouse_support()
            with self._app._context():
                self._app.refresh(layout=True)

    def _in_loop(self, what: Callable[[], object]) -> None:
        """Have something done by the application, from a signal's handler or another thread."""
        loop = self._app._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has just ended
                loop.call_soon_threadsafe(what)


class BrowserTerminal(WebDriver):
    """The terminal in a browser's page, over the standard streams of this process."""

    def run_input_thread(self) -> None:
        """Hand on what is typed until the console ends."""
        parser, decode, packets = PasteParser(self._debug), _decoder(), ByteStream()
        try:
            for data in self._input_reader:
                for what, payload in packets.feed(data) if data else ():
                    if what == "D":
                        text = decode(payload)
                        for message in parser.feed(text) if text else ():
                            self.process_message(message)
                    else:
                        self._on_meta(what, payload)
                for message in parser.tick():
                    self.process_message(message)
        except _ExitInput:
            pass
        finally:
            self._input_reader.close()


OURS: Final[dict[type[Driver], type[Driver]]] = {LinuxDriver: Terminal, WebDriver: BrowserTerminal}


def reading_text(driver: type[Driver]) -> type[Driver]:
    """The driver of ours for one of Textual's; a headless one is as good as any."""
    return OURS.get(driver, driver)
