"""The share of mail, file, database and application servers in the tables: actions and log sources.

Every server's lines are linux/NAME and linux/syslog. A login to any of them is linux/auth besides: whoever
counts failed logins there finds those of all servers. Statements are offered as the category `database`.
"""

from __future__ import annotations

from socterm.event import LogSource

_AUTH = ("authentication",)
_SESSION = ("session",)
_NET = ("network",)
_MAIL = ("email",)
_FILE = ("file", "network")
_DATABASE = ("database",)

ACTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "mail_login": (_AUTH, ("start",), "a login to a mail server; event.outcome says how it ended"),
    "mail_connect": (_NET, ("connection", "start"), "a connection reached a mail server"),
    "mail_disconnect": (_NET, ("connection", "end"), "a connection to a mail server ended"),
    "mail_abuse": (
        _NET,
        ("connection", "denied"),
        "a peer broke a mail protocol's rules or went beyond its limits",
    ),
    "mail_rejected": (
        ("email", "network"),
        ("info", "denied"),
        "a mail server refused a client, a sender, a recipient or a message",
    ),
    "mail_received": (_MAIL, ("info",), "a mail server took a message"),
    "mail_queued": (_MAIL, ("info",), "a message was queued, or left the queue"),
    "mail_delivered": (_MAIL, ("info",), "a message was delivered or passed on"),
    "mail_deferred": (_MAIL, ("info",), "a message could not be delivered yet"),
    "mail_bounced": (_MAIL, ("info",), "a message could not be delivered at all"),
    "mail_unresolved": (
        _NET,
        ("connection", "info"),
        "a mail client's name and address do not fit each other",
    ),
    "ftp_login": (_AUTH, ("start",), "a login to an FTP server; event.outcome says how it ended"),
    "ftp_connect": (_NET, ("connection", "start"), "a connection reached an FTP server"),
    "ftp_disconnect": (_NET, ("connection", "end"), "an FTP connection ended"),
    "ftp_upload": (_FILE, ("creation",), "a file was stored through FTP"),
    "ftp_download": (_FILE, ("access",), "a file was fetched through FTP"),
    "ftp_command": (_NET, ("protocol",), "an FTP command or its answer"),
    "ftp_change": (_FILE, ("change",), "a file or folder was made, renamed or deleted through FTP"),
    "database_login": (
        ("authentication", "database"),
        ("start",),
        "a login to a database; event.outcome says how it ended",
    ),
    "database_connect": (("database", "network"), ("connection", "start"), "a connection reached a database"),
    "database_disconnect": (("database", "network"), ("connection", "end"), "a database connection ended"),
    "database_denied": (
        _DATABASE,
        ("access", "denied"),
        "a database refused what a user is not allowed to do",
    ),
    "database_query": (_DATABASE, ("access",), "a statement was run"),
    "web_logout": (_SESSION, ("end",), "a session of a web application ended"),
    "service_login": (
        _AUTH,
        ("start",),
        "a login to another server (chat, game, voice); event.outcome says how it ended",
    ),
    "service_connect": (_NET, ("connection", "start"), "a client connected to such a server"),
    "service_disconnect": (_NET, ("connection", "end"), "a client left such a server"),
    "sip_login": (
        _AUTH,
        ("start",),
        "a SIP or IAX registration or call was authenticated; event.outcome says how it ended",
    ),
    "sip_rejected": (_NET, ("protocol", "denied"), "a call or request was refused"),
    "macos_execution": (
        ("process",),
        ("start",),
        "a Mac's guard let a program start, or kept it from starting",
    ),
    "macos_disk": (("host",), ("info",), "a disk was mounted or taken away on a Mac"),
    "remote_login": (_AUTH, ("start",), "a login to a remote desktop; event.outcome says how it ended"),
    "proxy_login": (_AUTH, ("start",), "a login to a proxy; event.outcome says how it ended"),
    "proxy_request": (("network", "web"), ("access",), "a request through a proxy"),
    "share_renamed": (_FILE, ("change",), "a file on a share was given another name"),
    "share_deleted": (_FILE, ("deletion",), "a file or folder on a share was deleted"),
    "share_created": (_FILE, ("creation",), "a folder was made on a share"),
    "share_access": (_FILE, ("access",), "another operation on a share"),
    "ldap_login": (_AUTH, ("start",), "an LDAP bind; event.outcome says how it ended"),
    "ldap_connect": (_NET, ("connection", "start"), "a connection reached a directory server"),
    "ldap_disconnect": (_NET, ("connection", "end"), "a connection to a directory server ended"),
    "ldap_search": (_DATABASE, ("access",), "a directory was searched"),
    "service_denied": (
        _NET,
        ("connection", "denied"),
        "a service refused a peer: address, certificate or number of connections",
    ),
    "honeypot_connect": (
        ("network", "intrusion_detection"),
        ("connection", "start"),
        "somebody connected to a honeypot",
    ),
    "honeypot_login": (_AUTH, ("start",), "a login to a honeypot; event.outcome says whether it was let in"),
    "honeypot_command": (("process", "intrusion_detection"), ("info",), "a command given to a honeypot"),
    "honeypot_download": (("file", "intrusion_detection"), ("info",), "a file brought to a honeypot"),
}
"""`event.action` → (category, type, meaning)."""

