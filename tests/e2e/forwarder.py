"""An rsyslogd of our own that sends a file's lines over TCP or TLS, and keeps on disk what nobody takes."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import TracebackType

from tests.e2e.road import until

_CONF = """
global(workDirectory="{folder}" {tls})
main_queue(queue.workerThreads="1")
module(load="imfile" PollingInterval="1")
input(type="imfile" File="{log}" Tag="app:" addMetadata="off")
*.* action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" {options}
    template="RSYSLOG_SyslogProtocol23Format"
    queue.type="LinkedList" queue.filename="forward" queue.workerThreads="1" queue.saveOnShutdown="on"
    action.resumeRetryCount="-1" action.resumeInterval="1")
"""

_TLS = (
    'DefaultNetstreamDriverCAFile="{pki}/ca.pem" DefaultNetstreamDriverCertFile="{pki}/{name}.pem" '
    'DefaultNetstreamDriverKeyFile="{pki}/{name}.key"'
)
_STREAM = (
    'StreamDriver="{driver}" StreamDriverMode="1" StreamDriverAuthMode="x509/name" '
    'StreamDriverPermittedPeers="localhost"'
)


class Forwarder:
    """Sends `number N` for each N written, octet-counted, in order over one connection.

    With `driver` ("gtls", "ossl") over TLS, with the certificate `name` of the folder `pki`.
    """

    def __init__(
        self, folder: Path, port: int, *, driver: str = "", pki: Path | None = None, name: str = "client"
    ) -> None:
        folder.mkdir()
        self.folder = folder
        self.log = folder / "app.log"
        self.log.touch()
        self.written = 0
        options = 'TCP_Framing="octet-counted" ' + (_STREAM.format(driver=driver) if driver else "")
        tls = _TLS.format(pki=pki, name=name) if driver else ""
        (folder / "rsyslog.conf").write_text(
            _CONF.format(folder=folder, log=self.log, port=port, options=options, tls=tls)
        )

    def __enter__(self) -> Forwarder:
        self._said = (self.folder / "said").open("wb")
        self._process = subprocess.Popen(
            ["rsyslogd", "-n", "-f", self.folder / "rsyslog.conf", "-i", self.folder / "rsyslogd.pid"],
            stdin=subprocess.DEVNULL, stdout=self._said, stderr=self._said,
        )  # fmt: skip
        until((self.folder / "rsyslogd.pid").exists, "rsyslogd")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._said.close()

    def said(self) -> str:
        """What rsyslogd says of itself."""
        return (self.folder / "said").read_text(errors="replace")

    def write(self, count: int) -> None:
        """Append numbered lines."""
        with self.log.open("a") as log:
            log.writelines(f"number {self.written + n} of those that must arrive\n" for n in range(count))
        self.written += count
