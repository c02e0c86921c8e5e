"""One failed login counts once, whoever tells of it and however often."""

# ruff: noqa: E501 - log lines stand as they are written

from __future__ import annotations

import pytest
from socterm.event import Chunk, Event
from socterm.parsers import Decoder

NOW = 1_795_000_000_000_000
IP = "192.0.2.7"
FAILED = f"Failed password for root from {IP} port 4000 ssh2"
PAM = (
    f"pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost={IP}  user=root"
)
CLOSED = f"Connection closed by authenticating user root {IP} port 4000 [preauth]"


def events(
    *messages: str, program: str = "sshd", pid: int | str = 7, decoder: Decoder | None = None
) -> list[Event]:
    tag = f"{program}[{pid}]" if pid else program
    lines = [f"Nov 20 10:00:{n % 60:02d} web1 {tag}: {text}".encode() for n, text in enumerate(messages)]
    return (decoder or Decoder("x")).decode(Chunk("x", 0, lines, {}, NOW))


def failures(found: list[Event]) -> int:
    return sum(event.repeat for event in found if event.fields.get("event.outcome") == "failure")


def counts(*messages: str, **how: str | int) -> list[int]:
    found = events(*messages, **how)  # type: ignore[arg-type]
    return [event.repeat if event.fields.get("event.outcome") == "failure" else 0 for event in found]


def test_pam_and_sshd_tell_of_the_same_attempt() -> None:
    assert sum(counts(PAM, FAILED, FAILED, CLOSED, "PAM 1 more authentication failure; rhost=" + IP)) == 2


def test_pam_alone_counts_at_once_and_carries_address_and_user() -> None:
    first, more = events(
        PAM, PAM.replace("pam_unix(sshd:auth): authentication failure", "PAM 4 more authentication failures")
    )
    assert (first.repeat, more.repeat) == (1, 4)
    for event in (first, more):
        assert event.fields["source.ip"] == IP
        assert event.fields["user.name"] == "root"
        assert event.fields["event.outcome"] == "failure"


def test_beside_a_speaking_sshd_pam_waits_for_its_line() -> None:
    decoder = Decoder("x")
    events(FAILED, pid=1, decoder=decoder)
    waits, told = events(PAM, FAILED, pid=2, decoder=decoder)
    assert (waits.repeat, waits.fields.get("event.outcome"), waits.fields["related.ip"]) == (0, None, (IP,))
    assert (told.repeat, told.fields["event.outcome"]) == (1, "failure")


def test_what_pam_told_and_sshd_did_not_is_counted_when_the_connection_ends() -> None:
    decoder = Decoder("x")
    events(FAILED, pid=1, decoder=decoder)
    _, closed = events(PAM, CLOSED, pid=2, decoder=decoder)
    assert (closed.repeat, closed.fields["event.outcome"], closed.fields["source.ip"]) == (1, "failure", IP)


def test_a_password_another_module_accepts_is_no_failure() -> None:
    decoder = Decoder("x")
    events(FAILED, pid=1, decoder=decoder)
    found = events(
        PAM, f"Accepted password for root from {IP} port 4000 ssh2", CLOSED, pid=2, decoder=decoder
    )
    assert failures(found) == 0


def test_a_silenced_sshd_makes_pam_count_again() -> None:
    decoder = Decoder("x")
    events(FAILED, pid=1, decoder=decoder)
    found = [events(PAM, pid=pid, decoder=decoder)[0] for pid in range(100, 140)]
    assert failures(found[16:]) == 24


def test_two_pam_modules_tell_of_one_attempt() -> None:
    assert sum(counts(PAM, PAM.replace("pam_unix", "pam_sss"))) == 1


def test_invalid_user_and_its_failed_password_are_one() -> None:
    assert counts(
        f"Invalid user bob from {IP} port 4000",
        "input_userauth_request: invalid user bob [preauth]",
        f"Failed password for invalid user bob from {IP} port 4000 ssh2",
        f"Failed password for invalid user bob from {IP} port 4000 ssh2",
    ) == [1, 0, 0, 1]


