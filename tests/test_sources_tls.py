"""Syslog over TLS: who is let in, what garbage and half a handshake do, and the one line for a bad set-up."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from socterm.cli.certificates import Pair, make_ca, make_client, make_server
from socterm.config import ListenConfig
from socterm.errors import SoctermError, UsageError
from socterm.sources import tls
from socterm.sources.listening import check_listener, open_listener
from socterm.sources.peers import Limits
from socterm.sources.tls import Certificates, Wire, lifetimes, server_context
from tests.listener import NOW, QUICK, Listener, until

TODAY = datetime.now(UTC)


class Pki:
    """Certificates in files: good ones, and each kind of wrong one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ca, other = make_ca(TODAY), make_ca(TODAY)
        self.put("ca", ca)
        self.put("server", make_server(ca, ["localhost", "127.0.0.1"], TODAY, 90))
        self.put("client", make_client(ca, "web01", TODAY, 30))
        self.put("stranger", make_client(other, "web01", TODAY, 30))
        self.put("expired", make_client(ca, "web01", TODAY - timedelta(days=60), 30))
        self.put("other-ca", other)
        self.listen = ListenConfig(cert=folder / "server.pem", key=folder / "server.key")
        self.asking = self.listen.model_copy(update={"client_ca": folder / "ca.pem"})

    def put(self, name: str, pair: Pair) -> None:
        (self.folder / f"{name}.pem").write_bytes(pair.cert)
        (self.folder / f"{name}.key").write_bytes(pair.key)

    def client(self, name: str | None, ca: str = "ca") -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self.folder / f"{ca}.pem")
        if name:
            context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


Make = Callable[..., Listener]


@pytest.fixture
def listeners(pki: Pki) -> Iterator[Make]:
    made: list[Listener] = []

    def make(listen: ListenConfig | None = None, limits: Limits = QUICK) -> Listener:
        certificates = Certificates(listen or pki.asking, "tls://127.0.0.1:0")
        now = int(TODAY.timestamp()) * 1_000_000  # certificates are valid by the clock that OpenSSL reads
        made.append(Listener("tls://127.0.0.1:0", limits, now=now, certificates=certificates).start())
        return made[-1]

    yield make
    for one in made:
        one.close()


def speak(listener: Listener, context: ssl.SSLContext, origin: str = "") -> ssl.SSLSocket:
    made = context.wrap_socket(listener.sender(origin=origin), server_hostname="localhost")
    listener.senders.append(made)
    return made


def refused(listener: Listener, context: ssl.SSLContext) -> None:
    """The sender is turned away: in the handshake, or by TLS 1.3 when it writes or reads after it."""
    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        _send_and_hear(speak(listener, context))


def _send_and_hear(sender: ssl.SSLSocket) -> None:
    sender.sendall(b"<1>secret\n")
    if sender.recv(10) == b"":
        raise EOFError


# -- who is let in


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_sender_with_a_good_certificate_is_heard(
    listeners: Make, pki: Pki, version: ssl.TLSVersion
) -> None:
    listener = listeners()
    context = pki.client("client")
    context.minimum_version = context.maximum_version = version
    counted, lines = speak(listener, context), speak(listener, context)
    counted.sendall(b"8 <13>a\nb\n7 <13>two")
    listener.lines(2)
    lines.sendall(b"<13>" + b"x" * 500_000 + b"\n<13>three\n")
    assert [line[:9] for line in listener.lines(4)] == [b"<13>a\nb", b"<13>two", b"<13>xxxxx", b"<13>three"]
    assert listener.source.name == f"syslog:tls://127.0.0.1:{listener.source.port}"
    assert listener.source.stats().drops == {}


def test_without_a_client_ca_anybody_may_send(listeners: Make, pki: Pki) -> None:
    listener = listeners(pki.listen)
    sender = speak(listener, pki.client(None))
    sender.sendall(b"<1>one\n")
    assert listener.lines(1) == [b"<1>one"]


