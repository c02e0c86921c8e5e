"""The parts of an EVE object that are frequent (alert, flow, DNS, HTTP, TLS), under ECS names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.flat import put
from socterm.parsers.marks import Fields, mark

_ALERT = mark("ids_alert")
_BLOCKED = mark("ids_blocked", "success")
_QUERY, _ANSWER = mark("dns_query"), mark("dns_response")


_INT64 = 1 << 63
_MOST_NAMES = 1000


def copied(known: dict[str, str], prefix: str) -> Callable[[Any, Fields], None]:
    """A reader of an object: keys of the table become ECS fields ("" is left out), others keep their names.

    It is what most of the time goes into: names are made once, plain values are written at once.
    """
    names = dict(known)

    def read(value: Any, f: Fields) -> None:
        if value.__class__ is not dict:
            put(f, prefix, value)
            return
        for key, item in value.items():
            name = names.get(key)
            if name is None:
                name = f"{prefix}.{key[:100]}"
                if len(names) < _MOST_NAMES:
                    names[key] = name
            if not name:
                continue
            kind = item.__class__
            if kind is str or kind is bool or (kind is int and -1 < item < _INT64):
                f[name] = item
            else:
                put(f, name, item, 2)

    return read


_ALERT_NAMES = {
    "signature": "rule.name",
    "category": "rule.category",
    "severity": "event.severity",
    "rev": "rule.version",
    "signature_id": "",
    "metadata": "",
}
_copy_alert = copied(_ALERT_NAMES, "suricata.alert")
_TAGS = {
    "mitre_technique_id": "threat.technique.id",
    "mitre_technique_name": "threat.technique.name",
    "mitre_tactic_id": "threat.tactic.id",
    "mitre_tactic_name": "threat.tactic.name",
}


def alert(value: Any, f: Fields) -> None:
    """The rule that matched, and whether the traffic was let through."""
    if value.__class__ is not dict:
        return
    _copy_alert(value, f)
    identity, text, tags = value.get("signature_id"), value.get("signature"), value.get("metadata")
    if identity.__class__ is int:
        f["rule.id"] = str(identity)
    if text.__class__ is str:
        f["message"] = text
    if not f.get("rule.category"):
        f.pop("rule.category", None)
    if tags.__class__ is dict:
        for key, item in tags.items():
            put(f, _TAGS.get(key) or f"suricata.alert.metadata.{key[:64]}", item, 3)
    f.update(_BLOCKED if value.get("action") == "blocked" else _ALERT)


_HTTP_NAMES = {
    "hostname": "url.domain",
    "url": "url.original",
    "http_user_agent": "user_agent.original",
    "http_method": "http.request.method",
    "http_refer": "http.request.referrer",
    "http_content_type": "http.response.mime_type",
    "status": "http.response.status_code",
    "length": "http.response.body.bytes",
    "protocol": "",
    "http_port": "url.port",
    "http_request_body": "",
    "http_response_body": "",
    "http_request_body_printable": "",
    "http_response_body_printable": "",
}
_copy_http = copied(_HTTP_NAMES, "suricata.http")


def _http(value: Any, f: Fields) -> None:
    if value.__class__ is dict:
        _copy_http(value, f)
        said = value.get("protocol")
        if said.__class__ is str and said[:5] == "HTTP/":
            f["http.version"] = said[5:]


_TLS_NAMES = {
    "sni": "tls.client.server_name",
    "subject": "tls.server.subject",
    "issuerdn": "tls.server.issuer",
    "fingerprint": "tls.server.hash.sha1",
    "serial": "tls.server.x509.serial_number",
    "notbefore": "tls.server.not_before",
    "notafter": "tls.server.not_after",
    "session_resumed": "tls.resumed",
    "cipher_suite": "tls.cipher",
    "certificate": "",
    "chain": "",
}
_VERSIONS = {
    "TLS 1.0": "1.0",
    "TLSv1": "1.0",
    "TLS 1.1": "1.1",
    "TLS 1.2": "1.2",
    "TLS 1.3": "1.3",
    "SSLv3": "3",
}
_copy_tls = copied(_TLS_NAMES, "suricata.tls")


def _tls(value: Any, f: Fields) -> None:
    if value.__class__ is not dict:
        return
    _copy_tls(value, f)
    version = value.get("version")
    if version.__class__ is str and version in _VERSIONS:
        f["tls.version"] = _VERSIONS[version]
    for key, name in (("ja3", "tls.client.ja3"), ("ja3s", "tls.server.ja3s")):
        part = value.get(key)
        if part.__class__ is dict and part.get("hash").__class__ is str:
            f[name] = part["hash"]


def _flow(value: Any, f: Fields) -> None:
    """Both directions' figures and their sums; written out, for no event is as frequent."""
    if value.__class__ is not dict:
        return
    get = value.get
    sent, got = get("pkts_toserver"), get("pkts_toclient")
    if sent.__class__ is int and got.__class__ is int and 0 <= sent + got < _INT64:
        f["source.packets"] = sent
        f["destination.packets"] = got
        f["network.packets"] = sent + got
    sent, got = get("bytes_toserver"), get("bytes_toclient")
    if sent.__class__ is int and got.__class__ is int and 0 <= sent + got < _INT64:
        f["source.bytes"] = sent
        f["destination.bytes"] = got
        f["network.bytes"] = sent + got
    for key, name in _FLOW_TEXTS:
        text = get(key)
        if text.__class__ is str:
            f[name] = text


