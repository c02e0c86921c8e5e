"""Whether a server is this machine, and a model runs on it: shown, not believed.

A name is looked up once; all its addresses have to be loopback, and only those are connected to. What it
means a moment later does not matter then.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

import msgspec

from socterm.analyst.border import one_line

_LOOK_UP = 2.0
_ELSEWHERE = "log text would leave this one (llm.allow_remote)"

_OWNERS = re.compile(
    r"^(?:openai|anthropic|azure|bedrock|gemini|google|groq|mistral|openrouter|vertex_ai|xai|deepseek)$",
    re.IGNORECASE,
)
"""Companies as gateways name them as owners of models; local servers name themselves or nobody."""

_ROUTES = re.compile(r"^(?:openrouter|bedrock|vertex_ai|azure|azure_ai)/", re.IGNORECASE)


_NAME = re.compile(r"[\w.:@/+ ~-]{1,200}\Z")


class Place(msgspec.Struct, frozen=True):
    """Where a server is: its address as a URL, and what may be connected to; empty for whatever it means.

    `refused` says in one line why nothing may be sent there, "" where it may.
    """

    url: str
    addresses: tuple[str, ...] = ()
    refused: str = ""


def place(host: str, *, allow_remote: bool = False) -> Place:
    """Look at a configured host; two seconds at worst, and nothing is sent there."""
    url = (host if "//" in host else f"http://{host}").rstrip("/")
    try:
        parts = urlsplit(url)
        name = parts.hostname or ""
        _ = parts.port
    except ValueError:
        name = ""
    if not name or parts.scheme not in ("http", "https"):
        return Place(url, refused=f"{one_line(host, 60)} is no address of a server: set llm.host")
    if allow_remote:
        return Place(url)
    found = (name,) if _is_address(name) else _looked_up(name)
    if not found:
        return Place(url, refused=f"{one_line(name, 60)} is no name of this machine: {_ELSEWHERE}")
    if not all(map(_is_loopback, found)):
        return Place(url, refused=f"{one_line(name, 60)} is another machine: {_ELSEWHERE}")
    return Place(url, found)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _looked_up(name: str) -> tuple[str, ...]:
    """The addresses of a name; none where it has none or nobody says in time."""
    found: list[str] = []

    def ask() -> None:
        try:
            rows = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):  # no such name; a name that cannot be one
            return
        found.extend(dict.fromkeys(str(row[4][0]) for row in rows))

    thread = threading.Thread(target=ask, name="socterm-llm-lookup", daemon=True)
    thread.start()
    thread.join(_LOOK_UP)
    return tuple(found)


def is_name(text: str) -> bool:
    """Whether a server's text can be the name of a model; it stands in labels, so it has to be plain."""
    return bool(_NAME.match(text))


def runs_elsewhere(name: str, row: dict[str, Any]) -> bool:
    """Whether a server passes a model on: `row` is what it says of it (Ollama's or OpenAI's list)."""
    if row.get("remote_host") or row.get("remote_model") or name.lower().endswith("cloud"):
        return True
    return bool(_OWNERS.match(str(row.get("owned_by", ""))) or _ROUTES.match(name))
