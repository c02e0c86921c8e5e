"""The share of a Linux host's own daemons and package managers in the tables: actions and log sources."""

from __future__ import annotations

from socterm.event import LogSource

_AUTH = ("authentication",)
_PACKAGE = ("package",)
_PROCESS = ("process",)
_CONF = ("configuration",)
_HOST = ("host",)
_ALARM = ("intrusion_detection",)

ACTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    # packages
    "package_installed": (_PACKAGE, ("installation",), "a package was installed"),
    "package_updated": (_PACKAGE, ("change",), "a package was brought to a newer version"),
    "package_downgraded": (_PACKAGE, ("change",), "a package was brought to an older version"),
    "package_reinstalled": (_PACKAGE, ("change",), "a package was installed again"),
    "package_removed": (_PACKAGE, ("deletion",), "a package was removed"),
    "package_step": (_PACKAGE, ("info",), "a step on the way: unpacked, configured, a trigger, a question"),
    "package_error": (_PACKAGE, ("error",), "a package manager failed at something"),
    "package_command": (_PROCESS, ("start",), "a package manager was called, with these arguments"),
    # fail2ban
    "ban": (_ALARM, ("denied",), "an address was banned"),
    "unban": (_ALARM, ("allowed",), "an address is let in again"),
    "ban_restored": (_ALARM, ("denied",), "a ban was taken over from before a restart"),
    "ban_known": (_ALARM, ("info",), "an address that is banned already was seen again"),
    "offence_found": (_ALARM, ("info",), "a line counted against an address; not yet a ban"),
    "fail2ban": (_PROCESS, ("info",), "fail2ban tells of its own doings"),
    "fail2ban_error": (_PROCESS, ("error",), "fail2ban could not do something: a ban may be missing"),
    # the web faces of a host
    "app_login": (_AUTH, ("start",), "a login to a web application; event.outcome says how it ended"),
    "app_admin_login": (_AUTH, ("start",), "a login to an application's administration"),
    "app_denied": (("web",), ("access", "denied"), "an application refused a request"),
    "app_error": (_PROCESS, ("error",), "an application tells of an error"),
    # Proxmox
    "task_started": (
        _PROCESS,
        ("start",),
        "a task on a virtualisation host began: a start, a backup, a console",
    ),
    "task_ended": (_PROCESS, ("end",), "a task on a virtualisation host ended; event.outcome says how"),
    # privileges
    "polkit_granted": (_AUTH, ("start",), "polkit let a user do something, after a password"),
    "polkit_denied": (_AUTH, ("start",), "polkit asked for a password and did not get it"),
    "polkit_agent": (("session",), ("info",), "an agent that asks for polkit's passwords came or went"),
    "pkexec_command": (_PROCESS, ("start",), "a command was run through pkexec"),
    "pkexec_denied": (_PROCESS, ("denied",), "pkexec refused to run a command"),
    "command": (_PROCESS, ("start",), "a command was run, as its logger tells"),
    # logs and clocks
    "log_started": (_PROCESS, ("start",), "a logging daemon started"),
    "log_stopped": (_PROCESS, ("end",), "a logging daemon stopped: nothing is logged from here on"),
    "log_lost": (_PROCESS, ("error",), "messages were dropped, or could not be written"),
    "log_rotated": (_PROCESS, ("info",), "a log was rotated or its old parts were deleted"),
    "clock_stepped": (_HOST, ("change",), "the clock was set by a leap: times before and after do not fit"),
    "clock_lost": (_HOST, ("error",), "the clock is no longer disciplined, or its source is in doubt"),
    # containers, policy
    "container_started": (("process",), ("start",), "a container or a task in it started"),
    "container_stopped": (("process",), ("end",), "a container or a task in it ended"),
    "container_error": (_PROCESS, ("error",), "a container daemon tells of an error"),
    "policy_denied": (_ALARM, ("denied",), "an access was refused by a security policy, in words"),
    "policy_changed": (_CONF, ("change",), "a security policy or its mode was changed"),
}
"""`event.action` → event.category, event.type, meaning."""

_SYSLOG: LogSource = ("linux", "", "syslog")


def _service(name: str) -> tuple[LogSource, ...]:
    return (("linux", "", name), _SYSLOG)


LOGSOURCES: dict[str, tuple[LogSource, ...]] = {
    **{
        name: (("linux", "", name),)
        for name in ("dpkg", "apt", "yum", "dnf", "zypper", "pacman", "apk", "vaultwarden", "monitorix")
    },
    **{
        name: _service(name)
        for name in (
            "fail2ban", "proxmox", "bitwarden", "monit", "webmin", "polkit", "rsyslog", "journald",
            "timesync", "setroubleshoot", "docker", "snoopy",
        )
    },
}  # fmt: skip

_RUN: LogSource = ("linux", "process_creation", "")
BY_ACTION: dict[tuple[str, str], tuple[LogSource, ...]] = {
    ("snoopy", "command"): (*LOGSOURCES["snoopy"], _RUN),
    ("polkit", "pkexec_command"): (*LOGSOURCES["polkit"], _RUN),
}
