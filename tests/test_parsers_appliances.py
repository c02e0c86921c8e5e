"""Firewalls and proxies of many makers: what the golden pairs do not name, and that our rules see them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from socterm.enrich import Enricher
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.pipeline.lineread import read_lines

from pack import PACK

NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000
SFOS = (
    '<30>device_name="SFW" timestamp="2026-11-20T10:00:00+0000" log_type="{}" log_component="{}" '
    'log_subtype="{}" src_ip="203.0.113.9" dst_ip="192.0.2.9" protocol="TCP" src_port=40000 dst_port=23 {}'
)
LOCAL = (
    'date=2026-11-20 time=11:00:00 timezone="{}" log_type="Firewall" log_component="x" log_subtype="Denied"'
)
UTM = '2026:11:20-10:00:00 utm1 {}[7]: id="{}" severity="info" sys="SecureNet" sub="{}" name="{}" {}'
CHECKPOINT = "<134>1 2026-11-20T10:00:00Z cp1 CheckPoint 7 - [{}]"
MERAKI = "<134>1 1795168800.123456789 MX84 {}"
FIREBOX = '<140>Nov 20 10:00:00 fb1 80D802B41D509 {}: msg_id="3000-0148" {}'
WINDOWS_DNS = (
    "11/20/2026 10:00:00 AM 0E0C PACKET  000001A0 UDP Snd 10.0.0.5  a1b2 R Q [{}] {}  (2)nx(3)com(0)"
)
POWERDNS = "Nov 20 10:00:00 ns1 pdns_server[7]: AXFR-out zone 'nx.com', client '203.0.113.9:4', denied: no"
ADGUARD = (
    '{"T":"2026-11-20T10:00:00Z","QH":"nx.com","QT":"A","IP":"10.0.0.5",'
    '"Answer":"AACBgwABAAAAAAAAAm54A2NvbQAAAQAB"}'
)
ENDS = 'srcip="203.0.113.9" dstip="192.0.2.9" proto="6" srcport="40000" dstport="23"'


def event(line: str) -> Event:
    (found,) = Decoder("x").decode(Chunk("x", 0, [line.encode()], {}, NOW, live=False))
    return found


def fields(line: str) -> dict[str, Any]:
    return event(line).fields


SEEN: dict[str, str] = {
    CHECKPOINT.format('action:"Drop"; src:"203.0.113.9"; dst:"192.0.2.9"; service:"23"; s_port:"40000"'): (
        "connection_refused"
    ),
    CHECKPOINT.format('action:"Failed Log In"; product:"Mobile Access"; src:"203.0.113.9"; user:"ann"'): (
        "login_failed"
    ),
    UTM.format(
        "ulogd", 2001, "packetfilter", "Packet dropped", f'action="drop" {ENDS}'
    ): "connection_refused",
    UTM.format("snort", 2101, "ips", "Alert", f'action="alert" sid="7" priority="1" {ENDS}'): "sensor_noted",
    UTM.format("aua", 3005, "auth", "Authentication failed", 'srcip="203.0.113.9" user="ann" caller="ssh"'): (
        "login_failed"
    ),
    SFOS.format("Firewall", "Firewall Rule", "Denied", ""): "connection_refused",
    SFOS.format("IDP", "Signatures", "Detect", 'signature_msg="x" rule_priority=1'): "sensor_noted",
    SFOS.format("Event", "SSL VPN Authentication", "Authentication", 'status="Failed" user_name="ann"'): (
        "login_failed"
    ),
    MERAKI.format("flows src=203.0.113.9 dst=192.0.2.1 protocol=tcp sport=40000 dport=23 pattern: 1 all"): (
        "connection_refused"
    ),
    MERAKI.format(
        "ids-alerts signature=1:7:1 priority=1 protocol=tcp/ip src=203.0.113.9:1 dst=192.0.2.1:80"
    ): ("sensor_noted"),
    MERAKI.format(
        "events type=anyconnect_vpn_auth_failure msg= 'Peer IP=203.0.113.9 Peer port=5 AAA[8]: no'"
    ): ("login_failed"),
    FIREBOX.format("firewall", "Deny Ext Firebox 40 tcp 20 64 203.0.113.9 192.0.2.1 40000 23"): (
        "connection_refused"
    ),
    FIREBOX.format(
        "admd[7]", "Authentication of ADMIN user [admin] from 203.0.113.9 rejected"
    ): "login_failed",
    WINDOWS_DNS.format("8385 A DR NXDOMAIN", "A"): "dns_no_such_name",
    WINDOWS_DNS.format("0580      REFUSED", "AXFR"): "dns_refused",
    POWERDNS: "dns_refused",
    ADGUARD: "dns_no_such_name",
    "Nov 20 10:00:00 h1 falco[7]: 10:00:00.123456789: Critical Escape from a container (user=root pid=7)": (
        "falco_grave"
    ),
}
"""A line of each maker and kind → a rule of ours that matches it."""


@cache
def matched() -> dict[str, set[str]]:
    read = read_lines([line.encode() for line in SEEN], PACK, now=NOW, enrich=Enricher().apply)
    return {
        line: {PACK.rules[rule.key].name for rule in one.rules if not rule.lacks}
        for line, one in zip(SEEN, read, strict=True)
    }


@pytest.mark.parametrize("line", SEEN)
def test_a_rule_of_the_pack_sees_the_line(line: str) -> None:
    assert SEEN[line] in matched()[line]


class TestCheckPoint:
    def test_the_last_layer_of_a_policy_decides(self) -> None:
        found = fields(
            CHECKPOINT.format('action:"Drop"; rule_name:"web"; rule_name:"cleanup"; src:"192.0.2.1"')
        )
        assert found["rule.name"] == "cleanup"

    def test_a_value_may_hold_what_ends_values_and_records(self) -> None:
        found = fields(
            CHECKPOINT.format(r'action:"Drop"; reason:"a \"b\"; src:\"198.51.100.1\" \] c"; src:"192.0.2.1"')
        )
        assert found["source.ip"] == "192.0.2.1"
        assert found["event.reason"] == 'a "b"; src:"198.51.100.1" ] c'

    def test_nothing_translated_is_no_translation(self) -> None:
        found = fields(
            CHECKPOINT.format('action:"Accept"; xlatesrc:"0.0.0.0"; xlatesport:"0"; xlatedst:"192.0.2.3"')
        )
        assert "source.nat.ip" not in found
        assert "source.nat.port" not in found
        assert found["destination.nat.ip"] == "192.0.2.3"

    @pytest.mark.parametrize("cut", [60, 75, 90, 105])
    def test_a_line_cut_short_keeps_its_verdict(self, cut: int) -> None:
        found = event(
            CHECKPOINT.format('action:"Drop"; src:"203.0.113.9"; dst:"192.0.2.9"; rule_name:"x"')[:cut]
        )
        assert found.kind == "event"
        assert found.fields["event.action"] == "connection_denied"

    def test_other_structured_data_that_is_torn_stays_broken(self) -> None:
        assert event('<134>1 2026-11-20T10:00:00Z cp1 other 7 - [a b="1').kind == "pipeline_error"

    def test_an_administrators_work_is_no_connection(self) -> None:
        found = fields(CHECKPOINT.format('action:"Accept"; administrator:"ann"; operation:"Install Policy"'))
        assert found["event.action"] == "device_changed"


class TestSophos:
    def test_the_zone_is_told_by_a_name_of_its_own(self) -> None:
        line = LOCAL.format("CET")
        assert event(line).ts == int(datetime(2026, 11, 20, 10, tzinfo=UTC).timestamp()) * 1_000_000

    def test_a_zone_nobody_knows_is_the_sources(self) -> None:
        line = LOCAL.format("+0X")
        assert event(line).ts == int(datetime(2026, 11, 20, 11, tzinfo=UTC).timestamp()) * 1_000_000

    def test_a_line_cut_within_a_value_or_a_name_is_still_read(self) -> None:
        whole = UTM.format(
            "ulogd", 2001, "packetfilter", "Packet dropped", f'action="drop" {ENDS} tcpflags="SYN"'
        )
        for gone in (2, 5, 8, 12):
            assert fields(whole[:-gone])["event.action"] == "connection_denied"

    def test_a_few_pairs_and_a_word_are_no_cut_line(self) -> None:
        assert fields("a=1 b=2 c=3 word").get("event.dataset") is None

    def test_what_ulogd_writes_elsewhere_is_netfilters(self) -> None:
        found = fields(
            "Nov 20 10:00:00 gw ulogd[7]: IN=e OUT= SRC=203.0.113.9 DST=192.0.2.1 PROTO=TCP SPT=1 DPT=22"
        )
        assert found["event.dataset"] == "iptables"

    def test_a_login_names_its_place(self) -> None:
        def where(part: str) -> str:
            return str(
                fields(SFOS.format("Event", part, "Authentication", 'status="Failed"'))["event.action"]
            )

        assert where("SSL VPN Authentication") == "vpn_login"
        assert where("Firewall Authentication") == "app_login"

    def test_the_peer_of_an_administrators_login_is_in_its_text(self) -> None:
        found = fields(
            'device_name="SFW" log_type="Event" log_component="GUI" log_subtype="Admin" status="Failed" '
            "message=\"User admin failed to login from '203.0.113.9' because of wrong credentials\""
        )
        assert (found["event.action"], found["source.ip"]) == ("device_login", "203.0.113.9")


class TestMeraki:
    def test_what_a_client_says_of_itself_names_no_end(self) -> None:
        found = fields(
            MERAKI.format(
                "urls src=192.0.2.5:1 dst=192.0.2.6:80 agent='x' src=10.9.9.9:7 mac=00:00:5E:00:53:99' "
                "request: GET /"
            )
        )
        assert (found["source.ip"], found["source.port"], "source.mac" in found) == ("192.0.2.5", 1, False)

    def test_an_ssid_names_no_access_point(self) -> None:
        found = fields(
            MERAKI.format(
                "airmarshal_events type=rogue_ssid_detected ssid='x' bssid='00:00:5E:00:53:99' "
                "bssid='00:00:5E:00:53:01' src='00:00:5E:00:53:01'"
            )
        )
        assert found["meraki.bssid"] == "00:00:5E:00:53:01"

    def test_an_address_with_twelve_digits_is_no_hardware_address(self) -> None:
        found = fields(MERAKI.format("urls src=198.51.100.80:80 dst=198.51.100.81:80 request: GET /"))
        assert (found["source.ip"], found["destination.port"]) == ("198.51.100.80", 80)

    def test_a_device_is_its_own_host_behind_a_relay(self) -> None:
        (relayed,) = [event("Nov 20 10:00:05 192.0.2.7 1 1795168800.5 MX84 events Cellular connection up")]
        assert relayed.fields["host.hostname"] == "MX84"
        assert relayed.logsources[0] == ("cisco", "", "meraki")

    @pytest.mark.parametrize(
        "line",
        [
            "1795168800.123     41 203.0.113.9 TCP_MISS/200 20 GET http://flows/ - HIER_NONE/- -",
            "1795168800.1 MX84 flowsx src=192.0.2.1",
            "1795168800 MX84 flows src=192.0.2.1",
        ],
    )
    def test_other_lines_with_such_a_stamp_are_others(self, line: str) -> None:
        assert "meraki.kind" not in fields(line)


class TestWatchGuard:
    @pytest.mark.parametrize(
        "head",
        [
            "<140>Nov 20 10:00:00 fb1 80D802B41D509 (2026-11-20T10:00:00) firewall",
            "<140>Nov 20 10:00:00 fb1 80D802B41D509 FB-HQ firewall",
            "<140>Nov 20 10:00:00 fb1 80D802B41D509 FB-HQ firewall[77]",
            "<140>Nov 20 10:00:00 fb1 (2026-11-20T10:00:00) firewall",
            "<140>Nov 20 10:00:00 fb1 firewall",
            "80D802B41D509 (2026-11-20T10:00:00) firewall",
        ],
    )
    def test_serial_member_and_stamp_may_each_lack(self, head: str) -> None:
        found = event(f'{head}: msg_id="3000-0148" Deny A B 40 tcp 20 64 203.0.113.9 192.0.2.1 40000 23')
        assert found.fields["process.name"] == "firewall"
        assert found.fields["firewall.blocked"] is True
        assert found.time_from == "line"

    def test_an_interface_named_with_blanks_hides_no_address(self) -> None:
        found = fields(
            FIREBOX.format("firewall", "Deny WAN - One B C 40 tcp 20 64 203.0.113.9 192.0.2.1 4 23")
        )
        assert (found["source.ip"], found["destination.port"]) == ("203.0.113.9", 23)
        assert "observer.ingress.interface.name" not in found

    def test_an_attack_names_both_ends(self) -> None:
        found = fields(
            FIREBOX.format("firewall", "IP scan attack against 192.0.2.1 from 203.0.113.9 detected.")
        )
        assert (found["event.action"], found["source.ip"]) == ("port_scan", "203.0.113.9")

    def test_a_message_id_quoted_by_others_is_text(self) -> None:
        line = (
            'Nov 20 10:00:00 h app[7]: they wrote msg_id="3000-0148" Deny A B tcp 203.0.113.9 192.0.2.1 1 2'
        )
        assert fields(line)["event.dataset"] == "syslog"


class TestSnort:
    FULL = (
        '[**] [1:2030003:2] "EXAMPLE scan" [**]',
        "[Classification: Attempted Information Leak] [Priority: 2] ",
        "11/20-10:00:09.123456 203.0.113.9:40002 -> 192.0.2.80:22",
    )

    def read(self, *lines: str) -> list[Event]:
        chunk = Chunk("x", 0, [line.encode() for line in lines], {}, NOW, live=False)
        return Decoder("x").decode(chunk)

    def test_an_alert_over_several_lines_is_one_alert(self) -> None:
        found = self.read(*self.FULL, "TCP TTL:64 TOS:0x0 ID:1", "")
        assert [one.fields.get("event.action") for one in found] == [None, None, "ids_alert", None, None]
        alert = found[2].fields
        assert (alert["rule.name"], alert["event.severity"]) == ("EXAMPLE scan", 2)
        assert ("suricata", "", "alert") in found[2].logsources

    def test_a_header_further_up_belongs_to_another_alert(self) -> None:
        found = self.read(self.FULL[0], *["other words"] * 5, self.FULL[2], self.FULL[2])
        assert all("rule.name" not in one.fields for one in found[1:])

    def test_a_header_belongs_to_one_alert(self) -> None:
        first, second = self.read(*self.FULL, self.FULL[2])[2:]
        assert "rule.name" in first.fields
        assert "rule.name" not in second.fields

    @pytest.mark.parametrize("day", ["11/20", "11/20/26", "26/11/20", "11/20/2026"])
    def test_a_year_stands_behind_the_day_or_before_the_month(self, day: str) -> None:
        found = event(
            f"{day}-10:00:00.000001 [**] [1:2:3] x [**] [Priority: 1] {{UDP}} 192.0.2.1:1 -> 192.0.2.2:2"
        )
        assert found.ts == int(datetime(2026, 11, 20, 10, tzinfo=UTC).timestamp()) * 1_000_000 + 1

    @pytest.mark.parametrize(("said", "action"), [("drop", "ids_blocked"), ("would_drop", "ids_alert")])
    def test_a_verdict_stands_before_the_rule(self, said: str, action: str) -> None:
        found = fields(
            f'11/20-10:00:00.000001 [{said}] [**] [1:2:3] "x" [**] {{UDP}} 192.0.2.1:1 -> 192.0.2.2:2'
        )
        assert (found["rule.name"], found["event.action"]) == ("x", action)
