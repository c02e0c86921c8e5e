"""Write socterm/taxonomy/yields.txt: which fields each dataset has, as the formats' examples and tests show.

python docs/yields.py            write it
python docs/yields.py --check    write nothing, exit 1 where a field is missing from it
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path

from socterm.assets import rules_dir, sample_logs_dir
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.parsers.registry import FORMATS
from socterm.pipeline.formatof import format_of
from socterm.sigma.load import load_rules
from socterm.taxonomy.yields import YIELDS, Yield

_ROOT = Path(__file__).resolve().parent.parent
_OWN_DATA = ("windows", "linux.sysmon", "azure.", "sophos.", "checkpoint.")
"""Beginnings of datasets whose own names stand deeper in the object than the probe does."""
_PROBE = "ProbeOfYields"
_NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 1_000_000
_HEAD = """\
# Written by docs/yields.py from the formats' examples and all tests: run it where a format has new fields.
# dataset, `+` where the producer's own names are kept beside these, the formats that read it: its fields
"""
_OWN_NAMES = frozenset({"cef", "leef", "keyvalue", "fortigate", "sonicwall"})
"""Text formats whose lines carry names and values: what is not known keeps the producer's name."""


def found() -> dict[str, Yield]:
    """What the lines at hand show: `event.dataset` → fields, formats, whether names are the producer's."""
    fields: dict[str, set[str]] = defaultdict(set)
    formats: dict[str, set[str]] = defaultdict(set)
    kept: Counter[str] = Counter()
    for lines in _samples():
        probed = _decoded([_probed(line) for line in lines])
        for event, probe in zip(_decoded(lines), probed, strict=True):
            dataset = event.fields.get("event.dataset")
            if not isinstance(dataset, str) or event.kind != "event":
                continue
            fields[dataset].update(event.fields)
            own = (
                dataset in _OWN_NAMES
                or dataset.startswith(_OWN_DATA)
                or any(_PROBE in name for name in probe.fields)
            )
            kept[dataset] += 1 if own else -1
            read_by = format_of(event)
            if read_by is not None:
                formats[dataset].add(read_by.name)
    for made in FORMATS.values():
        for program in made.programs.values():
            if program.dataset:
                formats[program.dataset].add(made.name)
    return {
        dataset: Yield(frozenset(names), tuple(sorted(formats[dataset])), kept[dataset] > 0)
        for dataset, names in sorted(fields.items())
    }


def _decoded(lines: list[bytes]) -> list[Event]:
    return Decoder("yields", tz=UTC).decode(Chunk("yields", 0, lines, {}, _NOW, live=False))


def _probed(line: bytes) -> bytes:
    """A JSON object with one name more: is it kept?"""
    return b'{"%s":"seen",' % _PROBE.encode() + line[1:] if line[:2] == b'{"' else line


def _samples() -> list[list[bytes]]:
    """The lines of one source each."""
    examples = [[made.example.encode()] for made in FORMATS.values()]
    logs = [path.read_bytes().split(b"\n") for path in sorted((_ROOT / "tests/logs").glob("*/*.log"))]
    stories = [path.read_bytes().split(b"\n") for path in sorted(sample_logs_dir().glob("*.log"))]
    tests = [
        [line.encode() for line in test.lines]
        for rule in load_rules([rules_dir()]).rules.values()
        for test in rule.tests
    ]
    return examples + logs + stories + tests


def missing() -> list[str]:
    """Fields that lines have and the table has not."""
    return [
        f"{dataset}: {name}"
        for dataset, seen in found().items()
        for name in sorted(seen.fields - YIELDS.get(dataset, Yield(frozenset(), (), False)).fields)
    ]


def main(arguments: list[str]) -> int:
    """Write or check the table."""
    if "--check" in arguments:
        gone = missing()
        sys.stderr.write("".join(f"{line}\n" for line in gone))
        return 1 if gone else 0
    rows = []
    for dataset, seen in found().items():
        own = "+ " if seen.own_names else ""
        rows.append(f"{dataset} {own}({' '.join(seen.formats)}): {' '.join(sorted(seen.fields))}\n")
    (_ROOT / "socterm/taxonomy/yields.txt").write_text(_HEAD + "".join(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
