"""A small server beside this one: real sshd and rsyslogd in namespaces of their own.

It has its own /dev/log, /etc, /run and process numbers, so users made on it and daemons started on it are
gone with it, however a test ends. Network and files are shared: sshd listens on loopback, rsyslogd writes its
log where the test reads it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from tests.e2e.road import until

USER, PASSWORD = "carla", "correct horse"

_FORMATS = {"iso": "RSYSLOG_FileFormat", "traditional": "RSYSLOG_TraditionalFileFormat"}
"""What rsyslogd writes on Debian 12 and later, and before."""

_SET_UP = """
set -e
mkdir dev etc home
mount --rbind /dev dev
mount -t tmpfs tmpfs /dev
ln -s "$PWD"/dev/* /dev/
cp -a /etc/. etc
mount --bind etc /etc
mount -t tmpfs tmpfs /run
mkdir /run/sshd
useradd --create-home --base-dir "$PWD/home" --shell /bin/sh "$1"
printf '%s:%s\\n' "$1" "$2" | chpasswd
ssh-keygen -q -t ed25519 -N '' -f host_key
if /usr/sbin/sshd -T -f "$PWD/sshd_config" | grep -q persourcepenalties; then
    echo 'PerSourcePenalties no' >>sshd_config
fi
rsyslogd -f "$PWD/rsyslog.conf" -i "$PWD/rsyslogd.pid"
/usr/sbin/sshd -D -f "$PWD/sshd_config" &
wait
"""
"""rsyslogd goes to the background only when its socket is there, so sshd's first line is logged as well.
OpenSSH 9.8 and later turns away an address that fails often; here it is to fail thirty times.
"""

_SSHD = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
PidFile none
UsePAM {pam}
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
MaxAuthTries 6
MaxStartups 50:30:100
UseDNS no
"""

_RSYSLOG = """
global(workDirectory="{folder}")
module(load="imuxsock" SysSock.Name="/dev/log")
auth,authpriv.* action(type="omfile" file="{log}" template="{template}" flushOnTXEnd="on")
"""


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port nobody has now."""
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class Machine:
    """sshd with a password user (`USER`, `PASSWORD`), its lines in the file `log`; ended when left."""

    def __init__(self, folder: Path, *, pam: bool, style: str) -> None:
        folder.mkdir()
        self.folder = folder
        self.log = folder / "auth.log"
        self.port = free_port()
        self._pam = "yes" if pam else "no"
        self._template = _FORMATS[style]

    def __enter__(self) -> Machine:
        facts = {"folder": self.folder, "log": self.log, "port": self.port, "pam": self._pam}
        (self.folder / "sshd_config").write_text(_SSHD.format(**facts))
        (self.folder / "rsyslog.conf").write_text(_RSYSLOG.format(**facts, template=self._template))
        self._said = (self.folder / "said").open("wb")
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
             "sh", "-c", _SET_UP, "sh", USER, PASSWORD],
            cwd=self.folder, env={**os.environ, "TZ": "UTC"}, stdin=subprocess.DEVNULL,
            stdout=self._said, stderr=self._said,
        )  # fmt: skip
        try:
            until(self._listens, "sshd to listen", 30)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _listens(self) -> bool:
        if self._process.poll() is not None:
            raise AssertionError((self.folder / "said").read_text())
        return "Server listening" in self.text()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._said.close()

    def text(self) -> str:
        """The log as it is."""
        return self.log.read_text() if self.log.exists() else ""

    def knock(self, user: str, passwords: Iterable[str]) -> subprocess.Popen[bytes]:
        """Begin one connection that offers these passwords, one after the other."""
        passwords = list(passwords)
        asked = self.folder / f"ask-{user}-{len(list(self.folder.glob('ask-*')))}"
        asked.write_text(
            '#!/bin/sh\necho >>"$0.times"\n'
            f'sed -n "$(wc -l <"$0.times")p" <<\'END\'\n{os.linesep.join(passwords)}\nEND\n'
        )
        asked.chmod(0o700)
        return subprocess.Popen(
            ["setsid", "-w", "ssh", "-F", "/dev/null", "-p", str(self.port),
             "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
             "-o", "PreferredAuthentications=password", "-o", "PubkeyAuthentication=no",
             "-o", f"NumberOfPasswordPrompts={len(passwords)}", f"{user}@127.0.0.1", "true"],
            env={**os.environ, "SSH_ASKPASS": str(asked), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "none"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
