"""A push by ntfy: our own server, or ntfy.sh.

Published as JSON, so that no text of a message is ever a header. `X-Sequence-ID` is the message's key: a
server from 2.16 on shows a repetition in the place of the first, an older one shows both.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from socterm.config import NtfyChannel
from socterm.errors import SoctermError
from socterm.notify.channels.base import Answer
from socterm.notify.channels.posting import post
from socterm.notify.words import Message
from socterm.secrets import held

PRIORITY: Final[Mapping[str, int]] = {"informational": 2, "low": 2, "medium": 3, "high": 4, "critical": 5}
"""ntfy's: 4 rings, 5 rings until somebody looks."""


class Ntfy:
    """Publishes each message to one topic."""

    def __init__(self, name: str, settings: NtfyChannel, environ: Mapping[str, str]) -> None:
        self.name = name
        self._settings = settings
        self._environ = environ

    def send(self, message: Message, now: int) -> Answer:
        """Publish it."""
        asked = self._settings
        try:
            topic = held(asked.topic_secret, self._environ) if asked.topic_secret else None
            token = held(asked.token_secret, self._environ) if asked.token_secret else None
        except SoctermError as error:
            return Answer(False, str(error))
        body = json.dumps(document(message, topic.reveal() if topic else asked.topic), ensure_ascii=False)
        headers = {
            "Content-Type": "application/json", "Idempotency-Key": message.key, "X-Sequence-ID": message.key,
        }  # fmt: skip
        if token:
            headers["Authorization"] = f"Bearer {token.reveal()}"
        secrets = [one for one in (topic, token) if one]
        return post(asked.url, body.encode(), headers, now=now, ca=asked.ca, secrets=secrets)


def document(message: Message, topic: str) -> dict[str, Any]:
    """A message as ntfy takes it at its root; plain text, no icon, no link."""
    return {
        "topic": topic,
        "title": message.title,
        "message": message.body,
        "priority": PRIORITY.get(message.level, 3),
        "sequence_id": message.key,
    }
