"""Forms that other versions, distributions and owners write, and lines that quote another format's words."""

# ruff: noqa: E501 - log lines stand as they are written

from __future__ import annotations

import json
from typing import Any

import pytest
from socterm.event import Chunk, Event
from socterm.parsers.decoder import Decoder

NOW = 1_800_000_000_000_000
TEN = 1_795_168_800_000_000
"""2026-11-20 10:00:00 UTC."""


def decoded(line: str) -> Event:
    return Decoder("wild").decode(Chunk("wild", 0, [line.encode()], {}, NOW))[0]


def fields(line: str) -> dict[str, Any]:
    return decoded(line).fields


def test_cri_envelope_of_kubernetes_is_taken_off() -> None:
    event = decoded(
        "2026-11-20T11:00:00.123456789+01:00 stdout F 203.0.113.9 - - [20/Nov/2026:09:59:59 +0000] "
        '"GET /pod HTTP/1.1" 200 1 "-" "curl" "-"'
    )
    assert event.ts == TEN + 123_456
    assert event.fields["event.dataset"] == "web.access"
    assert event.fields["source.ip"] == "203.0.113.9"
    assert event.fields["stream"] == "stdout"
    assert "host.hostname" not in event.fields
    assert "url.domain" not in event.fields


def test_cri_envelope_of_an_unknown_line_names_no_host() -> None:
    found = fields("2026-11-20T10:00:00.1Z stderr P first half: of a line")
    assert found["message"] == "first half: of a line"
    assert "host.hostname" not in found
    assert "process.name" not in found


def test_cri_envelopes_are_taken_off_once() -> None:
    inner = "2026-11-20T10:00:00.1Z stdout F " * 2000
    assert fields("2026-11-20T10:00:00.1Z stdout F " + inner)["stream"] == "stdout"


def test_a_packet_in_the_journals_json_is_not_read_off_the_json() -> None:
    packet = "[UFW BLOCK] IN=eth0 OUT= MAC= SRC=203.0.113.9 DST=10.0.0.5 LEN=60 TTL=51 PROTO=TCP SPT=1 DPT=22"
    event = decoded(
        f'{{"__REALTIME_TIMESTAMP":"{TEN}","_HOSTNAME":"gate","SYSLOG_IDENTIFIER":"kernel","MESSAGE":"{packet}"}}'
    )
    assert event.ts == TEN
    assert event.fields["host.hostname"] == "gate"
    assert event.fields["rule.name"] == "UFW BLOCK"


def test_a_request_that_quotes_a_packet_is_no_packet() -> None:
    found = fields(
        'odd head "GET /?IN=eth0 OUT= SRC=198.51.100.1 DST=10.0.0.5 PROTO=TCP DPT=22 HTTP/1.1" 200'
    )
    assert "source.ip" not in found


def test_nginx_names_the_client_not_what_an_application_printed() -> None:
    found = fields(
        '2026/11/20 10:00:00 [error] 12#12: *56 FastCGI sent in stderr: "PHP message: no, client: 198.51.100.1, '
        'server: z" while reading response header from upstream, client: 203.0.113.9, server: _, '
        'request: "GET / HTTP/1.1", upstream: "fastcgi://unix:/run/php.sock:", host: "shop.example"'
    )
    assert found["source.ip"] == "203.0.113.9"
    assert found["url.domain"] == "shop.example"


def test_modsecurity_in_nginx_is_an_attack_with_its_rule() -> None:
    found = fields(
        "2026/11/20 10:00:00 [error] 12#12: *56 [client 203.0.113.9] ModSecurity: Access denied with code 403 "
        '(phase 2). [file "/etc/crs.conf"] [id "949110"] [msg "Inbound Anomaly Score Exceeded"] [severity "2"] '
        '[uri "/"], client: 203.0.113.9, server: x, request: "GET /?a=/etc/passwd HTTP/1.1", host: "shop.example"'
    )
    assert (found["event.action"], found["rule.id"]) == ("web_attack", "949110")
    assert found["event.outcome"] == "failure"
    assert found["source.ip"] == "203.0.113.9"


def test_access_log_with_client_and_port() -> None:
    found = fields('203.0.113.9:54321 - - [20/Nov/2026:10:00:00 +0000] "GET /x HTTP/1.1" 401 381 "-" "x"')
    assert (found["source.ip"], found["source.port"]) == ("203.0.113.9", 54321)
    assert "source.address" not in found


def test_access_log_with_an_empty_user_in_quotes() -> None:
    found = fields('203.0.113.9 - "" [20/Nov/2026:10:00:00 +0000] "GET /x HTTP/1.1" 401 381 "-" "x"')
    assert (found["source.ip"], found["http.response.status_code"]) == ("203.0.113.9", 401)
    assert "user.name" not in found


def test_access_log_of_pveproxy_has_the_month_as_a_number() -> None:
    event = decoded(
        '::ffff:203.0.113.9 - root@pam [20/11/2026:11:00:00 +0100] "POST /api2/json/access/ticket HTTP/1.1" 401 -'
    )
    assert event.ts == TEN
    assert event.fields["source.ip"] == "203.0.113.9"
    assert event.fields["user.name"] == "root@pam"
    assert event.fields["event.outcome"] == "failure"


