"""Until when certificates are valid: the same dates a library reads, and one line while there is time."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from socterm.cli.certificates import Pair, make_ca, make_client, make_server
from socterm.sources.expiry import Lifetime, of_any, of_chain

TODAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = 86_400_000_000
CA = make_ca(TODAY)


def micros(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def dates(pair: Pair) -> Lifetime:
    read = x509.load_pem_x509_certificate(pair.cert)
    return Lifetime(micros(read.not_valid_before_utc), micros(read.not_valid_after_utc))


@pytest.mark.parametrize("born", [TODAY, datetime(1999, 2, 3, tzinfo=UTC), datetime(2051, 1, 1, tzinfo=UTC)])
def test_the_dates_are_those_a_library_reads(born: datetime) -> None:
    """Also where years have two digits and where they have four (RFC 5280, 4.1.2.5)."""
    ca = make_ca(born)
    assert of_chain(ca.cert) == of_any(ca.cert) == dates(ca)
    server = make_server(ca, ["logs.example.org", "192.0.2.1"], born, 90)
    assert of_chain(b"words before\n" + server.cert) == dates(server)


def test_of_a_chain_the_first_to_end_counts_and_of_cas_the_last() -> None:
    short = make_client(CA, "web01", TODAY + timedelta(days=2), 10)
    both = short.cert + CA.cert
    assert of_chain(both) == dates(short)
    assert of_any(both) == dates(CA)


def test_all_that_this_machine_trusts_can_be_read() -> None:
    """Certificates of all makers, when there are some here."""
    bundle = ssl.get_default_verify_paths().cafile
    pem = (Path(bundle).read_bytes() if bundle else b"") + CA.cert
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pem.decode())
    ends = [ssl.cert_time_to_seconds(one["notAfter"]) * 1_000_000 for one in context.get_ca_certs()]  # type: ignore[arg-type]
    last, first = of_any(pem), of_chain(pem)
    assert last is not None
    assert first is not None
    assert (last.until, first.until) == (max(ends), min(ends))


@given(st.binary(max_size=60), st.integers(0, 2000))
def test_what_is_damaged_is_none_and_no_error(noise: bytes, at: int) -> None:
    der = ssl.PEM_cert_to_DER_cert(CA.cert.decode())
    damaged = der[: at % len(der)] + noise
    found = of_chain(ssl.DER_cert_to_PEM_cert(damaged).encode())
    assert found is None or isinstance(found.until, int)
    assert of_chain(noise) is None


def test_it_is_told_a_month_before_its_end() -> None:
    life = Lifetime(100 * DAY, 200 * DAY)
    assert str(life.trouble(99 * DAY)) == "is not valid before 1970-04-11: see whether the clock is right"
    assert life.trouble(169 * DAY) is None
    assert str(life.trouble(171 * DAY)) == "expires on 1970-07-20: renew it"
    assert str(life.trouble(200 * DAY)) == "expired on 1970-07-20: renew it"
    assert [life.valid(day * DAY) for day in (99, 100, 199, 200)] == [False, True, True, False]
