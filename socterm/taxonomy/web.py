"""Web servers and proxies as Sigma knows them: log sources of their datasets, field names of their rules."""

from __future__ import annotations

from socterm.event import LogSource

WEBSERVER: LogSource = ("", "webserver", "")
PROXY: LogSource = ("", "proxy", "")

WEB_LOGSOURCES: dict[str, tuple[LogSource, ...]] = {
    "web.access": (WEBSERVER,),
    "apache.access": (("apache", "webserver", "apache"),),
    "nginx.access": (("nginx", "webserver", "nginx"),),
    "caddy.access": (("caddy", "webserver", "caddy"),),
    "traefik.access": (("traefik", "webserver", "traefik"), ("traefik", "proxy", "traefik")),
    "haproxy": (("haproxy", "webserver", "haproxy"), ("haproxy", "proxy", "haproxy")),
    "envoy.access": (("envoy", "webserver", "envoy"), ("envoy", "proxy", "envoy")),
    "squid": (("squid", "proxy", "squid"),),
    "iis.access": (("windows", "webserver", "iis"),),
    "iis.error": (("windows", "webserver", "iis"),),
    "aws.elb": (("aws", "webserver", "elb"),),
    "aws.s3access": (("aws", "webserver", "s3access"),),
    "aws.cloudfront": (("aws", "webserver", "cloudfront"),),
    "aws.waf": (("aws", "webserver", "waf"),),
    "modsecurity": (("modsecurity", "webserver", "modsecurity"),),
    "apache.error": (("apache", "webserver", "apache"),),
    "nginx.error": (("nginx", "webserver", "nginx"),),
    "lighttpd.error": (("lighttpd", "webserver", "lighttpd"),),
    "suhosin": (("php", "", "suhosin"),),
}
"""`event.dataset` → log sources. `web.access` is a text log of which the server cannot be told.

Error logs are of the category too: all name the client, and nginx the request.
"""

_COMMON = {
    "c-ip": "source.ip",
    "src_ip": "source.ip",
    "c-port": "source.port",
    "s-ip": "destination.ip",
    "dst_ip": "destination.ip",
    "s-port": "destination.port",
    "cs-method": "http.request.method",
    "cs-version": "http.version",
    "cs-uri": "url.original",
    "c-uri": "url.original",
    "cs-uri-stem": "url.path",
    "c-uri-stem": "url.path",
    "cs-uri-extension": "url.extension",
    "c-uri-extension": "url.extension",
    "cs-uri-scheme": "url.scheme",
    "cs-uri-port": "url.port",
    "cs-host": "url.domain",
    "r-dns": "url.domain",
    "c-useragent": "user_agent.original",
    "cs-user-agent": "user_agent.original",
    "cs(user-agent)": "user_agent.original",
    "cs-referer": "http.request.referrer",
    "cs-referrer": "http.request.referrer",
    "cs(referer)": "http.request.referrer",
    "cs-username": "user.name",
    "cs-cookie": "http.request.headers.cookie",
    "cs(cookie)": "http.request.headers.cookie",
    "cs-content-type": "http.request.mime_type",
    "sc-content-type": "http.response.mime_type",
    "sc-status": "http.response.status_code",
    "cs-bytes": "http.request.bytes",
    "sc-bytes": "http.response.body.bytes",
    "s-computername": "host.hostname",
}

WEB_NAMES: dict[str, dict[str, str]] = {
    # SigmaHQ's rules for web servers write whole targets, path and all, under the name of the query.
    "webserver": _COMMON | {"cs-uri-query": "url.original", "c-uri-query": "url.original"},
    "proxy": _COMMON | {"cs-uri-query": "url.query", "c-uri-query": "url.query"},
}
"""Sigma's names by category, lower case → ECS."""