def test_a_repeated_message_is_one_event_of_that_weight() -> None:
    found = events(FAILED, f"message repeated 5 times: [ {FAILED}]")
    assert [event.repeat for event in found] == [1, 5]
    assert found[1].fields["source.ip"] == IP
    assert events("last message repeated 5 times")[0].repeat == 1


def test_repeated_then_summed_up_counts_six() -> None:
    summary = (
        f"PAM 5 more authentication failures; logname= uid=0 euid=0 tty=ssh ruser= rhost={IP}  user=root"
    )
    end = f"error: maximum authentication attempts exceeded for root from {IP} port 4000 ssh2 [preauth]"
    assert sum(counts(PAM, FAILED, f"message repeated 5 times: [ {FAILED}]", end, summary)) == 6


KEY = f"Failed publickey for git from {IP} port 4000 ssh2: RSA SHA256:abc"


def test_keys_tried_before_a_success_are_no_failures() -> None:
    found = events(KEY, KEY, f"Accepted publickey for git from {IP} port 4000 ssh2: ED25519 SHA256:def")
    assert failures(found) == 0
    assert found[0].fields["event.action"] == "ssh_key_tried"
    assert "event.outcome" not in found[0].fields


def test_keys_tried_until_sshd_had_enough_are_failures() -> None:
    found = events(KEY, KEY, KEY, "Disconnecting: Too many authentication failures for git [preauth]")
    assert found[-1].fields["event.action"] == "ssh_login"
    assert (found[-1].repeat, found[-1].fields["source.ip"]) == (3, IP)


def test_too_many_failures_is_at_least_one_and_not_told_twice() -> None:
    end = f"error: maximum authentication attempts exceeded for root from {IP} port 4000 ssh2 [preauth]"
    gone = "Disconnecting: Too many authentication failures [preauth]"
    found = events(end, gone)
    assert [event.fields.get("event.outcome") for event in found] == ["failure", None]
    assert failures(found) == 1
    assert sum(counts(FAILED, FAILED, end, gone)) == 2


def test_keys_of_an_unknown_user_are_one_attempt() -> None:
    key = f"Failed publickey for invalid user eve from {IP} port 4000 ssh2: RSA SHA256:abc"
    assert counts(f"Invalid user eve from {IP} port 4000", key, key) == [1, 0, 0]
    assert counts(key, key) == [1, 0]


def test_a_failure_without_an_address_waits_for_the_line_that_has_it() -> None:
    found = events(
        "User root not allowed because account is locked", f"Received disconnect from {IP}: 11: Bye [preauth]"
    )
    assert [event.fields.get("event.outcome") for event in found] == [None, "failure"]
    assert (found[1].fields["source.ip"], found[1].fields["user.name"], found[1].repeat) == (IP, "root", 1)


def test_an_address_known_from_an_earlier_line_is_used() -> None:
    found = events(
        f"Connection from {IP} port 4000 on 10.0.0.1 port 22",
        "User root not allowed because account is locked",
    )
    assert (found[1].fields["source.ip"], found[1].fields["event.outcome"]) == (IP, "failure")


def test_a_success_starts_the_count_anew() -> None:
    ok = f"Accepted password for root from {IP} port 4000 ssh2"
    assert sum(counts(FAILED, ok, FAILED)) == 2


def test_a_pid_used_again_by_another_peer_counts_anew() -> None:
    other = FAILED.replace(IP, "198.51.100.9")
    assert sum(counts(f"Invalid user bob from {IP} port 4000", other, other)) == 3


def test_a_pid_used_again_whose_first_word_is_pams_counts_anew() -> None:
    assert sum(counts(PAM, PAM.replace(IP, "198.51.100.9"))) == 2


def test_a_pid_used_again_after_an_hour_counts_anew() -> None:
    decoder = Decoder("x")
    late = f"Nov 20 11:00:30 web1 sshd[7]: {FAILED}".encode()
    first = events(f"Invalid user bob from {IP} port 4000", decoder=decoder)
    second = decoder.decode(Chunk("x", 1, [late], {}, NOW))
    assert failures(first + second) == 2


