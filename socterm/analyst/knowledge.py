"""What an analyst knows by heart, as tables: names of actions, techniques, harmless causes, checks."""

from __future__ import annotations

from socterm.taxonomy import ACTIONS

PHRASES: dict[tuple[str, str], str] = {
    ("ssh_login", "failure"): "failed SSH login",
    ("ssh_login", "success"): "successful SSH login",
    ("pam_login", "failure"): "login refused by PAM",
    ("pam_login", "success"): "login allowed by PAM",
    ("su", "failure"): "failed change of user with su",
    ("su", "success"): "change of user with su",
    ("sudo_command", ""): "command run through sudo",
    ("sudo_denied", ""): "command refused by sudo",
    ("sudo_failed", ""): "wrong password given to sudo",
    ("ssh_scan", ""): "SSH probe",
    ("ssh_connect", ""): "SSH connection",
    ("ssh_disconnect", ""): "end of an SSH connection",
    ("ssh_preauth_close", ""): "SSH connection closed before login",
    ("ssh_key_tried", ""): "SSH key offered and not accepted",
    ("session_opened", ""): "session opened",
    ("session_closed", ""): "session closed",
    ("user_created", ""): "account created",
    ("user_changed", ""): "account changed",
    ("user_deleted", ""): "account deleted",
    ("group_member_added", ""): "user added to a group",
    ("password_changed", ""): "password changed",
    ("cron_command", ""): "command run by cron",
    ("crontab_changed", ""): "crontab changed",
}
"""(event.action, event.outcome) → what one such event is called; outcome "" stands for any."""


_FAILS = frozenset({"sudo_denied", "sudo_failed", "ssh_scan", "ssh_preauth_close", "ssh_key_tried"})
"""Actions whose phrase says already that they failed."""


def phrase(action: str, outcome: str) -> str:
    """One such event in words; the action's meaning where no phrase is laid down.

    >>> phrase("ssh_login", "failure")
    'failed SSH login'
    """
    found = PHRASES.get((action, outcome))
    if found:
        return found
    found = PHRASES.get((action, ""))
    if found:
        return f"{found} (failed)" if outcome == "failure" and action not in _FAILS else found
    meaning = ACTIONS[action].meaning.partition(";")[0] if action in ACTIONS else action.replace("_", " ")
    return f"{meaning} ({outcome})" if outcome else meaning or "other event"


def counted(number: int, words: str) -> str:
    """A number of events in words.

    >>> counted(2, "failed SSH login"), counted(1, "session opened")
    ('2 × failed SSH login', '1 × session opened')
    """
    return f"{number:,} × {words}"


TECHNIQUES: dict[str, str] = {
    "t1003": "OS Credential Dumping",
    "t1021": "Remote Services",
    "t1021.004": "Remote Services: SSH",
    "t1033": "System Owner/User Discovery",
    "t1046": "Network Service Discovery",
    "t1053": "Scheduled Task/Job",
    "t1053.003": "Scheduled Task/Job: Cron",
    "t1059": "Command and Scripting Interpreter",
    "t1059.004": "Command and Scripting Interpreter: Unix Shell",
    "t1070": "Indicator Removal",
    "t1070.002": "Indicator Removal: Clear Linux Logs",
    "t1078": "Valid Accounts",
    "t1078.003": "Valid Accounts: Local Accounts",
    "t1087": "Account Discovery",
    "t1098": "Account Manipulation",
    "t1098.004": "Account Manipulation: SSH Authorized Keys",
    "t1105": "Ingress Tool Transfer",
    "t1110": "Brute Force",
    "t1110.001": "Brute Force: Password Guessing",
    "t1110.003": "Brute Force: Password Spraying",
    "t1110.004": "Brute Force: Credential Stuffing",
    "t1133": "External Remote Services",
    "t1136": "Create Account",
    "t1136.001": "Create Account: Local Account",
    "t1190": "Exploit Public-Facing Application",
    "t1543.002": "Create or Modify System Process: Systemd Service",
    "t1548": "Abuse Elevation Control Mechanism",
    "t1548.003": "Abuse Elevation Control Mechanism: Sudo and Sudo Caching",
    "t1562": "Impair Defenses",
    "t1562.001": "Impair Defenses: Disable or Modify Tools",
    "t1595": "Active Scanning",
}
"""ATT&CK techniques by number, lower case; what is not here is shown by its number."""


def tactics_and_techniques(tags: tuple[str, ...]) -> str:
    """A rule's ATT&CK tags in words: `Credential Access: T1110 Brute Force`; "" where there are none."""
    tactics, techniques = [], []
    for tag in tags:
        space, _, name = tag.lower().partition(".")
        if space != "attack" or not name:
            continue
        if name[0] == "t" and name[1:2].isdigit():
            techniques.append(f"{name.upper()} {TECHNIQUES.get(name, '')}".strip())
        elif not (name[0] in "gs" and name[1:].isdigit()):
            tactics.append(name.replace("-", "_").replace("_", " ").title().replace(" And ", " and "))
    return ": ".join(part for part in (", ".join(tactics), ", ".join(techniques)) if part)


HARMLESS: dict[str, str] = {
    "ssh_login": "a person or a script with an outdated password or key, or a scanner of your own",
    "pam_login": "a person who mistyped a password, or a service with an outdated one",
    "ssh_scan": "a monitoring probe or a scanner of your own that checks whether the port answers",
    "ssh_preauth_close": "a monitoring probe or load balancer that opens the port and leaves",
    "sudo_command": "an administrator at work, or configuration management",
    "sudo_denied": "a user who tried a command their role does not have",
    "sudo_failed": "a user who mistyped their password",
    "su": "an administrator who changes to a service account",
    "user_created": "a new colleague or a package that brings its own account",
    "user_changed": "account maintenance by an administrator",
    "user_deleted": "somebody left, or a package was removed",
    "group_member_added": "a role that was granted on purpose",
    "password_changed": "a user or administrator who changed a password on purpose",
    "crontab_changed": "planned maintenance, or configuration management",
    "cron_command": "a job that has always run",
    "service_changed": "a package update",
    "service_stopped": "a restart during maintenance",
}
"""event.action → the commonest innocent cause, used where the rule names none."""

CHECKS: dict[str, tuple[str, ...]] = {
    "ssh_login": (
        "Is {ip} known: an office, a jump host, a scanner of yours?",
        "Can password logins over SSH be switched off, or the address be blocked?",
    ),
    "pam_login": ("Ask the owner of {user} whether it was them.",),
    "ssh_scan": ("Did {ip} go on to try logins?",),
    "sudo_command": ("Ask {user} about the command; look at what their session did before and after.",),
    "sudo_denied": ("Ask {user} what they wanted to do, and look for further attempts.",),
    "sudo_failed": ("Ask {user} whether it was them; look for a success right after.",),
    "su": ("Ask {user} whether it was them.",),
    "user_created": ("Is there a request for this account? What did it do since?",),
    "user_changed": ("Is there a request for this change? Who made it?",),
    "group_member_added": ("Was this right granted on purpose? Who granted it?",),
    "password_changed": ("Was the change asked for by the account's owner?",),
    "crontab_changed": ("Read the new crontab; compare it with configuration management.",),
}
"""event.action → what to look at next; {ip} and {user} are the alert's values."""