def test_exim_authenticator_failed_for_a_host_item() -> None:
    found = fields(
        "2026-11-20 10:00:00 login authenticator failed for H=mail.example (x) [203.0.113.9]:5: "
        "535 Incorrect authentication data (set_id=ann)"
    )
    assert (found["source.ip"], found["source.domain"]) == ("203.0.113.9", "mail.example")


def test_dovecot_2_4_says_logged_in() -> None:
    found = fields(
        "Nov 20 10:00:00 mx dovecot[3]: imap-login: Info: Logged in: user=<ann>, method=PLAIN, rip=203.0.113.9, "
        "lip=10.0.0.1, mpid=5, TLS, session=<abc>"
    )
    assert (found["event.action"], found["event.outcome"]) == ("mail_login", "success")


def test_postgresql_prefix_in_angle_brackets() -> None:
    event = decoded('< 2026-11-20 10:00:00.123 UTC >FATAL:  password authentication failed for user "ann"')
    assert event.ts == TEN + 123_000
    assert (event.fields["user.name"], event.fields["event.outcome"]) == ("ann", "failure")


def test_nextcloud_user_name_cannot_choose_the_address() -> None:
    found = fields(
        '{"reqId":"x","level":2,"time":"2026-11-20T10:00:00+00:00","remoteAddr":"203.0.113.9","user":"--",'
        '"app":"core","url":"/login","message":"Login failed: a (Remote IP: 198.51.100.1) (Remote IP: 203.0.113.9)"}'
    )
    assert found["source.ip"] == "203.0.113.9"
    assert found["user.name"] == "a (Remote IP: 198.51.100.1)"


FORTIGATE = 'date=2026-11-20 time=11:00:00 devname="gate" devid="FGT1" tz="+0100" logid="0" '


def test_fortigate_says_whether_traffic_was_let_through() -> None:
    closed = decoded(
        FORTIGATE
        + 'type="traffic" subtype="forward" srcip=203.0.113.9 dstip=10.0.0.5 dstport=443 proto=6 action="close"'
    )
    assert closed.ts == TEN
    assert closed.fields["event.action"] == "connection_allowed"
    assert closed.fields["network.transport"] == "tcp"
    assert closed.fields["action"] == "close"
    denied = fields(
        FORTIGATE + 'type="traffic" subtype="local" srcip=203.0.113.9 dstip=10.0.0.5 action="deny"'
    )
    assert denied["event.action"] == "connection_denied"


def test_fortigate_administrators_and_vpn_users_log_in() -> None:
    admin = fields(
        FORTIGATE
        + 'type="event" subtype="system" user="x srcip=198.51.100.1" srcip=203.0.113.9 action="login" status="failed"'
    )
    assert (admin["event.action"], admin["event.outcome"]) == ("app_admin_login", "failure")
    assert (admin["user.name"], admin["source.ip"]) == ("x srcip=198.51.100.1", "203.0.113.9")
    vpn = fields(
        FORTIGATE + 'type="event" subtype="vpn" remip=203.0.113.9 user="ann" action="ssl-login-fail"'
    )
    assert (vpn["event.action"], vpn["event.outcome"]) == ("vpn_login", "failure")


def test_cef_with_a_blank_behind_its_mark() -> None:
    found = fields(
        "Nov 20 10:00:00 wall CEF: 0|Example|Agent|20.0|40|Test file|6|dvchost=pc7 src=203.0.113.9 act=Delete"
    )
    assert (found["source.ip"], found["observer.product"]) == ("203.0.113.9", "Agent")
    assert found["host.hostname"] == "wall"
    assert "process.name" not in found


def test_nextcloud_in_syslog_is_the_json_of_its_own_log() -> None:
    event = decoded(
        'Nov 20 10:00:00 cloud Nextcloud[3]: {"reqId":"x","level":2,"time":"2026-11-20T10:00:00+00:00","remoteAddr":'
        '"203.0.113.9","user":"--","app":"core","url":"/login","message":"Login failed: ann (Remote IP: 203.0.113.9)"}'
    )
    found = event.fields
    assert (found["event.action"], found["event.outcome"]) == ("web_login", "failure")
    assert (found["user.name"], found["source.ip"]) == ("ann", "203.0.113.9")
    assert found["host.hostname"] == "cloud"


def test_nextcloud_words_in_syslog_end_with_the_address() -> None:
    found = fields(
        "Nov 20 10:00:00 cloud nextcloud[3]: {core} Login failed: a (Remote IP: 198.51.100.1) (Remote IP: 203.0.113.9)"
    )
    assert found["source.ip"] == "203.0.113.9"


def test_openwrt_names_a_level_and_no_host() -> None:
    found = fields(
        "Fri Nov 20 10:00:00 2026 authpriv.warn dropbear[12]: Bad password attempt for 'root' from 203.0.113.9:5"
    )
    assert found["process.name"] == "dropbear"
    assert found["log.syslog.severity.code"] == 4
    assert found["source.ip"] == "203.0.113.9"
    assert "host.hostname" not in found


