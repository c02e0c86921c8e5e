"""Logs of AWS WAF, a request a line: what it let through, stopped, or only counted, and which rule said so.

The firewall stops for many reasons. Only what its rule groups take for an attack is `web_attack`; a rate that
was exceeded is `web_limited`; an address, a country, a size or a robot that is not wanted is `web_denied`.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip", "rule.id")
('web_attack', 'failure', '203.0.113.9', 'AWS-AWSManagedRulesSQLiRuleSet')
"""

from __future__ import annotations

from typing import Any

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.web_request import answer_fields, put_forwarded, put_host, put_text, put_url
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.moments import moment
from socterm.taxonomy.logsources import LOGSOURCES

_LONGEST = 32_768
_MOST = 100
"""Rules, labels and headers of one request that are looked at."""
_ATTACK = mark("web_attack")
_STOPPED = mark("web_attack", "failure")
_DENIED = mark("web_denied", "failure")
_LIMITED = mark("web_limited", "failure")
_REFUSED = frozenset({"BLOCK", "CAPTCHA", "CHALLENGE"})
_MANAGED = "awswaf:managed:aws:"
_ATTACKS = (
    "core-rule-set:", "known-bad-inputs:", "sql-database:", "linux-os:", "posix-os:", "windows-os:",
    "php-app:", "wordpress-app:", "admin-protection:",
)  # fmt: skip
"""Amazon's rule groups that look for attacks; others look for robots, networks, bought accounts."""
_POLICIES = (
    "SizeRestrictions",
    "NoUserAgent",
    "UserAgent_BadBots",
    "RestrictedExtensions",
    "AdminProtection",
)
"""Beginnings of their labels that are no attack: much that is harmless has no agent or a large body."""
_GROUPS = ("CommonRuleSet", "KnownBadInputs", "SQLi", "LinuxRuleSet", "UnixRuleSet", "WindowsRuleSet",
           "PHPRuleSet", "WordPressRuleSet")  # fmt: skip
"""The same groups as a terminating rule is named, where a log has no labels."""
_INJECTIONS = frozenset({"SQL_INJECTION", "XSS"})
_NAMES = {
    "user-agent": "user_agent.original",
    "referer": "http.request.referrer",
    "content-type": "http.request.mime_type",
}


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value[:_LONGEST] if isinstance(value, str) else ""


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value[:_MOST] if isinstance(item, dict)] if isinstance(value, list) else []


