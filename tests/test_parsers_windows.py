"""Windows events: one meaning in every JSON they come in, and the names that Sigma's rules ask for."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.sigma.fields import names_of, values
from socterm.taxonomy import ACTIONS, known_logsources, resolve
from socterm.taxonomy.windows import sources_of
from socterm.taxonomy.windows_actions import TOLD

NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000
SYSMON = "Microsoft-Windows-Sysmon/Operational"
STAMP = "2026-11-20T10:00:00.123456Z"
DATA = {
    "ProcessId": 6336,
    "Image": "C:\\Windows\\System32\\cmd.exe",
    "CommandLine": 'cmd /c "dir"',
    "User": "NT AUTHORITY\\SYSTEM",
    "ParentImage": "C:\\Windows\\explorer.exe",
    "ParentProcessId": 77,
    "Hashes": "MD5=AA,SHA256=BB,IMPHASH=CC",
    "LogonId": "0x3e7",
}


def decode(entry: dict[str, Any], **options: Any) -> Event:
    line = json.dumps(entry).encode()
    return Decoder("x", **options).decode(Chunk("x", 0, [line], {}, NOW, live=False))[0]


def record(code: int, data: dict[str, Any], channel: str = SYSMON, **system: Any) -> dict[str, Any]:
    head = {
        "Provider": {"#attributes": {"Name": "P"}},
        "EventID": code,
        "Channel": channel,
        "Computer": "WS1.corp.example",
        "TimeCreated": {"#attributes": {"SystemTime": STAMP}},
    }
    return {"Event": {"System": head | system, "EventData": data}}


def security(code: int, data: dict[str, Any], **system: Any) -> dict[str, Any]:
    return decode(record(code, data, "Security", **system)).fields


def asked(event: Event, name: str) -> tuple[Any, ...]:
    """What a rule for the event's first log source finds under a name."""
    return values(event, names_of(name, event.logsources[0]))


ELASTIC = {
    "winlog": {
        "event_id": "1",
        "channel": SYSMON,
        "provider_name": "P",
        "computer_name": "WS1.corp.example",
        "time_created": STAMP,
        "event_data": {key: str(value) for key, value in DATA.items()},
    }
}
SHAPES: dict[str, dict[str, Any]] = {
    "evtx_dump": record(1, DATA),
    "evtx_dump, attributes apart": {
        "Event": {
            "System": {
                "Provider_attributes": {"Name": "P"},
                "EventID": 1,
                "Channel": SYSMON,
                "Computer": "WS1.corp.example",
                "TimeCreated_attributes": {"SystemTime": STAMP},
            },
            "EventData": DATA,
        }
    },
    "a hit of chainsaw": {"document": {"kind": "evtx", "data": record(1, DATA)}, "name": "rule"},
    "XML turned into JSON": {
        "Event": {
            "System": {
                "Provider": {"@Name": "P"},
                "EventID": {"#text": "1", "@Qualifiers": "0"},
                "Channel": SYSMON,
                "Computer": "WS1.corp.example",
                "TimeCreated": {"@SystemTime": STAMP},
            },
            "EventData": {"Data": [{"@Name": key, "#text": str(value)} for key, value in DATA.items()]},
        }
    },
    "Velociraptor": {
        "System": {
            "Provider": {"Name": "P"},
            "EventID": {"Value": 1},
            "Channel": SYSMON,
            "Computer": "WS1.corp.example",
            "TimeCreated": {"SystemTime": 1795168800.123456},
        },
        "EventData": DATA,
    },
    "Winlogbeat": ELASTIC | {"@timestamp": "2026-11-20T10:00:09Z"},
    "Winlogbeat, dotted": {
        "@timestamp": STAMP,
        **{f"winlog.{key}": value for key, value in ELASTIC["winlog"].items() if key != "event_data"},
        **{f"winlog.event_data.{key}": value for key, value in ELASTIC["winlog"]["event_data"].items()},
    },
    "Winlogbeat 6": {
        "@timestamp": STAMP,
        "event_id": 1,
        "log_name": SYSMON,
        "source_name": "P",
        "computer_name": "WS1.corp.example",
        "event_data": DATA,
    },
    "Wazuh": {
        "data": {
            "win": {
                "system": {
                    "eventID": "1",
                    "channel": SYSMON,
                    "providerName": "P",
                    "computer": "WS1.corp.example",
                    "systemTime": STAMP,
                },
                "eventdata": {
                    key[0].lower() + key[1:]: str(value).replace("\\", "\\\\") for key, value in DATA.items()
                },
            }
        }
    },
    "flat": DATA
    | {"EventID": 1, "Channel": SYSMON, "Provider_Name": "P", "Computer": "WS1.corp.example"}
    | {"SystemTime": STAMP},
    "NXLog": DATA
    | {"EventID": 1, "Channel": SYSMON, "SourceName": "P", "Hostname": "WS1.corp.example"}
    | {"EventTime": STAMP, "EventType": "INFO", "SeverityValue": 2},
    "NXLog as docs/sending.md has it": DATA
    | {"EventID": 1, "Channel": SYSMON, "SourceName": "P", "Hostname": "WS1.corp.example"}
    | {"EventTime": 1_795_168_800_123_456, "EventType": "INFO", "SeverityValue": 2},
    "Splunk": {
        "result": DATA
        | {"EventCode": "1", "source": f"XmlWinEventLog:{SYSMON}", "Computer": "WS1.corp.example"}
        | {"_time": STAMP, "Provider_Name": "P"}
    },
    "OpenTelemetry": {
        "body": {
            "event_id": {"id": 1, "qualifiers": 0},
            "channel": SYSMON,
            "provider": {"name": "P"},
            "computer": "WS1.corp.example",
            "system_time": STAMP,
            "event_data": DATA,
        }
    },
}


