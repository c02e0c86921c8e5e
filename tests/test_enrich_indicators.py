"""Lists of indicators: their forms, their matches, their renewal while they are in use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from socterm.enrich import Enricher
from socterm.enrich.data import DataFiles
from socterm.enrich.indicators import Feed, Indicators, read_feed
from socterm.enrich.watched import DataError
from socterm.event import Event

MD5, SHA1, SHA256 = "d41d8cd98f00b204e9800998ecf8427e", "a" * 40, "0123456789abcdef" * 4
PLAIN = f"""\
# bad ones, our own list
203.0.113.5
198.51.100.0/24   ; a whole network
2001:db8::/32 # and one of the new kind
192.0.2.66:4444
evil.example
*.bad.example.
MÜLLER.example
Phish[.]example
{MD5}
{SHA1}
{SHA256.upper()}
"""


def using(tmp_path: Path, *lists: str | bytes) -> Enricher:
    paths = []
    for number, text in enumerate(lists):
        path = tmp_path / f"list{number}.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(path)
    return Enricher(DataFiles(ioc=paths))


def threat(enricher: Enricher, **fields: Any) -> tuple[Any, ...] | None:
    """(type, name, feed, field) that an event with these fields gets; `__` stands for a dot."""
    event = Event(0, "x", 0, "", {name.replace("__", "."): value for name, value in fields.items()})
    enricher.apply([event])
    names = ("indicator.type", "indicator.name", "feed.name", "enrichments.matched.field")
    found = tuple(event.fields.get(f"threat.{name}") for name in names)
    return None if found == (None,) * 4 else found


@pytest.mark.parametrize(
    ("field", "value", "kind", "name"),
    [
        ("source.ip", "203.0.113.5", "ipv4-addr", "203.0.113.5"),
        ("source.ip", "::ffff:203.0.113.5", "ipv4-addr", "203.0.113.5"),
        ("destination.ip", "198.51.100.77", "ipv4-addr", "198.51.100.0/24"),
        ("destination.ip", "2001:db8:1::9", "ipv6-addr", "2001:db8::/32"),
        ("source.ip", "192.0.2.66", "ipv4-addr", "192.0.2.66"),
        ("dns.resolved_ip", "203.0.113.5", "ipv4-addr", "203.0.113.5"),
        ("dns.question.name", "evil.example", "domain-name", "evil.example"),
        ("dns.question.name", "a.b.EVIL.example.", "domain-name", "evil.example"),
        ("url.domain", "www.bad.example", "domain-name", "bad.example"),
        ("url.domain", "xn--mller-kva.example", "domain-name", "xn--mller-kva.example"),
        ("destination.domain", "phish.example", "domain-name", "phish.example"),
        ("source.domain", "host.phish.example", "domain-name", "phish.example"),
        ("tls.client.server_name", "evil.example", "domain-name", "evil.example"),
        ("file.hash.md5", MD5.upper(), "file", MD5),
        ("process.hash.sha1", SHA1, "file", SHA1),
        ("process.parent.hash.sha256", SHA256, "file", SHA256),
        ("Hashes", f"MD5={'0' * 32},SHA256={SHA256.upper()},IMPHASH=", "file", SHA256),
    ],
)
def test_what_a_list_holds_is_found(tmp_path: Path, field: str, value: str, kind: str, name: str) -> None:
    found = threat(using(tmp_path, PLAIN), **{field.replace(".", "__"): value})
    assert found == (kind, name, "list0", field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("source.ip", "203.0.113.6"),
        ("source.ip", "198.51.101.0"),
        ("source.ip", "2001:db9::"),
        ("source.ip", "evil.example"),
        ("dns.question.name", "notevil.example"),
        ("dns.question.name", "evil.example.org"),
        ("dns.question.name", "example"),
        ("url.domain", "203.0.113.50"),
        ("file.hash.md5", MD5[:-1]),
        ("file.hash.md5", MD5 + "0"),
        ("message", "203.0.113.5"),
    ],
)
def test_what_it_does_not_hold_is_not(tmp_path: Path, field: str, value: str) -> None:
    assert threat(using(tmp_path, PLAIN), **{field.replace(".", "__"): value}) is None


def test_several_matches_stand_side_by_side(tmp_path: Path) -> None:
    enricher = using(tmp_path, "203.0.113.5\nevil.example\n", "203.0.113.0/24\n203.0.113.5\n")
    assert threat(enricher, source__ip="203.0.113.5", url__domain="evil.example") == (
        ("ipv4-addr", "ipv4-addr", "ipv4-addr", "domain-name"),
        ("203.0.113.5", "203.0.113.5", "203.0.113.0/24", "evil.example"),
        ("list0", "list1", "list1", "list0"),
        ("source.ip", "source.ip", "source.ip", "url.domain"),
    )


def test_a_producers_own_match_stays_beside_ours(tmp_path: Path) -> None:
    found = threat(
        using(tmp_path, PLAIN), source__ip="203.0.113.5", threat__indicator__name="x", threat__feed__name="y"
    )
    assert found == (("", "ipv4-addr"), ("x", "203.0.113.5"), ("y", "list0"), ("", "source.ip"))


def test_a_field_with_several_values(tmp_path: Path) -> None:
    found = threat(using(tmp_path, PLAIN), dns__resolved_ip=("192.0.2.1", "203.0.113.5", 7))
    assert found == ("ipv4-addr", "203.0.113.5", "list0", "dns.resolved_ip")


# -- forms -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "networks", "domains", "hashes"),
    [
        ("0.0.0.0 evil.example\n127.0.0.1 localhost\n127.0.0.1\tbad.example # x\n", 0, 2, 0),
        ("1.10.16.0/20 ; SBL1\n192.0.2.1\t7\n", 2, 0, 0),
        (f"{SHA256}  setup.exe\n", 0, 0, 1),
        ("id,ioc_value,ioc_type\n1,evil.example,domain\n2,192.0.2.7:80,ip:port\n", 1, 1, 0),
        ('# comment\n# "first_seen","dst_ip","dst_port"\n"2026-01-01","192.0.2.7","447"\n# end\n', 1, 0, 0),
        (
            f'"first_seen", "sha256_hash", "md5_hash"\n"2026", "{SHA256}", "{MD5}"\n"2026", "", "{MD5}"\n',
            0,
            0,
            2,
        ),
        ("name;domain\nx;evil.example\n", 0, 1, 0),
        ("domain\nevil.example\n", 0, 1, 0),
        ("2026-01-01,192.0.2.7,x\n2026-01-02,192.0.2.8,y\n", 2, 0, 0),
        ("domain,why\nevil.example,\"it's\nbad.example,x\n", 0, 2, 0),
        ("\ufeff192.0.2.1\r\n\r\n192.0.2.2\r\n", 2, 0, 0),
        ("", 0, 0, 0),
        ("# nothing today\n", 0, 0, 0),
    ],
)
def test_forms_of_lists(tmp_path: Path, text: str, networks: int, domains: int, hashes: int) -> None:
    path = tmp_path / "list.txt"
    path.write_text(text, encoding="utf-8")
    feed, remark = read_feed(path)
    assert (len(feed.networks), len(feed.domains), len(feed.hashes)) == (networks, domains, hashes)
    assert remark == ""


def test_bad_entries_are_counted_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("192.0.2.1\nhttp://evil.example/x\ncom\n0.0.0.0/0\n::/0\nexample..com\n10.0.0.0/4\n")
    feed, remark = read_feed(path)
    assert len(feed) == 1
    assert remark == (
        f"{path}: 6 lines are no indicator, the first is line 2: 'http://evil.example/x'; 1 are used"
    )
    assert Enricher(DataFiles(ioc=[path])).hints == (remark,)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<!DOCTYPE html>\n<html>Too many requests</html>\n", "holds no address, network, domain or hash"),
        (b"PK\x03\x04\x00\x00", "is no text file"),
    ],
)
def test_a_failed_download_is_no_list(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(content)
    with pytest.raises(DataError, match=why):
        read_feed(path)


@given(st.text(max_size=300))
def test_any_text_is_an_indicator_or_not(text: str) -> None:
    feed = Feed("x")
    assert feed.add(text) is (len(feed) == 1)
    found = Indicators([feed])
    assert found.size == len(feed)
    list(found.of_domain(text))
    list(found.of_address(text))
    list(found.of_hash(text))


# -- renewal ---------------------------------------------------------------------------------


def test_a_list_that_changes_is_taken_in(tmp_path: Path) -> None:
    enricher = using(tmp_path, "203.0.113.5\n")
    assert threat(enricher, source__ip="203.0.113.5")
    (tmp_path / "list0.txt").write_text("203.0.113.66\n")
    enricher.look()
    assert threat(enricher, source__ip="203.0.113.5") is None
    assert threat(enricher, source__ip="203.0.113.66")


def test_a_broken_list_keeps_its_last_good_version(tmp_path: Path) -> None:
    enricher = using(tmp_path, "203.0.113.5\n", "evil.example\n")
    path = tmp_path / "list0.txt"
    path.write_text("<html>\n502 Bad Gateway\n</html>\n")
    enricher.look()
    (hint,) = enricher.hints
    assert hint.startswith(f"{path}: holds no address")
    assert hint.endswith("its last good version stays in use")
    assert threat(enricher, source__ip="203.0.113.5")
    path.unlink()
    enricher.look()
    assert enricher.hints == (f"{path} is gone; what it held stays in use",)
    assert threat(enricher, source__ip="203.0.113.5")
    path.write_text("203.0.113.7\n")
    enricher.look()
    assert enricher.hints == ()
    assert threat(enricher, source__ip="203.0.113.5") is None
    assert threat(enricher, url__domain="evil.example")


def test_a_folder_of_lists(tmp_path: Path) -> None:
    folder = tmp_path / "lists"
    folder.mkdir()
    (folder / "a.txt").write_text("203.0.113.5\n")
    for name in (".hidden", "a.txt~", "new.part", "old.bak"):
        (folder / name).write_text("192.0.2.1\n")
    (folder / "more").mkdir()
    enricher = Enricher(DataFiles(ioc=[folder]))
    assert threat(enricher, source__ip="203.0.113.5") == ("ipv4-addr", "203.0.113.5", "a", "source.ip")
    assert threat(enricher, source__ip="192.0.2.1") is None
    (folder / "b.csv").write_text("ip,why\n192.0.2.1,scan\n")
    (folder / "a.txt").unlink()
    enricher.look()
    assert threat(enricher, source__ip="203.0.113.5") is None
    assert threat(enricher, source__ip="192.0.2.1") == ("ipv4-addr", "192.0.2.1", "b", "source.ip")
    assert enricher.hints == ()


def test_looking_at_what_did_not_change_forgets_nothing(tmp_path: Path) -> None:
    enricher = using(tmp_path, PLAIN)
    before = enricher._lookups
    enricher.look()
    assert enricher._lookups is before
