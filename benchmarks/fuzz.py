"""`python -m benchmarks.fuzz [--time]`: a million hostile inputs through framing, headers and every parser.

Coverage-guided with atheris, from the examples of all formats and the golden logs. What must hold: no
exception, one event a line, the bytes come back out of the event, memory of the decoder can be saved and
restored. With `--time` the slowest lines of 64 KiB that can be made of the examples are timed instead.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

_watched: contextlib.AbstractContextManager[object] = contextlib.nullcontext()
if "--time" not in sys.argv:  # what is watched is many times slower
    import atheris

    _watched = atheris.instrument_imports(include=["socterm.parsers", "socterm.sources.framing"])
with _watched:
    from socterm.event import Chunk
    from socterm.parsers import Decoder, as_ecs
    from socterm.parsers.decoder import FAILED
    from socterm.parsers.registry import FORMATS
    from socterm.sources.framing import Framer

NOW = 1_795_168_800_000_000
LONG = 64 << 10
LIMIT = 0.020
"""Seconds that no line of 64 KiB may take."""
LOGS = Path(__file__).resolve().parents[1] / "tests" / "logs"
FORCED = ["", *sorted(FORMATS)]


def one_input(data: bytes) -> None:
    """The first byte chooses framing or a format to force, none mostly; the rest are lines."""
    if not data:
        return
    if data[0] < 16:
        framed(data[1:], data[0])
        return
    form = FORCED[data[0] % len(FORCED)] if data[0] >= 192 else ""
    lines = data[1:].split(b"\n")
    decoder = Decoder("fuzz", form=form)
    events = decoder.decode(Chunk("fuzz", 0, lines, {}, NOW, live=False))
    if len(events) != len(lines):
        raise AssertionError("not one event a line")
    for line, event in zip(lines, events, strict=True):
        kept = event.raw_bytes if event.raw_bytes is not None else event.raw.encode()
        if kept != line:
            raise AssertionError(f"bytes lost: {line!r} {kept!r}")
        json.dumps(as_ecs(event)).encode()
        if str(event.fields.get("error.message", "")).startswith(FAILED):
            raise AssertionError(f"{event.fields['error.message']}: {line!r}")
    kept_state = decoder.changes()
    fresh = Decoder("fuzz", form=form)
    fresh.restore([(key, value) for key, value in kept_state if value is not None])


def framed(data: bytes, choice: int) -> None:
    """Any cut of a stream gives the same frames."""
    mode = ("auto", "octets", "lines", "records")[choice % 4]
    whole, pieces = Framer(mode, limit=200), Framer(mode, limit=200)  # type: ignore[arg-type]
    first = whole.feed(data) + whole.finish()
    step = 1 + choice // 4
    second = [f for at in range(0, len(data), step) for f in pieces.feed(data[at : at + step])]
    second += pieces.finish()
    if first != second or bool(whole.error) != bool(pieces.error):
        raise AssertionError(f"frames depend on the reads: {first!r} {second!r}")


def seeds() -> Iterator[bytes]:
    """Examples and golden lines, as inputs."""
    for made in FORMATS.values():
        yield b"\x20" + made.example.encode()
    for path in sorted(LOGS.glob("*/*.log")):
        for line in path.read_bytes().split(b"\n"):
            if line:
                yield b"\x20" + line
    yield b"\x000 5 hello3 abc"
    yield b"\x02<13>a\n <14>b\n"


def long_lines() -> Iterator[tuple[str, bytes]]:
    """Lines of 64 KiB: each example with each of its words, and each of its signs, repeated."""
    for name, made in FORMATS.items():
        text = made.example
        places = [0, *(at + 1 for at, char in enumerate(text) if char in " =:;,[](){}\"'<>|/\t&"), len(text)]
        for left, right in itertools.pairwise(places):
            for piece in (text[left:right], text[left:right].rstrip(), text[right - 1 : right]):
                if piece:
                    filled = text[:left] + piece * ((LONG - len(text)) // len(piece) + 1) + text[right:]
                    yield name, filled.encode()[:LONG]


def slowest(lines: Iterable[tuple[str, bytes]]) -> list[tuple[float, str, bytes]]:
    """The slowest lines, best of three each, slowest first: (seconds, format, line)."""
    found = []
    for name, line in lines:
        if _timed(line) > LIMIT / 4:
            found.append((min(_timed(line) for _ in range(3)), name, line))
    return sorted(found, reverse=True)


def _timed(line: bytes) -> float:
    decoder = Decoder("fuzz")
    chunk = Chunk("fuzz", 0, [line], {}, NOW, live=False)
    start = time.process_time()
    (event,) = decoder.decode(chunk)
    took = time.process_time() - start
    if str(event.fields.get("error.message", "")).startswith(FAILED):
        click.echo(f"{event.fields['error.message']}: {line[:80]!r} …")
    return took


@click.command()
@click.option("--runs", type=int, default=1_000_000, show_default=True, help="Inputs.")
@click.option("--longest", type=int, default=2048, show_default=True, help="Bytes of an input.")
@click.option("--corpus", type=click.Path(file_okay=False, path_type=Path), help="Folder to keep inputs in.")
@click.option("--time", "timed", is_flag=True, help="Time long lines instead; exit 1 where one is too slow.")
def main(runs: int, longest: int, corpus: Path | None, timed: bool) -> None:
    """Fuzz until RUNS inputs went through, or something broke: then the fuzzer shows the input."""
    if timed:
        late = slowest(long_lines())
        for took, name, line in late[:10]:
            click.echo(f"{took * 1000:7.1f} ms  {name:14} {line[:60]!r} …")
        worst = late[0][0] if late else 0.0
        click.echo(f"slowest line of 64 KiB: {worst * 1000:.1f} ms (limit {LIMIT * 1000:.0f} ms)")
        sys.exit(1 if worst > LIMIT else 0)
    with tempfile.TemporaryDirectory(prefix="socterm-fuzz-") as scratch:
        folder = corpus or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds()):
            (folder / f"seed-{number:05}").write_bytes(seed)
        options = [sys.argv[0], f"-runs={runs}", f"-max_len={longest}", "-timeout=10", "-print_final_stats=1"]
        atheris.Setup([*options, str(folder)], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
