"""`python -m tests.conformance KIND…`: how our parsers agree with the golden files, and where they differ.

Needs SOCTERM_CORPORA; `--show N` prints up to N differences a kind, `--fail2ban` scores that file.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tests.conformance.scoring import Score, raw, read, records


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--show", type=int, default=10)
    parser.add_argument("--fail2ban", action="store_true")
    options = parser.parse_args()
    golden = Path(os.environ["SOCTERM_CORPORA"]) / "golden"
    path = golden / ("golden_fail2ban.jsonl" if options.fail2ban else "golden_elastic.jsonl")
    kinds = options.kinds or sorted({record["kind"] for record in records(path)})
    for kind in kinds:
        score = Score()
        for record in records(path, kind):
            if not options.fail2ban:
                score.add(record, read(raw(record)))
            elif record["expect"].get("match"):
                score.add(record, read(raw(record)), ("source.ip",))
        sys.stdout.write(f"== {kind}: {score.table()}\n")
        for difference in score.differences[: options.show]:
            sys.stdout.write(f"     {difference}\n")


if __name__ == "__main__":
    main()
