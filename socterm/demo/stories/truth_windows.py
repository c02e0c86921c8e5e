"""What detection owes the stories told by Windows and by files renamed, written before lines and rules.

Guessing is judged by address, what is done on a machine by its short name, what an account does by the
account. An account that was created is `user.target.name`: `user.name` is who created it.

Files that take the ending of encrypted ones are counted on Linux only; on Windows ransomware is owed the
alerts on what it does around its work.
"""

from __future__ import annotations

from socterm.demo.model import Expected, Quiet
from socterm.demo.owed import Owed, kill_chain

GUESSER = "203.0.113.50"
SPRAYER = "10.20.4.66"
FOOTHOLD = "10.20.4.17"
STRANGER = "198.51.100.140"
DESKTOP_HOST = "RDS1"
TAKEN = "helpdesk"
PLANTED = "svc_sync"
PLANTED_SID = "S-1-5-21-2893-4410-7781-1007"
ADMIN = "dana.adm"
ADMIN_ADDRESS = "10.20.1.12"
CLUMSY_ADDRESS = "10.20.1.24"

ROASTER = "10.20.4.71"
ROASTER_USER = "tom"
STOLEN = "adm_sql"
PROMOTED = {
    "user.target.id": "S-1-5-21-1004336348-1177238915-682003330-1436",
    "user.target.name": "Tom Field",
}
CONTROLLER = "DC1"

CRYPTED = "WS17"
FILER = "FILE1"
LINUX_FILER = "files01"


def _ip(address: str) -> dict[str, str]:
    return {"source.ip": address}


def _host(name: str) -> dict[str, str]:
    return {"host.hostname": name}


def _user(name: str) -> dict[str, str]:
    return {"user.name": name}


WINDOWS_LOGON = Owed(
    {
        "guessing": "30 wrong passwords for Administrator from outside in a hundred seconds",
        "spraying": "an office machine tries one password on fourteen accounts, one every 35 seconds",
        "break_in": "15 wrong passwords for helpdesk from another office machine, then a remote desktop",
        "stranger": "a remote desktop from an address outside, with the right password at once",
        "account": "helpdesk creates svc_sync and makes it an administrator of the server",
        "foothold": "a service that runs a command, a task that runs hidden PowerShell",
        "cover": "auditing of logons switched off, the security log emptied",
    },
    alerts=(
        Expected("windows_brute_force", _ip(GUESSER), ("guessing",)),
        Expected("windows_slow_brute_force", _ip(GUESSER), ("guessing",), None, "windows_brute_force"),
        Expected("windows_password_spraying", _ip(SPRAYER), ("spraying",)),
        Expected("windows_success_after_brute_force", _ip(FOOTHOLD), ("break_in",)),
        Expected(
            "windows_brute_force", _ip(FOOTHOLD), ("break_in",), None, "windows_success_after_brute_force"
        ),
        Expected("windows_public_logon", _ip(STRANGER), ("stranger",)),
        Expected(
            "windows_account_created", {"user.target.name": PLANTED, **_host(DESKTOP_HOST)}, ("account",)
        ),
        Expected("windows_admin_added", {"user.target.id": PLANTED_SID, **_host(DESKTOP_HOST)}, ("account",)),
        Expected("windows_service_installed", _host(DESKTOP_HOST), ("foothold",)),
        Expected("windows_task_created", _host(DESKTOP_HOST), ("foothold",)),
        Expected("windows_audit_disabled", _host(DESKTOP_HOST), ("cover",)),
        Expected("windows_log_cleared", _host(DESKTOP_HOST), ("cover",)),
        *kill_chain(_host(DESKTOP_HOST), ("account", "foothold", "cover")),
    ),
    quiet=(
        Quiet("windows_brute_force", _ip(SPRAYER), "never more than four in two minutes"),
        Quiet("windows_success_after_brute_force", _ip(GUESSER), "it did not get in"),
        Quiet("windows_success_after_brute_force", _ip(STRANGER), "nothing failed before"),
    ),
)

WINDOWS_LOGON_BENIGN = Owed(
    {
        "benign_mistyped": "somebody mistypes a password twice, then logs on",
        "benign_expired": "a service starts with an outdated password, once a minute, six times: no address",
        "benign_admin": "an administrator at work: remote desktop from inside, consoles, PowerShell, runas",
        "benign_update": "an update installs its service and its task from Program Files",
        "benign_helpdesk": "the helpdesk unlocks an account and sets a new password",
        "benign_monitor": "monitoring logs on to four servers every minute",
    },
    quiet=(
        Quiet(
            "windows_success_after_brute_force", _ip(CLUMSY_ADDRESS), "two mistyped passwords are a person"
        ),
        Quiet("windows_brute_force", _host(DESKTOP_HOST), "a service with an old password guesses nothing"),
        Quiet("windows_public_logon", _ip(ADMIN_ADDRESS), "from our own network"),
        Quiet(
            "suspicious_powershell", _host(DESKTOP_HOST), "Get-Service and Restart-Service are administration"
        ),
        Quiet(
            "windows_service_installed",
            _host(FILER),
            "a service of an installed program, under Program Files",
        ),
        Quiet("windows_task_created", _host(FILER), "the task that looks for updates"),
        Quiet("explicit_credentials", _user(ADMIN), "runas is how administrators work"),
        Quiet("lateral_spread", _user("svc_monitor"), "four servers, the same as ever"),
    ),
)

