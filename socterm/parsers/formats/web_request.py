"""What a web server is asked and answers, under ECS names: request line, URL, status, size.

Nothing is decoded: `url.*` is as it went over the wire, for rules look for `%2e%2e` and `${jndi:` alike.
"""

from __future__ import annotations

import re

from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.marks import Fields, mark, number

_EXTENSION = 10
_SCHEME = 12
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_ESCAPED = re.compile(r'\\(?:(["\\])|x(22|5[Cc]))')
_HEXED = {"22": '"', "5c": "\\"}

_TOKEN = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"?|(\[[^\]\n]*\]|[^\s"]+)', re.DOTALL)


def request_fields(line: str) -> Fields:
    """The fields of a request line. What is none (a TLS greeting, a probe's noise) is `http.request.raw`.

    >>> request_fields("GET /a/b.php?x=1 HTTP/1.1")["url.extension"], request_fields(r"\\x16\\x03\\x01")
    ('php', {'http.request.raw': '\\\\x16\\\\x03\\\\x01'})
    """
    method, _, rest = line.partition(" ")
    url, _, version = rest.rpartition(" ")
    if version[:5] == "HTTP/" and len(version) <= _SCHEME:
        if url and _METHOD.fullmatch(method):
            fields: Fields = {"http.request.method": method, "http.version": version[5:]}
            put_url(fields, url)
            return fields
    elif rest[:1] in "/*" and rest and method.isalpha() and method.isupper():
        fields = {"http.request.method": method}  # HTTP/0.9, or a line too long that was cut
        put_url(fields, rest)
        return fields
    return {"http.request.raw": line} if line and line != "-" else {}


def put_url(fields: Fields, url: str) -> None:
    """A request's target taken apart; scheme, host and port where it names them itself.

    >>> fields: Fields = {}
    >>> put_url(fields, "http://h.example:80/x?y"); fields["url.domain"], fields["url.path"]
    ('h.example', '/x')
    """
    fields["url.original"] = url
    rest = url
    if url[:1] != "/":
        scheme, sep, behind = url.partition("://")
        if sep and len(scheme) <= _SCHEME and scheme.isalnum():
            host = behind.partition("/")[0].partition("?")[0]
            fields["url.scheme"] = scheme.lower()
            put_host(fields, host.rpartition("@")[2])
            rest = behind[len(host) :]
        elif "/" not in url and "?" not in url:
            if url != "*":
                put_host(fields, url)  # CONNECT host:port
            return
    path, mark_, query = rest.partition("?")
    if path:
        fields["url.path"] = path
    if mark_ and query:
        fields["url.query"] = query
    dot = path.rfind(".") + 1
    if dot > path.rfind("/"):
        extension = path[dot:]
        if 0 < len(extension) <= _EXTENSION and extension.isalnum():
            fields["url.extension"] = extension


def put_host(fields: Fields, host: str) -> None:
    """The host (and port) a request was for: a virtual host, a Host header, the authority of a URL."""
    name, port = host_port(host)
    if name and name != "-":
        fields["url.domain"] = name
        if port is not None:
            fields["url.port"] = port


def host_port(text: str) -> tuple[str, int | None]:
    """A host and the port behind it, None where none is; brackets around an IPv6 address go.

    >>> host_port("[2001:db8::1]:443"), host_port("h.example:8080"), host_port("2001:db8::1")
    (('2001:db8::1', 443), ('h.example', 8080), ('2001:db8::1', None))
    """
    if text[:1] == "[":
        name, _, behind = text[1:].partition("]")
        return name, _port(behind[1:]) if behind[:1] == ":" else None
    name, colon, behind = text.rpartition(":")
    if not colon or ":" in name:
        return text, None
    return name, _port(behind)


def _port(text: str) -> int | None:
    port = number(text, 5)
    return port if port is not None and port < 65_536 else None


def _answer(code: int) -> Fields:
    outcome = ("failure" if code >= 400 else "success") if code >= 100 else ""
    return {**mark("web_request", outcome), "http.response.status_code": code}