@pytest.mark.parametrize("name", SHAPES)
def test_an_event_means_the_same_in_every_shape(name: str) -> None:
    event = decode(SHAPES[name])
    assert event.ts == 1_795_168_800_123_456
    assert event.logsources == (("windows", "process_creation", "sysmon"),)
    want = {
        "event.code": 1,
        "event.action": "created-process",
        "event.dataset": "windows.sysmon",
        "winlog.channel": SYSMON,
        "host.hostname": "WS1",
        "process.pid": 6336,
        "process.executable": "C:\\Windows\\System32\\cmd.exe",
        "process.name": "cmd.exe",
        "process.command_line": 'cmd /c "dir"',
        "process.parent.pid": 77,
        "user.name": "SYSTEM",
        "user.domain": "NT AUTHORITY",
        "process.hash.md5": "aa",
        "process.pe.imphash": "cc",
    }
    assert {key: event.fields.get(key) for key in want} == want
    for rule_name, value in DATA.items():
        assert [str(item) for item in asked(event, rule_name)] == [str(value)]
    assert asked(event, "EventID") == (1,)
    assert asked(event, "Provider_Name") == ("P",)
    assert asked(event, "Computer") == ("WS1.corp.example",)


def test_a_rule_written_for_winlogbeat_finds_its_names() -> None:
    source = ("windows", "process_creation", "")
    assert resolve("winlog.event_data.CommandLine", source) == "process.command_line"
    assert resolve("winlog.event_id", source) == "event.code"
    assert resolve("EventID") == "event.code"


