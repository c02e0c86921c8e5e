"""Web servers and proxies: the quirks of their logs, what hostile clients write into them, what rules ask for."""

# ruff: noqa: E501 - log lines stand as they are written

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.sigma.fields import names_of, values

NOW = 1_795_219_200_000_000
STAMP = "[20/Nov/2026:10:00:00 +0100]"
TS = 1_795_165_200_000_000


def decode(*lines: str) -> list[Event]:
    return Decoder("x").decode(Chunk("x", 0, [line.encode() for line in lines], {}, NOW, live=False))


def access(
    before: str = "203.0.113.9 - -", request: str = "GET /a HTTP/1.1", after: str = '200 5 "-" "curl/8.0"'
) -> Event:
    """An access line's event; it must have been read as one."""
    (event,) = decode(f'{before} {STAMP} "{request}" {after}')
    assert event.fields["event.action"] == "web_request"
    assert (event.ts, event.time_from) == (TS, "line")
    return event


def test_a_combined_line_is_taken_apart() -> None:
    event = access(
        "203.0.113.9 - ann",
        "GET /shop/a.php?id=1&x=%27 HTTP/1.1",
        '404 153 "https://r.example/" "Mozilla/5.0"',
    )
    assert event.fields == {
        "event.dataset": "web.access",
        "event.action": "web_request",
        "event.category": ("web",),
        "event.type": ("access",),
        "event.outcome": "failure",
        "source.ip": "203.0.113.9",
        "user.name": "ann",
        "http.request.method": "GET",
        "url.original": "/shop/a.php?id=1&x=%27",
        "url.path": "/shop/a.php",
        "url.query": "id=1&x=%27",
        "url.extension": "php",
        "http.version": "1.1",
        "http.response.status_code": 404,
        "http.response.body.bytes": 153,
        "http.request.referrer": "https://r.example/",
        "user_agent.original": "Mozilla/5.0",
    }
    assert event.logsources == (("", "webserver", ""),)
    assert event.message == event.raw


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (101, "success"),
        (200, "success"),
        (399, "success"),
        (400, "failure"),
        (401, "failure"),
        (503, "failure"),
        (0, None),
    ],
)
def test_the_outcome_follows_the_status(status: int, outcome: str | None) -> None:
    fields = access(after=f'{status:03d} 5 "-" "x"').fields
    assert (fields["http.response.status_code"], fields.get("event.outcome")) == (status, outcome)


def test_a_tls_greeting_is_no_request() -> None:
    fields = access(request=r"\x16\x03\x01", after='400 226 "-" "-"').fields
    assert fields["http.request.raw"] == r"\x16\x03\x01"
    assert not {"url.original", "http.request.method", "user_agent.original"} & set(fields)


@pytest.mark.parametrize("after", ["408 -", '408 152 "-" "-"', '408 - "-" "-"'])
def test_a_connection_without_a_request(after: str) -> None:
    fields = access(request="-", after=after).fields
    assert fields["http.response.status_code"] == 408
    assert not [name for name in fields if name.startswith(("url.", "http.request"))]


def test_bytes_that_were_not_sent_are_absent() -> None:
    assert "http.response.body.bytes" not in access(after='304 - "-" "x"').fields
    assert access(after="304 0").fields["http.response.body.bytes"] == 0


def test_escaped_quotes_do_not_end_a_field() -> None:
    fields = access(request=r"GET /a\"b HTTP/1.1", after=r'404 5 "https://x/?\"y" "say \"hi\" \\o/"').fields
    assert fields["url.original"] == '/a"b'
    assert fields["http.request.referrer"] == 'https://x/?"y'
    assert fields["user_agent.original"] == r'say "hi" \o/'


def test_a_quote_that_a_server_did_not_escape() -> None:
    fields = access(request='GET /"x" HTTP/1.1').fields
    assert (fields["url.original"], fields["http.response.status_code"]) == ('/"x"', 200)


