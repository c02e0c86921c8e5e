"""Inventory, places and indicators from files: found, broken, missing, replaced."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet
from socterm.enrich import Enricher
from socterm.enrich.data import DataFiles
from socterm.event import Event


def enriched(enricher: Enricher, **fields: Any) -> dict[str, Any]:
    """What the fields of one event become; `__` stands for a dot."""
    event = Event(0, "x", 0, "", {name.replace("__", "."): value for name, value in fields.items()})
    enricher.apply([event])
    return event.fields


def put(path: Path, text: str | bytes) -> Path:
    """Write a file as programs do that replace one: whole, under another name first."""
    new = path.with_name(path.name + ".tmp")
    new.write_bytes(text if isinstance(text, bytes) else text.encode())
    new.replace(path)
    return path


# -- inventory -------------------------------------------------------------------------------

ASSETS = """\
host,ip,owner,role,criticality,note
web1.example.org,10.0.0.5,Ops,web server,high,"rack 7, unit 3"
db1,,DBA,database,critical,
,10.0.0.0/24,Ops,office network,low,
vpn,2001:db8::/32,Net,gateway,,
"""


def assets(path: Path, text: str | bytes) -> Enricher:
    return Enricher(DataFiles(assets=put(path / "assets.csv", text)))


def asset_of(found: dict[str, Any], prefix: str) -> dict[str, Any]:
    start = f"{prefix}.asset."
    return {name[len(start) :]: value for name, value in found.items() if name.startswith(start)}


WEB = {"name": "web1.example.org", "owner": "Ops", "role": "web server", "criticality": "high"}


def test_a_machine_is_known_by_name_address_and_network(tmp_path: Path) -> None:
    known = assets(tmp_path, ASSETS)
    assert known.hints == ()
    found = enriched(known, host__hostname="WEB1", source__ip="10.0.0.5", destination__ip="10.0.0.77")
    assert asset_of(found, "host") == asset_of(found, "source") == WEB
    assert asset_of(found, "destination") == {"owner": "Ops", "role": "office network", "criticality": "low"}
    assert asset_of(enriched(known, source__ip="2001:db8::9"), "source")["name"] == "vpn"
    assert asset_of(enriched(known, source__ip="::ffff:10.0.0.5"), "source") == WEB
    assert asset_of(enriched(known, host__hostname="db1.example.net"), "host")["owner"] == "DBA"
    assert asset_of(enriched(known, host__hostname="web2", source__ip="10.0.1.1"), "host") == {}


def test_a_short_name_that_two_machines_have_means_neither(tmp_path: Path) -> None:
    known = assets(tmp_path, "name,owner\nmail.a.example,A\nmail.b.example,B\n")
    assert asset_of(enriched(known, host__hostname="mail"), "host") == {}
    assert asset_of(enriched(known, host__hostname="mail.b.example."), "host")["owner"] == "B"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffHostname;CIDR;Owner\r\nweb1;10.0.0.5;Ops\r\n".encode(),
        "name\tip\towner\nweb1\t10.0.0.5\tOps\n".encode("utf-16"),
        b"# our machines\n\nowner,ip,colour\nOps,10.0.0.5,red\n",
    ],
)
def test_forms_that_spreadsheets_write(tmp_path: Path, text: bytes) -> None:
    known = assets(tmp_path, text)
    assert known.hints == ()
    assert asset_of(enriched(known, source__ip="10.0.0.5"), "source")["owner"] == "Ops"


def test_broken_rows_are_told_in_one_line_and_the_rest_is_used(tmp_path: Path) -> None:
    known = assets(
        tmp_path,
        "host,ip,owner\na,10.0.0.300,X\nb,10.0.0.1,Ops\n,,X\nc,10.0.0.2,X,more\n,x,X\n\u00fc,10.0.0.3,M\u00fcller\n",
    )
    (hint,) = known.hints
    assert hint == (
        f"{tmp_path}/assets.csv: lines not used: line 2: no address or network: '10.0.0.300'; "
        "line 4: neither a name nor an address; line 5: more cells than headings; 1 more"
    )
    assert asset_of(enriched(known, source__ip="10.0.0.1"), "source")["owner"] == "Ops"
    assert asset_of(enriched(known, source__ip="10.0.0.3"), "source")["owner"] == "Müller"


def test_a_quotation_mark_nobody_closes_costs_its_own_line(tmp_path: Path) -> None:
    known = assets(tmp_path, 'host,owner\na,"Ops\nb,Dev\n')
    assert asset_of(enriched(known, host__hostname="b"), "host")["owner"] == "Dev"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no line of headings"),
        ("web1,10.0.0.5\n", "its first line names neither"),
        (b"\x00\x01\x02", "is no text file"),
    ],
)
def test_a_file_that_is_no_inventory(tmp_path: Path, text: str | bytes, why: str) -> None:
    known = assets(tmp_path, text)
    (hint,) = known.hints
    assert why in hint
    assert hint.endswith("; nothing of it is used")
    assert asset_of(enriched(known, source__ip="10.0.0.5"), "source") == {}


def test_what_an_event_says_of_its_host_stays(tmp_path: Path) -> None:
    known = assets(tmp_path, ASSETS)
    found = enriched(known, host__hostname="web1", host__asset__owner="theirs")
    assert (found["host.asset.owner"], found["host.asset.role"]) == ("theirs", "web server")


# -- places ----------------------------------------------------------------------------------

CITY = {
    "city": {"names": {"en": "Karlsruhe", "de": "Karlsruhe"}},
    "country": {"iso_code": "DE", "names": {"en": "Germany", "de": "Deutschland"}},
    "location": {"latitude": 49.0, "longitude": 8.4},
}
COUNTRY = {"country": {"iso_code": "FR", "names": {"en": "France"}}}
ASN = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example Net"}
IN_KARLSRUHE = {
    "geo.country_iso_code": "DE",
    "geo.country_name": "Germany",
    "geo.city_name": "Karlsruhe",
    "geo.location.lat": 49.0,
    "geo.location.lon": 8.4,
}


def mmdb(path: Path, records: dict[str, Any], *, version: int = 6) -> Path:
    """A MaxMind database of networks and what it says of them."""
    writer = MMDBWriter(version, "Test", ipv4_compatible=version == 6)
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    new = path.with_suffix(".new")
    writer.to_db_file(str(new))
    return new.replace(path)


def place_of(found: dict[str, Any], end: str) -> dict[str, Any]:
    return {
        name[len(end) + 1 :]: value
        for name, value in found.items()
        if name.startswith((f"{end}.geo.", f"{end}.as."))
    }


@pytest.fixture
def places(tmp_path: Path) -> Enricher:
    """City, country and ASN, of which the city knows only a part of what the country does."""
    return Enricher(
        DataFiles(
            databases=[
                mmdb(tmp_path / "city.mmdb", {"203.0.113.0/24": CITY, "2001:db8::/32": CITY}),
                mmdb(tmp_path / "country.mmdb", {"198.51.100.0/24": COUNTRY}, version=4),
                mmdb(tmp_path / "asn.mmdb", {"203.0.113.0/25": ASN}),
            ]
        )
    )


def test_places_and_networks_of_both_ends(places: Enricher) -> None:
    assert places.hints == ()
    found = enriched(places, source__ip="203.0.113.9", destination__ip="198.51.100.7")
    assert place_of(found, "source") == IN_KARLSRUHE | {
        "as.number": 64500,
        "as.organization.name": "Example Net",
    }
    assert place_of(found, "destination") == {"geo.country_iso_code": "FR", "geo.country_name": "France"}
    assert place_of(enriched(places, source__ip="203.0.113.200"), "source") == IN_KARLSRUHE
    assert place_of(enriched(places, source__ip="2001:db8::1"), "source") == IN_KARLSRUHE
    assert place_of(enriched(places, source__ip="192.0.2.1"), "source") == {}
    assert place_of(enriched(places, source__ip="laptop"), "source") == {}


@pytest.mark.parametrize(
    ("carried", "expected"),
    [
        ({"source.geo.country_iso_code": "us"}, {"geo.country_iso_code": "US"}),
        ({"geoip.country_code": "US"}, {"geo.country_iso_code": "US"}),
        ({"geoip.country_code2": "us", "geoip.country_name": "United States"},
         {"geo.country_iso_code": "US", "geo.country_name": "United States"}),
        ({"country": "US"}, {"geo.country_iso_code": "US"}),
        ({"Country": "United States"}, {"geo.country_iso_code": "US", "geo.country_name": "United States"}),
        ({"Country": "Atlantis"}, {"geo.country_name": "Atlantis"}),
        ({"source.geo.country_name": "Korea, Democratic People's Republic of"},
         {"geo.country_iso_code": "KP", "geo.country_name": "Korea, Democratic People's Republic of"}),
        ({"location.countryOrRegion": "IR", "location.city": "Tehran",
          "location.geoCoordinates.latitude": 35.7},
         {"geo.country_iso_code": "IR", "geo.city_name": "Tehran", "geo.location.lat": 35.7}),
        ({"location": "RU"}, {"geo.country_iso_code": "RU"}),
        ({"client.geographicalContext.country": "Iran", "client.geographicalContext.geolocation.lon": 51.4},
         {"geo.country_iso_code": "IR", "geo.country_name": "Iran", "geo.location.lon": 51.4}),
        ({"src_country": "us"}, {"geo.country_iso_code": "US"}),
        ({"srccountry": "United States"},
         {"geo.country_iso_code": "US", "geo.country_name": "United States"}),
        ({"geoip.city_name": "Boston", "geoip.latitude": "42.4", "geoip.longitude": -71},
         {"geo.city_name": "Boston", "geo.location.lat": 42.4, "geo.location.lon": -71.0}),
        ({"source.geo.location.lat": "42.4"}, {"geo.location.lat": 42.4}),
    ],
)  # fmt: skip
def test_a_place_the_event_brings_along_wins(
    places: Enricher, carried: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = enriched(places, source__ip="203.0.113.9", **carried)
    of_network = {"as.number": 64500, "as.organization.name": "Example Net"}
    assert place_of(found, "source") == expected | of_network
    for name, value in carried.items():
        assert found[name] == value or name.startswith("source.")


def test_a_place_needs_no_database() -> None:
    found = enriched(
        Enricher(), source__ip="203.0.113.9", **{"geoip.country_code": "br", "geoip.asn": "AS64500"}
    )
    assert place_of(found, "source") == {"geo.country_iso_code": "BR", "as.number": 64500}


@pytest.mark.parametrize(
    "carried",
    [
        {"country": "Reserved"},
        {"srccountry": ""},
        {"geoip.country_code": "XX"},
        {"geoip.latitude": "north"},
        {"geoip.latitude": 1e9},
        {"geoip.longitude": "nan"},
        {"country": ("DE", "US")},
        {"asn": "ASx"},
    ],
)
def test_what_says_no_place_is_no_place(places: Enricher, carried: dict[str, Any]) -> None:
    found = enriched(places, source__ip="203.0.113.200", **carried)
    assert place_of(found, "source") == IN_KARLSRUHE


def test_one_end_brings_its_place_the_other_is_looked_up(places: Enricher) -> None:
    found = enriched(
        places,
        source__ip="203.0.113.9",
        destination__ip="203.0.113.8",
        destination__geo__country_iso_code="US",
    )
    assert place_of(found, "source")["geo.country_iso_code"] == "DE"
    assert place_of(found, "destination")["geo.country_iso_code"] == "US"
    assert "destination.geo.city_name" not in found


@pytest.mark.parametrize("content", [b"", b"no database", b"\x00" * 4096, b"\xab\xcd\xefMaxMind.com\xff" * 9])
def test_a_file_that_is_no_database_is_told(tmp_path: Path, content: bytes) -> None:
    enricher = Enricher(DataFiles(databases=[put(tmp_path / "city.mmdb", content)]))
    (hint,) = enricher.hints
    assert hint.startswith(f"{tmp_path}/city.mmdb: ")
    assert hint.endswith("; nothing of it is used")
    assert enriched(enricher, source__ip="203.0.113.9")["source.is_external"] is True


def test_a_database_damaged_while_in_use_stops_nothing(tmp_path: Path) -> None:
    path = mmdb(tmp_path / "city.mmdb", {f"203.0.{n}.0/24": CITY for n in range(200)})
    whole = path.read_bytes()
    for at in range(0, len(whole) - 200, 97):
        path.write_bytes(whole[:at] + b"\xff\x00\x7f" * 9 + whole[at + 27 :])
        enricher = Enricher(DataFiles(databases=[path]))
        for n in range(0, 200, 9):
            assert enriched(enricher, source__ip=f"203.0.{n}.1")["source.is_external"] is True


def test_a_new_database_is_taken_in(tmp_path: Path) -> None:
    path = mmdb(tmp_path / "city.mmdb", {"203.0.113.0/24": CITY})
    enricher = Enricher(DataFiles(databases=[path]))
    enriched(enricher, source__ip="203.0.113.9")
    mmdb(path, {"203.0.113.0/24": COUNTRY})
    enricher.look()
    found = enriched(enricher, source__ip="203.0.113.9")
    assert place_of(found, "source") == {"geo.country_iso_code": "FR", "geo.country_name": "France"}


# -- files that come and go ------------------------------------------------------------------


def test_all_that_is_missing_is_one_hint_and_no_error(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("bad.txt", "city.mmdb", "assets.csv")]
    enricher = Enricher(DataFiles(assets=paths[2], databases=[paths[1]], ioc=[paths[0]]))
    assert len(enricher.hints) == 1
    assert all(str(path) in enricher.hints[0] for path in paths)
    assert enriched(enricher, source__ip="10.0.0.5") == {"source.ip": "10.0.0.5", "source.is_external": False}
    put(paths[0], "10.0.0.5\n")
    put(paths[2], ASSETS)
    mmdb(paths[1], {"10.0.0.0/8": COUNTRY})
    enricher.look()
    found = enriched(enricher, source__ip="10.0.0.5")
    assert found["threat.feed.name"] == "bad"
    assert found["source.asset.owner"] == "Ops"
    assert found["source.geo.country_iso_code"] == "FR"
    assert enricher.hints == ()


def test_what_is_not_configured_is_no_hint() -> None:
    assert Enricher().hints == ()


def test_a_file_that_goes_away_or_breaks_stays_in_use(tmp_path: Path) -> None:
    enricher = assets(tmp_path, ASSETS)
    path = tmp_path / "assets.csv"
    path.unlink()
    enricher.look()
    assert enricher.hints == (f"{path} is gone; what it held stays in use",)
    assert enriched(enricher, source__ip="10.0.0.5")["source.asset.owner"] == "Ops"
    put(path, b"\x00")
    enricher.look()
    assert enricher.hints == (f"{path}: is no text file; its last good version stays in use",)
    assert enriched(enricher, source__ip="10.0.0.5")["source.asset.owner"] == "Ops"
    put(path, ASSETS.replace("Ops", "New"))
    enricher.look()
    assert enricher.hints == ()
    assert enriched(enricher, source__ip="10.0.0.5")["source.asset.owner"] == "New"


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    enricher = Enricher(DataFiles(assets=tmp_path, databases=[tmp_path]))
    assert [hint.partition(":")[0] for hint in enricher.hints] == [str(tmp_path)] * 2


def test_hints_can_be_told_whatever_a_file_is_called(tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xffd\n.txt")
    enricher = Enricher(DataFiles(assets=tmp_path / name, ioc=[put(tmp_path / name, "x y\n192.0.2.1\n")]))
    assert enricher.hints
    assert all(hint.encode().decode().isprintable() for hint in enricher.hints)
