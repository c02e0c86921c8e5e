"""Any service that Apprise knows (extra `notify`).

Its URLs hold passwords: only their `privacy` form is ever shown. Apprise says why it failed in its log alone,
with addresses; that log, and those of what it sends by, are off, and a failure is told without a reason.
Proxies of the environment count for it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from socterm.config import AppriseChannel
from socterm.errors import SoctermError
from socterm.notify.channels.base import DEADLINE, Answer
from socterm.notify.words import Message
from socterm.secrets import held

if TYPE_CHECKING:
    from apprise import NotifyBase

MISSING: Final = "a channel of kind apprise needs Apprise: pip install 'socterm[notify]'"

TYPES: Final[Mapping[str, str]] = {
    "critical": "failure",
    "high": "failure",
    "medium": "warning",
    "low": "warning",
}
"""Level to Apprise's kind of message; any other is `info`."""


class Other:
    """Hands each message to one Apprise URL."""

    def __init__(self, name: str, settings: AppriseChannel, environ: Mapping[str, str]) -> None:
        if find_spec("apprise") is None:
            raise SoctermError(MISSING)
        self.name = name
        self._settings = settings
        self._environ = environ
        self._sending: threading.Thread | None = None

    def send(self, message: Message, now: int) -> Answer:  # noqa: ARG002 - all are asked alike
        """Hand it over."""
        if self._sending is not None and self._sending.is_alive():
            return Answer(False, "the last try is still under way")
        try:
            service = open_service(held(self._settings.url_secret, self._environ).reveal())
        except SoctermError as error:
            return Answer(False, str(error))
        told: list[Answer] = []
        # Its services know no time in all: a server that trickles would keep this thread for ever.
        self._sending = threading.Thread(
            target=lambda: told.append(_handed(service, message)), name=f"apprise-{self.name}", daemon=True
        )
        self._sending.start()
        self._sending.join(DEADLINE)
        return told[0] if told else Answer(False, f"no whole answer within {DEADLINE:.0f} s")


def _handed(service: NotifyBase, message: Message) -> Answer:
    """As text, so that Apprise takes care of what a service reads as markup: Telegram refuses a lone `<`."""
    import apprise  # noqa: PLC0415

    kind = str(service.service_name)
    handler = apprise.Apprise(asset=service.asset)
    handler.add(service)
    try:
        good = handler.notify(
            body=message.body,
            title=message.title,
            notify_type=TYPES.get(message.level, "info"),
            body_format=apprise.NotifyFormat.TEXT,
        )
    except Exception as error:  # noqa: BLE001 - what its many plugins let through is anything
        return Answer(False, f"{kind}: {type(error).__name__}")
    return Answer(bool(good), f"{kind}: {'sent' if good else 'not sent'}")


def open_service(url: str) -> NotifyBase:
    """The service behind a URL, without icons from the internet, redirects, templates and files of its own.

    Raises SoctermError where Apprise does not know the URL, which it does not tell.
    """
    import apprise  # noqa: PLC0415 - only who has such a channel needs it

    for name in ("apprise", "urllib3", "requests"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    asset = apprise.AppriseAsset(
        app_id="socterm", app_desc="socterm", app_url="", image_url_mask="", image_url_logo="",
        http_redirects=False, allow_templates=False, async_mode=False, interpret_escapes=False,
        storage_mode="memory", plugin_paths=[],
    )  # fmt: skip
    found = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if not isinstance(found, apprise.NotifyBase):
        raise SoctermError("apprise does not know the service of this URL: see its list of services")
    if hasattr(found, "include_image"):
        found.include_image = False
    found.redirects = False
    if found.overflow_mode == apprise.OverflowMode.UPSTREAM:  # many services refuse what is too long for them
        found.overflow_mode = apprise.OverflowMode.TRUNCATE
    return found