@pytest.mark.parametrize(
    ("shown", "counted", "remedy"),
    [
        (None, "no client certificate", "give it one of listen.client_ca"),
        ("stranger", "client certificate refused", "not of listen.client_ca, expired, or not for clients"),
        ("expired", "client certificate refused", "expired"),
        ("server", "client certificate refused", "not for clients"),
    ],
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_missing_or_wrong_certificate_is_refused_and_counted(
    listeners: Make, pki: Pki, shown: str | None, counted: str, remedy: str, version: ssl.TLSVersion
) -> None:
    listener = listeners()
    context = pki.client(shown)
    context.minimum_version = context.maximum_version = version
    refused(listener, context)
    listener.drops(**{counted: 1})
    assert remedy in listener.source.stats().note
    good = speak(listener, pki.client("client"))
    good.sendall(b"<1>one\n")
    assert listener.lines(1) == [b"<1>one"]


def test_a_sender_that_does_not_trust_us_is_counted(listeners: Make, pki: Pki) -> None:
    listener = listeners()
    refused(listener, pki.client("client", ca="other-ca"))
    listener.drops(**{"our certificate refused": 1})
    assert "does not trust listen.cert" in listener.source.stats().note


def test_nothing_older_than_tls_1_2(listeners: Make, pki: Pki) -> None:
    listener = listeners()
    context = pki.client("client")
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    refused(listener, context)
    listener.drops(**{"TLS too old": 1})


# -- what comes instead of TLS, or breaks it


@pytest.mark.parametrize(
    ("bytes_", "counted"),
    [
        (b"<13>plain syslog\n", "not TLS"),
        (b"GET / HTTP/1.1\r\n\r\n", "not TLS"),
        (b"\x16\x03\x01\x00\x05\x01\xff\xff\xff\xff", "handshake failed"),
        (b"\x00" * 100, "not TLS"),
    ],
)
def test_garbage_is_refused_and_counted(listeners: Make, bytes_: bytes, counted: str) -> None:
    listener = listeners()
    sender = listener.sender(bytes_)
    while _more(sender):
        pass
    listener.drops(**{counted: 1})
    assert listener.came == []


def _more(sender: socket.socket) -> bool:
    try:
        return sender.recv(4096) != b""
    except ConnectionResetError:
        return False


def test_a_look_at_the_port_is_no_failure_and_half_a_handshake_is(listeners: Make) -> None:
    listener = listeners()
    listener.sender().close()
    hello = _hello()
    half = listener.sender(hello[:50])
    until(lambda: listener.source._peers.count == 1, lambda: "the look to be over")
    half.close()
    listener.drops(**{"handshake failed": 1})


def test_who_only_connects_cannot_keep_out_who_has_a_certificate(listeners: Make, pki: Pki) -> None:
    listener = listeners(limits=Limits(peers=3, tick=0.02))
    crowd = [listener.sender() for _ in range(3)]
    until(lambda: listener.source._peers.count == 3, lambda: "all places to be taken")
    sender = speak(listener, pki.client("client"), origin="127.0.0.2")
    sender.sendall(b"<1>one\n")
    assert listener.lines(1) == [b"<1>one"]
    assert not _more(crowd[0])
    listener.drops(too_many_peers=1)


def test_a_slow_handshake_is_ended(listeners: Make) -> None:
    listener = listeners(limits=Limits(handshake=0.1, tick=0.02))
    silent, slow = listener.sender(), listener.sender(_hello()[:50])
    assert not _more(silent)
    assert not _more(slow)
    listener.drops(**{"slow handshake": 2})
    assert "within 0.1 s" in listener.source.stats().note


def _hello() -> bytes:
    """What a client says first."""
    out = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(
            ssl.MemoryBIO(), out, server_hostname="localhost"
        ).do_handshake()
    return out.read()


def test_broken_records_end_a_connection_after_what_was_whole(listeners: Make, pki: Pki) -> None:
    listener = listeners()
    sender = speak(listener, pki.client("client"))
    sender.sendall(b"<1>one\n<2>tw")
    listener.lines(1)
    with socket.socket(fileno=sender.detach()) as bare:
        bare.settimeout(20)
        bare.sendall(b"\x17\x03\x03\x00\x20" + b"x" * 32)
        while _more(bare):
            pass
    listener.drops(**{"TLS broken": 1, "torn": 1})
    assert listener.came == [b"<1>one"]


def test_cut_off_without_a_goodbye_the_last_line_must_be_whole(listeners: Make, pki: Pki) -> None:
    """Who can cut a connection could otherwise shorten what was said."""
    listener = listeners()
    sender = speak(listener, pki.client("client"))
    sender.sendall(b"<1>one\n<2>only half of")
    listener.lines(1)
    socket.socket(fileno=sender.detach()).close()
    listener.drops(torn=1)
    polite = speak(listener, pki.client("client"))
    polite.sendall(b"<3>three")
    polite.unwrap().close()
    assert listener.lines(2) == [b"<1>one", b"<3>three"]


def test_who_asks_to_negotiate_anew_is_not_obeyed(listeners: Make, pki: Pki) -> None:
    """`R` is what `openssl s_client` renegotiates at: it takes our time and brings nobody anything."""
    listener = listeners()
    folder = pki.folder
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{listener.source.port}", "-tls1_2",
         "-quiet", "-no_ign_eof",
         "-CAfile", folder / "ca.pem", "-cert", folder / "client.pem", "-key", folder / "client.key"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert client.stdin is not None
    client.stdin.write(b"<1>before\n")
    client.stdin.flush()
    assert listener.lines(1) == [b"<1>before"]
    client.stdin.write(b"R\n")
    client.stdin.flush()
    _, said = client.communicate(timeout=60)
    assert b"RENEGOTIATING" in said
    assert b"no renegotiation" in said
    other = speak(listener, pki.client("client"))
    other.sendall(b"<2>after\n")
    assert listener.lines(2) == [b"<1>before", b"<2>after"]


def test_at_the_end_a_sender_finds_the_connection_closed_and_nothing_else(listeners: Make, pki: Pki) -> None:
    """What rsyslog does before each write: look whether there is an end to read, below TLS."""
    listener = listeners()
    sender = speak(listener, pki.client("client"))
    sender.sendall(b"<1>one\n")
    listener.lines(1)
    listener.source.end()
    with socket.socket(fileno=sender.detach()) as below:
        below.settimeout(20)
        assert below.recv(1, socket.MSG_PEEK) == b""
    assert listener.finish() == [b"<1>one"]
    assert listener.source.stats().drops == {}


def test_whose_handshake_is_under_way_at_the_end_is_not_waited_for(listeners: Make) -> None:
    listener = listeners()
    listener.sender(_hello()[:50])
    until(lambda: listener.source._peers.count == 1, lambda: "it to be taken on")
    assert listener.finish() == []


def test_a_sender_that_never_reads_what_it_asks_for_is_ended(pki: Pki) -> None:
    """The answers of TLS are bounded; a wire says what it wants to send, the connection cuts it off."""
    context = server_context(pki.listen, "tls://:0")
    wire = Wire(context)
    assert wire.feed(_hello()) == b""
    assert 0 < len(wire.answer()) < 16_384
    assert wire.answer() == b""


def test_renewed_certificates_are_shown_to_who_connects_next(
    listeners: Make, pki: Pki, tmp_path: Path
) -> None:
    """Between new certificate and new key nothing fits: what was there before serves on, and that is told."""
    own = Pki(tmp_path)
    listener = listeners(own.listen)
    old = speak(listener, own.client(None))
    serial = old.getpeercert()["serialNumber"]  # type: ignore[index]
    ca = Pair((tmp_path / "ca.pem").read_bytes(), (tmp_path / "ca.key").read_bytes())
    renewed = make_server(ca, ["localhost"], TODAY, 60)
    (tmp_path / "server.pem").write_bytes(renewed.cert)
    between = speak(listener, own.client(None))
    assert between.getpeercert()["serialNumber"] == serial  # type: ignore[index]
    note = listener.source.stats().note
    assert "server.key is not the key of" in note
    assert note.endswith("what was there before is in use")
    (tmp_path / "server.key").write_bytes(renewed.key)
    after = speak(listener, own.client(None))
    assert after.getpeercert()["serialNumber"] != serial  # type: ignore[index]
    for sender in (old, between, after):
        sender.sendall(b"<1>x\n")
    assert listener.lines(3) == [b"<1>x"] * 3
    assert listener.source.stats().note == ""


def test_a_file_that_goes_while_it_is_read_does_not_end_the_listener(
    listeners: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who renews a certificate may remove it first; here just between our look at it and OpenSSL's."""
    own = Pki(tmp_path)
    listener = listeners(own.asking)
    look, lost = tls._looked_at, tmp_path

    def look_and_lose(setting: str, path: Path, mark: bytes, what: str) -> bytes:
        text = look(setting, path, mark, what)
        if path == lost:
            path.unlink()
        return text

    for lost in (tmp_path / "server.pem", tmp_path / "ca.pem"):
        text = lost.read_bytes()
        lost.touch()
        with monkeypatch.context() as patch:
            patch.setattr(tls, "_looked_at", look_and_lose)
            trusting = own.client("client")
            speak(listener, trusting).sendall(b"<1>x\n")
        assert "No such file" in listener.source.stats().note
        lost.write_bytes(text)
        speak(listener, own.client("client")).sendall(b"<1>y\n")
        assert listener.source.stats().note == ""
    assert len(listener.lines(4)) == 4


def test_a_certificate_that_ends_is_told_before_and_after(listeners: Make, pki: Pki) -> None:
    """By the clock that is handed in: every sender refuses it from then on, and no drop says why."""
    listener = listeners()
    life = lifetimes(pki.listen.cert, None)["cert"]
    day = 86_400_000_000
    for now, note in (
        (life.until - 31 * day, ""),
        (life.until - day, f"listen.cert expires on {life.last_day}: renew it"),
        (life.until, f"listen.cert expired on {life.last_day}: renew it"),
    ):
        listener.now = now
        assert listener.source.stats().note == note
    refused(listener, pki.client("client", ca="other-ca"))
    listener.drops(**{"our certificate refused": 1})
    assert listener.source.stats().note == f"listen.cert expired on {life.last_day}: renew it"
    listener.now = life.until - day
    assert "does not trust listen.cert" in listener.source.stats().note


def test_a_certificate_that_was_renewed_is_told_no_more_though_nobody_connects(
    listeners: Make, tmp_path: Path
) -> None:
    own = Pki(tmp_path)
    listener = listeners(own.listen)
    listener.now = lifetimes(own.listen.cert, None)["cert"].until
    assert "listen.cert expired on" in listener.source.stats().note
    ca = Pair((tmp_path / "ca.pem").read_bytes(), (tmp_path / "ca.key").read_bytes())
    own.put("server", make_server(ca, ["localhost"], TODAY, 400))
    assert listener.source.stats().note == ""
    own.put("server", make_server(ca, ["localhost"], TODAY, 10))
    speak(listener, own.client(None))
    assert "listen.cert expired on" in listener.source.stats().note


# -- the set-up


def test_tls_without_a_certificate_says_how_to_get_one(pki: Pki) -> None:
    for listen, missing in ((ListenConfig(), "listen.cert"), (ListenConfig(cert=Path("x")), "listen.key")):
        with pytest.raises(UsageError, match=rf"tls://:6514: set {missing} in .*socterm tls init DIR"):
            check_listener("tls://:6514", listen)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cert": "none.pem"}, r"listen.cert: .*none\.pem: No such file"),
        ({"cert": "server.key"}, r"listen.cert: .*server\.key holds no certificate"),
        ({"key": "none.key"}, r"listen.key: .*none\.key: No such file"),
        ({"key": "server.pem"}, r"listen.key: .*server\.pem holds no private key"),
        ({"key": "client.key"}, r"listen.key: .*client\.key is not the key of listen.cert .*server\.pem"),
        ({"key": "locked.key"}, r"listen.key: .*locked\.key has a passphrase"),
        ({"cert": "broken.pem"}, r"is damaged"),
        ({"client_ca": "none.pem"}, r"listen.client_ca: .*none\.pem: No such file"),
        ({"client_ca": "server.key"}, r"listen.client_ca: .*holds no certificate"),
        ({"client_ca": "broken.pem"}, r"listen.client_ca: .*broken\.pem is damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(pki: Pki, change: dict[str, str], said: str) -> None:
    key = serialization.load_pem_private_key((pki.folder / "server.key").read_bytes(), None)
    (pki.folder / "locked.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    (pki.folder / "broken.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    listen = pki.asking.model_copy(update={name: pki.folder / file for name, file in change.items()})
    with pytest.raises(SoctermError, match=said) as caught:
        open_listener("tls://127.0.0.1:0", listen, clock=lambda: NOW, resume=None)
    assert "\n" not in str(caught.value)
