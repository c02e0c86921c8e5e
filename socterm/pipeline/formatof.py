"""Which format an event was read by, told by its dataset."""

from __future__ import annotations

from functools import cache

from socterm.event import Chunk, Event
from socterm.parsers.decoder import Decoder
from socterm.parsers.format import Format
from socterm.parsers.registry import FORMATS

_NOW = 2 * 366 * 86_400_000_000
"""µs: the moment the formats' own examples are read at; their datasets hang on no time."""


def format_of(event: Event) -> Format | None:
    """The format an event was read by, as far as its dataset tells."""
    dataset = str(event.fields.get("event.dataset", ""))
    return _by_dataset().get(dataset) or FORMATS.get(dataset.partition(".")[0])


@cache
def _by_dataset() -> dict[str, Format]:
    """Dataset → its format: by name, by program, else by what the format's own example is read as."""
    found: dict[str, Format] = {}
    for made in FORMATS.values():
        example = Chunk("example", 0, [made.example.encode()], {}, _NOW, live=False)
        datasets = [
            str(event.fields.get("event.dataset", "")) for event in Decoder("example").decode(example)
        ]
        for dataset in (*(program.dataset for program in made.programs.values()), *datasets):
            found.setdefault(dataset, made)
    return found | FORMATS
