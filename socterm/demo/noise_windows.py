"""What Windows machines record all day: services, machines and people that log on, programs, tickets."""

from __future__ import annotations

from collections.abc import Callable

from socterm.demo.model import Log, Noise
from socterm.demo.pen_windows import NXLOG, REALM, SECURITY, SERVICES, WINLOGBEAT, WindowsPen, sid
from socterm.demo.sheet import Sheet

PEOPLE = ("kim", "lena", "marek", "nora", "oskar", "petra", "rafi", "sanna")
_PROGRAMS = (
    (r"C:\Windows\System32\svchost.exe", r"C:\Windows\system32\svchost.exe -k netsvcs -p -s wlidsvc"),
    (r"C:\Windows\System32\taskhostw.exe", "taskhostw.exe KEYROAMING"),
    (r"C:\Windows\System32\conhost.exe", r"\??\C:\Windows\system32\conhost.exe 0xffffffff -ForceV1"),
    (r"C:\Windows\System32\wbem\WmiPrvSE.exe", r"C:\Windows\system32\wbem\wmiprvse.exe -secured -Embedding"),
    (r"C:\Windows\System32\dllhost.exe", r"C:\Windows\system32\DllHost.exe /Processid:{AB8902B4-09CA-4BB6}"),
    (r"C:\Windows\System32\SearchProtocolHost.exe", r"C:\Windows\system32\SearchProtocolHost.exe Global\Usg"),
)
_SERVICES = ("svc_web", "svc_files", "svc_print", "svc_report", "svc_wiki", "cifs/FILE1", "HTTP/INTRA1")
_STATES = ("Windows Update", "Background Intelligent Transfer Service", "WMI Performance Adapter")


def person_of(host: int) -> str:
    """Who sits at workstation number so and so."""
    return PEOPLE[host % len(PEOPLE)]


def _servers(log: Log, hosts: tuple[str, ...], every: float) -> Callable[[Sheet, float, float], None]:
    def write(sheet: Sheet, length: float, factor: float) -> None:
        pen, rng = WindowsPen(sheet, log), sheet.rng
        for _ in range(round(length / every * factor)):
            at, host, draw = rng.random() * (length - 6), hosts[int(rng.random() * len(hosts))], rng.random()
            number = int(rng.random() * 24)
            if draw < 0.2:
                after, logon = pen.logon(at, host, "SYSTEM", 5)
                pen.special(after, host, "SYSTEM", logon)
            elif draw < 0.55:
                user = person_of(number) if draw < 0.4 else f"WS{10 + number}$"
                _, logon = pen.logon(at, host, user, 3, f"10.20.1.{10 + number}")
                pen.logoff(at + 0.5 + 5 * rng.random(), host, user, 3, logon)
            elif draw < 0.94:
                image, command = _PROGRAMS[int(rng.random() ** 1.6 * len(_PROGRAMS))]
                pen.process(at, host, f"{host}$", image, command, r"C:\Windows\System32\services.exe")
            else:
                name = _STATES[int(rng.random() * len(_STATES))]
                state = ("running", "stopped")[int(rng.random() * 2)]
                pen.event(at, host, SERVICES, 7036, {"param1": name, "param2": state})

    return write


def tickets(sheet: Sheet, length: float, factor: float) -> None:
    """Kerberos on a domain controller: people and machines, all in AES."""
    pen, rng = WindowsPen(sheet, NXLOG), sheet.rng
    for _ in range(round(length / 7 * factor)):
        number, at = int(rng.random() * 24), rng.random() * (length - 2)
        user = person_of(number) if rng.random() < 0.6 else f"WS{10 + number}$"
        address = f"::ffff:10.20.1.{10 + number}"
        if rng.random() < 0.3:
            grant_ticket(pen, at, user, address)
        else:
            service_ticket(pen, at, user, address, _SERVICES[int(rng.random() * len(_SERVICES))])


def grant_ticket(
    pen: WindowsPen, at: float, user: str, address: str, *, preauth: int = 2, cipher: str = "0x12"
) -> float:
    """4768 on DC1: a ticket to ask for tickets with; `preauth` 0 means no password was needed for it."""
    data = {
        "TargetUserName": user, "TargetDomainName": "CORP", "TargetSid": sid(user), "ServiceName": "krbtgt",
        "ServiceSid": sid("krbtgt"), "TicketOptions": "0x40810010", "Status": "0x0",
        "TicketEncryptionType": cipher, "PreAuthType": preauth, "IpAddress": address,
        "IpPort": 49152 + int(pen_number(pen) * 16000),
    }  # fmt: skip
    return pen.event(at, "DC1", SECURITY, 4768, data)


def service_ticket(
    pen: WindowsPen, at: float, user: str, address: str, service: str, *, cipher: str = "0x12"
) -> float:
    """4769 on DC1: a ticket for a service."""
    realm = REALM.upper()
    data = {
        "TargetUserName": f"{user}@{realm}", "TargetDomainName": realm,
        "ServiceName": service.rsplit("/", 1)[-1], "ServiceSid": sid(service), "TicketOptions": "0x40810000",
        "TicketEncryptionType": cipher, "Status": "0x0", "IpAddress": address,
        "IpPort": 49152 + int(pen_number(pen) * 16000), "TransmittedServices": "-",
    }  # fmt: skip
    return pen.event(at, "DC1", SECURITY, 4769, data)


def pen_number(pen: WindowsPen) -> float:
    """A number between 0 and 1 from the pen's own chance."""
    return int(pen.logon_id(), 16) % 9973 / 9973


SERVERS = Noise(
    "servers",
    "service logons, machines and people at shares, programs",
    _servers(WINLOGBEAT, ("RDS1", "FILE1"), 11.0),
)
CONTROLLERS = Noise(
    "controllers",
    "logons at the domain controller and the file server",
    _servers(NXLOG, ("DC1", "FILE1"), 17.0),
)
TICKETS = Noise("tickets", "Kerberos tickets of people and machines, in AES", tickets)