@pytest.mark.parametrize(
    ("listed", "client"),
    [
        ("10.0.0.2, 10.0.0.1, 127.0.0.1", "10.0.0.2"),
        ("10.0.0.2, 10.0.0.1, 198.51.100.4", "198.51.100.4"),
        ("198.51.100.4, 10.0.0.1", "198.51.100.4"),
        ('"10.5.102.2, 198.51.100.4, 192.0.2.7" 10.2.1.5', "198.51.100.4"),
        ("2001:db8::4, 10.225.192.17 10.2.2.121", "2001:db8::4"),
    ],
)
def test_a_list_of_forwarded_addresses_before_all_else(listed: str, client: str) -> None:
    fields = access(f"{listed} - -").fields
    assert fields["source.ip"] == client
    assert client in fields["network.forwarded_ip"]


@pytest.mark.parametrize("before", ["shop.example 203.0.113.9 - -", "shop.example:443 203.0.113.9 - -"])
def test_a_virtual_host_before_the_client(before: str) -> None:
    fields = access(before).fields
    assert (fields["url.domain"], fields["source.ip"]) == ("shop.example", "203.0.113.9")
    assert fields.get("url.port") == (443 if ":443" in before else None)


def test_a_virtual_host_and_a_list() -> None:
    fields = access("shop.example:80 10.0.0.2, 198.51.100.4 - -").fields
    assert (fields["url.domain"], fields["source.ip"]) == ("shop.example", "198.51.100.4")
    fields = access('shop.example:80 "10.0.0.2, 198.51.100.4" 10.2.1.5 - -').fields
    assert (fields["url.domain"], fields["source.ip"]) == ("shop.example", "198.51.100.4")


def test_the_server_s_own_address_before_the_client() -> None:
    fields = access("192.0.2.80:8080 client7.example - -").fields
    assert (fields["destination.ip"], fields["destination.port"]) == ("192.0.2.80", 8080)
    assert fields["source.domain"] == "client7.example"
    assert "source.ip" not in fields


def test_lighttpd_names_the_virtual_host_in_place_of_the_ident() -> None:
    fields = access("203.0.113.9 shop.example ann").fields
    assert (fields["url.domain"], fields["user.name"], fields["source.ip"]) == (
        "shop.example",
        "ann",
        "203.0.113.9",
    )


@pytest.mark.parametrize(
    ("third", "field", "value"),
    [
        ('"-"', "network.forwarded_ip", None),
        ('"198.51.100.4, 10.0.0.1"', "network.forwarded_ip", ("198.51.100.4", "10.0.0.1")),
        ('"shop.example"', "url.domain", "shop.example"),
        ("shop.example", "url.domain", "shop.example"),
        ('"0.125"', "event.duration", 125_000_000),
        ("0.125 0.120 .", "event.duration", 125_000_000),
        ('rt=0.250 uct="0.001" urt="0.2"', "event.duration", 250_000_000),
        ('host="shop.example"', "url.domain", "shop.example"),
        ("+ 293 1149 546", "url.domain", None),
    ],
)
def test_a_third_quoted_field_is_told_by_its_look(third: str, field: str, value: object) -> None:
    fields = access(after=f'200 5 "-" "curl/8.0" {third}').fields
    assert fields.get(field) == value
    assert (fields["source.ip"], fields["user_agent.original"]) == ("203.0.113.9", "curl/8.0")


@pytest.mark.parametrize(
    ("client", "field", "value"),
    [
        ("2001:DB8:0:0::5", "source.ip", "2001:db8::5"),
        ("::1", "source.ip", "::1"),
        ("::ffff:203.0.113.9", "source.ip", "203.0.113.9"),
        ("fe80::1%eth0", "source.ip", "fe80::1"),
        ("client7.example", "source.domain", "client7.example"),
        ("unix:", "source.address", "unix:"),
    ],
)
def test_clients_of_all_makes(client: str, field: str, value: str) -> None:
    fields = access(f"{client} - -").fields
    assert {name: fields[name] for name in fields if name.startswith("source.")} == {field: value}


