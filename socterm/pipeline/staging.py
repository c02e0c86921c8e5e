"""Lines of made-up logs through the whole road, into a store that is gone afterwards."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path

from socterm.enrich import Enricher
from socterm.pipeline.ingest import Pipeline
from socterm.sigma.model import RuleSet
from socterm.sources.opening import Opener
from socterm.store import Store, open_store
from socterm.store.ingest.writer import Writer


@contextmanager
def staged(logs: Mapping[str, Sequence[str]], now: int, rules: RuleSet) -> Iterator[Store]:
    """A store of these logs, by name, read under these rules as if it were `now` (µs); stamps are UTC.

    Nothing of this machine's configuration has a part in it: no inventory, no exceptions, no formats.
    """
    with tempfile.TemporaryDirectory(prefix="socterm-staged-", ignore_cleanup_errors=True) as folder:
        paths = [_written(Path(folder) / name, lines, now) for name, lines in logs.items()]
        store = Path(folder) / ".store.db"  # no log's name begins with a dot
        writer = Writer.open(store, now=now)
        try:
            writer.save_rules(rules.fates, {rule.key: rule.info for rule in rules.rules.values()})
            specs = [str(path) for path in paths]
            opener = Opener(specs, bookmark=lambda _name: None, clock=lambda: now, from_start=True, once=True)
            pipeline = Pipeline(
                writer, writer.load_state(), rules, opener, clock=lambda: now, tz=UTC, once=True,
                enricher=Enricher(),
            )  # fmt: skip
            pipeline.run(threading.Event())
        finally:
            writer.close()
        with open_store(store, readonly=True) as found:
            yield found


def _written(path: Path, lines: Sequence[str], now: int) -> Path:
    """A log as a file last written `now`: the year of stamps without one follows from that."""
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="\n")
    os.utime(path, ns=(now * 1000, now * 1000))
    return path
