"""Internal and external ends, the way of a connection, names taken apart, URLs read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.config import Config
from socterm.enrich import Enricher
from socterm.enrich.data import DataFiles
from socterm.enrich.prefixes import address_of, network_of
from socterm.enrich.urls import LONGEST, decoded
from socterm.event import Event


def enriched(fields: dict[str, Any], enricher: Enricher | None = None) -> dict[str, Any]:
    """What the fields of one event become."""
    event = Event(0, "x", 0, "", dict(fields))
    (enricher or Enricher()).apply([event])
    return event.fields


@pytest.mark.parametrize(
    ("address", "external"),
    [
        ("10.1.2.3", False),
        ("172.31.255.255", False),
        ("172.32.0.0", True),
        ("192.168.0.1", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("169.254.1.1", False),
        ("224.0.0.251", False),
        ("255.255.255.255", False),
        ("203.0.113.9", True),
        ("9.255.255.255", True),
        ("11.0.0.0", True),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd12::1", False),
        ("ff02::1", False),
        ("2001:db8::1", True),
        ("::ffff:10.0.0.1", False),
        ("::ffff:203.0.113.9", True),
    ],
)
def test_usual_private_networks_are_internal(address: str, external: bool) -> None:
    assert enriched({"source.ip": address})["source.is_external"] is external
    assert enriched({"destination.ip": address})["destination.is_external"] is external


@pytest.mark.parametrize(
    "value", ["", "gateway", "10.0.0", "10.0.0.300", "010.0.0.1", "1.2.3.4\x00", "\udc80", 7]
)
def test_what_is_no_address_is_neither(value: object) -> None:
    assert enriched({"source.ip": value}) == {"source.ip": value}


def test_internal_networks_can_be_named() -> None:
    ours = Enricher(DataFiles(["198.51.100.0/24", "198.51.100.128/25", "2001:db8::/32"]))
    assert enriched({"source.ip": "198.51.100.7"}, ours)["source.is_external"] is False
    assert enriched({"source.ip": "198.51.100.200"}, ours)["source.is_external"] is False
    assert enriched({"source.ip": "198.51.101.0"}, ours)["source.is_external"] is True
    assert enriched({"source.ip": "10.0.0.1"}, ours)["source.is_external"] is True
    assert enriched({"source.ip": "2001:db8:9::1"}, ours)["source.is_external"] is False


def test_the_configuration_says_what_is_internal() -> None:
    config = Config.model_validate(
        {"db": "/x", "actor": "a", "networks": {"internal": ["default", "203.0.113.0/24"]}}
    )
    ours = Enricher.of(config)
    for address in ("203.0.113.9", "10.0.0.1"):
        assert enriched({"source.ip": address}, ours)["source.is_external"] is False


@pytest.mark.parametrize(
    ("source", "destination", "direction"),
    [
        ("203.0.113.9", "10.0.0.1", "inbound"),
        ("10.0.0.1", "203.0.113.9", "outbound"),
        ("10.0.0.1", "10.0.0.2", "internal"),
        ("203.0.113.9", "2001:db8::1", "external"),
    ],
)
def test_direction_needs_both_ends(source: str, destination: str, direction: str) -> None:
    both = {"source.ip": source, "destination.ip": destination}
    assert enriched(both)["network.direction"] == direction
    assert enriched(both | {"network.direction": "ingress"})["network.direction"] == "ingress"
    assert "network.direction" not in enriched({"source.ip": source})
    assert "network.direction" not in enriched({"source.ip": source, "destination.ip": "printer"})


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_a_network_holds_what_python_says(number: int, length: int) -> None:
    import ipaddress

    network = ipaddress.ip_network((number, length), strict=False)
    assert network_of(str(network)) == (32, int(network.network_address) >> (32 - length), length)
    assert address_of(str(network.network_address)) == (32, int(network.network_address))


@pytest.mark.parametrize(
    "text", ["10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/", "x/8", "::/129", "/8"]
)
def test_what_is_no_network(text: str) -> None:
    assert network_of(text) is None


# -- URLs ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("/a%20b", "/a b"),
        ("/..%2f..%2Fetc/passwd", "/../../etc/passwd"),
        ("/%252e%252e%255cwin.ini", "/..\\win.ini"),
        ("/%25252e", "/."),
        ("/%2525252e", "/%2e"),
        ("/s?q=union+select%2B1", "/s?q=union select+1"),
        ("/a+b", "/a+b"),
        ("/%c0%ae%c0%ae%c0%af", "/../"),
        ("/%e0%80%af%f0%80%80%af", "///"),
        ("/%u002e%U002e%u2215", "/..\u2215"),
        ("/%uD83D%uDE00%ud800", "/\U0001f600%ud800"),
        ("/%c3%a4", "/ä"),
        ("/%e4x", "/%e4x"),
        ("/%zz%4", "/%zz%4"),
        ("/%00%c0%80", "/%00%00"),
        ("/?x=%3Cscript%3E", "/?x=<script>"),
        ("%%32%65", "."),
    ],
)
def test_url_is_read_as_it_is_meant(url: str, text: str) -> None:
    found = enriched({"url.original": url})
    assert found.get("url.decoded", url) == text
    assert ("url.decoded" in found) is (url != text)
    assert found["url.original"] == url


def test_url_already_decoded_is_kept() -> None:
    assert enriched({"url.original": "/%41", "url.decoded": "/x"})["url.decoded"] == "/x"


def test_a_long_url_is_cut() -> None:
    assert decoded("/" + "%41" * 100_000) == ("/" + "%41" * 100_000)[:LONGEST].replace("%41", "A")


@given(st.text(alphabet="%uU0123456789abcdefCcEeFf?+./ä\x00\udc80", max_size=200))
def test_any_url_can_be_read(url: str) -> None:
    text = decoded(url)
    assert len(text) <= len(url)
    assert text.count("\x00") <= url.count("\x00")
    assert sum("\ud800" <= char <= "\udfff" for char in text) <= url.count("\udc80")


# -- names -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "registered", "subdomain"),
    [
        ("www.example.co.uk", "example.co.uk", "www"),
        ("a.b.example.com.", "example.com", "a.b"),
        ("WWW.EXAMPLE.ORG", "example.org", "www"),
        ("example.org", "example.org", None),
        ("x.someone.github.io", "someone.github.io", "x"),
        ("co.uk", None, None),
        ("localhost", None, None),
        ("192.0.2.7", None, None),
        ("2001:db8::1", None, None),
        ("", None, None),
        (".", None, None),
        ("a..b.com", None, None),
        ("x." * 200 + "com", None, None),
    ],
)
def test_names_are_taken_apart(name: str, registered: str | None, subdomain: str | None) -> None:
    for field, prefix in (
        ("dns.question.name", "dns.question"),
        ("url.domain", "url"),
        ("destination.domain", "destination"),
    ):
        found = enriched({field: name})
        assert found.get(f"{prefix}.registered_domain") == registered
        assert found.get(f"{prefix}.subdomain") == subdomain


def test_lengths_of_a_question_give_tunnels_away() -> None:
    found = enriched({"dns.question.name": "a" * 60 + ".b." + "c" * 40 + ".example.com."})
    assert (found["dns.question.length"], found["dns.question.label_length"]) == (115, 60)
    assert "url.length" not in enriched({"url.domain": "www.example.com"})


def test_what_a_producer_said_of_a_name_stays() -> None:
    found = enriched({"dns.question.name": "www.example.com", "dns.question.registered_domain": "theirs"})
    assert found["dns.question.registered_domain"] == "theirs"
    assert found["dns.question.subdomain"] == "www"


# -- hostile values --------------------------------------------------------------------------

_NAMES = [
    "source.ip", "destination.ip", "url.original", "dns.question.name", "url.domain", "destination.domain",
    "host.hostname", "event.action", "event.outcome", "user.name", "process.name", "process.pid", "country",
    "source.geo.location.lat", "file.hash.sha256", "related.user", "source.port", "message",
    "source.is_external", "destination.is_external", "threat.indicator.name", "source.domain", "pam.module",
]  # fmt: skip
_VALUES = st.one_of(
    st.text(max_size=50),
    st.sampled_from(
        ["10.0.0.1", "203.0.113.9", "ssh_login", "session_closed", "sudo_command", "su", "sshd", "DE"]
    ),
    st.integers(-(10**40), 10**40),
    st.floats(),
    st.tuples(st.lists(st.text(max_size=3), max_size=2)),
    st.booleans(),
    st.none(),
    st.tuples(st.text(max_size=9), st.integers()),
    st.lists(st.text(max_size=9), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
_SOURCES = st.sampled_from(
    [(), (("linux", "", "sshd"), ("linux", "", "auth")), (("linux", "", "sudo"),), (("", "webserver", ""),)]
)


@given(st.lists(st.tuples(st.dictionaries(st.sampled_from(_NAMES), _VALUES), _SOURCES), max_size=8))
def test_whatever_a_line_holds_it_stays_and_nothing_is_raised(
    lines: list[tuple[dict[str, Any], Any]],
) -> None:
    events = [Event(n, "x", n, "", dict(fields), logsources) for n, (fields, logsources) in enumerate(lines)]
    enricher = Enricher()
    enricher.apply(events)
    enricher.changes("x")
    ours = ("source.geo.", "source.is_", "destination.is_")
    for event, (fields, _) in zip(events, lines, strict=True):
        for name, value in fields.items():
            assert event.fields[name] is value or name.startswith(ours), name


def test_many_shapes_and_values_do_not_pile_up() -> None:
    enricher = Enricher()
    events = [
        Event(n, "x", n, "", {f"name{n}": 1, "source.ip": f"203.{n >> 16}.{n >> 8 & 255}.{n & 255}"})
        for n in range(40_000)
    ]
    enricher.apply(events)
    held = [len(found) for found in enricher._lookups.values()] + [len(enricher._plans)]
    assert max(held) <= 16_384
    assert all(event.fields["source.is_external"] for event in events)


@pytest.mark.parametrize(
    "fields",
    [
        {"source.ip": "x", "destination.ip": "y", "source.is_external": "yes", "destination.is_external": []},
        {"source.ip": (["203.0.113.9"],), "url.original": "/%41"},
        {"source.ip": ["203.0.113.9"], "url.original": "/%41"},
        {
            "event.action": "ssh_login", "event.outcome": "success", "user.name": "a", "url.original": "/%41",
            "source.domain": "b", "source.port": 10**40,
        },
    ],
)  # fmt: skip
def test_odd_values_are_left_alone_and_the_rest_is_done(fields: dict[str, Any]) -> None:
    enricher = Enricher()
    found = enriched(fields, enricher)
    enricher.changes("x")
    assert fields.items() <= found.items()
    assert ("url.original" in fields) is (found.get("url.decoded") == "/A")
