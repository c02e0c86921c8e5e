"""Shared screens: VNC servers (TigerVNC, RealVNC, x11vnc, libvncserver).

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "event.outcome", "source.ip")
('remote_login', 'failure', '192.0.2.171')
"""

# ruff: noqa: E501 - a row of a table stands on one line

from __future__ import annotations

from socterm.parsers.format import Format
from socterm.parsers.formats.logins import Row, Shape, Table, beginnings, lines, programs

_V = r"[\da-fA-F:.]{2,45}?"
_END = rf"\[?(?P<ip>{_V})\]?::(?P<port>\d{{1,5}})"
_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"

VNC = Table(
    "vnc",
    ("xvnc", "x0vncserver", "vncserver", "vncserver-x11", "vncserver-x11-serviced", "vncserver-virtual", "x11vnc", "xtigervnc"),
    (
        Row("uthentication failure", rf"\s?VNCSConnST: +[Cc]losing {_END}: (?P<reason>Authentication failure.*)$", "remote_login", "failure"),
        Row("AuthFailure]", rf"\s?Connections: disconnected: {_END} (?:\(TCP\) )?\(\[AuthFailure\] (?P<reason>.*)\)$", "remote_login", "failure"),
        Row("Connections: authenticated: ", rf"\s?Connections: authenticated: {_END} (?:\(TCP\))?,? ?as (?P<user>.{{1,255}}?) \(\S{{1,40}} permissions\)$", "remote_login", "success"),
        Row("Connections: blacklisted: ", rf"\s?Connections: (?P<reason>blacklisted): (?P<ip>{_V})(?:::(?P<port>\d{{1,5}}))?$", "service_denied"),
        Row("Connections: ", rf"\s?Connections: (?:accepted|connected): {_END}(?: |$)", "service_connect"),
        Row("Connections: ", rf"\s?Connections: (?:closed|disconnected): {_END}(?: |$)", "service_disconnect"),
        Row("authentication failed from ", rf"(?:\d\d/\d\d/\d{{4}} \d\d:\d\d:\d\d )?(?:rfbAuthProcessClientMessage|rfbVncAuthProcessResponse): (?P<reason>(?:password|authentication) (?:check )?failed) from (?P<ip>{_V})$", "remote_login", "failure"),
        Row("Got connection from client ", rf"(?:\d\d/\d\d/\d{{4}} \d\d:\d\d:\d\d )?Got connection from client (?P<ip>{_V})$", "service_connect"),
    ),
    (
        Shape(" ", " Connections: ", r" (?=Connections: (?:accepted|closed|blacklisted): )"),
        Shape(" ", " VNCSConnST: ", r" (?=VNCSConnST: +[Cc]losing )"),
        Shape("0123", ": authentication failed from ", rf"(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>\d{{4}}) {_TIME} (?=rfb)"),
        Shape("0123", " Got connection from client ", rf"(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>\d{{4}}) {_TIME} (?=Got )"),
    ),
)  # fmt: skip
TABLES = (VNC,)

FORMATS = (
    Format(
        name="vnc",
        title="VNC servers: TigerVNC, RealVNC, x11vnc",
        example="20/11/2026 10:00:00 rfbAuthProcessClientMessage: authentication failed from 192.0.2.171",
        programs=programs(TABLES),
        line=lines(TABLES),
        begins=beginnings(TABLES),
    ),
)
