"""A Windows event, whatever it came in, as an event of ours: data names to ECS, what the event id implies.

Names come from `taxonomy.windows_names`, the same table that rules' names are resolved through. What ECS has
several fields for (a user with a domain, hashes in one text) keeps its own name beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any, NamedTuple

from socterm.event import LogSource
from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.flat import MOST, flatten, leave_out, put, scalar
from socterm.parsers.formats.windows_accounts import NOBODY, account, audited, number_of, who, whose
from socterm.parsers.marks import Fields, mark, put_peer
from socterm.taxonomy import windows, windows_actions
from socterm.taxonomy.windows_names import READ_AS, windows_name

_PLANS = 512
_SYSMONS = frozenset({"sysmon", windows.LINUX_SYSMON})
_NAMES = 512
_LONGEST_KEPT = 300
"""Characters of a name that is kept: of a channel, a provider, a field."""
_TOLD_BY_HEAD = frozenset(
    {"event.code", "event.provider", "winlog.channel", "winlog.computer_name", "winlog.record_id", "message"}
)
_LEVELS = {0: "information", 1: "critical", 2: "error", 3: "warning", 4: "information", 5: "verbose"}
_LEVEL_CODES = {"critical": 1, "error": 2, "warning": 3, "information": 4, "info": 4, "verbose": 5}
_PIDS = frozenset({"process.pid", "process.parent.pid"})
_PORTS = frozenset({"source.port", "destination.port"})
_IPS = frozenset({"source.ip", "destination.ip"})
_MARKUP = frozenset({"#", "@"})
_AT_THE_DESK = frozenset({"LOCAL", "::%16777216"})


class Head(NamedTuple):
    """What an event says of itself, beside its data. `level` is Windows' number, -1 where it is not told."""

    code: int
    channel: str = ""
    provider: str = ""
    computer: str = ""
    ts: int | None = None
    record: int | None = None
    pid: int | None = None
    thread: int | None = None
    level: int = -1
    keywords: Any = None
    task: Any = None
    sid: str = ""
    activity: str = ""
    message: str = ""


def node(value: Any) -> Any:
    """The text of an element: bare, or beside its attributes; None where it has none."""
    if value.__class__ is dict:
        for name in ("#text", "Value", "_text", "$t", "text"):
            if name in value:
                return value[name]
        return None
    return value


def _as_it_is(fields: Fields, _: str, name: str, value: Any) -> None:
    if value.__class__ is str or value.__class__ is bool:
        fields[name] = value
    elif isinstance(value, list | dict):
        plain = node(value)
        put(fields, name, value if plain is None else plain)
    elif value is not None:
        fields[name] = scalar(value)


def _text(fields: Fields, target: str, name: str, value: Any) -> None:
    if value.__class__ is str and value not in NOBODY:
        fields[target] = value
    else:
        _as_it_is(fields, "", name, value)


def _pid(fields: Fields, target: str, name: str, value: Any) -> None:
    number = number_of(value)
    if number is not None and number < 1 << 40:
        fields[target] = number
    else:
        _as_it_is(fields, "", name, value)


def _port(fields: Fields, target: str, name: str, value: Any) -> None:
    number = number_of(value)
    if number is not None and number < 65_536:
        fields[target] = number
    else:
        _as_it_is(fields, "", name, value)


def _ip(fields: Fields, target: str, name: str, value: Any) -> None:
    side, found = known_peers.get(value) or peer_of(value) if isinstance(value, str) else ("", "")
    if side == "source.ip" and (found != "::" or "%" not in value):
        fields[target] = found
    else:
        _as_it_is(fields, "", name, value)


def _markup(fields: Fields, target: str, name: str, value: Any) -> None:
    """Attributes of the element around the data are no data."""


_Put = Callable[[Fields, str, str, Any], None]


def _put_of(target: str, name: str) -> _Put:
    if name[:1] in _MARKUP:
        return _markup
    if target == name:
        return _as_it_is
    return _pid if target in _PIDS else _port if target in _PORTS else _ip if target in _IPS else _text


class Plan(dict[str, tuple[str, str, _Put]]):
    """How the data of one kind of event is filed: name as written → (field, own name, what puts it there).

    Also what is the same for all events of that kind: `service`, `sources`, and `marked`, the fields its
    event id implies.
    """

    def __init__(self, service: str, code: int) -> None:
        super().__init__()
        self.service = service
        self.sources: tuple[LogSource, ...] = windows.sources_of(service, code)
        self.read_as = READ_AS.get((service, code), {})
        told = windows_actions.TOLD.get(("sysmon" if service == windows.LINUX_SYSMON else service, code))
        self.marked = mark(told.action, told.outcome) if told is not None else {}
        self.marked["event.dataset"] = windows.dataset_of(service)

    def __missing__(self, written: str) -> tuple[str, str, _Put]:
        name = written.replace(" ", "") or "Data"
        target = self.read_as.get(name.lower()) or windows_name(name, self.service, self.sources[0][1])
        if target in _TOLD_BY_HEAD:
            target = name
        if target == name and ("." in name or name.startswith("socterm")):
            target = name = f"winlog.event_data.{name}"  # only our own names have dots
        found = (target, name, _put_of(target, name))
        if len(self) < _NAMES and len(written) <= _LONGEST_KEPT:
            self[written] = found
        return found


_plans: dict[tuple[str, str, int], Plan] = {}


