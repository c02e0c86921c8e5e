"""Which fields are looked at for what: tables, no branches."""

from __future__ import annotations

AUTH_FAMILY = frozenset({
    "sshd", "sudo", "su", "pam", "useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel",
    "gpasswd", "passwd", "chage", "chfn", "chsh", "logind", "cron", "systemd",
})  # fmt: skip
"""Linux services whose lines name a source and a host and nothing else that is looked up."""

WIDE_ACTIONS = frozenset({"ssh_connect", "ssh_warning"})
"""Actions of that family whose lines name more: where a connection went, a name behind an address."""

ENDS = {"source.ip": "source", "destination.ip": "destination"}
"""Addresses of a connection's ends: internal or external, place, network, asset, indicators."""

NAMES = {
    "dns.question.name": "dns.question",
    "url.domain": "url",
    "destination.domain": "destination",
}
"""Names that are taken apart, and what their parts are called after."""

BAD_ADDRESSES = (
    "client.ip",
    "server.ip",
    "dns.resolved_ip",
    "source.nat.ip",
    "destination.nat.ip",
)
"""Further addresses that are looked up in lists of indicators."""

BAD_NAMES = ("source.domain", "client.domain", "server.domain", "tls.client.server_name")
"""Further names that are looked up there."""

HASHES = frozenset({"md5", "sha1", "sha256", "hash", "hashes", "imphash"})
"""Last part of the names of fields that hold hashes, in lower case."""

OURS = (
    "source.geo.", "source.as.", "destination.geo.", "destination.as.", "source.asset.", "destination.asset.",
    "host.asset.", "session.origin.", "threat.",
)  # fmt: skip
"""Beginnings of names that an event may bring along and that are then kept."""

OUR_NAMES = frozenset({
    "network.direction", "url.decoded", *(f"{name}.{part}" for name in NAMES.values()
    for part in ("registered_domain", "subdomain")), "dns.question.length", "dns.question.label_length",
})  # fmt: skip
"""Further such names."""
