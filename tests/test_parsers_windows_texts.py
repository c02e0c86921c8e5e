"""Windows events without names beside their values, as text and as XML: the same fields as from JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.parsers.formats.windows_message import read_message, read_values
from socterm.parsers.formats.windows_xml import tree_of
from socterm.taxonomy.windows_inserts import INSERTS
from socterm.taxonomy.windows_labels import BY_CODE, HEADINGS, LABELS, SENTENCES

NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000
AT = 1_795_168_800
LOGS = Path(__file__).parent / "logs"
NAMES = ("windows_xml/events", "windows_snare/syslog", "windows_splunk/forwarder", "windows/dialects")
WANTED: dict[int, dict[str, Any]] = {
    4625: {
        "event.action": "logon-failed", "event.outcome": "failure", "event.provider":
        "Microsoft-Windows-Security-Auditing", "winlog.channel": "Security", "user.name": "svc_sql",
        "user.domain": "CORP", "source.ip": "10.9.8.7", "source.port": 51111, "source.domain": "KALI",
        "TargetUserName": "svc_sql", "LogonType": "3", "AuthenticationPackageName": "NTLM",
    },
    1: {
        "event.action": "created-process", "process.executable": "C:\\Windows\\System32\\vssadmin.exe",
        "process.name": "vssadmin.exe", "process.command_line": "vssadmin.exe delete shadows /all /quiet",
        "process.parent.executable": "C:\\Windows\\System32\\cmd.exe", "user.name": "jdoe",
        "process.pe.original_file_name": "VSSADMIN.EXE", "IntegrityLevel": "High",
    },
    7045: {
        "event.action": "service-installed", "event.provider": "Service Control Manager",
        "winlog.channel": "System", "ServiceName": "PSEXESVC", "ImagePath": "%SystemRoot%\\PSEXESVC.exe",
        "AccountName": "LocalSystem",
    },
}  # fmt: skip


def decode(line: str) -> Event:
    return Decoder("t").decode(Chunk("t", 0, [line.encode()], {}, NOW))[0]


def lines() -> list[tuple[str, str]]:
    found = []
    for name in (
        "windows_xml/events",
        "windows_snare/syslog",
        "windows_splunk/forwarder",
        "windows/dialects",
    ):
        for number, line in enumerate((LOGS / f"{name}.log").read_text().split("\n")[:-1], 1):
            found.append((f"{name}:{number}", line))
    return found


@pytest.mark.parametrize("line", [pytest.param(line, id=place) for place, line in lines()])
def test_an_event_says_the_same_in_every_form(line: str) -> None:
    event = decode(line)
    wanted = WANTED.get(event.fields.get("event.code", 0), {})
    if "TimeGenerated" in line and "DataItem" in line:
        wanted = {key: value for key, value in wanted.items() if key != "AccountName"}  # it was not sent
    if "Linux-Sysmon" in line:
        wanted = {"event.action": "created-process", "process.executable": "/usr/bin/curl"}
    assert {key: event.fields.get(key) for key in wanted} == wanted
    if not line.startswith("<Event xmlns='x'>"):  # those name no time
        assert event.ts // 1_000_000 == AT
    assert event.kind == "event"


def test_a_script_longer_than_any_program_writes_is_read_behind_a_syslog_header() -> None:
    script, channel = "x" * 20_000, "Microsoft-Windows-PowerShell/Operational"
    tree = {"EventID": 4104, "Channel": channel, "ScriptBlockText": script}
    xml = (
        f"<Event><System><EventID>4104</EventID><Channel>{channel}</Channel></System>"
        f"<EventData><Data Name='ScriptBlockText'>{script}</Data></EventData></Event>"
    )
    head = "Nov 20 10:00:00 WS1 agent: "
    for before in ([], [f"{head}hello".encode()] * 2):  # the short way knows who speaks by then
        for body in (json.dumps(tree), xml):
            chunk = Chunk("t", 0, [*before, f"{head}{body}".encode()], {}, NOW)
            event = Decoder("t").decode(chunk)[-1]
            assert event.fields["powershell.file.script_block_text"] == script


def test_no_document_can_declare_what_expands() -> None:
    bomb = "<!DOCTYPE x [<!ENTITY a 'aaaa'>]><Event><System><EventID>1</EventID></System></Event>"
    assert tree_of(bomb) is None
    assert tree_of(bomb.replace("<!DOCTYPE", "<Event><!DOCTYPE", 1)) is None


def test_order_goes_before_what_a_value_says() -> None:
    values = ["MICROSOFT_AUTHENTICATION_PACKAGE_V1_0", "ann\nSource Workstation: X", "KIOSK", "0xc000006a"]
    assert read_values("security", 4776, values)["Workstation"] == "KIOSK"
    assert read_values("security", 99, values) == {}


def test_the_first_of_a_label_counts() -> None:
    text = "Process Create:\nImage: C:\\a.exe\nCommandLine: x\nImage: C:\\b.exe"
    assert read_message("sysmon", 1, text)["Image"] == "C:\\a.exe"


MESSAGES: dict[int, tuple[str, dict[str, str]]] = {
    4720: (
        """A user account was created.

