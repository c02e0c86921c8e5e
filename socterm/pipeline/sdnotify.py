"""Telling the service manager how a service is: the protocol of `$NOTIFY_SOCKET`, sd_notify(3).

One datagram holds assignments, a line each. Nobody answers, and nobody has to be there.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from typing import Final

from socterm.visible import visible

_WAIT: Final = 2.0
"""Seconds a datagram may wait for a manager that is busy."""

_STATUS: Final = 300
"""Characters of a status; it quotes names of files, which anybody may have chosen."""


class Manager:
    """The service manager at an address: a path, or `@` and a name in the abstract name space.

    "" is nobody: nothing is told then. `watchdog` is within how many seconds it wants to hear of us, 0 for
    never. `failed` counts what could not be told; telling never raises.
    """

    def __init__(self, address: str = "", *, watchdog: float = 0.0) -> None:
        self.watchdog = watchdog
        self.failed = 0
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._status = ""
        self._stopping = False

    @classmethod
    def take(cls, environ: MutableMapping[str, str], *, pid: int) -> Manager:
        """The manager that started this process `pid`, as its environment says.

        What says so is taken out of the environment: processes started from here are not the service.
        """
        address = environ.pop("NOTIFY_SOCKET", "")
        wanted, whose = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        ours = whose in ("", str(pid))
        return cls(address, watchdog=int(wanted) / 1e6 if ours and wanted.isdecimal() else 0.0)

    @property
    def there(self) -> bool:
        """Whether there is somebody to tell."""
        return bool(self._address)

    def ready(self) -> None:
        """All is open; also after a reload."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """The configuration is being read anew; `ready` ends it. Needs the monotonic clock in µs."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self) -> None:
        """The end has begun; told once, whoever sees it first."""
        if not self._stopping:
            self._stopping = True
            self._tell("STOPPING=1")

    def alive(self) -> None:
        """The watchdog can be calm until the next time."""
        self._tell("WATCHDOG=1")

    def status(self, text: str) -> None:
        """One line for people (`systemctl status`); told only where it is another one than before."""
        line = visible(" ".join(text.split()))[:_STATUS]
        if line != self._status:
            self._status = line
            self._tell(f"STATUS={line}")

    def _tell(self, *assignments: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end:
                end.settimeout(_WAIT)
                end.connect(self._address)
                end.send("\n".join(assignments).encode("utf-8", "backslashreplace"))
        except OSError:
            self.failed += 1


NOBODY: Final = Manager()
"""For who was not started by a service manager."""


def of_this_process() -> Manager:
    """The manager of this process, taken out of its environment."""
    return Manager.take(os.environ, pid=os.getpid())