def plan_of(channel: str, provider: str, code: int) -> Plan:
    """The plan for a kind of event, made once."""
    key = (channel, "" if channel else provider, code)
    found = _plans.get(key)
    if found is None:
        found = Plan(windows.service_of(channel, provider), code)
        if len(key[0]) + len(key[1]) <= _LONGEST_KEPT:
            if len(_plans) >= _PLANS:
                _plans.clear()
            _plans[key] = found
    return found


def windows_event(fields: Fields, head: Head, data: dict[str, Any]) -> tuple[LogSource, ...]:
    """Write an event into the fields; the answer is its log sources."""
    plan = plan_of(head.channel, head.provider, head.code)
    fields.update(plan.marked)
    _put_head(fields, head)
    if len(data) > MOST:
        leave_out(fields, len(data) - MOST)
        data = dict(islice(data.items(), MOST))
    for written, value in data.items():
        if value is None:
            continue
        target, name, filed = plan[written]
        filed(fields, target, name, value)
    _names_of_programs(fields)
    service = plan.service
    if service in _SYSMONS:
        return _sysmon(fields, head.code, plan)
    if service == "security":
        whose(fields, head.code)
        audited(fields, head.keywords)
    else:
        who(fields, "User")
        account(fields, "Subject", "user")
        address = fields.get("Address")
        if isinstance(address, str) and service == "terminalservices-localsessionmanager":
            put_peer(fields, "" if address in _AT_THE_DESK else address)
    return plan.sources


def _put_head(fields: Fields, head: Head) -> None:
    fields["event.code"] = head.code
    if head.channel:
        fields["winlog.channel"] = head.channel
    if head.provider:
        fields["event.provider"] = head.provider
    if head.computer:
        fields["winlog.computer_name"] = head.computer
        fields["host.hostname"] = head.computer.partition(".")[0]
    if head.record is not None:
        fields["winlog.record_id"] = head.record
    if head.pid is not None:
        fields["winlog.process.pid"] = head.pid
    if head.thread is not None:
        fields["winlog.process.thread.id"] = head.thread
    if head.level >= 0:
        fields["Level"] = head.level
        fields["log.level"] = _LEVELS.get(head.level, "information")
    if head.keywords.__class__ is int:
        fields["Keywords"] = f"0x{head.keywords & 0xFFFFFFFFFFFFFFFF:x}"
    elif head.keywords not in (None, ""):
        put(fields, "Keywords", head.keywords)
    if head.task not in (None, "", 0):
        put(fields, "winlog.task", head.task)
    if head.sid:
        fields["winlog.user.identifier"] = head.sid
    if head.activity:
        fields["winlog.activity_id"] = head.activity
    if head.message:
        fields["message"] = head.message


def level_code(value: Any) -> int:
    """Windows' number of a level given as a number or a word, -1 for none."""
    number = number_of(value)
    if number is not None:
        return number if number < 256 else -1
    return _LEVEL_CODES.get(value.lower(), -1) if isinstance(value, str) else -1


def _names_of_programs(fields: Fields) -> None:
    """process.name is the last part of the path; Security writes a device path, a drive or a bare name."""
    for side in ("process", "process.parent"):
        path = fields.get(f"{side}.executable")
        if path:
            fields.setdefault(f"{side}.name", _last(path))


def _last(path: str) -> str:
    return path[max(path.rfind("\\"), path.rfind("/")) + 1 :]


def _hashes(fields: Fields, whose: str) -> None:
    """`SHA1=…,MD5=…,SHA256=…,IMPHASH=…`; ECS writes hashes in lower case."""
    text = fields.get("Hashes") or fields.get("Hash")
    if not isinstance(text, str) or len(text) > 1024:
        return
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if equals and value:
            low = name.strip().lower()
            kind = f"{whose}.pe.imphash" if low == "imphash" else f"{whose}.hash.{low}"
            if low in ("imphash", "md5", "sha1", "sha256"):
                fields[kind] = value.strip().lower()


def _sysmon(fields: Fields, code: int, plan: Plan) -> tuple[LogSource, ...]:
    who(fields, "User")
    if "User" not in fields:
        who(fields, "SourceUser")
    if code == 1:
        _hashes(fields, "process")
        who(fields, "ParentUser", "process.parent.user")
    elif code == 3:
        started = str(fields.get("Initiated", "")).lower()
        if started in ("true", "false"):
            fields["network.direction"] = "egress" if started == "true" else "ingress"
        if "network.transport" in fields:
            fields["network.transport"] = fields["network.transport"].lower()
    elif code in (12, 13, 14):
        change = str(fields.get("EventType", ""))
        if change.startswith("Delete"):
            fields.update(_DELETED_KEY)
        return windows.sources_of(plan.service, code, change)
    else:
        _hashes(fields, "file")
        if "file.path" in fields:
            fields["file.name"] = _last(fields["file.path"])
    return plan.sources


_DELETED_KEY = mark("deleted-registry")


def inner(data: Any) -> dict[str, Any]:
    """UserData: one element that holds the values, whatever it is called; deeper ones by their last name."""
    found: dict[str, Any] = {}
    for name, value in data.items() if isinstance(data, dict) else ():
        if not isinstance(value, dict):
            if name[:1] not in _MARKUP:
                found[name] = value
            continue
        for inside, deeper in value.items():
            if inside[:1] in _MARKUP:
                continue
            if isinstance(deeper, dict):
                flatten({key: item for key, item in deeper.items() if key[:1] not in _MARKUP}, found)
            else:
                found[inside] = deeper
    return found
