"""Passwords guessed on Windows, what was done with one, and a day of administration that looks alike."""

from __future__ import annotations

from socterm.demo.model import Story
from socterm.demo.noise_windows import PEOPLE, SERVERS
from socterm.demo.pen_windows import CLEARED, SECURITY, SERVICES, WINLOGBEAT, WindowsPen, sid, subject
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_windows import (
    ADMIN,
    ADMIN_ADDRESS,
    CLUMSY_ADDRESS,
    DESKTOP_HOST,
    FILER,
    FOOTHOLD,
    GUESSER,
    PLANTED,
    PLANTED_SID,
    SPRAYER,
    STRANGER,
    TAKEN,
    WINDOWS_LOGON,
    WINDOWS_LOGON_BENIGN,
)

_SESSION = "0x51c2d3e"
_ADMIN_SESSION = "0x2a7b1c9"
_HIDDEN = (
    "-nop -w hidden -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkA"
)
_TASK = (
    '<?xml version="1.0" encoding="UTF-16"?>\r\n<Task version="1.2" '
    'xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task"><Principals><Principal id="Author">'
    "<UserId>{user}</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>"
    "<Actions><Exec><Command>{command}</Command><Arguments>{arguments}</Arguments></Exec></Actions></Task>"
)


def _guessing(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    for number in range(30):
        pen.refused(120 + 3.4 * number, DESKTOP_HOST, "Administrator", 3, GUESSER)


def _spraying(sheet: Sheet) -> None:
    pen, names = WindowsPen(sheet), (*PEOPLE, "tina", "ulf", "vera", "willem", "backup", "scanner")
    for number, name in enumerate(names):
        pen.refused(140 + 35.0 * number, FILER, name, 3, SPRAYER, station="WS66", unknown=number > 11)


def _break_in(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    for number in range(15):
        pen.refused(400 + 4.1 * number, DESKTOP_HOST, TAKEN, 3, FOOTHOLD, station="WS17")
    after, logon = pen.logon(470, DESKTOP_HOST, TAKEN, 10, FOOTHOLD, station=DESKTOP_HOST, elevated=True)
    pen.special(after, DESKTOP_HOST, TAKEN, logon)


def _stranger(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    _, logon = pen.logon(330, DESKTOP_HOST, "erik", 10, STRANGER, station=DESKTOP_HOST)
    pen.logoff(560, DESKTOP_HOST, "erik", 10, logon)


def _account(sheet: Sheet) -> None:
    pen, local = WindowsPen(sheet), PLANTED_SID
    made = {"TargetUserName": PLANTED, "TargetDomainName": DESKTOP_HOST, "TargetSid": local}
    attributes = {"SamAccountName": PLANTED, "DisplayName": "%%1793", "UserAccountControl": "%%2080"}
    who = subject(TAKEN, _SESSION)
    pen.event(540, DESKTOP_HOST, SECURITY, 4720, {**made, **who, "PrivilegeList": "-", **attributes})
    pen.event(540.1, DESKTOP_HOST, SECURITY, 4722, {**made, **who})
    group = {"TargetUserName": "Administrators", "TargetDomainName": "Builtin", "TargetSid": "S-1-5-32-544"}
    member = {"MemberName": "-", "MemberSid": local}
    pen.event(548, DESKTOP_HOST, SECURITY, 4732, {**member, **group, **who, "PrivilegeList": "-"})


def _foothold(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    service = {
        "ServiceName": "BTOBTO", "ServiceType": "user mode service", "StartType": "demand start",
        "ImagePath": r"%COMSPEC% /Q /c echo whoami ^> \\127.0.0.1\C$\__out 2^>^&1 > %TEMP%\x.bat",
        "AccountName": "LocalSystem",
    }  # fmt: skip
    pen.event(600, DESKTOP_HOST, SERVICES, 7045, service)
    content = _TASK.format(user=SYSTEM_USER, command="powershell.exe", arguments=_HIDDEN)
    task = {**subject(TAKEN, _SESSION), "TaskName": r"\UpdaterCheck", "TaskContent": content}
    pen.event(655, DESKTOP_HOST, SECURITY, 4698, task)


SYSTEM_USER = "S-1-5-18"


def _cover(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    policy = {
        **subject(f"{DESKTOP_HOST}$"), "CategoryId": "%%8273", "SubcategoryId": "%%12544",
        "SubcategoryGuid": "{0cce9215-69ae-11d9-bed3-505054503030}", "AuditPolicyChanges": "%%8448, %%8450",
    }  # fmt: skip
    pen.event(720, DESKTOP_HOST, SECURITY, 4719, policy)
    pen.event(760, DESKTOP_HOST, CLEARED, 1102, subject(TAKEN, _SESSION))


def _mistyped(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    for at in (100.0, 108.0):
        pen.refused(at, FILER, "marek", 3, CLUMSY_ADDRESS, station="WS24")
    pen.logon(117, FILER, "marek", 3, CLUMSY_ADDRESS)


def _expired(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    for number in range(6):
        pen.refused(200 + 60.0 * number, DESKTOP_HOST, "svc_report", 5)


def _admin(sheet: Sheet) -> None:
    pen, system = WindowsPen(sheet), r"C:\Windows\System32"
    after, logon = pen.logon(150, DESKTOP_HOST, ADMIN, 10, ADMIN_ADDRESS, station=DESKTOP_HOST, elevated=True)
    pen.special(after, DESKTOP_HOST, ADMIN, logon)
    shell = rf"{system}\WindowsPowerShell\v1.0\powershell.exe"
    for at, image, command in (
        (171.0, rf"{system}\mmc.exe", rf'"{system}\mmc.exe" "{system}\services.msc"'),
        (203.0, shell, f'"{shell}"'),
        (240.0, shell, "powershell.exe -Command Get-Service | Where-Object Status -eq Stopped"),
        (291.0, shell, "powershell.exe -Command Restart-Service -Name Spooler"),
        (330.0, rf"{system}\cmd.exe", f'"{system}\\cmd.exe" /c ipconfig /all'),
    ):
        pen.process(at, DESKTOP_HOST, ADMIN, image, command)
    explicit = {
        **subject(ADMIN, _ADMIN_SESSION), "TargetUserName": "dana.t0", "TargetDomainName": "CORP",
        "TargetServerName": "localhost", "TargetInfo": "localhost", "ProcessName": rf"{system}\svchost.exe",
        "IpAddress": "::1", "IpPort": "0",
    }  # fmt: skip
    pen.event(360, DESKTOP_HOST, SECURITY, 4648, explicit)
    pen.logoff(600, DESKTOP_HOST, ADMIN, 10, logon)


def _update(sheet: Sheet) -> None:
    pen, folder = WindowsPen(sheet), r"C:\Program Files\Example Office\Update"
    service = {
        "ServiceName": "ExampleOfficeUpdate", "ImagePath": f'"{folder}\\updater.exe" /svc',
        "ServiceType": "user mode service", "StartType": "auto start", "AccountName": "LocalSystem",
    }  # fmt: skip
    pen.event(420, FILER, SERVICES, 7045, service)
    content = _TASK.format(user=SYSTEM_USER, command=f"{folder}\\updater.exe", arguments="/check")
    task = {**subject(f"{FILER}$"), "TaskName": r"\Example Office Update", "TaskContent": content}
    pen.event(421, FILER, SECURITY, 4698, task)


def _helpdesk(sheet: Sheet) -> None:
    pen, who = WindowsPen(sheet), subject(TAKEN, "0x77a1b2c")
    about = {"TargetUserName": "oskar", "TargetDomainName": "CORP", "TargetSid": sid("oskar")}
    pen.event(510, FILER, SECURITY, 4767, {**about, **who})
    pen.event(514, FILER, SECURITY, 4724, {**about, **who})


def _monitor(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    for number in range(6):
        for turn, host in enumerate((DESKTOP_HOST, FILER, "INTRA1", "PRINT1")):
            at = 30 + 60.0 * number + 2.0 * turn
            _, logon = pen.logon(at, host, "svc_monitor", 3, "10.20.0.9")
            pen.logoff(at + 1, host, "svc_monitor", 3, logon)


STORIES = (
    Story(
        name="windows_logon",
        says="passwords guessed and sprayed; one is found, used, and a way back is left; the log is emptied",
        logs=(WINLOGBEAT,),
        length=900.0,
        chapters=WINDOWS_LOGON.chapters(
            _guessing, _spraying, _break_in, _stranger, _account, _foothold, _cover
        ),
        noise=(SERVERS,),
        alerts=WINDOWS_LOGON.alerts,
        quiet=WINDOWS_LOGON.quiet,
    ),
    Story(
        name="windows_admin_day",
        says="mistyped and outdated passwords, an administrator at work, an update, the helpdesk, monitoring",
        logs=(WINLOGBEAT,),
        length=900.0,
        chapters=WINDOWS_LOGON_BENIGN.chapters(_mistyped, _expired, _admin, _update, _helpdesk, _monitor),
        noise=(SERVERS,),
        quiet=WINDOWS_LOGON_BENIGN.quiet,
        twin_of="windows_logon",
    ),
)