@pytest.mark.parametrize(
    ("logged", "user"),
    [
        ("-", None),
        ("ann", "ann"),
        ("ann of the hill", "ann of the hill"),
        ("a - b", "a - b"),
        (r"CORP\\ann", r"CORP\ann"),
        (
            r"x\" [20/Nov/2026:00:00:00 +0100] \"GET /forged HTTP/1.1\" 200 1",
            'x" [20/Nov/2026:00:00:00 +0100] "GET /forged HTTP/1.1" 200 1',
        ),
        (r"x\x22 [20/Nov/2026:00:00:00 +0100] \x22GET", 'x" [20/Nov/2026:00:00:00 +0100] "GET'),
    ],
)
def test_user_names_are_read_whole_and_cannot_forge_a_line(logged: str, user: str | None) -> None:
    fields = access(f"203.0.113.9 - {logged}").fields
    assert (fields.get("user.name"), fields["url.original"], fields["source.ip"]) == (
        user,
        "/a",
        "203.0.113.9",
    )


@pytest.mark.parametrize(
    "stamp",
    [
        "20/nov./2026:10:00:00 +0100", "20/Nov/2026:09:00:00 +0000", "20/noviembre/2026:10:00:00 +0100",
        "2026-11-20T10:00:00+01:00", "20/Nov/2026:09:00:00", "20/Nov/2026:09:00:00 ",
    ],
)  # fmt: skip
def test_months_of_other_tongues_and_stamps_of_other_makes(stamp: str) -> None:
    (event,) = decode(f'203.0.113.9 -  -  [{stamp}] "GET /a HTTP/1.1" 401 1382 ')
    assert (event.ts, event.fields["event.outcome"]) == (TS, "failure")


def test_an_hour_in_another_zone_is_not_taken_for_the_one_before() -> None:
    lines = [
        f'203.0.113.9 - - [20/Nov/2026:10:00:0{n} {zone}] "GET /a HTTP/1.1" 200 5'
        for n, zone in enumerate(("+0100", "+0000", "+0100", "-0100"))
    ]
    assert [event.ts - TS for event in decode(*lines)] == [0, 3_601_000_000, 2_000_000, 7_203_000_000]


@pytest.mark.parametrize("minute", ["99", "6a", "-1"])
def test_what_is_no_time_is_no_access_line(minute: str) -> None:
    (event,) = decode(f'203.0.113.9 - - [20/Nov/2026:10:{minute}:00 +0100] "GET /a HTTP/1.1" 200 5')
    assert event.fields.get("event.dataset") != "web.access"


def test_a_target_that_names_its_host() -> None:
    fields = access(request="GET http://u:p@other.example:8080/x?y HTTP/1.1").fields
    assert (fields["url.domain"], fields["url.port"], fields["url.path"], fields["url.query"]) == (
        "other.example",
        8080,
        "/x",
        "y",
    )
    fields = access(request="CONNECT mail.example:25 HTTP/1.1").fields
    assert (fields["url.domain"], fields["url.port"], "url.path" in fields) == ("mail.example", 25, False)
    fields = access(request="GET /old").fields
    assert (fields["url.original"], "http.version" in fields) == ("/old", False)


def test_a_line_cut_within_its_agent_is_read() -> None:
    (event,) = decode(f'203.0.113.9 - - {STAMP} "GET /cut HTTP/1.1" 200 5 "-" "Mozilla/5.0 (cut')
    assert event.fields["user_agent.original"] == "Mozilla/5.0 (cut"


def test_a_syslog_header_is_not_taken_for_clients() -> None:
    line = f'203.0.113.9 - - {STAMP} "GET /a HTTP/1.1" 200 5 "-" "curl/8.0"'
    for program in ("nginx:", "myproxy[7]:"):
        (event,) = decode(f"Nov 20 10:00:01 web1 {program} {line}")
        assert (event.fields["host.hostname"], event.fields["source.ip"]) == ("web1", "203.0.113.9")
        assert event.fields["event.dataset"] == "web.access"
        assert event.logsources == (("", "webserver", ""),)
        assert "url.domain" not in event.fields


def test_traefik_and_squid_are_told_by_what_they_add() -> None:
    fields = access(after='304 0 - "curl/8.0" 262 "web@docker" "http://172.19.0.3:80" 2ms').fields
    assert (fields["event.dataset"], fields["event.duration"]) == ("traefik.access", 2_000_000)
    event = access(
        request="GET http://www.example/ HTTP/1.1", after='200 9 "-" "curl/8.0" TCP_MISS:HIER_DIRECT'
    )
    assert event.logsources == (("squid", "proxy", "squid"),)