SYSLOG: LogSource = ("linux", "", "syslog")
AUTH: LogSource = ("linux", "", "auth")
DATABASE: LogSource = ("", "database", "")

_MAIL_SERVERS = (
    "postfix dovecot exim sendmail courier cyrus qmail solid-pop3d uw-imap perdition oracle-ims kerio "
    "assp domino "
)
_FILE_SERVERS = "vsftpd proftpd pure-ftpd wu-ftpd ftpd xferlog sftp "
_DATABASES = "mysql postgresql mssql mongodb redis oracle slapd "
_APPLICATIONS = (
    "roundcube squirrelmail horde sogo groupoffice openwebmail webmin phpmyadmin gitlab grafana "
    "nextcloud drupal guacamole centreon froxlor directadmin tine20 "
    "asterisk freeswitch murmur counter-strike ejabberd znc xrdp screensharing "
    "softether stunnel dante 3proxy nrpe xinetd cowrie rabbitmq "
    "kafka nats icinga ibmmq gitea keycloak authelia homeassistant jellyfin vnc samba saslauthd "
)
_LOGINS = (
    "web_login",
    "vpn_login",
    *(name for name, (category, _, _) in ACTIONS.items() if "authentication" in category),
)


def _both(name: str) -> tuple[LogSource, ...]:
    return (("linux", "", name), SYSLOG)


def _applications(*products: str) -> tuple[LogSource, ...]:
    return tuple((product, "application", "") for product in products)


LOGSOURCES: dict[str, tuple[LogSource, ...]] = {
    **{
        name: _both(name)
        for name in " ".join((_MAIL_SERVERS, _FILE_SERVERS, _DATABASES, _APPLICATIONS)).split()
    },
    "mysql.slowlog": (("linux", "", "mysql"), DATABASE),
    "dropbear": (("linux", "", "sshd"), AUTH, SYSLOG),
    "doas": (("linux", "", "sudo"), AUTH, SYSLOG),
    "santa": (("macos", "", "santa"),),
    "application": (*_both("application"), *_applications("sql")),
    "application.jvm": (*_both("application"), *_applications("sql", "jvm", "spring", "velocity")),
    "application.python": (*_both("application"), *_applications("sql", "python", "django")),
}
"""`event.dataset` → log sources. Dropbear is offered as sshd, doas as sudo: they are asked the same.

What an application is written in shows in the form of its lines; rules about errors of that language or
of its frameworks then see them.
"""

BY_ACTION: dict[tuple[str, str], tuple[LogSource, ...]] = {
    **{
        (name, login): (*sources, AUTH)
        for name, sources in LOGSOURCES.items()
        if SYSLOG in sources and AUTH not in sources
        for login in _LOGINS
    },
    **{
        (name, "database_query"): (*LOGSOURCES[name], DATABASE)
        for name in ("mysql", "postgresql", "mssql", "mongodb")
    },
    ("doas", "sudo_command"): (*LOGSOURCES["doas"], ("linux", "process_creation", "")),
    ("samba", "share_renamed"): (*LOGSOURCES["samba"], ("linux", "file_event", "")),
    ("santa", "macos_execution"): (*LOGSOURCES["santa"], ("macos", "process_creation", "")),
}
"""(`event.dataset`, `event.action`) → log sources, where an action belongs to more than its dataset."""
