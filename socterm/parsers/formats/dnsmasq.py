"""dnsmasq (and Pi-hole's FTL): queries, what became of them, leases.

`query[A] example.com from 192.0.2.5`, `forwarded example.com to 198.51.100.1`, `reply example.com is
192.0.2.1`; with log-queries=extra a serial and the client's `ADDRESS/PORT` stand before. The name is the
client's own text: what dnsmasq itself says stands behind the last ` from `, ` to ` or ` is `. A failed
answer does not say whose it is: it is taken to be for the client that asked for the name last.

>>> from socterm.parsers import read_line
>>> read_line(FORMATS[0].example, "event.action", "source.ip", "dns.question.name")
('dns_query', '192.0.2.5', 'example.com')
"""

from __future__ import annotations

from socterm.parsers.addresses import known_peers, peer_of
from socterm.parsers.format import Format, Found, Program, Reading
from socterm.parsers.formats.leases import lease_event
from socterm.parsers.marks import Fields, mark, put_end
from socterm.parsers.memory import Memory
from socterm.taxonomy.logsources import LOGSOURCES

_QUERY = mark("dns_query")
_ANSWER = mark("dns_response")
_FORWARD = mark("dns_forward")
_BLOCKED = mark("dns_blocked")
_CODES = frozenset(
    {"NXDOMAIN", "SERVFAIL", "REFUSED", "FORMERR", "NOTIMP", "NODATA", "NODATA-IPv4", "NODATA-IPv6"}
)
_FAILURES = frozenset({"NXDOMAIN", "SERVFAIL", "REFUSED"})
_ASKED = 64
"""How many names are remembered with their clients; answers come within a few lines."""
_LONGEST = 255
"""Characters of a name in DNS (RFC 1035, 2.3.4)."""
_BLOCKERS = ("gravity blocked ", "exactly blocked ", "exactly denied ", "regex blocked ", "regex denied ",
             "blocked ", "antigravity blocked ", "special domain ",
             "blacklisted ", "exactly blacklisted ", "regex blacklisted ")  # fmt: skip
_SOURCES = frozenset(
    {"reply", "cached", "cached-stale", "config", "DHCP", "validation", "dnssec-reply", "rrcache"}
)
_REASONED = frozenset({"DHCPNAK", "DHCPDISCOVER", "DHCPDECLINE", "DHCPRELEASE"})
"""Messages behind which a reason stands and no name."""
_TROUBLE = (
    ("possible DNS-rebind attack detected: ", mark("dns_denied")),
    ("Maximum number of concurrent DNS queries reached", mark("dns_failed")),
    ("nameserver ", mark("dns_failed")),
    ("Insecure DS reply", mark("dns_failed")),
    ("reducing DNS packet size", mark("network_device")),
    ("started, version", mark("network_device")),
    ("exiting on receipt of", mark("network_device")),
    ("read ", mark("network_device")),
    ("using nameserver", mark("network_device")),
)


