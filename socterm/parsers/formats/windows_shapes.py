"""The JSON that Windows events come in, and where each of them keeps what.

| shape | who writes it |
|---|---|
| `{"Event": {"System": …, "EventData": …}}` | evtx_dump, chainsaw dump and hunt, SigmaHQ's test data |
| `{"System": {"EventID": {"Value": …}}, "EventData": …}` | Velociraptor |
| `{"winlog": {"event_id": …, "event_data": …}}`, nested or dotted | Winlogbeat 7 and 8, Elastic Agent |
| `{"log_name": …, "event_id": …, "event_data": …}` | Winlogbeat 6 |
| `{"win": {"system": …, "eventdata": …}}`, also below `data` | Wazuh |
| `{"EventID": …, "Channel": …, "Image": …}` | many, see `windows_flat` |
"""

from __future__ import annotations

from typing import Any, NamedTuple

from socterm.parsers.formats.windows_accounts import number_of
from socterm.parsers.formats.windows_event import Head, inner, level_code, node
from socterm.parsers.moments import moment
from socterm.parsers.stamps import Clock


class Taken(NamedTuple):
    """An event taken out of its shape: its head, its data, and what the shipper said beside it."""

    head: Head
    data: dict[str, Any]
    beside: dict[str, Any]


_NOTHING: dict[str, Any] = {}


def _attribute(around: dict[str, Any], element: str, name: str) -> Any:
    """An element's attribute: below `#attributes`, as `@Name`, bare, or in `Element_attributes` beside it."""
    own = around.get(element)
    if own.__class__ is dict and "#attributes" in own:
        own = own["#attributes"]
        return own.get(name) if own.__class__ is dict else None
    for holder in (own, around.get(f"{element}_attributes")):
        if isinstance(holder, dict):
            inside = (
                holder.get("#attributes") or holder.get("@attributes") or holder.get("_attributes") or holder
            )
            found = inside.get(name, inside.get(f"@{name}")) if isinstance(inside, dict) else None
            if found is not None:
                return found
    return None


def string(value: Any) -> str:
    """A text, "" for what is none."""
    return value if isinstance(value, str) else ""


def values_of(data: Any) -> dict[str, Any]:
    """EventData: names to values; values without a name become the list `Data`, as Sigma's rules have it."""
    if not isinstance(data, dict):
        return {}
    if "Data" not in data:
        return data
    found = {name: value for name, value in data.items() if name != "Data"}
    _data_elements(found, data["Data"])
    return found


def _data_elements(found: dict[str, Any], value: Any) -> None:
    if isinstance(value, dict) and ("@Name" in value or "Name" in value):
        value = [value]
    elif isinstance(value, dict):
        value = value.get("#text")
    bare = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            attributes = item.get("#attributes") or item
            name = attributes.get("@Name") or attributes.get("Name")
            if isinstance(name, str) and name:
                found[name] = node(item) if "Content" not in item else item["Content"]
                continue
            item = node(item)
        if item is not None:
            bare.append(item)
    if bare:
        found["Data"] = bare if len(bare) > 1 else bare[0]


def event_tree(tree: dict[str, Any], clock: Clock, message: Any = None) -> Taken | None:
    """`System`, `EventData` and `UserData`, as the XML of the event has them."""
    system = tree.get("System")
    if not isinstance(system, dict):
        return None
    code = number_of(node(system.get("EventID")))
    if code is None:
        return None
    head = Head(
        code=code,
        channel=string(node(system.get("Channel"))),
        provider=string(_attribute(system, "Provider", "Name")),
        computer=string(node(system.get("Computer"))),
        ts=moment(clock, _attribute(system, "TimeCreated", "SystemTime")),
        record=number_of(node(system.get("EventRecordID"))),
        pid=number_of(_attribute(system, "Execution", "ProcessID")),
        thread=number_of(_attribute(system, "Execution", "ThreadID")),
        level=level_code(node(system.get("Level"))),
        keywords=node(system.get("Keywords")),
        task=node(system.get("Task")),
        sid=string(_attribute(system, "Security", "UserID")),
        activity=string(_attribute(system, "Correlation", "ActivityID")),
        message=string(message or tree.get("Message")),
    )
    data = values_of(tree.get("EventData"))
    if tree.get("UserData"):
        data = data | inner(tree["UserData"])
    return Taken(head, data, _NOTHING)