def test_linux_rules_keep_their_own_meaning_of_a_name() -> None:
    assert resolve("User", ("linux", "process_creation", "")) == "user.name"
    assert resolve("User", ("windows", "process_creation", "")) == "User"
    assert resolve("Action", ("windows", "", "firewall-as")) == "Action"


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        ({"IpAddress": "::ffff:192.0.2.1"}, "source.ip", "192.0.2.1"),
        ({"IpAddress": "2001:DB8:0:0:0:0:0:1"}, "source.ip", "2001:db8::1"),
        ({"IpAddress": "-"}, "IpAddress", "-"),
        ({"IpAddress": "::%16777216"}, "IpAddress", "::%16777216"),
        ({"IpAddress": "host.example"}, "IpAddress", "host.example"),
        ({"IpPort": "443"}, "source.port", 443),
        ({"IpPort": "70000"}, "IpPort", "70000"),
        ({"ProcessId": "0x1F4"}, "process.pid", 500),
        ({"ProcessId": "-"}, "ProcessId", "-"),
        ({"ProcessName": "C:\\a\\b.exe"}, "process.name", "b.exe"),
    ],
)
def test_values_that_fit_no_field_stay_where_rules_look_next(
    data: dict[str, Any], field: str, value: Any
) -> None:
    event = decode(record(4624, data, "Security"))
    assert event.fields[field] == value
    name = next(iter(data))
    assert asked(event, name) == (
        (value,) if field in (name, resolve(name, event.logsources[0])) else ("C:\\a\\b.exe",)
    )


SUBJECT = {"SubjectUserName": "ann", "SubjectDomainName": "CORP", "SubjectUserSid": "S-1-5-21-1"}
TARGET = {"TargetUserName": "bob", "TargetDomainName": "HOME", "TargetSid": "S-1-5-21-2"}


@pytest.mark.parametrize(
    ("code", "want"),
    [
        (4624, {"event.action": "logged-in", "event.outcome": "success", "user.name": "bob"}),
        (4625, {"event.action": "logon-failed", "event.outcome": "failure", "user.name": "bob"}),
        (4634, {"event.action": "logged-out", "user.name": "bob", "user.domain": "HOME"}),
        (4648, {"user.name": "ann", "user.effective.name": "bob"}),
        (4720, {"event.action": "added-user-account", "user.name": "ann", "user.target.name": "bob"}),
        (4726, {"event.action": "deleted-user-account", "user.target.id": "S-1-5-21-2"}),
        (4732, {"event.action": "added-member-to-group", "user.name": "ann", "group.name": "bob"}),
        (4740, {"event.action": "locked-out-user-account", "user.target.name": "bob"}),
        (1102, {"event.action": "audit-log-cleared", "user.name": "ann"}),
    ],
)
def test_who_does_what_to_whom(code: int, want: dict[str, Any]) -> None:
    fields = security(code, SUBJECT | TARGET)
    assert {key: fields.get(key) for key in want} == want


def test_a_new_process_of_the_security_log_is_the_process_and_its_maker_the_parent() -> None:
    data = SUBJECT | {
        "NewProcessId": "0x64",
        "NewProcessName": "C:\\new.exe",
        "ProcessId": "0x32",
        "ParentProcessName": "C:\\old.exe",
        "CommandLine": "new",
    }
    event = decode(record(4688, data, "Security"))
    assert (event.fields["process.pid"], event.fields["process.parent.pid"]) == (100, 50)
    assert event.logsources == (("windows", "process_creation", "security"),)
    assert asked(event, "Image") == ("C:\\new.exe",)
    assert asked(event, "ParentImage") == ("C:\\old.exe",)
    assert asked(event, "User") == ("CORP\\ann",)


@pytest.mark.parametrize(
    ("keywords", "outcome"),
    [
        ("0x8020000000000000", "success"),
        ("0x8010000000000000", "failure"),
        (-9218868437227405312, "failure"),
        (-9214364837600034816, "success"),
        (["Audit Failure"], "failure"),
        ("AUDIT_SUCCESS", "success"),
        ("0x8000000000000000", None),
        ("nonsense", None),
    ],
)
def test_audit_keywords_tell_how_it_ended(keywords: Any, outcome: str | None) -> None:
    assert security(4723, SUBJECT, Keywords=keywords).get("event.outcome") == outcome