WINDOWS_DOMAIN = Owed(
    {
        "asrep": "a machine asks for tickets of six accounts that need no password first, in RC4",
        "roasting": "tom asks for tickets of twelve services in RC4 within twenty seconds",
        "spread": "the account of a service logs on to nine servers in eight minutes, from tom's machine",
        "replication": "the same account asks the controller for everybody's secrets, as only controllers do",
        "domain_admin": "it makes tom an administrator of the domain",
    },
    alerts=(
        Expected("asrep_roasting", _ip(ROASTER), ("asrep",)),
        Expected("kerberoasting", _user(ROASTER_USER), ("roasting",)),
        Expected("lateral_spread", _user(STOLEN), ("spread", "replication")),
        Expected("dcsync", _user(STOLEN), ("replication",)),
        Expected("windows_admin_added", {**PROMOTED, **_host(CONTROLLER)}, ("domain_admin",)),
    ),
    quiet=(Quiet("windows_brute_force", _ip(ROASTER), "nothing it did failed"),),
)

WINDOWS_DOMAIN_BENIGN = Owed(
    {
        "benign_replication": "the second controller replicates; so does the account that syncs to a cloud",
        "benign_legacy": "an old filer only speaks RC4: three tickets for it in a quarter of an hour",
        "benign_tickets": "people ask for tickets in AES, a dozen services in the morning",
        "benign_wrong": "two people mistype their password at Kerberos",
    },
    quiet=(
        Quiet("dcsync", _user("DC2$"), "controllers replicate"),
        Quiet("dcsync", _user("MSOL_4f1c2d3e5a6b"), "the account made for syncing directories"),
        Quiet("kerberoasting", _user("kim"), "one old filer, three times"),
        Quiet("kerberoasting", _user("lena"), "a dozen services, but in AES"),
    ),
)

_RANSOM_STEPS = ("loader", "shields_down", "shadows", "cover")

WINDOWS_RANSOMWARE = Owed(
    {
        "loader": "Word starts PowerShell, hidden, with an encoded command",
        "shields_down": "Defender's real-time protection is switched off",
        "shadows": "shadow copies and the backup catalogue are deleted",
        "renames": "120 documents are written anew with the ending .locked, a note in each folder",
        "cover": "the security log is emptied",
    },
    alerts=(
        Expected("suspicious_powershell", _host(CRYPTED), ("loader",)),
        Expected("windows_document_runs_program", {**_host(CRYPTED), "user.name": "kim"}, ("loader",)),
        Expected("defender_disabled", _host(CRYPTED), ("shields_down",)),
        Expected("windows_recovery_destroyed", _host(CRYPTED), ("shadows",)),
        Expected("windows_log_cleared", _host(CRYPTED), ("cover",)),
        # Two tactics or three, by whether deleting backups counts as impact: one summary has to be there.
        Expected("several_detections", _host(CRYPTED), _RANSOM_STEPS, None, "several_tactics"),
        Expected("several_tactics", _host(CRYPTED), _RANSOM_STEPS, None, "several_detections"),
        Expected("entity_risk", _host(CRYPTED), _RANSOM_STEPS, None, "several_tactics"),
    ),
)

WINDOWS_BACKUP_BENIGN = Owed(
    {
        "benign_backup": "backup software writes 80 files under other names and lists shadow copies",
        "benign_management": "software management runs its scripts: PowerShell, no profile, policy bypassed",
        "benign_signatures": "Defender notes that its signatures are new: event 5007",
        "benign_documents": "people save documents; Office writes to ~$ and .tmp names first",
    },
    quiet=(
        Quiet(
            "suspicious_powershell", _host(FILER), "scripts of the management agent, and vssadmin only lists"
        ),
        Quiet("defender_disabled", _host(FILER), "new signatures change Defender's settings every day"),
    ),
)

LINUX_RANSOMWARE = Owed(
    {
        "encryptor": "root runs a program from /dev/shm/.k",
        "renames": "it renames 60 documents to .crypt, and leaves a note in each folder",
        "cover": "auth.log is shredded, syslog emptied",
    },
    alerts=(
        Expected("run_from_temp", _host(LINUX_FILER), ("encryptor",)),
        Expected("files_encrypted", _host(LINUX_FILER), ("renames",)),
        Expected("log_cleared", _host(LINUX_FILER), ("cover",)),
        *kill_chain(_host(LINUX_FILER), ("encryptor", "renames", "cover")),
    ),
)

LINUX_BACKUP_BENIGN = Owed(
    {
        "benign_rsync": "the nightly copy: rsync writes 40 files as .name.XXXXXX and renames them",
        "benign_logrotate": "logrotate renames logs, packs them and removes the oldest",
        "benign_editor": "an administrator edits a configuration file; the editor renames its backup",
    },
    quiet=(
        Quiet("run_from_temp", _host(LINUX_FILER), "rsync runs from /usr/bin"),
        Quiet("log_cleared", _host(LINUX_FILER), "rotation is how logs live"),
    ),
)