def winlogbeat(entry: dict[str, Any], clock: Clock) -> Taken | None:
    """Winlogbeat 7, 8 and Elastic Agent: `winlog`, nested or with dotted keys; all else is ECS already."""
    winlog = entry.get("winlog")
    beside = {key: value for key, value in entry.items() if key not in ("winlog", "@timestamp")}
    if not isinstance(winlog, dict):
        winlog = _undotted(beside)
    code = number_of(winlog.get("event_id"))
    if code is None:
        return None
    data = dict(winlog.get("event_data") or _NOTHING)
    data.update(winlog.get("user_data") or _NOTHING)
    _numbered(data)
    process = winlog.get("process") or _NOTHING
    said = entry.get("log")
    level = winlog.get("level") or (said.get("level") if isinstance(said, dict) else entry.get("log.level"))
    identity = winlog.get("user") or _NOTHING
    ts = moment(clock, winlog.get("time_created"))
    head = Head(
        code=code,
        channel=string(winlog.get("channel")),
        provider=string(winlog.get("provider_name")),
        computer=string(winlog.get("computer_name")),
        ts=ts if ts is not None else moment(clock, entry.get("@timestamp")),
        record=number_of(winlog.get("record_id")),
        pid=number_of(process.get("pid")),
        thread=number_of((process.get("thread") or _NOTHING).get("id")),
        level=level_code(level),
        keywords=winlog.get("keywords"),
        task=winlog.get("task"),
        sid=string(identity.get("identifier")),
        activity=string(winlog.get("activity_id")),
        message=string(entry.get("message")),
    )
    return Taken(head, data, beside)


def _undotted(beside: dict[str, Any]) -> dict[str, Any]:
    """`winlog.event_data.Image` and its like as a tree, taken out of the other keys."""
    tree: dict[str, Any] = {}
    for key in [key for key in beside if key.startswith("winlog.")]:
        *path, last = key[len("winlog.") :].split(".", 2)
        at = tree
        for step in path:
            at = at.setdefault(step, {}) if isinstance(at, dict) else {}
        if isinstance(at, dict):
            at[last] = beside.pop(key)
    return tree


def _numbered(data: dict[str, Any]) -> None:
    """Winlogbeat counts values without a name: param1, param2; rules know them as `Data`."""
    if "param1" in data and "Data" not in data:
        values = []
        for number in range(1, 200):
            value = data.get(f"param{number}")
            if value is None:
                break
            values.append(value)
        data["Data"] = values
    data.pop("xml_name", None)


def winlogbeat_6(entry: dict[str, Any], clock: Clock) -> Taken | None:
    """Winlogbeat 6: the same values at the top of the object."""
    code = number_of(entry.get("event_id"))
    if code is None:
        return None
    data = dict(entry.get("event_data") or entry.get("user_data") or _NOTHING)
    _numbered(data)
    user = entry.get("user")
    head = Head(
        code=code,
        channel=string(entry.get("log_name")),
        provider=string(entry.get("source_name")),
        computer=string(entry.get("computer_name")),
        ts=moment(clock, entry.get("@timestamp")),
        record=number_of(entry.get("record_number")),
        pid=number_of(entry.get("process_id")),
        thread=number_of(entry.get("thread_id")),
        level=level_code(entry.get("level")),
        keywords=entry.get("keywords"),
        task=entry.get("task"),
        sid=string(user.get("identifier")) if isinstance(user, dict) else "",
        activity=string(entry.get("activity_id")),
        message=string(entry.get("message")),
    )
    return Taken(head, data, _NOTHING)


def wazuh(win: dict[str, Any], beside: dict[str, Any], clock: Clock) -> Taken | None:
    """Wazuh: names begin with a small letter, backslashes come in pairs."""
    system, data = win.get("system"), win.get("eventdata")
    code = number_of(system.get("eventID")) if isinstance(system, dict) else None
    if code is None or not isinstance(system, dict):
        return None
    ts = moment(clock, system.get("systemTime"))
    head = Head(
        code=code,
        channel=string(system.get("channel")),
        provider=string(system.get("providerName")),
        computer=string(system.get("computer")),
        ts=ts if ts is not None else moment(clock, beside.get("timestamp")),
        record=number_of(system.get("eventRecordID")),
        pid=number_of(system.get("processID")),
        thread=number_of(system.get("threadID")),
        level=level_code(system.get("level")),
        keywords=system.get("keywords"),
        task=system.get("task"),
        message=string(system.get("message")).strip('"'),
    )
    found = {
        key[:1].upper() + key[1:]: _single(value)
        for key, value in (data if isinstance(data, dict) else _NOTHING).items()
    }
    return Taken(head, found, {})


def _single(value: Any) -> Any:
    """A text whose backslashes all come in pairs, with one for each pair."""
    if isinstance(value, str) and "\\\\" in value and "\\" not in value.replace("\\\\", ""):
        return value.replace("\\\\", "\\")
    return value
