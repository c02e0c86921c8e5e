"""Access logs written as JSON: Caddy's and Traefik's; nginx's and Apache's, whose fields their owner names.

For the latter there are only habits. An object counts as a request if it names a client, a status of three
digits, and what was asked (a request line, or method and URL) under names people use for these.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_request', 'success', '203.0.113.9')
>>> read_line(FORMATS[1].example, "event.action", "event.outcome", "source.ip")
('web_request', 'failure', '203.0.113.9')
>>> read_line(FORMATS[2].example, "event.action", "event.outcome", "source.ip")
('web_request', 'failure', '203.0.113.9')
"""

from __future__ import annotations

from typing import Any

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.web_request import (
    answer_fields,
    host_port,
    put_duration,
    put_forwarded,
    put_host,
    put_text,
    put_url,
    request_fields,
)
from socterm.parsers.marks import Fields, number, put_end
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import LOGSOURCES

_LONGEST = 32_768

_STATUSES = (
    "status",
    "status_code",
    "statusCode",
    "response_status",
    "http_status",
    "response",
    "code",
    "response_code",
)
_CLIENTS = (
    "remote_addr", "remote_ip", "remoteIP", "remote_address", "remoteAddr", "client_ip", "clientip",
    "clientIp", "client", "ip", "remote_host", "remoteHost", "host_ip", "src_ip", "x_real_ip",
    "downstream_remote_address",
)  # fmt: skip
_METHODS = ("request_method", "method", "requestMethod", "verb", "http_method", "httpMethod")
_URLS = (
    "request_uri",
    "requestUri",
    "uri",
    "url",
    "request_path",
    "path",
    "requestURI",
    "request_url",
    "resourcePath",
)
_LINES = ("request", "request_line", "first_line", "requestLine")
_TIMES = (
    "time_iso8601", "@timestamp", "timestamp", "time_local", "time", "msec", "ts", "datetime", "date",
    "start_time", "requestTime",
)  # fmt: skip
_NAMES: dict[str, tuple[str, ...]] = {
    "http.request.referrer": ("http_referer", "http_referrer", "referer", "referrer"),
    "user_agent.original": ("http_user_agent", "user_agent", "userAgent", "agent", "useragent"),
    "user.name": ("remote_user", "remoteUser", "user", "auth", "username"),
    "http.request.id": ("request_id", "requestId", "req_id"),
}
_HOSTS = ("http_host", "host", "server_name", "vhost", "virtual_host", "domain", "authority")
_SIZES = (
    "body_bytes_sent",
    "bytes_sent",
    "bytes",
    "size",
    "response_size",
    "body_bytes",
    "bytesSent",
    "responseLength",
)
_TOOK = ("request_time", "upstream_response_time", "duration_s")
_FORWARDED = ("http_x_forwarded_for", "x_forwarded_for", "xff", "forwarded_for")
_QUERIES = ("query_string", "args", "query", "queryString")
_BALANCED = frozenset({"upstreamhost", "upstreamtime", "xff"})
"""Names of a widespread format of nginx that leaves out the method."""
_APACHE = frozenset({"remoteIP", "remote_host", "remoteHost", "first_line"})
_GATEWAY = frozenset({"httpMethod", "routeKey", "resourcePath"})
"""Names in Amazon's example of a format for its API gateway."""


