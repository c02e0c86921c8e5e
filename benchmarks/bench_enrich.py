"""What enrichment costs: microseconds of CPU a line of auth.log, loading lists of indicators, looking up.

Lines are enriched as ingest does it: 2,000 at a time, just decoded, open sessions collected after each batch.
Look-ups are those of values that were not seen before, with 1,000 entries and with 100,000: the rates must be
alike. Addresses and names are made up (RFC 2544 and RFC 2606).
"""

from __future__ import annotations

import gc
import sys
import time
from itertools import islice
from pathlib import Path

from socterm.enrich import Enricher
from socterm.enrich.data import DataFiles
from socterm.enrich.indicators import Indicators, read_feed
from socterm.event import Chunk
from socterm.parsers import Decoder

from benchmarks.frame import Figure, Setting
from benchmarks.measure import python, run

BATCH = 2000
NOW = 1_795_000_000_000_000
LINES = 100_000
FEW, MANY = 1_000, 100_000
ASKED = 20_000


def brute_force(count: int) -> list[bytes]:
    """Lines of wrong passwords from 200 addresses, three an attempt, as OpenSSH 9 writes them."""
    made = []
    for n in range(count):
        pid, address, port = 2000 + n // 3, f"198.18.{n // 3 % 200}.9", 30_000 + n // 3 % 30_000
        text = (
            f"Invalid user u{n // 3 % 50} from {address} port {port}",
            f"Failed password for invalid user u{n // 3 % 50} from {address} port {port} ssh2",
            f"Connection closed by invalid user u{n // 3 % 50} {address} port {port} [preauth]",
        )[n % 3]
        made.append(
            f"2026-11-20T{n // 3600 % 24:02d}:{n // 60 % 60:02d}:{n % 60:02d}.000000+00:00 web1 "
            f"sshd[{pid}]: {text}".encode()
        )
    return made


def cost(lines: list[bytes], enricher: Enricher) -> float:
    """Microseconds of CPU an event, decoding apart."""
    decoder, spent = Decoder("bench"), 0.0
    for at in range(0, len(lines), BATCH):
        events = decoder.decode(Chunk("bench", at, lines[at : at + BATCH], {}, NOW))
        start = time.process_time()
        enricher.apply(events)
        enricher.changes("bench")
        spent += time.process_time() - start
    return spent / len(lines) * 1e6


def indicators(count: int) -> list[str]:
    """So many entries: half of them addresses, some networks, a third names, the rest hashes."""
    made = []
    for n in range(count):
        kind = n % 20
        if kind < 10:
            made.append(f"198.{18 + (n >> 16 & 1)}.{n >> 8 & 255}.{n & 255}")
        elif kind < 12:
            made.append(f"{1 + n % 9}.{n >> 8 & 255}.{n & 255}.0/{20 + n % 9}")
        elif kind < 18:
            made.append(f"host{n}.bad{n % 977}.example")
        else:
            made.append(f"{n:064x}")
    return made


def write_list(path: Path, count: int) -> Path:
    """A list of indicators, with a comment on top as they have it."""
    path.write_text("# made for a benchmark\n" + "\n".join(indicators(count)) + "\n", encoding="utf-8")
    return path


def look_ups(found: Indicators) -> float:
    """Look-ups a CPU second of addresses, names and hashes, most of which stand in no list."""
    addresses = [f"203.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(ASKED)]
    names = [f"www{n}.shop{n % 331}.example.org" for n in range(ASKED)]
    hashes = [f"{n * 7919:064x}" for n in range(ASKED)]
    start = time.process_time()
    for address, name, of_file in zip(addresses, names, hashes, strict=True):
        tuple(found.of_address(address))
        tuple(found.of_domain(name))
        tuple(found.of_hash(of_file))
    return 3 * ASKED / (time.process_time() - start)


def enrich(setting: Setting) -> list[Figure]:
    """Everything of it, in a process of its own: the best of three passes each."""
    folder = setting.folder
    few, many = write_list(folder / "few.txt", FEW), write_list(folder / "many.txt", MANY)
    out = run(python("-m", "benchmarks.bench_enrich", setting.log(), few, many)).out
    attack, story, listed, load, at_few, at_many = map(float, out.split())
    return [
        Figure("brute force", attack, "µs CPU/event", 0.3, more=False, note="200 addresses"),
        Figure("the story", story, "µs CPU/event", note="a fifth of its lines are sessions, many addresses"),
        Figure("the story, 100,000 indicators", listed, "µs CPU/event"),
        Figure("load 100,000 indicators", load, "s", 5, more=False),
        Figure("look-ups, 1,000 entries", at_few, "/CPU s"),
        Figure("look-ups, 100,000 entries", at_many, "/CPU s"),
        Figure("100,000 : 1,000", at_many / at_few, "×", 0.5),
    ]


def _child(log: Path, few: Path, many: Path) -> None:
    with log.open("rb") as file:
        story = [line.rstrip(b"\n") for line in islice(file, LINES)]
    attack = brute_force(LINES)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as `socterm run` does
    figures = [min(cost(lines, Enricher()) for _ in range(3)) for lines in (attack, story)]
    start = time.perf_counter()
    loaded = DataFiles(ioc=[many])
    load = time.perf_counter() - start
    figures += [min(cost(story, Enricher(loaded)) for _ in range(3)), load]
    figures += [max(look_ups(Indicators([read_feed(path)[0]])) for _ in range(3)) for path in (few, many)]
    sys.stdout.write(" ".join(map(str, figures)) + "\n")


if __name__ == "__main__":
    _child(*map(Path, sys.argv[1:]))
