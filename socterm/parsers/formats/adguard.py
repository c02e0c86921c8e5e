"""AdGuard Home's query log (querylog.json): an object for each question, the answer in it as DNS sent it.

`Result.Reason` says what the filter made of it, by number (AdGuard Home: internal/filtering, Reason).

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "dns.question.name", "dns.response_code")
('dns_response', '192.0.2.5', 'example.org', 'NXDOMAIN')
"""

from __future__ import annotations

from typing import Any

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.dns_answer import answer_of
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.moments import moment
from socterm.taxonomy.logsources import LOGSOURCES

_DATASET = "adguard.query"
_REASONS = (
    "not filtered", "on an allow list", "filter failed", "on a block list", "safe browsing",
    "parental control", "invalid", "safe search", "blocked service", "rewritten",
    "rewritten from hosts", "rewritten by a rule",
)  # fmt: skip
_BLOCKED = frozenset({3, 4, 5, 6, 8})
_PROTOCOLS = {"": "dns", "doh": "doh", "dot": "dot", "doq": "doq", "dnscrypt": "dnscrypt"}
_ANSWER, _BLOCK, _FAILED = mark("dns_response"), mark("dns_blocked"), mark("dns_failed")


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    return value if isinstance(value, str) else ""


def _filter(result: dict[str, Any], f: Fields) -> bool:
    """What the filter said; the answer is whether it withheld the answer."""
    reason = result.get("Reason")
    number = reason if isinstance(reason, int) and 0 <= reason < len(_REASONS) else 0
    if number:
        f["event.reason"] = _REASONS[number]
    rules = result.get("Rules")
    first = rules[0] if isinstance(rules, list) and rules and isinstance(rules[0], dict) else result
    for name in ("Text", "Rule"):
        if isinstance(first.get(name), str) and first[name]:
            f["rule.name"] = first[name]
    for name in ("FilterListID", "FilterID"):
        if isinstance(first.get(name), int):
            f["rule.ruleset"] = str(first[name])
    if isinstance(result.get("ServiceName"), str) and result["ServiceName"]:
        f["network.application"] = result["ServiceName"]
    return bool(result.get("IsFiltered")) if reason is None else number in _BLOCKED


def _object(entry: dict[str, Any], f: Fields, reading: Reading) -> Found | None:
    ts = moment(reading.clock, entry.get("T"))
    question = entry.get("QH")
    if ts is None or not isinstance(question, str):
        return None
    f["event.dataset"] = _DATASET
    f["dns.question.name"] = question.rstrip(".") or "."
    for theirs, ours in (("QT", "dns.question.type"), ("QC", "dns.question.class"), ("CID", "client.name"),
                         ("Upstream", "adguard.upstream")):  # fmt: skip
        if _text(entry, theirs):
            f[ours] = _text(entry, theirs)
    put_end(f, "source", _text(entry, "IP"))
    f["network.protocol"] = _PROTOCOLS.get(_text(entry, "CP"), "dns")
    took = entry.get("Elapsed")
    if isinstance(took, int) and 0 <= took < 1 << 62:
        f["event.duration"] = took
    if isinstance(entry.get("Cached"), bool):
        f["adguard.cached"] = entry["Cached"]
    answer = answer_of(_text(entry, "Answer"))
    if answer is not None:
        f["dns.response_code"] = answer.code
        if answer.data:
            f["dns.answers.data"] = answer.data
        if answer.addresses:
            f["dns.resolved_ip"] = answer.addresses
    result = entry.get("Result")
    if isinstance(result, dict) and _filter(result, f):
        f |= _BLOCK
    else:
        f |= _FAILED if f.get("dns.response_code") == "SERVFAIL" else _ANSWER
    return ts, LOGSOURCES[_DATASET], 1


FORMATS = (
    Format(
        name="adguard",
        title="AdGuard Home's query log",
        example=(
            '{"T":"2026-11-20T10:00:00.123456789+00:00","QH":"example.org","QT":"A","QC":"IN","CP":"",'
            '"Upstream":"https://dns.example:443/dns-query","Answer":"AACBgwABAAAAAAAAB2V4YW1wbGUDb3JnAAABAAE=",'
            '"IP":"192.0.2.5","Result":{},"Elapsed":123456}'
        ),
        object=_object,
        keys=(frozenset({"T"}), frozenset({"QH"}), frozenset({"QT"}), frozenset({"IP"})),
    ),
)
