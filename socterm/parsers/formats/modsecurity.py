"""ModSecurity's audit log as JSON, a transaction a line: of version 2, of version 3 and of its kin Coraza.

| | stamp | request | what rules said |
|---|---|---|---|
| 2 | `transaction.time` | `request.request_line` | texts in `audit_data.messages`, as in the error log |
| 3 | `transaction.time_stamp` | `transaction.request` | objects in `transaction.messages` |
| Coraza | `transaction.unix_timestamp` | `transaction.request` | objects in `messages` |

A transaction that no rule objected to (`SecAuditEngine On`, or a status worth a line) is a request as any
other.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip", "rule.id")
('web_attack', 'failure', '203.0.113.9', '941100')
"""

from __future__ import annotations

from typing import Any

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.apache_message import firewall_tags
from socterm.parsers.formats.web_request import (
    answer_fields,
    put_forwarded,
    put_host,
    put_number,
    put_text,
    put_url,
    request_fields,
)
from socterm.parsers.marks import Fields, mark, number, put_end
from socterm.parsers.moments import moment, when
from socterm.taxonomy.logsources import LOGSOURCES

_LONGEST = 32_768
_MOST = 100
"""Messages of one transaction that are looked at: the core rule set gives a dozen."""
_ATTACK = mark("web_attack")
_STOPPED = mark("web_attack", "failure")
_SUMS = ("Inbound Anomaly Score Exceeded", "Outbound Anomaly Score Exceeded", "Anomaly Score Exceeded")
"""Beginnings of what the core rule set says last: the sum, not what it saw."""
_NAMES = {
    "user-agent": "user_agent.original",
    "referer": "http.request.referrer",
    "content-type": "http.request.mime_type",
}

_Rule = tuple[str, str, str, tuple[str, ...], str]
"""What one rule said: its id, its name, severity, tags, what it saw."""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value[:_MOST] if isinstance(value, list) else []


def _text(value: Any) -> str:
    """A plain value as text, of a list its first; "" for any other."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if isinstance(value, str):
        return value[:_LONGEST]
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _first(entry: dict[str, Any], *names: str) -> str:
    return next((found for name in names if (found := _text(entry.get(name)))), "")


def _names_of(rule: dict[str, Any], name: str, text: str) -> _Rule:
    tags = tuple(tag for tag in _list(rule.get("tags")) if isinstance(tag, str))
    return _first(rule, "ruleId", "id"), name, _text(rule.get("severity")), tags, text


def _rules(entry: dict[str, Any], transaction: dict[str, Any]) -> list[_Rule]:
    """What rules objected to, in their order."""
    found: list[_Rule] = []
    for said in _list(_object(entry.get("audit_data")).get("messages")):
        if isinstance(said, str):
            tags: Fields = {}
            firewall_tags(said[:_LONGEST], tags)
            about = (tags.get(name, "") for name in ("rule.id", "rule.name", "modsecurity.severity"))
            found.append((*about, tags.get("tags", ()), said.partition(" [")[0]))
    for said in _list(transaction.get("messages")):
        details = _object(_object(said).get("details"))
        if details:
            found.append(_names_of(details, _text(said.get("message")), _text(details.get("data"))))
    for said in _list(entry.get("messages")):
        data = _object(_object(said).get("data"))
        if data:
            found.append(_names_of(data, _text(data.get("msg")), _text(data.get("data"))))
    return [rule for rule in found if rule[0] or rule[1]]


def _put_rules(rules: list[_Rule], f: Fields) -> None:
    """The first rule that is no sum names the event; ids and tags of all are kept."""
    told = next((rule for rule in rules if not rule[1].startswith(_SUMS)), rules[0])
    for name, value in zip(("rule.id", "rule.name", "modsecurity.severity"), told[:3], strict=True):
        put_text(f, name, value)
    put_text(f, "event.reason", told[4])
    ids = tuple(dict.fromkeys(rule[0] for rule in rules if rule[0]))
    if ids:
        f["modsecurity.rule_ids"] = ids
    tags = tuple(dict.fromkeys(tag for rule in rules for tag in rule[3]))
    if tags:
        f["tags"] = tags


def _put_request(request: dict[str, Any], f: Fields) -> None:
    line = _text(request.get("request_line"))
    if line:
        f |= request_fields(line)
    else:
        put_text(f, "http.request.method", _text(request.get("method")))
        put_text(f, "http.version", _first(request, "http_version", "protocol").removeprefix("HTTP/"))
        uri = _text(request.get("uri"))
        if uri:
            put_url(f, uri)
    headers = {name.lower(): _text(value) for name, value in _object(request.get("headers")).items()}
    if "url.domain" not in f:
        put_host(f, headers.get("host", ""))
    for name, ours in _NAMES.items():
        put_text(f, ours, headers.get(name, ""))
    put_forwarded(f, headers.get("x-forwarded-for", ""))


def _stamp(transaction: dict[str, Any], reading: Reading) -> int | None:
    """When it was. Version 2 writes zones west of Greenwich with two signs, 3 and Coraza no zone at all."""
    exact = moment(reading.clock, transaction.get("unix_timestamp"))
    text = _first(transaction, "time", "time_stamp", "timestamp").replace(" --", " -").replace(" +-", " -")
    return exact if exact is not None else when(reading.clock, text)


def _stopped(entry: dict[str, Any], transaction: dict[str, Any], status: str) -> bool:
    """Whether the firewall answered in the server's place; older versions 3 leave that to the status."""
    if "audit_data" in entry:
        return _object(_object(entry["audit_data"]).get("action")).get("intercepted") is True
    if "is_interrupted" in transaction:
        return transaction["is_interrupted"] is True
    return (number(status, 3) or 0) >= 400