def dnsmasq(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for dnsmasq and pihole-FTL."""
    if msg[:6] == "query[":
        _query(msg, f)
        _remember(f, mem)
        return mem.times
    first, _, rest = msg.partition(" ")
    if first.isdecimal():
        client, _, msg = rest.partition(" ")
        address, slash, port = client.rpartition("/")
        if slash:
            put_end(f, "source", address, port)
        if msg[:6] == "query[":
            _query(msg, f)
            return mem.times
        first, _, rest = msg.partition(" ")
    if first in _SOURCES or first[:1] == "/":
        _answer(first, rest, f)
        if "source.ip" not in f and f.get("dns.response_code") in _FAILURES:
            _attribute(f, mem)
    elif first == "forwarded":
        name, to, server = rest.rpartition(" to ")
        if to:
            f["dns.question.name"] = name
            put_end(f, "destination", *_numbered(server))
            f.update(_FORWARD)
    elif first.startswith("dnssec-query["):
        name, to, server = rest.rpartition(" to ")
        if to:
            f["dns.question.name"], f["dns.question.type"] = name, first[13:-1]
            put_end(f, "destination", *_numbered(server))
            f.update(_FORWARD)
    elif first.startswith(("auth[", "rrset[")):
        _query(msg, f)
    elif msg.startswith(_BLOCKERS):
        _blocked(msg, f)
    else:
        _other(msg, f)
    return mem.times


def _query(msg: str, f: Fields) -> None:
    verb, _, rest = msg.partition(" ")
    name, by, client = rest.rpartition(" from ")
    if not by:
        return
    f["dns.question.name"] = name
    f["dns.question.type"] = verb.partition("[")[2][:-1]
    found, value = known_peers.get(client) or peer_of(client)
    if found:
        f[found] = value
    f.update(_QUERY)


def _remember(f: Fields, mem: Memory) -> None:
    """Who asked for a name, of the last names of this server."""
    client = f.get("source.ip")
    if client is None or len(f["dns.question.name"]) > _LONGEST:
        return
    key = f"dnsmasq {f.get('host.hostname', '')}"
    asked = dict(mem.recall(key) or ())
    asked.pop(f["dns.question.name"], None)
    asked[f["dns.question.name"]] = client
    if len(asked) > _ASKED:
        del asked[next(iter(asked))]
    mem.keep(key, asked)


def _attribute(f: Fields, mem: Memory) -> None:
    asked = mem.recall(f"dnsmasq {f.get('host.hostname', '')}")
    client = asked.get(f["dns.question.name"]) if asked else None
    if client is not None:
        f["source.ip"] = client


def _numbered(server: str) -> tuple[str, str]:
    address, _, port = server.partition("#")
    return address, port


def _answer(verb: str, rest: str, f: Fields) -> None:
    name, found, data = rest.rpartition(" is ")
    if not found:
        return
    f["dns.question.name"] = name
    f["dnsmasq.answer.from"] = verb
    f.update(_ANSWER)
    code = data.partition(" ")[0]
    if code in _CODES:
        f["dns.response_code"] = "NOERROR" if code.startswith("NODATA") else code
        return
    f["dns.answers.data"] = (data,)
    kind, address = known_peers.get(data) or peer_of(data)
    if kind == "source.ip":
        f["dns.resolved_ip"] = (address,)


def _blocked(msg: str, f: Fields) -> None:
    """Pi-hole: a name on a list; `gravity blocked ads.example is 0.0.0.0`."""
    before, found, data = msg.rpartition(" is ")
    if not found:
        return
    blocker = next(text for text in _BLOCKERS if msg.startswith(text))
    f["dns.question.name"] = before[len(blocker) :]
    f["dns.answers.data"] = (data,)
    f["event.reason"] = blocker.strip()
    f.update(_BLOCKED)


def _other(msg: str, f: Fields) -> None:
    for beginning, known in _TROUBLE:
        if msg.startswith(beginning):
            f.update(known)
            if known.get("event.action") == "dns_denied":
                f["dns.question.name"] = msg[len(beginning) :]
                f["event.reason"] = "possible DNS rebinding"
            elif beginning == "nameserver ":
                put_end(f, "destination", *_numbered(msg[11:].partition(" ")[0]))
            return


def _dhcp(msg: str, f: Fields, mem: Memory) -> int:
    """Body parser for dnsmasq-dhcp: `DHCPACK(eth0) 192.0.2.5 00:16:3e:00:00:01 laptop`."""
    first, _, rest = msg.partition(" ")
    if first.isdecimal():
        msg = rest
        first, _, rest = msg.partition(" ")
    verb, bracket, interface = first.partition("(")
    if bracket and interface.endswith(")"):
        words = rest.split(" ", 3)
        address = words.pop(0) if words[0].count(":") != 5 and words[0] != "" else ""
        mac = words.pop(0) if words else ""
        tail = words[0] if words else ""
        if verb in _REASONED and tail:
            f["event.reason"], tail = " ".join(words), ""
        lease_event(f, verb, address=address, mac=mac, name=tail, interface=interface[:-1])
    elif msg.startswith(("no address range available", "no address available")):
        f["event.reason"] = msg
        f.update(mark("dhcp_denied"))
    return mem.times


def _line(text: str, f: Fields, reading: Reading) -> Found | None:
    """A line of its own log file: dated as syslog's, but without a host."""
    clock = reading.clock
    end = clock.read(text)
    if not end or text[end : end + 8] != " dnsmasq":
        return None
    tag, colon, msg = text[end + 1 :].partition(": ")
    name, _, pid = tag.partition("[")
    if not colon or pid[-1:] != "]" or not pid[:-1].isdecimal() or len(pid) > 11:
        return None
    f["process.name"] = name
    f["process.pid"] = int(pid[:-1])
    f["message"] = msg
    mem = reading.memory
    if name == "dnsmasq":
        f["event.dataset"] = "dnsmasq"
        dnsmasq(msg, f, mem)
        return clock.ts, LOGSOURCES["dnsmasq"], 1
    f["event.dataset"] = "dhcp"
    _dhcp(msg, f, mem)
    return clock.ts, LOGSOURCES["dhcp"], 1


_DNSMASQ = Program(dnsmasq, "dnsmasq")
FORMATS = (
    Format(
        name="dnsmasq",
        title="dnsmasq, Pi-hole",
        example="Nov 20 10:00:00 dns1 dnsmasq[411]: query[A] example.com from 192.0.2.5",
        programs={
            "dnsmasq": _DNSMASQ,
            "pihole-ftl": _DNSMASQ,
            "dnsmasq-dhcp": Program(_dhcp, "dhcp"),
        },
        line=_line,
        begins="JFMASONDjfmasond0123456789",
    ),
)