# Errors


def test_nginx_names_who_failed() -> None:
    (event,) = decode(
        '2026/11/20 10:00:01 [error] 22#22: *2 user "ann lee": password mismatch, client: 203.0.113.9, server: , request: "GET /x HTTP/1.1", host: "shop.example"'
    )
    fields = event.fields
    assert (fields["event.action"], fields["event.outcome"], fields["user.name"]) == (
        "web_login",
        "failure",
        "ann lee",
    )
    assert (fields["source.ip"], fields["url.path"], fields["url.domain"]) == (
        "203.0.113.9",
        "/x",
        "shop.example",
    )
    assert str(fields["message"]).endswith('host: "shop.example"')


_TAIL = 'server: s, request: "GET / HTTP/1.1", host: "h"'


@pytest.mark.parametrize(
    "said",
    [
        f'user "x": password mismatch, client: 127.0.0.1, {_TAIL}": password mismatch, client: 203.0.113.9, {_TAIL}',
        f'user "x": password mismatch, client: 203.0.113.9, server: s, request: "GET /": password mismatch, client: 127.0.0.1, {_TAIL}',
        'access forbidden by rule, client: 203.0.113.9, server: s, request: "GET /", client: 127.0.0.1, server: x, request: "x HTTP/1.1", host: "h"',
        f'open() "/srv/x", client: 127.0.0.1, {_TAIL} failed (2: No such file or directory), client: 203.0.113.9, server: s, request: "GET /x%22,%20client:%20127.0.0.1 HTTP/1.1", host: "h"',
        'open() "/srv/x", client: 127.0.0.1, server: a" failed (2: No such file), client: 203.0.113.9, server: s, request: "GET /x", client: 127.0.0.1, server: a HTTP/1.1", host: "h"',
    ],
)
def test_a_client_cannot_put_another_address_into_nginx_s_errors(said: str) -> None:
    (event,) = decode(f"2026/11/20 10:00:01 [error] 22#22: *2 {said}")
    assert event.fields["source.ip"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("said", "action", "user"),
    [
        ('user ann: authentication failure for "/x": Password Mismatch', "web_login", "ann"),
        ("AH01618: user ann lee not found: /x, referer: https://r.example/", "web_login", "ann lee"),
        ("AH01618: user  not found: /x", "web_login", None),
        ("Digest: user ann: password mismatch: /x", "web_login", "ann"),
        ("AH01790: user `ann' in realm `private' not found: /x", "web_login", "ann"),
        ("AH01614: client used wrong authentication scheme: /x", "web_login", None),
        ('WAR [Login denied for user "ann"]', "web_login", "ann"),
        (
            "AH01637: Authorization of user ann to access /x failed, reason: file owner dan does not match",
            "web_denied",
            "ann",
        ),
        ('AH01631: user ann: authorization failure for "/x": ', "web_denied", "ann"),
        ("AH01630: client denied by server configuration: /srv/.git", "web_denied", None),
        ("invalid nonce l19 received - hash is not 6f", "web_denied", None),
        ("File does not exist: /srv/user root not found", "web_error", None),
        ("PHP Fatal error:  Uncaught Error", "web_error", None),
    ],
)
@pytest.mark.parametrize(
    "head",
    [
        "[Fri Nov 20 10:00:00 2026] [error] [client 203.0.113.9] ",
        "[Fri Nov 20 10:00:00.1 2026] [m:error] [pid 7:tid 8] [client 203.0.113.9:4001] ",
        "Nov 20 10:00:00 web1 httpd[7]: [m:error] [pid 7] [client 203.0.113.9:4001] ",
    ],
)
def test_apache_s_errors(head: str, said: str, action: str, user: str | None) -> None:
    (event,) = decode(head + said)
    fields = event.fields
    assert (fields["event.action"], fields.get("user.name"), fields["source.ip"]) == (
        action,
        user,
        "203.0.113.9",
    )
    assert fields["message"] == said
    assert fields["event.dataset"] == "apache.error"


