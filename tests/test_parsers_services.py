"""Mail, file, database and application servers: who the peer is, what counts as a failure and how often."""

# ruff: noqa: E501 - log lines stand as they are written

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder, as_ecs
from socterm.parsers.decoder import FAILED

NOW = 1_795_219_200_000_000
STAMP = "Nov 20 10:00:00 mx1 "


def decode(*lines: str) -> list[Event]:
    chunk = Chunk("x", 0, [line.encode() for line in lines], {}, NOW, live=False)
    return Decoder("x").decode(chunk)


def failures(events: list[Event]) -> int:
    return sum(event.repeat for event in events if event.fields.get("event.outcome") == "failure")


FORGED = [
    # user names that look like the end of the line they stand in; the real peer is 192.0.2.1
    ("postfix/smtpd[1]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x, sasl_username=a[10.1.1.1]: SASL", "192.0.2.1"),
    ("postfix/smtpd[1]: improper command pipelining after EHLO from unknown[192.0.2.1]: QUIT from unknown[10.1.1.1]", "192.0.2.1"),
    ("dovecot: imap-login: Disconnected (auth failed, 1 attempts): user=<a>, method=PLAIN, rip=10.1.1.1, lip=1>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.1", "192.0.2.1"),
    ("dovecot: auth-worker(1): pam(a,10.1.1.1): unknown user,192.0.2.1): unknown user", "192.0.2.1"),
    ("exim[1]: plain authenticator failed for (h) [192.0.2.1]: 535 Incorrect authentication data (set_id=a) [10.1.1.1]: 535)", "192.0.2.1"),
    ("sm-mta[1]: 5AKA00x1005133: AUTH failure (LOGIN): x, user=a, relay=[10.1.1.1], relay=h.example.org [192.0.2.1]", "192.0.2.1"),
    ("imapd: LOGIN FAILED, user=a, ip=[10.1.1.1], ip=[192.0.2.1]", "192.0.2.1"),
    ("imapd[1]: Login failed user=a auth=a host=x [10.1.1.1] auth=b host=h.example.org [192.0.2.1]", "192.0.2.1"),
    ("vsftpd[1]: [a] FAIL LOGIN: Client \"10.1.1.1\"] FAIL LOGIN: Client \"192.0.2.1\"", "192.0.2.1"),
    ("proftpd[1]: h.example.org (192.0.2.1[192.0.2.1]): USER h (x[10.1.1.1]): no such user found from 192.0.2.1 [192.0.2.1] to 198.51.100.1:21", "192.0.2.1"),
    ("mysqld: 261120 10:00:00 [Warning] Access denied for user 'a'@'10.1.1.1' (using password: NO)'@'192.0.2.1' (using password: YES)", "192.0.2.1"),
    ("roundcube: IMAP Error: Login failed for a from 10.1.1.1 from 192.0.2.1. AUTHENTICATE PLAIN: no", "192.0.2.1"),
    ("webmin[1]: Invalid login as a from 10.1.1.1 from 192.0.2.1", "192.0.2.1"),
    ("phpMyAdmin[1]: user denied: a (mysql-denied) from 10.1.1.1 (mysql-denied) from 192.0.2.1", "192.0.2.1"),
    ("drupal: https://e.org|1795168813|user|192.0.2.1|https://e.org/?|1||Login attempt failed for x|https://e.org|0||Login attempt failed for ann.", "192.0.2.1"),
    ("dropbear[1]: Bad password attempt for 'a' from 10.1.1.1:5' from 192.0.2.1:6", "192.0.2.1"),
    ("asterisk[1]: NOTICE[1]: chan_sip.c: Registration from '\"a' failed for '10.1.1.1' - x\"' failed for '192.0.2.1' - Wrong password", "192.0.2.1"),
    ("xrdp-sesman[1]: [INFO ] AUTHFAIL: user=a ip=10.1.1.1 time=1 ip=192.0.2.1 time=1795168800", "192.0.2.1"),
    ("screensharingd[1]: Authentication: FAILED :: User Name: a :: Viewer Address: 10.1.1.1 :: Type: x :: Viewer Address: 192.0.2.1 :: Type: DH", "192.0.2.1"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "address"), FORGED)
