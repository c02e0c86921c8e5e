"""A JSON document, posted and signed.

Signed as in the Standard Webhooks specification (`webhook-id`, `webhook-timestamp`, `webhook-signature`), for
which there are libraries to check it with. `Idempotency-Key` is the message's own, the same in each try.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from socterm.config import WebhookChannel
from socterm.errors import SoctermError
from socterm.notify.channels.base import Answer
from socterm.notify.channels.posting import post
from socterm.notify.words import Message, stamp
from socterm.secrets import Secret, held

_PREFIX: Final = "whsec_"
_SHORT: Final = 4
"""Letters of a piece of an address that are no secret by themselves."""


class Webhook:
    """Posts each message to one address."""

    def __init__(self, name: str, settings: WebhookChannel, environ: Mapping[str, str]) -> None:
        self.name = name
        self._settings = settings
        self._environ = environ

    def send(self, message: Message, now: int) -> Answer:
        """Post it. Secrets are read each time: a new one counts from the next message on."""
        try:
            url, key, token = map(self._secret, ("url_secret", "sign_secret", "token_secret"))
        except SoctermError as error:
            return Answer(False, str(error))
        body = json.dumps(document(message), ensure_ascii=False).encode()
        headers = headers_for(message, body, key, now)
        if token:
            headers["Authorization"] = f"Bearer {token.reveal()}"
        address = url.reveal() if url else self._settings.url
        secrets = [one for one in (url, key, token) if one] + (_pieces(url) if url else [])
        return post(address, body, headers, now=now, ca=self._settings.ca, secrets=secrets)

    def _secret(self, field: str) -> Secret | None:
        name = getattr(self._settings, field)
        return held(name, self._environ) if name else None


def _pieces(url: Secret) -> list[Secret]:
    """What of a secret address a server may repeat: "/T0/B0/xyz is not here"."""
    return [Secret(piece) for piece in re.split(r"[/?&=#]+", url.reveal())[2:] if len(piece) > _SHORT]


def document(message: Message) -> dict[str, Any]:
    """What a webhook gets: the text, and the same for programs under the name of what it is about."""
    return {
        "id": message.key,
        "kind": message.kind,
        "level": message.level,
        "at": stamp(message.at),
        "title": message.title,
        "text": f"{message.title}\n{message.body}",
        message.kind: message.facts,
    }


def headers_for(message: Message, body: bytes, key: Secret | None, now: int) -> dict[str, str]:
    """The headers of a message; with its signature of `now` (µs), where there is a key."""
    seconds = now // 1_000_000
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": message.key,
        "webhook-id": message.key,
        "webhook-timestamp": str(seconds),
    }
    if key:
        headers["webhook-signature"] = signature(key, message.key, seconds, body)
    return headers


def signature(key: Secret, ident: str, seconds: int, body: bytes) -> str:
    """HMAC-SHA256 over `id.seconds.body`; a key that begins with `whsec_` is base64, any other its UTF-8."""
    made = hmac.new(_key_bytes(key.reveal()), b"%s.%d.%s" % (ident.encode(), seconds, body), hashlib.sha256)
    return "v1," + base64.b64encode(made.digest()).decode()


def _key_bytes(text: str) -> bytes:
    if text.startswith(_PREFIX):
        try:
            return base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            pass  # a key that only looks like one
    return text.encode()
