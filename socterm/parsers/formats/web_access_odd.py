"""The careful way through a line of an access log: escaped quotes, lists of addresses, odd heads and tails.

It is read from what the server itself wrote: the head ends at the first quote that is not escaped, the stamp
stands last in it, the request ends where status and size follow. Users, URLs and agents may hold anything.
"""

from __future__ import annotations

import re

from socterm.parsers.addresses import peer_of
from socterm.parsers.format import Found, Reading
from socterm.parsers.formats.web_request import (
    answer_fields,
    client_of,
    host_port,
    is_private,
    plain,
    put_duration,
    put_forwarded,
    put_host,
    put_number,
    put_text,
    request_fields,
    tokens_of,
)
from socterm.parsers.marks import Fields, put_end
from socterm.parsers.moments import when
from socterm.taxonomy.logsources import LOGSOURCES

_TEXT = r'[^"\\]*+(?:\\.[^"\\]*+)*+'
_LEAD = re.compile(r'(?:([^\s"]{1,255}) )?"([0-9a-fA-F.:, ]{3,1024})" ')
"""A virtual host, and X-Forwarded-For in quotes, before all else."""
_UNTIL_QUOTE = re.compile(_TEXT, re.DOTALL)
_QUOTED = re.compile(rf'"({_TEXT})"', re.DOTALL)
_RESULT = re.compile(r" (\d{3}|-)(?: (\d{1,18}|-))?(?= |$|\n)")
_LATER_RESULT = re.compile(r'" (\d{3}) (\d{1,18}|-)(?= |$)')
_SIZE_ONLY = re.compile(r" (\d{1,18}|-)$")
_STAMP = re.compile(r"\d{1,2}/(?:[^/ ]{3,10}|\d\d)/\d{4}:\d\d:|\d{4}-\d\d-\d\d[T ]\d\d:")
_NUMERIC = re.compile(r"(\d\d)/(0[1-9]|1[0-2])/(\d{4}):")
"""Proxmox's pveproxy writes the month as a number."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NO_USER = '"" ['
"""What Apache writes for a user name that was sent empty."""
_HEAD = 4096
_TAIL = 16_384
_SQUID = re.compile(r"[A-Z_]{3,40}(?:/\d{3})?:[A-Z_]{3,40}")
_MS = re.compile(r"\d{1,12}ms")
_SECONDS = re.compile(r"\d{1,9}\.\d{3}")
_KEYED = {
    "rt": "time",
    "request_time": "time",
    "host": "host",
    "server": "host",
    "vhost": "host",
    "xff": "forwarded",
    "x_forwarded_for": "forwarded",
}
"""What people write before values that they add to nginx's combined format."""


def odd_line(text: str, fields: Fields, reading: Reading) -> Found | None:
    """Reads an access line of any shape known here; None, with the fields untouched, if it is none."""
    host = lead = ""
    start = 0
    listed = _LEAD.match(text)
    if listed is not None:
        host, lead, start = listed[1] or "", listed[2], listed.end()
    found = _UNTIL_QUOTE.match(text, start)
    end = found.end() if found is not None else 0
    if text.startswith(_NO_USER, end) and text[:end].endswith(" "):
        text = f"{text[:end]}-{text[end + 2 :]}"
        found = _UNTIL_QUOTE.match(text, start)
        end = found.end() if found is not None else 0
    if end >= len(text) or end - start > _HEAD:
        return None
    head = text[start:end]
    who, _, behind = head.rpartition("[")
    stamp, bracket, between = behind.partition("]")
    if not bracket or not _STAMP.match(stamp):
        return None
    ts = when(reading.clock, _named_month(stamp.strip()))
    if ts is None:
        return None
    made: Fields = {"event.dataset": "web.access"}
    after = between.split()
    if who.strip() or lead:
        if len(after) > 1 or not _who(who.split(), lead, made):
            return None
        if host:
            put_server(made, host)
        if after and not after[0].isdecimal():
            put_host(made, after[0])
        result = _result(text, end, _RESULT)
    else:
        result = _result(text, end, _SIZE_ONLY if len(after) == 3 else _RESULT)
        if len(after) == 3 and result is None:
            result = _result(text, end, _RESULT)
        if not after or result is None or not _tls_or_who(after, made):
            return None
    if result is None:
        return None
    request, status, size, at = result
    vhost: Fields = {name: made[name] for name in ("url.domain", "url.port") if name in made}
    made |= answer_fields(status)
    made |= request_fields(plain(request))
    made |= vhost
    put_number(made, "http.response.body.bytes", size)
    _tail(text[at : at + _TAIL], made)
    fields |= made
    return ts, LOGSOURCES[made["event.dataset"]], 1


def _named_month(stamp: str) -> str:
    """`20/11/2026:10:00:00 +0100` with the month's name; any other stamp as it is."""
    found = _NUMERIC.match(stamp)
    if found is None:
        return stamp
    return f"{found[1]}/{_MONTHS[int(found[2]) - 1]}/{found[3]}:{stamp[found.end() :]}"


def _result(text: str, at: int, shape: re.Pattern[str]) -> tuple[str, str, str, int] | None:
    """(request, status, size, offset behind them): the quoted request at `at`, and the server's answer."""
    quoted = _QUOTED.match(text, at)
    if quoted is not None:
        found = shape.match(text, quoted.end())
        if found is not None:
            if shape is _SIZE_ONLY:
                return quoted[1], "", found[1], found.end()
            return quoted[1], found[1], found[2] or "", found.end()
    later = _LATER_RESULT.search(text, at)  # a server that escapes no quotes
    if later is None:
        return None
    return text[at + 1 : later.start()], later[1], later[2], later.end()