_ANSWERS = {f"{code:03d}": _answer(code) for code in range(1000)}
_UNANSWERED = mark("web_request")


def answer_fields(status: str) -> Fields:
    """What happened, and how it ended: a status of three digits. Do not change the answer.

    A status below 100 (nginx's 000, proxies' 0) says that nothing was answered: no outcome.
    """
    return _ANSWERS.get(status) or _UNANSWERED


def tokens_of(text: str, most: int = 40) -> list[tuple[str, bool]]:
    """Words, bracketed and quoted strings of a line in order, each with whether it was quoted.

    >>> tokens_of('a "b c" [d e]')
    [('a', False), ('b c', True), ('[d e]', False)]
    """
    tokens: list[tuple[str, bool]] = []
    for found in _TOKEN.finditer(text):
        tokens.append((found[1], True) if found[1] is not None else (found[2], False))
        if len(tokens) >= most:
            break
    return tokens


def put_text(fields: Fields, name: str, text: str) -> None:
    """A value that may be absent: servers write `-` then."""
    if text and text != "-":
        fields[name] = text


def put_number(fields: Fields, name: str, text: str) -> None:
    """A number that may be absent or no number at all."""
    found = number(text, 18)
    if found is not None:
        fields[name] = found


def put_duration(fields: Fields, text: str, unit: int = 1_000_000_000) -> None:
    """How long it took, as `event.duration` in ns; `unit` is how many ns the logged number counts in."""
    whole, dot, fraction = text.partition(".")
    if len(text) <= 18 and whole.isdecimal() and (not dot or fraction.isdecimal()) and text.isascii():
        fields["event.duration"] = round(float(text) * unit)


def client_of(tokens: list[str]) -> str:
    """Of a list of forwarded addresses (client first, each proxy behind it) the one that tells most.

    That is the first from outside; where all are private, the first. What a client writes into the header
    itself stands further left than what our own proxies add, so this can be spoofed: `network.forwarded_ip`
    holds the whole list.
    """
    for token in tokens:
        name, value = known_peers.get(token) or peer_of(token)
        if name == "source.ip" and not is_private(value):
            return token
    return tokens[0]


_LOCAL = ("10.", "127.", "192.168.", "169.254.", "fc", "fd", "fe80:", *(f"172.{n}." for n in range(16, 32)))


def is_private(ip: str) -> bool:
    """Whether an address is of a network that no one outside can write from.

    >>> is_private("10.0.0.1"), is_private("172.32.0.1"), is_private("::1"), is_private("fd00::1")
    (True, False, True, True)
    """
    return ip.startswith(_LOCAL) or ip == "::1"


def put_forwarded(fields: Fields, text: str) -> None:
    """X-Forwarded-For as it was sent: `network.forwarded_ip`, addresses only, the claimed client first.

    Where the peer is a machine of our own (a private address: a balancer, an ingress), it stands for all
    visitors, and who asked is the last address from outside, which our own proxies added: that becomes
    `source.ip`, the peer `source.nat.ip`. What a client wrote into the header itself stands further left.
    """
    if not text or text == "-":
        return
    found = []
    for token in text[:1024].split(","):
        name, value = peer_of(token.strip())
        if name == "source.ip":
            found.append(value)
    if found:
        fields["network.forwarded_ip"] = tuple(found)
        peer = fields.get("source.ip", "")
        client = next((ip for ip in reversed(found) if not is_private(ip)), "")
        if client and is_private(peer):
            fields["source.ip"], fields["source.nat.ip"] = client, peer
            if "source.port" in fields:
                fields["source.nat.port"] = fields.pop("source.port")


def plain(text: str) -> str:
    r"""Undo the escaping of quotes and backslashes (`\"` and `\\`, nginx's `\x22` and `\x5C`); no other.

    >>> plain(r"a \"b\" \x22 \x16")
    'a "b" " \\x16'
    """
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: found[1] or _HEXED[found[2].lower()], text)
