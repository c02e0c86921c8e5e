"""Firewalls, DNS, DHCP, VPN, routers: behaviours and quirks that the golden pairs do not name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.taxonomy import resolve

NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000
TSV = "1795168800.000001\tCHhAvVGS1DHFjwGM9a\t192.0.2.5\t40000\t203.0.113.80\t443"


def events(*lines: str, zone: str = "UTC") -> list[Event]:
    chunk = Chunk("x", 0, [line.encode() for line in lines], {}, NOW, live=False)
    return Decoder("x", tz=ZoneInfo(zone)).decode(chunk)


def fields(line: str) -> dict[str, Any]:
    return events(line)[0].fields


def packet(prefix: str, rest: str = "PROTO=TCP SPT=1 DPT=22 SYN") -> dict[str, Any]:
    return fields(
        f"Nov 20 10:00:00 gw kernel: {prefix}IN=eth0 OUT= SRC=203.0.113.9 DST=192.0.2.1 LEN=40 {rest}"
    )


class TestPackets:
    @pytest.mark.parametrize(
        ("prefix", "action"),
        [
            ("[UFW BLOCK] ", "connection_denied"),
            ("[UFW LIMIT BLOCK] ", "connection_denied"),
            ("[UFW ALLOW] ", "connection_allowed"),
            ("[UFW AUDIT] ", "packet_logged"),
            ("Shorewall:net2fw:DROP:", "connection_denied"),
            ("FINAL_REJECT: ", "connection_denied"),
            ("nft accept: ", "connection_allowed"),
            ("[WAN_OUT-2000-A]", "connection_allowed"),
            ("[LAN_IN-RET-2147483647] ", "connection_allowed"),
            ("Firewall: *TCP_IN Blocked* ", "connection_denied"),
            ("some words ", "packet_logged"),
            ("", "packet_logged"),
        ],
    )
    def test_what_became_of_a_packet_is_read_from_the_administrators_prefix(
        self, prefix: str, action: str
    ) -> None:
        assert packet(prefix)["event.action"] == action

    def test_a_packet_inside_an_icmp_error_does_not_overwrite_the_packet(self) -> None:
        found = packet("", "PROTO=ICMP TYPE=3 CODE=3 [SRC=10.9.9.9 DST=10.8.8.8 PROTO=UDP SPT=5 DPT=6 ]")
        assert found["source.ip"] == "203.0.113.9"
        assert "destination.port" not in found

    def test_the_first_of_two_lengths_is_the_packets(self) -> None:
        assert packet("", "PROTO=UDP SPT=1 DPT=53 LEN=20")["network.bytes"] == 40

    def test_a_short_or_broken_hardware_address_is_none(self) -> None:
        assert "source.mac" not in packet("", "MAC=00:16 PROTO=TCP SPT=1 DPT=2")

    def test_a_line_without_protocol_stays_the_kernels(self) -> None:
        assert packet("", "")["event.dataset"] == "kernel"

    def test_rules_of_the_category_firewall_find_the_verdict(self) -> None:
        (event,) = events(
            "Nov 20 10:00:00 gw kernel: ACCEPT IN=a OUT=b SRC=10.0.0.1 DST=10.0.0.2 PROTO=TCP DPT=21"
        )
        assert ("", "firewall", "") in event.logsources
        assert event.fields[resolve("action", ("", "firewall", ""))] == "accept"
        assert event.fields[resolve("blocked", ("", "firewall", ""))] is False


class TestKernel:
    def test_a_usb_serial_knows_the_device_told_before_on_its_host_and_port(self) -> None:
        found = events(
            "Nov 20 10:00:00 a kernel: usb 1-1: New USB device found, idVendor=0781, idProduct=5567",
            "Nov 20 10:00:00 b kernel: usb 1-1: New USB device found, idVendor=ffff, idProduct=0000",
            "Nov 20 10:00:00 a kernel: usb 1-1: SerialNumber: X1",
        )
        assert found[2].fields["usb.vendor_id"] == "0781"
        assert found[2].fields["device.serial_number"] == "X1"

    def test_what_is_known_of_usb_survives_a_restart(self) -> None:
        first = Decoder("x")
        line = b"Nov 20 10:00:00 a kernel: usb 1-1: New USB device found, idVendor=0781, idProduct=5567"
        first.decode(Chunk("x", 0, [line], {}, NOW))
        second = Decoder("x")
        second.restore([(key, text) for key, text in first.changes() if text is not None])
        (event,) = second.decode(
            Chunk("x", 1, [b"Nov 20 10:00:01 a kernel: usb 1-1: SerialNumber: X1"], {}, NOW)
        )
        assert event.fields["usb.product_id"] == "5567"

    def test_a_program_name_in_hexadecimal_is_decoded(self) -> None:
        found = fields(
            'Nov 20 10:00:00 a kernel: audit: type=1400 audit(1:2): apparmor="DENIED" operation="open" '
            'profile="p" name=2F746D702F612062 pid=7 comm="x"'
        )
        assert found["file.path"] == "/tmp/a b"

    def test_apparmor_status_is_no_denial(self) -> None:
        found = fields('Nov 20 10:00:00 a kernel: audit: type=1400 audit(1:2): apparmor="STATUS" pid=1')
        assert found.get("event.action") != "access_denied"


class TestNames:
    def test_a_dns_name_that_looks_like_dnsmasqs_own_words_names_nobody_else(self) -> None:
        found = fields("Nov 20 10:00:00 d dnsmasq[1]: query[A] x from 192.0.2.66 from 192.0.2.5")
        assert found["source.ip"] == "192.0.2.5"
        assert found["dns.question.name"] == "x from 192.0.2.66"

    def test_a_failed_answer_of_dnsmasq_is_for_the_client_that_asked_last(self) -> None:
        found = events(
            "Nov 20 10:00:00 d dnsmasq[1]: query[A] nx.example from 192.0.2.5",
            "Nov 20 10:00:00 d dnsmasq[1]: query[A] nx.example from 192.0.2.6",
            "Nov 20 10:00:00 d dnsmasq[1]: query[A] other.example from 192.0.2.7",
            "Nov 20 10:00:01 d dnsmasq[1]: reply nx.example is NXDOMAIN",
            "Nov 20 10:00:01 e dnsmasq[1]: reply nx.example is NXDOMAIN",
            "Nov 20 10:00:01 d dnsmasq[1]: 7 192.0.2.8/4711 reply nx.example is NXDOMAIN",
            "Nov 20 10:00:01 d dnsmasq[1]: reply other.example is 198.51.100.1",
        )
        assert [event.fields.get("source.ip") for event in found[3:]] == [
            "192.0.2.6",
            None,
            "192.0.2.8",
            None,
        ]

    def test_dnsmasq_s_clients_are_remembered_for_a_few_names_only(self) -> None:
        asked = [f"Nov 20 10:00:00 d dnsmasq[1]: query[A] n{i}.example from 192.0.2.5" for i in range(65)]
        answers = [f"Nov 20 10:00:01 d dnsmasq[1]: reply n{i}.example is NXDOMAIN" for i in (0, 1)]
        assert [event.fields.get("source.ip") for event in events(*asked, *answers)[65:]] == [
            None,
            "192.0.2.5",
        ]

    def test_pihole_and_dnsmasq_write_a_file_without_a_host(self) -> None:
        (event,) = events("Nov 20 10:00:00 dnsmasq[9]: query[A] example.com from 192.0.2.5")
        assert event.fields["process.pid"] == 9
        assert event.time_from == "line"
        assert ("", "dns", "") in event.logsources

    def test_dhcpd_takes_the_interface_and_not_the_clients_words(self) -> None:
        found = fields(
            "Nov 20 10:00:00 d dhcpd[1]: DHCPACK on 192.0.2.5 to 00:16:3e:00:00:01 (a) via eth9 (b: c) "
            "via eth0"
        )
        assert found["observer.ingress.interface.name"] == "eth0"

    def test_a_refused_query_is_no_failed_login(self) -> None:
        found = fields("Nov 20 10:00:00 n named[1]: client 192.0.2.9#1: query (cache) 'x/A/IN' denied")
        assert "authentication" not in found["event.category"]
        assert found["event.action"] == "dns_denied"

    def test_named_names_its_own_stamp_by_the_sources_zone(self) -> None:
        (event,) = events(
            "20-Nov-2026 10:00:00.500 queries: info: client 192.0.2.9#1 (x): query: x IN A +",
            zone="Europe/Zurich",
        )
        assert event.ts == int(datetime(2026, 11, 20, 9, 0, 0, 500_000, UTC).timestamp() * 1_000_000)


class TestVpn:
    @pytest.mark.parametrize(
        "program", ["openvpn", "openvpn@server", "openvpn-client", "ovpn-server", "ovpn_tcp"]
    )
    def test_openvpn_is_known_under_its_many_names(self, program: str) -> None:
        found = fields(f"Nov 20 10:00:00 v {program}[1]: 203.0.113.7:5 TLS Auth Error: Auth failed")
        assert found["event.outcome"] == "failure"
        assert found["source.ip"] == "203.0.113.7"

    def test_a_certificate_name_with_an_address_does_not_become_the_peer(self) -> None:
        found = fields(
            "Nov 20 10:00:00 v openvpn[1]: 198.51.100.1:1/203.0.113.8:5 TLS Error: TLS handshake failed"
        )
        assert found["source.ip"] == "203.0.113.8"

    def test_a_broken_handshake_is_no_failed_login(self) -> None:
        found = fields("Nov 20 10:00:00 v openvpn[1]: 203.0.113.7:5 TLS Error: TLS handshake failed")
        assert "event.outcome" not in found

    def test_wireguard_peers_are_told_by_the_kernel(self) -> None:
        found = fields("Nov 20 10:00:00 v kernel: wireguard: wg0: Keypair 3 created for peer 1")
        assert found["event.dataset"] == "wireguard"
        assert found["event.action"] == "vpn_connected"


class TestCisco:
    def test_an_outbound_connection_begins_at_its_second_end(self) -> None:
        found = fields(
            "Nov 20 2026 10:00:00 fw : %ASA-6-302013: Built outbound TCP connection 1 for "
            "outside:198.51.100.8/443 "
            "(198.51.100.8/443) to inside:10.1.1.6/5000 (192.0.2.6/5000)"
        )
        assert (found["source.ip"], found["destination.ip"]) == ("10.1.1.6", "198.51.100.8")

    def test_a_user_name_that_names_an_address_is_not_the_peer(self) -> None:
        found = fields(
            "Nov 20 2026 10:00:00 fw : %ASA-6-113015: AAA user authentication Rejected : "
            "reason = Invalid password : "
            "local database : user = x user IP = 192.0.2.99 : user IP = 203.0.113.9"
        )
        assert found["source.ip"] == "203.0.113.9"

    def test_a_relays_header_gives_way_to_the_devices(self) -> None:
        (event,) = events("Nov 20 10:00:16 relay Nov 20 2026 09:59:59 fw9 : %ASA-6-302010: 0 in use")
        assert event.fields["host.hostname"] == "fw9"
        assert event.ts == int(datetime(2026, 11, 20, 9, 59, 59, tzinfo=UTC).timestamp()) * 1_000_000

    @pytest.mark.parametrize("ids", ["%ASA-6-605005", "%SYS-5-CONFIG_I"])
    @pytest.mark.parametrize(
        "before", ["they wrote ", "", "x: ", "Nov 20 10:00:00 fw : ", "a Nov 20 10:00:00 fw : "]
    )
    def test_a_message_id_inside_another_programs_text_is_text(self, ids: str, before: str) -> None:
        text = f"{before}{ids}: Login permitted from 192.0.2.9/1 to a:10.0.0.1/ssh"
        quoting = f"Nov 20 10:00:00 web1 app[7]: {text}"
        assert [
            event.fields["event.dataset"] for event in events("Nov 20 10:00:00 web1 app[7]: x", quoting)
        ] == [
            "syslog",
            "syslog",
        ]
        assert fields(quoting)["event.dataset"] == "syslog"

    def test_a_zones_name_is_believed(self) -> None:
        (event,) = events("Nov 20 2026 10:00:00 EST: %ASA-7-999999: x")
        assert event.ts == int(datetime(2026, 11, 20, 15, tzinfo=UTC).timestamp()) * 1_000_000


class TestRouterOs:
    def test_a_user_name_with_blanks_and_an_address(self) -> None:
        found = fields(
            "Nov 20 10:00:00 r system,error,critical login failure for user a from 192.0.2.9 from "
            "203.0.113.9 via ssh"
        )
        assert found["source.ip"] == "203.0.113.9"
        assert found["user.name"] == "a from 192.0.2.9"

    def test_words_with_commas_of_others_are_not_routeros(self) -> None:
        assert fields("Nov 20 10:00:00 h yes,no we can")["event.dataset"] == "syslog"


HEADS = [
    "Nov 20 10:00:00 h kernel: ",
    "Nov 20 10:00:00 h kernel: [UFW BLOCK] IN=e OUT= SRC=192.0.2.1 DST=192.0.2.2 PROTO=",
    "Nov 20 10:00:00 h kernel: usb 1-1: ",
    "Nov 20 10:00:00 h kernel: audit: type=1400 apparmor=",
    "Nov 20 10:00:00 h kernel: wireguard: wg0: ",
    "Nov 20 10:00:00 h wg-quick[1]: [#] ip link ",
    "Nov 20 10:00:00 h filterlog: 5,,,1,igb0,match,block,in,4,",
    "Nov 20 10:00:00 h filterlog: 5,,,1,igb0,match,block,in,6,",
    "Nov 20 10:00:00 h openvpn[1]: 192.0.2.1:1 ",
    "2026-11-20 10:00:00 us=1 192.0.2.1:1 TLS Error",
    "Nov 20 10:00:00 h dnsmasq[1]: query[A] ",
    "Nov 20 10:00:00 h dnsmasq[1]: reply ",
    "Nov 20 10:00:00 dnsmasq-dhcp[1]: DHCPACK(",
    "Nov 20 10:00:00 h dhcpd: DHCPREQUEST for ",
    "2026-11-20 10:00:00.123 INFO  [kea-dhcp4.leases/7.1] ID ",
    "Nov 20 10:00:00 h named[1]: client 192.0.2.1#1 (x): ",
    "20-Nov-2026 10:00:00.123 security: info: client ",
    "[1795168800] unbound[1:0] info: ",
    "[1795168800] nsd[1]: info: axfr for ",
    '[INFO] 192.0.2.1:1 - 1 "A IN ',
    "11/20/2026-10:00:00.000001  [**] [1:1:1] ",
    "#fields\t",
    "#path\t",
    f"{TSV}\t",
    f"{TSV}\ttcp\t",
    "Nov 20 2026 10:00:00 fw : %ASA-6-302013: ",
    "%ASA-6-106100: access-list ",
    "<166>",
    "1: Nov 20 10:00:00: %SEC-6-X: list ",
    "Nov 20 10:00:00 r firewall,info ",
    "Nov 20 10:00:00 r system,info ",
    "1795168800 - ",
    "Nov 20 10:00:00 h portsentry[1]: attackalert: ",
    "Nov 20 10:00:00 h scanlogd: ",
    "<134>1 2026-11-20T10:00:00Z h CheckPoint 7 - [action:",
    "time=1795168800|product=x|",
    "2026:11:20-10:00:00 utm1 ulogd[7]: id=",
    "<134>1 1795168800.1 MX84 flows ",
    "1795168800.1 MX84 events type=",
    'Nov 20 10:00:00 fb1 80D802B41D509 firewall: msg_id="3000-0148" Deny ',
    "11/20-10:00:00.123456, 4, TCP, ",
    "[**] [1:2:3] ",
    "11/20/2026 10:00:00 AM 0E0C PACKET  000001A0 UDP ",
    "Nov 20 10:00:00 h pdns_server[1]: ",
    "Nov 20 10:00:00 h pdns_recursor[1]: 5 [7/1] ",
    "Nov 20 10:00:00 h falco[1]: 10:00:00.123456789: Error ",
]
WORDS = [
    "192.0.2.1",
    "2001:db8::1",
    "-",
    ",",
    ":",
    "/",
    "(",
    ")",
    "[",
    "]",
    '"',
    "'",
    "from",
    "to",
    "user",
    "is",
    "->",
    "=",
    "%",
    "\t",
    "<",
    "T",
    "1795168800.000001",
    "PROTO=TCP",
    "#53",
    "::",
    "\\",
    "denied",
    "IN",
    "A",
    "é",
]


@settings(max_examples=300)
@given(
    st.sampled_from(HEADS),
    st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=25),
    st.sampled_from(["", " "]),
)
def test_any_text_behind_a_known_beginning_is_one_event_with_its_line(
    head: str, words: list[str], by: str
) -> None:
    line = (head + by.join(words)).replace("\n", " ").encode("utf-8", "replace")
    (event,) = Decoder("x").decode(Chunk("x", 0, [line], {}, NOW))
    assert event.raw.encode("utf-8", "replace") == line.replace(b"\0", b"")
    assert all(isinstance(value, str | int | float | bool | tuple) for value in event.fields.values())