def test_what_a_user_calls_himself_does_not_change_where_he_is(message: str, address: str) -> None:
    (event,) = decode(STAMP + message)
    assert event.fields["source.ip"] == address


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ("2026-11-20 10:00:00.12 Logon       Login failed for user 'a'. Reason: x [CLIENT: 10.1.1.1]'. Reason: y. [CLIENT: 192.0.2.1]", "192.0.2.1"),
        ('[2026-11-20 10:00:00] SECURITY[1] res_security_log.c: SecurityEvent="InvalidPassword",AccountID="a",SessionID="",RemoteAddress="IPV4/UDP/10.1.1.1/1"",RemoteAddress="IPV4/UDP/192.0.2.1/5084"', "192.0.2.1"),
        ("2026-11-20 10:00:00.767815 [WARNING] sofia_reg.c:1 SIP auth failure (INVITE) on sofia profile 'i' for [a] from ip 10.1.1.1@b] from ip 192.0.2.1", "192.0.2.1"),
        ("[2026-11-20 10:00:00] [a] failed to login from 10.1.1.1] failed to login from 192.0.2.1", "192.0.2.1"),
        ('L 11/20/2026 - 10:00:00: Bad Rcon: "rcon 1 "x" from "10.1.1.1:1"" from "192.0.2.1:2"', "192.0.2.1"),
        ('[2026-11-20 10:00:00]LOGIN FAILED for user: "a" from IP: 10.1.1.1" from IP: 192.0.2.1', "192.0.2.1"),
        ('2026-11-20 10:00:00.781 Connection "CID-1": User authentication failed. The user name that has been provided was "a", from 10.1.1.1.", from 192.0.2.1.', "192.0.2.1"),
        ("2026-11-20T10:00:00.000Z: Failed Login: username=a ip=10.1.1.1 ip=192.0.2.1", "192.0.2.1"),
    ],
)  # fmt: skip
def test_nor_does_it_in_logs_of_their_own(line: str, address: str) -> None:
    (event,) = decode(line)
    assert event.fields["source.ip"] == address
    assert event.fields["event.outcome"] == "failure"


def test_one_failed_mail_login_told_three_times_counts_once() -> None:
    events = decode(
        STAMP
        + "auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ruser=bob rhost=192.0.2.1",
        STAMP
        + "dovecot: auth-worker(9): pam(bob,192.0.2.1,<x>): pam_authenticate() failed: Authentication failure (Password mismatch?)",
        STAMP
        + "dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<bob>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.1",
    )
    assert failures(events) == 1
    assert {event.fields["event.action"] for event in events} == {"mail_login"}


def test_attempts_that_only_the_end_of_a_connection_tells_of_are_all_counted() -> None:
    events = decode(
        STAMP + "dovecot: auth-worker(9): pam(bob,192.0.2.1): unknown user",
        STAMP
        + "dovecot: imap-login: Disconnected (auth failed, 5 attempts in 20 secs): user=<bob>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.1",
    )
    assert failures(events) == 5


def test_another_connection_of_the_same_peer_is_counted_anew() -> None:
    line = (
        STAMP
        + "dovecot: imap-login: Disconnected (auth failed, 2 attempts in 2 secs): user=<bob>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.1"
    )
    assert failures(decode(line, line)) == 4


def test_sendmail_counts_what_its_attack_line_adds() -> None:
    failed = STAMP + "sendmail[1]: 5AKA00x1005135: AUTH failure (LOGIN): x, user=a, relay=[192.0.2.1]"
    attack = STAMP + "sendmail[1]: 5AKA00x1005135: [192.0.2.1]: possible SMTP attack: command=AUTH, count=5"
    assert failures(decode(failed, failed, attack)) == 5
    assert failures(decode(attack)) == 5


def test_a_mongodb_failure_waits_for_the_line_that_names_its_peer() -> None:
    wrong = "2026-11-20T10:00:00.423+0100 [conn7] Failed to authenticate root@admin with mechanism MONGODB-CR: AuthenticationFailed"
    end = "2026-11-20T10:00:00.623+0100 [conn7] end connection 192.0.2.1:53276 (0 connections now open)"
    events = decode(wrong, wrong, end)
    assert "event.outcome" not in events[0].fields
    assert (events[2].fields["source.ip"], events[2].fields["user.name"], events[2].repeat) == (
        "192.0.2.1",
        "root",
        2,
    )


