"""Documents encrypted on a workstation and what is done around it; backup and management that look alike."""

from __future__ import annotations

from socterm.demo.model import Noise, Story
from socterm.demo.noise_windows import SERVERS
from socterm.demo.pen_windows import CLEARED, DEFENDER, WINLOGBEAT, WindowsPen, subject
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_windows import CRYPTED, FILER, WINDOWS_BACKUP_BENIGN, WINDOWS_RANSOMWARE

_SYSTEM = r"C:\Windows\System32"
_POWERSHELL = rf"{_SYSTEM}\WindowsPowerShell\v1.0\powershell.exe"
_WORD = r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE"
_LOADER = r"C:\Users\kim\AppData\Local\Temp\upd7.exe"
_ENCODED = (
    "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAIABOAGUAdAAuAFcAZQBiAEMAbABpAGUAbgB0ACkALgBEAG8AdwBuAGwAbwBhAGQA"
)
_FOLDERS = ("Contracts", "Invoices", "Plans", "Photos", "Personnel", "Letters")
_ENDS = ("docx", "xlsx", "pdf", "pptx", "jpg")
_BACKUP = r"C:\Program Files\Example Backup\agent.exe"
_AGENT = r"C:\Windows\CCM\CcmExec.exe"
_NT = "NT AUTHORITY\\SYSTEM"


def _run(pen: WindowsPen, at: float, host: str, user: str, image: str, command: str, parent: str) -> float:
    """Sysmon event 1: a process with its parent."""
    return pen.sysmon(
        at, host, 1, user, image, CommandLine=command, CurrentDirectory="C:\\", IntegrityLevel="High",
        OriginalFileName=image.rsplit("\\", 1)[1], ParentImage=parent, ParentCommandLine=f'"{parent}"',
    )  # fmt: skip


def _created(pen: WindowsPen, at: float, host: str, user: str, image: str, path: str) -> float:
    """Sysmon event 11: a file is created, or gets its new name."""
    return pen.sysmon(at, host, 11, user, image, TargetFilename=path)


