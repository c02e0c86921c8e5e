"""Real receivers for tests: an HTTP server that answers as told and counts, certificates it may show."""

from __future__ import annotations

import datetime
import json
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from socterm.config import Config, NotifyConfig, load_config
from socterm.notify.words import Message

Answer = tuple[int, Mapping[str, str], bytes]
OK: Answer = (200, {}, b"thanks")


class Request(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]


class Receiver:
    """Listens on a free port of loopback. `answer` is asked with each request, in the server's thread."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.got: list[Request] = []
        self.answer: Callable[[Request], Answer | None] = lambda _request: OK
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.path, headers, body)
                outer.got.append(request)
                answer = outer.answer(request)
                if answer is None:  # cut off without a word
                    self.close_connection = True
                    return
                status, more, text = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(text)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                pass  # clients that are killed

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port: int = self._server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def keys(self) -> list[str]:
        return [request.key for request in self.got]

    def answers(self, *answers: Answer | None) -> None:
        """Answer so, one after the other, the last one from then on."""
        left = list(answers)
        self.answer = lambda _request: left.pop(0) if len(left) > 1 else left[0]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Receiver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def certificate(folder: Path, name: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """A server's TLS with a certificate that nobody but its own file vouches for; and that file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    day = datetime.timedelta(days=1)
    now = datetime.datetime.fromtimestamp(time.time(), datetime.UTC)
    san: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.DNSName(name)]
    if name == "127.0.0.1":
        import ipaddress

        san.append(x509.IPAddress(ipaddress.ip_address(name)))
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
        .add_extension(x509.SubjectAlternativeName(san), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, private)
    return context, cert


def notify_config(**more: Any) -> NotifyConfig:
    """The section `notify` with these settings."""
    return whole_config({f"notify.{name}": value for name, value in more.items()}).notify


def whole_config(flags: Mapping[str, Any]) -> Config:
    return load_config(flags, environ={"HOME": "/nowhere"})


def message(**more: Any) -> Message:
    """A message of an alert."""
    base: dict[str, Any] = {
        "key": "0123456789abcdef0123456789abcdef", "kind": "alert", "title": "HIGH: Guessed · 203.0.113.9",
        "body": "Guessed\nlevel high, 12 events", "level": "high", "at": 1_795_168_800_000_000,
        "facts": {"id": 7, "title": "Guessed"},
    }  # fmt: skip
    return Message(**(base | more))