def test_a_message_in_postfix_is_followed_to_its_recipients() -> None:
    events = decode(
        STAMP
        + "postfix/smtpd[1]: 3A1B2C3D4E: client=h.example.org[192.0.2.1], sasl_method=PLAIN, sasl_username=ann",
        STAMP + "postfix/qmgr[2]: 3A1B2C3D4E: from=<ann@example.org>, size=1, nrcpt=1 (queue active)",
        STAMP
        + "postfix/smtp[3]: 3A1B2C3D4E: to=<bob@example.net>, relay=mx.example.net[198.51.100.1]:25, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (250 ok)",
        STAMP + "postfix/qmgr[2]: 3A1B2C3D4E: removed",
        STAMP
        + "postfix/smtp[3]: 3A1B2C3D4E: to=<eve@example.net>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (x)",
    )
    sent = events[2].fields
    assert (sent["source.ip"], sent["user.name"], sent["email.from.address"]) == (
        "192.0.2.1",
        "ann",
        "ann@example.org",
    )
    assert (sent["destination.ip"], sent["event.action"]) == ("198.51.100.1", "mail_delivered")
    assert "source.ip" not in events[4].fields


def test_what_is_remembered_of_a_message_survives_a_restart() -> None:
    first, second = Decoder("x"), Decoder("x")
    lines = [
        STAMP + "postfix/smtpd[1]: 3A1B2C3D4E: client=h.example.org[192.0.2.1]",
        STAMP
        + "postfix/smtp[3]: 3A1B2C3D4E: to=<bob@example.net>, relay=none, delay=1, delays=0/0/0/1, dsn=4.4.1, status=deferred (x)",
    ]
    first.decode(Chunk("x", 0, [lines[0].encode()], {}, NOW))
    second.restore([(key, text) for key, text in first.changes() if text is not None])
    (event,) = second.decode(Chunk("x", 1, [lines[1].encode()], {}, NOW))
    assert event.fields["source.ip"] == "192.0.2.1"


def test_a_postgresql_refusal_has_the_peer_its_process_was_reached_by() -> None:
    events = decode(
        "2026-11-20 10:00:00.123 UTC [4711] LOG:  connection received: host=192.0.2.1 port=50123",
        '2026-11-20 10:00:00.130 UTC [4711] ann@shop FATAL:  password authentication failed for user "ann"',
    )
    assert (events[1].fields["source.ip"], events[1].fields["source.port"]) == ("192.0.2.1", 50123)


def test_an_ldap_bind_has_the_peer_and_name_of_its_connection() -> None:
    events = decode(
        STAMP + "slapd[1]: conn=7 fd=21 ACCEPT from IP=192.0.2.1:45011 (IP=0.0.0.0:636)",
        STAMP + 'slapd[1]: conn=7 op=0 BIND dn="uid=ann,dc=example" method=128',
        STAMP + "slapd[1]: conn=7 op=0 RESULT tag=97 err=49 text=",
    )
    told = events[2].fields
    assert (told["source.ip"], told["user.name"], told["event.outcome"]) == ("192.0.2.1", "ann", "failure")
    assert failures(events) == 1


def test_dropbear_counts_what_its_last_line_adds() -> None:
    bad = STAMP + "dropbear[9]: Bad password attempt for 'root' from 192.0.2.1:6"
    end = (
        STAMP
        + "dropbear[9]: Exit before auth from <192.0.2.1:6>: (user 'root', 3 fails): Max auth tries reached - user 'root'"
    )
    events = decode(bad, bad, end)
    assert failures(events) == 3
    assert events[0].fields["event.action"] == "ssh_login"


@pytest.mark.parametrize(
    "message",
    [
        "postfix/smtpd[1]: warning: h[192.0.2.1]: SASL LOGIN authentication failed: Connection lost to authentication server",
        "postfix/smtpd[1]: lost connection after AUTH from unknown[192.0.2.1]",
        "dovecot: imap-login: Disconnected (no auth attempts in 10 secs): user=<>, rip=192.0.2.1, lip=198.51.100.1",
        "exim[1]: login authenticator failed for (x) [192.0.2.1]: 435 Unable to authenticate at present",
        "mysqld: 2026-11-20 10:00:00 5 [Note] Access denied for user 'a'@'192.0.2.1' (using password: YES) was in a text",
        "slapd[1]: conn=7 op=0 RESULT tag=101 err=49 text=",
        "sogod [1]: <0x0xb8537990[LDAPSource]> <NSException: 0xb87c3008> NAME:LDAPException REASON:operation bind failed: Invalid credentials (0x31)",
    ],
)
def test_no_verdict_on_a_password_is_no_failure(message: str) -> None:
    (event,) = decode(STAMP + message)
    assert event.fields.get("event.outcome") != "failure"


