"""The channels of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from socterm.config import ChannelConfig
from socterm.notify.channels.base import Channel
from socterm.notify.channels.ntfy import Ntfy
from socterm.notify.channels.other import Other
from socterm.notify.channels.smtp import PORTS, Smtp
from socterm.notify.channels.webhook import Webhook

KINDS: Final[Mapping[str, Callable[[str, Any, Mapping[str, str]], Channel]]] = {
    "webhook": Webhook,
    "ntfy": Ntfy,
    "smtp": Smtp,
    "apprise": Other,
}


def open_channel(name: str, settings: ChannelConfig, environ: Mapping[str, str]) -> Channel:
    """One channel; nothing is connected to, and no secret read, before it sends."""
    return KINDS[settings.kind](name, settings, environ)


def where_of(settings: ChannelConfig) -> str:
    """Where its messages go, for people: a host, or which secret says it."""
    if settings.kind == "smtp":
        return f"{settings.host}:{settings.port or PORTS[settings.security]}"
    if settings.kind == "apprise":
        return f"secret {settings.url_secret}"
    if settings.kind == "webhook" and settings.url_secret:
        return f"secret {settings.url_secret}"
    return urlsplit(settings.url).netloc
