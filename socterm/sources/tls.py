"""TLS for syslog (RFC 5425): what we show, what we ask of senders, and one connection's records.

At least TLS 1.2, as RFC 9662 has it; no renegotiation, no tickets.
"""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from socterm.config import ListenConfig
from socterm.errors import SoctermError, UsageError
from socterm.sources.expiry import Lifetime, of_any, of_chain

NO_CERTIFICATE: Final = "no client certificate"
BAD_CERTIFICATE: Final = "client certificate refused"
NOT_TLS: Final = "not TLS"
OLD_TLS: Final = "TLS too old"
OURS_REFUSED: Final = "our certificate refused"
HANDSHAKE: Final = "handshake failed"
BROKEN: Final = "TLS broken"

_WHY: Final = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": NO_CERTIFICATE,
    "CERTIFICATE_VERIFY_FAILED": BAD_CERTIFICATE,
    "HTTP_REQUEST": NOT_TLS,
    "HTTPS_PROXY_REQUEST": NOT_TLS,
    "WRONG_VERSION_NUMBER": NOT_TLS,
    "UNSUPPORTED_PROTOCOL": OLD_TLS,
    "VERSION_TOO_LOW": OLD_TLS,
    "TLSV1_ALERT_UNKNOWN_CA": OURS_REFUSED,
    "SSLV3_ALERT_BAD_CERTIFICATE": OURS_REFUSED,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": OURS_REFUSED,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": OURS_REFUSED,
}
"""OpenSSL's reason, and what is counted; all others are a handshake that failed."""

_READ: Final = 64 << 10
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_KEY: Final = b"PRIVATE KEY-----"