def test_passwords_given_to_ftp_and_dovecot_stay_out_of_the_fields() -> None:
    ftp, mail = decode(
        'Fri Nov 20 10:00:05 2026 [pid 4108] FTP command: Client "192.0.2.1", "PASS hunter2"',
        STAMP + "dovecot: auth-worker(1): sql(a,192.0.2.1): Password mismatch (given password: hunter2)",
    )
    for event in (ftp, mail):
        assert not any("hunter2" in str(value) for name, value in event.fields.items() if name != "message")


@pytest.mark.parametrize(
    ("stamp", "instant"),
    [
        ("261120 10:00:00 [Note] x", "2026-11-20T10:00:00.000000Z"),
        ("261120  9:00:00 [Note] x", "2026-11-20T09:00:00.000000Z"),
        ("2026-11-20  9:00:00 140581192722176 [Note] x", "2026-11-20T09:00:00.000000Z"),
        ("2026-11-20T10:00:00.123456Z 12 [Note] [MY-010926] [Server] x", "2026-11-20T10:00:00.123456Z"),
        ("2026-11-20T10:00:00.123456+01:00 12 [Note] x", "2026-11-20T09:00:00.123456Z"),
    ],
)
def test_mysql_stamps_of_all_generations(stamp: str, instant: str) -> None:
    (event,) = decode(stamp)
    assert as_ecs(event)["@timestamp"] == instant
    assert event.fields["event.dataset"] == "mysql"


@pytest.mark.parametrize(
    ("zone", "hour"), [("UTC", 10), ("CET", 9), ("CEST", 8), ("EST", 15), ("+02", 8), ("XYZ", 10)]
)
def test_postgresql_names_its_zone(zone: str, hour: int) -> None:
    (event,) = decode(f"2026-11-20 10:00:00.123 {zone} [4711] LOG:  checkpoint starting: time")
    assert as_ecs(event)["@timestamp"] == f"2026-11-20T{hour:02d}:00:00.123000Z"


def test_a_slow_statement_is_of_the_category_database_and_has_its_duration() -> None:
    (event,) = decode("2026-11-20 10:00:00 UTC [1] a@b LOG:  duration: 12.345 ms  statement: drop table x")
    assert ("", "database", "") in event.logsources
    assert (event.fields["event.duration"], event.fields["postgresql.query"]) == (12_345_000, "drop table x")


def test_logins_to_any_server_are_linux_auth_too() -> None:
    for event in decode(
        STAMP + "postfix/smtpd[1]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x",
        "2026-11-20 10:00:00.12 Logon       Login failed for user 'sa'. Reason: x. [CLIENT: 192.0.2.1]",
        "[20-Nov-2026 10:00:00 +0100]: Failed login for ann from 192.0.2.1 in session x (error: 0)",
    ):
        assert ("linux", "", "auth") in event.logsources
        assert ("linux", "", event.fields["event.dataset"]) in event.logsources


def test_a_program_that_several_servers_are_called_is_told_apart_by_its_words() -> None:
    courier, cyrus, uw, other = decode(
        STAMP + "imapd: LOGIN FAILED, user=a, ip=[192.0.2.1]",
        STAMP + "imapd[1]: badlogin: h.example.org [192.0.2.1] plaintext a SASL(-13): x",
        STAMP + "imapd[1]: Login failed user=a auth=a host=h.example.org [192.0.2.1]",
        STAMP + "imapd[1]: something else",
    )
    found = [event.fields["event.dataset"] for event in (courier, cyrus, uw, other)]
    assert found == ["courier", "cyrus", "uw-imap", "syslog"]


def test_a_label_of_daemontools_is_a_stamp() -> None:
    (event,) = decode(
        "@40000000692000aa00000000 imap-login: Info: Aborted login (auth failed, 1 attempts): user=<a>, method=PLAIN, rip=192.0.2.1"
    )
    assert as_ecs(event)["@timestamp"] == "2025-11-21T06:03:12.000000Z"


