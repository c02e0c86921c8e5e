"""What of a source's lines was understood: counts by format, samples of what was not, the latest mistake."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from socterm.event import Event
from socterm.store.ingest.batch import SourceState

SAMPLES: Final = 20
"""Ids kept of events that nothing was understood of: the latest ones."""

FORMATS: Final = 64
"""Datasets counted by name; what comes beyond them (only foreign JSON can) is counted under "other"."""


def count(state: SourceState, events: Sequence[Event]) -> None:
    """Add events, which carry their ids, to a source's counters."""
    found = Counter([str(event.fields.get("event.dataset", "")) for event in events])
    unknown = found.pop("", 0)
    formats = state.formats
    for name, number in found.items():
        key = name if name in formats or len(formats) < FORMATS else "other"
        formats[key] = formats.get(key, 0) + number
    state.decoded += len(events) - unknown
    if unknown:
        _sample(state, events)


def _sample(state: SourceState, events: Sequence[Event]) -> None:
    for event in events:
        if "event.dataset" in event.fields or not event.raw.strip():
            continue
        state.samples.append(event.id)
        if event.kind == "pipeline_error":
            state.error = str(event.fields.get("error.message", ""))[:200]
    del state.samples[:-SAMPLES]