def server_context(listen: ListenConfig, url: str) -> ssl.SSLContext:
    """What every connection to a `tls://` listener begins with.

    Raises UsageError where no certificate is configured and SoctermError where files cannot be used, in one
    line that names the setting and the file.
    """
    if listen.cert is None or listen.key is None:
        missing = "listen.cert" if listen.cert is None else "listen.key"
        raise UsageError(
            f"{url}: set {missing} in the configuration; `socterm tls init DIR` makes what it needs"
        )
    cert, key = listen.cert, listen.key
    _looked_at("listen.cert", cert, _CERTIFICATE, "certificate")
    if b"ENCRYPTED" in _looked_at("listen.key", key, _KEY, "private key"):
        raise SoctermError(
            f"listen.key: {key} has a passphrase: write it without, openssl pkey -in {key} -out NEW"
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    # rsyslog looks whether a connection still stands by whether it finds the end or anything at all to read:
    # a ticket it never reads would hide the end from it, and it would go on sending.
    context.num_tickets = 0
    try:
        context.load_cert_chain(cert, key, password=lambda: b"")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise SoctermError(f"listen.key: {key} is not the key of listen.cert {cert}") from None
        raise SoctermError(f"listen.cert, listen.key: {cert} or {key} is damaged: {_said(error)}") from None
    except OSError as error:  # one of them is being renewed in this moment
        raise SoctermError(f"listen.cert, listen.key: {cert} or {key}: {error.strerror}") from None
    if listen.client_ca is not None:
        _looked_at("listen.client_ca", listen.client_ca, _CERTIFICATE, "certificate")
        try:
            context.load_verify_locations(cafile=listen.client_ca)
        except ssl.SSLError as error:
            raise SoctermError(f"listen.client_ca: {listen.client_ca} is damaged: {_said(error)}") from None
        except OSError as error:
            raise SoctermError(f"listen.client_ca: {listen.client_ca}: {error.strerror}") from None
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Certificates:
    """A listener's files as they are now: who connects after they were renewed is shown the new ones.

    `trouble` is one line while what stands there cannot be used, as between a new certificate and its key;
    then what was there before serves on. Raises as `server_context` does when it is made.
    """

    def __init__(self, listen: ListenConfig, url: str) -> None:
        self._listen = listen
        self._url = url
        self._seen = self._stamps()
        self._context = server_context(listen, url)
        self._date()
        self.trouble = ""

    def context(self) -> ssl.SSLContext:
        """What the next connection begins with."""
        stamps = self._stamps()
        if stamps != self._seen:
            self._seen = stamps
            try:
                self._context = server_context(self._listen, self._url)
                self._date()
                self.trouble = ""
            except SoctermError as error:
                self.trouble = f"{error}; what was there before is in use"
        return self._context

    def invalid(self, now: int) -> str:
        """Why every sender is refused at `now` (µs), or "": a certificate that has expired or not begun."""
        return next((line for line, valid in self._told(now) if not valid), "")

    def ending(self, now: int) -> str:
        """What is to be renewed before long, or ""."""
        return next((line for line, valid in self._told(now) if valid), "")

    def _told(self, now: int) -> Iterator[tuple[str, bool]]:
        if any(life.trouble(now) for life in self._lifetimes.values()) and self._stamps() != self._dated:
            self._date()  # it was renewed, and nobody has connected since
        for setting, life in self._lifetimes.items():
            if said := life.trouble(now):
                yield f"listen.{setting} {said}", life.valid(now)

    def _date(self) -> None:
        self._dated = self._stamps()
        self._lifetimes = lifetimes(self._listen.cert, self._listen.client_ca)

    def _stamps(self) -> list[tuple[int, ...]]:
        found: list[tuple[int, ...]] = []
        for path in (self._listen.cert, self._listen.key, self._listen.client_ca):
            try:
                info = path.stat() if path is not None else None
            except OSError:
                info = None
            found.append((info.st_ino, info.st_size, info.st_mtime_ns) if info else ())
        return found


def lifetimes(cert: Path | None, client_ca: Path | None) -> dict[str, Lifetime]:
    """When these are valid, by the name of their setting; without those that are not there or unreadable."""
    found: dict[str, Lifetime] = {}
    for setting, path, look in (("cert", cert, of_chain), ("client_ca", client_ca, of_any)):
        if path is not None:
            with contextlib.suppress(OSError):
                if life := look(path.read_bytes()):
                    found[setting] = life
    return found


def _looked_at(setting: str, path: Path, mark: bytes, what: str) -> bytes:
    """The text of a PEM file, which holds what it is to hold."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SoctermError(f"{setting}: {path}: {error.strerror}") from None
    if mark not in text:
        raise SoctermError(f"{setting}: {path} holds no {what} in PEM form")
    return text


def _said(error: ssl.SSLError) -> str:
    return (error.reason or "not in PEM form").replace("_", " ").lower()


class Wire:
    """The TLS of one connection, without its socket: bytes in, text and bytes to answer with out.

    `established` after the handshake. `ended` when the sender said goodbye, or `failed`, the reason to count;
    then nothing comes any more.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_side=True)
        self.established = False
        self.ended = False
        self.failed = ""

    def feed(self, block: bytes) -> bytes:
        """Take what the socket gave; answers with the text in it, also with what came before a failure."""
        if self.ended or self.failed:
            return b""
        self._in.write(block)
        text = bytearray()
        try:
            if not self.established:
                self._tls.do_handshake()
                self.established = True
            while data := self._tls.read(_READ):
                text += data
            self._say_goodbye()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self._say_goodbye()
        except ssl.SSLError as error:
            usual = BROKEN if self.established else HANDSHAKE
            self.failed = usual if self.established else _WHY.get(error.reason or "", usual)
        return bytes(text)

    def _say_goodbye(self) -> None:
        """Answer that of the sender, who may be waiting for it."""
        self.ended = True
        with contextlib.suppress(ssl.SSLError):  # it has gone, or never listened
            self._tls.unwrap()

    def answer(self) -> bytes:
        """What is to be sent back."""
        return self._out.read()
