"""How `socterm serve` is reached, and by whom."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field

from socterm.config.kinds import HomePath, List, Section

DEFAULT_LISTEN = "127.0.0.1:8514"

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+")


def listening(text: str) -> tuple[str, int]:
    """The address and port of `ADDRESS:PORT`; IPv6 stands in brackets, `localhost` is 127.0.0.1.

    Raises ValueError for what is none, or for a name: names are for `hosts`, sockets have addresses.

    >>> listening("[::1]:8514"), listening("localhost:0")
    (('::1', 8514), ('127.0.0.1', 0))
    """
    host, colon, port = text.strip().rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        address = ipaddress.ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        raise ValueError("is no ADDRESS:PORT, such as 127.0.0.1:8514 or [::1]:8514") from None
    if not colon or not (port.isascii() and port.isdigit()) or int(port) > 65_535:
        raise ValueError("is no ADDRESS:PORT, such as 127.0.0.1:8514 or [::1]:8514")
    if bracketed != (address.version == 6):
        raise ValueError("is no ADDRESS:PORT: IPv6 addresses stand in brackets, such as [::1]:8514")
    return str(address), int(port)


def _a_place(text: str) -> str:
    listening(text)
    return text.strip()


def _names(found: tuple[str, ...]) -> tuple[str, ...]:
    for name in found:
        try:
            ipaddress.ip_address(name)
        except ValueError:
            if not _HOST.fullmatch(name):
                raise ValueError(f"{name!r} is no name of a host, such as soc.example.org") from None
    return found


def _pages(found: tuple[str, ...]) -> tuple[str, ...]:
    for origin in found:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(f"{origin!r} is no origin, such as https://soc.example.org")
    return found


def _addresses(found: tuple[str, ...]) -> tuple[str, ...]:
    for address in found:
        try:
            ipaddress.ip_network(address)
        except ValueError:
            raise ValueError(f"{address!r} is no address or network") from None
    return found


class ApiConfig(Section):
    """How `socterm serve` is reached. See `docs/api.md`.

    `listen` is ADDRESS:PORT. An address that others reach needs `cert` and `key` (PEM files), or
    `behind_proxy`: a proxy of yours at one of `proxies` does TLS and says who asks (X-Forwarded-For).
    Who shows a certificate that `client_ca` has signed may upload journals.
    `hosts` are further names the service goes by, `origins` pages besides its own that may ask.
    `requests` is how many an address may make a minute. `browser` shows the console itself in a browser, to
    who logs in. See `docs/browser.md`.
    """

    listen: Annotated[str, AfterValidator(_a_place)] = DEFAULT_LISTEN
    cert: HomePath | None = None
    key: HomePath | None = None
    client_ca: HomePath | None = None
    behind_proxy: bool = False
    proxies: Annotated[List, AfterValidator(_addresses)] = ("127.0.0.1", "::1")
    hosts: Annotated[List, AfterValidator(_names)] = ()
    origins: Annotated[List, AfterValidator(_pages)] = ()
    requests: int = Field(default=600, ge=1, le=1_000_000)
    browser: bool = False