def _matches(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """Where rules found an injection: of the rule that decided, in rule groups, of rules that only count."""
    found = _objects(entry.get("terminatingRuleMatchDetails"))
    rules = _objects(entry.get("nonTerminatingMatchingRules"))
    for group in _objects(entry.get("ruleGroupList")):
        ended = group.get("terminatingRule")
        rules += [ended] if isinstance(ended, dict) else []
        rules += _objects(group.get("nonTerminatingMatchingRules"))
    for rule in rules:
        found += _objects(rule.get("ruleMatchDetails"))
    return [match for match in found if _text(match, "conditionType") in _INJECTIONS]


def _is_attack(label: str) -> bool:
    group = label.removeprefix(_MANAGED)
    return group != label and group.startswith(_ATTACKS) and not group.partition(":")[2].startswith(_POLICIES)


def _verdict(entry: dict[str, Any], labels: list[str], matches: list[dict[str, Any]]) -> Fields:
    rule, kind = _text(entry, "terminatingRuleId"), _text(entry, "terminatingRuleType")
    refused = _text(entry, "action") in _REFUSED
    named = not labels and kind == "MANAGED_RULE_GROUP" and any(group in rule for group in _GROUPS)
    if matches or any(_is_attack(label) for label in labels) or (refused and named):
        return _STOPPED if refused else _ATTACK
    if not refused:
        return {}
    return _LIMITED if kind == "RATE_BASED" else _DENIED


def _put_request(request: dict[str, Any], f: Fields) -> None:
    url, query = _text(request, "uri"), _text(request, "args")
    put_text(f, "http.request.method", _text(request, "httpMethod"))
    put_text(f, "http.version", _text(request, "httpVersion").removeprefix("HTTP/"))
    put_text(f, "http.request.id", _text(request, "requestId"))
    if url:
        put_url(f, f"{url}?{query}" if query else url)
    put_end(f, "source", _text(request, "clientIp"))
    headers = {_text(one, "name").lower(): _text(one, "value") for one in _objects(request.get("headers"))}
    put_host(f, headers.get("host", "") or _text(request, "host"))
    put_text(f, "url.scheme", _text(request, "scheme"))
    for name, ours in _NAMES.items():
        put_text(f, ours, headers.get(name, ""))
    put_forwarded(f, headers.get("x-forwarded-for", ""))


def aws_waf(entry: dict[str, Any], fields: Fields, reading: Reading) -> Found | None:
    """Reader of AWS WAF's log."""
    request = entry.get("httpRequest")
    if not isinstance(request, dict) or "clientIp" not in request:
        return None
    labels = [name for label in _objects(entry.get("labels")) if (name := _text(label, "name"))]
    matches = _matches(entry)
    code = entry.get("responseCodeSent")
    made: Fields = {"event.dataset": "aws.waf", "cloud.provider": "aws"}
    made |= answer_fields(str(code) if code.__class__ is int else "")
    made |= _verdict(entry, labels, matches)
    _put_request(request, made)
    put_text(made, "rule.id", _text(entry, "terminatingRuleId"))
    where = _text(entry, "webaclId").split(":", 5)
    if len(where) == 6 and where[0] == "arn":
        put_text(made, "cloud.region", where[3])
        put_text(made, "cloud.account.id", where[4])
        put_text(made, "rule.ruleset", where[5].split("/")[2] if where[5].count("/") > 1 else where[5])
    else:
        put_text(made, "rule.ruleset", _text(entry, "webaclId"))
    for name, key in (
        ("aws.waf.action", "action"),
        ("aws.waf.rule_type", "terminatingRuleType"),
        ("aws.waf.source.name", "httpSourceName"),
        ("aws.waf.source.id", "httpSourceId"),
    ):
        put_text(made, name, _text(entry, key))
    put_text(made, "source.geo.country_iso_code", _text(request, "country"))
    if labels:
        made["aws.waf.labels"] = tuple(labels)
    if matches:
        made["aws.waf.matched_in"] = tuple(dict.fromkeys(_text(match, "location") for match in matches))
    fields |= made
    return moment(reading.clock, entry.get("timestamp")), LOGSOURCES["aws.waf"], 1


FORMATS = (
    Format(
        name="aws-waf",
        title="AWS WAF log",
        example=(
            '{"timestamp":1795168800123,"formatVersion":1,"webaclId":"arn:aws:wafv2:eu-west-1:123456789012:'
            'regional/webacl/shop/0a1b2c3d","terminatingRuleId":"AWS-AWSManagedRulesSQLiRuleSet",'
            '"terminatingRuleType":"MANAGED_RULE_GROUP","action":"BLOCK","terminatingRuleMatchDetails":['
            '{"conditionType":"SQL_INJECTION","location":"QUERY_STRING","matchedData":["1","OR","1"]}],'
            '"httpSourceName":"ALB","httpSourceId":"123456789012-app/shop/50dc6c49","httpRequest":{'
            '"clientIp":"203.0.113.9","country":"DE","headers":[{"name":"Host","value":"shop.example"},'
            '{"name":"User-Agent","value":"curl/8.0"}],"uri":"/a.php","args":"id=1%20OR%201=1",'
            '"httpVersion":"HTTP/2.0","httpMethod":"GET","requestId":"1-5833-36d2"}}'
        ),
        object=aws_waf,
        keys=(frozenset({"httpRequest"}), frozenset({"webaclId"})),
        order=45,
    ),
)
