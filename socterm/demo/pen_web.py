"""What web servers write about requests: nginx's and Apache's combined log, and nginx's as JSON."""

from __future__ import annotations

import json
from random import Random
from typing import NamedTuple

from socterm.demo.model import Log
from socterm.demo.sheet import STAMP, Sheet
from socterm.demo.stamps import clf, iso_z

ACCESS = Log("access.log", clf)
"""nginx's access log in the combined format."""

APACHE = Log("apache_access.log", clf)
"""Apache's, of another machine."""

ACCESS_JSON = Log("access_json.log", iso_z)
"""nginx with `log_format … escape=json`."""

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BROWSERS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/145.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:148.0) Gecko/20100101 Firefox/148.0",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 19_2 like Mac OS X) {_APPLE} Version/19.2 Mobile/15E148",
    f"Mozilla/5.0 (Linux; Android 16; Pixel 9) {_WEBKIT} Chrome/145.0.0.0 Mobile Safari/537.36",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/19.2 Safari/605.1.15",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/145.0.0.0 Safari/537.36 Edg/145.0.0.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:148.0) Gecko/20100101 Firefox/148.0",
    f"Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) {_APPLE} Version/18.6 Mobile/15E148",
)
CURL = "curl/8.14.1"


class Client(NamedTuple):
    """Who asks: an address and the name the browser gives itself."""

    address: str
    agent: str


def browser(rng: Random) -> str:
    """A browser as often as it is met: the first ones more often than the last."""
    return BROWSERS[int(len(BROWSERS) * rng.random() ** 1.7)]


class WebPen:
    """Writes requests into the log of one web server. Paths must be as they come over the wire: encoded."""

    def __init__(self, sheet: Sheet, log: Log = ACCESS, site: str = "https://shop.example") -> None:
        self._sheet = sheet
        self._log = log
        self._site = site

    def request(
        self,
        at: float,
        client: Client,
        path: str,
        *,
        method: str = "GET",
        status: int = 200,
        size: int = 0,
        referrer: str = "-",
        version: str = "2.0",
    ) -> float:
        """One request. A `referrer` that begins with a slash is a page of the site itself; sizes in bytes."""
        if referrer.startswith("/"):
            referrer = self._site + referrer
        if self._log is ACCESS_JSON:
            return self._json(at, client, (method, path, version), status, size, referrer)
        line = (
            f'{client.address} - - [{STAMP}] "{method} {path} HTTP/{version}" {status} {size} '
            f'"{referrer}" "{client.agent}"'
        )
        return self._sheet.put(at, self._log, line)

    def garbage(self, at: float, address: str, text: str) -> float:
        """What was no HTTP at all: the server answers 400 and logs the bytes escaped."""
        return self._sheet.put(at, self._log, f'{address} - - [{STAMP}] "{text}" 400 157 "-" "-"')

    def _json(
        self, at: float, client: Client, asked: tuple[str, str, str], status: int, size: int, referrer: str
    ) -> float:
        method, path, version = asked
        fields = {
            "time_iso8601": STAMP,
            "remote_addr": client.address,
            "request_method": method,
            "request_uri": path,
            "server_protocol": f"HTTP/{version}",
            "status": str(status),
            "body_bytes_sent": str(size),
            "request_time": f"{0.004 + size / 40_000_000:.3f}",
            "http_referrer": "" if referrer == "-" else referrer,
            "http_user_agent": client.agent,
            "http_host": self._site.removeprefix("https://"),
        }
        return self._sheet.put(at, self._log, json.dumps(fields, separators=(",", ":")))
