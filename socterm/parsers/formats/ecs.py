"""Documents that are ECS already: Filebeat, Elastic Agent, Logstash, nested or with dotted keys.

They pass through as they are, but for what an event of ours keeps elsewhere (`@timestamp`, `event.original`,
`event.kind`). Which log sources they belong to follows from their dataset, or from category and system:
so what an endpoint agent tells of a process meets the rules for process creation.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "user.name", "process.command_line")
('exec', 'ann', 'nc -l 4444')
"""

from __future__ import annotations

from typing import Any

from socterm.event import LogSource
from socterm.parsers.flat import flatten
from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.json_values import typed
from socterm.parsers.marks import Fields
from socterm.parsers.moments import moment
from socterm.taxonomy.json_names import ECS_CATEGORIES, ECS_DATASETS
from socterm.taxonomy.logsources import LOGSOURCES, logsources_of

_SIGNS = frozenset({"ecs", "ecs.version", "agent", "agent.type", "data_stream", "data_stream.dataset"})
_RESERVED = ("@timestamp", "event.kind", "event.original")
_LISTS = ("event.category", "event.type")
_TOLD_BY_PROCESS = frozenset({"system.auth", "system.syslog"})


def _is_ecs(entry: dict[str, Any]) -> bool:
    if not _SIGNS.isdisjoint(entry):
        return True
    event = entry.get("event")
    return isinstance(event, dict) and not event.keys().isdisjoint({"dataset", "category", "module"})


def _sources(f: Fields) -> tuple[LogSource, ...]:
    dataset: str = f["event.dataset"]
    if dataset in _TOLD_BY_PROCESS:
        name = str(f.get("process.name"))
        return logsources_of(name if name in LOGSOURCES else ECS_DATASETS[dataset])
    ours: str = ECS_DATASETS.get(dataset, dataset)
    known = LOGSOURCES.get(ours)
    if known is not None and ours != "ecs":
        return known
    system = f.get("host.os.type") or f.get("host.os.family") or f.get("host.os.platform")
    system = "macos" if system == "darwin" else system
    for category in f.get("event.category", ()):
        for kind in f.get("event.type", ()):
            found = ECS_CATEGORIES.get((str(system), str(category), str(kind)))
            if found is not None:
                return found
    return LOGSOURCES["ecs"]


def _original(entry: dict[str, Any], reading: Reading) -> None:
    """Elastic keeps a record as it came; of JSON and XML, rules ask for the producer's own names."""
    event = entry.get("event")
    found = event.get("original") if isinstance(event, dict) else entry.get("event.original")
    if isinstance(found, str) and found[:1] in ("{", "<"):
        reading.memory.inner = found


def ecs(entry: dict[str, Any], fields: Fields, reading: Reading) -> Found | None:
    """Reader of ECS documents. What a document says goes before the header of a relay that sent it."""
    if not _is_ecs(entry):
        return None
    ts = moment(reading.clock, entry["@timestamp"])
    if ts is None:
        return None
    f: Fields = {}
    flatten(entry, f)
    for name in _RESERVED:
        f.pop(name, None)
    for name in [name for name in f if name.startswith("socterm.")]:
        f[f"json.{name}"] = f.pop(name)
    typed(f)
    for name in _LISTS:
        if isinstance(f.get(name), str):
            f[name] = (f[name],)
    said = f.get("message", "")
    if not isinstance(said, str):
        f["message"] = " ".join(map(str, said)) if isinstance(said, tuple) else str(said)
    dataset = f.get("event.dataset") or f.get("data_stream.dataset")
    f["event.dataset"] = dataset if isinstance(dataset, str) else "ecs"
    if "event.category" not in f and "event.action" not in f and isinstance(said, str) and said[:1] != "{":
        reading.memory.inner = said  # a shipper that parses nothing passes lines on as they are
    else:
        _original(entry, reading)
    sources = _sources(f)
    if sources[0][0] == "windows" and "user.name" in f and "User" not in f:
        domain = f.get("user.domain")
        f["User"] = f"{domain}\\{f['user.name']}" if domain else f["user.name"]
    fields |= f
    return ts, sources, 1


FORMATS = (
    Format(
        name="ecs",
        title="ECS documents of Filebeat, Elastic Agent and Logstash",
        example='{"@timestamp":"2026-11-20T10:00:00.123Z","ecs":{"version":"8.11.0"},"agent":{"type":"endpoint"},'
        '"event":{"dataset":"endpoint.events.process","category":["process"],"type":["start"],"action":"exec"},'
        '"host":{"hostname":"ws61","os":{"type":"linux"}},"process":{"pid":612,"executable":"/usr/bin/nc",'
        '"command_line":"nc -l 4444"},"user":{"name":"ann"}}',
        object=ecs,
        keys=(frozenset({"@timestamp"}), _SIGNS | {"event"}),
        order=35,
    ),
)
