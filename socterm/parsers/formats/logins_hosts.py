"""Remote desktops, proxies, gate keepers: xrdp, Screen Sharing, SoftEther, stunnel, Dante, 3proxy, xinetd and others.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('remote_login', 'failure', '192.0.2.141')
"""

# ruff: noqa: E501 - a row of a table stands on one line

from __future__ import annotations

from socterm.parsers.format import Format
from socterm.parsers.formats.logins import Row, Shape, Table, beginnings, lines, programs

_V = r"[\da-fA-F:.]{2,45}"
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d:\d\d"
_XRDP = r"(?:\[(?:INFO ?|ERROR|WARN ?|DEBUG|CORE ?)\] )?"

XRDP = Table(
    "xrdp",
    ("xrdp", "xrdp-sesman"),
    (
        Row("AUTHFAIL: user=", rf"{_XRDP}AUTHFAIL: user=(?P<user>.*) ip=(?P<ip>{_V}) time=\d{{1,12}}$", "remote_login", "failure"),
        Row("Access permitted for user: ", rf"{_XRDP}Access permitted for user: (?P<user>.*)$", "remote_login", "success"),
        Row("login successful for ", rf"{_XRDP}.{{0,60}}login successful for (?:user )?(?P<user>.*?)(?: on .*)?$", "remote_login", "success"),
        Row("connection received from ", rf"{_XRDP}.{{0,40}}connection received from (?P<ip>{_V}) port (?P<port>\d{{1,5}})$", "service_connect"),
    ),
    (Shape("[", "] [", rf"\[(?P<stamp>\d{{8}}-{_TIME}|{_DATE}T{_TIME}\.\d{{3}}[+-]\d{{4}})\] (?=\[(?:INFO |ERROR|WARN |DEBUG|CORE )\] )", all=True),),
)  # fmt: skip
SCREEN_SHARING = Table(
    "screensharing",
    ("screensharingd",),
    (
        Row("Authentication: FAILED ", rf"Authentication: FAILED :: User Name: (?P<user>.*) :: Viewer Address: (?P<ip>{_V}) :: Type: ", "remote_login", "failure"),
        Row("Authentication: SUCCEEDED ", rf"Authentication: SUCCEEDED :: User Name: (?P<user>.*) :: Viewer Address: (?P<ip>{_V}) :: Type: ", "remote_login", "success"),
    ),
)  # fmt: skip
SOFTETHER = Table(
    "softether",
    ("vpnserver", "vpnbridge"),
    (
        Row("User authentication failed", rf"(?:\[.{{1,200}}?\] \({_DATE} {_TIME}\.\d{{3}}\) <\w{{1,40}}>: )?Connection \"[\w-]{{1,40}}\": (?P<reason>User authentication failed)\. The user name that has been provided was \"(?P<user>.*)\", from (?P<ip>{_V})\.$", "vpn_login", "failure"),
        Row("Successfully authenticated as user", rf"(?:\[.{{1,200}}?\] \({_DATE} {_TIME}\.\d{{3}}\) <\w{{1,40}}>: )?Connection \"[\w-]{{1,40}}\": Successfully authenticated as user \"(?P<user>.*)\"\.$", "vpn_login", "success"),
    ),
    (
        Shape("2", ' Connection "', rf"(?P<stamp>{_DATE} {_TIME}\.\d{{3}}) (?=Connection \")", all=True),
        Shape("[ ", "<SECURITY_LOG>: ", rf" ?(?=\[.{{1,200}}?\] \({_DATE} {_TIME}\.\d{{3}}\) <\w{{1,40}}>: )"),
    ),
)  # fmt: skip
STUNNEL = Table(
    "stunnel",
    ("stunnel", "stunnel4"),
    (
        Row("peer did not return a certificate", r"(?:LOG\d\[[\w:]{1,40}\]: )?SSL_accept from (?P<peer>\S{3,80}) ?: (?P<reason>\w{1,12}: error:.*peer did not return a certificate)$", "service_denied"),
        Row("Service [", r"(?:LOG\d\[[\w:]{1,40}\]: )?Service \[[^\[\]]{1,100}\] accepted connection from (?P<peer>\S{3,80})$", "service_connect"),
        Row("refused by libwrap", r"(?:LOG\d\[[\w:]{1,40}\]: )?Service \[[^\[\]]{1,100}\] from (?P<peer>\S{3,80}) (?P<reason>refused by libwrap)", "service_denied"),
    ),
    (Shape("2", " LOG", rf"(?P<stamp>\d{{4}}\.\d\d\.\d\d {_TIME}) LOG\d\[[\w:]{{1,40}}\]: ", all=True),),
)  # fmt: skip
DANTE = Table(
    "dante",
    ("danted", "sockd"),
    (
        Row("password authentication failed for user", r"info: block\(\d{1,5}\): tcp/accept [\]\[]: (?P<ip>[\d.]{7,15}|[\da-fA-F:]{3,45})\.(?P<port>\d{1,5}) \S{3,60}: error after reading \d{1,9} bytes? in \d{1,9} seconds?: (?P<reason>system password authentication failed) for user \"(?P<user>.*)\"$", "proxy_login", "failure"),
        Row("could not access user", r"info: block\(\d{1,5}\): tcp/accept [\]\[]: (?P<ip>[\d.]{7,15}|[\da-fA-F:]{3,45})\.(?P<port>\d{1,5}) \S{3,60}: error after reading \d{1,9} bytes? in \d{1,9} seconds?: (?P<reason>could not access user) \"(?P<user>.*)\"'s records", "proxy_login", "failure"),
        Row("pam_authenticate() for user", r"info: block\(\d{1,5}\): tcp/accept [\]\[]: (?P<ip>[\d.]{7,15}|[\da-fA-F:]{3,45})\.(?P<port>\d{1,5}) \S{3,60}: error after reading \d{1,9} bytes? in \d{1,9} seconds?: pam_authenticate\(\) for user \"(?P<user>.*)\" failed: (?P<reason>.*)$", "proxy_login", "failure"),
        Row(": block(", r"info: block\(\d{1,5}\): tcp/\w{1,20} [\]\[]: (?P<ip>[\d.]{7,15}|[\da-fA-F:]{3,45})\.(?P<port>\d{1,5}) ", "service_denied"),
        Row(": pass(", r"info: pass\(\d{1,5}\): tcp/\w{1,20} [\]\[]: (?P<ip>[\d.]{7,15}|[\da-fA-F:]{3,45})\.(?P<port>\d{1,5}) ", "proxy_request"),
    ),
)  # fmt: skip
THREEPROXY = Table(
    "3proxy",
    ("3proxy",),
    (
        Row(" ", r"0000[5-9] (?P<user>\S{1,255}) (?P<peer>\S{3,80}) \S{3,80} \d{1,18} \d{1,18} ", "proxy_login", "failure"),
        Row(" ", r"0000[1-4] (?:-|(?P<user>\S{1,255})) (?P<peer>\S{3,80}) \S{3,80} \d{1,18} \d{1,18} ", "service_denied"),
        Row(" ", r"\d{5} (?:-|(?P<user>\S{1,255})) (?P<peer>\S{3,80}) \S{3,80} \d{1,18} \d{1,18} ", "proxy_request"),
    ),
    (Shape("0123", ".", rf"(?P<stamp>\d\d-\d\d-\d{{4}} {_TIME} [+-]\d{{4}}) (?:PROXY|SOCKS[45]?|TCPPM|UDPPM|POP3P|SMTPP|FTPPR|ADMIN|DNSPR|HTTPP?)\.\d{{1,5}} (?=\d{{5}} )"),),
)  # fmt: skip
XINETD = Table(
    "xinetd",
    ("xinetd",),
    (
        Row("FAIL: ", r"FAIL: (?P<reason>\S{1,60} (?:address|libwrap|time|service_limit|per_source_limit|load|process_limit))(?: from=(?P<ip>\S{2,60}))?", "service_denied"),
        Row("START: ", r"START: \S{1,60} (?:pid=\d{1,10} )?from=(?P<ip>\S{2,60})", "service_connect"),
        Row("EXIT: ", r"EXIT: \S{1,60} ", "service_disconnect"),
    ),
)  # fmt: skip
NRPE = Table(
    "nrpe",
    ("nrpe", "nagios-nrpe"),
    (
        Row("is not allowed to talk to us", rf"Host (?P<ip>{_V}) (?P<reason>is not allowed to talk to us)!", "service_denied"),
        Row("Could not complete SSL handshake", rf"Error: \(use_ssl == true\): .{{0,40}}(?P<reason>Could not complete SSL handshake) with (?P<ip>{_V})", "service_denied"),
        Row("Connection from ", rf"Connection from (?P<ip>{_V}) port (?P<port>\d{{1,5}})$", "service_connect"),
    ),
)  # fmt: skip
_PEER = r"\(ADDRESS=\(PROTOCOL=\w{2,8}\)\(HOST=(?P<ip>[^()]{1,255})\)\(PORT=(?P<port>\d{1,5})\)\) \* establish \* "
_LISTENED = r"(?P<stamp>\d\d-[A-Z]{3}-\d{4} \d\d:\d\d:\d\d) \* "
_MSG = r"<msg time='[\dT:.+Z-]{19,40}' org_id='oracle' [^<>]{0,600}>\s{0,8}"
ORACLE_LISTENER = Table(
    "oracle",
    (),
    (
        Row("* establish *", rf"(?:\(CONNECT_DATA=.{{0,2000}}\)|<unknown connect data>) \* {_PEER}(?:\S{{1,128}}|<unknown sid>) \* 0\s*(?:</txt>\s*(?:</msg>)?)?$", "database_connect"),
        Row("* establish *", rf"(?:\(CONNECT_DATA=.{{0,2000}}\)|<unknown connect data>) \* {_PEER}(?:\S{{1,128}}|<unknown sid>) \* (?P<reason>\d{{1,6}})\s*(?:</txt>\s*(?:</msg>)?)?$", "service_denied"),
    ),
    (
        Shape("0123", " * (CONNECT_DATA=", _LISTENED),
        Shape("0123", " * <unknown connect data> * ", _LISTENED),
        Shape(" <", " * establish * ", rf"(?: {{0,8}}|{_MSG})<txt>{_LISTENED}"),
    ),
)  # fmt: skip
MARIADB_AUDIT = Table(
    "mysql",
    ("mysql-server_auditing",),
    (
        Row("CONNECT,", r"[\w.-]{0,255},(?P<user>[^,]{0,255}),(?P<ip>[^,]{0,255}),\d{1,18},\d{1,18},FAILED_CONNECT,[^,]{0,255},,(?P<reason>\d{1,6})$", "database_login", "failure"),
        Row("CONNECT,", r"[\w.-]{0,255},(?P<user>[^,]{0,255}),(?P<ip>[^,]{0,255}),\d{1,18},\d{1,18},CONNECT,[^,]{0,255},,0$", "database_login", "success"),
        Row("DISCONNECT,", r"[\w.-]{0,255},(?P<user>[^,]{0,255}),(?P<ip>[^,]{0,255}),\d{1,18},\d{1,18},DISCONNECT,[^,]{0,255},,\d{1,6}$", "database_disconnect"),
        Row(",QUERY,", r"[\w.-]{0,255},(?P<user>[^,]{0,255}),(?P<ip>[^,]{0,255}),\d{1,18},\d{1,18},QUERY,", "database_query"),
    ),
    tuple(Shape("2", needle, rf"(?P<stamp>20\d{{6}} {_TIME}),") for needle in ("CONNECT,", ",QUERY,")),
)  # fmt: skip

TABLES = (
    XRDP,
    SCREEN_SHARING,
    SOFTETHER,
    STUNNEL,
    DANTE,
    THREEPROXY,
    XINETD,
    NRPE,
    ORACLE_LISTENER,
    MARIADB_AUDIT,
)

FORMATS = (
    Format(
        name="host-logins",
        title="Logins and refusals of xrdp, macOS Screen Sharing, SoftEther VPN, stunnel, Dante, 3proxy, xinetd, NRPE, "
        "Oracle's listener, MariaDB's audit plugin",
        example="[20261120-10:00:00] [INFO ] AUTHFAIL: user=ann ip=::ffff:192.0.2.141 time=1795168800",
        programs=programs(TABLES),
        line=lines(TABLES),
        begins=beginnings(TABLES),
    ),
)
