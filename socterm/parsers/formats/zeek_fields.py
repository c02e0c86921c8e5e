"""A Zeek record under ECS names, wherever it came from."""

from __future__ import annotations

from typing import Any

from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.flat import put
from socterm.parsers.marks import Fields, mark
from socterm.parsers.traffic import TRANSPORTS, mac_of
from socterm.taxonomy.zeek import ecs_name

_PROTOCOL = mark("network_protocol")
_QUERY = mark("dns_query")
_LEASE = mark("dhcp_lease")
_ACTIONS: dict[str, Fields] = {
    "conn": mark("network_flow"),
    "dns": mark("dns_response"),
    "http": mark("http_request"),
    "ssl": mark("tls_session"),
    "files": mark("file_seen"),
    "notice": mark("ids_alert"),
    "signatures": mark("ids_alert"),
    "intel": mark("ids_alert"),
    "weird": mark("network_anomaly"),
    "dpd": mark("network_anomaly"),
    "dhcp": _LEASE,
    "ntlm": mark("network_login"),
    "ssh": mark("network_login"),
    "kerberos": mark("network_login"),
    "capture_loss": mark("sensor_stats"),
    "stats": mark("sensor_stats"),
    "reporter": mark("network_device"),
}
_DECIDED = {"ntlm": "success", "kerberos": "success", "ssh": "auth_success"}
"""Log → the column that says how a login ended."""
_VERSIONS = {"TLSv10": "1.0", "TLSv11": "1.1", "TLSv12": "1.2", "TLSv13": "1.3", "SSLv3": "3", "SSLv2": "2"}
_ADDRESSES = frozenset({"source.ip", "destination.ip"})
_PORTS = frozenset({"source.port", "destination.port"})
_TYPED = _ADDRESSES | _PORTS | {"network.transport"}
_SKIPPED = frozenset({"ts", "_path", "_write_ts", "_system_name"})
_PLACES = {
    (True, True): "internal",
    (True, False): "outbound",
    (False, True): "inbound",
    (False, False): "external",
}
_names: dict[str, dict[str, str]] = {}
_MOST_NAMES = 4096
_LONGEST = 100
"""Characters of a log's or a field's name that is kept, and of a field's that is read."""


def _name(path: str, key: str) -> str:
    if len(key) > _LONGEST or len(path) > _LONGEST:
        return ecs_name(path, key[:_LONGEST])
    names = _names.get(path)
    if names is None:
        if len(_names) > 200:
            _names.clear()
        names = _names[path] = {}
    name = names.get(key)
    if name is None:
        if len(names) > _MOST_NAMES:
            names.clear()
        name = names[key] = ecs_name(path, key)
    return name


def _plain(value: Any) -> bool:
    """Whether it can stand in a field as it is, as most numbers and truths can."""
    kind = value.__class__
    return (
        kind is bool or (kind is int and -1 < value < 1 << 63) or (kind is float and -1e300 < value < 1e300)
    )


def put_entry(path: str, entry: dict[str, Any], f: Fields) -> None:
    """Write one record of a log into the fields."""
    f["event.dataset"] = f"zeek.{path}"
    f.update(_ACTIONS.get(path, _PROTOCOL))
    for key, value in entry.items():
        if key in _SKIPPED or value is None:
            continue
        name = _name(path, key)
        if value.__class__ is str:
            if name in _ADDRESSES:
                found, address = known_peers.get(value) or peer_of(value)
                if found:
                    f[name[:-3] + found[6:]] = address
            elif name == "network.transport":
                f.update(TRANSPORTS.get(value) or {name: value})
            elif name in _PORTS:
                continue
            elif name.endswith(".mac"):
                f[name] = mac_of(value) or value
            else:
                f[name] = value
        elif name in _TYPED:
            if name in _PORTS and value.__class__ is int and 0 <= value < 65_536:
                f[name] = value
        elif _plain(value):
            f[name] = value
        else:
            put(f, name, value)
    more = _MORE.get(path)
    if more is not None:
        more(entry, f)
    column = _DECIDED.get(path)
    if column is not None and entry.get(column).__class__ is bool:
        f["event.outcome"] = "success" if entry[column] else "failure"
    duration = entry.get("duration")
    if isinstance(duration, float | int) and 0 <= duration < 1e9:
        f["event.duration"] = round(duration * 1_000_000_000)


def _conn(entry: dict[str, Any], f: Fields) -> None:
    for side, plain in (("source", "orig_bytes"), ("destination", "resp_bytes")):
        if f"{side}.bytes" not in f and entry.get(plain).__class__ is int:
            put(f, f"{side}.bytes", entry[plain])
    for what in ("bytes", "packets"):
        out, back = f.get(f"source.{what}"), f.get(f"destination.{what}")
        if out.__class__ is int and back.__class__ is int:
            put(f, f"network.{what}", out + back)
    place = _PLACES.get((entry.get("local_orig"), entry.get("local_resp")))  # type: ignore[arg-type]
    if place:
        f["network.direction"] = place


def _dns(_: dict[str, Any], f: Fields) -> None:
    if "dns.id" in f:
        f["dns.id"] = str(f["dns.id"])
    f["network.protocol"] = "dns"
    answers = f.get("dns.answers.data")
    if isinstance(answers, tuple):
        found = (known_peers.get(text) or peer_of(text) for text in answers if isinstance(text, str))
        resolved = tuple(address for name, address in found if name == "source.ip")
        if resolved:
            f["dns.resolved_ip"] = resolved
    elif "dns.response_code" not in f:
        f.update(_QUERY)


def _http(_: dict[str, Any], f: Fields) -> None:
    f["network.protocol"] = "http"
    f["network.transport"] = "tcp"


def _ssl(entry: dict[str, Any], f: Fields) -> None:
    f["network.transport"] = "tcp"
    version = entry.get("version")
    if isinstance(version, str) and version in _VERSIONS:
        f["tls.version"] = _VERSIONS[version]


def _files(entry: dict[str, Any], f: Fields) -> None:
    """Old records name hosts in sets; who of them sent is only right where each set holds one."""
    hosts = [
        address
        for key in ("tx_hosts", "rx_hosts")
        for host in (entry.get(key) if isinstance(entry.get(key), list) else ())  # type: ignore[union-attr]
        if isinstance(host, str) and (address := peer_of(host)[1])
    ]
    if hosts:
        f["related.ip"] = tuple(dict.fromkeys(hosts[:100]))


def _smb_files(entry: dict[str, Any], f: Fields) -> None:
    path, name = entry.get("path"), entry.get("name")
    if isinstance(path, str) and isinstance(name, str):
        f["file.path"] = f"{path}\\{name}"


_MORE = {
    "conn": _conn,
    "dns": _dns,
    "http": _http,
    "ssl": _ssl,
    "files": _files,
    "smb_files": _smb_files,
}