def _text(value: Any) -> str:
    """A JSON value as text; "" for one that is no plain value."""
    if isinstance(value, str):
        return value[:_LONGEST]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _first(entry: dict[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        if name in entry:
            found = _text(entry[name])
            if found and found != "-":
                return found
    return ""


def _stamp(entry: dict[str, Any], names: tuple[str, ...], reading: Reading) -> int | None:
    for name in names:
        value = entry.get(name)
        text = f"{value:.6f}" if isinstance(value, float) else _text(value).strip("[]")
        ts = when(reading.clock, text) if text else None
        if ts is not None:
            return ts
    return None


def _whose(entry: dict[str, Any]) -> str:
    if _APACHE & entry.keys():
        return "apache.access"
    return "web.access" if _GATEWAY & entry.keys() else "nginx.access"


def _by_habit(entry: dict[str, Any], fields: Fields, reading: Reading) -> Found | None:
    """nginx, Apache and others whose log format somebody wrote as JSON."""
    status = _first(entry, _STATUSES)
    client = _first(entry, _CLIENTS)
    if len(status) != 3 or number(status) is None or not client:
        return None
    line, method, url = _first(entry, _LINES), _first(entry, _METHODS), _first(entry, _URLS)
    made: Fields = {"event.dataset": _whose(entry)}
    made |= answer_fields(status)
    asked = request_fields(line) if " " in line else {}
    if "url.original" in asked:
        made |= asked
    elif "request" in entry and "remote_addr" in entry and not method:
        made |= request_fields(line)  # nginx's names: a client that does not speak HTTP
    else:
        url = url or line
        silent = not method and url[:1] == "/" and bool(_BALANCED & entry.keys())
        if not url or not (method.isalpha() or silent):
            return None
        put_text(made, "http.request.method", method)
        query = _first(entry, _QUERIES).lstrip("?")
        put_url(made, f"{url}?{query}" if query and "?" not in url else url)
    ts = _stamp(entry, _TIMES, reading)
    host, port = host_port(client.partition(",")[0].strip())
    if not put_end(made, "source", host, port):
        return None
    put_host(made, _first(entry, _HOSTS))
    for name, theirs in _NAMES.items():
        put_text(made, name, _first(entry, theirs))
    size = number(_first(entry, _SIZES), 18)
    if size is not None:
        made["http.response.body.bytes"] = size
    version = _first(entry, ("server_protocol", "protocol", "proto"))
    if version.startswith("HTTP/"):
        made["http.version"] = version[5:]
    put_duration(made, _first(entry, _TOOK))
    put_forwarded(made, _first(entry, _FORWARDED))
    fields |= made
    return ts, LOGSOURCES[made["event.dataset"]], 1


def _caddy(entry: dict[str, Any], fields: Fields, reading: Reading) -> Found | None:
    """Caddy 2: the request is an object of its own, headers are lists."""
    request = entry.get("request")
    status = _text(entry["status"]) if "status" in entry else ""
    if not isinstance(request, dict) or not isinstance(request.get("uri"), str) or not status.isdecimal():
        return None
    client = _text(request.get("client_ip")) or _text(request.get("remote_ip"))
    client = client or host_port(_text(request.get("remote_addr")))[0]
    made: Fields = {"event.dataset": "caddy.access"}
    made |= answer_fields(status)
    put_text(made, "http.request.method", _text(request.get("method")))
    put_url(made, _text(request["uri"]))
    put_host(made, _text(request.get("host")))
    put_end(made, "source", client, number(_text(request.get("remote_port")), 5))
    version = _text(request.get("proto"))
    if version.startswith("HTTP/"):
        made["http.version"] = version[5:]
    headers = request.get("headers")
    for ours, theirs in (
        ("user_agent.original", "User-Agent"),
        ("http.request.referrer", "Referer"),
        ("http.request.mime_type", "Content-Type"),
    ):
        values = headers.get(theirs) if isinstance(headers, dict) else None
        put_text(made, ours, _text(values[0]) if isinstance(values, list) and values else "")
    put_text(made, "user.name", _text(entry.get("user_id")))
    size = entry.get("size")
    if isinstance(size, int):
        made["http.response.body.bytes"] = size
    _took(made, entry.get("duration"), 1_000_000_000)
    fields |= made
    return _stamp(entry, ("ts",), reading), LOGSOURCES["caddy.access"], 1


def _traefik(entry: dict[str, Any], fields: Fields, reading: Reading) -> Found | None:
    """Traefik's JSON: names in camel case, kept headers as request_NAME."""
    status = _text(entry.get("DownstreamStatus"))
    if not status.isdecimal() or not isinstance(entry.get("RequestPath"), str):
        return None
    made: Fields = {"event.dataset": "traefik.access"}
    made |= answer_fields(status)
    put_text(made, "http.request.method", _text(entry.get("RequestMethod")))
    put_url(made, _text(entry["RequestPath"]))
    put_host(made, _text(entry.get("RequestAddr")) or _text(entry.get("RequestHost")))
    host, port = host_port(_text(entry.get("ClientAddr")))
    if not put_end(made, "source", host, port):
        put_end(made, "source", _text(entry.get("ClientHost")))
    version = _text(entry.get("RequestProtocol"))
    if version.startswith("HTTP/"):
        made["http.version"] = version[5:]
    for ours, theirs in (
        ("user.name", "ClientUsername"),
        ("user_agent.original", "request_User-Agent"),
        ("http.request.referrer", "request_Referer"),
        ("traefik.router", "RouterName"),
        ("traefik.server", "ServiceName"),
        ("url.scheme", "RequestScheme"),
    ):
        put_text(made, ours, _text(entry.get(theirs)))
    size = entry.get("DownstreamContentSize")
    if isinstance(size, int):
        made["http.response.body.bytes"] = size
    _took(made, entry.get("Duration"), 1)
    put_forwarded(made, _text(entry.get("request_X-Forwarded-For")))
    fields |= made
    return _stamp(entry, ("StartUTC", "time"), reading), LOGSOURCES["traefik.access"], 1


def _took(fields: Fields, value: Any, unit: int) -> None:
    """A duration that JSON holds as a number; a float of any make must not become a number too large."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e18 / unit:
        fields["event.duration"] = round(value * unit)


FORMATS = (
    Format(
        name="caddy",
        title="Caddy access log (JSON)",
        example=(
            '{"level":"info","ts":1795168800.123,"logger":"http.log.access","msg":"handled request",'
            '"request":{"remote_ip":"203.0.113.9","remote_port":"40001","proto":"HTTP/2.0","method":"GET",'
            '"host":"c.example","uri":"/a?b=1","headers":{"User-Agent":["curl/8.0"]}},'
            '"duration":0.012,"size":5120,"status":200}'
        ),
        object=_caddy,
        order=25,
        keys=(frozenset({"request"}), frozenset({"status"})),
    ),
    Format(
        name="traefik",
        title="Traefik access log (JSON)",
        example=(
            '{"ClientAddr":"203.0.113.9:40001","ClientUsername":"-","DownstreamStatus":401,"Duration":412000,'
            '"RequestAddr":"t.example","RequestMethod":"GET","RequestPath":"/dashboard/","RequestProtocol":'
            '"HTTP/2.0","StartUTC":"2026-11-20T10:00:00.123456789Z","time":"2026-11-20T10:00:00Z"}'
        ),
        object=_traefik,
        order=25,
        keys=(frozenset({"DownstreamStatus"}),),
    ),
    Format(
        name="access_json",
        title="web access log as JSON: nginx, Apache and kin",
        example=(
            '{"time_iso8601":"2026-11-20T10:00:00+00:00","remote_addr":"203.0.113.9",'
            '"request":"GET /n HTTP/1.1","status":"404","body_bytes_sent":"153",'
            '"http_user_agent":"curl/8.0","http_host":"n.example"}'
        ),
        object=_by_habit,
        keys=(frozenset(_STATUSES), frozenset(_CLIENTS), frozenset((*_LINES, *_METHODS, *_BALANCED))),
        order=70,
    ),
)