def modsecurity(entry: dict[str, Any], fields: Fields, reading: Reading) -> Found | None:
    """Reader of ModSecurity's and Coraza's audit log."""
    transaction = _object(entry.get("transaction"))
    client = _first(transaction, "client_ip", "remote_address")
    if not client or not ("request" in transaction or "audit_data" in entry or "request" in entry):
        return None
    ts = _stamp(transaction, reading)
    request = _object(transaction.get("request") or entry.get("request"))
    response = _object(transaction.get("response") or entry.get("response"))
    status = _first(response, "http_code", "status")
    rules = _rules(entry, transaction)
    made: Fields = {"event.dataset": "modsecurity"}
    made |= answer_fields(status)
    if rules:
        made.pop("event.outcome", None)
        made |= _STOPPED if _stopped(entry, transaction, status) else _ATTACK
        _put_rules(rules, made)
    put_end(made, "source", client, number(_first(transaction, "client_port", "remote_port"), 5))
    where = number(_first(transaction, "host_port", "local_port"), 5)
    put_end(made, "destination", _first(transaction, "host_ip", "local_address"), where or None)
    _put_request(request, made)
    sent = {name.lower(): _text(value) for name, value in _object(response.get("headers")).items()}
    put_number(made, "http.response.body.bytes", sent.get("content-length", ""))
    put_text(made, "http.request.id", _first(transaction, "unique_id", "transaction_id", "id"))
    fields |= made
    return ts, LOGSOURCES["modsecurity"], 1


FORMATS = (
    Format(
        name="modsecurity",
        title="ModSecurity and Coraza audit log (JSON)",
        example=(
            '{"transaction":{"client_ip":"203.0.113.9","time_stamp":"Fri Nov 20 10:00:00 2026",'
            '"client_port":40001,"host_ip":"192.0.2.80","host_port":443,"unique_id":"1795168800",'
            '"request":{"method":"GET","http_version":1.1,"uri":"/?q=<script>",'
            '"headers":{"Host":"shop.example","User-Agent":"curl/8.0"}},"response":{"http_code":403},'
            '"messages":[{"message":"XSS Attack Detected via libinjection","details":{"ruleId":"941100",'
            '"severity":"2","data":"Matched Data: <script>","tags":["attack-xss"]}}]}}'
        ),
        object=modsecurity,
        keys=(frozenset({"transaction"}),),
        order=45,
    ),
)
