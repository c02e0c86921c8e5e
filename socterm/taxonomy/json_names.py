"""Names that mean one thing in whoever's JSON → ECS, and log sources of documents that are ECS already.

Lower case. A value that does not fit (a name where an address belongs) stays under the producer's own name;
names that mean different things to different producers (`status`, `type`, `id`) are not here.
"""

from __future__ import annotations

from socterm.event import LogSource

STAMPS: tuple[str, ...] = (
    "@timestamp", "timestamp", "@t", "time", "ts", "datetime", "eventtime", "event_time", "asctime", "date",
    "_time", "timegenerated", "time_generated", "timecreated", "time_local", "created_at", "createdat",
    "activitydatetime", "createddatetime",
    "published", "added_at", "unixtime", "timemillis", "epoch", "t", "updated_at", "modified_at",
    "deleted_at",
)  # fmt: skip
"""Names of stamps, the most trusted first."""

MESSAGES: tuple[str, ...] = ("message", "msg", "short_message", "@m", "log", "event_message")
"""Names of the text for people, the most trusted first."""

LEVELS = frozenset({"level", "severity", "loglevel", "log_level", "lvl", "levelname", "severity_text", "@l"})

ADDRESSES: dict[str, str] = {
    **dict.fromkeys(
        (
            "src_ip",
            "srcip",
            "source_ip",
            "sourceip",
            "src_addr",
            "src",
            "ip",
            "ip_address",
            "ipaddress",
            "client_ip",
            "clientip",
            "client_addr",
            "remote_ip",
            "remoteip",
            "remote_addr",
            "remoteaddr",
            "remote_address",
            "peer_ip",
            "source.ip",
            "client.ip",
        ),
        "source.ip",
    ),
    **dict.fromkeys(
        (
            "dst_ip",
            "dstip",
            "dest_ip",
            "destip",
            "destination_ip",
            "destinationip",
            "dst_addr",
            "destination.ip",
        ),
        "destination.ip",
    ),
}

NUMBERS: dict[str, tuple[str, int]] = {
    **dict.fromkeys(
        ("src_port", "srcport", "source_port", "sourceport", "client_port", "remote_port", "source.port"),
        ("source.port", 65_535),
    ),
    **dict.fromkeys(
        (
            "dst_port",
            "dstport",
            "dest_port",
            "destport",
            "destination_port",
            "destinationport",
            "destination.port",
        ),
        ("destination.port", 65_535),
    ),
    **dict.fromkeys(("pid", "process_id", "procid", "process.pid"), ("process.pid", 1 << 40)),
    **dict.fromkeys(
        ("status_code", "statuscode", "http_status", "response_status", "http.response.status_code"),
        ("http.response.status_code", 999),
    ),
}
"""Name → field, largest value."""

TEXTS: dict[str, str] = {
    **dict.fromkeys(("user", "username", "user_name", "user.name"), "user.name"),
    **dict.fromkeys(("user_id", "userid", "user.id"), "user.id"),
    **dict.fromkeys(("host", "hostname", "host_name", "host.hostname"), "host.hostname"),
    **dict.fromkeys(
        ("program", "process", "process_name", "programname", "ident", "appname", "app_name", "process.name"),
        "process.name",
    ),
    **dict.fromkeys(("logger", "logger_name", "loggername", "log.logger"), "log.logger"),
    **dict.fromkeys(("action", "event.action"), "event.action"),
    **dict.fromkeys(
        ("user_agent", "useragent", "http_user_agent", "user_agent.original"), "user_agent.original"
    ),
    **dict.fromkeys(("referer", "referrer", "http_referer", "http_referrer"), "http.request.referrer"),
    **dict.fromkeys(("url", "request_url", "request_uri", "uri", "url.original"), "url.original"),
    **dict.fromkeys(("trace_id", "traceid", "trace.id"), "trace.id"),
    **dict.fromkeys(
        ("command_line", "commandline", "cmdline", "process.command_line"), "process.command_line"
    ),
}

WORDS: dict[str, tuple[str, frozenset[str]]] = {
    **dict.fromkeys(
        ("outcome", "event.outcome"), ("event.outcome", frozenset({"success", "failure", "unknown"}))
    ),
    **dict.fromkeys(
        ("method", "http_method", "request_method", "http.request.method"),
        (
            "http.request.method",
            frozenset(
                {"GET", "POST", "PUT", "HEAD", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "PROPFIND"}
            ),
        ),
    ),
    **dict.fromkeys(
        ("proto", "protocol", "transport", "network.transport"),
        (
            "network.transport",
            frozenset({"tcp", "udp", "icmp", "TCP", "UDP", "ICMP", "sctp", "ipv6-icmp", "gre", "esp"}),
        ),
    ),
}
"""Name → field, the words that it may hold."""

JSON_LOGSOURCES: dict[str, tuple[LogSource, ...]] = {
    "json": (("", "application", ""),),
    "ecs": (("", "application", ""),),
}

ECS_DATASETS: dict[str, str] = {
    "system.auth": "pam",
    "system.syslog": "syslog",
    "iis.access": "iis.access",
    "auditd.log": "auditd",
    "aws.cloudtrail": "aws.cloudtrail",
    "gcp.audit": "gcp.audit",
    "azure.activitylogs": "azure.activitylogs",
    "azure.auditlogs": "azure.auditlogs",
    "azure.signinlogs": "azure.signinlogs",
    "okta.system": "okta.system",
    "github.audit": "github.audit",
    "o365.audit": "m365.audit",
    "suricata.eve": "suricata",
    "zeek.connection": "zeek.conn",
}
"""Elastic's datasets → ours, where they are called differently or are worth naming."""

_SYSTEMS = ("windows", "linux", "macos")
ECS_CATEGORIES: dict[tuple[str, str, str], tuple[LogSource, ...]] = {
    **{(os, "process", "start"): ((os, "process_creation", ""),) for os in _SYSTEMS},
    **{(os, "process", "end"): ((os, "process_termination", ""),) for os in _SYSTEMS},
    **{(os, "file", "creation"): ((os, "file_event", ""),) for os in _SYSTEMS},
    **{(os, "file", "change"): ((os, "file_event", ""),) for os in _SYSTEMS},
    **{(os, "file", "deletion"): ((os, "file_delete", ""),) for os in _SYSTEMS},
    **{(os, "network", "start"): ((os, "network_connection", ""),) for os in _SYSTEMS},
    ("windows", "library", "start"): (("windows", "image_load", ""),),
    ("windows", "driver", "start"): (("windows", "driver_load", ""),),
    ("windows", "registry", "change"): (("windows", "registry_event", ""), ("windows", "registry_set", "")),
    ("windows", "registry", "deletion"): (
        ("windows", "registry_event", ""),
        ("windows", "registry_delete", ""),
    ),
}
"""(`host.os.type`, `event.category`, `event.type`) → log sources: what endpoint agents tell in ECS."""
