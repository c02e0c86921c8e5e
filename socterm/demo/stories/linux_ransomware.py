"""Documents of a file server encrypted, as its audit log tells; and the copies and rotations of any night."""

from __future__ import annotations

from socterm.demo.cast import DANA, Host
from socterm.demo.model import Noise, Story
from socterm.demo.pen_audit import AUDIT, AuditPen, Who
from socterm.demo.pen_files import rename, unlink
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_windows import LINUX_BACKUP_BENIGN, LINUX_FILER, LINUX_RANSOMWARE

FILER = Host(LINUX_FILER, "10.20.0.41", modern=False)
_DAEMON = Who("root", 0)
_INTRUDER = Who("root", 0, "alice", 1001, 31, "pts2")
_ADMIN = Who("root", 0, DANA.name, DANA.uid, 28, "pts0")
_SHARE = "/srv/share"
_FOLDERS = ("contracts", "invoices", "plans")
_CRYPTER = "/dev/shm/.k/enc"


def _encryptor(sheet: Sheet) -> None:
    pen = AuditPen(sheet, FILER)
    pen.run(120, _INTRUDER, "/usr/bin/chmod", ("chmod", "755", _CRYPTER), cwd="/root")
    pen.run(126, _INTRUDER, _CRYPTER, (_CRYPTER, "-p", _SHARE), cwd="/root", pid="23114")


def _renames(sheet: Sheet) -> None:
    pen = AuditPen(sheet, FILER)
    for number in range(60):
        folder, name = f"{_SHARE}/{_FOLDERS[number // 20]}", f"doc-{1000 + 7 * number}.odt"
        at = 128 + 0.9 * number + 0.3 * sheet.rng.random()
        rename(pen, at, _INTRUDER, _CRYPTER, folder, name, f"{name}.crypt", 23114)
        if number % 20 == 19:
            rename(pen, at + 0.2, _INTRUDER, _CRYPTER, folder, ".r", "READ_ME_TO_RECOVER.txt", 23114)


def _cover(sheet: Sheet) -> None:
    pen = AuditPen(sheet, FILER)
    pen.run(200, _INTRUDER, "/usr/bin/shred", ("shred", "-u", "/var/log/auth.log"), cwd="/root")
    pen.run(206, _INTRUDER, "/usr/bin/truncate", ("truncate", "-s", "0", "/var/log/syslog"), cwd="/root")


def _rsync(sheet: Sheet) -> None:
    pen, rng = AuditPen(sheet, FILER), sheet.rng
    argv = ("rsync", "-a", "--delete", f"{_SHARE}/", "/srv/backup/share/")
    pen.run(60, _DAEMON, "/usr/bin/rsync", argv, pid="22010")
    for number in range(40):
        name = f"doc-{1000 + 7 * number}.odt"
        part = f".{name}.{''.join(rng.choice('abcdefghkmnpqrstwxyzABCDEFG') for _ in range(6))}"
        folder = f"/srv/backup/share/{_FOLDERS[number % 3]}"
        rename(pen, 61 + 0.7 * number, _DAEMON, "/usr/bin/rsync", folder, part, name, 22010)


def _logrotate(sheet: Sheet) -> None:
    pen, exe = AuditPen(sheet, FILER), "/usr/sbin/logrotate"
    at = pen.run(150, _DAEMON, exe, (exe, "/etc/logrotate.conf"), pid="22190")
    for log in ("syslog", "auth.log", "samba/log.smbd"):
        folder, name = f"/var/log/{log}".rsplit("/", 1)
        at = unlink(pen, at + 0.2, _DAEMON, exe, folder, f"{name}.4.gz", 22190)
        for old, new in ((3, 4), (2, 3)):
            at = rename(pen, at, _DAEMON, exe, folder, f"{name}.{old}.gz", f"{name}.{new}.gz", 22190)
        at = rename(pen, at, _DAEMON, exe, folder, name, f"{name}.1", 22190)
        at = pen.run(at, _DAEMON, "/usr/bin/gzip", ("/bin/gzip", "-9"), parent="22190")


def _editor(sheet: Sheet) -> None:
    pen = AuditPen(sheet, FILER)
    pen.run(230, _ADMIN, "/usr/bin/vim.basic", ("vim", "/etc/samba/smb.conf"), cwd="/root", pid="22301")
    for at in (271.0, 302.0):
        rename(pen, at, _ADMIN, "/usr/bin/vim.basic", "/etc/samba", "smb.conf", "smb.conf~", 22301)


def _day(sheet: Sheet, length: float, factor: float) -> None:
    """Monitoring's checks, and people who save documents through the share."""
    pen, rng = AuditPen(sheet, FILER), sheet.rng
    for number in range(round(length / 21 * factor)):
        check = ("/usr/lib/nagios/plugins/check_disk", "-w", "10%", "-c", "5%", "-p", _SHARE)
        pen.run(rng.random() * (length - 1), Who("nagios", 114), check[0], check)
        person = Who(("kim", "lena", "nora")[number % 3], 2001 + number % 3)
        folder, name = f"{_SHARE}/{_FOLDERS[number % 3]}", f"draft-{number}.odt"
        rename(pen, rng.random() * (length - 1), person, "/usr/sbin/smbd", folder, f"{name}.tmp", name, 900)


DAY = Noise("day", "monitoring's checks; people save documents, which renames them", _day)

STORIES = (
    Story(
        name="linux_ransomware",
        says="a program in memory's own folder renames a share's documents, then logs are destroyed",
        logs=(AUDIT,),
        length=360.0,
        chapters=LINUX_RANSOMWARE.chapters(_encryptor, _renames, _cover),
        noise=(DAY,),
        alerts=LINUX_RANSOMWARE.alerts,
        quiet=LINUX_RANSOMWARE.quiet,
    ),
    Story(
        name="linux_backup",
        says="rsync and logrotate rename many files, an editor a few",
        logs=(AUDIT,),
        length=360.0,
        chapters=LINUX_BACKUP_BENIGN.chapters(_rsync, _logrotate, _editor),
        noise=(DAY,),
        quiet=LINUX_BACKUP_BENIGN.quiet,
        twin_of="linux_ransomware",
    ),
)
