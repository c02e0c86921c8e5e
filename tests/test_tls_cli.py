"""`socterm tls`: certificates that a listener and its senders accept, and files that nobody overwrites."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from socterm.cli import cli, main
from socterm.cli.certificates import make_ca, make_client
from socterm.config import ListenConfig
from socterm.errors import SoctermError
from socterm.sources.tls import server_context


def tls(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["tls", *map(str, arguments)])


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "pki"
    assert tls("init", folder, "--name", "logs.example.org", "--name", "192.0.2.9").exit_code == 0
    return folder


def test_init_writes_what_both_sides_need_and_says_where_it_goes(made: Path) -> None:
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()}
    assert rights == {
        "ca.key": 0o600, "ca.pem": 0o644, "server.key": 0o600, "server.pem": 0o644,
        "client.key": 0o600, "client.pem": 0o644,
    }  # fmt: skip
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    server = x509.load_pem_x509_certificate((made / "server.pem").read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {"logs.example.org", "localhost", socket.gethostname()} <= set(
        names.get_values_for_type(x509.DNSName)
    )
    assert {ipaddress.ip_address(a) for a in ("192.0.2.9", "127.0.0.1", "::1")} <= set(
        names.get_values_for_type(x509.IPAddress)
    )
    listen = ListenConfig(cert=made / "server.pem", key=made / "server.key", client_ca=made / "ca.pem")
    context = server_context(listen, "tls://:0")
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2


def test_what_it_says_is_a_configuration_that_works(tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    said = tls("init", folder).output
    part = said[said.index("  syslog = ") : said.index("On the sender")]
    (tmp_path / "config.toml").write_text("\n".join(line.strip() for line in part.splitlines()))
    from socterm.config import load_config

    config = load_config(path=tmp_path / "config.toml", environ={"HOME": str(tmp_path)})
    assert config.syslog == ("tls://0.0.0.0:6514",)
    server_context(config.listen, config.syslog[0])
    assert "ca.key" in said


def test_nothing_is_overwritten_and_nothing_half_written_stays(made: Path) -> None:
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    again = tls("init", made)
    assert "is there already: name another folder" in str(again.exception)
    assert {path.name: path.read_bytes() for path in made.iterdir()} == before
    (made / "ca.key").unlink()
    (made / "ca.pem").unlink()
    assert tls("init", made).exception is not None
    assert not (made / "ca.key").exists()


def test_one_more_sender(made: Path) -> None:
    assert tls("client", made, "web01", "--days", 30).exit_code == 0
    cert = x509.load_pem_x509_certificate((made / "web01.pem").read_bytes())
    assert cert.subject.rfc4514_string() == "CN=web01"
    assert cert.not_valid_after_utc - datetime.now(UTC) < timedelta(days=31)
    assert stat.S_IMODE((made / "web01.key").stat().st_mode) == 0o600
    assert "already" in str(tls("client", made, "web01").exception)


@pytest.mark.parametrize("name", ["../up", "", "a/b", ".hidden", "-x\n"])
def test_a_name_that_is_no_file_name_is_refused(made: Path, name: str) -> None:
    assert tls("client", made, "--", name).exit_code != 0
    assert len(list(made.iterdir())) == 6


def test_without_a_ca_or_with_another_key_it_is_one_line(made: Path, tmp_path: Path) -> None:
    missing = str(tls("client", tmp_path / "none", "web01").exception)
    assert "ca.pem: No such file" in missing
    assert "socterm tls init" in missing
    (made / "ca.key").write_bytes(make_ca(datetime.now(UTC)).key)
    assert "does not belong" in str(tls("client", made, "web01").exception)


def test_a_locked_key_of_the_ca_is_one_line_that_says_how_to_open_it(made: Path) -> None:
    """Who keeps a CA well gives its key a passphrase."""
    key = serialization.load_pem_private_key((made / "ca.key").read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"secret")
    for form in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
        (made / "ca.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, locked))
        error = tls("client", made, "web01").exception
        assert isinstance(error, SoctermError)
        assert "has a passphrase: write it without" in str(error)
        assert "\n" not in str(error)


def test_a_ca_of_ones_own_makes_senders_too(made: Path) -> None:
    """One of RSA, as most are that were not made here."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "our CA")])
    now = datetime.now(UTC)
    begun = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(days=9))
    ca = begun.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
        key, hashes.SHA256()
    )
    pem = serialization.Encoding.PEM
    (made / "ca.pem").write_bytes(ca.public_bytes(pem))
    (made / "ca.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    assert tls("client", made, "web01").exit_code == 0
    x509.load_pem_x509_certificate((made / "web01.pem").read_bytes()).verify_directly_issued_by(ca)


def test_a_file_in_the_way_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "pki").write_text("x")
    said = str(tls("init", tmp_path / "pki").exception)
    assert "cannot be written" in said
    assert "\n" not in said


def test_a_sender_outlives_its_ca_not() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    ca = make_ca(now)
    late = now + timedelta(days=3640)
    assert x509.load_pem_x509_certificate(make_client(ca, "x", late, 825).cert).not_valid_after_utc <= (
        now + timedelta(days=3650)
    )
    with pytest.raises(ValueError, match="expired"):
        make_client(ca, "x", now + timedelta(days=3651), 825)


def test_the_error_reaches_the_person(
    made: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["socterm", "tls", "init", str(made)])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socterm.cli.certificates", None)
    monkeypatch.delattr("socterm.cli.certificates", raising=False)
    error = tls("init", tmp_path / "pki").exception
    assert isinstance(error, SoctermError)
    assert error.exit_code == 3
    assert "pip install 'socterm[tls]'" in str(error)
    assert not (tmp_path / "pki").exists()
