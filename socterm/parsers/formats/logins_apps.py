"""Other applications' logins: telephony, chat, voice, games; honeypots.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('sip_login', 'failure', '192.0.2.131')
>>> read_line(FORMATS[1].example, "event.action", "event.outcome", "source.ip")
('honeypot_login', 'failure', '192.0.2.132')
"""

# ruff: noqa: E501 - a row of a table stands on one line

from __future__ import annotations

from socterm.parsers.format import Format
from socterm.parsers.formats.logins import Row, Shape, Table, beginnings, lines, programs
from socterm.parsers.formats.logins_json import cowrie

_V = r"[\da-fA-F:.]{2,45}"
_DATE = r"\d{4}-\d\d-\d\d"
_TIME = r"\d\d:\d\d:\d\d"
_FS = r"(?:\d{1,3}\.\d\d% )?\[(?P<level>WARNING|WARN|ERR|ERROR|NOTICE|INFO|DEBUG|CRIT|ALERT)\] (?:\[SOFIA\] )?\[?\w{1,40}\.c:\d{1,6}\]? "

FREESWITCH = Table(
    "freeswitch",
    ("freeswitch",),
    (
        Row("SIP auth failure", rf"(?:{_DATE} {_TIME}\.\d{{6}} )?(?:{_FS})?SIP auth failure \((?P<method>\w{{1,20}})\) on sofia profile '[^']{{1,100}}' for \[(?P<user>.*?)(?:@(?P<domain>[^\]@]{{0,255}}))?\] from ip (?P<ip>{_V})$", "sip_login", "failure"),
        Row("SIP auth challenge", rf"(?:{_DATE} {_TIME}\.\d{{6}} )?(?:{_FS})?SIP auth challenge \((?P<method>\w{{1,20}})\) on sofia profile '[^']{{1,100}}' for \[(?P<user>.*?)(?:@(?P<domain>[^\]@]{{0,255}}))?\] from ip (?P<ip>{_V})$", "sip_login"),
        Row("Can't find user [", rf"(?:{_DATE} {_TIME}\.\d{{6}} )?(?:{_FS})?(?P<reason>Can't find user) \[(?P<user>.*?)(?:@(?P<domain>[^\]@]{{0,255}}))?\] from (?P<ip>{_V})$", "sip_login", "failure"),
        Row("Rejected by acl", rf"(?:{_DATE} {_TIME}\.\d{{6}} )?(?:{_FS})?IP (?P<ip>{_V}) (?P<reason>Rejected by acl) ", ""),
    ),
    (
        Shape("0123456789", ".c:", rf"(?P<stamp>{_DATE} {_TIME}\.\d{{6}}) {_FS}", all=True),
        Shape("01", ".c:", rf"(?P<month>\d\d)-(?P<day>\d\d) (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)\.(?P<fraction>\d{{6}}) {_FS}", all=True),
    ),
)  # fmt: skip
MURMUR = Table(
    "murmur",
    ("murmurd", "mumble-server", "murmur"),
    (
        Row("Rejected connection from ", r"(?:<\w>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} )?\d{1,9} => <\d{1,9}:(?P<user>.*)\(-?\d{1,9}\)> Rejected connection from (?P<peer>\S+): (?P<reason>Invalid server password|Wrong certificate or password for existing user)$", "service_login", "failure"),
        Row("Rejected connection from ", r"(?:<\w>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} )?\d{1,9} => <\d{1,9}:(?P<user>.*)\(-?\d{1,9}\)> Rejected connection from (?P<peer>\S+): (?P<reason>.*)$", "service_login"),
        Row("New connection: ", r"(?:<\w>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} )?\d{1,9} => <\d{1,9}:(?P<user>.*)\(-?\d{1,9}\)> New connection: (?P<peer>\S+)$", "service_connect"),
        Row("> Authenticated", r"(?:<\w>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} )?\d{1,9} => <\d{1,9}:(?P<user>.*)\(-?\d{1,9}\)> Authenticated$", "service_login", "success"),
    ),
    (Shape("<", " => <", rf"<[A-Z]>(?P<stamp>{_DATE} {_TIME}\.\d{{3}}) (?=\d{{1,9}} => )", all=True),),
)  # fmt: skip
COUNTER_STRIKE = Table(
    "counter-strike",
    (),
    (
        Row("Bad Rcon: ", r"Bad Rcon: \".*\" from \"(?P<peer>[\d.]{7,15}:\d{1,5})\"\s*$", "service_login", "failure"),
        Row("Rcon: ", r"Rcon: \".*\" from \"(?P<peer>[\d.]{7,15}:\d{1,5})\"\s*$", "service_login", "success"),
        Row("rcon from ", r"rcon from \"(?P<peer>[\d.]{7,15}:\d{1,5})\": Bad Password\s*$", "service_login", "failure"),
        Row("rcon from ", r"rcon from \"(?P<peer>[\d.]{7,15}:\d{1,5})\": command \"", "service_login", "success"),
    ),
    (Shape("L", " - ", r"L (?P<month>\d\d)/(?P<day>\d\d)/(?P<year>\d{4}) - (?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d): "),),
)  # fmt: skip
EJABBERD = Table(
    "ejabberd",
    ("ejabberd",),
    (
        Row("Failed authentication for ", rf"(?:\(.{{0,400}}?\) )?Failed authentication for (?P<user>\S{{1,400}}) from (?:IP )?(?P<ip>{_V})(?: \(\{{.{{0,100}}\}}\))?$", "service_login", "failure"),
        Row(" authentication for ", rf"(?:\(.{{0,400}}?\) )?Failed (?:c2s|s2s) \S{{1,40}} authentication for (?P<user>\S{{1,400}}) from (?P<ip>{_V}): (?P<reason>.*)$", "service_login", "failure"),
        Row(" authentication for ", rf"(?:\(.{{0,400}}?\) )?Accepted (?:c2s |s2s )?(?:\S{{1,40}} )?authentication for (?P<user>\S{{1,400}}) (?:by \S{{1,80}} )?from (?P<ip>{_V})", "service_login", "success"),
    ),
    (
        Shape("0123456789", "@ejabberd", rf"(?P<stamp>{_DATE} {_TIME}\.\d{{3,6}}(?:[+-]\d\d:\d\d)?) \[(?P<level>\w{{1,10}})\] <\d{{1,6}}\.\d{{1,9}}\.\d{{1,6}}>@ejabberd\S{{1,100}} ", all=True),
        Shape("I", ":ejabberd_", r"I\(<\d{1,6}\.\d{1,9}\.\d{1,6}>:ejabberd_\w{1,40}:\d{1,6}\) : ", all=True),
    ),
)  # fmt: skip
ZNC = Table(
    "znc",
    ("znc",),
    (
        Row("failed to login from ", r"\[(?P<user>.*)\] failed to login from (?P<peer>\S+)$", "service_login", "failure"),
        Row("connected to ZNC from ", r"\[(?P<user>.*)\] connected to ZNC from (?P<peer>\S+)$", "service_login", "success"),
        Row("disconnected from ZNC from ", r"\[(?P<user>.*)\] disconnected from ZNC from (?P<peer>\S+)$", "service_disconnect"),
    ),
    (Shape("[", "] [", rf"\[(?P<stamp>{_DATE} {_TIME})\] (?=\[)"),),
)  # fmt: skip
TABLES = (FREESWITCH, MURMUR, COUNTER_STRIKE, EJABBERD, ZNC)

FORMATS = (
    Format(
        name="app-logins",
        title="Logins of FreeSWITCH, Murmur (Mumble), Counter-Strike, ejabberd, ZNC",
        example="2026-11-20 10:00:00.767815 [WARNING] sofia_reg.c:2531 Can't find user [1001@192.0.2.1] from 192.0.2.131",
        programs=programs(TABLES),
        line=lines(TABLES),
        begins=beginnings(TABLES),
    ),
    Format(
        name="cowrie",
        title="Cowrie, a honeypot for SSH and telnet: JSON log",
        example='{"eventid":"cowrie.login.failed","session":"9f8e7d6c5b4a","protocol":"ssh","src_ip":"192.0.2.132",'
        '"src_port":52344,"username":"root","password":"x","timestamp":"2026-11-20T10:00:00.000000Z",'
        '"message":"login attempt [root/x] failed"}',
        object=cowrie,
        keys=(frozenset({"eventid"}),),
    ),
)