def test_values_without_a_name_are_a_list_called_data() -> None:
    bare = record(400, {"Data": {"#text": ["Available", "HostApplication=x"]}}, "Windows PowerShell")
    event = decode(bare)
    assert event.logsources == (("windows", "ps_classic_start", "powershell-classic"),)
    assert asked(event, "Data") == ("Available", "HostApplication=x")
    beat = {
        "@timestamp": STAMP,
        "winlog": {
            "event_id": 400,
            "channel": "Windows PowerShell",
            "event_data": {"param1": "Available", "param2": "HostApplication=x"},
        },
    }
    assert asked(decode(beat), "Data") == ("Available", "HostApplication=x")


def test_names_with_blanks_are_found_without() -> None:
    data = {"Threat Name": "Mimikatz", "Feature Name": "Real-Time"}
    event = decode(record(1116, data, "Microsoft-Windows-Windows Defender/Operational"))
    assert event.logsources == (("windows", "antivirus", "windefend"),)
    assert asked(event, "ThreatName") == ("Mimikatz",)
    assert asked(event, "Feature_Name") == ("Real-Time",)
    assert values(event, names_of("Signature", ("", "antivirus", ""))) == ("Mimikatz",)


def test_user_data_lies_in_an_element_of_any_name() -> None:
    entry = record(5858, {}, "Microsoft-Windows-WMI-Activity/Operational")
    del entry["Event"]["EventData"]
    entry["Event"]["UserData"] = {
        "Operation_X": {"#attributes": {"xmlns": "y"}, "Operation": "Start", "User": "a\\b"}
    }
    event = decode(entry)
    assert asked(event, "Operation") == ("Start",)
    assert event.fields["user.name"] == "b"
    assert "xmlns" not in event.fields


def test_the_log_that_was_cleared_is_not_the_log_that_tells_it() -> None:
    entry = record(104, {}, "System")
    entry["Event"]["UserData"] = {"LogFileCleared": {"Channel": "Security", "SubjectUserName": "ann"}}
    event = decode(entry)
    assert event.fields["winlog.channel"] == "System"
    assert asked(event, "Channel") == ("Security",)


@pytest.mark.parametrize(
    ("change", "categories"),
    [
        ("CreateKey", {"registry_event", "registry_add"}),
        ("DeleteValue", {"registry_event", "registry_delete"}),
        ("", {"registry_event", "registry_add", "registry_delete"}),
    ],
)
def test_sysmon_12_is_told_apart_by_what_was_done(change: str, categories: set[str]) -> None:
    event = decode(record(12, {"TargetObject": "HKLM\\X"} | ({"EventType": change} if change else {})))
    assert {category for _, category, _ in event.logsources} == categories


def test_sysmons_kind_of_change_comes_from_the_message_where_nxlog_wrote_over_it() -> None:
    entry = {
        "EventID": 12, "Channel": SYSMON, "Hostname": "w", "EventType": "INFO", "TargetObject": "HKLM\\X",
        "Message": "Registry object added or deleted:\r\nEventType: DeleteKey\r\nUtcTime: x",
    }  # fmt: skip
    event = decode(entry)
    assert asked(event, "EventType") == ("DeleteKey",)
    assert ("windows", "registry_delete", "sysmon") in event.logsources


def test_splunks_labels_of_rendered_messages() -> None:
    entry = {
        "EventCode": "4625", "source": "WinEventLog:Security", "ComputerName": "W", "_time": STAMP,
        "Account_Name": ["-", "guest"], "Source_Network_Address": "192.0.2.3", "Logon_Type": "3",
    }  # fmt: skip
    event = decode(entry)
    assert (event.fields["user.name"], event.fields["source.ip"]) == ("guest", "192.0.2.3")
    assert asked(event, "LogonType") == ("3",)
    assert asked(event, "TargetUserName") == ("guest",)


def test_what_elastic_took_apart_is_whole_again_for_rules() -> None:
    entry = {
        "@timestamp": STAMP,
        "event": {"kind": "event", "action": "Process Create (rule: ProcessCreate)", "category": ["process"]},
        "process": {"executable": "C:\\a.exe", "hash": {"sha256": "bb"}, "pe": {"imphash": "cc"}},
        "user": {"name": "ann", "domain": "CORP"},
        "winlog": {"event_id": 1, "channel": SYSMON, "computer_name": "W", "event_data": {}},
    }
    event = decode(entry)
    assert asked(event, "User") == ("CORP\\ann",)
    assert asked(event, "Hashes") == ("SHA256=bb,IMPHASH=cc",)
    assert event.fields["event.action"] == "created-process"
    assert event.kind == "event"


