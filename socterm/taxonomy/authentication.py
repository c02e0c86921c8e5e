"""Logins, whoever tells of them: the log source `category: authentication`, and words for them in JSON.

A rule for this category sees the lines of every program that decides on logins: sshd, PAM, mail, FTP and
database servers, VPNs, network devices, Windows, clouds and applications. Which of the lines are logins, and
how they ended, say `event.category: authentication` and `event.outcome`.
"""

from __future__ import annotations

from itertools import product

from socterm.event import LogSource

AUTHENTICATION: LogSource = ("", "authentication", "")

DATASETS: frozenset[str] = frozenset({
    "sshd", "dropbear", "pam", "postfix", "dovecot", "exim", "sendmail", "courier", "cyrus", "qmail",
    "solid-pop3d", "uw-imap", "perdition", "oracle-ims", "kerio", "assp", "domino", "vsftpd", "proftpd",
    "pure-ftpd", "wu-ftpd", "ftpd", "mysql", "postgresql", "mssql", "mongodb", "redis", "oracle", "slapd",
    "roundcube", "squirrelmail", "horde", "sogo", "groupoffice", "openwebmail", "webmin", "phpmyadmin",
    "gitlab", "grafana", "nextcloud", "drupal", "guacamole", "centreon", "froxlor", "directadmin", "tine20",
    "asterisk", "freeswitch", "murmur", "counter-strike", "ejabberd", "znc", "xrdp", "screensharing",
    "softether", "dante", "3proxy", "nrpe", "rabbitmq", "kafka", "nats", "icinga", "ibmmq", "bitwarden",
    "vaultwarden", "monit", "monitorix", "proxmox", "apache.error", "nginx.error", "lighttpd.error",
    "gitea", "keycloak", "authelia", "homeassistant", "jellyfin", "vnc", "samba", "strongswan", "doas",
    "openvpn", "cisco.asa", "cisco.ios", "mikrotik", "fortigate", "checkpoint.firewall", "sophos.event",
    "meraki.events", "watchguard.event",    "cef", "leef", "keyvalue", "json", "ecs",
    "aws.cloudtrail", "azure.signinlogs", "okta.system", "m365.audit", "m365.exchange",
    "google_workspace.login", "onelogin.events", "duo.auth", "saslauthd",
})  # fmt: skip
"""Datasets that tell of logins. Not the audit log, which repeats what sshd and PAM say, nor what a sensor saw
on the wire, nor honeypots, to which nobody logs in rightly; Windows' logons are told by their event id."""

_STEMS = ("login", "log_in", "logon", "log_on", "signin", "sign_in", "auth", "authentication", "authenticate")
_ENDS = {
    "success": ("success", "succeeded", "successful", "ok", "accepted"),
    "failure": ("failure", "failed", "fail", "error", "denied", "rejected", "refused", "invalid"),
}


def _words() -> dict[str, str]:
    found = {}
    for stem, before in product(_STEMS, ("", "user_", "web_", "ssh_", "sso_")):
        found[f"{before}{stem}"] = ""
        for outcome, ends in _ENDS.items():
            for end in ends:
                found[f"{before}{stem}_{end}"] = outcome
                found[f"{end}_{before}{stem}"] = outcome
    plain = {**found, "logged_in": "success", "user_logged_in": "success"}
    return {
        word.replace("_", mark): outcome
        for word, outcome in plain.items()
        for mark in ("_", ".", "-", " ", "")
    }


LOGIN_WORDS: dict[str, str] = _words()
"""What programs call a login in their own words, lower case → its outcome, "" where the word does not say.

>>> LOGIN_WORDS["login"], LOGIN_WORDS["user.login.failed"], LOGIN_WORDS["loginsuccess"]
('', 'failure', 'success')
"""
