"""How often a text is likely to be met in a field: what decides which of a rule's texts it is found by.

Only speed hangs on it, never an answer. A rule that asks for `\\cmd.exe` and `-hxxp` is looked up by the
second, because the first stands in every tenth line. The estimate is the share of typical values the text is
found in, plus a little that shrinks with its length.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from socterm.sigma.ir import Place

TYPICAL: Final = tuple(
    value.lower()
    for value in (
        r"C:\Windows\System32\svchost.exe",
        r"C:\WINDOWS\system32\svchost.exe -k netsvcs -p -s Schedule",
        r"C:\Windows\System32\cmd.exe",
        r'"C:\Windows\System32\cmd.exe" /c "whoami /all > C:\Users\alice\AppData\Local\Temp\out.txt 2>&1"',
        r"cmd.exe /c ping -n 1 10.0.0.1",
        r"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe",
        r'powershell.exe -NoProfile -ExecutionPolicy Bypass -Command "Get-Process | Where-Object { $_.Id }"',
        r"C:\Program Files\PowerShell\7\pwsh.exe",
        r"C:\Windows\explorer.exe",
        r"C:\Windows\System32\rundll32.exe",
        r"rundll32.exe C:\Windows\System32\shell32.dll,Control_RunDLL",
        r"C:\Windows\System32\reg.exe",
        r"reg add HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run /v Name /t REG_SZ /d value /f",
        r"C:\Windows\System32\net.exe",
        r"net user alice /domain",
        r"C:\Windows\System32\schtasks.exe",
        r"schtasks /create /sc daily /tn task /tr program.exe",
        r"C:\Windows\System32\wbem\WmiPrvSE.exe",
        r"C:\Windows\System32\wscript.exe C:\Users\alice\Downloads\script.vbs",
        r"C:\Windows\System32\regsvr32.exe /s file.dll",
        r"C:\Windows\System32\conhost.exe 0xffffffff -ForceV1",
        r"C:\Windows\System32\services.exe",
        r"C:\Windows\System32\msiexec.exe /i C:\ProgramData\package.msi /qn",
        r"C:\Windows\SysWOW64\mshta.exe https://example.com/page.hta",
        r"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe",
        r"C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe /ua /installsource scheduler",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe --type=renderer",
        r"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE",
        r"C:\Program Files\Windows Defender\MsMpEng.exe",
        r"C:\Users\Public\Documents\file.txt",
        r"C:\Users\alice\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\link.lnk",
        r"C:\Windows\Temp\setup.tmp",
        r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer",
        r"HKLM\System\CurrentControlSet\Services\bam\State\UserSettings",
        "DWORD (0x00000001)",
        "Microsoft Corporation",
        "Microsoft® Windows® Operating System",
        "Windows Command Processor",
        "Cmd.Exe",
        "PowerShell.EXE",
        "NT AUTHORITY\\SYSTEM",
        "System",
        "Medium",
        "High",
        "true",
        "false",
        "-",
        "0",
        "1",
        "3",
        "11",
        "13",
        "4104",
        "4624",
        "4688",
        "SHA1=0000,MD5=0000,SHA256=0000,IMPHASH=0000",
        "/bin/bash -c ls -la /home/alice | grep txt > /dev/null",
        "/usr/bin/sudo",
        "/usr/bin/python3 /opt/app/main.py --config /etc/app.conf",
        "/bin/sh /etc/cron.daily/logrotate",
        "/usr/sbin/sshd -D",
        "curl -s https://example.com/index.html -o /tmp/file",
        "root",
        "GET",
        "POST",
        "/index.php?id=1&page=home",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
        "tcp",
        "443",
        "127.0.0.1",
        "sshd: Failed password for invalid user admin from 203.0.113.9 port 40000 ssh2",
        "sshd: Accepted publickey for alice from 192.0.2.4 port 50000 ssh2: ED25519",
        "pam_unix(sudo:session): session opened for user root(uid=0) by alice(uid=1000)",
        "kernel: [12345.678] usb 1-1: new high-speed USB device number 2 using xhci_hcd",
        "systemd: Started Session 12 of user alice.",
        "error: connection closed",
    )
)
"""Values of the kind fields have on a normal day, lower-cased."""

PRESENT: Final = 0.3
"""The share for "the field is there", where nothing is known of the field."""


@lru_cache(maxsize=65_536)
def frequency(text: str, place: Place) -> float:
    """The likely share of values that hold a lower-cased text at a place; above 0, compared only."""
    found = sum(map(_AT[place], TYPICAL, [text] * len(TYPICAL)))
    return found / len(TYPICAL) + _LENGTHS[min(len(text), 32)]


_LENGTHS: Final = tuple(1e-4 + 0.5**length for length in range(33))
_AT: Final = {
    "equals": str.__eq__,
    "contains": str.__contains__,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
