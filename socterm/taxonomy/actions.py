"""`event.action` values socterm's parsers use, with the ECS category and type each one implies.

A parser sets the action; `event.category` and `event.type` follow from this table, so that a rule author
finds every word that can occur in one place. Source: ECS 8 categorization fields.
"""

from __future__ import annotations

from typing import NamedTuple

from socterm.taxonomy import audit, host, network, services, windows_actions


class Action(NamedTuple):
    """What an action means in ECS terms, and in plain words for help and docs."""

    category: tuple[str, ...]
    type: tuple[str, ...]
    meaning: str


_AUTH = ("authentication",)
_SESSION = ("session",)
_PROCESS = ("process",)
_IAM = ("iam",)
_NET = ("network",)
_CONF = ("configuration",)
_WEB = ("web",)

ACTIONS: dict[str, Action] = {
    # sshd
    "ssh_login": Action(_AUTH, ("start",), "a login attempt over SSH; event.outcome says how it ended"),
    "ssh_key_tried": Action(_AUTH, ("info",), "a public key was offered and not accepted; not yet a failure"),
    "ssh_auth_step": Action(
        _AUTH, ("info",), "an SSH login in progress: a step taken, a user refused; no verdict on this line"
    ),
    "ssh_connect": Action(_NET, ("connection", "start"), "a connection reached sshd"),
    "ssh_disconnect": Action(_NET, ("connection", "end"), "an SSH connection ended"),
    "ssh_preauth_close": Action(_NET, ("connection", "end"), "the peer left before logging in"),
    "ssh_scan": Action(_NET, ("connection", "denied"), "a peer that does not speak SSH, or probes it"),
    "ssh_timeout": Action(_NET, ("connection", "end"), "a login was not finished in time"),
    "ssh_warning": Action(_AUTH, ("info",), "sshd distrusts a peer, a file or a setting"),
    "ssh_server": Action(_PROCESS, ("info",), "sshd started, stopped or listens"),
    "ssh_forward": Action(_NET, ("connection",), "port, agent or sftp use inside an SSH session"),
    # PAM, logind
    "pam_login": Action(_AUTH, ("start",), "PAM's verdict on a login; event.outcome says which"),
    "session_opened": Action(_SESSION, ("start",), "a login session began"),
    "session_closed": Action(_SESSION, ("end",), "a login session ended"),
    "session_ending": Action(_SESSION, ("info",), "a session logged out and waits for its processes"),
    "power": Action(("host",), ("change",), "the machine was powered off, rebooted, suspended or woken"),
    # sudo, su
    "sudo_command": Action(_PROCESS, ("start",), "a command was run through sudo"),
    "sudo_denied": Action(_PROCESS, ("denied",), "sudo refused: not in sudoers, or command not allowed"),
    "sudo_failed": Action(_AUTH, ("info",), "wrong passwords given to sudo"),
    "sudo_not_run": Action(_PROCESS, ("info",), "sudo could not ask for a password, so nothing ran"),
    "su": Action(_AUTH, ("start",), "a change of user with su; event.outcome says how it ended"),
    # accounts
    "user_created": Action(_IAM, ("user", "creation"), "an account was created"),
    "user_changed": Action(_IAM, ("user", "change"), "an account was changed"),
    "user_deleted": Action(_IAM, ("user", "deletion"), "an account was deleted"),
    "user_locked": Action(_IAM, ("user", "change"), "an account was locked or expired"),
    "user_unlocked": Action(_IAM, ("user", "change"), "an account was unlocked"),
    "group_created": Action(_IAM, ("group", "creation"), "a group was created"),
    "group_changed": Action(_IAM, ("group", "change"), "a group was changed"),
    "group_deleted": Action(_IAM, ("group", "deletion"), "a group was deleted"),
    "group_member_added": Action(_IAM, ("group", "change"), "a user was added to a group"),
    "group_member_removed": Action(_IAM, ("group", "change"), "a user was removed from a group"),
    "password_changed": Action(_IAM, ("user", "change"), "a password was changed"),
    "password_aging_changed": Action(_IAM, ("user", "change"), "password ageing of an account was changed"),
    # cron, systemd
    "cron_command": Action(_PROCESS, ("start",), "cron ran a command"),
    "crontab_changed": Action(_CONF, ("change",), "a crontab was replaced, edited or deleted"),
    "crontab_denied": Action(_CONF, ("denied",), "a user without the right to it called crontab"),
    "crontab_read": Action(_CONF, ("access",), "a crontab was listed"),
    "service_started": Action(_PROCESS, ("start",), "a unit started"),
    "service_stopped": Action(_PROCESS, ("end",), "a unit stopped"),
    "service_failed": Action(_PROCESS, ("error",), "a unit failed"),
    "service_changed": Action(_CONF, ("change",), "units were reloaded, enabled or masked"),
    # web servers and proxies
    "web_request": Action(_WEB, ("access",), "a request; event.outcome is failure from status 400 on"),
    "web_login": Action((*_AUTH, *_WEB), ("start",), "a web server's verdict on a user and password"),
    "web_denied": Action(_WEB, ("access", "denied"), "a web server refused a request by its own rules"),
    "web_limited": Action(_WEB, ("access", "denied"), "a client that asks too much was slowed or refused"),
    "web_attack": Action((*_WEB, "intrusion_detection"), ("denied",), "a web application firewall objected"),
    "web_error": Action(_WEB, ("error",), "a web server tells of an error"),
    "web_notice": Action(_WEB, ("info",), "a web server tells of its own doings"),
    "proxy_connection": Action(_NET, ("connection",), "a connection passed through a proxy"),
}
ACTIONS |= {name: Action(*row) for name, row in network.ACTIONS.items()}
ACTIONS |= {name: Action(*row) for name, row in services.ACTIONS.items()}
ACTIONS |= {name: Action(*row) for name, row in (audit.ACTIONS | host.ACTIONS).items()}
ACTIONS |= {name: Action(*row) for name, row in windows_actions.ACTIONS.items()}
