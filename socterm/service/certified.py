"""Whom a client's certificate names: read from the connection, told in the state of its requests."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from uvicorn import Config

from socterm.errors import SoctermError
from socterm.service.door import Guest

STATE: Final = "certificate"
"""Under this name the state of a request holds the common name; without a certificate nothing is there."""


class CertifiedProtocol(Guest):
    """HTTP/1.1 that tells endpoints whose certificate the other side showed and the server has verified."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """After the handshake."""
        super().connection_made(transport)
        name = common_name(transport.get_extra_info("peercert"))
        if name:
            self.app_state = {**self.app_state, STATE: name}


def common_name(certificate: Mapping[str, Any] | None) -> str:
    """The common name in what `ssl` tells of a verified certificate; "" where there is none, or several.

    >>> common_name({"subject": ((("organizationName", "x"),), (("commonName", "web01"),))})
    'web01'
    """
    names: Iterable[Any] = (
        value
        for part in (certificate or {}).get("subject", ())
        for name, value in part
        if name == "commonName"
    )
    found = list(names)
    return str(found[0]) if len(found) == 1 else ""


def ask_for_certificates(config: Config, ca: Path) -> None:
    """Have a server take certificates that this CA has signed; nobody has to show one.

    Raises SoctermError for a file that holds no CA.
    """
    trust(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ca)
    config.http = CertifiedProtocol
    config.ssl_ca_certs = str(ca)
    config.ssl_cert_reqs = ssl.CERT_OPTIONAL


def trust(context: ssl.SSLContext, ca: Path) -> None:
    """Check what clients show against this CA. Raises SoctermError for a file that holds none."""
    context.verify_mode = ssl.CERT_OPTIONAL
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError:
        raise SoctermError(f"{ca}: no certificate of a CA (PEM)") from None
    except OSError as error:
        raise SoctermError(f"{ca}: {error.strerror}") from None
