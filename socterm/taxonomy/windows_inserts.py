"""The order in which Windows events hold their values, for shippers that write values without names.

Fluent Bit's `StringInserts`, PowerShell's `Properties` and `ReplacementStrings`, WMI's `InsertionStrings`.
Later versions of an event only add values behind, so one row serves them all. Source: the manifests of the
providers.
"""

from __future__ import annotations

_SUBJECT = "SubjectUserSid SubjectUserName SubjectDomainName SubjectLogonId"
_TARGET = "TargetUserName TargetDomainName TargetSid"
_ATTRIBUTES = (
    "SamAccountName DisplayName UserPrincipalName HomeDirectory HomePath ScriptPath ProfilePath "
    "UserWorkstations PasswordLastSet AccountExpires PrimaryGroupId AllowedToDelegateTo OldUacValue "
    "NewUacValue UserAccountControl UserParameters SidHistory LogonHours"
)
_SYSMON = "RuleName UtcTime ProcessGuid ProcessId"
_REGISTRY = "RuleName EventType UtcTime ProcessGuid ProcessId Image TargetObject"
_DEFENDER = "ProductName ProductVersion"

_ROWS: tuple[tuple[str, tuple[int, ...], str], ...] = (
    ("security", (1102,), f"{_SUBJECT}"),
    (
        "security",
        (4624,),
        (
            f"{_SUBJECT} TargetUserSid TargetUserName TargetDomainName TargetLogonId LogonType "
            "LogonProcessName AuthenticationPackageName WorkstationName LogonGuid TransmittedServices "
            "LmPackageName KeyLength ProcessId ProcessName IpAddress IpPort ImpersonationLevel "
            "RestrictedAdminMode TargetOutboundUserName TargetOutboundDomainName VirtualAccount "
            "TargetLinkedLogonId ElevatedToken"
        ),
    ),
    (
        "security",
        (4625,),
        (
            f"{_SUBJECT} TargetUserSid TargetUserName TargetDomainName Status FailureReason SubStatus "
            "LogonType LogonProcessName AuthenticationPackageName WorkstationName TransmittedServices "
            "LmPackageName KeyLength ProcessId ProcessName IpAddress IpPort"
        ),
    ),
    ("security", (4634, 4647), "TargetUserSid TargetUserName TargetDomainName TargetLogonId LogonType"),
    (
        "security",
        (4648,),
        (
            f"{_SUBJECT} LogonGuid TargetUserName TargetDomainName TargetLogonGuid TargetServerName "
            "TargetInfo ProcessId ProcessName IpAddress IpPort"
        ),
    ),
    (
        "security",
        (4656,),
        (
            f"{_SUBJECT} ObjectServer ObjectType ObjectName HandleId TransactionId AccessList "
            "AccessReason AccessMask PrivilegeList RestrictedSidCount ProcessId ProcessName "
            "ResourceAttributes"
        ),
    ),
    (
        "security",
        (4662,),
        (
            f"{_SUBJECT} ObjectServer ObjectType ObjectName OperationType HandleId AccessList "
            "AccessMask Properties AdditionalInfo AdditionalInfo2"
        ),
    ),
    (
        "security",
        (4663,),
        (
            f"{_SUBJECT} ObjectServer ObjectType ObjectName HandleId AccessList AccessMask ProcessId "
            "ProcessName ResourceAttributes"
        ),
    ),
    ("security", (4672,), f"{_SUBJECT} PrivilegeList"),
    (
        "security",
        (4688,),
        (
            f"{_SUBJECT} NewProcessId NewProcessName TokenElevationType ProcessId CommandLine "
            "TargetUserSid TargetUserName TargetDomainName TargetLogonId ParentProcessName "
            "MandatoryLabel"
        ),
    ),
    ("security", (4689,), f"{_SUBJECT} Status ProcessId ProcessName"),
    (
        "security",
        (4697,),
        f"{_SUBJECT} ServiceName ServiceFileName ServiceType ServiceStartType ServiceAccount",
    ),
    ("security", (4698, 4699, 4700, 4701), f"{_SUBJECT} TaskName TaskContent"),
    ("security", (4702,), f"{_SUBJECT} TaskName TaskContentNew"),
    ("security", (4719,), f"{_SUBJECT} CategoryId SubcategoryId SubcategoryGuid AuditPolicyChanges"),
    ("security", (4720,), f"{_TARGET} {_SUBJECT} PrivilegeList {_ATTRIBUTES}"),
    ("security", (4722, 4725, 4740, 4767), f"{_TARGET} {_SUBJECT}"),
    ("security", (4723, 4724, 4726, 4741, 4743), f"{_TARGET} {_SUBJECT} PrivilegeList"),
    ("security", (4738, 4742), f"Dummy {_TARGET} {_SUBJECT} PrivilegeList {_ATTRIBUTES}"),
    (
        "security",
        (4728, 4729, 4732, 4733, 4746, 4747, 4751, 4752, 4756, 4757, 4761, 4762),
        f"MemberName MemberSid {_TARGET} {_SUBJECT} PrivilegeList",
    ),
    ("security", (4727, 4730, 4731, 4734, 4754, 4758), f"{_TARGET} {_SUBJECT} PrivilegeList"),
    (
        "security",
        (4768,),
        (
            f"{_TARGET} ServiceName ServiceSid TicketOptions Status TicketEncryptionType PreAuthType "
            "IpAddress IpPort CertIssuerName CertSerialNumber CertThumbprint"
        ),
    ),
    (
        "security",
        (4769,),
        (
            "TargetUserName TargetDomainName ServiceName ServiceSid TicketOptions "
            "TicketEncryptionType IpAddress IpPort Status LogonGuid TransmittedServices"
        ),
    ),
    (
        "security",
        (4770,),
        (
            "TargetUserName TargetDomainName ServiceName ServiceSid TicketOptions "
            "TicketEncryptionType IpAddress IpPort"
        ),
    ),
    (
        "security",
        (4771,),
        "TargetUserName TargetSid ServiceName TicketOptions Status PreAuthType IpAddress IpPort",
    ),
    ("security", (4776,), "PackageName TargetUserName Workstation Status"),
    ("security", (4778, 4779), "AccountName AccountDomain LogonID SessionName ClientName ClientAddress"),
    (
        "security",
        (5140,),
        f"{_SUBJECT} ObjectType IpAddress IpPort ShareName ShareLocalPath AccessMask AccessList",
    ),
    (
        "security",
        (5145,),
        (
            f"{_SUBJECT} ObjectType IpAddress IpPort ShareName ShareLocalPath RelativeTargetName "
            "AccessMask AccessList AccessReason"
        ),
    ),
    (
        "security",
        (5156, 5157),
        "ProcessID Application Direction SourceAddress SourcePort DestAddress DestPort Protocol",
    ),
    ("system", (104,), "SubjectUserName SubjectDomainName Channel BackupPath"),
    ("system", (7036,), "param1 param2"),
    ("system", (7040,), "param1 param2 param3 param4"),
    ("system", (7045,), "ServiceName ImagePath ServiceType StartType AccountName"),
    ("powershell", (4103,), "ContextInfo UserData Payload"),
    ("powershell", (4104,), "MessageNumber MessageTotal ScriptBlockText ScriptBlockId Path"),
    (
        "sysmon",
        (1,),
        (
            f"{_SYSMON} Image FileVersion Description Product Company OriginalFileName CommandLine "
            "CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel Hashes "
            "ParentProcessGuid ParentProcessId ParentImage ParentCommandLine ParentUser"
        ),
    ),
    (
        "sysmon",
        (3,),
        (
            f"{_SYSMON} Image User Protocol Initiated SourceIsIpv6 SourceIp SourceHostname SourcePort "
            "SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname DestinationPort "
            "DestinationPortName"
        ),
    ),
    ("sysmon", (5,), f"{_SYSMON} Image User"),
    ("sysmon", (6,), "RuleName UtcTime ImageLoaded Hashes Signed Signature SignatureStatus"),
    (
        "sysmon",
        (7,),
        (
            f"{_SYSMON} Image ImageLoaded FileVersion Description Product Company OriginalFileName "
            "Hashes Signed Signature SignatureStatus User"
        ),
    ),
    (
        "sysmon",
        (8,),
        (
            "RuleName UtcTime SourceProcessGuid SourceProcessId SourceImage TargetProcessGuid "
            "TargetProcessId TargetImage NewThreadId StartAddress StartModule StartFunction "
            "SourceUser TargetUser"
        ),
    ),
    (
        "sysmon",
        (10,),
        (
            "RuleName UtcTime SourceProcessGUID SourceProcessId SourceThreadId SourceImage "
            "TargetProcessGUID TargetProcessId TargetImage GrantedAccess CallTrace SourceUser "
            "TargetUser"
        ),
    ),
    ("sysmon", (11,), f"{_SYSMON} Image TargetFilename CreationUtcTime User"),
    ("sysmon", (12,), f"{_REGISTRY} User"),
    ("sysmon", (13,), f"{_REGISTRY} Details User"),
    ("sysmon", (17, 18), "RuleName EventType UtcTime ProcessGuid ProcessId PipeName Image User"),
    ("sysmon", (22,), f"{_SYSMON} QueryName QueryStatus QueryResults Image User"),
    (
        "windefend",
        (1116, 1117),
        (
            f"{_DEFENDER} DetectionID DetectionTime Unused Unused2 ThreatID ThreatName SeverityID "
            "SeverityName CategoryID CategoryName FWLink StatusCode StatusDescription State SourceID "
            "SourceName ProcessName DetectionUser Unused3 Path"
        ),
    ),
    ("windefend", (5007,), f"{_DEFENDER} OldValue NewValue"),
    ("taskscheduler", (106,), "TaskName UserContext"),
)

INSERTS: dict[tuple[str, int], tuple[str, ...]] = {
    (service, code): tuple(names.split()) for service, codes, names in _ROWS for code in codes
}
"""(service, event id) → names of its values, in order."""
