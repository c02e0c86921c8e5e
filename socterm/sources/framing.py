"""From the bytes of a stream to syslog frames: octet counting, newlines and NULs (RFC 6587, 3.4).

Which of them a sender uses is decided by how its connection begins: a number and a blank count octets.
"""

from __future__ import annotations

from typing import Final, Literal

Mode = Literal["auto", "octets", "lines", "records"]

FRAME_LIMIT: Final = 1 << 20
_DIGITS: Final = 8
"""Digits of a length that anybody sends; more are no length."""


class Framer:
    r"""Cuts one connection's stream into frames, however it was cut into reads.

    `mode` "auto" decides by the beginning: a length and a blank count octets; else each line is a frame, also
    one that begins with a year. "lines" ends a frame at each newline and drops blanks before a `<PRI>`; where
    the first `<PRI>` message ends in NUL, as Python's SysLogHandler sends it, each NUL ends one too.
    "records" only at a newline that a `<` follows, so that a message may hold newlines. A frame longer than
    `limit` is an error, or with `trim` keeps its first `limit` bytes. After an `error` the stream has no
    frames any more: the connection is to be closed. `cut` counts trimmed frames, `torn` those that the end of
    the stream cut off; `lengths` says how long those of the latest answer were that were trimmed, by index.

    >>> framer = Framer()
    >>> framer.feed(b"5 hel"), framer.feed(b"lo3 you")
    ([], [b'hello', b'you'])
    """

    def __init__(self, mode: Mode = "auto", *, limit: int = FRAME_LIMIT, trim: bool = False) -> None:
        self._mode = mode
        self._limit = limit
        self._trim = trim
        self._held = bytearray()
        self._skip = 0
        self._thrown = 0
        """Bytes of the line under way that were not even held, because it will be trimmed."""
        self._nul: bool | None = False
        """Whether NUL ends lines too; None while the first message has not ended in either way."""
        self._last = b""
        """The last byte before the block under way, while that is open."""
        self.error = ""
        self.cut = 0
        self.torn = 0
        self.lengths: dict[int, int] = {}

    @property
    def held(self) -> int:
        """Bytes of a frame that is not whole yet."""
        return len(self._held)

    @property
    def partial(self) -> bool:
        """Whether the stream is within a frame."""
        return bool(self._held or self._skip)

    def feed(self, block: bytes) -> list[bytes]:
        """Add what was read; answers with the frames that are whole now."""
        self.lengths = {}
        if self.error:
            return []
        if self._mode == "auto":
            block = self._decide(block)
        if self._mode == "lines":
            block = self._newlines(block)
            if b"\n" not in block and self._hold(block):
                return []
        self._held += block
        if self._mode == "auto":
            return []
        return self._counted() if self._mode == "octets" else self._delimited(last=False)

    def finish(self) -> list[bytes]:
        """The stream ended: the last line need not end in a newline; a counted frame must be whole."""
        self.lengths = {}
        if self._mode == "octets":
            self.torn += self.partial
            return []
        return self._delimited(last=True)

    def _hold(self, block: bytes) -> bool:
        """Take a piece out of the middle of a line, without a look at what is held; whether that will do."""
        if len(self._held) + len(block) <= self._limit:
            self._held += block
            return True
        if self._trim and len(self._held) > self._limit:
            self._thrown += len(block)
            return True
        return False

    def _decide(self, block: bytes) -> bytes:
        """Settle how frames are told apart, once the stream says so; answers with what is to be cut."""
        block = bytes(self._held) + block
        self._held.clear()
        head = block[: _DIGITS + 1]
        if head and not (head.isdigit() and len(head) <= _DIGITS):
            digits, blank, _ = head.partition(b" ")
            self._mode = "octets" if blank and digits.isdigit() else "lines"
            self._nul = None if head[:1] == b"<" else False
        return block

    def _newlines(self, block: bytes) -> bytes:
        """The block, with newlines for NULs where those end lines.

        The first message decides, by whether NUL comes before a newline and the next `<PRI>`; later ones do
        not, so that nobody ends a line by what they have written into it.
        """
        if self._nul is None:
            seen = self._last + block
            nul, following = seen.find(b"\0"), seen.find(b"\n<")
            if nul >= 0 or following >= 0:
                self._nul = nul >= 0 and not 0 <= following < nul
            self._last = block[-1:]
        return block.replace(b"\0", b"\n") if self._nul else block

    def _counted(self) -> list[bytes]:
        frames: list[bytes] = []
        held, at = self._held, 0
        while True:
            if self._skip:
                passed = min(self._skip, len(held) - at)
                at += passed
                self._skip -= passed
                if self._skip:
                    break
            digits, blank, _ = bytes(held[at : at + _DIGITS + 1]).partition(b" ")
            if ((digits or blank) and not digits.isdigit()) or len(digits) > _DIGITS:
                self.error = "octet counting: a frame must begin with its length"
                break
            if not blank:
                break
            length = int(digits)
            start = at + len(digits) + 1
            wanted = length
            if length > self._limit:
                if not self._trim:
                    self.error = f"octet counting: a frame of {length} bytes is longer than {self._limit}"
                    break
                wanted = self._limit
            if len(held) - start < wanted:
                break
            frames.append(bytes(held[start : start + wanted]))
            at = start + wanted
            if wanted < length:
                self.cut += 1
                self.lengths[len(frames) - 1] = length
                self._skip = length - wanted
        del held[:at]
        return frames

    def _delimited(self, *, last: bool) -> list[bytes]:
        ends = b"\n" if self._mode == "lines" else b"\n<"
        parts = bytes(self._held).split(ends)
        lead = ends[1:]
        frames = [part if index == 0 else lead + part for index, part in enumerate(parts)]
        rest = b"" if last else frames.pop()
        found: list[bytes] = []
        for frame in frames:
            thrown, self._thrown = self._thrown, 0
            if self._too_long(len(frame)):
                break
            cleaned = self._clean(frame)
            if len(cleaned) > self._limit:
                self.cut += 1
                self.lengths[len(found)] = len(cleaned) + thrown
                cleaned = cleaned[: self._limit]
            if cleaned:
                found.append(cleaned)
        ending = rest[-1:] == b"\n"  # perhaps the end of a record: then it is not part of it
        if not self.error and self._too_long(len(rest) - ending):
            rest = b""
        if len(rest) > self._limit + 2:
            self._thrown += len(rest) - self._limit - 2
            rest = rest[: self._limit + 1] + rest[-1:]  # still too long, so that it counts as cut
        self._held = bytearray(rest)
        return found

    def _too_long(self, length: int) -> bool:
        """Whether a frame ends the stream by its length; one that is trimmed does not."""
        if length > self._limit and not self._trim:
            self.error = f"a line is longer than {self._limit} bytes"
        return bool(self.error)

    @staticmethod
    def _clean(frame: bytes) -> bytes:
        frame = frame.rstrip(b"\r\n")
        if frame[:1] == b" ":
            bare = frame.lstrip(b" ")
            frame = bare if bare[:1] == b"<" else frame
        return frame
