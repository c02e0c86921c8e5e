"""How often a text is likely to be met in a field: what decides which of a rule's texts it is found by.

Only speed hangs on it, never an answer. A rule that asks for `\\cmd.exe` and `-hxxp` is looked up by the
second, because the first stands in every tenth line. The estimate is the share of typical values the text is
found in, plus a little that shrinks with its length.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from socterm.sigma.ir import Place

_PROGRAMS: Final = r"""
C:\Windows\System32\svchost.exe
C:\Windows\System32\cmd.exe
C:\Windows\System32\cmd.exe
C:\Windows\System32\conhost.exe
C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe
C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe
C:\Windows\explorer.exe
C:\Windows\System32\rundll32.exe
C:\Windows\System32\reg.exe
C:\Windows\System32\net.exe
C:\Windows\System32\schtasks.exe
C:\Windows\System32\wbem\WmiPrvSE.exe
C:\Windows\System32\wscript.exe
C:\Windows\System32\services.exe
C:\Windows\System32\msiexec.exe
C:\Windows\System32\taskhostw.exe
C:\Windows\System32\RuntimeBroker.exe
C:\Windows\System32\lsass.exe
C:\Windows\SysWOW64\regsvr32.exe
C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe
C:\Program Files\Google\Chrome\Application\chrome.exe
C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe
C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE
C:\Program Files\Windows Defender\MsMpEng.exe
C:\Users\alice\AppData\Local\Temp\setup.exe
/usr/bin/bash
/bin/sh
/usr/bin/sudo
/usr/bin/python3.11
/usr/bin/curl
/usr/bin/grep
/usr/sbin/sshd
/usr/sbin/cron
"""
_COMMANDS: Final = r"""
C:\Windows\system32\svchost.exe -k netsvcs -p -s Schedule
C:\Windows\System32\svchost.exe -k LocalServiceNetworkRestricted -p
"C:\Windows\System32\cmd.exe" /c "whoami > C:\Users\alice\AppData\Local\Temp\out.txt 2>&1"
cmd.exe /c ping -n 1 10.0.0.1
C:\Windows\system32\cmd.exe /d /s /c "C:\Program Files\app\run.bat"
\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1
powershell.exe -NoProfile -ExecutionPolicy Bypass -Command "Get-Process | Where-Object { $_.Id -gt 1 }"
"C:\Windows\System32\WindowsPowerShell\v1.0\powershell.exe" -NonInteractive -File C:\scripts\task.ps1
C:\Windows\Explorer.EXE
rundll32.exe C:\Windows\System32\shell32.dll,Control_RunDLL
reg add HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run /v Name /t REG_SZ /d value /f
net user alice /domain
schtasks /create /sc daily /tn task /tr program.exe
C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding
"C:\Windows\System32\WScript.exe" "C:\Users\alice\Downloads\script.vbs"
C:\Windows\system32\msiexec.exe /i C:\ProgramData\package.msi /qn
regsvr32.exe /s file.dll
"C:\Windows\Microsoft.NET\Framework64\v4.0.30319\csc.exe" /noconfig @"C:\Windows\TEMP\a.cmdline"
"C:\Program Files\Google\Chrome\Application\chrome.exe" --type=renderer --lang=en --service=network
"C:\Program Files (x86)\Microsoft\EdgeUpdate\MicrosoftEdgeUpdate.exe" /ua /installsource scheduler
"C:\Program Files\Microsoft Office\root\Office16\WINWORD.EXE" /n "C:\Users\alice\report.docx" /o ""
git.exe status --porcelain
python -m pip install --upgrade setup --config table=import,export
/bin/bash -c ls -la /home/alice | grep txt > /dev/null
/usr/bin/python3 /opt/app/main.py --config /etc/app.conf
/bin/sh /etc/cron.daily/logrotate
/usr/sbin/sshd -D -R
curl -s https://example.com/index.html -o /tmp/file
sudo systemctl restart nginx
cat /var/log/syslog
"""
_NAMES: Final = """
svchost.exe
Cmd.Exe
Cmd.Exe
CONHOST.EXE
PowerShell.EXE
PowerShell.EXE
EXPLORER.EXE
RUNDLL32.EXE
reg.exe
net.exe
schtasks.exe
Wmiprvse.exe
wscript.exe
msiexec.exe
taskhostw.exe
REGSVR32.EXE
csc.exe
chrome.exe
msedge.exe
WinWord.exe
-
"""
_KEYS: Final = r"""
HKLM\System\CurrentControlSet\Services\bam\State\UserSettings\S-1-5-21\Device
HKU\S-1-5-21-1-1001\Software\Microsoft\Windows\CurrentVersion\Explorer\UserAssist\Count
HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run\OneDrive
HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Schedule\TaskCache\Tree
HKCR\CLSID\{00000000-0000-0000-0000-000000000000}\InprocServer32\(Default)
HKLM\SOFTWARE\Policies\Microsoft\Windows Defender
HKLM\System\CurrentControlSet\Control\Lsa
"""
_FILES: Final = r"""
C:\Windows\Temp\setup.tmp
C:\Windows\System32\config\systemprofile\AppData\Local\Microsoft\Windows\cache.dat
C:\Windows\System32\kernel32.dll
C:\Windows\assembly\NativeImages_v4.0.30319_64\System.ni.dll
C:\Users\alice\AppData\Local\Temp\file.ps1
C:\Users\alice\AppData\Local\Temp\file.exe
C:\Users\alice\AppData\Roaming\Microsoft\Windows\Start Menu\Programs\Startup\link.lnk
C:\Users\alice\Downloads\invoice.zip
C:\Users\Public\Documents\file.txt
C:\ProgramData\Microsoft\Windows\WER\Report.wer
C:\Program Files\Common Files\app\lib.dll
/etc/passwd
/tmp/file.sh
/var/log/syslog
/home/alice/.ssh/known_hosts
"""
_LINES: Final = """
sshd[1]: Failed password for invalid user admin from 203.0.113.9 port 40000 ssh2
sshd[1]: Accepted publickey for alice from 192.0.2.4 port 50000 ssh2: ED25519
sshd[1]: Connection closed by authenticating user root 203.0.113.9 port 40000 [preauth]
CRON[1]: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)
sudo: alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/apt update
kernel: [12345.678] usb 1-1: new high-speed USB device number 2 using xhci_hcd
systemd[1]: Started Session 12 of user alice.
app[1]: error: connection to database failed, retrying
203.0.113.9 - - "GET /index.php?id=1&page=home HTTP/1.1" 200 "https://example.com/" "Mozilla/5.0 (X11)"
"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Image": "C:\\\\Windows\\\\cmd.exe"
"""
_WORDS: Final = """
Microsoft Corporation
Microsoft® Windows® Operating System
NT AUTHORITY\\SYSTEM
System
Medium
High
true
false
-
0
1
3
4104
4624
4688
GET
POST
root
/index.php?id=1&page=home
Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36
tcp
443
127.0.0.1
SHA1=0000,MD5=0000,SHA256=0000,IMPHASH=0000
DWORD (0x00000001)
Windows Command Processor
Windows PowerShell
"""


def _values(*tables: str) -> tuple[str, ...]:
    return tuple(line.lower() for table in tables for line in table.strip().split("\n"))


_TYPICAL: Final = {
    "process.executable": _values(_PROGRAMS),
    "process.parent.executable": _values(_PROGRAMS),
    "process.command_line": _values(_COMMANDS),
    "process.parent.command_line": _values(_COMMANDS),
    "process.pe.original_file_name": _values(_NAMES),
    "process.pe.company": _values("Microsoft Corporation\nMicrosoft Corporation\nGoogle LLC\n-"),
    "process.pe.product": _values("Microsoft® Windows® Operating System\n" * 3 + "Google Chrome\n-"),
    "process.pe.description": _values(
        "Windows Command Processor\nWindows PowerShell\nHost Process for Windows Services\nConsole Host\n-"
    ),
    "IntegrityLevel": _values("Medium\nHigh\nSystem"),
    "registry.path": _values(_KEYS),
    "file.path": _values(_FILES),
    "": _values(_LINES, _COMMANDS),
}
_ANY: Final = _values(_PROGRAMS, _COMMANDS, _NAMES, _KEYS, _FILES, _WORDS)
"""Values of the kind fields have on a normal day; `_ANY` for a field not named above."""

PRESENT: Final = 0.5
"""The share for "the field is there", where nothing is known of the field."""


@lru_cache(maxsize=65_536)
def frequency(text: str, place: Place, field: str) -> float:
    """The likely share of a field's values with a lower-cased text at a place ("" is the line itself)."""
    values = _TYPICAL.get(field, _ANY)
    found = sum(map(_AT[place], values, [text] * len(values)))
    return found / len(values) + _LENGTHS[min(len(text), 16)]


_LENGTHS: Final = tuple(2e-5 + 0.35**length for length in range(17))
_AT: Final = {
    "equals": str.__eq__,
    "contains": str.__contains__,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