def test_apache_names_the_client_before_what_it_sent() -> None:
    (event,) = decode(
        "[Fri Nov 20 10:00:00 2026] [error] [client 203.0.113.9] File does not exist: /srv/[client 127.0.0.1] user root not found"
    )
    assert (event.fields["source.ip"], event.fields["event.action"]) == ("203.0.113.9", "web_error")


def test_modsecurity_s_rule_is_named() -> None:
    (event,) = decode(
        '[Fri Nov 20 10:00:00 2026] [error] [client 203.0.113.9] ModSecurity: Access denied with code 403 (phase 2). [id "960015"] [msg "No Accept"] [uri "/a?b"] [tag "X"] [id "1"]'
    )
    fields = event.fields
    assert (fields["rule.id"], fields["rule.name"], fields["url.path"], fields["tags"]) == (
        "960015",
        "No Accept",
        "/a",
        ("X",),
    )
    assert (fields["event.action"], fields["event.outcome"]) == ("web_attack", "failure")


def test_lighttpd_s_address_stands_last() -> None:
    (event,) = decode(
        "2026-11-20 10:00:00: (mod_auth.c.828) password doesn't match for /x/ username: a, IP: 127.0.0.1 IP: 203.0.113.9"
    )
    assert (event.fields["source.ip"], event.fields["user.name"]) == ("203.0.113.9", "a, IP: 127.0.0.1")
    assert event.fields["event.action"] == "web_login"


def test_suhosin_s_attacker_stands_last() -> None:
    (event,) = decode(
        "Nov 20 10:00:01 web7 suhosin[9]: ALERT - dropped variable 'x' (attacker '127.0.0.1', file 'y')' (attacker '203.0.113.9', file '/srv/a.php')"
    )
    assert event.fields["source.ip"] == "203.0.113.9"


# Proxies


def test_haproxy_s_request_and_refusal() -> None:
    head = "Nov 20 10:00:01 lb1 haproxy[31]: 2001:db8::9:38864 [20/Nov/2026:10:00:01.395] web~"
    request, handshake = decode(
        f'{head} app/app1 0/0/1/0/+2 401 +168 - - PR-- 6/6/0/0/0 0/0 {{shop.example|x "y"}} "GET /a?b HTTP/1.1"'.replace(
            '"y"', "#22y#22"
        ),
        f"{head[:-5]} web/1: SSL handshake failure",
    )
    assert (request.fields["source.ip"], request.fields["source.port"]) == ("2001:db8::9", 38864)
    assert (request.fields["http.response.status_code"], request.fields["url.original"]) == (401, "/a?b")
    assert (request.fields["url.domain"], request.fields["event.outcome"]) == ("shop.example", "failure")
    assert request.fields["event.category"] == ("web",)
    assert (handshake.fields["event.reason"], handshake.fields["event.outcome"]) == (
        "SSL handshake failure",
        "failure",
    )


def test_squid_s_native_form() -> None:
    (event,) = decode(
        "1795168803.250     12 203.0.113.9 TCP_MISS/200 5120 GET http://www.example/two words.exe ann HIER_DIRECT/198.51.100.7 text/html"
    )
    fields = event.fields
    assert event.ts == 1_795_168_803_250_000
    assert (fields["url.original"], fields["user.name"], fields["destination.ip"]) == (
        "http://www.example/two words.exe",
        "ann",
        "198.51.100.7",
    )
    assert event.logsources == (("squid", "proxy", "squid"),)


# W3C


_FIELDS = "#Fields: date time c-ip cs-username s-port cs-method cs-uri-stem sc-status cs(User-Agent)"
_ROW = "2026-11-20 10:00:00 203.0.113.9 CORP\\ann 443 GET /a.aspx 401 Mozilla/5.0+(X11)"


def test_iis_columns_are_those_of_the_header() -> None:
    _, event = decode(_FIELDS, _ROW)
    fields = event.fields
    assert (fields["source.ip"], fields["user.domain"], fields["user.name"]) == ("203.0.113.9", "CORP", "ann")
    assert (fields["url.path"], fields["user_agent.original"]) == ("/a.aspx", "Mozilla/5.0 (X11)")
    assert event.logsources == (("windows", "webserver", "iis"),)


