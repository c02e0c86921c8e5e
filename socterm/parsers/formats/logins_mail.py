"""Small mail servers and their kin: Courier, Cyrus, UW, qmail, perdition, Kerio, ASSP, Domino, Oracle's.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('mail_login', 'failure', '192.0.2.91')
"""

# ruff: noqa: E501 - a row of a table stands on one line

from __future__ import annotations

from socterm.parsers.format import Format
from socterm.parsers.formats.logins import Row, Shape, Table, beginnings, lines, programs

_V = r"[\da-fA-F:.]{2,45}"
"""An address."""

COURIER = Table(
    "courier",
    (
        "imapd", "imapd-ssl", "pop3d", "pop3d-ssl", "courierpop3login", "courieresmtpd", "courier-imapd",
        "courier-pop3d", "esmtpd", "couriertcpd", "authdaemond",
    ),
    (
        Row("LOGIN FAILED, ", rf"LOGIN FAILED, (?:user=(?P<user>.*?)|method=[\w-]+), ip=\[(?P<ip>{_V})\](?:, port=\[(?P<port>\d{{1,5}})\])?$", "mail_login", "failure"),
        Row("LOGIN, user=", rf"LOGIN, user=(?P<user>.*), ip=\[(?P<ip>{_V})\](?:, port=\[(?P<port>\d{{1,5}})\])?", "mail_login", "success"),
        Row("LOGOUT, ", rf"(?:LOGOUT|DISCONNECTED), user=(?P<user>.{{0,255}}?), ip=\[(?P<ip>{_V})\]", "mail_disconnect"),
        Row("Connection, ip=", rf"Connection, ip=\[(?P<ip>{_V})\]", "mail_connect"),
        Row('msg="535', rf"error,relay=(?P<ip>{_V})(?:,port=(?P<port>\d{{1,5}}))?,msg=\"(?P<reason>535[^\"]*)\"", "mail_login", "failure"),
        Row("error,relay=", rf"error,relay=(?P<ip>{_V})(?:,port=(?P<port>\d{{1,5}}))?,(?:ident=[^,]{{0,100}},)?(?:from=<(?P<from>[^>]*)>)?(?:,to=<(?P<to>[^>]*)>)?(?:: (?P<reason>.*))?", "mail_rejected"),
        Row("started,ip=", rf"started,ip=\[(?P<ip>{_V})\]", "mail_connect"),
    ),
)  # fmt: skip
CYRUS = Table(
    "cyrus",
    (
        "cyrus/*", "imap", "imaps", "pop3", "pop3s", "imapd", "pop3d", "sieve", "timsieved", "lmtp", "lmtpunix", "nntpd",
    ),
    (
        Row("badlogin: ", rf"badlogin: (?:(?P<host>[\w.-]{{1,255}}) ?)?\[(?P<ip>{_V})\] plaintext (?P<user>.{{0,300}}?) (?P<reason>SASL\(.*)$", "mail_login", "failure"),
        Row("badlogin: ", rf"badlogin: (?:(?P<host>[\w.-]{{1,255}}) ?)?\[(?P<ip>{_V})\] [\w-]{{1,30}} (?P<reason>.*)$", "mail_login", "failure"),
        Row("login: ", rf"login: (?:(?P<host>[\w.-]{{1,255}}) ?)?\[(?P<ip>{_V})\] (?P<user>\S{{1,255}}) \S+ User logged in", "mail_login", "success"),
    ),
)  # fmt: skip
UW = Table(
    "uw-imap",
    ("imapd", "ipop3d", "ipop2d"),
    (
        Row("host=", rf"Login (?:failed|disabled|excessive login failures) user=(?P<user>.{{0,80}}) auth=.{{0,80}} host=(?P<host>[\w.-]{{0,255}}) ?\[(?P<ip>{_V})\]\s*$", "mail_login", "failure"),
        Row("host=", rf"Failed .{{1,60}} override of user=(?P<user>.{{0,80}}?) {{1,2}}host=(?P<host>[\w.-]{{0,255}}) ?\[(?P<ip>{_V})\]\s*$", "mail_login", "failure"),
        Row("host=", rf"(?:Login|Authenticated|Auth) user=(?P<user>.{{0,80}}) host=(?P<host>[\w.-]{{0,255}}) ?\[(?P<ip>{_V})\]", "mail_login", "success"),
        Row("host=", rf"Logout user=(?P<user>.{{0,80}}) host=(?P<host>[\w.-]{{0,255}}) ?\[(?P<ip>{_V})\]", "mail_disconnect"),
    ),
)  # fmt: skip
SOLID = Table(
    "solid-pop3d",
    ("solid-pop3d", "spop3d"),
    (
        Row(" - ", r"(?P<reason>authentication failed|APOP authentication failed|can't find APOP secret)(?: for (?:mapped )?user|: (?:no such user|can't map user name):) (?P<user>.*) - (?P<ip>\S+)$", "mail_login", "failure"),
        Row("root login not allowed", r"(?P<user>root) (?P<reason>login not allowed) - (?P<ip>\S+)$", "mail_login", "failure"),
        Row("user ", r"user (?P<user>\S+) (?:logged in|authenticated) - (?P<ip>\S+)$", "mail_login", "success"),
    ),
)  # fmt: skip
PERDITION = Table(
    "perdition",
    ("perdition*",),
    (
        Row('status="failed', rf"Auth: (?P<peer>{_V})->\S{{1,80}} .{{0,300}}?authentication_id=\"(?P<user>[^\"]{{0,300}})\" server=.{{0,300}}?status=\"(?P<reason>failed[^\"]*)\"", "mail_login", "failure"),
        Row('status="ok', rf"Auth: (?P<peer>{_V})->\S{{1,80}} .{{0,300}}?authentication_id=\"(?P<user>[^\"]{{0,300}})\" server=.{{0,300}}?status=\"ok", "mail_login", "success"),
        Row("authentication information", rf"Fatal Error reading authentication information from client (?P<peer>{_V})->", "mail_abuse"),
        Row("Close: ", rf"Close: (?P<peer>{_V})->", "mail_disconnect"),
        Row("Connect: ", rf"Connect: (?P<peer>{_V})->", "mail_connect"),
    ),
)  # fmt: skip
QMAIL = Table(
    "qmail",
    ("qmail", "rblsmtpd", "qmail-smtpd", "smtpd", "vpopmail", "vchkpw", "tcpserver"),
    (
        Row("rblsmtpd: ", rf"(?:\d{{1,12}}\.\d{{1,9}} )?rblsmtpd: (?P<ip>{_V}) pid \d{{1,10}} (?P<reason>.*)$", "mail_rejected"),
        Row("badiprbl: ip ", rf"(?:\d{{1,12}}\.\d{{1,9}} )?qmail-smtpd: \d{{3}} badiprbl: ip (?P<ip>{_V}) (?P<reason>rbl: .*)$", "mail_rejected"),
        Row(" blocked ", rf"(?P<reason>[\w.-]{{1,255}} blocked) (?P<ip>{_V}) ", "mail_rejected"),
        Row("vpopmail user not found", rf"vchkpw-\S+: (?P<reason>vpopmail user not found) (?P<user>.*):(?P<ip>{_V})$", "mail_login", "failure"),
        Row("password fail", rf"vchkpw-\S+: (?P<reason>(?:null )?password fail(?:ed)?)(?: \(pass: '.{{0,200}}'\))? (?P<user>.{{0,300}}):(?P<ip>{_V})$", "mail_login", "failure"),
        Row("login success", rf"vchkpw-\S+: \(\w{{1,10}}\) login success (?P<user>.*):(?P<ip>{_V})$", "mail_login", "success"),
    ),
)  # fmt: skip
ORACLE = Table(
    "oracle-ims",
    (),
    (
        Row('mi="Bad password"', rf"[^<>]*? tr=\"TCP\|{_V}\|\d{{1,5}}\|(?P<ip>{_V})\|(?P<port>\d{{1,5}})\" [^<>]*?mi=\"(?P<reason>Bad password)\" us=\"(?P<user>[^\"]*)\"", "mail_login", "failure"),
        Row('mi="Authentication successful', rf"[^<>]*? tr=\"TCP\|{_V}\|\d{{1,5}}\|(?P<ip>{_V})\|(?P<port>\d{{1,5}})\" [^<>]*?mi=\"Authentication successful[^\"]*\" us=\"(?P<user>[^\"]*)\"", "mail_login", "success"),
        Row(' tr="TCP|', rf"[^<>]*? tr=\"TCP\|{_V}\|\d{{1,5}}\|(?P<ip>{_V})\|(?P<port>\d{{1,5}})\"", ""),
    ),
    (Shape("<", '" tr="TCP|', r"<co ts=\"(?P<stamp>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6})\""),),
)  # fmt: skip
KERIO = Table(
    "kerio",
    (),
    (
        Row("login", rf"Failed (?P<method>\w{{1,20}}) login from (?P<ip>{_V})(?:, user (?P<user>.*?)| with SASL method \S+)?\.?$", "mail_login", "failure"),
        Row("Administration login", rf"Administration login into .{{1,60}} from (?P<ip>{_V}) failed: (?P<reason>.*)$", "mail_login", "failure"),
        Row("doesn't exist", rf"\w{{1,20}}: User (?P<user>.*) doesn't exist\. Attempt from IP address (?P<ip>{_V})\.$", "mail_login", "failure"),
        Row("Invalid password", rf"\w{{1,20}}: (?P<reason>Invalid password) for user (?P<user>.*)\. Attempt from IP address (?P<ip>{_V})\.$", "mail_login", "failure"),
        Row("unknown recipient", rf"(?P<reason>Attempt to deliver to unknown recipient) <(?P<to>[^>]*)>, from <(?P<from>.*)>, IP address (?P<ip>{_V})$", "mail_rejected"),
        Row("SMTP Spam attack", rf"SMTP Spam attack detected from (?P<ip>{_V}), (?P<reason>.*)$", "mail_abuse"),
        Row("DNS blacklist", rf"IP address (?P<ip>{_V}) (?P<reason>found in DNS blacklist \S+), mail from <(?P<from>[^>]*)> to <(?P<to>[^>]*)>", "mail_rejected"),
        Row("Relay attempt", rf"(?P<reason>Relay attempt) from IP address (?P<ip>{_V}), mail from <(?P<from>[^>]*)> to <(?P<to>[^>]*)> rejected$", "mail_rejected"),
        Row("no reverse DNS", rf"Client with IP address (?P<ip>{_V}) has (?P<reason>no reverse DNS entry), ", "mail_rejected"),
        Row("Message from IP", rf"Message from IP address (?P<ip>{_V}), sender <(?P<from>[^>]*)> rejected: (?P<reason>.*)$", "mail_rejected"),
    ),
    (Shape("[", "/", r"\[(?P<stamp>\d\d/[A-Z][a-z]{2}/\d{4} \d\d:\d\d:\d\d)\] "),),
)  # fmt: skip
ASSP = Table(
    "assp",
    ("assp",),
    (
        Row("Blocking ", rf"Blocking (?P<ip>{_V}) - (?P<reason>too much AUTH errors)", "mail_rejected"),
        Row("SSL negotiation", rf"(?P<ip>{_V}) (?P<reason>SSL negotiation with client failed)", "mail_abuse"),
        Row("authentication errors", rf"(?P<ip>{_V}) (?P<reason>max sender authentication errors \(\d{{1,9}}\) exceeded)", "mail_login", "failure"),
        Row("[SMTP Error] 535", rf"(?P<ip>{_V}) \[SMTP Error\] (?P<reason>535 .*)$", "mail_login", "failure"),
        Row("relay attempt blocked", rf"(?P<ip>{_V}) <(?P<from>[^>]*)>(?: to: (?P<to>\S+))? (?P<reason>relay attempt blocked)", "mail_rejected"),
    ),
    (Shape("JFMASOND", "-", r"(?P<stamp>[A-Z][a-z]{2}-\d\d-\d\d \d\d:\d\d:\d\d) (?:[a-z]\w{0,3}-\d{1,9}-\d{1,9} )?(?:\[[\w-]{1,40}\] ){0,6}"),),
)  # fmt: skip
DOMINO = Table(
    "domino",
    (),
    (
        Row("Authentication failed for user", rf"SMTP Server(?: \[[^\[\]]{{1,60}}\])?: ?Authentication failed for user (?P<user>.*?) ?; connecting host \[?(?P<ip>{_V})\]?\s*$", "mail_login", "failure"),
        Row("Authentication failed for user", rf"SMTP Server \[[^\[\]]{{1,60}}\] Authentication failed for user (?P<user>.*?) ?; connecting host \[?(?P<ip>{_V})\]?\s*$", "mail_login", "failure"),
        Row("authentication failure", rf"(?:smtp|pop3|imap|http|ldap|nrpc): (?P<user>.*?) \[?(?P<ip>{_V})\]? (?P<reason>authentication failure using internet password)\s*$", "mail_login", "failure"),
        Row("rejected for policy", rf"SMTP Server(?: \[[^\[\]]{{1,60}}\]:?|:) Connection from \[?(?P<ip>{_V})\]? (?P<reason>rejected for policy reasons.*)$", "mail_rejected"),
    ),
    (
        Shape("[0123456789", " ", r"(?:\[[\w:-]{1,60}\] )?(?P<stamp>\d\d-\d\d-\d{4} \d\d:\d\d:\d\d|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) {2,4}(?=[A-Za-z])"),
    ),
)  # fmt: skip

TABLES = (COURIER, CYRUS, UW, SOLID, PERDITION, QMAIL, ORACLE, KERIO, ASSP, DOMINO)

FORMATS = (
    Format(
        name="mail-logins",
        title="Logins and refusals of Courier, Cyrus, UW imapd, solid-pop3d, perdition, qmail, Kerio Connect, ASSP, "
        "HCL Domino, Oracle Messaging Server",
        example="Nov 20 10:00:00 mx5 imapd-ssl: LOGIN FAILED, user=ann, ip=[::ffff:192.0.2.91]",
        programs=programs(TABLES),
        line=lines(TABLES),
        begins=beginnings(TABLES),
    ),
)