def test_freebsd_names_facility_and_severity_before_the_host() -> None:
    words, numbers = decode(
        "Nov 20 10:00:00 <auth.info> bsd1 sshd[1]: Invalid user bob from 192.0.2.1",
        "Nov 20 10:00:00 <4.6> bsd1 sshd[1]: Invalid user bob from 192.0.2.1",
    )
    for event in (words, numbers):
        assert (event.fields["host.hostname"], event.fields["log.syslog.priority"]) == ("bsd1", 38)
        assert event.fields["source.ip"] == "192.0.2.1"


PIECES = st.sampled_from(
    [
        "Nov 20 10:00:00 h ", "2026-11-20 10:00:00 ", "2026-11-20T10:00:00.123456Z ", "261120 10:00:00 ", "[2026-11-20 10:00:00] ", "Fri Nov 20 10:00:00 2026 ",
        "postfix/smtpd[1]: ", "postfix/qmgr[1]: ", "dovecot: ", "exim[1]: ", "sm-mta[1]: ", "imapd[1]: ", "vsftpd[1]: ", "proftpd[1]: ", "pure-ftpd: ", "mysqld: ",
        "postgres[1]: ", "slapd[1]: ", "dropbear[1]: ", "asterisk[1]: ", "roundcube: ", "drupal: ", "xrdp[1]: ", "mongod[1]: ", "ftpd[1]: ", "perdition.x[1]: ",
        "warning: ", "NOQUEUE: reject: RCPT from ", "3A1B2C3D4E: ", "unknown[192.0.2.1]", "[192.0.2.1]:5 ", "SASL LOGIN authentication failed: ", "client=", "from=<", "to=<",
        ">, ", "status=sent (", "imap-login: ", "Disconnected (auth failed, 2 attempts): ", "user=<", "rip=192.0.2.1, ", "auth-worker(1): ", "pam(a,192.0.2.1): ", "unknown user",
        "1tDabc-0004fG-5h ", "<= ", "=> ", "H=", "(x) ", "rejected RCPT <", "authenticator failed for ", "AUTH failure (LOGIN): ", "user=a, relay=", "[pid 7] ", "[a] FAIL LOGIN: Client \"",
        "12 [Note] ", "Access denied for user '", "'@'", "' (using password: YES)", "# User@Host: ", "# Query_time: 1.5.5  Lock_time: 0 Rows_sent: 1  Rows_examined: 1", "\n",
        "UTC [7] a@b FATAL:  ", "LOG:  connection received: host=", "duration: 9.999 ms  statement: ", "Logon       Login failed for user '", "'. [CLIENT: ", "[conn7] ", "end connection ",
        "conn=1 op=0 ", "BIND dn=\"", "RESULT tag=97 err=49 text=", "Bad password attempt for '", "' from 192.0.2.1:99999", "NOTICE[1]: chan_sip.c: ", "Registration from '", "' failed for '", "' - ",
        "Exit before auth from <", "(user 'a', 9 fails): ", "26571:M 20 Nov 2026 10:00:07.874 * ", "(a.b.C)", "<0.1.0> ", '{"t":{"$date":"', '"},"ctx":"conn1","msg":"Authentication failed","c":"A","attr":{"remote":"',
        '{"eventid":"cowrie.login.failed","src_port":-1,"timestamp":"2026-11-20T10:00:00Z"}', '{"timestamp":"2026-11-20 10:00:00 UTC","pid":1,"error_severity":"FATAL","remote_port":99999999,"remote_host":"x"}',
        '","', ",", '"', "0" * 30, "9" * 12, "::1", "192.0.2.1",
    ]
)  # fmt: skip
HOSTILE = (
    st.lists(st.one_of(PIECES, st.text(max_size=6)), max_size=12)
    .map("".join)
    .map(lambda s: s.encode("utf-8", "surrogatepass"))
)


@settings(max_examples=300)
@given(st.lists(HOSTILE, max_size=8))
def test_any_line_becomes_an_event_that_can_be_written_down(lines: list[bytes]) -> None:
    found = Decoder("x").decode(Chunk("x", 0, lines, {}, NOW))
    assert [event.position for event in found] == list(range(len(lines)))
    for event, line in zip(found, lines, strict=True):
        assert not str(event.fields.get("error.message", "")).startswith(FAILED)
        assert event.repeat >= 0
        assert (event.raw_bytes or event.raw.encode()) == line
        json.dumps(as_ecs(event), ensure_ascii=False).encode()