def test_shared_paths_of_wazuh_keep_their_two_backslashes() -> None:
    win = {
        "system": {"eventID": "1", "channel": SYSMON},
        "eventdata": {"image": "\\\\\\\\srv\\\\x.exe", "commandLine": "\\\\srv\\x"},
    }
    fields = decode({"win": win}).fields
    assert fields["process.executable"] == "\\\\srv\\x.exe"
    assert fields["process.command_line"] == "\\\\srv\\x"


def test_hostile_names_do_not_reach_fields_of_ours() -> None:
    data = {"event.kind": "x", "socterm.repeat": 9, "source.ip": "nowhere", "@timestamp": "x", "message": "m"}
    event = decode(record(7, data, "Vendor/Log"))
    assert event.repeat == 1
    assert event.kind == "event"
    assert "source.ip" not in event.fields
    assert event.fields["winlog.event_data.socterm.repeat"] == 9


@pytest.mark.parametrize(
    "entry",
    [
        {"EventId": 5, "LogLevel": "Information", "Category": "Web", "Message": "a .NET log"},
        {"Id": 5, "channel": "general", "text": "chat"},
        {"EventID": "five", "Channel": "Security"},
        {"Event": "text"},
        {"data": {"x": 1}},
        {"winlog": "text"},
    ],
)
def test_what_is_no_windows_event_is_left_to_others(entry: dict[str, Any]) -> None:
    assert not str(decode(entry).fields.get("event.dataset", "")).startswith("windows")


def test_linux_sysmon_belongs_to_linux() -> None:
    event = decode(record(1, {"Image": "/usr/bin/nc", "User": "root"}, "Linux-Sysmon/Operational"))
    assert event.logsources == (("linux", "process_creation", "sysmon"),)
    assert event.fields["process.name"] == "nc"


def test_tables_agree() -> None:
    assert {told.action for told in TOLD.values()} <= set(ACTIONS)
    known = known_logsources()
    for service, code in TOLD:
        assert set(sources_of(service, code)) <= known
    assert sources_of("sysmon", 1) is sources_of("sysmon", 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    ["Image", "ProcessId", "IpAddress", "Data", "User", "Hashes", "Keywords", "EventType", "MemberName",
     "TargetUserName", "Initiated", "Account_Name", "Level", "x.y", "#attributes", ""]
)  # fmt: skip


@settings(max_examples=300)
@given(
    code=st.sampled_from([1, 3, 12, 104, 4624, 4625, 4688, 4732, 4768, 4781, 5156]),
    data=st.dictionaries(NAMES, json_values, max_size=6),
    channel=st.sampled_from([SYSMON, "Security", "System", "", "x"]),
    shape=st.sampled_from(["event", "flat", "winlog", "wazuh", "odd"]),
    odd=json_values,
)
def test_nothing_raises_and_the_raw_text_stays(
    code: int, data: dict[str, Any], channel: str, shape: str, odd: Any
) -> None:
    entry: dict[str, Any] = {
        "event": record(code, data, channel),
        "flat": {"EventID": code, "Channel": channel, **data},
        "winlog": {"@timestamp": odd, "winlog": {"event_id": code, "channel": channel, "event_data": data}},
        "wazuh": {"win": {"system": {"eventID": code, "channel": channel}, "eventdata": data}},
        "odd": {"Event": {"System": {"EventID": code, "Channel": odd, "Computer": odd, "Provider": odd}}},
    }[shape]
    line = json.dumps(entry)
    event = Decoder("x").decode(Chunk("x", 0, [line.encode()], {}, NOW, live=False))[0]
    assert event.raw == line
    assert all(isinstance(value, str | int | float | bool | tuple) for value in event.fields.values())
