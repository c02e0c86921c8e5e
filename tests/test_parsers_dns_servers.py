"""DNS servers: Windows' debug log, AdGuard Home, PowerDNS; and Falco's text: what no golden pair names."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from socterm.event import Chunk, Event
from socterm.parsers import Decoder
from socterm.parsers.formats.dns_answer import answer_of

NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp()) * 1_000_000
PACKET = "{} 0E0C PACKET  000001A0 UDP Rcv 192.0.2.5       a1b2   Q [0001   D   NOERROR] A      {}"
WWW = "(3)www(7)example(3)com(0)"
QUERY = '{{"T":"2026-11-20T10:00:00Z","QH":"example.org","QT":"A","IP":"192.0.2.5",{}}}'


def events(*lines: str) -> list[Event]:
    chunk = Chunk("x", 0, [line.encode() for line in lines], {}, NOW, live=False)
    return Decoder("x").decode(chunk)


def fields(line: str) -> dict[str, Any]:
    return events(line)[0].fields


def day(one: Event) -> str:
    return f"{datetime.fromtimestamp(one.ts / 1e6, UTC):%Y-%m-%d %H}"


class TestWindows:
    @pytest.mark.parametrize(
        ("stamp", "meant"),
        [
            ("11/20/2026 10:00:00 AM", "2026-11-20 10"),
            ("11/2/2026 10:00:00 PM", "2026-11-02 22"),
            ("2/11/2026 10:00:00", "2026-11-02 10"),
            ("02.11.2026 10:00:00", "2026-11-02 10"),
            ("2.11.26 9:00:00", "2026-11-02 09"),
            ("2026/11/02 10:00:00", "2026-11-02 10"),
            ("20061120 10:00:00", "2006-11-20 10"),
            ("3/12/2025 12:00:00 AM", "2025-03-12 00"),
            ("11/12/2026 10:00:00", "2026-11-12 10"),
        ],
    )
    def test_a_date_is_in_the_order_of_its_region(self, stamp: str, meant: str) -> None:
        (found,) = events(PACKET.format(stamp, WWW))
        assert (found.time_from, day(found)) == ("line", meant)

    def test_a_day_above_twelve_tells_the_order_of_the_lines_behind_it(self) -> None:
        lines = [PACKET.format(f"{date} 10:00:00", WWW) for date in ("3/4/2026", "3/14/2026", "3/4/2026")]
        assert [day(one)[:10] for one in events(*lines)] == ["2026-04-03", "2026-03-14", "2026-03-04"]

    def test_the_order_survives_a_restart(self) -> None:
        first = Decoder("x")
        first.decode(Chunk("x", 0, [PACKET.format("3/14/2026 10:00:00", WWW).encode()], {}, NOW))
        second = Decoder("x")
        second.restore([(key, text) for key, text in first.changes() if text is not None])
        (found,) = second.decode(Chunk("x", 1, [PACKET.format("3/4/2026 10:00:00", WWW).encode()], {}, NOW))
        assert day(found)[:10] == "2026-03-04"

    def test_a_label_that_looks_like_a_length_is_a_label(self) -> None:
        assert (
            fields(PACKET.format("2026-11-20 10:00:00", "(6)(3)www(3)com(0)"))["dns.question.name"]
            == "(3)www.com"
        )

    def test_who_asks_is_the_source_and_who_is_asked_in_turn_the_destination(self) -> None:
        def ends(way: str, answer: str) -> tuple[Any, Any]:
            line = (
                PACKET.format("2026-11-20 10:00:00", WWW)
                .replace("Rcv", way)
                .replace("a1b2  ", f"a1b2 {answer}")
            )
            found = fields(line)
            return found.get("source.ip"), found.get("destination.ip")

        assert ends("Rcv", " ") == ends("Snd", "R") == ("192.0.2.5", None)
        assert ends("Snd", " ") == ends("Rcv", "R") == (None, "192.0.2.5")

    def test_a_date_that_cannot_be_leaves_the_line_alone(self) -> None:
        assert "event.dataset" not in fields(PACKET.format("40/40/2026 10:00:00", WWW))


def message(*records: bytes, question: bytes = b"\x01a\x00") -> str:
    head = bytes([0, 1, 0x81, 0x80, 0, 1, 0, len(records), 0, 0, 0, 0])
    return base64.b64encode(head + question + b"\0\1\0\1" + b"".join(records)).decode()


class TestAdGuard:
    def test_an_answer_cut_short_says_what_it_has(self) -> None:
        whole = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + bytes([192, 0, 2, 9])
        found = answer_of(message(whole, whole[:9]))
        assert found is not None
        assert (found.code, found.addresses) == ("NOERROR", ("192.0.2.9",))

    def test_pointers_that_go_in_circles_end(self) -> None:
        found = answer_of(message(b"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\2\xc0\x0c", question=b"\x01a\xc0\x0c"))
        assert found is not None
        assert found.addresses == ()

    @settings(max_examples=100)
    @given(st.binary(max_size=80))
    def test_any_bytes_are_an_answer_or_none(self, data: bytes) -> None:
        found = answer_of(base64.b64encode(data).decode())
        assert (found is None) == (len(data) < 12)

    @pytest.mark.parametrize(
        ("result", "action"),
        [
            ('"Result":{"IsFiltered":true,"Reason":3}', "dns_blocked"),
            ('"Result":{"IsFiltered":true,"Reason":7}', "dns_response"),
            ('"Result":{"Reason":9}', "dns_response"),
            ('"Result":{"Reason":99}', "dns_response"),
            ('"Result":[]', "dns_response"),
            ('"Elapsed":1', "dns_response"),
        ],
    )
    def test_what_the_filter_withheld_is_blocked(self, result: str, action: str) -> None:
        assert fields(QUERY.format(result))["event.action"] == action

    def test_rules_of_the_category_dns_see_it(self) -> None:
        (found,) = events(QUERY.format('"Elapsed":1'))
        assert ("", "dns", "") in found.logsources


class TestPowerDns:
    def test_an_answer_is_for_the_client_whose_task_asked_for_the_name(self) -> None:
        found = events(
            "Nov 20 10:00:00 r1 pdns_recursor[1]: 5 [7/1] question for 'a.example|A' from 192.0.2.5",
            "Nov 20 10:00:00 r2 pdns_recursor[1]: 5 [7/1] question for 'a.example|A' from 192.0.2.6",
            "Nov 20 10:00:00 r1 pdns_recursor[1]: 5 [7/1] answer to question 'b.example|A': rcode=3",
            "Nov 20 10:00:00 r1 pdns_recursor[1]: 5 [7/1] answer to question 'a.example|A': rcode=3",
        )
        assert [one.fields.get("source.ip") for one in found[2:]] == [None, "192.0.2.5"]

    def test_a_name_that_looks_like_the_servers_words_names_nobody(self) -> None:
        found = fields(
            "Nov 20 10:00:00 n pdns[1]: Remote 192.0.2.5 wants 'x' wants 'y|A', do = 0: packetcache MISS"
        )
        assert (found["source.ip"], found["dns.question.type"]) == ("192.0.2.5", "A")


class TestFalco:
    def test_the_process_is_the_one_watched_not_falco(self) -> None:
        head = "Nov 20 10:00:00 h falco[77]: 10:00:00.123456789: Critical Words here "
        found = fields(f"{head}(user=root process=nc pid=4711)")
        assert (found["process.name"], found["process.pid"]) == ("nc", 4711)
        assert "process.name" not in fields(f"{head}(user=root)")

    def test_a_command_that_holds_pairs_changes_nobody(self) -> None:
        line = "10:00:00.123456789: Error Words (user=ann command=sh -c user=root file=/x)"
        assert fields(line)["user.name"] == "ann"