def _loader(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    command = f"powershell.exe -nop -w hidden -enc {_ENCODED}"
    after = _run(pen, 180, CRYPTED, "kim", _POWERSHELL, command, _WORD)
    after = _created(pen, after + 4, CRYPTED, "kim", _POWERSHELL, _LOADER)
    _run(pen, after + 1, CRYPTED, "kim", _LOADER, _LOADER, _POWERSHELL)


def _shields_down(sheet: Sheet) -> None:
    data = {"Product Name": "Microsoft Defender Antivirus", "Product Version": "4.18.26010.5"}
    WindowsPen(sheet).event(230, CRYPTED, DEFENDER, 5001, data)


def _shadows(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    for number, (image, command) in enumerate((
        ("vssadmin.exe", "vssadmin.exe delete shadows /all /quiet"),
        ("wbadmin.exe", "wbadmin delete catalog -quiet"),
        ("bcdedit.exe", "bcdedit /set {default} recoveryenabled no"),
    )):  # fmt: skip
        _run(pen, 260 + 2.0 * number, CRYPTED, "kim", rf"{_SYSTEM}\{image}", command, _LOADER)


def _renames(sheet: Sheet) -> None:
    pen, rng = WindowsPen(sheet), sheet.rng
    for number in range(120):
        folder, end = _FOLDERS[number // 20], _ENDS[number % len(_ENDS)]
        path = rf"D:\Shared\{folder}\{folder.lower()}-{1000 + number * 7}.{end}.locked"
        _created(pen, 300 + 1.1 * number + 0.4 * rng.random(), CRYPTED, "kim", _LOADER, path)
        if number % 20 == 19:
            note = rf"D:\Shared\{folder}\HOW_TO_GET_YOUR_FILES_BACK.txt"
            _created(pen, 300.5 + 1.1 * number, CRYPTED, "kim", _LOADER, note)


def _cover(sheet: Sheet) -> None:
    WindowsPen(sheet).event(450, CRYPTED, CLEARED, 1102, subject("kim", "0x3d2e1f0"))


def _backup(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    _run(pen, 60, FILER, _NT, rf"{_SYSTEM}\vssadmin.exe", "vssadmin list shadows", _BACKUP)
    for number in range(80):
        path = rf"E:\Backup\2026-03-17\vol-{number:04d}.ebk"
        name = path if number % 2 else f"{path}.tmp"
        _created(pen, 70 + 2.3 * number, FILER, _NT, _BACKUP, name)


def _management(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    for at, script in ((110.0, "inventory.ps1"), (290.0, "compliance.ps1"), (410.0, "inventory.ps1")):
        command = (
            rf'"{_POWERSHELL}" -NoProfile -ExecutionPolicy Bypass -File "C:\Windows\CCM\SystemTemp\{script}"'
        )
        _run(pen, at, FILER, _NT, _POWERSHELL, command, _AGENT)


def _signatures(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    key = r"HKLM\SOFTWARE\Microsoft\Windows Defender\Signature Updates"
    for at, name in ((200.0, "SignaturesLastUpdated"), (200.4, "AVSignatureVersion")):
        values = {"Old Value": rf"{key}\{name} = 0x1", "New Value": rf"{key}\{name} = 0x2"}
        pen.event(at, FILER, DEFENDER, 5007, {"Product Name": "Microsoft Defender Antivirus", **values})


def _documents(sheet: Sheet) -> None:
    pen = WindowsPen(sheet)
    for number, user in enumerate(("lena", "marek", "nora", "lena", "petra", "nora")):
        at, folder = 80 + 63.0 * number, rf"C:\Users\{user}\Documents"
        _created(pen, at, FILER, user, _WORD, rf"{folder}\~$letter-{number}.docx")
        _created(pen, at + 21, FILER, user, _WORD, rf"{folder}\~WRD{number:04d}.tmp")
        _created(pen, at + 21.2, FILER, user, _WORD, rf"{folder}\letter-{number}.docx")


def _desktop(sheet: Sheet, length: float, factor: float) -> None:
    """Programs a workstation starts, as Sysmon tells of them."""
    pen, rng = WindowsPen(sheet), sheet.rng
    services = rf"{_SYSTEM}\services.exe"
    programs = (
        (rf"{_SYSTEM}\svchost.exe", rf"{_SYSTEM}\svchost.exe -k netsvcs -p", services, _NT),
        (
            r"C:\Program Files\Mozilla Firefox\firefox.exe",
            "firefox.exe -contentproc",
            r"C:\Windows\explorer.exe",
            "kim",
        ),
        (rf"{_SYSTEM}\taskhostw.exe", "taskhostw.exe", rf"{_SYSTEM}\svchost.exe", "kim"),
        (rf"{_SYSTEM}\backgroundTaskHost.exe", "backgroundTaskHost.exe", rf"{_SYSTEM}\svchost.exe", "kim"),
    )
    for _ in range(round(length / 20 * factor)):
        image, command, parent, user = programs[int(rng.random() * len(programs))]
        _run(pen, rng.random() * (length - 1), CRYPTED, user, image, command, parent)


DESKTOP = Noise("desktop", "programs a workstation starts", _desktop)

STORIES = (
    Story(
        name="windows_ransomware",
        says="a document starts a loader: Defender off, shadow copies gone, 120 files renamed, log emptied",
        logs=(WINLOGBEAT,),
        length=520.0,
        chapters=WINDOWS_RANSOMWARE.chapters(_loader, _shields_down, _shadows, _renames, _cover),
        noise=(DESKTOP,),
        alerts=WINDOWS_RANSOMWARE.alerts,
        quiet=WINDOWS_RANSOMWARE.quiet,
    ),
    Story(
        name="windows_backup",
        says="backup software renames its files, management runs PowerShell, new signatures, people write",
        logs=(WINLOGBEAT,),
        length=520.0,
        chapters=WINDOWS_BACKUP_BENIGN.chapters(_backup, _management, _signatures, _documents),
        noise=(SERVERS, DESKTOP),
        quiet=WINDOWS_BACKUP_BENIGN.quiet,
        twin_of="windows_ransomware",
    ),
)
