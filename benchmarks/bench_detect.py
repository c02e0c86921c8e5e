"""Parse and detect without a store: chunks through the decoder and our whole rule pack."""

from __future__ import annotations

import gc
import sys
import time
from datetime import UTC
from pathlib import Path

from benchmarks.frame import Figure, Setting
from benchmarks.measure import python, run

CHUNK = 2000


def detect(setting: Setting) -> list[Figure]:
    """Events per CPU second of parse + detect, and the alerts it made of them."""
    log, what = setting.real()
    cost = run(python("-m", "benchmarks.bench_detect", log))
    events, seconds, alerts = cost.out.split()[-3:]
    return [
        Figure(
            "parse + detect",
            int(events) / float(seconds),
            "events/CPU s",
            150_000,
            note=f"{alerts} alerts in {what}",
        ),
        Figure("peak memory", cost.rss, "MB"),
    ]


def _child(path: Path, more: list[Path]) -> None:
    from socterm.assets import rules_dir
    from socterm.event import Chunk
    from socterm.parsers import Decoder
    from socterm.pipeline.detect import Detector
    from socterm.sigma.load import load_rules

    lines = path.read_bytes().splitlines()
    now = int(path.stat().st_mtime * 1_000_000)
    decoder, detector = Decoder("file:bench", tz=UTC), Detector(load_rules([rules_dir(), *more]))
    alerts: set[int] = set()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # as `socterm run` does
    started = time.process_time()
    for first in range(0, len(lines), CHUNK):
        part = lines[first : first + CHUNK]
        events = decoder.decode(Chunk("file:bench", first, part, {}, now, live=False))
        for number, event in enumerate(events, first + 1):
            event.id = number
        decoder.changes()
        detector.feed("file:bench", events)
        detector.sweep()
        alerts.update(change.alert for change in detector.collect() if change.alert)
    detector.flush()
    spent = time.process_time() - started
    sys.stdout.write(f"{len(lines)} {spent} {len(alerts)}\n")


if __name__ == "__main__":
    _child(Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