def test_hosts_do_not_share_pids() -> None:
    decoder = Decoder("x")
    lines = [
        f"Nov 20 10:00:00 {host} sshd[7]: Invalid user bob from {IP} port 4000".encode()
        for host in ("a", "b")
    ]
    assert failures(decoder.decode(Chunk("x", 0, lines, {}, NOW))) == 2


def test_without_a_pid_the_address_keeps_attempts_apart() -> None:
    messages = [f"Invalid user bob from {ip} port 1" for ip in ("192.0.2.1", "192.0.2.2")]
    messages += [
        f"Failed password for invalid user bob from {ip} port 1 ssh2" for ip in ("192.0.2.1", "192.0.2.2")
    ]
    assert counts(*messages, pid="") == [1, 1, 0, 0]


def test_su_and_pam_tell_of_the_same_attempt() -> None:
    pam = "pam_unix(su:auth): authentication failure; logname=bob uid=1 euid=0 tty=pts/1 ruser=bob rhost=  user=root"
    assert counts(pam, "FAILED su for root by bob", "- /dev/pts/1 bob:root", program="su") == [1, 0, 0]


def test_sudo_and_pam_tell_of_the_same_attempts() -> None:
    pam = "pam_unix(sudo:auth): authentication failure; logname=bob uid=1 euid=0 tty=pts/1 ruser=bob rhost=  user=bob"
    sudo = "bob : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/ls"
    more = "PAM 2 more authentication failures; logname=bob uid=1 euid=0 tty=pts/1 ruser=bob rhost=  user=bob"
    once = counts(pam, sudo, more, program="sudo", pid="")
    twice = counts(pam, sudo, more, pam, sudo, more, program="sudo", pid="")
    assert (sum(once), sum(twice)) == (3, 6)
    assert counts(sudo, program="sudo") == [3]


SU_PAM = "pam_unix(su:auth): authentication failure; logname=bob uid=1 euid=0 tty=pts/1 ruser=bob rhost=  user=root"
SUDO_PAM = "pam_unix(sudo:auth): authentication failure; logname=bob uid=1 euid=0 tty=pts/1 ruser=bob rhost=  user=bob"
LOGIN_PAM = "pam_unix(login:auth): authentication failure; logname=LOGIN uid=0 euid=0 tty=tty1 ruser= rhost=  user=bob"


@pytest.mark.parametrize(
    ("program", "pam", "told"),
    [
        ("su", SU_PAM, "FAILED SU (to root) bob on pts/1"),
        ("su-l", SU_PAM, "FAILED SU (to root) bob on pts/1"),
        (
            "sudo",
            SUDO_PAM,
            "bob : 1 incorrect password attempt ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
        ),
        ("login", LOGIN_PAM, "FAILED LOGIN (1) on '/dev/tty1' FOR 'bob', Authentication failure"),
    ],
)
def test_pam_without_a_pid_and_the_program_with_one_tell_of_the_same_attempt(
    program: str, pam: str, told: str
) -> None:
    decoder = Decoder("x")
    found = []
    for pid in (70, 71, 72):
        found += events(pam, program=program, pid="", decoder=decoder)
        found += events(told, program=program, pid=pid, decoder=decoder)
    assert [event.repeat for event in found] == [1, 0, 1, 0, 1, 0]
    alone = events(told, program=program, pid=73, decoder=decoder)
    assert failures(alone) == 1


def test_pams_word_on_su_is_not_taken_for_one_on_sudo_or_long_ago() -> None:
    sudo = "bob : 1 incorrect password attempt ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/ls"
    decoder = Decoder("x")
    found = events(SU_PAM, program="su", pid="", decoder=decoder)
    found += events(sudo, program="sudo", pid=70, decoder=decoder)
    late = b"Nov 20 10:05:00 web1 su[71]: FAILED SU (to root) bob on pts/1"
    found += decoder.decode(Chunk("x", 9, [late], {}, NOW))
    assert [event.repeat for event in found] == [1, 1, 1]


def test_a_new_su_sentence_and_its_mark_are_one_change_of_user() -> None:
    found = events(
        "Successful su for root by bob", "+ /dev/pts/1 bob:root", "+ /dev/pts/1 bob:root", program="su"
    )
    assert [event.repeat for event in found] == [1, 0, 1]