def test_the_header_s_columns_outlast_a_restart() -> None:
    first = Decoder("x")
    first.decode(Chunk("x", 0, [_FIELDS.encode()], {}, NOW))
    second = Decoder("x")
    second.restore([(key, text) for key, text in first.changes() if text is not None])
    (event,) = second.decode(Chunk("x", 1, [_ROW.encode()], {}, NOW))
    assert event.fields["user.name"] == "ann"


def test_a_line_that_does_not_fit_the_header_is_read_by_its_look() -> None:
    _, event = decode(
        _FIELDS, "2026-11-20 10:00:00 192.0.2.44 GET /a - 80 - 203.0.113.9 curl/8.0 - 200 0 0 31"
    )
    assert (event.fields["source.ip"], event.fields["destination.ip"]) == ("203.0.113.9", "192.0.2.44")


@pytest.mark.parametrize(
    "row",
    [
        "192.0.2.44 GET /a - 80 - 203.0.113.9 - 200 0 0 15",
        "192.0.2.44 GET /a - 80 - 203.0.113.9 curl/8.0 200 0 64",
        "192.0.2.44 GET /a - 80 - 203.0.113.9 curl/8.0 - 200 0 0 15",
        "W3SVC1 192.0.2.44 GET /a - 80 - 203.0.113.9 curl/8.0 200 0 0",
        "W3SVC1 GET /a - 80 - 203.0.113.9 curl/8.0 - - shop.example 200 0 0 1 2 3",
        "W3SVC1 WEB7 192.0.2.44 GET /a - 80 - 203.0.113.9 HTTP/1.1 curl/8.0 - - shop.example 200 0 0 1 2 3",
    ],
)
def test_iis_layouts_without_a_header(row: str) -> None:
    (event,) = decode(f"2026-11-20 10:00:00 {row}")
    fields = event.fields
    assert (fields["event.dataset"], fields["source.ip"], fields["url.path"]) == (
        "iis.access",
        "203.0.113.9",
        "/a",
    )
    assert (fields["http.response.status_code"], event.ts) == (200, 1_795_168_800_000_000)


def test_iis_times_are_utc_whatever_the_zone() -> None:
    from zoneinfo import ZoneInfo

    line = b"2026-11-20 10:00:00 192.0.2.44 GET /a - 80 - 203.0.113.9 curl/8.0 - 200 0 0 15"
    (event,) = Decoder("x", tz=ZoneInfo("Europe/Berlin")).decode(Chunk("x", 0, [line], {}, NOW))
    assert event.ts == 1_795_168_800_000_000


# JSON


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            {"remote_addr": "203.0.113.9", "request": "GET /a?b HTTP/1.1", "status": "404"},
            ("GET", "/a?b", 404),
        ),
        ({"clientip": "203.0.113.9", "verb": "PUT", "url": "/a", "response": 201}, ("PUT", "/a", 201)),
        (
            {"remoteIP": "203.0.113.9", "method": "GET", "request": "/a", "query": "?b", "status": 200},
            ("GET", "/a?b", 200),
        ),
        ({"remote_addr": "203.0.113.9", "request": "\\x16", "status": 400}, (None, None, 400)),
    ],
)
def test_json_with_names_people_use(entry: dict[str, object], expected: tuple[object, ...]) -> None:
    (event,) = decode(json.dumps({"time": "2026-11-20T10:00:00+01:00", **entry}))
    fields = event.fields
    assert (
        fields.get("http.request.method"),
        fields.get("url.original"),
        fields["http.response.status_code"],
    ) == expected
    assert (fields["source.ip"], event.ts) == ("203.0.113.9", TS)


