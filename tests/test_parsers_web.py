"""Access logs: the quirks of their lines, and what hostile clients write into them."""

from __future__ import annotations

import pytest
from socterm.event import Chunk, Event
from socterm.parsers import Decoder

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


@pytest.mark.parametrize(
    ("peer", "told", "source", "proxy"),
    [
        ("10.0.0.3", "198.51.100.4", "198.51.100.4", "10.0.0.3"),
        ("10.0.0.3", "192.0.2.1, 198.51.100.4, 10.0.0.9", "198.51.100.4", "10.0.0.3"),
        ("10.0.0.3", "10.0.0.9", "10.0.0.3", None),
        ("203.0.113.9", "198.51.100.4", "203.0.113.9", None),
    ],
)
def test_behind_a_balancer_of_ours_the_visitor_is_the_source(
    peer: str, told: str, source: str, proxy: str | None
) -> None:
    fields = access(f"{peer} - -", after=f'200 5 "-" "x" "{told}"').fields
    assert (fields["source.ip"], fields.get("source.nat.ip")) == (source, proxy)
    assert fields["network.forwarded_ip"] == tuple(told.split(", "))


@pytest.mark.parametrize("before", ["198.51.100.4 10.0.0.3", "(198.51.100.4) 10.0.0.3"])
def test_a_forwarded_address_in_front_of_the_balancer_is_no_server(before: str) -> None:
    fields = access(f"{before} - -").fields
    assert (fields["source.ip"], fields["source.nat.ip"]) == ("198.51.100.4", "10.0.0.3")
    assert "destination.ip" not in fields
    assert access("198.51.100.10 203.0.113.9 - -").fields["destination.ip"] == "198.51.100.10"


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
