"""An attack story and the noise around it: what the picture in the README shows."""

from __future__ import annotations

from scene import NOW, SECOND, Line, Scene, line, ssh_failed

MINUTE = 60 * SECOND

NOISE: list[Line] = [
    line("web01", "CRON", "pam_unix(cron:session): session opened for user www-data", user="www-data"),
    line("db01", "systemd", "Started Session 8812 of user backup."),
    line("web01", "CRON", "pam_unix(cron:session): session closed for user www-data", user="www-data"),
    line(
        "db01", "sshd", "Accepted publickey for backup from 10.1.4.20 port 50022 ssh2: ED25519",
        ip="10.1.4.20", user="backup", action="ssh_login", outcome="success",
    ),
    line("db01", "systemd-logind", "New session 8813 of user backup.", user="backup"),
    line("db01", "sshd", "Received disconnect from 10.1.4.20 port 50022:11: by user", ip="10.1.4.20"),
    line("web02", "dhclient", "DHCPACK of 10.1.4.31 from 10.1.4.1"),
]  # fmt: skip

NAMES = ("admin", "oracle", "postgres", "git", "test", "ubuntu", "deploy", "jenkins")
GUESSED = ("root", "root", "admin", "root", "ubuntu", "root")


def _noise(scene: Scene, count: int, ago: int, step: int) -> None:
    lines = [NOISE[(number * 3 + ago) % len(NOISE)] for number in range(count)]
    scene.lines(lines, until=NOW - ago * SECOND, step=step * SECOND)


def _invalid(number: int) -> Line:
    name = NAMES[number % len(NAMES)]
    said = f"Invalid user {name} from 198.51.100.23 port {51000 + number}"
    return line("web01", "sshd", said, ip="198.51.100.23", user=name, action="ssh_login", outcome="failure")


SUDOERS = line(
    "web02", "sudo", "carol : user NOT in sudoers ; TTY=pts/3 ; USER=root ; COMMAND=/bin/cat /etc/shadow",
    user="carol", action="sudo_denied", outcome="failure",
)  # fmt: skip
CRON = line(
    "web02", "CRON", "(www-data) CMD (/dev/shm/.x/run.sh)", user="www-data", command="/dev/shm/.x/run.sh"
)
ROOT = line(
    "db02", "sshd", "Accepted password for root from 192.0.2.44 port 52514 ssh2",
    ip="192.0.2.44", user="root", action="ssh_login", outcome="success",
)  # fmt: skip
LET_IN = line(
    "web01", "sshd", "Accepted password for root from 203.0.113.9 port 40990 ssh2",
    ip="203.0.113.9", port=40990, user="root", action="ssh_login", outcome="success",
)  # fmt: skip
OPENED = line("web01", "sshd", "pam_unix(sshd:session): session opened for user root(uid=0)", user="root")
SHELL = line(
    "web01", "sudo", "deploy : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/bin/bash",
    user="deploy", root="root", command="/bin/bash", action="sudo_command",
)  # fmt: skip
ADDED = line(
    "web01", "useradd", "new user: name=svc-cache, UID=1004, GID=1004, home=/home/svc-cache, shell=/bin/bash",
    user="svc-cache", action="user_created",
)  # fmt: skip


def busy(scene: Scene) -> None:
    """Fifteen minutes of it: names tried, a brute force that succeeds, a root shell, a new account."""
    for ago in range(15, 4, -1):
        _noise(scene, 4 + ago % 4 * 3, ago * 60, 4)
    names = scene.lines([_invalid(n) for n in range(24)], until=NOW - 11 * MINUTE, step=2 * SECOND)
    sudoers = scene.lines([SUDOERS], until=NOW - 9 * MINUTE)
    cron = scene.lines([CRON, CRON], until=NOW - 7 * MINUTE, step=MINUTE)
    root = scene.lines([ROOT], until=NOW - 6 * MINUTE)
    guesses = [ssh_failed(GUESSED[n % 6], "203.0.113.9", 40700 + 2 * n) for n in range(118)]
    brute = scene.lines(guesses, until=NOW - 62 * SECOND, step=900_000)
    let_in = scene.lines([LET_IN, OPENED], until=NOW - 58 * SECOND)
    _noise(scene, 9, 31, 3)
    shell = scene.lines([SHELL], until=NOW - 24 * SECOND)
    added = scene.lines([ADDED], until=NOW - 18 * SECOND)
    _noise(scene, 8, 0, 2)
    found = (
        ("silent", {"host.hostname": "fw-edge"}, cron[:1], 8 * 60),
        ("cron", {"user.name": "www-data", "host.hostname": "web02"}, cron, 7 * 60),
        ("sudoers", {"user.name": "carol", "host.hostname": "web02"}, sudoers, 9 * 60),
        ("root-login", {"source.ip": "192.0.2.44", "user.name": "root"}, root, 6 * 60),
        ("enumeration", {"source.ip": "198.51.100.23"}, names, 11 * 60),
        ("brute", {"source.ip": "203.0.113.9"}, brute, 2 * 60),
        ("new-user", {"user.name": "svc-cache", "host.hostname": "web01"}, added, 17),
        ("sudo-root", {"user.name": "deploy", "host.hostname": "web01"}, shell, 23),
        ("success-after", {"source.ip": "203.0.113.9", "user.name": "root"}, [*brute[-40:], let_in[0]], 57),
    )
    for rule, entity, events, ago in found:
        scene.alert(rule, entity, events, now=NOW - ago * SECOND)
