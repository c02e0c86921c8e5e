"""Access logs of Amazon's load balancers (application, classic) and of S3 buckets.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_request', 'success', '203.0.113.9')
>>> read_line(FORMATS[1].example, "event.action", "event.outcome", "source.ip")
('web_request', 'success', '203.0.113.9')
"""

from __future__ import annotations

import re

from socterm.parsers.format import Format, Found, Reading
from socterm.parsers.formats.web_request import (
    answer_fields,
    host_port,
    plain,
    put_duration,
    put_number,
    put_text,
    request_fields,
    tokens_of,
)
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import LOGSOURCES

_KINDS = frozenset({"http", "https", "h2", "grpcs", "ws", "wss"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_OWNER = re.compile(r"[0-9a-f]{64}|anonymous|-")
_OPERATION = re.compile(r"(?:REST|SOAP|BATCH|S3|WEBSITE)\.[A-Z0-9_.]{1,80}")
_STATUS = re.compile(r"\d{3}|-")
_TIME = re.compile(r"\d{1,6}\.\d{1,9}")
_PASSED = mark("proxy_connection")


def _elb(text: str, fields: Fields, reading: Reading) -> Found | None:
    """[TYPE] TIME BALANCER CLIENT:PORT TARGET:PORT times statuses sizes "REQUEST" "AGENT" CIPHER TLS more."""
    words = text[:600].split(" ", 3)
    kind = words[0] in _KINDS
    if len(words) < 4 or not _INSTANT.fullmatch(words[kind]):
        return None
    tokens = [value for value, _ in tokens_of(text)]
    typed = tokens[kind:]
    ts = when(reading.clock, typed[0])
    if ts is None or len(typed) < 12 or not (typed[6] == "-1" or _TIME.fullmatch(typed[6])):
        return None
    client, target = host_port(typed[2]), host_port(typed[3])
    if client[1] is None:
        return None
    made: Fields = {"event.dataset": "aws.elb"}
    made |= answer_fields(typed[7]) if typed[11].strip("- ") else _PASSED
    asked = request_fields(plain(typed[11]))
    made |= asked if typed[11].strip("- ") else {}
    put_end(made, "source", *client)
    if target[0] != "-":
        put_end(made, "destination", *target)
    put_text(made, "aws.elb.name", typed[1])
    if kind:
        made["aws.elb.type"] = tokens[0]
    put_number(made, "aws.elb.backend_status_code", typed[8])
    put_number(made, "http.request.bytes", typed[9])
    put_number(made, "http.response.body.bytes", typed[10])
    if all(_TIME.fullmatch(took) for took in typed[4:7]):
        put_duration(made, f"{sum(float(took) for took in typed[4:7]):.6f}")
    for index, name in ((12, "user_agent.original"), (13, "tls.cipher")):
        if len(typed) > index:
            put_text(made, name, plain(typed[index]))
    if len(typed) > 14:
        put_text(made, "tls.version", typed[14].removeprefix("TLSv"))
    if len(typed) > 16:
        put_text(made, "trace.id", typed[16])
    fields |= made
    return ts, LOGSOURCES["aws.elb"], 1


def _s3(text: str, fields: Fields, reading: Reading) -> Found | None:
    """OWNER BUCKET [TIME] CLIENT REQUESTER ID OPERATION KEY "REQUEST" STATUS ERROR sizes times "REFERRER"…"""
    words = text[:400].split(" ", 4)
    if len(words) < 5 or not _OWNER.fullmatch(words[0]) or words[2][:1] != "[" or words[3][-1:] != "]":
        return None
    tokens = [value for value, _ in tokens_of(text)]
    if len(tokens) < 16 or not _OPERATION.fullmatch(tokens[6]) or not _STATUS.fullmatch(tokens[9]):
        return None
    ts = when(reading.clock, tokens[2][1:-1])
    if ts is None:
        return None
    made: Fields = {"event.dataset": "aws.s3access"}
    made |= answer_fields(tokens[9])
    made |= request_fields(plain(tokens[8]))
    put_end(made, "source", tokens[3])
    for index, name in (
        (1, "aws.s3access.bucket"),
        (4, "user.name"),
        (5, "http.request.id"),
        (6, "aws.s3access.operation"),
        (7, "aws.s3access.key"),
        (10, "aws.s3access.error_code"),
        (15, "http.request.referrer"),
    ):
        put_text(made, name, tokens[index])
    put_number(made, "http.response.body.bytes", tokens[11])
    put_number(made, "aws.s3access.object_size", tokens[12])
    put_duration(made, tokens[13], 1_000_000)
    if len(tokens) > 16:
        put_text(made, "user_agent.original", plain(tokens[16]))
    if len(tokens) > 22:
        put_text(made, "tls.cipher", tokens[20])
        put_text(made, "url.domain", tokens[22])
    fields |= made
    return ts, LOGSOURCES["aws.s3access"], 1


FORMATS = (
    Format(
        name="elb",
        title="AWS load balancer access log (ALB, classic)",
        example=(
            "https 2026-11-20T10:00:00.123456Z app/shop/50dc6c49 203.0.113.9:40001 192.0.2.80:443 0.001 "
            '0.012 0.000 200 200 180 5120 "GET https://shop.example:443/a?b=1 HTTP/2.0" "curl/8.0" '
            "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"
        ),
        line=_elb,
        begins="hgw0123456789",
    ),
    Format(
        name="s3access",
        title="AWS S3 server access log",
        example=(
            "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0 backups "
            "[20/Nov/2026:10:00:00 +0000] 203.0.113.9 arn:aws:iam::123456789012:user/ann 3E57427F3 "
            "REST.GET.OBJECT db.sql "
            '"GET /backups/db.sql HTTP/1.1" 200 - 5120 5120 41 40 "-" "aws-cli/2.0" -'
        ),
        line=_s3,
        begins="0123456789abcdef-",
    ),
)
