"""Which columns a line of a W3C extended log has, where no `#Fields:` line told: by their look."""

from __future__ import annotations

import re

from socterm.parsers.addresses import peer_of
from socterm.parsers.formats.web_request import host_port

_SITE = re.compile(r"W3SVC\d{1,10}")
_METHOD = re.compile(r"[A-Z][A-Z_-]{1,31}")
_STATUS = re.compile(r"\d{3}")
_EDGE = re.compile(r"[A-Z]{3}\d{1,3}(?:-[A-Z]\d{1,2})?")
_LEAST = 9

CLOUDFRONT = (
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(host)", "cs-uri-stem",
    "sc-status", "cs(referer)", "cs(user-agent)", "cs-uri-query", "cs(cookie)", "x-edge-result-type",
    "x-edge-request-id", "x-host-header", "cs-protocol", "cs-bytes", "time-taken", "x-forwarded-for",
    "ssl-protocol", "ssl-cipher", "x-edge-response-result-type", "cs-protocol-version",
)  # fmt: skip
"""CloudFront's columns are always these first ones."""
_HTTPERR = (
    "date", "time", "c-ip", "c-port", "s-ip", "s-port", "cs-version", "cs-method", "cs-uri",
)  # fmt: skip
_HTTPERR_END = ("sc-status", "s-siteid", "s-reason", "s-queuename")
_BEFORE_CLIENT = ("cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip")
_NUMBERED = {
    0: (),
    1: ("time-taken",),
    2: ("sc-substatus", "sc-win32-status"),
    3: ("sc-substatus", "sc-win32-status", "time-taken"),
    5: ("sc-substatus", "sc-win32-status", "sc-bytes", "cs-bytes", "time-taken"),
}
"""How many numbers follow the status → what they are; IIS writes columns in one order only."""


def columns_fit(names: list[str], values: list[str]) -> bool:
    """Whether a line can be one of those that these columns were told for."""
    if len(names) != len(values):
        return False
    row = dict(zip(names, values, strict=True))
    if row.get("date", "") != values[0] or row.get("time", "") != values[1]:
        return False
    for name, shape in (("sc-status", _STATUS), ("cs-method", _METHOD)):
        value = row.get(name, "-")
        if value != "-" and not shape.fullmatch(value):
            return False
    return _address(row.get("c-ip", "-")) and _address(row.get("s-ip", "-"))


def columns_by_look(values: list[str], *, tabbed: bool) -> list[str] | None:
    """The columns of a line of IIS, Windows' HTTP errors or (`tabbed`) CloudFront; None for another's."""
    if tabbed:
        names = list(CLOUDFRONT)
        fits = (
            len(values) >= len(names) and _EDGE.match(values[2]) and values[4] != "-" and _address(values[4])
        )
        return names + [""] * (len(values) - len(names)) if fits else None
    if len(values) < _LEAST:
        return None
    return _error(values) or _request(values)


def _error(values: list[str]) -> list[str] | None:
    count = len(values)
    if not 13 <= count <= 15 or values[2] == "-" or not _address(values[2]) or not values[3].isdecimal():
        return None
    if not _address(values[4]) or not values[5].isdecimal() or values[6][:5] not in ("HTTP/", "-"):
        return None
    if count == 13:
        return [*_HTTPERR, *_HTTPERR_END]
    return [*_HTTPERR, "streamid", *_HTTPERR_END, "transport"][:count]


def _request(values: list[str]) -> list[str] | None:
    """[site] [computer] [address] METHOD STEM QUERY PORT USER CLIENT [version] agent … STATUS numbers."""
    names = ["date", "time"]
    at = next((i for i in range(2, 6) if _METHOD.fullmatch(values[i]) and values[i + 1][:1] in "/*"), 0)
    if not at:
        return None
    before = values[2:at]
    if before and _SITE.fullmatch(before[0]):
        names.append("s-sitename")
        before = before[1:]
    if before and len(before) == 2:
        names.append("s-computername")
        before = before[1:]
    if before:
        if len(before) > 1 or not _address(before[0]):
            return None
        names.append("s-ip")
    names += _BEFORE_CLIENT
    client = at + len(_BEFORE_CLIENT) - 1
    if len(values) <= client + 1 or not values[client - 2].isdecimal() or not _address(values[client]):
        return None
    rest = values[client + 1 :]
    if rest[0].startswith("HTTP/"):
        names.append("cs-version")
        rest = rest[1:]
    status = _status_at(rest)
    if status < 0:
        return None
    return [*names, *_said(rest[:status]), "sc-status", *_NUMBERED[len(rest) - status - 1]]


def _status_at(rest: list[str]) -> int:
    """Where the status stands: as many numbers as IIS may write follow, and nothing else; -1 for nowhere."""
    numbers = 0
    while numbers < len(rest) and rest[-1 - numbers].isdecimal():
        numbers += 1
    for count in sorted(_NUMBERED, reverse=True):
        at = len(rest) - 1 - count
        if count < numbers and 0 <= at <= 4 and _STATUS.fullmatch(rest[at]):
            return at
    return -1


def _said(values: list[str]) -> list[str]:
    """What the client said of itself: agent, cookie, referrer, host, of which any may be left out."""
    if len(values) == 4:
        return ["cs(user-agent)", "cs(cookie)", "cs(referer)", "cs-host"]
    names = ["cs(user-agent)", "cs(referer)", "cs-host"][: len(values)]
    if len(values) == 3 and "://" in values[2]:
        names = ["cs(user-agent)", "cs(cookie)", "cs(referer)"]
    return names


def _address(text: str) -> bool:
    """An address, or nothing."""
    return text == "-" or peer_of(bare(text))[0] == "source.ip"


def bare(text: str) -> str:
    """An address without the brackets that may stand around it."""
    return host_port(text)[0] if text[:1] == "[" else text