@pytest.mark.parametrize(
    "entry",
    [
        {"method": "GET", "url": "/", "status": 200},
        {"client": "nobody at all", "method": "GET", "url": "/", "status": 200},
        {"client": "203.0.113.9", "status": 200},
        {"client": "203.0.113.9", "method": "GET", "url": "/", "status": "done"},
        {"request": {"uri": 5}, "status": {"a": 1}, "client": ["203.0.113.9"]},
        {"request": {"uri": None, "headers": 4}, "status": 1e300, "duration": -1, "size": "x"},
        {"DownstreamStatus": None, "RequestMethod": 1, "RequestPath": [], "Duration": 1e400},
    ],
)
def test_json_of_other_makes_is_no_error(entry: dict[str, object]) -> None:
    (event,) = decode(json.dumps(entry))
    assert event.kind == "event"
    assert event.fields.get("event.action") != "web_request"


# What rules ask for


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cs-method", "GET"),
        ("cs-uri", "/a.php?x=1"),
        ("cs-uri-stem", "/a.php"),
        ("cs-uri-query", "/a.php?x=1"),
        ("c-uri", "/a.php?x=1"),
        ("c-uri-extension", "php"),
        ("sc-status", 404),
        ("sc-bytes", 5),
        ("c-ip", "203.0.113.9"),
        ("cs-user-agent", "curl/8.0"),
        ("c-useragent", "curl/8.0"),
        ("cs-referer", "https://r.example/"),
        ("cs-host", "shop.example"),
        ("r-dns", "shop.example"),
        ("cs-username", "ann"),
        ("cs-version", "1.1"),
    ],
)
def test_sigma_s_names_find_their_values(name: str, value: object) -> None:
    event = access(
        "shop.example 203.0.113.9 - ann", "GET /a.php?x=1 HTTP/1.1", '404 5 "https://r.example/" "curl/8.0"'
    )
    assert values(event, names_of(name, ("", "webserver", ""))) == (value,)


def test_a_proxy_rule_s_query_is_the_query() -> None:
    event = access(
        "203.0.113.9 - -",
        "GET http://www.example/a?x=1 HTTP/1.1",
        '200 9 "-" "curl/8.0" TCP_MISS:HIER_DIRECT',
    )
    assert values(event, names_of("c-uri-query", ("", "proxy", ""))) == ("x=1",)
    assert values(event, names_of("c-uri", ("", "proxy", ""))) == ("http://www.example/a?x=1",)


# Hostile


_PIECES = st.sampled_from(
    ['"', "\\", "[", "]", " - ", " ", ", ", "203.0.113.9", STAMP, '"GET /a HTTP/1.1"', " 200 5", ', client: ', "[error]", "22#22: *1 ",
     "2026/11/20 10:00:00 ", "2026-11-20 10:00:00 ", "#Fields: date time cs-method", "user ", " not found: ", "IP: ", "TCP_MISS/200", "1795168800.123 ",
     "app/app1 0/0/0/0/0 ", "[Fri Nov 20 10:00:00 2026] ", "[client ", "ModSecurity: ", "ALERT - ", "(attacker '", "\t", "é", "\x1b", "-"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(_PIECES, st.text(max_size=6)), max_size=24))
def test_no_line_raises_and_every_line_is_kept(pieces: list[str]) -> None:
    line = "".join(pieces).replace("\n", " ").encode("utf-8", "replace")
    (event,) = Decoder("x").decode(Chunk("x", 0, [line], {}, NOW))
    assert (event.raw_bytes or event.raw.encode()) == line
    assert all(value is not None for value in event.fields.values())


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9)),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=4,
    ),
    st.data(),
)
def test_no_json_raises(value: object, data: st.DataObject) -> None:
    names = data.draw(
        st.lists(
            st.sampled_from(
                [
                    "status",
                    "request",
                    "remote_addr",
                    "method",
                    "uri",
                    "url",
                    "ts",
                    "time",
                    "DownstreamStatus",
                    "RequestMethod",
                    "RequestPath",
                    "duration",
                    "size",
                ]
            ),
            min_size=1,
        )
    )
    entry: dict[str, object] = dict.fromkeys(names, value)
    entry["request"] = (
        {"uri": value, "headers": {"User-Agent": value}, "remote_ip": value}
        if data.draw(st.booleans())
        else value
    )
    (event,) = decode(json.dumps({"status": 200, "remote_addr": "203.0.113.9"} | entry))
    assert event.raw