def test_the_order_of_fields_does_not_hang_on_what_was_read_before() -> None:
    line = '{"ts":"2026-11-20T10:00:00Z","source.ip":"203.0.113.199","destination.ip":"203.0.113.198","level":"info","msg":"x"}'
    assert list(fields(line)) == list(fields(line))


def test_fluent_bit_hands_on_a_containers_line() -> None:
    event = decoded(
        '{"date":1795168800.25,"stream":"stdout","log":"203.0.113.9 - - [20/Nov/2026:09:59:59 +0000] '
        '\\"GET /x HTTP/1.1\\" 200 1 \\"-\\" \\"curl\\"\\n","kubernetes":{"pod_name":"web-1","namespace_name":"shop"}}'
    )
    assert event.ts == TEN + 250_000
    assert (event.fields["event.dataset"], event.fields["source.ip"]) == ("web.access", "203.0.113.9")
    assert event.fields["kubernetes.pod.name"] == "web-1"
    in_elastic = fields(
        '{"@timestamp":"2026-11-20T10:00:00.250Z","stream":"stderr","log":"Nov 20 10:00:00 pc sshd[7]: '
        'Failed password for ann from 203.0.113.9 port 5 ssh2"}'
    )
    assert (in_elastic["source.ip"], in_elastic["event.outcome"]) == ("203.0.113.9", "failure")


def test_json_with_a_log_and_a_date_alone_is_no_envelope() -> None:
    found = fields('{"date":1795168800.25,"log":"hello","level":"info"}')
    assert found["event.dataset"] == "json"
    assert fields('{"date":1e300,"log":"hello","stream":"stdout"}')["event.dataset"] == "json"


def test_a_port_before_the_request_is_no_host() -> None:
    found = fields(
        '203.0.113.9 - - [20/Nov/2026:10:00:00 +0000] 443 "GET /x HTTP/1.1" 200 1234 "-" "curl" TLSv1.3'
    )
    assert found["source.ip"] == "203.0.113.9"
    assert "url.domain" not in found


def test_a_long_user_name_does_not_hide_a_failed_login_to_nextcloud() -> None:
    found = fields(
        '{"reqId":"x","level":2,"time":"2026-11-20T10:00:00+00:00","remoteAddr":"203.0.113.9","user":"--","app":"core",'
        f'"message":"Login failed: {"a" * 4000} (Remote IP: 203.0.113.9)"}}'
    )
    assert (found["event.action"], found["event.outcome"]) == ("web_login", "failure")
    assert found["source.ip"] == "203.0.113.9"


FILEBEAT = {
    "@timestamp": "2026-11-20T10:00:01.000Z",
    "ecs": {"version": "8.0.0"},
    "agent": {"type": "filebeat"},
    "host": {"name": "web9"},
    "log": {"file": {"path": "/var/log/auth.log"}},
}
CARRIED = "Nov 20 10:00:00 web9 sshd[12]: Failed password for root from 198.51.100.7 port 4022 ssh2"


def carried(message: str, **outer: object) -> Event:
    return decoded(json.dumps({**FILEBEAT, "message": message, **outer}))


def test_a_line_that_a_shipper_passes_on_is_read_and_what_the_shipper_knows_is_kept() -> None:
    event = carried(CARRIED)
    assert (event.fields["source.ip"], event.fields["event.outcome"]) == ("198.51.100.7", "failure")
    assert event.fields["event.dataset"] == "sshd"
    assert event.fields["log.file.path"] == "/var/log/auth.log"
    assert ("linux", "", "sshd") in event.logsources
    assert event.ts == 1_795_168_801_000_000


def test_a_document_that_says_itself_what_happened_is_left_alone() -> None:
    event = carried(CARRIED, event={"action": "boo", "dataset": "mine"})
    assert event.fields["event.action"] == "boo"
    assert "source.ip" not in event.fields


def test_documents_in_documents_are_not_opened() -> None:
    inner = json.dumps({**FILEBEAT, "message": CARRIED})
    assert carried(inner).fields["message"] == inner
    assert "source.ip" not in carried(inner).fields


@pytest.mark.parametrize("message", ["all is well", "", "Nov 20 10:00:00 web9 unknown: hello"])
def test_what_nobody_knows_stays_the_document_s_message(message: str) -> None:
    event = carried(message)
    assert event.fields["event.dataset"] == "ecs"
    assert event.fields["message"] == message


def test_a_line_in_plain_json_is_read_where_it_begins_as_one() -> None:
    entry = {"timestamp": "2026-11-20T10:00:01Z", "file": "/x", "message": f"<38>{CARRIED}"}
    assert decoded(json.dumps(entry)).fields["source.ip"] == "198.51.100.7"
    entry["message"] = "from 198.51.100.7"
    assert decoded(json.dumps(entry)).fields["event.dataset"] == "json"