def _who(tokens: list[str], lead: str, fields: Fields) -> bool:
    """`[HOST] CLIENT[, CLIENT…] IDENT USER`: who asked, and whom."""
    clients = [token.strip() for token in lead.split(",") if token.strip()]
    at = tokens.index("-", 1) if "-" in tokens[1:] else 0
    if at and at + 1 < len(tokens):
        before, user = tokens[:at], " ".join(tokens[at + 1 :])
    elif len(tokens) >= 3 and not clients:
        # An ident that is none: lighttpd's virtual host, or what identd claims to know.
        before, user = tokens[:1], " ".join(tokens[2:])
        if "." in tokens[1] or tokens[1] == "localhost" or ":" in tokens[1]:
            put_host(fields, tokens[1])
    else:
        return False
    host, listed = _listed(before)
    if listed is None:
        return False
    clients += listed
    if not clients:
        return False
    chosen = client_of(clients) if len(clients) > 1 else clients[0]
    if chosen != "-" and not put_end(fields, "source", chosen):
        name, port = host_port(chosen)
        if not port or not put_end(fields, "source", name, port):
            fields["source.address"] = chosen
    if len(clients) > 1:
        put_forwarded(fields, ",".join(clients))
    if host:
        put_server(fields, host)
    if user.strip("- "):
        fields["user.name"] = plain(user)
    return True


def _listed(tokens: list[str]) -> tuple[str, list[str] | None]:
    """(host, clients) of what stands before the ident: a list of clients has a comma behind all but its last.

    An address behind the list is the proxy that handed it on. None for clients where there is no such list.
    """
    commas = [token.endswith(",") for token in tokens]
    host = ""
    if len(tokens) > 1 and not commas[0]:
        host, tokens, commas = tokens[0], tokens[1:], commas[1:]
    if not all(commas[:-2]) or (len(commas) > 1 and not commas[0]):
        return "", None
    return host, [token.rstrip(",") for token in tokens]


def put_server(fields: Fields, text: str) -> None:
    """The virtual host a line begins with; an address is that of the server itself.

    An address from outside before a peer of our own is no server: that is how X-Forwarded-For is written
    in front of the peer (`%{X-Forwarded-For}i %h`), in brackets or not.
    """
    text = text.strip("()")
    name, port = host_port(text)
    if peer_of(name)[0] == "source.ip":
        if not port and is_private(fields.get("source.ip", "")) and not is_private(name):
            put_forwarded(fields, name)
        else:
            put_end(fields, "destination", name, port)
    else:
        put_host(fields, text)


def _tls_or_who(tokens: list[str], fields: Fields) -> bool:
    """What stands between the stamp and the request where the stamp comes first: mod_ssl's request log."""
    if len(tokens) == 3 and (tokens[1].startswith(("TLSv", "SSLv")) or tokens[1:] == ["-", "-"]):
        put_text(fields, "tls.version", tokens[1][4:])
        put_text(fields, "tls.cipher", tokens[2])
        return bool(put_end(fields, "source", tokens[0]))
    return _who(tokens, "", fields)


def _tail(text: str, fields: Fields) -> None:
    """What follows status and size: referrer and agent, then what a server's owner or another server adds."""
    tokens = tokens_of(text.partition("\n")[0])
    if not tokens:
        return
    quoted = [said for _, said in tokens[:2]]
    if quoted == [True, True] or (tokens[0] == ("-", False) and quoted[1:] == [True]):
        put_text(fields, "http.request.referrer", plain(tokens[0][0]))
        put_text(fields, "user_agent.original", plain(tokens[1][0]))
        tokens = tokens[2:]
    elif quoted[0]:
        first = tokens[0][0]
        name = "http.request.referrer" if "://" in first[:12] else "user_agent.original"
        put_text(fields, name, plain(first))
        tokens = tokens[1:]
    more = [value for value, _ in tokens]
    if len(more) == 4 and more[0].isdecimal() and tokens[1][1] and _MS.fullmatch(more[3]):
        _traefik(more, fields)
    elif more and _SQUID.fullmatch(more[-1]):
        fields["event.dataset"] = "squid"
        fields["squid.result"], _, fields["squid.hierarchy"] = more[-1].partition(":")
    else:
        put_more(fields, more)


def _traefik(more: list[str], fields: Fields) -> None:
    """Number of the request, router (before 2.0 the frontend), server, time taken."""
    fields["event.dataset"] = "traefik.access"
    fields["traefik.request_count"] = int(more[0][:18])
    put_text(fields, "traefik.router", more[1])
    put_text(fields, "traefik.server", more[2])
    put_duration(fields, more[3][:-2], 1_000_000)


def put_more(fields: Fields, values: list[str]) -> None:
    """Fields a server's owner added, as far as their look tells: X-Forwarded-For, a virtual host, a time.

    The time must be the first of its kind: nginx's `$request_time` stands before the upstream's.
    """
    for value in values:
        key, equals, named = value.partition("=")
        kind = _KEYED.get(key) if equals else _kind(value)
        said = named.strip('"') if equals else value
        if kind == "time" and "event.duration" not in fields:
            put_duration(fields, said)
        elif kind == "host" and "url.domain" not in fields:
            put_host(fields, said)
        elif kind == "forwarded" and "network.forwarded_ip" not in fields:
            put_forwarded(fields, said)


def _kind(value: str) -> str:
    """What a value without a name is: "time", "host", "forwarded" or "" for none of these."""
    if len(value) > _HEAD or value == "-":
        return ""
    if _SECONDS.fullmatch(value):
        return "time"
    first = value.partition(",")[0].strip()
    name, _ = peer_of(first)
    if name == "source.ip":
        return "forwarded"
    host = host_port(first)[0]
    if name and "." in host[1:-1] and host.rpartition(".")[2].isalpha() and "," not in value:
        return "host"
    return ""
