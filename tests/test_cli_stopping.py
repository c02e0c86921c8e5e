"""`socterm run` ends on SIGTERM at whatever instant it comes."""

from __future__ import annotations

import subprocess
import sys

import pytest

AT_THE_WORST = """
import signal, threading
from socterm.cli.signals import on_signals

stop, wake = threading.Event(), threading.Event()
on_signals(lambda: (stop.set(), wake.set()), lambda: None)
with {event}._cond:  # as within `wait`, `set` and `clear`
    signal.raise_signal(signal.{name})
stop.wait()
wake.wait()
print("ended")
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("event", ["stop", "wake"])
def test_a_signal_in_the_midst_of_waiting_ends_it(event: str, name: str) -> None:
    code = AT_THE_WORST.format(event=event, name=name)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "ended\n"