Subject:
	Account Name:		adm

New Account:
	Security ID:		S-1-5-21-1
	Account Name:		eve
	Account Domain:		CORP

Attributes:
	SAM Account Name:	eve2""",
        {
            "SubjectUserName": "adm",
            "TargetUserName": "eve",
            "TargetSid": "S-1-5-21-1",
            "SamAccountName": "eve2",
        },
    ),
    4732: (
        """A member was added to a security-enabled local group.

Subject:
	Account Name:		adm

Member:
	Security ID:		S-1-5-21-9
	Account Name:		-

Group:
	Security ID:		S-1-5-32-544
	Group Name:		Administrators
	Group Domain:		Builtin""",
        {"MemberSid": "S-1-5-21-9", "TargetUserName": "Administrators", "TargetSid": "S-1-5-32-544"},
    ),
    4769: (
        """A Kerberos service ticket was requested.

Account Information:
	Account Name:		ann@CORP
	Account Domain:		CORP

Service Information:
	Service Name:		MSSQLSvc

Network Information:
	Client Address:		::ffff:192.0.2.4
	Client Port:		50000

Additional Information:
	Ticket Options:		0x40810000
	Ticket Encryption Type:	0x17
	Failure Code:		0x0""",
        {"TargetUserName": "ann@CORP", "IpAddress": "::ffff:192.0.2.4", "TicketEncryptionType": "0x17"},
    ),
    4688: (
        """A new process has been created.

Creator Subject:
	Account Name:		adm

Target Subject:
	Account Name:		-

Process Information:
	New Process ID:		0x1f4
	New Process Name:	C:\\x.exe
	Creator Process Name:	C:\\y.exe
	Process Command Line:	x.exe /a: b""",
        {"SubjectUserName": "adm", "NewProcessName": "C:\\x.exe", "CommandLine": "x.exe /a: b"},
    ),
}


@pytest.mark.parametrize("code", MESSAGES)
def test_headings_say_whose_account_it_is(code: int) -> None:
    text, wanted = MESSAGES[code]
    for form in (text, text.replace("\n", "\r\n"), text.replace("\n", "  ").replace("\t", " ")):
        found = read_message("security", code, form)
        assert {name: found.get(name) for name in wanted} == wanted


def test_tables_agree() -> None:
    assert all(name == name.lower() for table in (*LABELS.values(), *HEADINGS.values()) for name in table)
    assert all(len(set(names)) == len(names) for names in INSERTS.values())
    assert set(BY_CODE) <= {code for service, code in INSERTS if service == "security"} | set(
        range(5152, 5160)
    )
    assert all(sentence == sentence.lower() for sentence in SENTENCES)
