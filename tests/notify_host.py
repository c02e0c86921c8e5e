"""A notifier that is killed at a given point. Reads lines `STORE URL POINT NOW…` and forks for each.

The child takes a turn at each moment `NOW` (µs) and kills itself (SIGKILL) at the POINT-th of these: after
each commit to the outbox, before and after each message is sent; 0 for never. Answers with its status.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from socterm.config import WebhookChannel
from socterm.notify.channels.posting import post
from socterm.notify.channels.webhook import Webhook
from socterm.notify.choose import MINUTE, Limits
from socterm.notify.rounds import Round, Terms
from socterm.store import open_store

LIMITS = Limits(each=1, within=60 * MINUTE, most=3, digest=5 * MINUTE)


COMMITS = ("begin", "put", "put_digest", "claim", "sent", "failed", "failing", "moot", "summary", "send")


class Deadly:
    """Passes calls on to something else, and counts points until its end."""

    left = 0

    def __init__(self, real: Any) -> None:
        self._real = real
        self.name = getattr(real, "name", "")

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)

        def called(*args: Any, **more: Any) -> Any:
            if name == "send":
                self.point()
            answer = real(*args, **more)
            if name in COMMITS:
                self.point()
            return answer

        return called

    @staticmethod
    def point() -> None:
        Deadly.left -= 1
        if not Deadly.left:
            os.kill(os.getpid(), signal.SIGKILL)


def work(path: str, url: str, point: int, moments: list[int]) -> None:
    """What the child does."""
    Deadly.left = point
    now = [0]
    with open_store(Path(path)) as store:
        store.outbox = Deadly(store.outbox)  # type: ignore[assignment]
        channel = Webhook("ops", WebhookChannel(kind="webhook", url=url), {"HOME": "/nowhere"})
        terms = Terms("alerts", "medium", 0, LIMITS)
        turns = Round(store, Deadly(channel), terms, clock=lambda: now[0], host="soc1")
        for moment in moments:
            now[0] = moment
            turns.turn()


def main() -> None:
    post("http://127.0.0.1:1/", b"", {}, now=0)  # what this imports no child has to
    for line in sys.stdin:
        path, url, point, *moments = line.split()
        child = os.fork()
        if not child:
            work(path, url, int(point), [int(moment) for moment in moments])
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