_FLOW_TEXTS = (
    ("start", "event.start"),
    ("end", "event.end"),
    ("state", "suricata.flow.state"),
    ("reason", "event.reason"),
)


def _tcp(value: Any, f: Fields) -> None:
    """A flow's TCP flags, all packets' together, and its last state."""
    if value.__class__ is dict:
        for key, name in (("tcp_flags", "suricata.tcp.flags"), ("state", "suricata.tcp.state")):
            text = value.get(key)
            if text.__class__ is str:
                f[name] = text


_DNS_NAMES = {
    "type": "suricata.dns.type",
    "rrname": "dns.question.name",
    "rrtype": "dns.question.type",
    "rcode": "dns.response_code",
    "id": "",
    "version": "",
    "ttl": "dns.answers.ttl",
    "rdata": "",
    "answers": "",
    "grouped": "",
    "queries": "",
    "query": "",
    "answer": "",
    "tx_id": "",
    "flags": "",
    "qr": "",
    "rd": "",
    "ra": "",
}
_copy_dns = copied(_DNS_NAMES, "suricata.dns")


def _dns(value: Any, f: Fields) -> None:
    """A query or an answer, in any of the versions: 1 (a record an event), 2 (answers in a list) and 3."""
    if value.__class__ is not dict:
        return
    inner = value.get("query") or value.get("queries")
    if inner.__class__ is list and inner and inner[0].__class__ is dict:
        _copy_dns(inner[0], f)
    if value.get("answer").__class__ is dict:
        value = value["answer"]
    _copy_dns(value, f)
    identity = value.get("id")
    if identity.__class__ is int:
        f["dns.id"] = str(identity)
    data: list[str] = []
    if value.get("rdata").__class__ is str:
        data.append(value["rdata"])
    answers = value.get("answers")
    if answers.__class__ is list:
        data += (item["rdata"] for item in _dicts(answers) if item.get("rdata").__class__ is str)
    elif value.get("grouped").__class__ is dict:
        groups = (items for items in value["grouped"].values() if items.__class__ is list)
        data += (item for items in groups for item in items if item.__class__ is str)
    if data:
        f["dns.answers.data"] = tuple(data[:200])
        resolved = tuple(found[1] for found in map(_peer, data[:200]) if found[0] == "source.ip")
        if resolved:
            f["dns.resolved_ip"] = resolved
    if f["event.dataset"] == "suricata.dns":
        f.update(_QUERY if f.get("suricata.dns.type") in ("query", "request") else _ANSWER)


def _dicts(items: list[Any]) -> Iterable[dict[str, Any]]:
    return (item for item in items if item.__class__ is dict)


def _peer(text: str) -> tuple[str, str]:
    return known_peers.get(text) or peer_of(text)


PARTS: dict[str, Callable[[Any, Fields], None]] = {
    "http": _http,
    "tls": _tls,
    "flow": _flow,
    "tcp": _tcp,
    "dns": _dns,
    "netflow": copied(
        {"pkts": "network.packets", "bytes": "network.bytes", "start": "event.start", "end": "event.end"},
        "suricata.netflow",
    ),
}
"""Key of an EVE object → what reads it; the rarer protocols are in `suricata_more`."""
