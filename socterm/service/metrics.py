"""Counters for Prometheus, in its text format (version 0.0.4). What events say stands in no label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.responses import Response

import socterm
from socterm.alerts.levels import LEVELS
from socterm.measures import ALERTS, ANSWERS, COMMITS, CUT, QUEUES, Taken
from socterm.service.endpoints import Call, Endpoint, Nothing
from socterm.store import Store
from socterm.visible import visible

if TYPE_CHECKING:
    from socterm.service.service import Service

FORMAT: Final = "text/plain; version=0.0.4; charset=utf-8"

Sample = tuple[dict[str, str], float]
"""Labels and a value."""


class Metric(NamedTuple):
    """One metric with its samples."""

    name: str
    kind: str
    said: str
    samples: Iterable[Sample] | Taken


def metrics_of(store: Store, now: int) -> list[Metric]:
    """What the store knows of its sources and alerts at `now` (µs)."""
    sources = store.triage.sources()
    named = [({"source": row.name}, row) for row in sources]
    return [
        Metric("events_total", "counter", "Lines stored.", [(of, row.lines) for of, row in named]),
        Metric(
            "parse_failures_total", "counter", "Lines that no format knew.",
            [(of, row.lines - row.decoded) for of, row in named],
        ),
        Metric(
            "dropped_total", "counter", "What a source lost or refused.",
            [(of | {"reason": why}, lost) for of, row in named for why, lost in row.drops.items()],
        ),
        Metric("late_total", "counter", "Events behind their time.", [(of, row.late) for of, row in named]),
        Metric(
            "source_newest_event_age_seconds", "gauge", "How long ago the newest event of a source was.",
            [(of, (now - row.newest) / 1_000_000) for of, row in named if row.newest],
        ),
        Metric(
            "alerts_open", "gauge", "Alerts somebody should still look at.",
            [({"level": level}, number) for level, number in store.triage.counts().items()],
        ),
        Metric("build_info", "gauge", "This socterm.", [({"version": socterm.__version__}, 1)]),
    ]  # fmt: skip


def of_this_process(service: Service) -> list[Metric]:
    """What this process measured since it began: of the ingest and the models in it, and of the service."""
    raised, waiting, cut = ALERTS.counted(), QUEUES.waiting(), CUT.counted()
    unnoted = {"token": service.doorman.unnoted, "login": service.logins.unnoted}
    return [
        Metric(
            "alerts_total", "counter", "Alerts that were raised.",
            [({"level": level}, raised.get(level, 0)) for level in reversed(LEVELS)],
        ),
        Metric("commit_seconds", "histogram", "How long a batch takes to be stored.", COMMITS.taken()),
        Metric("llm_seconds", "histogram", "How long a model is at work at a time.", ANSWERS.taken()),
        Metric(
            "queue_bytes", "gauge", "What came in and is not read yet; http is all that is posted.",
            [({"source": name}, size) for name, size in sorted(waiting.items())],
        ),
        Metric(
            "connections_cut_total", "counter", "Connections that were ended to keep the service open.",
            [({"reason": why}, cut.get(why, 0)) for why in ("full", "slow")],
        ),
        Metric(
            "unnoted_total", "counter", "Uses that could not be written down: store busy or disk full.",
            [({"what": what}, number) for what, number in unnoted.items()],
        ),
    ]  # fmt: skip


def text_of(metrics: Iterable[Metric]) -> str:
    """The metrics as text."""
    return "".join(f"{line}\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    name = f"socterm_{metric.name}"
    yield f"# HELP {name} {metric.said}"
    yield f"# TYPE {name} {metric.kind}"
    for suffix, labels, value in _samples(metric.samples):
        told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{suffix}{{{told}}} {value}"


def _samples(told: Iterable[Sample] | Taken) -> Iterator[tuple[str, dict[str, str], float]]:
    if not isinstance(told, Taken):
        yield from (("", labels, value) for labels, value in told)
        return
    for bound, count in [*told.buckets, (math.inf, told.times)]:
        yield "_bucket", {"le": "+Inf" if bound == math.inf else str(bound)}, count
    yield "_sum", {}, told.total
    yield "_count", {}, told.times


def _escaped(text: str) -> str:
    """A label's value: names of files may hold anything."""
    return visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _metrics(call: Call[Nothing, Nothing]) -> Response:
    service = call.service
    text = text_of([*metrics_of(service.store, service.clock()), *of_this_process(service)])
    return Response(text.encode("utf-8", "replace"), media_type=FORMAT)


ENDPOINTS: Final = (
    Endpoint("GET", "/metrics", "Tell counters in the format of Prometheus", _metrics, "read", gives=FORMAT),
)
