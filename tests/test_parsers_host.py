"""A Linux host's own daemons and package managers: each behaviour by name, and text chosen by attackers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.parsers.formats.package_names import rpm

NOW = 1_800_000_000_000_000
HEAD = "Nov 20 10:00:00 host9"


def decode(*lines: str) -> list[Event]:
    chunk = Chunk("x", 0, [line.encode() for line in lines], {}, NOW, live=False)
    return Decoder("x").decode(chunk)


def one(line: str) -> dict[str, object]:
    return decode(line)[0].fields


def shown(fields: dict[str, object], *names: str) -> tuple[object, ...]:
    return tuple(fields.get(name) for name in names)


F2B = "2026-11-20 10:00:00,123 fail2ban."


@pytest.mark.parametrize(
    ("line", "action", "jail", "ip"),
    [
        ("actions        [8]: NOTICE  [sshd] Ban 192.0.2.7", "ban", "sshd", "192.0.2.7"),
        ("actions        [8]: NOTICE  [sshd] Unban 192.0.2.7", "unban", "sshd", "192.0.2.7"),
        ("actions        [8]: NOTICE  [sshd] Restore Ban 192.0.2.7", "ban_restored", "sshd", "192.0.2.7"),
        ("actions        [8]: WARNING [sshd] 192.0.2.7 already banned", "ban_known", "sshd", "192.0.2.7"),
        ("filter [8]: INFO [a] Found 2001:db8::7 - 2026-11-20 10:00", "offence_found", "a", "2001:db8::7"),
        ("actions: WARNING [ssh] Ban 192.0.2.7", "ban", "ssh", "192.0.2.7"),
        ("actions : WARNING [ssh] Ban 192.0.2.7", "ban", "ssh", "192.0.2.7"),
        ("actions        [8]: NOTICE  [x] Ban Unban 192.0.2.7", "ban", "x", None),
        ("actions        [8]: ERROR   Failed to execute ban jail 'sshd'", "fail2ban_error", None, None),
    ],
)  # fmt: skip
def test_fail2ban_of_every_age_says_whom_it_banned(
    line: str, action: str, jail: str | None, ip: str | None
) -> None:
    (event,) = decode(F2B + line)
    assert shown(event.fields, "event.action", "fail2ban.jail", "source.ip") == (action, jail, ip)
    assert event.ts % 1_000_000 == 123_000
    (sent,) = decode(f"{HEAD} fail2ban-server[8]: fail2ban.{line}")
    assert shown(sent.fields, "event.action", "fail2ban.jail", "source.ip") == (action, jail, ip)


def test_a_ban_is_no_failed_login() -> None:
    assert one(F2B + "actions [8]: NOTICE [sshd] Ban 192.0.2.7")["event.category"] == ("intrusion_detection",)


def test_a_banned_network_is_no_address() -> None:
    fields = one(F2B + "actions [8]: NOTICE [sshd] Ban 198.51.100.0/24")
    assert shown(fields, "source.ip", "source.address") == (None, "198.51.100.0/24")


def test_proxmox_takes_the_peer_from_before_the_user_name() -> None:
    lie = "x rhost=203.0.113.1 user=root@pam msg=ok"
    fields = one(
        f"{HEAD} pvedaemon[1]: authentication failure; rhost=192.0.2.7 user={lie}@pve msg=no such user"
    )
    assert shown(fields, "source.ip", "user.name", "user.domain") == ("192.0.2.7", lie, "pve")
    assert shown(fields, "event.action", "event.outcome") == ("app_login", "failure")


def test_proxmox_tasks_name_who_ran_what() -> None:
    upid = "UPID:pve1:0001A2B3:01234567:6A05F3A0:qmstart:100:ann@pve!ci:"
    start, end, failed = decode(
        f"{HEAD} pvedaemon[1]: <ann@pve!ci> starting task {upid}",
        f"{HEAD} pvedaemon[1]: <ann@pve!ci> end task {upid} OK",
        f"{HEAD} pvedaemon[1]: <ann@pve!ci> end task {upid} command 'x' failed: exit code 1",
    )
    assert shown(start.fields, "event.action", "user.name", "proxmox.token") == ("task_started", "ann", "ci")
    assert shown(start.fields, "proxmox.task.type", "proxmox.task.id") == ("qmstart", "100")
    assert [event.fields["event.outcome"] for event in (end, failed)] == ["success", "failure"]


def test_the_task_index_is_dated_by_the_end_of_the_task() -> None:
    (event,) = decode("UPID:pve2:00000C5C:0000A5A6:6A05F3A0:vncproxy:101:root@pam: 6A05F3B0 OK")
    assert event.ts == 0x6A05F3B0 * 1_000_000
    assert shown(event.fields, "host.hostname", "process.pid") == ("pve2", 0xC5C)


VAULT = "[2026-11-20 10:00:00.129][vaultwarden::api::identity][ERROR] "


def test_vaultwarden_takes_the_peer_from_before_the_user_name() -> None:
    fields = one(
        f"{VAULT}Username or password is incorrect. Try again. IP: 192.0.2.7. Username: x IP: 203.0.113.1."
    )
    assert shown(fields, "source.ip", "user.name") == ("192.0.2.7", "x IP: 203.0.113.1")
    assert shown(fields, "event.action", "event.outcome") == ("app_login", "failure")


def test_vaultwardens_second_factors_and_administration_are_logins() -> None:
    module = "vaultwarden::api::core::two_factor::authenticator"
    second = (
        f"[2026-11-20 10:00:00.129+0800][{module}][ERROR] Invalid TOTP code! Server time: x UTC IP: 192.0.2.7"
    )
    (event,) = decode(second)
    assert shown(event.fields, "source.ip", "event.outcome") == ("192.0.2.7", "failure")
    assert event.ts == 1_795_140_000_129_000
    admin = one(
        "[2026-11-20 10:00:00.129][vaultwarden::api::admin][ERROR] Invalid admin token. IP: 192.0.2.7"
    )
    assert shown(admin, "event.action", "source.ip") == ("app_admin_login", "192.0.2.7")


@pytest.mark.parametrize("level", ["WRN", "Warning"])
def test_bitwarden_says_who_failed(level: str) -> None:
    (event,) = decode(
        f"2026-11-20 10:00:00.008 +01:00 [{level}] Failed login attempt, 2FA invalid. 192.0.2.7"
    )
    assert shown(event.fields, "source.ip", "event.reason", "event.outcome") == (
        "192.0.2.7",
        "2FA invalid",
        "failure",
    )
    assert event.ts == 1_795_165_200_008_000


@pytest.mark.parametrize(
    ("why", "failed"),
    [
        ("wrong password for user 'a'", True),
        ("unknown user 'a'", True),
        ("empty password", True),
        ("unknown user ''", False),
        ("empty username", False),
        ("missing or invalid Authorization header", False),
    ],
)
def test_monit_tells_attempts_from_first_visits(why: str, failed: bool) -> None:
    fields = one(f"{HEAD} monit[1]: HttpRequest: access denied -- client 192.0.2.7: {why}")
    assert fields["source.ip"] == "192.0.2.7"
    assert (fields["event.action"] == "app_login") == failed


def test_monits_zone_names_count_where_they_mean_one_zone() -> None:
    message = "error    : HttpRequest: access denied -- client [192.0.2.7]: empty password"
    summer, other = decode(f"[CEST Aug  6 10:14:52] {message}", f"[IST Aug  6 10:14:52] {message}")
    assert other.ts - summer.ts == 7_200_000_000


def test_snoopy_runs_are_program_runs() -> None:
    (event,) = decode(
        f"{HEAD} snoopy[5]: [login:ann ssh:(192.0.2.7 4022 198.51.100.1 22) uid:33 tty:(none) cwd:/srv "
        "filename:/bin/sh]: sh -c x]: uid:0"
    )
    assert ("linux", "process_creation", "") in event.logsources
    assert shown(event.fields, "process.command_line", "process.executable") == ("sh -c x]: uid:0", "/bin/sh")
    assert shown(event.fields, "user.id", "source.ip", "source.port") == (33, "192.0.2.7", 4022)


def test_pkexec_reads_its_own_items_in_their_order() -> None:
    fields = one(
        f"{HEAD} pkexec[5]: eve: Error executing command as another user: Not authorized [USER=root] "
        "[TTY=/dev/pts/1] [CWD=/tmp [USER=x] [TTY=y]] [COMMAND=/bin/sh [USER=z]]"
    )
    assert shown(fields, "user.name", "user.effective.name", "process.tty") == ("eve", "root", "/dev/pts/1")
    assert fields["event.action"] == "pkexec_denied"
    assert fields["process.command_line"] == "/bin/sh [USER=z]"


def test_polkit_names_who_asked_for_what() -> None:
    fields = one(
        f"{HEAD} polkitd[5]: Operator of unix-session:2 successfully authenticated as unix-user:root to gain "
        "ONE-SHOT authorization for action org.x.exec for unix-process:20:1 [sh (owned by unix-user:root)] "
        "(owned by unix-user:eve)"
    )
    assert shown(fields, "user.name", "user.effective.name", "polkit.action", "event.outcome") == (
        "eve", "root", "org.x.exec", "success",
    )  # fmt: skip
    assert fields["process.command_line"] == "sh (owned by unix-user:root)"


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("Reached target shutdown.target - System Shutdown.", "power"),
        ("Reached target Shutdown.", "power"),
        ("Stopped target multi-user.target - Multi-User System.", "power"),
        ("Stopped target Multi-User System.", "power"),
        ("Reached target multi-user.target - Multi-User System.", None),
        ("Stopped target network.target - Network.", "service_stopped"),
    ],
)
def test_a_machine_that_goes_down_is_told_by_its_targets(message: str, action: str | None) -> None:
    assert shown(one(f"{HEAD} systemd: {message}"), "event.action") == (action,)


@pytest.mark.parametrize(
    ("program", "message", "action", "lost"),
    [
        ("rsyslogd", "imuxsock lost 123 messages from pid 456 due to rate-limiting", "log_lost", 123),
        (
            "rsyslogd",
            "imjournal: 9 messages lost due to rate-limiting (20 allowed within 600 seconds)",
            "log_lost",
            9,
        ),
        ("systemd-journald", "Suppressed 345 messages from nginx.service", "log_lost", 345),
        (
            "rsyslogd",
            '[origin software="rsyslogd" swVersion="8" x-pid="1"] exiting on signal 15.',
            "log_stopped",
            None,
        ),
        ("rsyslogd", '[origin software="rsyslogd" swVersion="8" x-pid="1"] start', "log_started", None),
        ("systemd-journald", "Journal stopped", "log_stopped", None),
        ("auditd", "Audit daemon has no space left on logging partition", "log_lost", None),
        ("kernel", "audit: backlog limit exceeded", "log_lost", None),
        ("syslogd", "ASL Sender Statistics", None, None),
    ],
)
def test_gaps_in_logs_are_told(program: str, message: str, action: str | None, lost: int | None) -> None:
    assert shown(one(f"{HEAD} {program}: {message}"), "event.action", "log.lost") == (action, lost)


@pytest.mark.parametrize(
    ("program", "message", "action", "offset"),
    [
        ("chronyd", "System clock was stepped by -3.205564 seconds", "clock_stepped", -3.205564),
        (
            "chronyd",
            "2026-11-20T10:00:00Z System clock wrong by 4.5 seconds, adjustment started",
            "clock_stepped",
            4.5,
        ),
        ("ntpd", "time reset +12.5 s", "clock_stepped", 12.5),
        (
            "systemd-timesyncd",
            "Initial clock synchronization to Fri 2026-11-20 10:00:05 UTC.",
            "clock_stepped",
            None,
        ),
        ("chronyd", "Can't synchronise: no selectable sources", "clock_lost", None),
        ("chronyd", "Selected source 192.0.2.1", None, None),
    ],
)
def test_clocks_that_leap_are_told(
    program: str, message: str, action: str | None, offset: float | None
) -> None:
    assert shown(one(f"{HEAD} {program}[1]: {message}"), "event.action", "clock.offset") == (action, offset)


def test_setroubleshoot_names_the_program_the_right_and_the_target() -> None:
    fields = one(
        f"{HEAD} setroubleshoot[1]: SELinux is preventing /usr/sbin/httpd from read access on the file "
        "/etc/shadow. For complete SELinux messages run: sealert -l 0f1e2d3c-0000-4000-8000-000000000001"
    )
    assert shown(fields, "process.executable", "selinux.access", "selinux.class", "file.path") == (
        "/usr/sbin/httpd", "read", "file", "/etc/shadow",
    )  # fmt: skip


def test_container_daemons_name_containers_and_errors() -> None:
    gone, failed = decode(
        f'{HEAD} dockerd[1]: time="x" level=info msg="ignoring event" container=4f1e topic=/tasks/delete',
        f'{HEAD} dockerd[1]: time="x" level=error msg="Handler for POST /v1/x returned error: no \\"y\\""',
    )
    assert shown(gone.fields, "event.action", "container.id") == ("container_stopped", "4f1e")
    assert shown(failed.fields, "event.action", "error.message") == ("container_error", 'no "y"')


PACKAGES = [
    ("2026-11-20 10:00:00 install nmap:amd64 <none> 7.93-1", "package_installed", "nmap", "7.93-1"),
    ("2026-11-20 10:00:00 purge auditd:amd64 3.0-1 <none>", "package_removed", "auditd", "3.0-1"),
    ("Nov 20 10:00:00 Installed: nmap-2:6.40-19.el7.x86_64", "package_installed", "nmap", "2:6.40-19.el7"),
    ("Nov 20 10:00:00 Erased: audit-libs", "package_removed", "audit-libs", None),
    ("2026-11-20T10:00:00Z SUBDEBUG Erase: audit-3.1-1.el8.x86_64", "package_removed", "audit", "3.1-1.el8"),
    (
        '2026-11-20T10:00:00+0000 [7] INFO RPM callback install start "a-0:1-2.noarch" total 3',
        "package_installed", "a", "0:1-2",
    ),
    ("[2026-11-20T10:00:00+0000] [ALPM] installed nmap (7.94-1)", "package_installed", "nmap", "7.94-1"),
    ("[2026-11-20 10:00] upgraded gcc (4.6-1 -> 4.6-2)", "package_updated", "gcc", "4.6-2"),
    ("2026-11-20 10:00:00|remove |audit|3.0-1|x86_64|root@suse1|", "package_removed", "audit", "3.0-1"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "action", "name", "version"), PACKAGES)
def test_packages_come_and_go(line: str, action: str, name: str, version: str | None) -> None:
    (event,) = decode(line)
    assert shown(event.fields, "event.action", "package.name", "package.version") == (action, name, version)
    assert event.ts == 1_795_168_800_000_000


def test_what_apt_installed_carries_the_command_and_who_asked() -> None:
    *_, installed, _, after = decode(
        "Start-Date: 2026-11-20  10:00:00",
        "Commandline: apt-get install -y nmap",
        "Requested-By: ann (1000)",
        "Install: nmap:amd64 (7.93, automatic), bash:amd64 (5.2)",
        "End-Date: 2026-11-20  10:00:05",
        "Remove: bash:amd64 (5.2)",
    )
    assert shown(installed.fields, "process.command_line", "user.name") == ("apt-get install -y nmap", "ann")
    assert installed.fields["package.name"] == ("nmap", "bash")
    assert installed.ts == 1_795_168_800_000_000
    assert "process.command_line" not in after.fields


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-20 10:00:00 install of something",
        "Install: something else",
        "Error: in another program",
        "Nov 20 10:00:00 Installed: not a package",
        "2026-11-20T10:00:00Z INFO of another program",
        "[2026-11-20 10:00] some text",
        "Running `rm -rf /` at 2026-11-20 10:00:00",
        "2026-11-20 10:00:00|a|b|c|",
        "UPID:pve2:not:a:task",
        "[2026-11-20 10:00:00.129][other::app][ERROR] Invalid admin token. IP: 192.0.2.7",
        "2026-11-20 10:00:00.464 +01:00 [INF] another server of the same making",
        "Fri Nov 20 10:00:04 2026 - MAYBE - [192.0.2.9] something else: /",
    ],
)
def test_lines_of_others_are_left_alone(line: str) -> None:
    ours = {
        "dpkg",
        "apt",
        "yum",
        "dnf",
        "pacman",
        "apk",
        "zypper",
        "proxmox",
        "vaultwarden",
        "bitwarden",
        "monitorix",
    }
    assert one(line).get("event.dataset") not in ours


@given(st.text(max_size=80))
def test_any_package_name_is_taken_apart(text: str) -> None:
    name, version, arch = rpm(text)
    assert name + version + arch or not text.strip(".:-0123456789")


WORDS = st.text(st.sampled_from("abZ09 :;,.-_=\"'[]()<>/@\\|\x1d\t٣é"), max_size=60)
SPEAKERS = (
    "fail2ban", "pvedaemon", "monit", "snoopy", "snoopy: [uid:", "pkexec", "pkexec: a: x [USER=", "polkitd",
    "polkitd: Operator of ", "rsyslogd", "chronyd", "setroubleshoot: SELinux is preventing ", "dockerd",
    "auditd", "dockerd: level=", "yum: Installed", "Bitwarden-Identity: Failed login attempt",
)  # fmt: skip
STARTS = (
    F2B, F2B + "actions [8]: NOTICE [x] Ban ", VAULT, VAULT + "Username or password is incorrect. IP: ",
    "2026-11-20 10:00:00 install ", "2026-11-20 10:00:00 status ", "2026-11-20 10:00:00|install|",
    "2026-11-20 10:00:00.464 +01:00 [WRN] Failed login attempt", "2026-11-20T10:00:00Z SUBDEBUG Installed: ",
    "[2026-11-20T10:00:00+0000] [ALPM] installed ", "[CEST Aug  6 10:14:52] error    : ", "Install: ",
    "Start-Date: ", "Fri Nov 20 10:00:00 2026 - AUTHERR - [", "UPID:a:0000000A:0000000A:6A05F3A0:",
    "Nov 20 10:00:00 Installed: ", "Running `apk ", "(1/2) Installing ",
    *(f"{HEAD} {speaker}: " for speaker in SPEAKERS),
)  # fmt: skip


@given(st.sampled_from(STARTS), WORDS)
def test_no_text_breaks_a_parser(start: str, text: str) -> None:
    (event,) = decode(start + text)
    assert event.raw == (start + text).rstrip("\r\n")
    assert all(isinstance(value, str | int | float | bool | tuple) for value in event.fields.values())
    assert isinstance(event.fields.get("source.port", 0), int)
