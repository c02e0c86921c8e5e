"""Errors of web servers, proxies, W3C, JSON: their quirks, hostile lines, and what rules ask for."""

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


def test_apache_names_the_request_that_left_the_document_root() -> None:
    (event,) = decode(
        "[Fri Nov 20 10:00:00 2026] [core:error] [pid 7] [client 203.0.113.9:4001] AH00126: Invalid URI in request GET /../../etc/passwd HTTP/1.1"
    )
    fields = event.fields
    assert (fields["event.action"], fields["http.request.method"], fields["url.path"]) == (
        "web_denied",
        "GET",
        "/../../etc/passwd",
    )


@pytest.mark.parametrize(
    "line",
    [
        '2026/11/20 10:00:01 [error] 22#22: *2 access forbidden by rule, client: 203.0.113.9, server: , request: "GET /x HTTP/1.1", host: "h"',
        "[Fri Nov 20 10:00:00 2026] [core:error] [pid 7] [client 203.0.113.9:4001] AH00126: Invalid URI in request GET /.. HTTP/1.1",
        "2026-11-20 10:00:00: (mod_auth.c.853) password doesn't match for /private/ username: ann IP: 203.0.113.9",
        '{"ts":1795168800.1,"uid":"C1","id.orig_h":"203.0.113.9","id.orig_p":40000,"id.resp_h":"10.0.0.5","id.resp_p":80,"trans_depth":1,"method":"GET","host":"h","uri":"/x","status_code":404}',
    ],
)
def test_errors_and_what_sensors_see_are_web_server_logs_too(line: str) -> None:
    (event,) = decode(line)
    assert any(category == "webserver" for _, category, _ in event.logsources)


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


@settings(max_examples=400)
@given(st.lists(st.one_of(_PIECES, st.text(max_size=6)), max_size=24))
def test_no_line_raises_and_every_line_is_kept(pieces: list[str]) -> None:
    line = "".join(pieces).replace("\n", " ").encode("utf-8", "replace")
    (event,) = Decoder("x").decode(Chunk("x", 0, [line], {}, NOW))
    assert (event.raw_bytes or event.raw.encode()) == line
    assert all(value is not None for value in event.fields.values())


@settings(max_examples=200)
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
