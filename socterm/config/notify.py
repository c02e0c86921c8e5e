"""Where new alerts are told when nobody looks at the console, and how often at most.

A channel names its secrets, it does not hold them: `socterm.secrets` says where they come from.
"""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from socterm import amounts
from socterm.config.kinds import Age, HomePath, List, SecretName, Section

Level = Literal["informational", "low", "medium", "high", "critical"]

_CHANNEL = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_ADDRESS = re.compile(r"[^\s@<>,;:\"\\\x00-\x20\x7f]{1,64}@[A-Za-z0-9.\[\]:-]{1,255}")
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")


def _web_address(text: str) -> str:
    if not text:
        return text
    try:
        found = urlsplit(text)
        whole = found.scheme in ("http", "https") and bool(found.hostname) and (found.port or 1) > 0
    except ValueError:
        whole = False
    if not whole or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("is no http:// or https:// address")
    if found.username is not None or found.password is not None:
        raise ValueError("has a password in it: keep that out of the file, as a secret")
    return text


def _mail_address(text: str) -> str:
    if not text.isascii() or not _ADDRESS.fullmatch(text):
        raise ValueError("is no mail address, such as soc@example.org")
    return text


def _mail_addresses(found: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_mail_address, found))


def _a_topic(text: str) -> str:
    if not _TOPIC.fullmatch(text):
        raise ValueError("is no topic: letters, digits, '-' and '_', at most 64")
    return text


def is_here(host: str) -> bool:
    """Whether a host as it is written is this machine; a name is not looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


WebAddress = Annotated[str, AfterValidator(_web_address)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]


class _Channel(Section):
    """What channels of all kinds can be told. `level` "" is that of `notify`."""

    level: Level | Literal[""] = ""
    about: Literal["alerts", "incidents", "all"] = "alerts"


def _guarded(url: str, secret: str) -> None:
    found = urlsplit(url)
    if secret and found.scheme == "http" and not is_here(found.hostname or ""):
        raise ValueError("would send its token unencrypted: use https://")


class WebhookChannel(_Channel):
    """A JSON document posted to `url`, or to what the secret `url_secret` holds.

    `sign_secret` names the key it is signed with, `token_secret` a bearer token, `ca` a file of
    certificates in the place of the system's.
    """

    kind: Literal["webhook"]
    url: WebAddress = ""
    url_secret: SecretName = ""
    sign_secret: SecretName = ""
    token_secret: SecretName = ""
    ca: HomePath | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.url) == bool(self.url_secret):
            raise ValueError("needs url or url_secret, one of them")
        _guarded(self.url, self.token_secret)
        return self


class NtfyChannel(_Channel):
    """A topic of an ntfy server, our own or ntfy.sh; `token_secret` names its access token."""

    kind: Literal["ntfy"]
    url: WebAddress = Field(min_length=1)
    topic: Annotated[str, AfterValidator(_a_topic)] = ""
    topic_secret: SecretName = ""
    token_secret: SecretName = ""
    ca: HomePath | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.topic) == bool(self.topic_secret):
            raise ValueError("needs topic or topic_secret, one of them")
        _guarded(self.url, self.token_secret)
        return self


class SmtpChannel(_Channel):
    """Mail through a server. `security` none is for a server on this machine, or one without a password."""

    kind: Literal["smtp"]
    host: str = Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._:-]+$")
    port: int = Field(default=0, ge=0, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    sender: MailAddress
    to: Annotated[List, AfterValidator(_mail_addresses)] = Field(min_length=1)
    user: str = Field(default="", max_length=255)
    password_secret: SecretName = ""
    ca: HomePath | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.user) != bool(self.password_secret):
            raise ValueError("needs user and password_secret, or neither")
        if self.security == "none" and self.user and not is_here(self.host):
            raise ValueError("would send its password unencrypted: use security starttls or tls")
        return self


class AppriseChannel(_Channel):
    """Any service that Apprise knows; its URL holds a password, so `url_secret` names it (extra `notify`)."""

    kind: Literal["apprise"]
    url_secret: SecretName = Field(min_length=1)


ChannelConfig = WebhookChannel | NtfyChannel | SmtpChannel | AppriseChannel


def _text_as_table(value: Any) -> Any:
    """The channels as JSON, as the environment has them."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError("is no JSON") from None


def _named(channels: dict[str, ChannelConfig]) -> dict[str, ChannelConfig]:
    for name in channels:
        if not _CHANNEL.fullmatch(name):
            raise ValueError("has a channel whose name is not of a-z, 0-9, '-' and '_', at most 32")
    return channels


def _a_minute_or_more(text: str) -> str:
    if amounts.span(text) < 60_000_000:
        raise ValueError("is less than a minute")
    return text


class NotifyConfig(Section):
    """Which alerts are told where, and how often at most. See `docs/notify.md`.

    From `level` on; `each` messages about one rule and entity `within` a span, `most` a minute and channel;
    all others are summed up in one message every `digest`. What last happened longer ago than `older` is no
    news ("": however old).
    """

    on: bool = True
    level: Level = "high"
    each: int = Field(default=1, ge=1, le=60)
    within: Annotated[Age, AfterValidator(_a_minute_or_more)] = "1h"
    most: int = Field(default=5, ge=1, le=60)
    digest: Annotated[Age, AfterValidator(_a_minute_or_more)] = "5m"
    older: Age = "24h"
    channels: Annotated[
        dict[str, Annotated[ChannelConfig, Field(discriminator="kind")]],
        BeforeValidator(_text_as_table),
        AfterValidator(_named),
    ] = Field(default={}, repr=False)
