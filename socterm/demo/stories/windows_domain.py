"""A domain taken over by its tickets and its replication; and those who do the same things rightly."""

from __future__ import annotations

from socterm.demo.model import Story
from socterm.demo.noise_windows import CONTROLLERS, TICKETS, grant_ticket, service_ticket
from socterm.demo.pen_windows import NXLOG, SECURITY, WindowsPen, sid, subject
from socterm.demo.sheet import Sheet
from socterm.demo.stories.truth_windows import (
    CONTROLLER,
    ROASTER,
    ROASTER_USER,
    STOLEN,
    WINDOWS_DOMAIN,
    WINDOWS_DOMAIN_BENIGN,
)

_FROM = f"::ffff:{ROASTER}"
_NO_PASSWORD = ("svc_fax", "svc_scan", "svc_old_erp", "svc_kiosk", "svc_lab", "svc_legacy")
_SERVICES = (
    "svc_sql", "svc_backup", "svc_web", "svc_share", "svc_report", "svc_wiki", "svc_print", "svc_erp",
    "svc_bi", "svc_mail", "svc_crm", "svc_build",
)  # fmt: skip
_SERVERS = ("FILE1", "PRINT1", "INTRA1", "SQL1", "SQL2", "ERP1", "RDS1", "BUILD1", "MAIL1")
# Rights a controller uses to replicate (DS-Replication-Get-Changes, and …-All), and the class domainDNS.
_CHANGES = "{1131f6aa-9c07-11d1-f79f-00c04fc2dcd2}"
_CHANGES_ALL = "{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}"
_DOMAIN_DNS = "{19195a5b-6da0-11d0-afd3-00c04fd930c9}"


def _replicate(pen: WindowsPen, at: float, who: str, logon: str) -> float:
    """4662 twice, as one request for changes makes them."""
    for right in (_CHANGES, _CHANGES_ALL):
        data = {
            **subject(who, logon), "ObjectServer": "DS", "ObjectType": f"%{_DOMAIN_DNS}",
            "ObjectName": "%{b7c1d2e3-4f50-4a6b-8c7d-9e0f1a2b3c4d}", "OperationType": "Object Access",
            "HandleId": "0x0", "AccessList": "%%7688\r\n\t\t\t\t", "AccessMask": "0x100",
            "Properties": f"%%7688\r\n\t\t{right}\r\n\t{_DOMAIN_DNS}\r\n", "AdditionalInfo": "-",
        }  # fmt: skip
        at = pen.event(at, CONTROLLER, SECURITY, 4662, data)
    return at


def _asrep(sheet: Sheet) -> None:
    pen = WindowsPen(sheet, NXLOG)
    for number, name in enumerate(_NO_PASSWORD):
        grant_ticket(pen, 120 + 0.8 * number, name, _FROM, preauth=0, cipher="0x17")


def _roasting(sheet: Sheet) -> None:
    pen = WindowsPen(sheet, NXLOG)
    grant_ticket(pen, 200, ROASTER_USER, _FROM)
    for number, service in enumerate(_SERVICES):
        service_ticket(pen, 260 + 1.5 * number, ROASTER_USER, _FROM, service, cipher="0x17")


def _spread(sheet: Sheet) -> None:
    pen = WindowsPen(sheet, NXLOG)
    for number, server in enumerate(_SERVERS):
        _, logon = pen.logon(420 + 52.0 * number, server, STOLEN, 3, ROASTER, elevated=True)
        pen.logoff(430 + 52.0 * number, server, STOLEN, 3, logon)


def _replication(sheet: Sheet) -> None:
    pen = WindowsPen(sheet, NXLOG)
    after, logon = pen.logon(880, CONTROLLER, STOLEN, 3, ROASTER, elevated=True)
    _replicate(pen, after + 0.3, STOLEN, logon)


def _domain_admin(sheet: Sheet) -> None:
    pen = WindowsPen(sheet, NXLOG)
    data = {
        "MemberName": "CN=Tom Field,OU=Staff,DC=corp,DC=example", "MemberSid": sid(ROASTER_USER),
        "TargetUserName": "Domain Admins", "TargetDomainName": "CORP",
        "TargetSid": "S-1-5-21-1004336348-1177238915-682003330-512", **subject(STOLEN, "0x6d1f2a3"),
        "PrivilegeList": "-",
    }  # fmt: skip
    pen.event(930, CONTROLLER, SECURITY, 4728, data)


def _replicas(sheet: Sheet) -> None:
    pen = WindowsPen(sheet, NXLOG)
    for at in (150.0, 450.0, 750.0):
        _replicate(pen, at, "DC2$", "0x1c3d5e7")
    for at in (240.0, 840.0):
        _replicate(pen, at, "MSOL_4f1c2d3e5a6b", "0x2d4e6f8")


def _legacy(sheet: Sheet) -> None:
    pen = WindowsPen(sheet, NXLOG)
    for at in (180.0, 500.0, 910.0):
        service_ticket(pen, at, "kim", "::ffff:10.20.1.10", "NAS2$", cipher="0x17")


def _morning(sheet: Sheet) -> None:
    pen = WindowsPen(sheet, NXLOG)
    for number, service in enumerate(_SERVICES):
        service_ticket(pen, 300 + 1.1 * number, "lena", "::ffff:10.20.1.11", service)


def _wrong(sheet: Sheet) -> None:
    pen = WindowsPen(sheet, NXLOG)
    for at, user, address in ((330.0, "rafi", 16), (338.0, "rafi", 16), (610.0, "sanna", 17)):
        data = {
            "TargetUserName": user, "TargetSid": sid(user), "ServiceName": "krbtgt/CORP", "Status": "0x18",
            "TicketOptions": "0x40810010", "PreAuthType": 2, "IpAddress": f"::ffff:10.20.1.{address}",
            "IpPort": 50111,
        }  # fmt: skip
        pen.event(at, CONTROLLER, SECURITY, 4771, data, failed=True)


STORIES = (
    Story(
        name="windows_domain",
        says="tickets to crack, a stolen account on nine servers, replication, a new domain administrator",
        logs=(NXLOG,),
        length=1000.0,
        chapters=WINDOWS_DOMAIN.chapters(_asrep, _roasting, _spread, _replication, _domain_admin),
        noise=(CONTROLLERS, TICKETS),
        alerts=WINDOWS_DOMAIN.alerts,
        quiet=WINDOWS_DOMAIN.quiet,
    ),
    Story(
        name="windows_domain_day",
        says="controllers and a directory sync replicate, an old filer wants RC4, people ask for tickets",
        logs=(NXLOG,),
        length=1000.0,
        chapters=WINDOWS_DOMAIN_BENIGN.chapters(_replicas, _legacy, _morning, _wrong),
        noise=(CONTROLLERS, TICKETS),
        quiet=WINDOWS_DOMAIN_BENIGN.quiet,
        twin_of="windows_domain",
    ),
)
