"""Windows' event log files (.evtx) as lines of JSON, by the `evtx` package."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from socterm.errors import SoctermError
from socterm.sources.documents import Ahead, DocumentError, Lines, Stream

_MOST_BROKEN = 100_000
_SPOOLED = 32 << 20
"""Bytes of a packed file's copy that are held in memory."""
_CHUNK, _CHUNKS_AT, _HEADER = 65_536, 42, 4096


class EvtxStream(Lines):
    """Windows' event log file: one line of JSON per record, in the order of the file."""

    def __init__(self, stream: Stream, damage: tuple[type[Exception], ...], path: Path) -> None:
        super().__init__()
        try:
            import evtx  # noqa: PLC0415 - an optional package, needed for this one format
        except ImportError:
            raise SoctermError(
                f"{path}: reading .evtx needs the evtx package: pip install 'socterm[evtx]'"
            ) from None
        self._parser = evtx.PyEvtxParser
        self._stream = stream
        self._damage = damage
        self._file: IO[bytes] | None = None
        self._wrong = ""

    def close(self) -> None:
        """Close the file, and the copy of a packed one."""
        self._stream.close()
        if self._file is not None:
            self._file.close()

    def _lines(self) -> Iterator[bytes]:
        self._file = self._seekable()
        self._wrong = self._wrong or _cut_short(self._file)
        broken = 0
        first = ""
        try:
            records = self._parser(self._file, number_of_threads=1, indent=False).records_json()
        except (OSError, RuntimeError, ValueError) as error:
            raise DocumentError(f"no .evtx: {_one_line(error)}") from error
        while broken < _MOST_BROKEN:
            try:
                record = next(records, None)
            except (OSError, RuntimeError, ValueError) as error:
                broken += 1
                first = first or _one_line(error)
                continue
            if record is None:
                break
            yield record["data"].replace("\n", " ").encode("utf-8", "replace") + b"\n"
        if broken:
            self._wrong = f"{broken} records could not be read, the first: {first}"
        if self._wrong:
            raise DocumentError(self._wrong)

    def _seekable(self) -> IO[bytes]:
        """The file itself, or a copy of what comes out of a packed one: chunks are read by their offsets."""
        if not isinstance(self._stream, Ahead):
            return cast("IO[bytes]", self._stream)
        copy = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115 - closed with the stream
        try:
            shutil.copyfileobj(cast("IO[bytes]", _Readable(self._stream)), copy)
        except self._damage as error:
            self._wrong = _one_line(error)
        copy.seek(0)
        return cast("IO[bytes]", copy)


class _Readable:
    """`read` for a stream that has only `read1`."""

    def __init__(self, stream: Stream) -> None:
        self.read = stream.read1


def _cut_short(file: IO[bytes]) -> str:
    """Why not all records can be there: the file is shorter than its header says. "" if all is well."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(_CHUNKS_AT)
    chunks = int.from_bytes(file.read(2), "little")
    file.seek(0)
    whole = _HEADER + chunks * _CHUNK
    return f"cut short: {size} of {whole} bytes" if size < whole else ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
