"""Web applications' logins: webmail, groupware, administration, files, dashboards.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('web_login', 'failure', '192.0.2.101')
"""

# ruff: noqa: E501 - a row of a table stands on one line

from __future__ import annotations

from socterm.parsers.format import Format, Reading
from socterm.parsers.formats.logins import Row, Shape, Table, beginnings, lines, programs
from socterm.parsers.formats.logins_json import web_object
from socterm.parsers.marks import Fields
from socterm.parsers.memory import Memory
from socterm.parsers.objects import json_reader

_V = r"[\da-fA-F:.]{2,45}"
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d:\d\d"

ROUNDCUBE = Table(
    "roundcube",
    ("roundcube",),
    (
        Row(" from ", rf"(?:<\w{{1,40}}> )?(?:IMAP Error: )?(?:FAILED login|Failed login|Login failed) for (?P<user>.*?)(?: against \S{{1,255}})? from (?P<ip>{_V})(?: \(X-[^()]{{0,300}}\)|\(X-[^()]{{0,300}}\))?(?:\. (?P<reason>[A-Z].*)| in session .*| \(.*|\.)?$", "web_login", "failure"),
        Row("Successful login for ", rf"(?:<\w{{1,40}}> )?Successful login for (?P<user>.*?) \(ID: \d{{1,12}}\) from (?P<ip>{_V})(?: in session|$)", "web_login", "success"),
    ),
    (Shape("[", " login for ", rf"\[(?P<stamp>\d\d-[A-Z][a-z]{{2}}-\d{{4}} {_TIME}(?: [+-]\d{{4}})?)\]: "),
     Shape("[", "Login failed for ", rf"\[(?P<stamp>\d\d-[A-Z][a-z]{{2}}-\d{{4}} {_TIME}(?: [+-]\d{{4}})?)\]: ")),
)  # fmt: skip
SQUIRRELMAIL = Table(
    "squirrelmail",
    ("squirrelmail",),
    (
        Row("[LOGIN_ERROR]", rf"\[LOGIN_ERROR\] (?P<user>.*) \((?P<domain>[^()]{{0,255}})\) from (?P<ip>{_V}): (?P<reason>.*)$", "web_login", "failure"),
        Row("[LOGIN]", rf"\[LOGIN\] (?P<user>.*) \((?P<domain>[^()]{{0,255}})\) from (?P<ip>{_V}): ", "web_login", "success"),
    ),
    (Shape("0123", "[LOGIN", r"(?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d{4}) (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) "),),
)  # fmt: skip
HORDE = Table(
    "horde",
    ("horde",),
    (
        Row("FAILED LOGIN for ", rf"(?:\[\w{{1,10}}\] )?\[\w{{1,20}}\] (?:\[\w{{1,20}}\] )?FAILED LOGIN for (?P<user>.*?) (?:\(forwarded for [^()]{{1,60}}\) )?[\[(](?P<ip>{_V})[\])](?: \(forwarded for \[?[^()]{{1,60}}\]?\))? to ", "web_login", "failure"),
        Row("Login success for ", rf"(?:\[\w{{1,10}}\] )?\[\w{{1,20}}\] (?:\[\w{{1,20}}\] )?Login success for (?P<user>.*?) [\[(](?P<ip>{_V})[\])]", "web_login", "success"),
    ),
    (Shape("JFMASOND", " HORDE [", rf"(?P<stamp>[A-Z][a-z]{{2}} [ \d]\d {_TIME}) HORDE (?=\[)"),
     Shape("0123456789", " HORDE: ", rf"(?P<stamp>{_DATE}T{_TIME}(?:\.\d{{1,6}})?(?:Z|[+-]\d\d:\d\d)) HORDE: (?:\[\w{{1,10}}\] )?(?=\[)"),),
)  # fmt: skip
SOGO = Table(
    "sogo",
    ("sogod", "sogo"),
    (
        Row("might not have worked", rf"SOGoRootPage Login from '(?P<ip>{_V})(?:, [\da-fA-F:., ]{{0,200}})?' for user '(?P<user>.*)' (?P<reason>might not have worked)( - password policy: .*)?$", "web_login", "failure"),
        Row("successful login from", rf"SOGoRootPage successful login from '(?P<ip>{_V})(?:, [\da-fA-F:., ]{{0,200}})?' for user '(?P<user>.*)'", "web_login", "success"),
    ),
    (Shape("JFMASOND", " sogod [", rf"(?P<stamp>[A-Z][a-z]{{2}} [ \d]\d {_TIME}) sogod \[(?P<pid>\d{{1,10}})\]: (?:\[[A-Z]{{1,10}}\] )?", all=True),),
)  # fmt: skip
GROUPOFFICE = Table(
    "groupoffice",
    (),
    (
        Row("LOGIN FAILED", rf"LOGIN FAILED for user: \"(?P<user>.*)\" from IP: (?P<ip>{_V})$", "web_login", "failure"),
        Row("LOGIN SUCCESS", rf"LOGIN SUCCESS for user: \"(?P<user>.*)\" from IP: (?P<ip>{_V})$", "web_login", "success"),
    ),
    (Shape("[", "]LOGIN ", rf"\[(?P<stamp>{_DATE} {_TIME})\](?=LOGIN )"),),
)  # fmt: skip
OPENWEBMAIL = Table(
    "openwebmail",
    (),
    (
        Row("error", rf"\((?P<ip>{_V})\) (?P<user>.*?) - (?:login|userinfo) error - (?P<reason>.*)$", "web_login", "failure"),
        Row("- login - ", rf"\((?P<ip>{_V})\) (?P<user>.*?) - login - ", "web_login", "success"),
        Row("- logout - ", rf"\((?P<ip>{_V})\) (?P<user>.*?) - logout - ", "web_logout"),
    ),
    (Shape("MTWFS", " - [", rf"(?P<stamp>[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} {{1,2}}\d{{1,2}} {_TIME} \d{{4}}) - \[(?P<pid>\d{{1,10}})\] (?=\()"),),
)  # fmt: skip
WEBMIN = Table(
    "webmin",
    ("webmin", "usermin", "miniserv"),
    (
        Row(" login as ", r"(?P<reason>Invalid|Non-existent|Expired|Security alert: user not known|Unknown) login as (?P<user>.*) from (?P<ip>\S+)\s*$", "web_login", "failure"),
        Row("Successful login as ", r"Successful login as (?P<user>.*) from (?P<ip>\S+)\s*$", "web_login", "success"),
        Row("Logout by ", r"Logout by (?P<user>.*) from (?P<ip>\S+)\s*$", "web_logout"),
        Row("Timeout of ", r"Timeout of (?:session for )?(?P<user>.*)$", "web_logout"),
    ),
)  # fmt: skip
PHPMYADMIN = Table(
    "phpmyadmin",
    ("phpmyadmin", "pma"),
    (
        Row("user denied: ", r"user denied: (?P<user>.*) \((?P<reason>[\w-]{1,60})\) from (?P<ip>\S+)\s*$", "web_login", "failure"),
        Row("user authenticated: ", r"user authenticated: (?P<user>.*) from (?P<ip>\S+)\s*$", "web_login", "success"),
    ),
)  # fmt: skip
GITLAB = Table(
    "gitlab",
    ("gitlab",),
    (
        Row("Failed Login: ", rf"Failed Login: username=(?P<user>.*) ip=(?P<ip>{_V})$", "web_login", "failure"),
        Row("Successful Login: ", rf"Successful Login: username=(?P<user>.*) ip=(?P<ip>{_V})(?: method=\S+)?(?: admin=\w+)?$", "web_login", "success"),
    ),
    (Shape("0123456789", "ed Login: ", rf"(?P<stamp>{_DATE}T{_TIME}\.\d{{3}}Z): (?=Fail)"),
     Shape("0123456789", "Successful Login: ", rf"(?P<stamp>{_DATE}T{_TIME}\.\d{{3}}Z): (?=Succ)")),
)  # fmt: skip
GRAFANA = Table(
    "grafana",
    (),
    (
        Row(" path=/login status=401 ", rf"msg=\"Request Completed\" method=POST path=/login status=401 remote_addr=\"?\[?(?P<ip>{_V})\]?\"? .{{0,600}}status_source=", "web_login", "failure"),
        Row("nvalid username or password", rf".{{0,400}}?msg=\"[Ii]nvalid username or password\" (?:logger=\S{{1,60}} )?.{{0,1500}} remote_addr=\"?\[?(?P<ip>{_V})\]?\"?(?: [\w.]{{1,40}}=.*)?$", "web_login", "failure"),
    ),
    (Shape("t", "nvalid username or password", r"t=(?P<stamp>\S{19,40}) l(?:vl|evel)=(?P<level>\w{1,10}) "),
     Shape("l", " path=/login status=401 ", r"logger=context (?:userId=\S{0,20} orgId=\S{0,20} uname=\S{0,255} )?t=(?P<stamp>\S{19,40}) level=(?P<level>\w{1,10}) "),
     Shape("l", "nvalid username or password", r"logger=\S{1,60} (?:userId=\S{0,20} orgId=\S{0,20} uname=\S{0,255} )?t=(?P<stamp>\S{19,40}) l(?:vl|evel)=(?P<level>\w{1,10}) ")),
)  # fmt: skip
DRUPAL = Table(
    "drupal",
    ("drupal*",),
    (
        Row("|user|", rf"https?://[^|\s]{{1,255}}\|\d{{10}}\|user\|(?P<ip>{_V})\|.*\|\d{{1,10}}\|[^|]*\|Login attempt failed (?:for|from) (?P<user>[^|]*?)\.?$", "web_login", "failure"),
        Row("|user|", rf"https?://[^|\s]{{1,255}}\|\d{{10}}\|user\|(?P<ip>{_V})\|.*\|\d{{1,10}}\|[^|]*\|Session opened for (?P<user>[^|]*?)\.?$", "web_login", "success"),
        Row("|user|", rf"https?://[^|\s]{{1,255}}\|\d{{10}}\|user\|(?P<ip>{_V})\|.*\|\d{{1,10}}\|[^|]*\|Session closed for (?P<user>[^|]*?)\.?$", "web_logout"),
    ),
    (Shape("h", "|user|", r"(?=https?://[^|\s]{1,255}\|\d{10}\|user\|)"),),
)  # fmt: skip
GUACAMOLE = Table(
    "guacamole",
    ("guacd", "guacamole"),
    (
        Row("Authentication attempt from ", rf"Authentication attempt from \[?(?P<ip>{_V})(?:, [\da-fA-F:., ]{{1,200}})?\]? for user \"(?P<user>.*)\" failed\.$", "web_login", "failure"),
        Row("successfully authenticated from", rf"User \"(?P<user>.*)\" successfully authenticated from \[?(?P<ip>{_V})(?:, [\da-fA-F:., ]{{1,200}})?\]?\.$", "web_login", "success"),
        Row("users now present", r"User \"(?P<user>.{0,300}?)\" .{0,300}?users now present\)", ""),
    ),
    (Shape("W", "Authentication attempt", r"WARNING: (?=Authentication attempt from )"),
     Shape("I", " successfully authenticated ", r"INFO: (?=User \")"),
     Shape("012", "AuthenticationService - ", r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d{3} \[[^\[\]]{1,100}\] (?P<level>\w{4,5}) {1,2}\S{0,80}AuthenticationService - ")),
)  # fmt: skip
CENTREON = Table(
    "centreon",
    (),
    (
        Row("Authentication failed for ", rf"\[(?P<ip>{_V})\] Authentication failed for '(?P<user>.*)' ?: (?P<reason>.*)$", "web_login", "failure"),
        Row("Authentication succeeded for ", rf"\[(?P<ip>{_V})\] Authentication succeeded for '(?P<user>.*)'", "web_login", "success"),
    ),
    (Shape("0123456789", "|[WEB] [", rf"(?P<stamp>{_DATE} {_TIME})\|-?\d{{1,9}}\|\d{{1,9}}\|\d{{1,9}}\|\[WEB\] "),),
)  # fmt: skip
FROXLOR = Table(
    "froxlor",
    ("froxlor",),
    (
        Row("[Login Action ", rf"\[Login Action (?P<ip>{_V})\] Unknown user '(?P<user>.*)' tried to login\.$", "web_login", "failure"),
        Row("[Login Action ", rf"\[Login Action (?P<ip>{_V})\] User '(?P<user>.*)' tried to login with (?P<reason>wrong password)\.$", "web_login", "failure"),
        Row('"source":"login"', r"froxlor\.\w{1,10}: (?P<reason>[\w ]{0,40}tried to login[\w ]{0,40})\. \{\"source\":\"login\",\"action\":\"\d{1,4}\",\"user\":\"(?P<ip>[\da-fA-F:.]{2,45})\"\} \[\]$", "web_login", "failure"),
    ),
)  # fmt: skip
DIRECTADMIN = Table(
    "directadmin",
    (),
    (
        Row("failed login attempt", rf"'(?P<ip>{_V})' \d{{1,9}} failed login attempts?\. (?:Invalid a|A)ccount '(?P<user>.{{0,300}}?)'(?: via '.{{0,300}}')?$", "web_login", "failure"),
        Row("successful login to", rf"'(?P<ip>{_V})' successful login to '(?P<user>.*?)' after ", "web_login", "success"),
    ),
    (Shape("2", "' ", rf"(?P<stamp>\d{{4}}:\d\d:\d\d-{_TIME}): (?=')"),),
)  # fmt: skip
TINE = Table(
    "tine20",
    (),
    (
        Row("Login with username ", rf"Tinebase_Controller::login::\d{{1,6}} Login with username (?P<user>.*) from (?P<ip>{_V}) failed \((?P<reason>-?\d{{1,4}})\)!$", "web_login", "failure"),
        Row("Login with username ", rf"Tinebase_Controller::login::\d{{1,6}} Login with username (?P<user>.*) from (?P<ip>{_V}) succeeded", "web_login", "success"),
    ),
    (Shape("0123456789abcdef", "Tinebase_Controller::login", rf"[\da-f]{{5}} [\da-f]{{5}} .{{1,120}}? - (?P<stamp>{_DATE}T{_TIME}[+-]\d\d:\d\d) (?P<level>[A-Z]{{1,10}}) \(\d\): "),),
)  # fmt: skip
OWNCLOUD = Table(
    "nextcloud",
    ("nextcloud", "owncloud"),
    (Row("Login failed: ", rf"(?:\{{core\}} )?Login failed: '?(?P<user>.*?)'? \(Remote IP: '?(?P<ip>{_V})'?(?:, X-Forwarded-For: '[^()]{{0,300}}')?\)$", "web_login", "failure"),),
)  # fmt: skip

TABLES = (
    ROUNDCUBE, SQUIRRELMAIL, HORDE, SOGO, GROUPOFFICE, OPENWEBMAIL, WEBMIN, PHPMYADMIN, GITLAB, GRAFANA, DRUPAL,
    GUACAMOLE, CENTREON, FROXLOR, DIRECTADMIN, TINE, OWNCLOUD,
)  # fmt: skip

_WEB = programs(TABLES)
_CLOUD = _WEB["nextcloud"]
_object = json_reader([(web_object, ())])


def _cloud(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for Nextcloud and ownCloud in syslog: since Nextcloud 16 the very JSON of its own log."""
    if msg[:1] == "{" and mem.clock is not None:
        found = _object(msg, f, Reading(mem.clock, mem))
        if found is not None:
            mem.asked = True
            return mem.times
    return _CLOUD.parse(msg, f, mem)


FORMATS = (
    Format(
        name="web-logins",
        title="Logins of Roundcube, SquirrelMail, Horde, SOGo, Group-Office, Open WebMail, Webmin, phpMyAdmin, GitLab, "
        "Grafana, Nextcloud, Drupal, Guacamole, Centreon, Froxlor, DirectAdmin, Tine",
        example="[20-Nov-2026 10:00:00 +0100]: <aB3dE5fG> Failed login for ann from 192.0.2.101 in session 1z506z6rvdd (error: 0)",
        programs=_WEB | dict.fromkeys(OWNCLOUD.programs, _CLOUD._replace(parse=_cloud)),
        line=lines(TABLES),
        begins=beginnings(TABLES),
        object=web_object,
        keys=(frozenset({"reqId", "remote_addr", "severity"}), frozenset({"time", "t"})),
    ),
)
